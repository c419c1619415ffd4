//! Expectations held against what happened.

use balance::{Moment, ServerId};

use super::distribution::{Closed, Row};
use super::transitions::{Change, History, words};
use super::{Clock, number};
use crate::plan::{Bound, Claim, Expectation};
use crate::trace::Names;
use crate::trace::{Place, States};

/// What became of one expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The expectation as its author wrote it.
    pub text: String,
    /// Whether it holds.
    pub ok: bool,
    /// What was measured.
    pub got: String,
}

/// Everything that a claim may speak of.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What the servers are called.
    pub names: &'a Names,
    /// Since when time is counted.
    pub clock: Clock,
    /// Who got what.
    pub distribution: &'a Closed,
    /// The states at the start of the proxy.
    pub start: &'a States,
    /// The changes of states.
    pub history: &'a History,
    /// The first picks, as many as any claim speaks of.
    pub picks: &'a [Option<ServerId>],
}

impl Facts<'_> {
    /// Holds `expectation` against the facts.
    pub fn judge(&self, expectation: &Expectation) -> Verdict {
        let (ok, got) = self.measure(&expectation.claim);
        Verdict {
            text: expectation.text.clone(),
            ok,
            got,
        }
    }

    fn measure(&self, claim: &Claim) -> (bool, String) {
        match claim {
            Claim::Served { server, count } => {
                self.about(server, |row| counted(*count, row.requests))
            }
            Claim::Share {
                server,
                about,
                tolerance,
            } => self.about(server, |row| {
                let percent = row.share * 100.0;
                // Half a unit of the last place computed, so that `2/3` is `about 66.7 +- 0.0333...`.
                let ok = (percent - about).abs() <= tolerance + 1e-9;
                (ok, format!("{} %", number(percent, 2)))
            }),
            Claim::Errors(bound) => counted(*bound, self.distribution.total().errors),
            Claim::Down {
                server,
                after,
                before,
                reason,
                happens,
            } => self.down(server, (*after, *before), reason.as_deref(), *happens),
            Claim::State { server, is, at } => self.state(server, is, *at),
            Claim::Sequence(wanted) => self.sequence(wanted),
            Claim::SessionsRestarted(bound) => {
                counted(*bound, self.distribution.total().sessions_restarted)
            }
            Claim::Mean { server, within } => self.about_any(server.as_deref(), |row| {
                within_ms(*within, row.times.map(|times| times.mean))
            }),
            Claim::Deviation { server, within } => self.about_any(server.as_deref(), |row| {
                within_ms(*within, row.times.map(|times| times.deviation))
            }),
            Claim::Rate { server, within } => self.about_any(server.as_deref(), |row| {
                let ok = (within.0..=within.1).contains(&row.rate);
                (ok, format!("{}/s", number(row.rate, 2)))
            }),
        }
    }

    fn about_any(
        &self,
        server: Option<&str>,
        measure: impl Fn(&Row) -> (bool, String),
    ) -> (bool, String) {
        match server {
            Some(server) => self.about(server, measure),
            None => measure(self.distribution.total()),
        }
    }

    fn about(&self, server: &str, measure: impl Fn(&Row) -> (bool, String)) -> (bool, String) {
        match self.names.find(server) {
            Some(id) => measure(&self.distribution.server(id)),
            None => unknown(server),
        }
    }

    fn down(
        &self,
        server: &str,
        (after, before): (Option<Moment>, Option<Moment>),
        reason: Option<&str>,
        happens: bool,
    ) -> (bool, String) {
        let Some(id) = self.names.find(server) else {
            return unknown(server);
        };
        let downs: Vec<&Change> = self
            .history
            .iter()
            .filter(|change| change.server == id && change.is_down())
            .collect();
        let meant = |change: &&&Change| {
            after.is_none_or(|after| change.at >= after)
                && before.is_none_or(|before| change.at <= before)
                && reason.is_none_or(|reason| change.reason(self.names) == reason)
        };
        let found = downs.iter().filter(meant).count();
        (happens == (found > 0), self.tell_downs(&downs))
    }

    /// `DOWN at 11.057 s (L7TOUT), 40.100 s (L4CON), ...`
    fn tell_downs(&self, downs: &[&Change]) -> String {
        const TOLD: usize = 3;
        if downs.is_empty() {
            return "never DOWN".to_owned();
        }
        let told: Vec<String> = downs
            .iter()
            .take(TOLD)
            .map(|down| {
                let at = number(self.clock.seconds(down.at), 3);
                format!("{at} s ({})", down.reason(self.names))
            })
            .collect();
        let more = if downs.len() > TOLD { ", ..." } else { "" };
        format!("DOWN at {}{more}", told.join(", "))
    }

    fn state(&self, server: &str, is: &str, at: Option<Moment>) -> (bool, String) {
        let Some(id) = self.names.find(server) else {
            return unknown(server);
        };
        let until = at.unwrap_or(Moment::NEVER);
        let status = self
            .history
            .iter()
            .take_while(|change| change.at <= until)
            .filter(|change| change.server == id)
            .last()
            .map(|change| change.to)
            .or_else(|| self.start.status(id));
        let Some(status) = status else {
            return unknown(server);
        };
        let reads = words(status, self.names);
        (is == reads || is == Place::of(status).word(), reads)
    }

    fn sequence(&self, wanted: &[String]) -> (bool, String) {
        let got: Vec<String> = self
            .picks
            .iter()
            .take(wanted.len())
            .map(|pick| pick.map_or_else(|| "-".to_owned(), |server| self.names.name(server)))
            .collect();
        let wanted: Vec<Option<ServerId>> = wanted.iter().map(|n| self.names.find(n)).collect();
        let same = self.picks.len() >= wanted.len()
            && wanted
                .iter()
                .zip(self.picks)
                .all(|(wanted, got)| wanted.is_some() && wanted == got);
        (same, got.join(" "))
    }
}

