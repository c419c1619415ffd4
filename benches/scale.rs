//! How fast the lab runs: the closed loops of `scenarios/scale`, with the table that
//! `balancelab run` prints as the only reader.
//!
//! `cargo bench --bench scale` measures every scenario in a process of its own, and counts
//! instructions with callgrind if valgrind is there. `cargo bench --bench scale -- NAME
//! [LOOPS]` runs one, in this process, with so many requests per user.
//!
//! What the other views cost a run that only wants the table is what such a run takes more
//! than one whose reader can be told nothing else: then everything that is told to views is
//! not even compiled in (`NAME LOOPS deaf`).
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use balance::{Interest, Moment};
use balancelab::lab::World;
use balancelab::plan::{Client, Plan};
use balancelab::report::{KeepPicks, Tally};
use balancelab::scenario::{self, Overrides};
use balancelab::trace::{Event, Sample, Sink};

/// The scenarios, and numbers of loops that differ by about 100,000 requests.
const SCENARIOS: [(&str, [u64; 2]); 3] = [
    ("closed-2x2", [10_000, 60_000]),
    ("closed-1000x10", [20, 120]),
    ("closed-100000x1000", [2, 3]),
];

fn main() -> ExitCode {
    let mut words = env::args().skip(1).filter(|word| word != "--bench");
    match words.next() {
        Some(name) => {
            let loops = words.next().and_then(|word| word.parse().ok());
            let deaf = words.next().is_some_and(|word| word == "deaf");
            println!("{}", measure(&plan(&name, loops), deaf));
        }
        None => {
            for (name, loops) in SCENARIOS {
                println!("{name}");
                print(&child(&[name]));
                println!("  {}", instructions(name, loops));
            }
        }
    }
    ExitCode::SUCCESS
}

/// The table's reader, for which it is known beforehand that it wants states and samples only.
struct Deaf<'a>(&'a mut Tally);

impl Sink for Deaf<'_> {
    #[inline]
    fn interest(&self) -> Interest {
        Interest::States
    }

    #[inline]
    fn sample(&mut self, sample: &Sample) {
        self.0.sample(sample);
    }

    fn event(&mut self, at: Moment, event: &Event) {
        self.0.event(at, event);
    }

    fn reply(&mut self, at: Moment, entry: u32, text: &str) {
        self.0.reply(at, entry, text);
    }
}

/// Runs this program again, and returns what it printed.
fn child(words: &[&str]) -> String {
    let this = env::current_exe().expect("a running program has a file");
    let output = Command::new(this).args(words).output();
    let output = output.expect("what runs can be run again");
    assert!(output.status.success(), "{words:?} failed");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn print(lines: &str) {
    for line in lines.lines() {
        println!("  {line}");
    }
}

/// The plan of a scenario, perhaps with another number of requests per user.
fn plan(name: &str, loops: Option<u64>) -> Plan {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/scale");
    let text = fs::read_to_string(path.join(format!("{name}.ron")));
    let text = text.expect("the scenarios stand beside the benchmark");
    let file = format!("{name}.ron");
    let changes = loops.map(|loops| format!("clients.users.loops={loops}"));
    let overrides = Overrides::new(changes);
    let loaded = scenario::load(&file, &BTreeMap::from([(file.clone(), text)]), &overrides);
    loaded.unwrap_or_else(|refused| panic!("{refused}")).plan
}

/// Lets the plan happen once and says what it took.
fn measure(plan: &Plan, deaf: bool) -> String {
    let clients: u32 = plan.clients.iter().map(Client::actors).sum();
    // The program's own pages come in as they run: they are not what a client costs.
    let few = self::plan("closed-2x2", Some(50));
    let mut warm = World::new(&few).expect("the balancer accepts these settings");
    warm.run(&mut Tally::new(&few, KeepPicks::AsExpected))
        .expect("the run ends within its budget");
    let memory = peak_memory();
    let start = processor_time();
    let mut world = World::new(plan).expect("the balancer accepts these settings");
    let mut tally = Tally::new(plan, KeepPicks::AsExpected);
    let outcome = if deaf {
        world.run(&mut Deaf(&mut tally))
    } else {
        world.run(&mut tally)
    };
    let summary = outcome.expect("the run ends within its budget");
    let spent = processor_time() - start;
    let memory = peak_memory() - memory;
    let requests: u64 = plan.clients.iter().map(requests).sum();
    let per_second = |count: u64| count as f64 / (spent as f64 / 1e9) / 1e6;
    format!(
        "{:.2} million requests, {:.2} million events per CPU second ({:.1} ns per request)\n\
         {} KiB more memory at the peak, {:.0} bytes per client",
        per_second(requests),
        per_second(summary.events),
        spent as f64 / requests as f64,
        memory / 1024,
        memory as f64 / f64::from(clients),
    )
}

fn requests(client: &Client) -> u64 {
    match client {
        Client::Threads(group) => u64::from(group.threads) * group.loops.unwrap_or(0),
        Client::Script(_) | Client::Browser(_) | Client::Arrivals(_) => 0,
    }
}

/// Instructions per request: what a longer run takes more than a shorter one.
fn instructions(name: &str, [few, many]: [u64; 2]) -> String {
    let requests = |loops| {
        plan(name, Some(loops))
            .clients
            .iter()
            .map(requests)
            .sum::<u64>()
    };
    let per_request = |reader| {
        let (less, more) = (count(name, few, reader)?, count(name, many, reader)?);
        Some((more - less) as f64 / (requests(many) - requests(few)) as f64)
    };
    let (Some(table), Some(deaf)) = (per_request("table"), per_request("deaf")) else {
        return "no instructions counted: valgrind is not installed".to_owned();
    };
    let times = table / deaf;
    format!(
        "{table:.0} instructions per request\n  {times:.3} times what it costs without any views"
    )
}

/// Instructions of a whole run, if callgrind can count them.
fn count(name: &str, loops: u64, reader: &str) -> Option<u64> {
    let this = env::current_exe().expect("a running program has a file");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(this)
        .args([name, &loops.to_string(), reader])
        .stdout(Stdio::null())
        .output()
        .ok()?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = report.lines().find(|line| line.contains("Collected :"))?;
    line.split_whitespace().last()?.parse().ok()
}

/// Nanoseconds that this thread has had a processor, where the system tells.
fn processor_time() -> u64 {
    let text = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let word = text.split_whitespace().next();
    word.and_then(|word| word.parse().ok()).unwrap_or_default()
}

/// The most memory that this process ever had, in bytes, where the system tells.
fn peak_memory() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() * 1024
}
