//! The connections between the proxy and a node that serve one request after the other.
//!
//! HAProxy keeps a connection whose answer is over and lets the next request have it, the
//! longest idle first; but the first request of a client's own connection always gets a new
//! one (`http-reuse safe`). Node.js closes a connection that was idle for five seconds.

use std::collections::VecDeque;

use balance::{Moment, Span};

/// How long a node leaves an idle connection open (Node.js: `server.keepAliveTimeout`).
const KEPT: Span = Span::from_secs(5);

/// One connection, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line(u32);

impl Line {
    /// Where nobody asks which connection it is.
    pub(super) const ANY: Self = Self(0);

    /// The connection that is opened after this one.
    pub(super) fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// The idle connections to one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Idle {
    /// None is ever kept.
    Closed,
    /// Those to an ideal node never end and are all alike: how many there are.
    Counted(u32),
    /// Those to an event loop, and since when they are idle; the longest first.
    Known(VecDeque<(Line, Moment)>),
}

impl Idle {
    /// A connection for a request that is sent at `now`; `first` on its client's connection
    /// or not.
    #[inline]
    pub(super) fn take(&mut self, now: Moment, first: bool) -> Option<Line> {
        let Self::Counted(count) = self else {
            return self.take_known(now, first);
        };
        *count = count.checked_sub(1)?;
        Some(Line::ANY)
    }

    #[inline(never)]
    fn take_known(&mut self, now: Moment, first: bool) -> Option<Line> {
        match self {
            Self::Closed | Self::Counted(_) => None,
            Self::Known(lines) => {
                // The longest idle are in front.
                let over = |&(_, since): &(Line, Moment)| now.since(since) >= KEPT;
                while lines.front().is_some_and(over) {
                    lines.pop_front();
                }
                if first {
                    return None;
                }
                lines.pop_front().map(|(line, _)| line)
            }
        }
    }

    /// An answer is over at `now`: its connection is kept.
    #[inline]
    pub(super) fn keep(&mut self, now: Moment, line: Line) {
        if let Self::Counted(count) = self {
            *count += 1;
        } else {
            self.keep_known(now, line);
        }
    }

    #[inline(never)]
    fn keep_known(&mut self, now: Moment, line: Line) {
        if let Self::Known(lines) = self {
            lines.push_back((line, now));
        }
    }

    /// The node's process ended, and with it all of them.
    pub(super) fn cut(&mut self) {
        match self {
            Self::Closed => {}
            Self::Counted(count) => *count = 0,
            Self::Known(lines) => lines.clear(),
        }
    }
}

/// Whether a connection was there before the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connection {
    New(Line),
    Reused(Line),
}

impl Connection {
    pub(super) fn line(self) -> Line {
        match self {
            Self::New(line) | Self::Reused(line) => line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    #[test]
    fn the_longest_idle_connection_is_reused_for_five_seconds() {
        let mut idle = Idle::Known(VecDeque::new());
        let (first, second) = (Line::ANY.next(), Line::ANY.next().next());
        assert_eq!(idle.take(at(0), false), None);
        idle.keep(at(1000), first);
        idle.keep(at(2000), second);
        assert_eq!(idle.take(at(2000), true), None);
        assert_eq!(idle.take(at(2000), false), Some(first));
        assert_eq!(idle.take(at(6999), false), Some(second));
        idle.keep(at(7000), first);
        idle.keep(at(8000), second);
        assert_eq!(idle.take(at(12_000), false), Some(second));
        idle.keep(at(12_000), second);
        idle.cut();
        assert_eq!(idle.take(at(12_000), false), None);
    }

    #[test]
    fn an_ideal_node_never_closes_and_treats_everybody_alike() {
        let mut idle = Idle::Counted(0);
        idle.keep(at(0), Line::ANY);
        assert_eq!(idle.take(at(1_000_000), true), Some(Line::ANY));
        assert_eq!(idle.take(at(1_000_000), true), None);
    }
}
