//! HAProxy's log of connections in mode tcp (`option tcplog`): a line for each at its end
//! (manual 8.2.2). Such a connection carries whatever its client asks; the first request says
//! what it waited for.

use std::collections::BTreeMap;

use balance::{BackendId, Ending, Moment, ServerId, Span};

use super::clock::Wall;
use super::follow::{Context, Logged};
use super::http_log::{client_port, flags, frontend, millis};

/// A connection that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tunnel {
    /// What its line says before and after what is known at its end only.
    head: String,
    waits: String,
    arrived: Moment,
    backend: Option<BackendId>,
    server: Option<ServerId>,
    /// What was sent to the client.
    bytes: u64,
    flags: String,
    tail: String,
    /// Connections of clients to the proxy when it was last heard of.
    connections: u32,
}

/// The connections in mode tcp.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TcpLog {
    open: BTreeMap<(u32, u32), Tunnel>,
    /// Lines of connections that will close: their clients have closed them already.
    due: Vec<(Moment, String)>,
}

impl TcpLog {
    /// Whether a request came over a connection in mode tcp.
    pub(super) fn is_tcp(context: &Context<'_>, line: &Logged<'_>) -> bool {
        let backend = line.ending.backend.map(|backend| backend.0 as usize);
        let backend = backend.and_then(|backend| context.plan.proxy.backends.get(backend));
        backend.is_some_and(|backend| !backend.http)
    }

    /// Something asked over a connection in mode tcp is over. The line, if that was its end.
    pub(super) fn logged(
        &mut self,
        context: &Context<'_>,
        line: &Logged<'_>,
        wall: Wall,
    ) -> Option<String> {
        let who = (line.client, line.thread);
        let tunnel = self
            .open
            .entry(who)
            .or_insert_with(|| Tunnel::new(context, line, wall));
        // HAProxy adds no answer of its own to what it does not understand.
        if line.ending.response.is_some() {
            tunnel.bytes += line.answer.wire;
        }
        tunnel.connections = line.connections;
        flags(line.ending)[..2].clone_into(&mut tunnel.flags);
        (tunnel.flags != "--").then(|| self.end(line.at, who))?
    }

    /// The connection of `who` closes at `at`.
    pub(super) fn closed(&mut self, at: Moment, who: (u32, u32)) {
        if let Some(text) = self.end(at, who) {
            self.due.push((at, text));
        }
    }

    /// The lines that are due until `at`, in the order of time.
    pub(super) fn due(&mut self, at: Moment) -> Vec<(Moment, String)> {
        let (mut due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.due)
            .into_iter()
            .partition(|(closes, _)| *closes <= at);
        self.due = later;
        due.sort_by_key(|(closes, _)| *closes);
        due
    }

    fn end(&mut self, at: Moment, who: (u32, u32)) -> Option<String> {
        let tunnel = self.open.remove(&who)?;
        let others =
            |same: &dyn Fn(&Tunnel) -> bool| self.open.values().filter(|t| same(t)).count();
        let backend = others(&|other| other.backend == tunnel.backend);
        let server = others(&|other| other.server.is_some() && other.server == tunnel.server);
        let total = at.since(tunnel.arrived).as_millis();
        let Tunnel {
            head,
            waits,
            bytes,
            flags,
            connections,
            tail,
            ..
        } = &tunnel;
        Some(format!(
            "{head} {waits}/{total} {bytes} {flags} {connections}/{connections}/{backend}/{server}/{tail}"
        ))
    }
}

impl Tunnel {
    fn new(context: &Context<'_>, line: &Logged<'_>, wall: Wall) -> Self {
        let ending = line.ending;
        let request = context.request(line.client, line.thread);
        let backend = ending.backend.map_or("", |id| context.servers.backend(id));
        let server = ending
            .server
            .map_or("<NOSRV>", |server| context.servers.name(server));
        let plus = if ending.redispatched { "+" } else { "" };
        let crowd = ending.crowd;
        Self {
            head: format!(
                "{}:{} [{}] {} {backend}/{server}",
                request.source,
                client_port(line.connection),
                wall.log(ending.arrived),
                frontend(context, line.client, line.thread),
            ),
            waits: waits(ending),
            arrived: ending.arrived,
            backend: ending.backend,
            server: ending.server,
            bytes: 0,
            flags: String::new(),
            tail: format!(
                "{plus}{} {}/{}",
                ending.retries, crowd.server_queue, crowd.backend_queue
            ),
            connections: line.connections,
        }
    }
}

/// `Tw/Tc` in milliseconds, -1 for what was not reached.
fn waits(ending: &Ending) -> String {
    let in_queue = ending.flags[1] == b'Q' && ending.flags[0] != b'S';
    let waited = ending.waited.or(in_queue.then_some(ending.total));
    let [waited, connect]: [Option<Span>; 2] = [waited, ending.connect];
    format!("{}/{}", millis(waited), millis(connect))
}
