//! How the latencies are distributed: what part of the requests took at most so long.

use super::Plot;
use super::latency::decades;
use super::panel::{Axis, Even, Panel, length, unit};
use super::scene::{Scene, WIDTH, stroke};
use super::sheet::Sheet;
use crate::report::number;
use crate::report::spread::Sorted;
use crate::report::table::{Align, Cell, Table, nobody};

/// The percentiles that are told.
const PERCENTILES: [u64; 6] = [25, 50, 75, 90, 95, 99];

pub(super) fn plot(scene: &Scene<'_>) -> Plot {
    let mut sheet = Sheet::new(WIDTH, 420);
    let title = &scene.run.put("Distribution of the latency");
    let top = scene.head(&mut sheet, title) - scene.words_height();
    let frame = ((0, top), (WIDTH - 30, sheet.height - 4));
    let x = Axis {
        range: decades(scene),
        labels: 8,
        word: &|micros: &u64| length(*micros),
    };
    let y = Axis {
        range: Even::new(0, 1_000),
        labels: 11,
        word: &|mille: &i64| format!("{} %", mille / 10),
    };
    let panel = Panel::draw(&mut sheet, frame, x, y);
    let words = "of the requests took at most so long; marked: 50, 95 and 99 %";
    unit(&mut sheet, frame, &scene.run.put(words));
    let micros = |millis: f64| (millis * 1e3).round() as u64;
    for (index, lane) in scene.servers.iter().enumerate() {
        let sorted = lane.series.spread().sorted();
        if sorted.count() == 0 {
            continue;
        }
        stroke(
            &mut sheet,
            index,
            curve(&sorted).map(|(micros, mille)| panel.at(micros, mille)),
        );
        for percent in [50, 95, 99] {
            let at = panel.at(micros(sorted.percentile(percent)), percent as i64 * 10);
            sheet.marker(index, at, 5);
        }
    }
    if let Some(series) = scene.nobody.filter(|series| series.requests() > 0) {
        let sorted = series.spread().sorted();
        sheet.line(
            "lx",
            curve(&sorted).map(|(micros, mille)| panel.at(micros, mille)),
        );
    }
    let described = scene
        .servers
        .iter()
        .filter(|lane| lane.series.requests() > 0);
    let described = described.map(|lane| {
        let sorted = lane.series.spread().sorted();
        let [half, most] = [50, 99].map(|percent| number(sorted.percentile(percent), 1));
        scene.run.put(&format!(
            "{}: half within {half} ms, 99 % within {most} ms",
            lane.name
        ))
    });
    let description = format!(
        "What part of each server's requests took at most so long. {}.",
        described.collect::<Vec<_>>().join("; ")
    );
    let description = scene.run.put(&description);
    Plot {
        name: "distribution",
        title: title.to_owned(),
        table: table(scene),
        body: sheet.close("distribution", title, &description),
        description,
    }
}

/// The corners of the curve: micros, and thousandths of all that took no longer. Values
/// that no eye can tell apart are left out; the first and the last are not.
fn curve(sorted: &Sorted) -> impl Iterator<Item = (u64, i64)> + Clone {
    let count = sorted.count();
    let mut corners: Vec<(u64, i64)> = Vec::new();
    let (mut seen, mut height) = (0, 0);
    for &(micros, times) in sorted.values() {
        seen += times;
        let mille = (u128::from(seen) * 1000 / u128::from(count)) as i64;
        if corners.is_empty() || mille >= height + 4 || seen == count {
            corners.extend([(micros, height), (micros, mille)]);
            height = mille;
        }
    }
    corners.into_iter()
}

fn table(scene: &Scene<'_>) -> Table {
    let names = PERCENTILES.map(|percent| format!("{percent} %"));
    let mut columns = vec![
        ("server", Align::Left),
        ("requests", Align::Right),
        ("min ms", Align::Right),
    ];
    columns.extend(names.iter().map(|name| (name.as_str(), Align::Right)));
    columns.push(("max ms", Align::Right));
    let mut table = Table::new(&columns);
    let lanes = scene
        .servers
        .iter()
        .map(|lane| (lane.name.as_str(), lane.series));
    let nobody = scene.nobody.filter(|series| series.requests() > 0);
    let lanes = lanes.map(|(name, series)| (Cell::from(name), series));
    for (name, series) in lanes.chain(nobody.map(|series| (self::nobody(), series))) {
        let sorted = series.spread().sorted();
        let percentiles = PERCENTILES.map(|percent| sorted.percentile(percent));
        let values = std::iter::once(sorted.min())
            .chain(percentiles)
            .chain([sorted.max()]);
        let values = values.map(|millis| number(millis, 1));
        let head = [name, sorted.count().to_string().into()];
        table.push(head.into_iter().chain(values.map(Into::into)).collect());
    }
    table
}
