//! Requests per server over time.

use super::Plot;
use super::panel::{Axis, Even, unit};
use super::scene::{Scene, WIDTH, below};
use super::sheet::Sheet;
use crate::report::number;
use crate::report::table::{Align, Table};

pub(super) fn plot(scene: &Scene<'_>) -> Plot {
    let mut sheet = Sheet::new(WIDTH, 360 + scene.words_height());
    let title = &scene.run.put("Requests per server over time");
    let top = scene.head(&mut sheet, title);
    let frame = below(top, sheet.height - 4);
    let lanes = scene.servers.iter().map(|lane| lane.series);
    let lanes = lanes.chain(scene.nobody);
    let most = lanes.flat_map(|series| scene.bins().map(|bin| scene.binned(series, bin).requests));
    let most = most.max().unwrap_or(0).max(1) as i64;
    let y = Axis {
        range: Even::new(0, most + most / 10 + 1),
        labels: 6,
        word: &|count: &i64| count.to_string(),
    };
    let panel = scene.panel(&mut sheet, frame, true, y);
    let seconds = scene.bin_seconds();
    let words = format!("requests ended in {seconds} s");
    unit(&mut sheet, frame, &scene.run.put(&words));
    scene.steps(&mut sheet, &panel, &|cell| cell.requests as i64);
    let totals: Vec<String> = scene
        .servers
        .iter()
        .map(|lane| format!("{}: {}", lane.name, lane.series.requests()))
        .collect();
    let description = format!(
        "How many requests came to their end at each server in each {seconds} s. In all, {}.",
        totals.join(", ")
    );
    let description = scene.run.put(&description);
    Plot {
        name: "requests",
        title: title.to_owned(),
        table: table(scene),
        body: sheet.close("requests", title, &description),
        description,
    }
}

fn table(scene: &Scene<'_>) -> Table {
    let mut columns = vec![("from s", Align::Right)];
    columns.extend(
        scene
            .servers
            .iter()
            .map(|lane| (lane.name.as_str(), Align::Right)),
    );
    let nobody = scene.nobody.filter(|series| series.requests() > 0);
    columns.extend(nobody.map(|_| ("(none)", Align::Right)));
    let mut table = Table::new(&columns);
    for bin in scene.bins() {
        let lanes = scene.servers.iter().map(|lane| lane.series).chain(nobody);
        let counts = lanes.map(|series| scene.binned(series, bin).requests);
        let counts: Vec<u64> = counts.collect();
        if counts.iter().any(|count| *count > 0) {
            let from = number(scene.begins(bin) as f64 / 1e6, 3);
            let counts = counts.iter().map(u64::to_string);
            table.push(
                std::iter::once(from)
                    .chain(counts)
                    .map(Into::into)
                    .collect(),
            );
        }
    }
    table
}
