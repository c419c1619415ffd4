//! The verdict on one recording: agreement, or the first operation the core did otherwise.

use std::collections::BTreeMap;
use std::path::Path;

use balance::{Profile, Version};
use serde_json::Value;

use super::crowd;
use super::distribution::{Fit, Shares};
use super::reason;
use super::recording::{Operation, Recording, RecordingError, Seen, To};
use super::replay::{Replay, Stuck};

/// What came of replaying one recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The recording's name.
    pub name: String,
    /// Whose decisions the core took.
    pub version: Version,
    /// The first word of its `balance`, such as `leastconn` or `hdr`.
    pub algorithm: String,
    /// How many operations it has.
    pub operations: usize,
    /// How many of them are requests.
    pub requests: usize,
    /// How it was judged, and what came of it.
    pub outcome: Outcome,
}

/// How a recording was judged, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Every word of every operation is the same.
    Same,
    /// Chance decides here, so this recording is judged by its shares; its picks differ
    /// from ours, as they would from one recording to the next.
    Shares(Fit),
    /// The core did something else.
    Differs(Box<Difference>),
}

/// The first operation that the core answered otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Its line in the file, from 1.
    pub line: usize,
    /// How many operations went the same way before.
    pub before: usize,
    /// The operation, in the words of the format.
    pub operation: String,
    /// Every word that differs.
    pub words: Vec<Differing>,
    /// What the core noted meanwhile: its reasons.
    pub reason: Vec<String>,
}

/// One word of an observation that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// Its place, such as `rows.s1.scur`.
    pub place: String,
    /// What HAProxy did.
    pub haproxy: String,
    /// What the core did.
    pub core: String,
}

/// Written where one side says nothing.
const NOTHING: &str = "nothing";

/// How many replays with different seeds make up our shares.
pub const REPLAYS: u64 = 40;

impl Verdict {
    /// Replays `recording` with the decisions of `asked`, or else of the recorded version.
    ///
    /// # Errors
    /// The first line describes a backend that the core refuses, or a version without a
    /// profile.
    pub fn of(recording: &Recording, asked: Option<Version>) -> Result<Self, RecordingError> {
        let version = recording.version(asked)?;
        let algorithm = algorithm(recording);
        let profile = Profile::of(version);
        let outcome = match first_difference(recording, profile)? {
            None => Outcome::Same,
            Some(_) if !recording.head.exact || leaves_to_chance(version, &algorithm) => {
                Outcome::Shares(shares_of_both(recording, version)?)
            }
            Some(difference) => Outcome::Differs(Box::new(difference)),
        };
        Ok(Self {
            name: recording.head.name.clone(),
            version,
            algorithm,
            operations: recording.steps.len(),
            requests: recording.requests(),
            outcome,
        })
    }

    /// Whether the core agrees with the recording.
    pub fn agrees(&self) -> bool {
        match &self.outcome {
            Outcome::Same => true,
            Outcome::Shares(fit) => fit.agrees(),
            Outcome::Differs(_) => false,
        }
    }

    /// How many operations went the same way, from the first on.
    pub fn agreeing(&self) -> usize {
        match &self.outcome {
            Outcome::Differs(difference) => difference.before,
            Outcome::Shares(fit) if !fit.agrees() => 0,
            Outcome::Same | Outcome::Shares(_) => self.operations,
        }
    }

    /// The family: the first two words of the name, numbers left out.
    pub fn family(&self) -> String {
        let is_word = |word: &&str| !word.starts_with(|c: char| c.is_ascii_digit());
        let words: Vec<&str> = self.name.split('-').take_while(is_word).take(2).collect();
        words.join("-")
    }
}

/// The first word of the backend's `balance`, without arguments.
fn algorithm(recording: &Recording) -> String {
    let arguments = recording.head.backend.balance.as_deref();
    let word = arguments.unwrap_or("roundrobin");
    let end = word.find([' ', '(']).unwrap_or(word.len());
    word[..end].to_owned()
}

/// Whether this version does not repeat itself with this algorithm (spec: balancing, the
/// table of versions): the seed of `random` is fixed in 2.6 only, and 3.4 breaks the ties
/// of `leastconn` at random.
pub fn leaves_to_chance(version: Version, algorithm: &str) -> bool {
    match version {
        Version::V2_2 => algorithm == "random",
        Version::V2_6 => false,
        Version::V3_4 => matches!(algorithm, "random" | "leastconn"),
    }
}

/// Replays the recording up to the first operation that goes otherwise.
///
/// # Errors
/// The first line describes a backend that the core refuses.
pub fn first_difference(
    recording: &Recording,
    profile: Profile,
) -> Result<Option<Difference>, RecordingError> {
    let mut replay = Replay::new(recording, profile, 0)?;
    for (before, step) in recording.steps.iter().enumerate() {
        let words = match replay.step(&step.operation) {
            Ok(seen) => differing(&step.operation, &step.seen, &seen),
            Err(stuck) => vec![restless(&stuck)],
        };
        if !words.is_empty() {
            return Ok(Some(Difference {
                line: step.line,
                before,
                operation: step.operation.words(),
                words,
                reason: reason::of(&replay),
            }));
        }
    }
    Ok(None)
}

fn restless(stuck: &Stuck) -> Differing {
    Differing {
        place: "rest".to_owned(),
        haproxy: "at rest".to_owned(),
        core: stuck.to_string(),
    }
}

