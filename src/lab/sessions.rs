//! The sessions in a node's memory, and the cookie that names them (`NODESESSID`).

/// What a request brings of a node's sessions. Numbers are one node's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Brought(u32);

impl Brought {
    /// No session cookie at all.
    pub(super) const NONE: Self = Self(0);
    /// A session cookie that this node never gave.
    const FOREIGN: Self = Self(u32::MAX);

    /// Whether there is a session cookie, known or not.
    pub(super) fn is_some(self) -> bool {
        self != Self::NONE
    }
}

/// How a request fares with the sessions of a node. One word, as it travels in events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Visit(u32);

impl Visit {
    /// A visit of a node that keeps no sessions, or of one that knows the session.
    pub(super) const PLAIN: Self = Self(0);
    /// Set if the request brought a cookie, but of no session that is there.
    const RESTARTED: u32 = 1 << 31;

    /// As one word, to travel in an event.
    pub(super) fn word(self) -> u32 {
        self.0
    }

    /// The visit that [`word`](Self::word) was made of.
    pub(super) fn from_word(word: u32) -> Self {
        Self(word)
    }

    /// The session that was opened for the request, whose cookie must be set.
    pub(super) fn opened(self) -> Option<u32> {
        let number = self.0 & !Self::RESTARTED;
        (number > 0).then_some(number)
    }

    /// Whether the request had a cookie, but no session any more.
    pub(super) fn restarted(self) -> bool {
        self.0 & Self::RESTARTED != 0
    }
}

/// The sessions of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sessions {
    /// The name of the cookie.
    cookie: String,
    /// What the cookie's values begin with: the node's name.
    node: String,
    /// Sessions opened since the node was built; they are numbered from 1.
    opened: u32,
    /// Sessions up to this one were lost when the node stopped.
    lost: u32,
}

impl Sessions {
    /// No sessions yet, on the node called `node`, named by the cookie `cookie`.
    pub(super) fn new(node: &str, cookie: &str) -> Self {
        Self {
            cookie: cookie.to_owned(),
            node: node.to_owned(),
            opened: 0,
            lost: 0,
        }
    }

    /// What a request with this `Cookie` header brings; none if the header does not speak of
    /// sessions.
    pub(super) fn brought(&self, header: &str) -> Option<Brought> {
        let mut pairs = header.split(';').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(name, _)| name.trim() == self.cookie)?;
        let number = value.trim().strip_prefix(self.node.as_str());
        let number = number.and_then(|rest| rest.strip_prefix('.')?.parse().ok());
        Some(match number {
            Some(number) if (1..=self.opened).contains(&number) => Brought(number),
            _ => Brought::FOREIGN,
        })
    }

    /// Handles the session of a request that brings `brought`.
    pub(super) fn visit(&mut self, brought: Brought) -> Visit {
        if brought.0 > self.lost && brought.0 <= self.opened {
            return Visit::PLAIN;
        }
        self.opened += 1;
        let restarted = if brought == Brought::NONE {
            0
        } else {
            Visit::RESTARTED
        };
        Visit(self.opened | restarted)
    }

    /// The `Set-Cookie` header for a session that was opened.
    pub(super) fn set_cookie(&self, opened: u32) -> String {
        format!("{}={}.{opened}; Path=/; HttpOnly", self.cookie, self.node)
    }

    /// The node stopped: its memory is gone.
    pub(super) fn forget(&mut self) {
        self.lost = self.opened;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lives_until_its_node_stops() {
        let mut sessions = Sessions::new("s1", "NODESESSID");
        let first = sessions.visit(Brought::NONE);
        assert_eq!((first.opened(), first.restarted()), (Some(1), false));
        assert_eq!(sessions.set_cookie(1), "NODESESSID=s1.1; Path=/; HttpOnly");
        assert_eq!(sessions.brought("a=NODESESSID"), None);
        let again = sessions.brought("SERVERID=s1; NODESESSID=s1.1").unwrap();
        assert_eq!(sessions.visit(again), Visit::PLAIN);
        sessions.forget();
        let lost = sessions.visit(again);
        assert_eq!((lost.opened(), lost.restarted()), (Some(2), true));
    }

    #[test]
    fn a_foreign_cookie_restarts_the_session() {
        for value in ["s2.1", "s1.1", "s1.0", "s1", "", "s1.4294967295", "zz"] {
            let mut sessions = Sessions::new("s1", "NODESESSID");
            let header = format!("NODESESSID={value}");
            let brought = sessions.brought(&header).unwrap();
            let visit = sessions.visit(brought);
            assert_eq!(
                (visit.opened(), visit.restarted()),
                (Some(1), true),
                "{value}"
            );
        }
    }
}
