//! Timelines and plots: what they show of every lab task, and that they count as the
//! table counts.

use balancelab::plan::Plan;
use balancelab::report::course::Course;
use balancelab::report::table::NoInk;
use balancelab::report::timeline::{self, Signs, Timeline};
use balancelab::report::{Clock, KeepPicks, Report, Tally};
use balancelab::trace::Names;

use crate::play;
use crate::snapshots;

/// The views of each lab task that are made of its course.
pub(crate) const VIEWS: [&str; 1] = ["timeline"];

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
}

#[test]
fn every_lab_task_has_its_pictures() {
    for task in snapshots::tasks() {
        let run = Run::task(&task);
        let timeline = run.timeline(100, Signs::Unicode);
        snapshots::assert(&format!("lab3/{task}/timeline"), &timeline);
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
