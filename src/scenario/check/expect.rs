//! What the author claims about the outcome, and asks the class.

use super::names::{Called, unknown};
use super::{At, Check};
use crate::plan::{Bound, Claim, Expectation, Question};
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::schema::{self, Time};
use crate::scenario::suggest;
use crate::scenario::{resolve, write};

/// The states a server can be claimed to be in.
const STATES: [&str; 6] = ["UP", "DOWN", "NOLB", "DRAIN", "MAINT", "no check"];

/// Why a state changes: codes of checks, or somebody's command.
const REASONS: [&str; 11] = [
    "L4OK", "L4TOUT", "L4CON", "L7OK", "L7OKC", "L7TOUT", "L7RSP", "L7STS", "SOCKERR", "HANA",
    "CLI",
];

/// The mistake has been complained about.
struct Said;

/// The four ways of bounding a number, with their names.
struct Bounds<T> {
    exactly: Option<T>,
    within: Option<(T, T)>,
    at_least: Option<T>,
    at_most: Option<T>,
}

impl Check {
    pub(super) fn expect(
        &mut self,
        at: At<'_>,
        claims: Option<&[schema::Claim]>,
    ) -> Vec<Expectation> {
        let mut expectations = Vec::new();
        for (index, claim) in claims.unwrap_or_default().iter().enumerate() {
            if let Some(meant) = self.claim(at.item(index), claim) {
                expectations.push(Expectation {
                    text: write::one_line(&resolve::claim(&meant, self.clients_start())),
                    claim: meant,
                });
            }
        }
        expectations
    }

    pub(super) fn ask(
        &mut self,
        at: At<'_>,
        questions: Option<&[schema::Question]>,
    ) -> Vec<Question> {
        let mut asked = Vec::new();
        for (index, question) in questions.unwrap_or_default().iter().enumerate() {
            let at = at.item(index);
            for key in ["question", "answer"] {
                if !at.field(key).is_there() {
                    self.missing(at, key, "\"...\"");
                }
            }
            asked.push(Question {
                question: question.question.clone().unwrap_or_default(),
                answer: question.answer.clone().unwrap_or_default(),
            });
        }
        asked
    }

    fn claim(&mut self, at: At<'_>, claim: &schema::Claim) -> Option<Claim> {
        let at = at.inside();
        match claim {
            schema::Claim::Served(written) => self.served(at, written),
            schema::Claim::Errors(count) => self.plain_count(at, count).map(Claim::Errors),
            schema::Claim::SessionsRestarted(count) => {
                self.plain_count(at, count).map(Claim::SessionsRestarted)
            }
            schema::Claim::Share(share) => self.share(at, share),
            schema::Claim::Down(down) => self.down(at, down, true),
            schema::Claim::Never(inner) => {
                if let schema::Claim::Down(down) = &**inner {
                    return self.down(at.inside(), down, false);
                }
                let complaint = Diagnostic::new(
                    Code::Words,
                    "only `down(...)` can be claimed never to happen",
                    at.head(),
                )
                .help("claim a number instead: errors(exactly: 0), served(..., exactly: 0)");
                self.say(at, complaint);
                None
            }
            schema::Claim::State(state) => self.state(at, state),
            schema::Claim::Sequence(picks) => self.sequence(at, picks),
            schema::Claim::Mean(elapsed) => {
                let (server, within) = self.elapsed(at, elapsed)?;
                Some(Claim::Mean { server, within })
            }
            schema::Claim::Deviation(elapsed) => {
                let (server, within) = self.elapsed(at, elapsed)?;
                Some(Claim::Deviation { server, within })
            }
            schema::Claim::Rate(rate) => self.rate(at, rate),
        }
    }

    fn served(&mut self, at: At<'_>, written: &schema::Served) -> Option<Claim> {
        let server = self.need_server(at, written.server.as_deref());
        let count = self.count(
            at,
            Bounds {
                exactly: written.exactly,
                within: written.within,
                at_least: written.at_least,
                at_most: written.at_most,
            },
        );
        Some(Claim::Served {
            server: server?,
            count: count?,
        })
    }

    fn rate(&mut self, at: At<'_>, rate: &schema::Rate) -> Option<Claim> {
        let server = self.maybe_server(at, rate.server.as_deref());
        let bounds = Bounds {
            exactly: None,
            within: rate.within,
            at_least: rate.at_least,
            at_most: rate.at_most,
        };
        let window = self.bounds(at, bounds, &["within", "at_least", "at_most"])?;
        Some(Claim::Rate {
            server: server.ok()?,
            within: real_window(&window),
        })
    }

