//! Requests in flight and in queues, per server over time.

use super::Plot;
use super::panel::{Axis, Even, unit};
use super::scene::{Scene, WIDTH, below, thousandths};
use super::sheet::{Anchor, Sheet};
use crate::report::course::{Cell, Series};
use crate::report::number;
use crate::report::table::{self, Align, Table};

pub(super) fn plot(scene: &Scene<'_>) -> Plot {
    let title = &scene.run.put("In flight, and waiting in queues");
    let waited = scene.run.course.series().any(|(_, series)| {
        let mut cells = series.cells();
        cells.any(|(_, cell)| cell.waiting_nanos > 0)
    });
    let height = if waited { 570 } else { 370 };
    let mut sheet = Sheet::new(WIDTH, height + scene.words_height());
    let top = scene.head(&mut sheet, title);
    let served = below(top, top + 240);
    draw(
        scene,
        &mut sheet,
        served,
        &scene.run.put("in flight on average"),
        true,
        &|cell| cell.served_nanos,
    );
    if waited {
        let waiting = below(top + 280, sheet.height - 4);
        let words = &scene.run.put("waiting on average (dotted: for any server)");
        draw(scene, &mut sheet, waiting, words, false, &|cell| {
            cell.waiting_nanos
        });
    } else {
        sheet.text(
            "unit",
            Anchor::Start,
            (14, top + 262),
            &scene.run.put("No request ever waited in a queue."),
        );
    }
    let most = |of: fn(&Cell) -> u32| {
        let lanes = scene.servers.iter().map(|lane| {
            let most = lane.series.cells().map(|(_, cell)| of(cell)).max();
            format!("{}: {}", lane.name, most.unwrap_or(0))
        });
        lanes.collect::<Vec<_>>().join(", ")
    };
    let description = format!(
        "How many requests each server had at once. The most in flight were {}; the most in a server's queue {}.",
        most(|cell| cell.served_most),
        most(|cell| cell.waiting_most)
    );
    let description = scene.run.put(&description);
    Plot {
        name: "load",
        title: title.to_owned(),
        table: table(scene),
        body: sheet.close("load", title, &description),
        description,
    }
}

/// One panel of averages.
fn draw(
    scene: &Scene<'_>,
    sheet: &mut Sheet,
    frame: super::panel::Frame,
    words: &str,
    told: bool,
    nanos: &dyn Fn(&Cell) -> u64,
) {
    let width = scene.bin_seconds() * 1e9;
    let average = |cell: &Cell| (nanos(cell) as f64 * 1e3 / width).round() as i64;
    let most = |series: &Series| {
        let bins = scene.bins().map(|bin| average(&scene.binned(series, bin)));
        bins.max().unwrap_or(0)
    };
    let most = scene.run.course.series().map(|(_, series)| most(series));
    let most = most.max().unwrap_or(0).max(1);
    let y = Axis {
        range: Even::new(0, most + most / 10 + 1),
        labels: 5,
        word: &|value: &i64| thousandths(*value),
    };
    let panel = scene.panel(sheet, frame, told, y);
    unit(sheet, frame, words);
    scene.steps(sheet, &panel, &average);
}

fn table(scene: &Scene<'_>) -> Table {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("from s", Right),
        ("server", Left),
        ("in flight on average", Right),
        ("at most", Right),
        ("waiting on average", Right),
        ("at most waiting", Right),
    ]);
    let width = scene.bin_seconds() * 1e9;
    for bin in scene.bins() {
        for (whom, series) in scene.run.course.series() {
            let cell = scene.binned(series, bin);
            if cell.served_nanos + cell.waiting_nanos == 0 {
                continue;
            }
            let name = whom.map_or_else(
                || table::Cell::phrase("(any)", table::Style::Plain),
                |id| scene.run.names.name(id).into(),
            );
            let average = |nanos: u64| number(nanos as f64 / width, 3);
            table.push(vec![
                number(scene.begins(bin) as f64 / 1e6, 3).into(),
                name,
                average(cell.served_nanos).into(),
                cell.served_most.to_string().into(),
                average(cell.waiting_nanos).into(),
                cell.waiting_most.to_string().into(),
            ]);
        }
    }
    table
}
