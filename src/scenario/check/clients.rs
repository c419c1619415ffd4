//! JMeter's thread groups and people with browsers.

use core::net::{IpAddr, Ipv4Addr};

use balance::{BackendId, Config, Moment, Span};

use super::{At, Check, names};
use crate::plan::{Browser, Client, RequestLine, Sampled, Step, ThreadGroup};
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::schema::{self, Cookies, Named};
use crate::scenario::suggest;

/// Where the lab's clients sit.
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 42, 1));

/// More threads than any machine has memory for.
const MOST: i64 = 10_000_000;

/// The settings of a request that all kinds of clients have.
pub(super) struct Written<'a> {
    pub(super) method: &'a Option<String>,
    pub(super) uri: &'a Option<String>,
    pub(super) headers: &'a Option<Named<String>>,
    pub(super) source: &'a Option<String>,
    pub(super) backend: &'a Option<String>,
    pub(super) frontend: &'a Option<String>,
    pub(super) bind: &'a Option<i64>,
}

impl Check {
    pub(super) fn clients(
        &mut self,
        root: At<'_>,
        clients: Option<&Named<schema::Client>>,
        proxy: &Config,
    ) -> Vec<Client> {
        let at = root.field("clients");
        let mut plans = Vec::new();
        for (name, client) in clients.into_iter().flat_map(|clients| &clients.0) {
            self.proper_name(at.field(name), name);
            let at = at.field(name).inside();
            self.names.clients.push(name.clone());
            plans.push(match client {
                schema::Client::ThreadGroup(group) => {
                    let common = self.thread_group(at, name, group);
                    self.script_group(at, common, group)
                }
                schema::Client::Browser(browser) => {
                    Client::Browser(self.browser(at, name, browser))
                }
                schema::Client::Arrivals(arrivals) => {
                    Client::Arrivals(self.arrivals(at, name, arrivals, proxy))
                }
            });
        }
        super::script::join(&mut plans);
        // A client that was refused can still be spoken of.
        self.names.clients.extend(at.holes().iter().cloned());
        if plans.is_empty() && at.holes().is_empty() {
            let example = "{ \"jmeter\": thread_group(threads: 1, loops: 1000) }";
            self.missing(root, "clients", example);
        }
        plans
    }

    fn thread_group(&mut self, at: At<'_>, name: &str, group: &schema::ThreadGroup) -> ThreadGroup {
        let said = |key| at.field(key).is_there();
        if !said("loops") && !said("duration") {
            self.missing(at, "loops", "1000");
        }
        let cookies = group.cookies.unwrap_or(Cookies::Keep);
        ThreadGroup {
            name: name.to_owned(),
            threads: self
                .whole(at.field("threads"), group.threads, 1..=MOST)
                .unwrap_or(1) as u32,
            loops: self
                .whole(at.field("loops"), group.loops, 1..=i64::MAX)
                .map(|loops| loops as u64),
            duration: self.span(at.field("duration"), group.duration.as_ref()),
            ramp_up: self
                .span(at.field("ramp_up"), group.ramp_up.as_ref())
                .unwrap_or_default(),
            think: self
                .sampled(at.field("think"), group.think.as_ref())
                .unwrap_or(Sampled::Constant(Span::ZERO)),
            clear_cookies: cookies == Cookies::Clear,
            cookies: cookies != Cookies::Off,
            keep_alive: group.keep_alive.unwrap_or(true),
            connect_timeout: self.span(at.field("connect_timeout"), group.connect_timeout.as_ref()),
            response_timeout: self.span(
                at.field("response_timeout"),
                group.response_timeout.as_ref(),
            ),
            request: self.request(
                at,
                &Written {
                    method: &group.method,
                    uri: &group.uri,
                    headers: &group.headers,
                    source: &group.source,
                    backend: &group.backend,
                    frontend: &group.frontend,
                    bind: &group.bind,
                },
            ),
            start: self.start(at, group.start.as_ref()),
        }
    }

