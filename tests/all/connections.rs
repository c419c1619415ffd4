//! Connections: which of them are accepted, and when, and how long each holds its place.
//! Several users at once, in the lab and, where HAProxy 2.6 is installed, over real sockets.

use std::fmt;

use balance::{Interest, Moment};
use balancelab::lab::World;
use balancelab::scenario::foreign::{Pieces, assemble};
use balancelab::scenario::import::Env;
use balancelab::scenario::import::haproxy_cfg::read_cfg;
use balancelab::scenario::{Files, Overrides};
use balancelab::trace::{Event, Names, Sample, Sink};

/// How long every server needs for an answer.
const SERVICE: u64 = 300;
/// How far apart the users begin.
const APART: u64 = 40;

/// Users of one kind in front of one proxy.
struct Case {
    name: &'static str,
    /// What stands between the defaults and the end of the file; the frontend is at 9001.
    config: &'static str,
    users: u32,
    loops: u32,
    /// Their own time after an answer.
    think: u64,
    keep_alive: bool,
}

/// One request of a user, the first being 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    user: u32,
    turn: u32,
    /// The name of the server.
    server: String,
    /// When the answer was there, in milliseconds after the first user began.
    at: u64,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            user,
            turn,
            server,
            at,
        } = self;
        write!(f, "user {user} request {turn}: {server} at {at}")
    }
}

const CASES: [Case; 9] = [
    Case {
        name: "a frontend's maxconn, a connection for each request",
        config: "\
frontend in
    maxconn 2
    bind 127.0.0.1:9001
    default_backend be
backend be
    server s9101 127.0.0.1:9101
",
        users: 5,
        loops: 1,
        think: 0,
        keep_alive: false,
    },
    Case {
        name: "a frontend's maxconn, connections that are kept",
        config: "\
frontend in
    maxconn 2
    bind 127.0.0.1:9001
    default_backend be
backend be
    server s9101 127.0.0.1:9101
",
        users: 5,
        loops: 2,
        think: 100,
        keep_alive: true,
    },
    Case {
        name: "the maxconn of an address",
        config: "\
listen in
    bind 127.0.0.1:9001 maxconn 1
    server s9101 127.0.0.1:9101
",
        users: 3,
        loops: 2,
        think: 0,
        keep_alive: true,
    },
    Case {
        name: "the maxconn of the proxy",
        config: "\
global
    maxconn 2
listen in
    bind 127.0.0.1:9001
    server s9101 127.0.0.1:9101
",
        users: 4,
        loops: 2,
        think: 100,
        keep_alive: true,
    },
    Case {
        name: "mode http: an idle connection holds no place at its server",
        config: "\
listen in
    bind 127.0.0.1:9001
    balance leastconn
    server s9101 127.0.0.1:9101 weight 3
    server s9102 127.0.0.1:9102 weight 1
",
        users: 1,
        loops: 3,
        think: 100,
        keep_alive: true,
    },
    Case {
        name: "mode tcp: a connection holds its place, idle or not",
        config: "\
listen in
    mode tcp
    bind 127.0.0.1:9001
    balance leastconn
    server s9101 127.0.0.1:9101 weight 30
    server s9102 127.0.0.1:9102 weight 10
",
        users: 4,
        loops: 2,
        think: 600,
        keep_alive: true,
    },
    Case {
        name: "mode tcp: the places of a server are given back when connections close",
        config: "\
listen in
    mode tcp
    bind 127.0.0.1:9001
    balance roundrobin
    server s9101 127.0.0.1:9101 maxconn 1
    server s9102 127.0.0.1:9102 maxconn 1
",
        users: 4,
        loops: 2,
        think: 200,
        keep_alive: true,
    },
    Case {
        name: "mode tcp: a new connection is a new choice",
        config: "\
listen in
    mode tcp
    bind 127.0.0.1:9001
    balance roundrobin
    server s9101 127.0.0.1:9101
    server s9102 127.0.0.1:9102
",
        users: 1,
        loops: 4,
        think: 50,
        keep_alive: false,
    },
    Case {
        name: "mode tcp: what is silent for too long is closed",
        config: "\
defaults
    mode tcp
    timeout connect 1s
    timeout client 5s
    timeout server 5s
    timeout tunnel 500ms
listen in
    mode tcp
    bind 127.0.0.1:9001
    balance roundrobin
    server s9101 127.0.0.1:9101 maxconn 1
    server s9102 127.0.0.1:9102 maxconn 1
",
        users: 3,
        loops: 1,
        think: 900,
        keep_alive: true,
    },
];

impl Case {
    fn text(&self) -> String {
        format!(
            "\
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
    timeout queue 5s
{}",
            self.config
        )
    }

