//! Requests that arrive when they arrive, whoever else still waits: a log as load.

use balance::{Moment, Span};

use super::RequestLine;

/// An open load: every request has its own moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    /// Its name.
    pub name: String,
    /// Who sends; each has a cookie jar.
    pub users: Vec<String>,
    /// What is sent, at least one.
    pub requests: Vec<RequestLine>,
    /// What arrives, sorted by moment; at least one.
    pub list: Vec<Arrival>,
    /// What the moments count from.
    pub start: Moment,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When it is sent, counted from [`Arrivals::start`]; later if its user still waits for
    /// an answer.
    pub at: Span,
    /// Whose it is: an index into [`Arrivals::users`].
    pub user: u32,
    /// What it asks for: an index into [`Arrivals::requests`].
    pub request: u32,
    /// Whether a connection must be made first.
    pub connects: bool,
    /// Whether its user forgets all cookies first.
    pub clears: bool,
    /// What its user then has from elsewhere: `SERVERID=s1`.
    pub cookie: Option<String>,
}

impl Arrivals {
    /// What the arrival at this place of the list asks for.
    pub fn request(&self, place: u32) -> &RequestLine {
        let request = self.list.get(place as usize).map_or(0, |one| one.request);
        &self.requests[request as usize]
    }

    /// Who sends the arrival at this place of the list.
    pub fn user(&self, place: u32) -> &str {
        let user = self.list.get(place as usize).map_or(0, |one| one.user);
        self.users
            .get(user as usize)
            .map_or(&self.name, |user| user)
    }
}
