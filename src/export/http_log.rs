//! HAProxy's log of a run (`option httplog`), as syslog keeps it in a file: a line for each
//! request at its end, and the lines about servers (spec: runtime-api 5, server states 9). What
//! is in mode tcp is logged as HAProxy falls back to it there, with `option tcplog`.

use std::io::Write;

use balance::alert::no_server_text;
use balance::{Ending, Moment, Span};

use super::clock::Wall;
use super::follow::{Context, Logged, Reader, Sampled};
use super::tcp_log::TcpLog;
use crate::trace::Event;

/// The first of the ports that clients connect from.
const FIRST_PORT: u64 = 32_768;
/// How many of them there are: then they are used again.
const PORTS: u64 = 28_232;

/// Writes the log.
#[derive(Debug)]
pub struct HttpLog<W> {
    out: W,
    wall: Wall,
    tunnels: TcpLog,
    failed: Option<std::io::Error>,
}

impl<W: Write> HttpLog<W> {
    /// A log of a run whose clock is `wall`.
    pub fn new(out: W, wall: Wall) -> Self {
        Self {
            out,
            wall,
            tunnels: TcpLog::default(),
            failed: None,
        }
    }

    /// The first line that could not be written.
    ///
    /// # Errors
    /// If there was one.
    pub fn close(self) -> std::io::Result<()> {
        self.failed.map_or(Ok(()), Err)
    }

    fn line(&mut self, at: Moment, text: &str) {
        if self.failed.is_none() {
            let date = self.wall.syslog(at);
            self.failed = writeln!(self.out, "{date} localhost haproxy[1]: {text}").err();
        }
    }
}

impl<W: Write> Reader for HttpLog<W> {
    fn logged(&mut self, context: &Context<'_>, line: &Logged<'_>) {
        let text = if TcpLog::is_tcp(context, line) {
            self.tunnels.logged(context, line, self.wall)
        } else {
            http_line(context, line, self.wall)
        };
        self.line(line.at, &text);
    }

    fn sampled(&mut self, _: &Context<'_>, row: &Sampled<'_>) {
        let who = (row.sample.client, row.sample.thread);
        self.tunnels.answered(who, row.received_bytes);
    }

    fn happened(&mut self, context: &Context<'_>, at: Moment, event: &Event) {
        let text = match *event {
            Event::Balancer(balance::Event::Logged(alert)) => {
                let name = context.servers.path(alert.server);
                alert.text(&name, context.servers.is_backup(alert.server))
            }
            Event::Balancer(balance::Event::NoServerLeft(backend)) => {
                no_server_text(context.servers.backend(backend), backend)
            }
            _ => return,
        };
        self.line(at, &text);
    }
}

/// The name of the frontend that `client`'s requests come in through, as logs have it: `~` at
/// its end if it speaks TLS. Without a frontend it is that of a `listen` section.
pub(super) fn frontend(context: &Context<'_>, client: u32, thread: u32) -> String {
    let Some(door) = context.door(client, thread) else {
        let backend = context.request(client, thread).backend;
        return context.servers.backend(backend).to_owned();
    };
    let frontends = &context.plan.proxy.frontends;
    let frontend = &frontends[door.frontend.0 as usize];
    let ssl = frontend
        .binds
        .get(door.bind as usize)
        .is_some_and(|b| b.ssl);
    format!("{}{}", frontend.name, if ssl { "~" } else { "" })
}

/// One request as `option httplog` writes it. One that never got to a backend has its
/// frontend's name in the place of the backend's.
pub fn http_line(context: &Context<'_>, line: &Logged<'_>, wall: Wall) -> String {
    let ending = line.ending;
    let request = context.request(line.client, line.thread);
    let frontend = frontend(context, line.client, line.thread);
    let backend = ending.backend.map_or_else(
        || frontend.trim_end_matches('~'),
        |backend| context.servers.backend(backend),
    );
    let server = ending
        .server
        .map_or("<NOSRV>", |server| context.servers.name(server));
    let port = client_port(line.connection);
    let status = match ending.status {
        0 => "-1".to_owned(),
        status => status.to_string(),
    };
    let plus = if ending.redispatched { "+" } else { "" };
    let crowd = ending.crowd;
    let connections = line.connections;
    format!(
        "{}:{port} [{}] {frontend} {backend}/{server} {} {status} {} - - {} \
         {connections}/{connections}/{}/{}/{plus}{} {}/{} \"{} {} HTTP/1.1\"",
        request.source,
        wall.log(ending.arrived),
        timers(ending),
        line.answer.proxy,
        flags(ending),
        crowd.backend,
        crowd.server,
        ending.retries,
        crowd.server_queue,
        crowd.backend_queue,
        line.asked.method,
        line.asked.uri,
    )
}

/// `TR/Tw/Tc/Tr/Ta` in milliseconds, -1 for what was not reached.
fn timers(ending: &Ending) -> String {
    // Who gives up in a queue has waited there all the time.
    let in_queue = ending.flags[1] == b'Q' && ending.flags[0] != b'S';
    let waited = ending.waited.or(in_queue.then_some(ending.total));
    // The lab's requests arrive whole.
    format!(
        "0/{}/{}/{}/{}",
        millis(waited),
        millis(ending.connect),
        millis(ending.response),
        ending.total.as_millis()
    )
}

/// A time in milliseconds, -1 if it never came about.
pub(super) fn millis(span: Option<Span>) -> String {
    span.map_or_else(|| "-1".to_owned(), |span| span.as_millis().to_string())
}

/// The port that a client's connection comes from.
pub(super) fn client_port(connection: u64) -> u64 {
    FIRST_PORT + connection.saturating_sub(1) % PORTS
}

/// The four letters of the termination state.
pub fn flags(ending: &Ending) -> String {
    ending
        .flags
        .iter()
        .map(|letter| char::from(*letter))
        .collect()
}
