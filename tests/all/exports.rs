//! What other programs get of every lab task, and that all of it counts as the table counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use balance::stats::{StatRow, Subject};
use balancelab::export::clock::Wall;
use balancelab::export::follow::Follower;
use balancelab::export::http_log::HttpLog;
use balancelab::export::jmeter::{self, Kind};
use balancelab::export::jsonl::Jsonl;
use balancelab::export::jtl::{Columns, Jtl};
#[cfg(feature = "parquet")]
use balancelab::export::parquet::Rows;
use balancelab::export::stat::{self, Statistics};
use balancelab::lab::World;
use balancelab::plan::{Client, Plan};
use balancelab::report::table::NoInk;
use balancelab::report::{Clock, End, KeepPicks, Report, Tally, json, shape};
use balancelab::trace::Names;
use serde_json::Value;

use crate::cli;
use crate::play;
use crate::snapshots;
use crate::tidy::source::top;

/// The exports of each lab task that are kept.
pub(crate) const VIEWS: [&str; 3] = ["log", "jmeter", "stats"];

/// Lines shown of the beginning and of the end of a log.
const SHOWN: (usize, usize) = (8, 3);

/// One run in every form.
struct Run {
    plan: Plan,
    report: Report,
    log: String,
    jtl: String,
    samples: jmeter::Report,
    stats: Vec<StatRow>,
    events: String,
    #[cfg(feature = "parquet")]
    rows: Vec<u8>,
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8")
}

impl Run {
    fn of(task: &str) -> Self {
        let plan = play::plan(&format!("scenarios/lab3/{task}.ron"), &[]);
        let wall = Wall::of(&plan.proxy);
        let (mut log, mut jtl) = (Vec::new(), Vec::new());
        let mut samples = jmeter::Report::default();
        let log_reader = HttpLog::new(&mut log, wall);
        let jtl_reader = Jtl::new(&mut jtl, wall, Columns::Five);
        let mut statistics = Statistics::default();
        let mut events = Vec::new();
        let clock = Clock::starting(plan.clients_start);
        let event_reader = Jsonl::new(&mut events, clock);
        let texts = (log_reader, (jtl_reader, event_reader));
        #[cfg(feature = "parquet")]
        let texts = (texts, Rows::new(Vec::new()).expect("a schema"));
        let readers = (texts, (&mut samples, &mut statistics));
        let mut follower = Follower::new(&plan, readers);
        let mut tally = Tally::new(&plan, KeepPicks::AsExpected);
        let mut world = World::new(&plan).expect("a checked plan");
        let sink = &mut (&mut tally, &mut follower);
        let summary = world.run(sink).expect("it ends");
        let end = End {
            at: summary.ended,
            digest: summary.digest,
        };
        let (texts, _) = follower.into_parts().0;
        #[cfg(feature = "parquet")]
        let (texts, rows) = (texts.0, texts.1.close().expect("memory takes everything"));
        let (log_reader, (jtl_reader, event_reader)) = texts;
        event_reader.close().expect("memory takes everything");
        log_reader.close().expect("memory takes everything");
        jtl_reader.close().expect("memory takes everything");
        let report = tally.close(&plan, &Names::of(&plan.proxy), end);
        Self {
            report,
            log: text(log),
            jtl: text(jtl),
            samples,
            events: text(events),
            #[cfg(feature = "parquet")]
            rows,
            stats: statistics.rows(&plan.proxy, world.balancer(), world.now()),
            plan,
        }
    }

    /// The lines of the log about requests.
    fn requests(&self) -> Vec<&str> {
        let lines = self.log.lines();
        lines.filter(|line| line.ends_with("HTTP/1.1\"")).collect()
    }

    /// The lines about requests that a node answered, by server.
    fn answered_by_log(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for line in self.requests() {
            let words: Vec<&str> = line.split(' ').collect();
            let [server, timers] = [words[words.len() - 12], words[words.len() - 11]];
            let answered = timers.split('/').nth(3) != Some("-1");
            if answered {
                let name = server.split('/').nth(1).expect("backend/server");
                *counts.entry(name.to_owned()).or_default() += 1;
            }
        }
        counts
    }

