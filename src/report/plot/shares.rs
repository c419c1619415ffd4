//! What part of the requests each server got, against its weight.

use std::collections::BTreeMap;

use balance::{BackendId, ServerId};

use super::Plot;
use super::scene::{Scene, WIDTH};
use super::sheet::{Anchor, Sheet};
use crate::report::number;
use crate::report::table::{Align, Table};

/// Height of one server's three bars with what is between two servers.
const ROW: i32 = 86;
const BAR: i32 = 20;
/// Where 0 % and 100 % are.
const LEFT: i32 = 120;
const RIGHT: i32 = WIDTH - 120;

/// One server's parts of its backend, in thousandths.
struct Part {
    name: String,
    weight: u32,
    by_weight: i64,
    by_algorithm: i64,
    of_all: i64,
    chosen: u64,
    requests: u64,
}

pub(super) fn plot(scene: &Scene<'_>) -> Plot {
    let parts = parts(scene);
    let title = &scene.run.put("Share against weight");
    let top = 80;
    let bottom = top + parts.len() as i32 * ROW;
    let mut sheet = Sheet::new(WIDTH, bottom + 40);
    sheet.text("title", Anchor::Start, (16, 28), title);
    legend(&mut sheet, scene);
    let across = |mille: i64| LEFT + (i64::from(RIGHT - LEFT) * mille / 1000) as i32;
    for mille in (0..=1000).step_by(100) {
        let x = across(mille);
        sheet.line("grid", [(x, top - 6), (x, bottom)]);
        let word = format!("{} %", mille / 10);
        sheet.text("label", Anchor::Middle, (x, bottom + 20), &word);
    }
    sheet.line("axis", [(LEFT, top - 6), (LEFT, bottom), (RIGHT, bottom)]);
    for (row, part) in (0..).zip(&parts) {
        let y = top + row * ROW;
        sheet.text("name", Anchor::End, (LEFT - 10, y + 36), &part.name);
        let bars = [
            ("weight", part.by_weight),
            ("chosen", part.by_algorithm),
            ("all", part.of_all),
        ];
        for (bar, (class, mille)) in (0..).zip(bars) {
            let at = (LEFT, y + bar * (BAR + 3));
            let size = ((across(mille) - LEFT).max(1), BAR);
            sheet.rect(class, at, size);
            if class == "chosen" {
                sheet.hatch("hatch-chosen", at, size, 7, true);
            }
            let place = (LEFT + size.0 + 8, at.1 + 15);
            let word = format!("{} %", number(mille as f64 / 10.0, 1));
            sheet.text("label", Anchor::Start, place, &word);
        }
    }
    let described = parts.iter().map(|part| {
        let told = format!(
            "{}: {} % by weight, {} % of the algorithm's choices, {} % of all requests",
            part.name,
            number(part.by_weight as f64 / 10.0, 1),
            number(part.by_algorithm as f64 / 10.0, 1),
            number(part.of_all as f64 / 10.0, 1)
        );
        scene.run.put(&told)
    });
    let described = described.collect::<Vec<_>>().join("; ");
    let description = format!("Each server's part of its backend. {described}.");
    let description = scene.run.put(&description);
    Plot {
        name: "shares",
        title: title.to_owned(),
        table: table(&parts),
        body: sheet.close("shares", title, &description),
        description,
    }
}

fn legend(sheet: &mut Sheet, scene: &Scene<'_>) {
    let words = [
        ("weight", "its weight at the start"),
        ("chosen", "what the algorithm chose"),
        ("all", "all its requests"),
    ];
    let mut x = LEFT;
    for (class, word) in words {
        sheet.rect(class, (x, 42), (34, 16));
        if class == "chosen" {
            sheet.hatch("hatch-chosen", (x, 42), (34, 16), 7, true);
        }
        sheet.text("label", Anchor::Start, (x + 42, 56), &scene.run.put(word));
        x += 260;
    }
}

fn parts(scene: &Scene<'_>) -> Vec<Part> {
    let servers = scene.servers.iter().filter_map(|lane| {
        let server = lane.whom?;
        let row = scene
            .run
            .report
            .servers
            .iter()
            .find(|s| s.name == lane.name);
        let part = Part {
            name: lane.name.clone(),
            weight: weight(scene, server),
            by_weight: 0,
            by_algorithm: 0,
            of_all: 0,
            chosen: row.map_or(0, |server| server.row.by_algorithm),
            requests: row.map_or(0, |server| server.row.requests),
        };
        Some((server.backend, part))
    });
    let mut parts: Vec<(BackendId, Part)> = servers.collect();
    let mut sums: BTreeMap<BackendId, [u64; 3]> = BTreeMap::new();
    for (backend, part) in &parts {
        let sums = sums.entry(*backend).or_default();
        let counts = [u64::from(part.weight), part.chosen, part.requests];
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
        }
    }
    for (backend, part) in &mut parts {
        let [weights, chosen, requests] = sums[backend];
        part.by_weight = mille(u64::from(part.weight), weights);
        part.by_algorithm = mille(part.chosen, chosen);
        part.of_all = mille(part.requests, requests);
    }
    parts.into_iter().map(|(_, part)| part).collect()
}

/// The weight of a server in the configuration. Backups take no part while others can.
fn weight(scene: &Scene<'_>, server: ServerId) -> u32 {
    let backend = scene.run.plan.proxy.backends.get(server.backend.0 as usize);
    let server = backend.and_then(|backend| backend.servers.get(server.slot as usize));
    server.map_or(0, |server| if server.backup { 0 } else { server.weight })
}

/// A part of a whole in thousandths, rounded.
fn mille(part: u64, whole: u64) -> i64 {
    if whole == 0 {
        0
    } else {
        ((2000 * part + whole) / (2 * whole)) as i64
    }
}

fn table(parts: &[Part]) -> Table {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("server", Left),
        ("weight", Right),
        ("share by weight", Right),
        ("chosen by the algorithm", Right),
        ("share of its choices", Right),
        ("requests", Right),
        ("share of all", Right),
    ]);
    let percent = |mille: i64| format!("{} %", number(mille as f64 / 10.0, 1));
    for part in parts {
        table.push(vec![
            part.name.as_str().into(),
            part.weight.to_string().into(),
            percent(part.by_weight).into(),
            part.chosen.to_string().into(),
            percent(part.by_algorithm).into(),
            part.requests.to_string().into(),
            percent(part.of_all).into(),
        ]);
    }
    table
}
