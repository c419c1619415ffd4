//! Redirections: browsers, and JMeter unless it is told not to, ask for the target at once.

use balance::{Config, Door, FrontendId, RequestId};

use super::Port;
use crate::lab::clients::Clients;
use crate::lab::event::Event;
use crate::lab::outbox::Outbox;
use crate::plan::RequestLine;
use crate::trace::Sink;

/// So many redirections of one request are followed, by JMeter and by browsers.
const MOST: u32 = 20;

/// What a client asks for instead of what it wanted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Detour {
    pub(super) line: RequestLine,
    /// Redirections so far.
    hops: u32,
}

/// The ways in, by port.
pub(super) fn doors(config: &Config) -> Vec<(u16, Door)> {
    let frontends = (0..).zip(&config.frontends);
    let doors = frontends.flat_map(|(frontend, settings)| {
        (0..).zip(&settings.binds).map(move |(bind, address)| {
            let frontend = FrontendId(frontend);
            (address.port, Door { frontend, bind })
        })
    });
    doors.collect()
}

impl Port {
    /// What `client` asks for: the target of a redirection, if it follows one.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(super) fn detour(&self, client: u32) -> Option<RequestLine> {
        if self.detours.is_empty() {
            return None;
        }
        self.known_detour(client)
    }

    #[inline(never)]
    fn known_detour(&self, client: u32) -> Option<RequestLine> {
        self.detours.get(&client).map(|detour| detour.line.clone())
    }

    /// A client is answered `status` to `request`, and not by a server; whether it goes on to
    /// where that redirects it, if that is behind the same proxy.
    #[inline(never)]
    pub(in crate::lab) fn redirects<S: Sink>(
        &mut self,
        request: RequestId,
        status: u16,
        clients: &Clients,
        out: &mut Outbox<'_, S>,
    ) -> bool {
        let Some(client) = out.numbers().owner(request) else {
            return false;
        };
        let known = self.detours.remove(&client);
        let hops = known.as_ref().map_or(0, |detour| detour.hops);
        let target = self.balancer.redirection(request);
        let (Some((location, _)), true) = (target, clients.follows(client) && hops < MOST) else {
            return false;
        };
        let own = clients.asks(client).0;
        let asked = known.as_ref().map_or(own, |detour| &detour.line);
        let Some(line) = redirected(asked, status, location, &self.doors) else {
            return false;
        };
        // Another port is another connection.
        let first = line.door != asked.door;
        let hops = hops + 1;
        self.detours.insert(client, Detour { line, hops });
        let event = Event::Arrives {
            client,
            request,
            first,
        };
        out.send(out.wire().upward(!first), event);
        true
    }
}

/// What is asked for after `line` was redirected to `location`; none if that is elsewhere.
fn redirected(
    line: &RequestLine,
    status: u16,
    location: &str,
    doors: &[(u16, Door)],
) -> Option<RequestLine> {
    let mut line = line.clone();
    if location.starts_with('/') {
        location.clone_into(&mut line.uri);
    } else {
        let (scheme, rest) = location.split_once("://")?;
        let usual = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, target) = rest.split_at(end);
        let port = match host.rsplit_once(':') {
            Some((_, port)) => port.parse().ok()?,
            None => usual,
        };
        let own = line.door.filter(|door| doors.contains(&(port, *door)));
        let found = || doors.iter().find(|(known, _)| *known == port);
        line.door = Some(own.or_else(|| found().map(|(_, door)| *door))?);
        line.uri = if target.starts_with('/') {
            target.to_owned()
        } else {
            format!("/{target}")
        };
        line.headers.retain(|(name, _)| name != "host");
        line.headers.push(("host".to_owned(), host.to_owned()));
    }
    let repeats = matches!(status, 307 | 308) || line.method == "HEAD";
    if !repeats {
        "GET".clone_into(&mut line.method);
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirections_lead_to_the_ports_of_the_proxy() {
        let door = |frontend, bind| Door {
            frontend: FrontendId(frontend),
            bind,
        };
        let doors = [(80, door(0, 0)), (443, door(0, 1)), (8080, door(1, 0))];
        let line = RequestLine {
            method: "POST".to_owned(),
            uri: "/a?b".to_owned(),
            headers: Vec::new(),
            source: std::net::Ipv4Addr::LOCALHOST.into(),
            backend: balance::BackendId(0),
            door: Some(door(0, 0)),
        };
        let table = [
            (302, "/x", Some(("GET", "/x", door(0, 0)))),
            (307, "/x", Some(("POST", "/x", door(0, 0)))),
            (
                301,
                "https://a.example/a?b",
                Some(("GET", "/a?b", door(0, 1))),
            ),
            (308, "http://h:8080", Some(("POST", "/", door(1, 0)))),
            (302, "http://h:8080?q", Some(("GET", "/?q", door(1, 0)))),
            (302, "http://h:9999/", None),
            (302, "ftp://h/", None),
            (302, "elsewhere", None),
        ];
        for (status, location, expected) in table {
            let got = redirected(&line, status, location, &doors);
            let got = got
                .as_ref()
                .map(|line| (line.method.as_str(), line.uri.as_str(), line.door.unwrap()));
            assert_eq!(got, expected, "{status} {location}");
        }
    }
}
