//! The history of the servers' states.

use balance::event::{Cause, CheckResult, Status};
use balance::{Moment, ServerId};

use crate::trace::Names;
use crate::trace::{Event, Place};

/// Every change of any server's status, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    changes: Vec<Change>,
}

/// One change of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Moment,
    /// Whose.
    pub server: ServerId,
    /// What it read before.
    pub from: Status,
    /// What it read then.
    pub to: Status,
    /// Why.
    pub cause: Cause,
}

impl Change {
    /// Whether the server may now receive something else than before. A failed check that
    /// only turns `UP` into `UP 2/3` moves nothing.
    pub fn moves(&self) -> bool {
        Place::of(self.from) != Place::of(self.to)
    }

    /// Whether this is the server going DOWN.
    pub fn is_down(&self) -> bool {
        self.moves() && Place::of(self.to) == Place::Down
    }

    /// The check that caused it, if one did.
    pub fn check(&self) -> Option<CheckResult> {
        match self.cause {
            Cause::Check(result) => Some(result),
            Cause::Cli | Cause::Tracked(_) | Cause::WarmedUp => None,
        }
    }

    /// The reason in HAProxy's words: a check's code, `CLI`, `via nodes/s1`.
    pub fn reason(&self, names: &Names) -> String {
        match self.cause {
            Cause::Check(result) => result.code.code().to_owned(),
            Cause::Cli => "CLI".to_owned(),
            Cause::Tracked(server) => format!("via {}", names.name(server)),
            Cause::WarmedUp => "slowstart".to_owned(),
        }
    }
}

impl History {
    /// Notes an event, if it is a change of status.
    pub fn follow(&mut self, at: Moment, event: &Event) {
        let Event::Balancer(balance::Event::StateChanged {
            server,
            from,
            to,
            cause,
        }) = *event
        else {
            return;
        };
        self.changes.push(Change {
            at,
            server,
            from,
            to,
            cause,
        });
    }

    /// All changes.
    pub fn iter(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter()
    }

    /// The changes that move a server from one [`Place`] to another.
    pub fn moves(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.moves())
    }
}

/// A status in words, with the name that `MAINT (via ...)` needs.
pub fn words(status: Status, names: &Names) -> String {
    match status {
        Status::MaintVia(server) => format!("MAINT (via {})", names.name(server)),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use balance::event::CheckCode;
    use balance::{BackendId, Span};

    use super::*;

    fn change(from: Status, to: Status, cause: Cause) -> Change {
        Change {
            at: Moment::ZERO,
            server: ServerId::default(),
            from,
            to,
            cause,
        }
    }

    #[test]
    fn only_another_place_is_a_move() {
        let rows = [
            (Status::Up, Status::UpGoingDown(2, 3), false),
            (Status::UpGoingDown(1, 3), Status::Down, true),
            (Status::Down, Status::DownGoingUp(1, 2), false),
            (Status::DownGoingUp(1, 2), Status::Up, true),
            (Status::NoCheck, Status::Maint, true),
            (Status::Up, Status::Drain, true),
            (Status::Drain, Status::DrainGoingDown(1, 3), false),
            (Status::Maint, Status::MaintVia(ServerId::default()), false),
        ];
        for (from, to, moves) in rows {
            assert_eq!(
                change(from, to, Cause::Cli).moves(),
                moves,
                "{from} -> {to}"
            );
        }
    }

    #[test]
    fn reasons_are_haproxys_words() {
        let names = Names::default();
        let timeout = Cause::Check(CheckResult {
            code: CheckCode::L7Timeout,
            status: None,
            duration: Span::from_millis(2000),
        });
        let tracked = Cause::Tracked(ServerId {
            backend: BackendId(0),
            slot: 4,
        });
        let down = change(Status::Up, Status::Down, timeout);
        assert_eq!(down.reason(&names), "L7TOUT");
        assert!(down.is_down());
        assert_eq!(
            down.check().map(|check| check.duration),
            Some(Span::from_millis(2000))
        );
        let via = change(Status::Up, Status::Down, tracked);
        assert_eq!(via.reason(&names), "via #4");
        assert_eq!(
            words(Status::MaintVia(via.server), &names),
            "MAINT (via #0)"
        );
    }
}