    fn log_view(&self) -> String {
        let requests = self.requests();
        let (first, last) = SHOWN;
        let mut out = String::new();
        for line in self.log.lines() {
            let place = requests.iter().position(|known| std::ptr::eq(*known, line));
            match place {
                Some(place) if place >= first && place + last < requests.len() => {
                    if place == first {
                        let more = requests.len() - first - last;
                        writeln!(out, "... {more} more").expect("memory takes everything");
                    }
                }
                _ => {
                    out += line;
                    out.push('\n');
                }
            }
        }
        out
    }

    fn jmeter_view(&self) -> String {
        let table = |kind| self.samples.table(kind).text(&NoInk);
        format!("{}\n{}", table(Kind::Summary), table(Kind::Aggregate))
    }
}

/// A line for each connection in mode tcp, when it closes, as 2.6.12 writes them: it holds its
/// server's only place as long as it lasts, so the second waits for all of the first; and the
/// port that nobody listens on.
#[test]
fn mode_tcp_is_logged_by_connection() {
    let file = "tests/exports/modes.ron";
    let output = cli::ask(&["export", file, "--as", "tcp-log"]);
    cli::ends(&output, 0);
    let mut told: Vec<&str> = cli::out(&output).lines().collect();
    told.retain(|line| !line.ends_with('"'));
    let told = told.iter().filter_map(|line| line.split_once("]: "));
    let told: Vec<&str> = told.map(|(_, text)| text).collect();
    assert_eq!(
        told,
        [
            "192.168.42.1:32770 [02/Mar/2026:10:00:00.000] tcpfe tcpb/t1 0/0/200 636 -- 5/5/1/0/0 0/0",
            "192.168.42.1:32772 [02/Mar/2026:10:00:00.000] tcpfe tcpb/t1 200/0/401 636 -- 3/3/0/0/0 0/1",
            "192.168.42.1:32771 [02/Mar/2026:10:00:00.000] dead deadb/x 0/-1/999 0 SC 3/3/0/0/1 0/0",
        ]
    );
}

/// The rows of frontends, column by column as 2.6.12 fills them for the same requests (times
/// and bytes are the lab's own). The client that is redirected asks once more.
#[test]
fn frontends_are_counted_as_haproxy_counts_them() {
    let file = "tests/exports/modes.ron";
    let output = cli::ask(&["export", file, "--as", "show-stat"]);
    cli::ends(&output, 0);
    let mut lines = cli::out(&output).lines();
    let head: Vec<&str> = lines.next().expect("a head")[2..].split(',').collect();
    let rows: Vec<BTreeMap<&str, &str>> = lines
        .map(|line| head.iter().copied().zip(line.split(',')).collect())
        .collect();
    let kinds: Vec<String> = rows
        .iter()
        .map(|row| format!("{}/{}", row["pxname"], row["svname"]))
        .collect();
    assert_eq!(
        kinds,
        [
            "fe/FRONTEND",
            "tcpfe/FRONTEND",
            "dead/FRONTEND",
            "both/FRONTEND",
            "both/s1",
            "both/BACKEND",
            "nodes/s1",
            "nodes/BACKEND",
            "tcpb/t1",
            "tcpb/BACKEND",
            "deadb/x",
            "deadb/BACKEND",
        ]
    );
    let columns = [
        "slim",
        "stot",
        "dreq",
        "ereq",
        "econ",
        "status",
        "type",
        "rate_lim",
        "hrsp_2xx",
        "hrsp_3xx",
        "hrsp_4xx",
        "req_tot",
        "mode",
        "conn_tot",
        "intercepted",
        "cache_hits",
    ];
    let told = |name: usize| columns.map(|column| rows[name][column]).join(" ");
    assert_eq!(told(0), "100 2 1 0  OPEN 0 0 4 1 1 6 http 2 1 0");
    assert_eq!(told(1), "2000 2 0 0  OPEN 0 0    0 tcp 2  ");
    assert_eq!(told(3), "2000 1 0 0  OPEN 0 0 2 0 0 2 http 1 0 0");
}

