//! Entries of the journal as lines of the console.

use balance::By;

use crate::cli::console::session::Session;
use crate::locale::Words;
use crate::report::journal::{Entry, What, client_name, deed, moves};
use crate::report::number;
use crate::trace::Names;

/// What happened, in a line; none where the lines before and after say enough.
pub(super) fn line(
    session: &Session,
    names: &Names,
    entry: &Entry,
    words: &dyn Words,
) -> Option<String> {
    let put = |text: String| words.put("say", &text).into_owned();
    let what = match entry.exchange {
        Some(exchange) => {
            let exchange = &session.journal().exchanges[exchange];
            let who = client_name(session.plan(), exchange.client, exchange.thread);
            format!("{who}  {}", put(of_request(session, names, entry)?))
        }
        None => put(of_lab(session, names, entry, words)?),
    };
    let at = session.clock().seconds(entry.at);
    Some(format!("{:>12} s  {what}", number(at, 6)))
}

/// Whether there is a line for it.
pub(super) fn is_told(entry: &Entry) -> bool {
    !matches!(
        entry.what,
        What::Connecting(..) | What::Forwarded(..) | What::CheckStarted(_)
    )
}

fn of_request(session: &Session, names: &Names, entry: &Entry) -> Option<String> {
    let name = |server| names.name(server);
    Some(match &entry.what {
        What::Asked { line, cookie } => match cookie {
            Some(cookie) => format!("{line}, Cookie: {cookie}"),
            None => format!("{line}, no cookie"),
        },
        What::Chosen(server, by) => format!("to {} by {}", name(*server), reason(*by)),
        What::Queued(Some(server)) => format!("waits for {}", name(*server)),
        What::Queued(None) => "waits for any server".to_owned(),
        What::Dequeued(server, waited) => format!(
            "starts on {} after {} ms of waiting",
            name(*server),
            number(waited.as_nanos() as f64 / 1e6, 1)
        ),
        What::Refused(_) => "connection refused".to_owned(),
        What::Answered {
            status, set_cookie, ..
        } => match set_cookie {
            Some(cookie) => format!("the server answers {status}, Set-Cookie: {cookie}"),
            None => format!("the server answers {status}"),
        },
        What::Retried(server) => format!("tries {} again", name(*server)),
        What::Redispatched(server) => format!("leaves {}, is balanced again", name(*server)),
        What::Replied(status, cookies) => {
            let cookies = cookies
                .iter()
                .map(|cookie| format!(", Set-Cookie: {cookie}"));
            let cookies: Vec<String> = cookies.collect();
            format!("HAProxy answers {status}{}", cookies.concat())
        }
        What::Done => {
            let exchange = &session.journal().exchanges[entry.exchange?];
            let sample = exchange.sample?;
            let took = number(sample.elapsed.as_nanos() as f64 / 1e6, 1);
            match sample.status {
                0 => format!("gives up after {took} ms"),
                status => format!("has {status} after {took} ms"),
            }
        }
        _ => return None,
    })
}

fn of_lab(session: &Session, names: &Names, entry: &Entry, language: &dyn Words) -> Option<String> {
    Some(match &entry.what {
        What::CheckEnded(probe, result) => format!(
            "check of {}: {} after {} ms",
            names.name(probe.server),
            result.code.code(),
            number(result.duration.as_nanos() as f64 / 1e6, 1)
        ),
        What::Changed {
            server, from, to, ..
        } => {
            let words = |status| crate::report::transitions::words(status, names);
            let sign = if moves(*from, *to) { "is now" } else { "reads" };
            format!(
                "{} {sign} {} (was {})",
                names.name(*server),
                words(*to),
                words(*from)
            )
        }
        What::Weighed(server, from, to) => {
            format!("{} weighs {to} (was {from})", names.name(*server))
        }
        What::NoServerLeft(_) => "no server is left".to_owned(),
        What::Acted(entry) => {
            let (what, servers) = deed(session.plan(), *entry);
            let what = language.put("deed", &what);
            let names: Vec<String> = servers.iter().map(|server| names.name(*server)).collect();
            match names.as_slice() {
                [] => format!("operator: {what}"),
                names => format!("{}: {what}", names.join(", ")),
            }
        }
        What::CookiesCleared(client) => {
            format!(
                "{} empties the cookie jar",
                client_name(session.plan(), *client, 0)
            )
        }
        _ => return None,
    })
}

/// Who chose the server.
fn reason(by: By) -> &'static str {
    match by {
        By::Algorithm => "the algorithm",
        By::Cookie => "its cookie",
        By::Stick => "the stick table",
        By::UseServer => "a use-server rule",
        By::Queue => "the queue",
    }
}
