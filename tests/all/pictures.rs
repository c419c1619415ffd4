//! Timelines and plots: what they show of every lab task, and that they count as the
//! table counts.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use balancelab::locale::AsWritten;
use balancelab::plan::Plan;
use balancelab::report::course::Course;
use balancelab::report::plot::{self, Plot};
use balancelab::report::table::NoInk;
use balancelab::report::timeline::{self, Signs, Timeline};
use balancelab::report::{Clock, KeepPicks, Report, Tally};
use balancelab::trace::Names;

use crate::play;
use crate::snapshots;
use crate::tidy::source::top;

/// The views of each lab task that are made of its course.
pub(crate) const VIEWS: [&str; 2] = ["timeline", "plots"];

/// A run with its course.
struct Run {
    plan: Plan,
    course: Course,
    report: Report,
    names: Names,
}

impl Run {
    fn of(file: &str, changes: &[&str]) -> Self {
        let plan = play::plan(file, changes);
        let mut course = Course::new(&plan);
        let mut tally = Tally::new(&plan, KeepPicks::AsExpected);
        let end = play::tell(&plan, &mut (&mut course, &mut tally));
        course.close(end.at);
        let names = Names::of(&plan.proxy);
        let report = tally.close(&plan, &names, end);
        Self {
            plan,
            course,
            report,
            names,
        }
    }

    fn task(task: &str) -> Self {
        Self::of(&format!("scenarios/lab3/{task}.ron"), &[])
    }

    fn timeline(&self, width: usize, signs: Signs) -> String {
        let timeline = Timeline {
            plan: &self.plan,
            course: &self.course,
            report: &self.report,
            names: &self.names,
        };
        timeline.text(width, signs, &NoInk)
    }

    fn plots(&self) -> Vec<Plot> {
        let run = plot::Run {
            plan: &self.plan,
            course: &self.course,
            report: &self.report,
            names: &self.names,
            words: &AsWritten,
        };
        run.plots()
    }
}

