//! The states of the servers over time, with their checks.

use balance::{Moment, ServerId};

use super::Plot;
use super::panel::Axis;
use super::scene::{Scene, WIDTH, below};
use super::sheet::{Anchor, Sheet, width};
use crate::report::number;
use crate::report::table::{Align, Cell, Style, Table};
use crate::report::transitions::words;
use crate::trace::Place;

/// Height of one server's row, and of the band in it.
const ROW: i32 = 62;
const BAND: i32 = 30;

/// From when to when a server was in a state.
struct Stay {
    from: Moment,
    until: Moment,
    place: Place,
}

pub(super) fn plot(scene: &Scene<'_>) -> Plot {
    let title = &scene.run.put("States and health checks");
    let rows = scene.servers.len() as i32;
    let top = 62 + scene.words_height();
    let bottom = top + rows * ROW + 34;
    let mut sheet = Sheet::new(WIDTH, bottom + 30);
    sheet.text("title", Anchor::Start, (16, 28), title);
    let frame = below(top, bottom);
    let panel = scene.panel(&mut sheet, frame, true, Axis::bare());
    let (inside, _) = panel.inside();
    let across = |at: Moment| {
        panel
            .across(&scene.micros(at))
            .clamp(inside.start, inside.end)
    };
    for (row, lane) in (0..).zip(&scene.servers) {
        let y = top + row * ROW + 8;
        sheet.text("name", Anchor::End, (inside.start - 10, y + 20), &lane.name);
        for stay in stays(scene, lane.whom.unwrap_or_default()) {
            let (left, right) = (across(stay.from), across(stay.until));
            if right > left {
                band(&mut sheet, stay.place, (left, y), (right - left, BAND));
            }
        }
        // Ticks that would cover each other are one; a failure is never covered.
        let mut last = (i32::MIN, true);
        for (slice, cell) in lane.series.cells() {
            if cell.passed + cell.failed == 0 {
                continue;
            }
            let x = across(scene.run.course.grid().begin(slice));
            let passed = cell.failed == 0;
            if x < last.0 + 11 && (passed || !last.1) || x <= inside.start {
                continue;
            }
            if passed {
                sheet.tick((x, y + BAND + 11));
            } else {
                sheet.cross("failed", (x, y + BAND + 12), 4);
            }
            last = (x, passed);
        }
    }
    legend(&mut sheet, scene, bottom + 18);
    let described = scene.servers.iter().map(|lane| {
        let stays = stays(scene, lane.whom.unwrap_or_default());
        let clock = scene.run.clock();
        let told = stays.iter().map(|stay| {
            let [from, until] = [stay.from, stay.until].map(|at| number(clock.seconds(at), 3));
            let told = format!("{} from {from} to {until} s", stay.place);
            scene.run.put(&told)
        });
        let told = told.collect::<Vec<_>>().join(", ");
        scene.run.put(&format!("{} is {told}", lane.name))
    });
    let description = described.collect::<Vec<_>>().join("; ") + ".";
    Plot {
        name: "states",
        title: title.to_owned(),
        table: table(scene),
        body: sheet.close("states", title, &description),
        description,
    }
}

/// One state, hatched unless the server takes everything.
fn band(sheet: &mut Sheet, place: Place, at: (i32, i32), size: (i32, i32)) {
    match place {
        Place::Up => sheet.rect("up", at, size),
        Place::Drain | Place::NoLb => {
            sheet.rect("drain", at, size);
            sheet.hatch("hatch-drain", at, size, 12, true);
        }
        Place::Down => {
            sheet.rect("off", at, size);
            sheet.hatch("hatch-off", at, size, 8, false);
        }
        Place::Maint => {
            sheet.rect("closed", at, size);
            sheet.hatch("hatch-closed", at, size, 8, true);
            sheet.hatch("hatch-closed", at, size, 8, false);
        }
    }
    let word = place.word();
    let needed = width(word, 17) + 12;
    if size.0 >= needed {
        let middle = at.0 + size.0 / 2;
        if place != Place::Up {
            // A plate under the word, so that no hatching runs through it.
            let class = match place {
                Place::Maint => "closed",
                Place::Down => "off",
                Place::Up | Place::Drain | Place::NoLb => "drain",
            };
            sheet.rect(class, (middle - needed / 2, at.1 + 5), (needed, BAND - 10));
        }
        sheet.text("name", Anchor::Middle, (middle, at.1 + 20), word);
    }
}

fn legend(sheet: &mut Sheet, scene: &Scene<'_>, y: i32) {
    sheet.tick((84, y - 4));
    let [passed, failed] = ["check passed", "check failed"].map(|word| scene.run.put(word));
    sheet.text("unit", Anchor::Start, (96, y), &passed);
    let right = 96 + (width(&passed, 14) + 7).max(108);
    sheet.cross("failed", (right, y - 4), 4);
    sheet.text("unit", Anchor::Start, (right + 12, y), &failed);
}

/// Where a server was, from the first moment shown to the last.
fn stays(scene: &Scene<'_>, server: ServerId) -> Vec<Stay> {
    let course = scene.run.course;
    let (begin, end) = (course.begin(), course.end());
    let mut stays = Vec::new();
    let (mut from, mut place) = (begin, course.start().place(server).0);
    for change in course
        .history()
        .moves()
        .filter(|change| change.server == server)
    {
        if change.at > from {
            stays.push(Stay {
                from,
                until: change.at,
                place,
            });
        }
        (from, place) = (change.at.max(begin), Place::of(change.to));
    }
    stays.push(Stay {
        from,
        until: end,
        place,
    });
    stays
}

fn table(scene: &Scene<'_>) -> Table {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("at s", Right),
        ("server", Left),
        ("from", Left),
        ("to", Left),
        ("reason", Left),
        ("checks passed", Right),
        ("checks failed", Right),
    ]);
    let names = scene.run.names;
    for lane in &scene.servers {
        let cells = || lane.series.cells().map(|(_, cell)| cell);
        let passed: u32 = cells().map(|cell| cell.passed).sum();
        let failed: u32 = cells().map(|cell| cell.failed).sum();
        let changes = scene.run.course.history().iter();
        for change in changes.filter(|change| Some(change.server) == lane.whom) {
            table.push(vec![
                number(scene.run.clock().seconds(change.at), 3).into(),
                lane.name.as_str().into(),
                words(change.from, names).into(),
                words(change.to, names).into(),
                change.reason(names).into(),
                "".into(),
                "".into(),
            ]);
        }
        let server = scene
            .run
            .report
            .servers
            .iter()
            .find(|s| s.name == lane.name);
        table.push(vec![
            number(scene.run.clock().seconds(scene.run.course.end()), 3).into(),
            lane.name.as_str().into(),
            "".into(),
            server.map_or("", |server| &server.state.status).into(),
            Cell::phrase("end", Style::Plain),
            passed.to_string().into(),
            failed.to_string().into(),
        ]);
    }
    table
}