    /// The server's name as reports write it.
    fn need_server(&mut self, at: At<'_>, name: Option<&str>) -> Option<String> {
        if !at.field("server").is_there() {
            self.missing(at, "server", "\"s1\"");
        }
        let id = self.server(at.field("server"), name)?;
        Some(self.report_name(id))
    }

    /// The server's name, or none if all are meant.
    fn maybe_server(&mut self, at: At<'_>, name: Option<&str>) -> Result<Option<String>, Said> {
        let at = at.field("server");
        match name {
            None if at.is_bad() => Err(Said),
            None => Ok(None),
            Some(name) => match self.server(at, Some(name)) {
                Some(id) => Ok(Some(self.report_name(id))),
                None => Err(Said),
            },
        }
    }

    fn plain_count(&mut self, at: At<'_>, count: &schema::Count) -> Option<Bound> {
        self.count(
            at,
            Bounds {
                exactly: count.exactly,
                within: count.within,
                at_least: count.at_least,
                at_most: count.at_most,
            },
        )
    }

    fn count(&mut self, at: At<'_>, bounds: Bounds<u64>) -> Option<Bound> {
        let keys = ["exactly", "within", "at_least", "at_most"];
        let bounds = self.bounds(at, bounds, &keys)?;
        Some(match bounds {
            Window::Exactly(count) => Bound::Exactly(count),
            Window::Within(low, high) => Bound::Within(low, high),
            Window::AtLeast(count) => Bound::AtLeast(count),
            Window::AtMost(count) => Bound::AtMost(count),
        })
    }

    /// Exactly one of the bounds, and the lower end first.
    fn bounds<T: PartialOrd>(
        &mut self,
        at: At<'_>,
        bounds: Bounds<T>,
        keys: &[&str],
    ) -> Option<Window<T>> {
        let said: Vec<&str> = keys
            .iter()
            .copied()
            .filter(|key| at.field(key).is_there())
            .collect();
        if let [first, second, ..] = said.as_slice() {
            self.clash(at, first, second, "one claim has one bound");
            return None;
        }
        if said.is_empty() {
            let list: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            let complaint = Diagnostic::new(Code::Missing, "the claim has no bound", at.head())
                .accepted(format!("one of {}", list.join(", ")));
            self.say(at, complaint);
            return None;
        }
        if let Some((low, high)) = bounds.within {
            if low <= high {
                return Some(Window::Within(low, high));
            }
            let at = at.field("within");
            let complaint = Diagnostic::new(Code::Range, "no number lies within", at.place())
                .help("write the smaller one first");
            self.say(at, complaint);
            return None;
        }
        bounds
            .exactly
            .map(Window::Exactly)
            .or(bounds.at_least.map(Window::AtLeast))
            .or(bounds.at_most.map(Window::AtMost))
    }

    fn share(&mut self, at: At<'_>, share: &schema::Share) -> Option<Claim> {
        let server = self.need_server(at, share.server.as_deref());
        for (key, example) in [("about", "66.7"), ("tolerance", "0.5")] {
            if !at.field(key).is_there() {
                self.missing(at, key, example);
            }
        }
        for (key, value) in [("about", share.about), ("tolerance", share.tolerance)] {
            if let Some(value) = value.filter(|value| !(0.0..=100.0).contains(value)) {
                self.out_of_range(at.field(key), &value.to_string(), "0 to 100 (percent)");
            }
        }
        Some(Claim::Share {
            server: server?,
            about: share.about?,
            tolerance: share.tolerance?,
        })
    }

    fn down(&mut self, at: At<'_>, down: &schema::Down, happens: bool) -> Option<Claim> {
        let server = self.need_server(at, down.server.as_deref());
        let after = self.moment(at.field("after"), down.after.as_ref());
        let before = self.moment(at.field("before"), down.before.as_ref());
        if let (Some(Time(after_text)), Some(Time(before_text))) = (&down.after, &down.before)
            && after
                .zip(before)
                .is_some_and(|(after, before)| after > before)
        {
            let at = at.field("before");
            let complaint = Diagnostic::new(
                Code::Range,
                format!("nothing is after {after_text} and before {before_text}"),
                at.place(),
            )
            .help("write the earlier moment as `after`");
            self.say(at, complaint);
        }
        let reason = down.reason.as_deref();
        let of_another = reason.is_some_and(|reason| reason.starts_with("via "));
        if !of_another {
            let known = REASONS.map(|reason| (reason, ()));
            self.one_of(at.field("reason"), reason, &known);
        }
        Some(Claim::Down {
            server: server?,
            after,
            before,
            reason: down.reason.clone(),
            happens,
        })
    }

