//! HAProxy's log of connections in mode tcp (`option tcplog`): a line for each at its end
//! (manual 8.2.2). Such a connection carries whatever its client asks, and is one request for
//! the core.

use std::collections::BTreeMap;

use balance::{Ending, Span};

use super::clock::Wall;
use super::follow::{Context, Logged};
use super::http_log::{client_port, flags, frontend, millis};

/// What the connections in mode tcp have brought so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TcpLog {
    /// Bytes that were sent to a client's thread over its connection.
    received: BTreeMap<(u32, u32), u64>,
}

impl TcpLog {
    /// Whether a request came over a connection in mode tcp.
    pub(super) fn is_tcp(context: &Context<'_>, line: &Logged<'_>) -> bool {
        let backend = line.ending.backend.map(|backend| backend.0 as usize);
        let backend = backend.and_then(|backend| context.plan.proxy.backends.get(backend));
        backend.is_some_and(|backend| !backend.http)
    }

    /// A client has an answer, whose node sent so many bytes.
    pub(super) fn answered(&mut self, who: (u32, u32), bytes: u64) {
        *self.received.entry(who).or_default() += bytes;
    }

    /// The line of a connection that has closed.
    pub(super) fn logged(
        &mut self,
        context: &Context<'_>,
        line: &Logged<'_>,
        wall: Wall,
    ) -> String {
        let ending = line.ending;
        let request = context.request(line.client, line.thread);
        let backend = ending.backend.map_or("", |id| context.servers.backend(id));
        let server = ending
            .server
            .map_or("<NOSRV>", |server| context.servers.name(server));
        let received = self.received.remove(&(line.client, line.thread));
        // HAProxy adds no answer of its own to what it does not understand.
        let bytes = received.filter(|_| ending.connect.is_some()).unwrap_or(0);
        let crowd = ending.crowd;
        let connections = line.connections;
        format!(
            "{}:{} [{}] {} {backend}/{server} {}/{} {bytes} {} {connections}/{connections}/{}/{}/{}{} {}/{}",
            request.source,
            client_port(line.connection),
            wall.log(ending.arrived),
            frontend(context, line.client, line.thread),
            waits(ending),
            ending.total.as_millis(),
            &flags(ending)[..2],
            crowd.backend,
            crowd.server,
            if ending.redispatched { "+" } else { "" },
            ending.retries,
            crowd.server_queue,
            crowd.backend_queue,
        )
    }
}

/// `Tw/Tc` in milliseconds, -1 for what was not reached.
fn waits(ending: &Ending) -> String {
    let in_queue = ending.flags[1] == b'Q' && ending.flags[0] != b'S';
    let waited = ending.waited.or(in_queue.then_some(ending.total));
    let [waited, connect]: [Option<Span>; 2] = [waited, ending.connect];
    format!("{}/{}", millis(waited), millis(connect))
}