#[test]
fn every_lab_task_as_others_see_it() {
    for task in snapshots::tasks() {
        let run = Run::of(&task);
        snapshots::assert(&format!("lab3/{task}/log"), &run.log_view());
        snapshots::assert(&format!("lab3/{task}/jmeter"), &run.jmeter_view());
        let stats = stat::text(&run.stats, stat::Form::Csv);
        snapshots::assert(&format!("lab3/{task}/stats"), &stats);
    }
}

/// The requests that each server answered, and all, as one form counts them.
type Counts = (BTreeMap<String, u64>, u64);

fn by_table(run: &Run) -> Counts {
    let rows = run.report.servers.iter();
    let served = rows
        .map(|server| (server.name.clone(), server.row.requests))
        .filter(|(_, count)| *count > 0);
    (served.collect(), run.report.total.requests)
}

fn by_log(run: &Run) -> Counts {
    (run.answered_by_log(), run.requests().len() as u64)
}

/// How often each label occurs, and how often a page was asked for.
fn by_labels(labels: impl Iterator<Item = (String, u64)>) -> Counts {
    let mut pages = 0;
    let mut reached = BTreeMap::new();
    for (label, count) in labels {
        match label.strip_suffix(" reached") {
            Some(name) => *reached.entry(name.to_lowercase()).or_default() += count,
            None => pages += count,
        }
    }
    (reached, pages)
}

fn by_summary(run: &Run) -> Counts {
    let rows = run.samples.rows().filter(|(label, _)| *label != "TOTAL");
    by_labels(rows.map(|(label, row)| (label.to_owned(), row.count())))
}

fn by_jtl(run: &Run) -> Counts {
    let lines = run.jtl.lines().skip(1);
    by_labels(lines.map(|line| {
        let label = line.split(',').nth(2).expect("a label");
        (label.to_owned(), 1)
    }))
}

fn by_stats(run: &Run) -> Counts {
    let number = |row: &StatRow, column| row.field(column).parse::<u64>().unwrap_or(0);
    let answers = |row: &StatRow| {
        let classes = ["hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx"];
        classes.iter().map(|class| number(row, class)).sum::<u64>()
    };
    let rows = run
        .stats
        .iter()
        .filter(|row| row.subject != Subject::Frontend);
    let (servers, backends): (Vec<&StatRow>, Vec<&StatRow>) =
        rows.partition(|row| row.server().is_some());
    let served = servers
        .iter()
        .map(|row| (row.field("svname").to_owned(), answers(row)))
        .filter(|(_, count)| *count > 0);
    let all = backends.iter().map(|row| number(row, "stot")).sum();
    (served.collect(), all)
}

fn by_events(run: &Run) -> Counts {
    let mut served = BTreeMap::new();
    let mut all = 0;
    for line in run.events.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        if event["event"] != "sample" {
            continue;
        }
        all += 1;
        if event["served"] == true {
            let path = event["server"].as_str().expect("who served it");
            let name = path.split('/').nth(1).expect("backend/server");
            *served.entry(name.to_owned()).or_default() += 1;
        }
    }
    (served, all)
}

#[cfg(feature = "parquet")]
fn by_rows(run: &Run) -> Counts {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    let bytes = bytes::Bytes::from(run.rows.clone());
    let file = SerializedFileReader::new(bytes).expect("a Parquet file");
    let mut served = BTreeMap::new();
    let mut all = 0;
    for row in file.get_row_iter(None).expect("rows") {
        let row = row.expect("a row");
        all += 1;
        if row.get_bool(6).expect("served") {
            let path = row.get_string(8).expect("who served it");
            let name = path.split('/').nth(1).expect("backend/server");
            *served.entry(name.to_owned()).or_default() += 1;
        }
    }
    (served, all)
}