/// Every word in which two observations of one operation differ.
fn differing(operation: &Operation, recorded: &Seen, core: &Seen) -> Vec<Differing> {
    let [recorded, core] = [recorded, core].map(|seen| {
        let mut seen = seen.clone();
        crowd::settle(&mut seen);
        seen
    });
    let mut recorded = recorded.words();
    if matches!(operation, Operation::End(_)) && recorded.get("status") == Some(&Value::from(200)) {
        // Written when the program did not hold the request and the recorder had to.
        recorded.shift_remove("status");
    }
    let mut found = Vec::new();
    compare(
        "",
        &Value::Object(recorded),
        &Value::Object(core.words()),
        &mut found,
    );
    found
}

fn compare(place: &str, haproxy: &Value, core: &Value, found: &mut Vec<Differing>) {
    let inner = |word: &str| match place {
        "" => word.to_owned(),
        _ => format!("{place}.{word}"),
    };
    let text = |value: Option<&Value>| value.map_or_else(|| NOTHING.to_owned(), Value::to_string);
    match (haproxy, core) {
        (Value::Object(a), Value::Object(b)) => {
            let new = b.keys().filter(|word| !a.contains_key(*word));
            for word in a.keys().chain(new) {
                match (a.get(word), b.get(word)) {
                    (Some(x), Some(y)) => compare(&inner(word), x, y, found),
                    (x, y) => found.push(Differing {
                        place: inner(word),
                        haproxy: text(x),
                        core: text(y),
                    }),
                }
            }
        }
        (Value::Array(a), Value::Array(b))
            if a.len() == b.len() && a.iter().chain(b).all(Value::is_object) =>
        {
            for (at, (x, y)) in a.iter().zip(b).enumerate() {
                let name = x.get("svname").or_else(|| x.get("srv_name"));
                let name = name.and_then(Value::as_str).map(str::to_owned);
                compare(&inner(&name.unwrap_or(at.to_string())), x, y, found);
            }
        }
        (x, y) if x == y => {}
        (x, y) => found.push(Differing {
            place: place.to_owned(),
            haproxy: text(Some(x)),
            core: text(Some(y)),
        }),
    }
}

/// The shares of a recording, and ours over replays from different starting points: other
/// seeds, and other numbers of requests served before.
fn shares_of_both(recording: &Recording, version: Version) -> Result<Fit, RecordingError> {
    let mut recorded = Shares::new();
    for step in &recording.steps {
        count(&step.seen, &mut recorded);
    }
    let mut runs = Vec::new();
    for seed in 0..REPLAYS {
        let mut run = Shares::new();
        let mut replay = Replay::new(recording, Profile::of(version), seed)?;
        replay.warm_up(seed as u32);
        for step in &recording.steps {
            // A replay that gets stuck has shares that do not fit.
            let Ok(seen) = replay.step(&step.operation) else {
                break;
            };
            count(&seen, &mut run);
        }
        runs.push(run);
    }
    Ok(Fit::of(recorded, &runs))
}

/// Adds who got requests in one operation.
fn count(seen: &Seen, shares: &mut Shares) {
    let ended = seen.finished.iter().map(|(_, outcome)| &outcome.to);
    let own = [&seen.outcome.to];
    let reached = own.into_iter().chain(ended).flatten().map(|to| match to {
        To::Server(name) => name.as_str(),
        To::Nobody => "-",
    });
    let dispatched = seen.dispatched.iter().map(|(_, name)| name.as_str());
    for name in reached.chain(dispatched) {
        *shares.entry(name.to_owned()).or_default() += 1;
    }
}

impl Difference {
    /// The difference for a person: where in `file`, what, and the core's reason.
    pub fn told(&self, file: &Path) -> String {
        let mut lines = vec![
            format!(
                "  {}:{}, after {} operations",
                file.display(),
                self.line,
                self.before
            ),
            format!("  {}", self.operation),
        ];
        lines.extend(self.words.iter().map(|word| {
            format!(
                "    {}: HAProxy {}, the core {}",
                word.place, word.haproxy, word.core
            )
        }));
        let reasons = self.reason.iter();
        lines.extend(reasons.map(|reason| format!("    the core: {reason}")));
        lines.join("\n") + "\n"
    }
}

/// What verdicts of one kind add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Recordings.
    pub programs: usize,
    /// Operations in them.
    pub operations: usize,
    /// Requests among those.
    pub requests: usize,
    /// Recordings that agree.
    pub agreeing: usize,
    /// Operations that went the same way, from each recording's first on.
    pub operations_agreeing: usize,
}

impl Tally {
    /// Adds one verdict.
    pub fn add(&mut self, verdict: &Verdict) {
        self.programs += 1;
        self.operations += verdict.operations;
        self.requests += verdict.requests;
        self.agreeing += usize::from(verdict.agrees());
        self.operations_agreeing += verdict.agreeing();
    }

    /// What `verdicts` add up to by version and `key`, in the order of both.
    pub fn by(
        verdicts: &[Verdict],
        key: impl Fn(&Verdict) -> String,
    ) -> BTreeMap<(Version, String), Self> {
        let mut tallies: BTreeMap<_, Self> = BTreeMap::new();
        for verdict in verdicts {
            let tally = tallies.entry((verdict.version, key(verdict)));
            tally.or_default().add(verdict);
        }
        tallies
    }
}

impl<'a> FromIterator<&'a Verdict> for Tally {
    fn from_iter<I: IntoIterator<Item = &'a Verdict>>(verdicts: I) -> Self {
        let mut tally = Self::default();
        for verdict in verdicts {
            tally.add(verdict);
        }
        tally
    }
}
