//! A case through the importer and the core, without any lab around.

use std::fs;

use balance::{
    Balancer, Door, FrontendId, Input, Interest, Moment, NoChance, Output, Request, RequestId,
    Response, Span,
};
use balancelab::scenario::import::Env;
use balancelab::scenario::import::haproxy_cfg::{Imported, read_cfg_with_lists};
use balancelab::scenario::{Files, render};

use super::{Asked, Case, Outcome, status, unlogged};
use crate::tidy::source::top;

/// What becomes of the requests of `case`, one after the other, each over a connection of
/// its own; every server answers at once with 200.
pub(crate) fn outcomes(case: &Case) -> Vec<Outcome> {
    let mut files = Files::default();
    let id = files.add("case.cfg", case.text.as_str());
    // HAProxy looks for them from where the tests run, which is the top.
    let list = |name: &str| fs::read_to_string(top().join(name)).map_err(|error| error.to_string());
    let imported = read_cfg_with_lists(&files, &[id], &Env::default(), &list);
    assert!(
        !imported.is_refused(),
        "{}",
        render::text(
            &imported.notes,
            &files,
            render::Colour::Never,
            &balancelab::locale::AsWritten
        )
    );
    let mut balancer =
        Balancer::new(imported.config.clone(), Moment::ZERO).expect("a sound configuration");
    balancer.listen(Interest::Nothing);
    let requests = case.requests.iter().enumerate();
    requests
        .map(|(turn, asked)| {
            let at = asked.at.unwrap_or(1000 * turn as u64);
            let now = Moment::from_millis(1000 + at);
            outcome(&mut balancer, &imported, now, asked)
        })
        .collect()
}

fn outcome(balancer: &mut Balancer, imported: &Imported, now: Moment, asked: &Asked) -> Outcome {
    let request = RequestId(0);
    let headers: Vec<_> = (asked.headers.iter())
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let facts = Request {
        method: &asked.method,
        uri: &asked.uri,
        headers: &headers,
        ..Request::default()
    };
    let input = Input::Entered {
        request,
        door: door(imported, asked.port),
        first: true,
        facts: &facts,
    };
    balancer.handle(now, input, &mut NoChance);
    let mut got = None;
    let mut now = now;
    loop {
        match balancer.poll() {
            Some(Output::Dispatch { attempt, .. }) => {
                got = Some(received(balancer, request, asked));
                let uri = &got.as_ref().map_or(String::new(), |(line, _)| line.clone());
                let target = uri.split(' ').nth(1).unwrap_or_default();
                let response = Response {
                    status: status(target),
                    ..Response::default()
                };
                for input in [
                    Input::Connected(attempt),
                    Input::Answered(attempt, &response),
                    Input::Finished(attempt, 0),
                ] {
                    balancer.handle(now, input, &mut NoChance);
                }
            }
            Some(_) => {}
            None if balancer.ending(request).is_some() => break,
            None => {
                now = balancer.next_wake().expect("it waits for something");
                assert!(now.since(Moment::ZERO) < Span::from_secs(1000), "{asked}");
                balancer.handle(now, Input::Woke, &mut NoChance);
            }
        }
    }
    let ending = balancer.ending(request).expect("it is over");
    let flags = String::from_utf8_lossy(&ending.flags).into_owned();
    let backend = match ending.backend {
        Some(id) => &imported.config.backends[id.0 as usize].name,
        None => &imported.config.frontends[door(imported, asked.port).frontend.0 as usize].name,
    };
    let server = (ending.server).map_or("<NOSRV>", |server| balancer.server_name(server));
    let mut told = Vec::new();
    if let Some((location, cookie)) = balancer.redirection(request) {
        told.push(("location".to_owned(), location.to_owned()));
        told.extend(cookie.map(|cookie| ("set-cookie".to_owned(), cookie.to_owned())));
    }
    let set = balancer
        .edits(request)
        .and_then(|edits| edits.set_cookies.clone());
    told.extend(
        set.into_iter()
            .flatten()
            .map(|value| ("set-cookie".to_owned(), value)),
    );
    let log = if unlogged(&asked.uri) {
        format!("{}, not logged", ending.status)
    } else {
        format!("{} {flags} {backend}/{server}", ending.status)
    };
    Outcome { log, told, got }
}

/// The way in through `port`.
fn door(imported: &Imported, port: u16) -> Door {
    let frontends = imported.config.frontends.iter().enumerate();
    let mut doors = frontends.flat_map(|(index, frontend)| {
        let binds = frontend.binds.iter().enumerate();
        binds.map(move |(bind, address)| (index, bind, address.port))
    });
    let (frontend, bind, _) = doors
        .find(|door| door.2 == port)
        .expect("a port of the case");
    Door {
        frontend: FrontendId(frontend as u32),
        bind: bind as u32,
    }
}

/// The request as its server gets it.
fn received(
    balancer: &Balancer,
    request: RequestId,
    asked: &Asked,
) -> (String, Vec<(String, String)>) {
    let rewrite = balancer.rewrite(request);
    let method = rewrite.map_or(&asked.method, |rewrite| &rewrite.method);
    let uri = rewrite.map_or(&asked.uri, |rewrite| &rewrite.uri);
    let mut headers = rewrite
        .map_or(&asked.headers, |rewrite| &rewrite.headers)
        .clone();
    let cookies = balancer
        .edits(request)
        .and_then(|edits| edits.cookies.clone());
    if let Some(cookies) = cookies {
        headers.retain(|(name, _)| name != "cookie");
        headers.extend(
            cookies
                .into_iter()
                .map(|cookie| ("cookie".to_owned(), cookie)),
        );
    }
    headers.retain(|(name, _)| !matches!(name.as_str(), "connection" | "upgrade"));
    (format!("{method} {uri}"), headers)
}
