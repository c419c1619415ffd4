//! A request under way, as far as its tale needs it.

use balance::config::CookieMode;
use balance::{BackendId, By, Moment, ServerId, Span};

use super::tale::{Deed, Kind, Outcome, Reason};
use crate::plan::{Client, Plan, RequestLine};
use crate::report::why::{cookie_value, server_of_cookie};
use crate::trace::{Place, Sample};

/// What is collected about a request until it is over.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) client: u32,
    pub(super) thread: u32,
    /// Whose request it is: for arrivals, a user has many of them.
    pub(super) person: u32,
    /// Whether the client had just thrown its cookies away.
    pub(super) cleared: bool,
    /// Whether the backend has a cookie at all.
    pub(super) bound: bool,
    /// The cookie that it brought, and the server that this names.
    pub(super) cookie: Option<String>,
    pub(super) names: Option<ServerId>,
    /// Where the server of the cookie was then.
    pub(super) place: Option<Place>,
    /// The first decision, its place in the order of all, and the servers that were out.
    pub(super) first: Option<(ServerId, By)>,
    pub(super) turn: u64,
    pub(super) out: usize,
    /// Where the server of the first decision was then.
    pub(super) at: Place,
    pub(super) server: Option<ServerId>,
    pub(super) forwarded: bool,
    pub(super) queued: bool,
    /// The queue it is in, and since when.
    pub(super) queue: Option<(BackendId, Option<ServerId>, Moment)>,
    pub(super) retries: u32,
    pub(super) left: Option<ServerId>,
    pub(super) waited: Span,
    pub(super) set: Option<String>,
    pub(super) flags: [u8; 4],
    /// The change of its server's state that it has outlived.
    pub(super) outlived: Option<usize>,
}

impl Flight {
    pub(super) fn new(plan: &Plan, client: u32, thread: u32, cleared: bool) -> Self {
        Self {
            client,
            thread,
            person: match &plan.clients[client as usize] {
                Client::Arrivals(arrivals) => arrivals.list[thread as usize].user,
                Client::Threads(_) | Client::Script(_) | Client::Browser(_) => thread,
            },
            cleared,
            bound: false,
            cookie: None,
            names: None,
            place: None,
            first: None,
            turn: 0,
            out: 0,
            at: Place::Up,
            server: None,
            forwarded: false,
            queued: false,
            queue: None,
            retries: 0,
            left: None,
            waited: Span::ZERO,
            set: None,
            flags: *b"----",
            outlived: None,
        }
    }

    /// What is asked for.
    pub(super) fn line<'a>(&self, plan: &'a Plan) -> &'a RequestLine {
        plan.clients[self.client as usize].request(self.thread)
    }

    /// Reads the `Cookie` header with which it came to a backend.
    pub(super) fn read(&mut self, plan: &Plan, backend: usize, header: Option<&str>) {
        let Some(cookie) = &plan.proxy.backends[backend].cookie else {
            return;
        };
        self.bound = true;
        let value = header.and_then(|header| cookie_value(header, &cookie.name));
        // In prefix mode the application's own cookie may come without a prefix.
        let value = value.filter(|v| cookie.mode != CookieMode::Prefix || v.contains('~'));
        if let Some(value) = value {
            self.cookie = Some(shown(&cookie.name, value));
            self.names = server_of_cookie(plan, backend, value);
        }
    }

    /// Reads the `Set-Cookie` headers of its answer.
    pub(super) fn bind(&mut self, plan: &Plan, backend: usize, headers: &[String]) {
        let Some(cookie) = &plan.proxy.backends[backend].cookie else {
            return;
        };
        let own = headers.iter().rev().find_map(|header| {
            let value = cookie_value(header, &cookie.name)?;
            server_of_cookie(plan, backend, value)?;
            Some(shown(&cookie.name, value))
        });
        self.set = own;
    }

    /// What is told of it, now that it is over.
    pub(super) fn close(self, sample: &Sample) -> Deed {
        Deed {
            client: self.client,
            thread: self.person,
            kind: self.kind(),
            outcome: self.outcome(sample),
            sent: sample.sent,
            elapsed: sample.elapsed,
            turn: self.turn,
            chosen: self.first.map(|first| first.0).or(sample.server),
            server: sample.server,
            restarted: sample.session_restarted,
            waited: self.waited,
            cookie: self.cookie,
            set: self.set,
        }
    }

    fn kind(&self) -> Kind {
        match self.first {
            Some((_, By::Algorithm)) => Kind::Placed(self.reason(), self.out),
            Some((server, by)) => Kind::Kept(by, server, self.at),
            None if self.queued => Kind::Taken,
            None => Kind::Nobody,
        }
    }

    fn reason(&self) -> Reason {
        if !self.bound {
            return Reason::Unbound;
        }
        match (self.flags[2], &self.cookie) {
            (b'E' | b'O', _) => Reason::Expired,
            (b'U', _) => Reason::Ignored,
            (_, None) if self.cleared => Reason::Cleared,
            (_, None) => Reason::Bare,
            (b'I', Some(_)) => Reason::Unknown,
            (_, Some(_)) => match self.place {
                Some(place) if place.is_alive() => Reason::Ignored,
                place => Reason::Dead(self.names, place),
            },
        }
    }

    fn outcome(&self, sample: &Sample) -> Outcome {
        if sample.status == 0 {
            Outcome::GaveUp
        } else if sample.is_error() && sample.served {
            Outcome::Answered(sample.status)
        } else if sample.is_error() || !sample.served {
            let letters = [self.flags[0], self.flags[1]];
            Outcome::Failed(sample.status, letters, self.retries)
        } else if let Some(left) = self.left {
            Outcome::Moved(left)
        } else if self.retries > 0 {
            Outcome::Retried
        } else {
            Outcome::Fine
        }
    }
}

/// A cookie as it is told: what stands behind a server's name is the application's, or
/// dates.
fn shown(name: &str, value: &str) -> String {
    let value = value.split(';').next().unwrap_or(value);
    if let Some(end) = value.find('~') {
        return format!("{name}={}~...", &value[..end]);
    }
    let end = value.find('|').unwrap_or(value.len());
    format!("{name}={}", &value[..end])
}

/// The moment of a request's end.
pub(super) fn end(sample: &Sample) -> Moment {
    sample.sent + sample.elapsed
}
