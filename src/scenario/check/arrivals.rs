//! Open loads: logs, and lists of requests.

use std::collections::BTreeMap;

use balance::config::CookieMode;
use balance::{BackendId, Config, Span};

use super::clients::Written;
use super::{At, Check};
use crate::plan::{Arrival, Arrivals, RequestLine};
use crate::scenario::import::log::{Jar, Load};
use crate::scenario::schema;

/// Requests and users that are collected, each once.
#[derive(Default)]
struct Crowd {
    users: Vec<String>,
    known_users: BTreeMap<String, u32>,
    requests: Vec<RequestLine>,
    known: BTreeMap<Key, u32>,
}

/// What makes a request another one.
type Key = (String, String, Vec<(String, String)>, std::net::IpAddr, u32);

impl Crowd {
    fn user(&mut self, name: &str) -> u32 {
        if let Some(&user) = self.known_users.get(name) {
            return user;
        }
        let user = self.users.len() as u32;
        self.users.push(name.to_owned());
        self.known_users.insert(name.to_owned(), user);
        user
    }

    fn request(&mut self, line: RequestLine) -> u32 {
        let key = (
            line.method.clone(),
            line.uri.clone(),
            line.headers.clone(),
            line.source,
            line.backend.0,
        );
        *self.known.entry(key).or_insert_with(|| {
            self.requests.push(line);
            self.requests.len() as u32 - 1
        })
    }
}

impl Check {
    pub(super) fn arrivals(
        &mut self,
        at: At<'_>,
        name: &str,
        written: &schema::Arrivals,
        proxy: &Config,
    ) -> Arrivals {
        let usual = self.request(
            at,
            &Written {
                method: &written.method,
                uri: &written.uri,
                headers: &written.headers,
                source: &written.source,
                backend: &written.backend,
                frontend: &written.frontend,
                bind: &written.bind,
            },
        );
        if at.field("log").is_there() && at.field("list").is_there() {
            self.clash(at, "list", "log", "only one of them is what arrives");
        }
        let mut crowd = Crowd::default();
        let list = match self.logs.loads.remove(name) {
            Some(Some(load)) => self.replayed(&load, written, &usual, proxy, &mut crowd),
            // Complained about already.
            Some(None) => Vec::new(),
            None => self.listed(at, written, &usual, &mut crowd),
        };
        if crowd.requests.is_empty() {
            crowd.requests.push(usual);
        }
        Arrivals {
            name: name.to_owned(),
            users: crowd.users,
            requests: crowd.requests,
            list,
            start: self.start(at, written.start.as_ref()),
        }
    }

    /// What a log says; what it does not say, `usual` does.
    fn replayed(
        &mut self,
        load: &Load,
        written: &schema::Arrivals,
        usual: &RequestLine,
        proxy: &Config,
        crowd: &mut Crowd,
    ) -> Vec<Arrival> {
        let named = |name: &String| {
            let found = self.names.backends.iter().position(|known| known == name);
            found.map(|index| BackendId(index as u32))
        };
        let mut list = Vec::with_capacity(load.arrivals.len());
        for arrives in &load.arrivals {
            let user = &load.users[arrives.user as usize];
            let wanted = &load.requests[arrives.request as usize];
            // What the author wrote holds for every request.
            let theirs = wanted
                .backend
                .as_ref()
                .filter(|_| written.backend.is_none())
                .and_then(named);
            let line = RequestLine {
                method: written.method.as_ref().unwrap_or(&wanted.method).clone(),
                uri: written.uri.as_ref().unwrap_or(&wanted.uri).clone(),
                headers: usual.headers.clone(),
                source: match (&written.source, user.source) {
                    (None, Some(source)) => source,
                    _ => usual.source,
                },
                backend: theirs.unwrap_or(usual.backend),
                // The frontend's rules had their say before the log was written.
                door: usual.door.filter(|_| theirs.is_none()),
            };
            let cookie = match &arrives.jar {
                Jar::Kept | Jar::Empty => None,
                Jar::Holds(cookie) => Some(cookie.clone()),
                Jar::LeadsTo(server) => cookie_to(proxy, line.backend, server),
            };
            list.push(Arrival {
                at: arrives.at,
                user: crowd.user(&user.name),
                request: crowd.request(line),
                connects: arrives.connects,
                clears: arrives.jar == Jar::Empty,
                cookie,
            });
        }
        list
    }

    /// What the author spelled out.
    fn listed(
        &mut self,
        at: At<'_>,
        written: &schema::Arrivals,
        usual: &RequestLine,
        crowd: &mut Crowd,
    ) -> Vec<Arrival> {
        let entries = written.list.as_deref().unwrap_or_default();
        if entries.is_empty() && !at.field("log").is_there() {
            self.missing(at, "log", "\"haproxy.log\"");
        }
        let mut rows = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let at = at.field("list").item(index);
            let moment = self.span(at.field("at"), entry.at.as_ref());
            if moment.is_none() && !at.field("at").is_there() {
                self.missing(at, "at", "\"1.5s\"");
            }
            rows.push((
                moment.unwrap_or_default(),
                self.asked(at, entry, usual),
                entry,
            ));
        }
        rows.sort_by_key(|(moment, ..)| *moment);
        (rows.into_iter())
            .map(|(at, line, entry)| arrival(at, line, entry, crowd))
            .collect()
    }

    /// What one entry asks for; what it does not say, `usual` does.
    fn asked(&mut self, at: At<'_>, entry: &schema::Arrival, usual: &RequestLine) -> RequestLine {
        let own = self.request(
            at,
            &Written {
                method: &entry.method,
                uri: &entry.uri,
                headers: &entry.headers,
                source: &entry.source,
                backend: &entry.backend,
                frontend: &entry.frontend,
                bind: &entry.bind,
            },
        );
        let said = |there: bool, own, usual| if there { own } else { usual };
        RequestLine {
            method: said(entry.method.is_some(), own.method, usual.method.clone()),
            uri: said(entry.uri.is_some(), own.uri, usual.uri.clone()),
            headers: match entry.headers {
                Some(_) => own.headers,
                None => usual.headers.clone(),
            },
            source: match entry.source {
                Some(_) => own.source,
                None => usual.source,
            },
            backend: match (&entry.backend, &entry.frontend) {
                (None, None) => usual.backend,
                _ => own.backend,
            },
            door: match (&entry.backend, &entry.frontend) {
                (None, None) => usual.door,
                _ => own.door,
            },
        }
    }
}

fn arrival(at: Span, line: RequestLine, entry: &schema::Arrival, crowd: &mut Crowd) -> Arrival {
    let user = entry.user.as_deref().unwrap_or("user");
    Arrival {
        at,
        user: crowd.user(user),
        request: crowd.request(line),
        connects: entry.connects.unwrap_or(false),
        clears: entry.clears.unwrap_or(false),
        cookie: entry.cookie.clone(),
    }
}

/// The proxy's cookie that leads to `server`, if its value is the server's alone.
fn cookie_to(proxy: &Config, backend: BackendId, server: &str) -> Option<String> {
    let backend = proxy.backends.get(backend.0 as usize)?;
    let cookie = backend.cookie.as_ref()?;
    let server = backend.servers.iter().find(|known| known.name == server)?;
    let value = server.cookie.as_ref()?;
    (cookie.mode != CookieMode::Prefix).then(|| format!("{}={value}", cookie.name))
}
