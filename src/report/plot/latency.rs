//! How long the requests took, over time.

use std::collections::BTreeMap;

use super::Plot;
use super::panel::{Axis, Decades, length, unit};
use super::scene::{Scene, WIDTH, below};
use super::sheet::Sheet;
use crate::report::course::{Dot, Mark, Series};
use crate::report::number;
use crate::report::table::{Align, Table, nobody};

pub(super) fn plot(scene: &Scene<'_>) -> Plot {
    let mut sheet = Sheet::new(WIDTH, 400 + scene.words_height());
    let title = &scene.run.put("Latency over time");
    let top = scene.head(&mut sheet, title);
    let frame = below(top, sheet.height - 4);
    let decades = decades(scene);
    let y = Axis {
        range: decades,
        labels: 8,
        word: &|micros: &u64| length(*micros),
    };
    let panel = scene.panel(&mut sheet, frame, true, y);
    let words = "until the client has the answer; larger: several requests; crossed: failed";
    unit(&mut sheet, frame, &scene.run.put(words));
    let width = (scene.run.course.grid().width().as_nanos() / 1000) as i64;
    let place = |slice: i64, mark: Mark| panel.at(slice * width + width / 2, mark.micros());
    let lanes = scene.servers.iter().map(|lane| lane.series).enumerate();
    let lanes = lanes.map(|(index, series)| (Some(index), series));
    let nobody = scene.nobody.map(|series| (None, series));
    for (index, series) in lanes.chain(nobody) {
        for ((x, y), dot) in dots(series, &place) {
            let radius = 3 + dot.requests.ilog2().min(9) as i32 / 3;
            if let Some(index) = index {
                sheet.marker(index, (x, y), radius);
            }
            if dot.errors > 0 {
                sheet.cross("failed", (x, y), radius + 1);
            }
        }
    }
    let table = table(scene);
    let described = scene.servers.iter().filter_map(|lane| {
        let sorted = lane.series.spread().sorted();
        (sorted.count() > 0).then(|| {
            let [from, to] = [sorted.min(), sorted.max()].map(|ms| number(ms, 1));
            let range = format!("{}: {from} to {to} ms", lane.name);
            scene.run.put(&range)
        })
    });
    let described = described.collect::<Vec<_>>().join(", ");
    let description = format!("How long each request took, by the moment of its end. {described}.");
    let description = scene.run.put(&description);
    Plot {
        name: "latency",
        title: title.to_owned(),
        table,
        body: sheet.close("latency", title, &description),
        description,
    }
}

/// The powers of ten around everything that was measured.
pub(super) fn decades(scene: &Scene<'_>) -> Decades {
    let all = scene
        .servers
        .iter()
        .map(|lane| lane.series)
        .chain(scene.nobody);
    let sorted = all.map(|series| series.spread().sorted());
    let sorted: Vec<_> = sorted.filter(|sorted| sorted.count() > 0).collect();
    let micros = |millis: f64| (millis * 1e3).round() as u64;
    let shortest = sorted.iter().map(|sorted| micros(sorted.min())).min();
    let longest = sorted.iter().map(|sorted| micros(sorted.max())).max();
    Decades::around(shortest.unwrap_or(1_000), longest.unwrap_or(10_000))
}

/// The dots of a series by place, those that would cover each other taken together.
fn dots(series: &Series, place: &dyn Fn(i64, Mark) -> (i32, i32)) -> BTreeMap<(i32, i32), Dot> {
    /// Dots closer than this are one.
    const APART: i32 = 6;
    let mut dots: BTreeMap<(i32, i32), Dot> = BTreeMap::new();
    for (slice, mark, dot) in series.dots() {
        let (x, y) = place(slice, mark);
        let cell = (x.div_euclid(APART) * APART, y.div_euclid(APART) * APART);
        let there = dots.entry(cell).or_default();
        there.requests += dot.requests;
        there.errors += dot.errors;
    }
    dots
}

fn table(scene: &Scene<'_>) -> Table {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("from s", Right),
        ("server", Left),
        ("requests", Right),
        ("errors", Right),
        ("shortest ms, about", Right),
        ("longest ms, about", Right),
    ]);
    let mut rows: BTreeMap<(i64, usize), (Dot, u64, u64)> = BTreeMap::new();
    let lanes = scene
        .servers
        .iter()
        .map(|lane| lane.series)
        .chain(scene.nobody);
    for (index, series) in lanes.enumerate() {
        for (slice, mark, dot) in series.dots() {
            let key = (scene.bin_of(slice), index);
            let row = rows.entry(key).or_insert((Dot::default(), u64::MAX, 0));
            row.0.requests += dot.requests;
            row.0.errors += dot.errors;
            row.1 = row.1.min(mark.micros());
            row.2 = row.2.max(mark.micros());
        }
    }
    for ((bin, index), (dot, shortest, longest)) in rows {
        let name = scene
            .servers
            .get(index)
            .map_or_else(nobody, |lane| lane.name.as_str().into());
        table.push(vec![
            number(scene.begins(bin) as f64 / 1e6, 3).into(),
            name,
            dot.requests.to_string().into(),
            dot.errors.to_string().into(),
            number(shortest as f64 / 1e3, 1).into(),
            number(longest as f64 / 1e3, 1).into(),
        ]);
    }
    table
}