/// What the plots say, their numbers, and a checksum of each picture (FNV-1a): its bytes
/// are the same everywhere.
fn described(plots: &[Plot]) -> String {
    let mut out = String::new();
    for plot in plots {
        let sum = plot
            .svg()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
                (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let (title, name) = (&plot.title, plot.name);
        let _ = write!(
            out,
            "{title}   {name}.svg {sum:016x}\n\n{}\n\n",
            plot.description
        );
        out += &plot.table.text(&NoInk);
        out.push('\n');
    }
    out
}

/// The numbers of a column, those of one server if that is asked for.
fn column(plot: &Plot, title: &str, server: Option<&str>) -> Vec<f64> {
    let place = |wanted: &str| plot.table.head().position(|title| title == wanted);
    let at = place(title).unwrap_or_else(|| panic!("{}: {title}", plot.name));
    let whose = place("server");
    let rows = plot.table.rows();
    let rows = rows.filter(|row| server.is_none() || whose.map(|at| row[at]) == server);
    rows.map(|row| row[at].parse().expect("a number")).collect()
}

#[test]
fn every_lab_task_has_its_pictures() {
    for task in snapshots::tasks() {
        let run = Run::task(&task);
        let timeline = run.timeline(100, Signs::Unicode);
        snapshots::assert(&format!("lab3/{task}/timeline"), &timeline);
        let plots = described(&run.plots());
        snapshots::assert(&format!("lab3/{task}/plots"), &plots);
    }
}

/// Whatever a plot counts, it counts as the table of the run does.
#[test]
fn plots_count_as_the_table_counts() {
    for task in snapshots::tasks() {
        let run = Run::task(&task);
        let plots = run.plots();
        let plot = |name: &str| plots.iter().find(|plot| plot.name == name).expect("a plot");
        for server in &run.report.servers {
            let (name, row) = (server.name.as_str(), &server.row);
            let counted = [
                column(plot("requests"), name, None),
                column(plot("latency"), "requests", Some(name)),
                column(plot("distribution"), "requests", Some(name)),
                column(plot("shares"), "requests", Some(name)),
            ];
            for counted in counted {
                assert_eq!(
                    counted.iter().sum::<f64>() as u64,
                    row.requests,
                    "{task}: {name}"
                );
            }
            let errors = column(plot("latency"), "errors", Some(name));
            assert_eq!(
                errors.iter().sum::<f64>() as u64,
                row.errors,
                "{task}: {name}"
            );
            let chosen = column(plot("shares"), "chosen by the algorithm", Some(name));
            assert_eq!(chosen, [row.by_algorithm as f64], "{task}: {name}");
            let Some(times) = row.times else { continue };
            for (title, value) in [
                ("min ms", times.min),
                ("50 %", times.p50),
                ("95 %", times.p95),
                ("99 %", times.p99),
                ("max ms", times.max),
            ] {
                let shown = column(plot("distribution"), title, Some(name));
                assert!(
                    (shown[0] - value).abs() <= 0.0501,
                    "{task}: {name}: {title}"
                );
            }
        }
    }
}

/// Each picture is XML with a title and a description, and no word leaves its paper or
/// lies on another.
#[test]
fn pictures_are_whole_and_legible() {
    for task in [
        "1.1-browser",
        "1.5-at-once",
        "3-maint",
        "4.3-at-once",
        "4.6",
        "5-random",
    ] {
        for plot in Run::task(task).plots() {
            let name = format!("{task}: {}", plot.name);
            let svg = plot.svg();
            assert!(svg.len() < 100_000, "{name}: {} bytes", svg.len());
            let document = roxmltree::Document::parse(&svg).expect("XML");
            let root = document.root_element();
            let number = |node: roxmltree::Node<'_, '_>, name: &str| -> f64 {
                let text = node.attribute(name).expect("an attribute");
                text.parse().expect("a number")
            };
            let ids: Vec<&str> = document
                .descendants()
                .filter_map(|n| n.attribute("id"))
                .collect();
            let labels = root.attribute("aria-labelledby").expect("labels");
            assert_eq!(labels.split(' ').collect::<Vec<_>>(), ids, "{name}");
            let mut boxes: Vec<(f64, f64, f64, &str)> = Vec::new();
            for text in document
                .descendants()
                .filter(|node| node.has_tag_name("text"))
            {
                let words = text.text().unwrap_or("");
                let size = if text.attribute("class") == Some("title") {
                    9.0
                } else {
                    7.0
                };
                let width = words.chars().count() as f64 * size;
                let left = number(text, "x")
                    - match text.attribute("text-anchor") {
                        Some("middle") => width / 2.0,
                        Some("end") => width,
                        _ => 0.0,
                    };
                let y = number(text, "y");
                let inside = left >= -4.0 && left + width * 0.9 <= number(root, "width");
                assert!(
                    inside && y > 10.0 && y <= number(root, "height"),
                    "{name}: {words}"
                );
                for (other_left, other_right, other_y, other) in &boxes {
                    let beside = left >= *other_right || left + width * 0.85 <= *other_left;
                    assert!(
                        beside || (y - other_y).abs() >= 12.0,
                        "{name}: {words} on {other}"
                    );
                }
                boxes.push((left, left + width * 0.85, y, words));
            }
            for path in document
                .descendants()
                .filter(|node| node.has_tag_name("path"))
            {
                let d = path.attribute("d").expect("a path");
                assert!(
                    !d.contains('.') || path.attribute("class") == Some("paper"),
                    "{name}: {d}"
                );
            }
        }
    }
}

/// The command writes what the library draws, the same twice, and says what it wrote.
#[test]
fn plot_writes_pictures_and_numbers() {
    let folder = env!("CARGO_TARGET_TMPDIR").to_owned() + "/plots/of-4.3";
    let _ = fs::remove_dir_all(&folder);
    let told = || {
        let output = Command::new(env!("CARGO_BIN_EXE_balancelab"))
            .env("LC_ALL", "C")
            .args(["plot", "scenarios/lab3/4.3-at-once.ron", "--out", &folder])
            .current_dir(top())
            .output()
            .expect("the binary runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert_eq!(told(), told());
    let written: BTreeSet<String> = fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("a file").path().display().to_string())
        .collect();
    let listed: BTreeSet<String> = told().lines().map(str::to_owned).collect();
    assert_eq!(written, listed);
    for plot in Run::task("4.3-at-once").plots() {
        let read = |ending: &str| fs::read_to_string(format!("{folder}/{}.{ending}", plot.name));
        assert_eq!(read("svg").expect("a picture"), plot.svg());
        assert_eq!(read("csv").expect("a table"), plot.table.csv());
    }
    let nowhere = Command::new(env!("CARGO_BIN_EXE_balancelab"))
        .env("LC_ALL", "C")
        .args(["plot", "scenarios/lab3/4.1.ron", "-o", "README.md/plots"])
        .current_dir(top())
        .output()
        .expect("the binary runs");
    assert_eq!(nowhere.status.code(), Some(3));
}

/// The pictures of the documentation are what the program draws. `just accept` writes them
/// anew.
#[test]
fn the_page_of_pictures_is_what_the_program_draws() {
    let page = fs::read_to_string(top().join("docs/pictures.md")).expect("a page");
    for plot in Run::task("4.3-at-once").plots() {
        let name = format!("pictures/{}.svg", plot.name);
        assert!(page.contains(&format!("]({name})")), "{name} is shown");
        let path = top().join("docs").join(&name);
        if env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder to make");
            fs::write(&path, plot.svg()).expect("a picture to write");
        } else {
            let kept = fs::read_to_string(&path).expect("a picture");
            assert!(kept == plot.svg(), "docs/{name} is stale: `just accept`");
        }
    }
}

#[test]
fn the_course_counts_as_the_table_counts() {
    for task in snapshots::tasks() {
        let run = Run::task(&task);
        for (id, series) in run.course.servers() {
            let name = run.names.name(id);
            let server = run.report.servers.iter().find(|s| s.name == name);
            let row = &server.expect("a row").row;
            let errors: u64 = series.cells().map(|(_, cell)| cell.errors).sum();
            let dots: u64 = series.dots().map(|(.., dot)| dot.requests).sum();
            let counted = (
                series.requests(),
                errors,
                dots,
                series.spread().sorted().count(),
            );
            let requests = row.requests;
            assert_eq!(
                counted,
                (requests, row.errors, requests, requests),
                "{task}: {name}"
            );
        }
        let all: u64 = run
            .course
            .series()
            .map(|(_, series)| series.requests())
            .sum();
        assert_eq!(all, run.report.total.requests, "{task}");
    }
}

/// Little's law, exactly: what is served at each moment, added up, is the time that the
/// requests spent being served. One thread that never pauses has one request somewhere.
#[test]
fn a_busy_thread_is_somewhere_all_the_time() {
    let run = Run::task("4.2-one-thread");
    let cells = run.course.servers().flat_map(|(_, series)| series.cells());
    let served: u64 = cells.map(|(_, cell)| cell.served_nanos).sum();
    let spent = run.report.total.times.expect("requests").mean / 1e3;
    let spent = spent * run.report.total.requests as f64;
    let served = served as f64 / 1e9;
    // The rest is spent on the way from the client to the proxy and back.
    assert!(
        served < spent && served > 0.8 * spent,
        "{served} of {spent} s"
    );
}

#[test]
fn a_timeline_fits_its_line() {
    for task in ["1.5-settled", "4.3-at-once", "5-random"] {
        let run = Run::task(task);
        for width in [60, 72, 80, 100, 200] {
            let text = run.timeline(width, Signs::Unicode);
            for line in text.lines().skip(1) {
                let length = line.chars().count();
                let prose = line.contains(':') && !line.starts_with("  s");
                assert!(
                    length <= width.max(72) || prose && length <= 90,
                    "{width}: {line}"
                );
            }
        }
    }
}

#[test]
fn letters_only() {
    for task in ["1.5-at-once", "4.3-at-once"] {
        let text = Run::task(task).timeline(80, Signs::Ascii);
        assert!(text.is_ascii(), "{text}");
        assert!(text.contains('v') && text.contains('x') && text.contains('+'));
    }
}

/// A long run has no more slices than a short one.
#[test]
fn a_long_run_is_no_longer_picture() {
    let run = Run::of(
        "scenarios/lab3/1.1-browser.ron",
        &["timeline=[(at: \"3h\", action: command(\"show stat\"))]"],
    );
    let slices = run.course.shown();
    assert!(slices.end() - slices.start() <= 1000, "{slices:?}");
    let table = timeline::table(
        &run.course,
        Clock::starting(run.plan.clients_start),
        &run.names,
    );
    let requests: u64 = table
        .json()
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["requests"].as_u64().expect("a number"))
        .sum();
    assert_eq!(requests, run.report.total.requests);
}