    /// What becomes of it in the lab.
    fn ours(&self) -> Vec<Seen> {
        let mut files = Files::default();
        let id = files.add("haproxy.cfg", self.text());
        let config = read_cfg(&files, &[id], &Env::default());
        let nodes: Vec<String> = (config.config.backends.iter())
            .flat_map(|backend| &backend.servers)
            .map(|server| server.name.clone())
            .collect();
        let pieces = Pieces {
            name: "connections".to_owned(),
            config,
            files,
            ..Pieces::default()
        };
        let mut changes = vec![
            "wire.client=0ms".to_owned(),
            "wire.node=0ms".to_owned(),
            format!("clients.users.threads={}", self.users),
            format!("clients.users.loops={}", self.loops),
            format!("clients.users.think={}ms", self.think),
            format!("clients.users.keep_alive={}", self.keep_alive),
            format!("clients.users.ramp_up={}ms", APART * u64::from(self.users)),
        ];
        for name in nodes {
            changes.push(format!("nodes.{name}.service={SERVICE}ms"));
            changes.push(format!("nodes.{name}.workers=10"));
        }
        let loaded = assemble(pieces, &Overrides::new(changes)).expect("it can run");
        let mut world = World::new(&loaded.plan).expect("a sound plan");
        let mut told = Told {
            names: Names::of(&loaded.plan.proxy),
            seen: Vec::new(),
            turns: vec![0; self.users as usize],
            start: None,
        };
        world.run(&mut told).expect("it ends");
        told.seen.sort();
        told.seen
    }
}

/// Keeps what users saw.
struct Told {
    names: Names,
    seen: Vec<Seen>,
    turns: Vec<u32>,
    start: Option<Moment>,
}

impl Sink for Told {
    fn interest(&self) -> Interest {
        Interest::Nothing
    }

    fn sample(&mut self, sample: &Sample) {
        let start = *self.start.get_or_insert(sample.sent);
        let turn = &mut self.turns[sample.thread as usize];
        let server = sample.server.map(|server| self.names.name(server));
        self.seen.push(Seen {
            user: sample.thread,
            turn: *turn,
            server: server.unwrap_or_else(|| "none".to_owned()),
            at: (sample.sent.since(start) + sample.elapsed).as_millis(),
        });
        *turn += 1;
    }

    fn event(&mut self, _: Moment, _: &Event) {}
}

#[test]
fn connections_are_accepted_and_kept_as_the_limits_say() {
    let mut lines = Vec::new();
    for case in &CASES {
        lines.push(case.name.to_owned());
        lines.extend(case.ours().iter().map(|seen| format!("    {seen}")));
    }
    crate::snapshots::assert("lab/connections", &lines.join("\n"));
}

/// Where HAProxy is installed: every user sees the same servers, at the same times.
#[cfg(unix)]
mod theirs {
    use std::io::Write;
    use std::net::{SocketAddr, TcpStream};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::{APART, CASES, Case, SERVICE, Seen};
    use crate::rules::theirs::{Process, answer, available, headers};

    /// How far apart moments may be: a loaded machine is slow.
    const TOLERANCE: u64 = 80;

    impl Case {
        fn theirs(&self) -> Vec<Seen> {
            let process = Process::start(&self.text());
            let (address, start) = (process.address(9001), Instant::now());
            let mut seen: Vec<Seen> = thread::scope(|scope| {
                let users: Vec<_> = (0..self.users)
                    .map(|user| scope.spawn(move || self.user(user, address, start)))
                    .collect();
                let all = users.into_iter().map(|user| user.join().expect("no panic"));
                all.flatten().collect()
            });
            seen.sort();
            seen
        }

        fn user(&self, user: u32, address: SocketAddr, start: Instant) -> Vec<Seen> {
            let begin = Duration::from_millis(APART * u64::from(user));
            thread::sleep(begin.saturating_sub(start.elapsed()));
            let mut connection = None;
            let turns = (0..self.loops).map(|turn| {
                let mut stream = connection
                    .take()
                    .unwrap_or_else(|| TcpStream::connect(address).expect("it listens"));
                let wish = if self.keep_alive {
                    "keep-alive"
                } else {
                    "close"
                };
                let head = format!("GET /slow/{SERVICE} HTTP/1.1\r\nconnection: {wish}\r\n\r\n");
                stream.write_all(head.as_bytes()).expect("it reads");
                let (head, _) = answer(&mut stream, false);
                let at = start.elapsed().as_millis() as u64;
                if self.keep_alive {
                    connection = Some(stream);
                }
                thread::sleep(Duration::from_millis(self.think));
                let found = headers(&head).into_iter();
                let mut port = found.filter(|(name, _)| name == "x-port");
                let server = port.next().map(|(_, port)| format!("s{port}"));
                Seen {
                    user,
                    turn,
                    server: server.unwrap_or_else(|| "none".to_owned()),
                    at,
                }
            });
            turns.collect()
        }
    }

    fn agree(ours: &[Seen], theirs: &[Seen]) -> bool {
        ours.len() == theirs.len()
            && (ours.iter().zip(theirs)).all(|(ours, theirs)| {
                (ours.user, ours.turn, &ours.server) == (theirs.user, theirs.turn, &theirs.server)
                    && ours.at.abs_diff(theirs.at) <= TOLERANCE
            })
    }

    #[test]
    #[expect(
        clippy::print_stdout,
        reason = "a test that could not compare must say so"
    )]
    fn haproxy_accepts_and_keeps_them_the_same_way() {
        if let Err(why) = available() {
            println!("not compared: {why}");
            return;
        }
        let told = |list: &[Seen]| -> String {
            let lines = list.iter().map(|seen| format!("\n    {seen}"));
            lines.collect()
        };
        let mut wrong = Vec::new();
        for case in &CASES {
            let ours = case.ours();
            let mut theirs = case.theirs();
            // On a loaded machine once more.
            for _ in 0..2 {
                if !agree(&ours, &theirs) {
                    theirs = case.theirs();
                }
            }
            if !agree(&ours, &theirs) {
                let (ours, theirs) = (told(&ours), told(&theirs));
                wrong.push(format!("{}: ours{ours}\n  theirs{theirs}", case.name));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