    fn state(&mut self, at: At<'_>, state: &schema::State) -> Option<Claim> {
        let server = self.need_server(at, state.server.as_deref());
        if !at.field("is").is_there() {
            self.missing(at, "is", "\"DOWN\"");
        }
        let plain = state.is.as_deref().map(plain_state);
        let known = STATES.map(|state| (state, ()));
        self.one_of(at.field("is"), plain, &known);
        Some(Claim::State {
            server: server?,
            is: state.is.clone()?,
            at: self.moment(at.field("at"), state.at.as_ref()),
        })
    }

    fn sequence(&mut self, at: At<'_>, picks: &str) -> Option<Claim> {
        let mut names = Vec::new();
        let mut whole = true;
        for word in picks.split_whitespace() {
            if let Some(&Called::One(id)) = self.names.servers.get(word) {
                names.push(self.report_name(id));
                continue;
            }
            whole = false;
            let start = word.as_ptr() as usize - picks.as_ptr() as usize;
            let place = at.part(start..start + word.len());
            let complaint = unknown("server", word, place);
            let complaint = suggest::attach(complaint, word, self.names.servers_to_offer());
            self.say(at, complaint);
        }
        if names.is_empty() && whole {
            let complaint = Diagnostic::new(Code::Missing, "the sequence is empty", at.place())
                .help("write the names of the first servers: sequence(\"s1 s2 s1\")");
            self.say(at, complaint);
            return None;
        }
        whole.then_some(Claim::Sequence(names))
    }

    /// A server (or all) and a window in milliseconds.
    fn elapsed(
        &mut self,
        at: At<'_>,
        elapsed: &schema::Elapsed,
    ) -> Option<(Option<String>, (f64, f64))> {
        let server = self.maybe_server(at, elapsed.server.as_deref());
        let within = at.field("within");
        let mut wrong = false;
        let mut end = |check: &mut Self, at: At<'_>, time: Option<&Time>| {
            let time = time?;
            let span = check.span(at, Some(time));
            let value = span.map(|span| span.as_nanos() as f64 / 1e6);
            wrong |= value.is_none();
            value
        };
        let pair = elapsed.within.as_ref();
        let low = end(self, within.item(0), pair.map(|pair| &pair.0));
        let high = end(self, within.item(1), pair.map(|pair| &pair.1));
        let bounds = Bounds {
            exactly: None,
            within: low.zip(high),
            at_least: end(self, at.field("at_least"), elapsed.at_least.as_ref()),
            at_most: end(self, at.field("at_most"), elapsed.at_most.as_ref()),
        };
        if wrong {
            return None;
        }
        let window = self.bounds(at, bounds, &["within", "at_least", "at_most"])?;
        Some((server.ok()?, real_window(&window)))
    }

    /// What reports call this server.
    fn report_name(&self, id: balance::ServerId) -> String {
        let meant = Called::One(id);
        let long = self.names.backends.len() > 1;
        self.names
            .servers
            .iter()
            .find(|&(name, &called)| called == meant && name.contains('/') == long)
            .map(|(name, _)| name.clone())
            .expect("every server has a short and a long name, or several are called so")
    }
}

/// A state without its counter (`UP 1/3`) and its cause (`MAINT (via nodes/s1)`).
fn plain_state(state: &str) -> &str {
    let is_counter = |word: &str| {
        word.split_once('/')
            .is_some_and(|(done, of)| done.parse::<u32>().is_ok() && of.parse::<u32>().is_ok())
    };
    match state.split_once(' ') {
        Some(("MAINT", cause)) if cause.starts_with("(via ") => "MAINT",
        Some((plain, counter)) if is_counter(counter) => plain,
        _ => state,
    }
}

/// A bound that makes sense.
enum Window<T> {
    Exactly(T),
    Within(T, T),
    AtLeast(T),
    AtMost(T),
}

/// Both ends, the open ones at infinity.
fn real_window(window: &Window<f64>) -> (f64, f64) {
    match *window {
        Window::Exactly(value) => (value, value),
        Window::Within(low, high) => (low, high),
        Window::AtLeast(low) => (low, f64::INFINITY),
        Window::AtMost(high) => (f64::NEG_INFINITY, high),
    }
}