/// What the published schema promises of a report is what a report has.
#[test]
fn reports_have_the_published_shape() {
    for task in snapshots::tasks() {
        let plan = play::plan(&format!("scenarios/lab3/{task}.ron"), &[]);
        let value = json::value(&play::report(&plan));
        let shape: shape::Report = serde_json::from_value(value.clone()).expect("the shape");
        assert_eq!(serde_json::to_value(&shape).expect("JSON"), value, "{task}");
    }
    let kept = std::fs::read_to_string(top().join("docs/report.schema.json"));
    assert_eq!(
        shape::json_schema(),
        kept.expect("it is there"),
        "balancelab schema report > docs/report.schema.json"
    );
}

#[test]
fn all_forms_count_alike() {
    for task in snapshots::tasks() {
        let run = Run::of(&task);
        let table = by_table(&run);
        assert_eq!(by_log(&run), table, "{task}: the log");
        assert_eq!(by_stats(&run), table, "{task}: the statistics");
        assert_eq!(by_events(&run), table, "{task}: the events");
        #[cfg(feature = "parquet")]
        assert_eq!(by_rows(&run), table, "{task}: the Parquet file");
        // Browsers do not count what they reached.
        let only_jmeter = run.plan.clients.iter();
        if only_jmeter
            .clone()
            .all(|client| matches!(client, Client::Threads(_)))
        {
            assert_eq!(by_summary(&run), table, "{task}: JMeter's summary");
            assert_eq!(by_jtl(&run), table, "{task}: the JTL");
        } else {
            assert_eq!(by_summary(&run).1, table.1, "{task}: JMeter's summary");
            assert_eq!(by_jtl(&run).1, table.1, "{task}: the JTL");
        }
    }
}

/// What the trace event format asks for: the fields of each kind, a name for every track, and
/// slices of a track that follow one another or lie inside one another.
#[test]
fn traces_are_well_formed() {
    let nanos = |value: &Value| (value.as_f64().expect("microseconds") * 1e3).round() as i64;
    for task in ["1.5-at-once", "3-maint", "4.3-at-once"] {
        let file = format!("scenarios/lab3/{task}.ron");
        let output = cli::ask(&["export", &file, "--as", "chrome-trace"]);
        cli::ends(&output, 0);
        let read: Value = serde_json::from_str(cli::out(&output)).expect("JSON");
        let mut named = Vec::new();
        let mut tracks: BTreeMap<(u64, u64), Vec<(i64, i64)>> = BTreeMap::new();
        for event in read.as_array().expect("a list of events") {
            assert!(event["name"].is_string(), "{event}");
            let number = |key: &str| event[key].as_u64().expect("a number");
            let track = (number("pid"), number("tid"));
            match event["ph"].as_str().expect("a phase") {
                "M" => {
                    assert!(event["args"].is_object(), "{event}");
                    if event["name"] == "thread_name" {
                        named.push(track);
                    }
                }
                "X" => {
                    let begin = nanos(&event["ts"]);
                    let took = nanos(&event["dur"]);
                    assert!(begin >= 0 && took >= 0, "{event}");
                    tracks.entry(track).or_default().push((begin, begin + took));
                }
                "i" => assert!(event["s"] == "t" && nanos(&event["ts"]) >= 0, "{event}"),
                phase => panic!("{task}: {phase}"),
            }
        }
        assert!(tracks.len() > 3, "{task}");
        for (track, slices) in &mut tracks {
            assert!(named.contains(track), "{task}: {track:?} has no name");
            slices.sort_by_key(|(begin, end)| (*begin, -end));
            let mut open: Vec<i64> = Vec::new();
            for (begin, end) in slices {
                open.retain(|ends| ends > begin);
                assert!(open.iter().all(|ends| ends >= end), "{task}: {track:?}");
                open.push(*end);
            }
        }
    }
}