/// A picture in pixels has the size of the drawing, twice, and is there for every drawing.
#[cfg(feature = "png")]
#[test]
fn drawings_in_pixels() {
    let size = |png: &[u8]| {
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four"));
        (number(16), number(20))
    };
    let twice = |svg: &str| {
        let length = |name: &str| -> u32 {
            let (_, rest) = svg.split_once(&format!(" {name}=\"")).expect("a size");
            let (digits, _) = rest.split_once('"').expect("its end");
            2 * digits.parse::<u32>().expect("a number")
        };
        (length("width"), length("height"))
    };
    let folder = format!("{}/png", env!("CARGO_TARGET_TMPDIR"));
    let task = "scenarios/lab3/4.3-at-once.ron";
    let ask = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_balancelab"))
            .env("LC_ALL", "C")
            .args(args)
            .current_dir(top())
            .output()
            .expect("the binary runs");
        assert!(output.status.success(), "{args:?}");
        output.stdout
    };
    ask(&["plot", task, "--png", "-o", &folder]);
    for plot in Run::task("4.3-at-once").plots() {
        let png = fs::read(format!("{folder}/{}.png", plot.name)).expect("a picture");
        assert_eq!(size(&png), twice(&plot.svg()), "{}", plot.name);
        assert!(png.len() > 10_000, "{}: something is drawn", plot.name);
    }
    for args in [
        &["seq", task][..],
        &["graph", task],
        &["graph", "--machine", "health"],
    ] {
        let [svg, png] = ["svg", "png"].map(|form| {
            let args: Vec<&str> = args.iter().copied().chain(["--as", form]).collect();
            ask(&args)
        });
        let svg = String::from_utf8(svg).expect("UTF-8");
        assert_eq!(size(&png), twice(&svg), "{args:?}");
    }
}