fn unknown(server: &str) -> (bool, String) {
    (false, format!("no server {server}"))
}

fn counted(bound: Bound, count: u64) -> (bool, String) {
    let ok = match bound {
        Bound::Exactly(n) => count == n,
        Bound::Within(low, high) => (low..=high).contains(&count),
        Bound::AtLeast(low) => count >= low,
        Bound::AtMost(high) => count <= high,
    };
    (ok, count.to_string())
}

fn within_ms((low, high): (f64, f64), value: Option<f64>) -> (bool, String) {
    match value {
        Some(value) => (
            (low..=high).contains(&value),
            format!("{} ms", number(value, 1)),
        ),
        None => (false, "no requests".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use balance::config::{Backend, Check, Config, Server};
    use balance::event::{Cause, CheckCode, CheckResult, Status};
    use balance::{BackendId, By, Span};

    use super::*;
    use crate::report::distribution::Distribution;
    use crate::trace::{Event, Sample};

    fn id(slot: u32) -> ServerId {
        ServerId {
            backend: BackendId(0),
            slot,
        }
    }

    fn config() -> Config {
        let server = |name: &str| Server {
            name: name.to_owned(),
            check: Some(Check::default()),
            ..Server::default()
        };
        Config {
            backends: vec![Backend {
                name: "nodes".to_owned(),
                servers: vec![server("s1"), server("s2")],
                ..Backend::default()
            }],
            ..Config::default()
        }
    }

    /// s1 answers one request in 100 ms, s2 two in 300 ms each; s1 goes DOWN 11 s after the
    /// clients' start, which is at 10 s.
    fn verdict(claim: Claim) -> (bool, String) {
        let mut distribution = Distribution::default();
        for (slot, sent, elapsed) in [(0, 10_000, 100), (1, 10_000, 300), (1, 10_300, 300)] {
            distribution.add(&Sample {
                client: 0,
                thread: 0,
                server: Some(id(slot)),
                by: Some(By::Algorithm),
                status: 200,
                served: true,
                session_restarted: slot == 1 && sent == 10_300,
                sent: Moment::from_millis(sent),
                elapsed: Span::from_millis(elapsed),
            });
        }
        let mut history = History::default();
        history.follow(
            Moment::from_millis(21_000),
            &Event::Balancer(balance::Event::StateChanged {
                server: id(0),
                from: Status::UpGoingDown(1, 3),
                to: Status::Down,
                cause: Cause::Check(CheckResult {
                    code: CheckCode::L7Timeout,
                    status: None,
                    duration: Span::from_millis(2000),
                }),
            }),
        );
        let config = config();
        let facts = Facts {
            names: &Names::of(&config),
            clock: Clock::starting(Moment::from_millis(10_000)),
            distribution: &distribution.close(),
            start: &States::at_start(&config),
            history: &history,
            picks: &[Some(id(0)), Some(id(1)), None],
        };
        let verdict = facts.judge(&Expectation {
            text: "as written".to_owned(),
            claim,
        });
        assert_eq!(verdict.text, "as written");
        (verdict.ok, verdict.got)
    }

    fn s(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn counts() {
        let served = |server: &str, count| Claim::Served {
            server: s(server),
            count,
        };
        let rows = [
            (served("s1", Bound::Exactly(1)), true, "1"),
            (served("s2", Bound::Exactly(1)), false, "2"),
            (served("s2", Bound::Within(1, 2)), true, "2"),
            (served("s2", Bound::Within(3, 4)), false, "2"),
            (served("s2", Bound::AtLeast(3)), false, "2"),
            (served("s2", Bound::AtMost(2)), true, "2"),
            (served("s3", Bound::AtMost(2)), false, "no server s3"),
            (Claim::Errors(Bound::Exactly(0)), true, "0"),
            (Claim::SessionsRestarted(Bound::Exactly(1)), true, "1"),
        ];
        for (claim, ok, got) in rows {
            assert_eq!(verdict(claim.clone()), (ok, s(got)), "{claim:?}");
        }
    }

    #[test]
    fn measures() {
        let share = |about, tolerance| Claim::Share {
            server: s("s2"),
            about,
            tolerance,
        };
        let mean = |server: Option<&str>, within| Claim::Mean {
            server: server.map(s),
            within,
        };
        let rows = [
            (share(66.7, 0.1), true, "66.67 %"),
            (share(60.0, 5.0), false, "66.67 %"),
            (mean(Some("s1"), (100.0, 100.0)), true, "100.0 ms"),
            (mean(None, (0.0, 200.0)), false, "233.3 ms"),
            (
                Claim::Deviation {
                    server: None,
                    within: (94.2, 94.3),
                },
                true,
                "94.3 ms",
            ),
            (
                Claim::Rate {
                    server: Some(s("s2")),
                    within: (3.3, 3.4),
                },
                true,
                "3.33/s",
            ),
        ];
        for (claim, ok, got) in rows {
            assert_eq!(verdict(claim.clone()), (ok, s(got)), "{claim:?}");
        }
    }

    /// Seconds after the clients' start.
    fn second(second: u64) -> Moment {
        Moment::from_millis(10_000 + 1000 * second)
    }

    #[test]
    fn going_down() {
        let down = |after: Option<u64>, before: Option<u64>, reason: Option<&str>, happens| {
            verdict(Claim::Down {
                server: s("s1"),
                after: after.map(second),
                before: before.map(second),
                reason: reason.map(s),
                happens,
            })
        };
        let got = s("DOWN at 11.000 s (L7TOUT)");
        assert_eq!(down(None, None, None, true), (true, got.clone()));
        assert_eq!(
            down(Some(10), Some(12), Some("L7TOUT"), true),
            (true, got.clone())
        );
        assert_eq!(down(Some(12), None, None, true), (false, got.clone()));
        assert_eq!(down(None, Some(10), None, true), (false, got.clone()));
        assert_eq!(down(None, None, Some("L4CON"), true), (false, got.clone()));
        assert_eq!(down(None, None, None, false), (false, got.clone()));
        assert_eq!(down(Some(12), None, None, false), (true, got));
        let never = Claim::Down {
            server: s("s2"),
            after: None,
            before: None,
            reason: None,
            happens: false,
        };
        assert_eq!(verdict(never), (true, s("never DOWN")));
    }

    #[test]
    fn states_at_a_moment_and_at_the_end() {
        let state = |server: &str, is: &str, at: Option<u64>| {
            verdict(Claim::State {
                server: s(server),
                is: s(is),
                at: at.map(second),
            })
        };
        assert_eq!(state("s1", "UP", Some(10)), (true, s("UP 1/3")));
        assert_eq!(state("s1", "UP 1/3", Some(10)), (true, s("UP 1/3")));
        assert_eq!(state("s1", "UP 2/3", Some(10)), (false, s("UP 1/3")));
        assert_eq!(state("s1", "DOWN", Some(11)), (true, s("DOWN")));
        assert_eq!(state("s1", "UP", None), (false, s("DOWN")));
        assert_eq!(state("s2", "UP", None), (true, s("UP 1/3")));
    }

    #[test]
    fn sequences() {
        let sequence =
            |names: &[&str]| verdict(Claim::Sequence(names.iter().map(|name| s(name)).collect()));
        assert_eq!(sequence(&["s1", "s2"]), (true, s("s1 s2")));
        assert_eq!(sequence(&["s2", "s1"]), (false, s("s1 s2")));
        // A request that nobody answered is no server's.
        assert_eq!(sequence(&["s1", "s2", "s1"]), (false, s("s1 s2 -")));
        // Fewer requests than claimed.
        assert_eq!(sequence(&["s1", "s2", "s1", "s2"]), (false, s("s1 s2 -")));
    }
}