    fn browser(&mut self, at: At<'_>, name: &str, browser: &schema::Browser) -> Browser {
        if !at.field("steps").is_there() {
            self.missing(at, "steps", "[visit(1), refresh(3)]");
        }
        let steps = at.field("steps");
        Browser {
            name: name.to_owned(),
            request: self.request(
                at,
                &Written {
                    method: &browser.method,
                    uri: &browser.uri,
                    headers: &browser.headers,
                    source: &browser.source,
                    backend: &browser.backend,
                    frontend: &browser.frontend,
                    bind: &browser.bind,
                },
            ),
            pause: self
                .span(at.field("pause"), browser.pause.as_ref())
                .unwrap_or_default(),
            steps: browser
                .steps
                .iter()
                .flatten()
                .enumerate()
                .filter_map(|(index, step)| self.step(steps.item(index), step))
                .collect(),
            start: self.start(at, browser.start.as_ref()),
        }
    }

    fn step(&mut self, at: At<'_>, step: &schema::Step) -> Option<Step> {
        let inside = at.inside();
        match step {
            schema::Step::Visit(times) | schema::Step::Refresh(times) => {
                self.small(inside, Some(*times), 1).map(Step::Visit)
            }
            schema::Step::ClearCookies => Some(Step::ClearCookies),
            schema::Step::Until(time) => self.moment(inside, Some(time)).map(Step::Until),
        }
    }

    pub(super) fn start(&mut self, at: At<'_>, start: Option<&schema::Time>) -> Moment {
        self.moment(at.field("start"), start)
            .unwrap_or_else(|| self.clients_start())
    }

    pub(super) fn request(&mut self, at: At<'_>, written: &Written<'_>) -> RequestLine {
        let backend = at.field("backend");
        let door = self.door(at, written);
        let usual = self.leads_to(door);
        RequestLine {
            method: written.method.clone().unwrap_or_else(|| "GET".to_owned()),
            uri: self.uri(at.field("uri"), written.uri.as_deref()),
            headers: written
                .headers
                .iter()
                .flat_map(|headers| &headers.0)
                .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
                .collect(),
            source: self.source(at.field("source"), written.source.as_deref()),
            backend: self
                .backend_called(backend, written.backend.as_deref())
                .unwrap_or(usual),
            door,
        }
    }

    pub(super) fn uri(&mut self, at: At<'_>, uri: Option<&str>) -> String {
        let uri = uri.unwrap_or("/");
        if !uri.starts_with('/') || uri.contains(char::is_whitespace) {
            let complaint = Diagnostic::new(
                Code::Range,
                format!("{uri:?} cannot be requested"),
                at.place(),
            )
            .accepted("a path that begins with `/` and has no spaces: \"/\", \"/shop?item=3\"");
            self.say(at, complaint);
        }
        uri.to_owned()
    }

    fn source(&mut self, at: At<'_>, source: Option<&str>) -> IpAddr {
        let Some(source) = source else {
            return SOURCE;
        };
        source.parse().unwrap_or_else(|_| {
            let complaint = Diagnostic::new(
                Code::Range,
                format!("{source:?} is not an address"),
                at.place(),
            )
            .accepted("an IPv4 or IPv6 address: \"192.168.42.1\", \"::1\"");
            self.say(at, complaint);
            SOURCE
        })
    }

    pub(super) fn backend_called(&mut self, at: At<'_>, name: Option<&str>) -> Option<BackendId> {
        let name = name?;
        let found = self.names.backends.iter().position(|known| known == name);
        if found.is_none() {
            let known = self.names.backends.iter().map(String::as_str);
            let complaint = names::unknown("backend", name, at.place());
            let complaint = suggest::attach(complaint, name, known);
            self.say(at, complaint);
        }
        found.map(|index| BackendId(index as u32))
    }
}
