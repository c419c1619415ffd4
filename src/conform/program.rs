//! Random programs that mix everything a recording can hold.
//!
//! A program is a recording without observations. The same seed makes the same program
//! for ever, on every machine: only integer draws of a fixed generator decide.

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::recording::{
    DEFAULT_HOST, DEFAULT_SOURCE, Head, HeadBackend, HeadServer, Operation, Recording, Seen, Sent,
    Step,
};

/// The program of `seed`.
pub fn random(seed: u64) -> Recording {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
    let refusing = dice.percent(30);
    let head = Head {
        haproxy: String::new(),
        name: format!("mixed-{seed}"),
        exact: true,
        backend: backend(&mut dice, refusing),
    };
    let mut author = Author::new(&head.backend, refusing);
    let length = 60 + dice.below(120);
    let mut steps = Vec::new();
    // A crowd of held requests fills queues, a trickle leaves them empty.
    let crowd = 20 + dice.below(60);
    for at in 0..length {
        let operation = author.next(&mut dice, crowd);
        steps.push(Step {
            line: at as usize + 2,
            operation,
            seen: Seen::default(),
        });
    }
    Recording {
        head,
        first: 1,
        steps,
    }
}

/// The highest id of a configured server.
const IDS: u32 = 60;

/// A source of small integer draws.
struct Dice(ChaCha8Rng);

impl Dice {
    /// A number below `n`.
    fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(n)) >> 32) as u32
    }

    fn percent(&mut self, chances: u32) -> bool {
        self.below(100) < chances
    }

    fn one_of<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len() as u32) as usize]
    }

    /// One of the items, each as likely as its number says.
    fn weighed<T: Copy>(&mut self, items: &[(u32, T)]) -> T {
        let total = items.iter().map(|(weight, _)| weight).sum();
        let mut left = self.below(total);
        for (weight, item) in items {
            if left < *weight {
                return *item;
            }
            left -= weight;
        }
        unreachable!("a draw below the sum of the weights falls on one of them")
    }

    fn maybe<T>(&mut self, chances: u32, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.percent(chances).then(|| make(self))
    }
}

const BALANCES: [(u32, &str); 31] = [
    (18, "roundrobin"),
    (18, "leastconn"),
    (10, "first"),
    (10, "static-rr"),
    (6, "source"),
    (4, "uri"),
    (2, "uri whole"),
    (2, "uri path-only"),
    (2, "uri depth 2"),
    (2, "uri len 5"),
    (2, "uri depth 3 len 9 whole"),
    (5, "url_param uid"),
    (2, "url_param uid check_post"),
    (5, "hdr(x-user)"),
    (3, "hdr(host)"),
    (3, "hdr(host) use_domain_only"),
    (3, "hash path"),
    (2, "hash req.hdr(x-user)"),
    (1, "hash src"),
    (1, "hash method"),
    (1, "hash url"),
    (1, "hash query"),
    (1, "hash pathq"),
    (1, "hash url_param(uid)"),
    (1, "hash req.cook(NODESESSID)"),
    (1, "hdr(cookie)"),
    (1, "uri len 12 depth 2 path-only"),
    (1, "url_param x"),
    (1, "hash str(same)"),
    (3, "random"),
    (2, "random(3)"),
];

/// The algorithms that follow changes at run time, whatever `hash-type` says.
const DYNAMIC: [&str; 5] = ["roundrobin", "leastconn", "first", "random", "random(3)"];

fn backend(dice: &mut Dice, refusing: bool) -> HeadBackend {
    let balance = dice.weighed(&BALANCES);
    let simple = ["roundrobin", "leastconn", "first", "static-rr", "random"];
    let hashes = !simple.iter().any(|word| balance.starts_with(word));
    let hash_type = dice.maybe(if hashes { 85 } else { 0 }, hash_type);
    let consistent = hash_type
        .as_deref()
        .is_some_and(|text| text.starts_with("consistent"));
    let cookie = dice.maybe(45, cookie);
    let mut options = Vec::new();
    let retries = dice.maybe(50, |dice| dice.below(5));
    if dice.percent(50) {
        options.push(redispatch(dice, retries.unwrap_or(3)));
    }
    if dice.percent(15) {
        options.push("persist".to_owned());
    }
    let backups = dice.percent(25);
    if backups && dice.percent(40) {
        options.push("allbackups".to_owned());
    }
    let limits = dice.percent(65);
    let count = 1 + dice.below(6);
    let servers = (0..count)
        .map(|at| server(dice, at, cookie.is_some(), limits, backups))
        .collect();
    let mut backend = HeadBackend {
        balance: Some(balance.to_owned()),
        hash_type,
        hash_balance_factor: dice.maybe(if consistent { 30 } else { 0 }, |dice| {
            [101, 110, 125, 150, 200, 300][dice.below(6) as usize]
        }),
        cookie,
        options,
        fullconn: dice.maybe(40, |dice| 2 + dice.below(25)),
        retries,
        connect_ms: refusing.then_some(20),
        servers,
    };
    number(dice, &mut backend.servers);
    backend
}

fn hash_type(dice: &mut Dice) -> String {
    let map = dice.one_of(&["map-based", "consistent", "consistent"]);
    let function = dice.one_of(&["", " sdbm", " djb2", " wt6", " crc32"]);
    let avalanche = if !function.is_empty() && dice.percent(40) {
        " avalanche"
    } else {
        ""
    };
    format!("{map}{function}{avalanche}")
}

/// `redispatch` with an interval that HAProxy can divide by.
fn redispatch(dice: &mut Dice, retries: u32) -> String {
    let retries = i64::from(retries);
    loop {
        let interval = i64::from(dice.below(8)) - 4;
        match interval {
            // -1 and -5 and the like divide by zero when they meet the right `retries`.
            0 => return "redispatch".to_owned(),
            n if n < 0 && retries + 1 + n == 0 => {}
            n => return format!("redispatch {n}"),
        }
    }
}

fn cookie(dice: &mut Dice) -> String {
    let name = dice.one_of(&["SERVERID", "JSID", "NODESESSID"]);
    let mode = dice.weighed(&[(6, " insert"), (2, " rewrite"), (3, " prefix"), (1, "")]);
    let mut text = format!("{name}{mode}");
    let insert = mode == " insert";
    for (chances, fits, word) in [
        (60, insert, " indirect"),
        (50, !mode.is_empty(), " nocache"),
        (15, insert, " postonly"),
        (25, insert, " preserve"),
        (10, insert, " httponly"),
        (10, insert, " secure"),
        (10, insert, " domain .lab.local"),
        (5, insert, " domain .other.local"),
        (8, insert, " attr SameSite=Lax"),
    ] {
        if fits && dice.percent(chances) {
            text += word;
        }
    }
    text
}

fn server(dice: &mut Dice, at: u32, cookies: bool, limits: bool, backups: bool) -> HeadServer {
    let limited = limits && dice.percent(75);
    HeadServer {
        name: format!("s{}", at + 1),
        id: None,
        weight: dice.maybe(60, |dice| match dice.below(10) {
            0 => 0,
            1 => 1 + dice.below(256),
            _ => 1 + dice.below(5),
        }),
        maxconn: dice.maybe(if limited { 90 } else { 0 }, |dice| 1 + dice.below(5)),
        minconn: dice.maybe(if limited { 30 } else { 0 }, |dice| 1 + dice.below(4)),
        maxqueue: dice.maybe(if limited { 35 } else { 0 }, |dice| 1 + dice.below(3)),
        // Several servers may share a value, and some have none.
        cookie: dice.maybe(if cookies { 88 } else { 0 }, |dice| {
            let shared = dice.percent(12);
            format!("c{}", if shared { 1 } else { at + 1 })
        }),
        backup: u8::from(backups && dice.percent(45)),
        disabled: u8::from(dice.percent(6)),
    }
}

/// Gives ids: mostly HAProxy's own, sometimes any.
fn number(dice: &mut Dice, servers: &mut [HeadServer]) {
    if dice.percent(50) {
        return;
    }
    let mut used = BTreeSet::new();
    for server in servers {
        let id = 1 + dice.below(IDS);
        if dice.percent(70) && used.insert(id) {
            server.id = Some(id);
        }
    }
}

/// Writes operations that have a chance to mean something.
struct Author {
    servers: Vec<String>,
    added: u32,
    /// Whether the algorithm takes servers at run time.
    dynamic: bool,
    cookie: Option<String>,
    refusing: bool,
    sent: u32,
    open: Vec<u32>,
}

impl Author {
    fn new(backend: &HeadBackend, refusing: bool) -> Self {
        let name = backend
            .cookie
            .as_deref()
            .and_then(|text| text.split(' ').next());
        let balance = backend.balance.as_deref().unwrap_or("roundrobin");
        let consistent = backend
            .hash_type
            .as_deref()
            .unwrap_or_default()
            .starts_with("consistent");
        Self {
            servers: backend
                .servers
                .iter()
                .map(|server| server.name.clone())
                .collect(),
            added: 0,
            dynamic: consistent || DYNAMIC.contains(&balance),
            cookie: name.map(str::to_owned),
            refusing,
            sent: 0,
            open: Vec::new(),
        }
    }

    fn next(&mut self, dice: &mut Dice, crowd: u32) -> Operation {
        let ends = if self.open.is_empty() { 0 } else { 100 - crowd };
        match dice.weighed(&[
            (30 + crowd, 0),
            (ends, 1),
            (35, 2),
            (if self.refusing { 8 } else { 0 }, 3),
        ]) {
            0 => self.request(dice),
            1 => self.end(dice),
            2 => Operation::Admin(self.command(dice)),
            _ => Operation::Origin {
                server: self.server(dice),
                up: dice.percent(45),
            },
        }
    }

    fn server(&self, dice: &mut Dice) -> String {
        self.servers[dice.below(self.servers.len() as u32) as usize].clone()
    }

    fn end(&mut self, dice: &mut Dice) -> Operation {
        if dice.percent(4) {
            return Operation::End(1 + dice.below(self.sent));
        }
        let at = dice.below(self.open.len() as u32) as usize;
        // A request that waits stays open: its turn may come again.
        Operation::End(if dice.percent(70) {
            self.open.remove(at)
        } else {
            self.open[at]
        })
    }

    fn request(&mut self, dice: &mut Dice) -> Operation {
        self.sent += 1;
        self.open.push(self.sent);
        let post = dice.percent(8);
        let host = dice.maybe(30, |dice| {
            dice.one_of(&["www.lab.local", "lab", "a.b.c.d", "10.1.2.3", "x.org:8080"])
        });
        let uri = uri(dice);
        // HAProxy refuses a target whose host is not that of the header.
        let host = if uri.starts_with("http:") {
            "www.lab.local"
        } else {
            host.unwrap_or(DEFAULT_HOST)
        };
        let mut headers = vec![("host".to_owned(), host.to_owned())];
        if post {
            headers.push(("content-length".to_owned(), "0".to_owned()));
        }
        if dice.percent(70) {
            let user = match dice.below(8) {
                0 => "u1, u2".to_owned(),
                1 => String::new(),
                n => format!("user{n}"),
            };
            headers.push(("x-user".to_owned(), user));
        }
        let source = dice.maybe(50, |dice| {
            let address = [10, 0, dice.below(3) as u8, 1 + dice.below(9) as u8];
            address.into()
        });
        Operation::Request(Sent {
            id: self.sent,
            hold: dice.percent(60),
            source: source.unwrap_or(DEFAULT_SOURCE),
            method: if post { "POST" } else { "GET" }.to_owned(),
            uri,
            headers,
            cookie: self.client_cookie(dice),
            app_cookies: self.app_cookies(dice),
        })
    }

    fn client_cookie(&self, dice: &mut Dice) -> Option<String> {
        let name = self.cookie.as_deref()?;
        if dice.percent(30) {
            return None;
        }
        let value = |dice: &mut Dice| {
            let server = 1 + dice.below(self.servers.len() as u32 + 1);
            dice.weighed(
                &[
                    (12, format!("c{server}").as_str()),
                    (3, format!("c{server}~tok").as_str()),
                    (1, format!("c{server}|AAAA").as_str()),
                    (1, "~tok"),
                    (1, "\"c1\""),
                    (1, "zz"),
                    (1, ""),
                ]
                .map(|(weight, text)| (weight, text)),
            )
            .to_owned()
        };
        let mut parts = Vec::new();
        let count = dice.weighed(&[(7, 1), (5, 2), (2, 3), (1, 4)]);
        for _ in 0..count {
            parts.push(match dice.below(10) {
                0 => "a=b".to_owned(),
                1 => "other=x1".to_owned(),
                2 => format!("x{name}=c1"),
                3 => name.to_owned(),
                _ => format!("{name}={}", value(dice)),
            });
        }
        let separator = dice.weighed(&[(8, "; "), (3, ";"), (1, ";;"), (1, " ; "), (1, ", ")]);
        Some(parts.join(separator))
    }

    fn app_cookies(&self, dice: &mut Dice) -> Vec<String> {
        let Some(name) = self.cookie.as_deref() else {
            return Vec::new();
        };
        let mut cookies = Vec::new();
        if dice.percent(25) {
            let value = dice.one_of(&["tok1", "", "c1", "s~x", "a|b"]);
            let rest = dice.one_of(&["", "; Path=/", "; Path=/; HttpOnly"]);
            cookies.push(format!("{name}={value}{rest}"));
        }
        if dice.percent(8) {
            cookies.push("lang=en; Path=/".to_owned());
        }
        cookies
    }

    fn command(&mut self, dice: &mut Dice) -> String {
        let name = if dice.percent(2) {
            "nobody".to_owned()
        } else {
            self.server(dice)
        };
        let weight = match dice.below(12) {
            0 => "0".to_owned(),
            1 => "0%".to_owned(),
            2 => "100%".to_owned(),
            3 => format!("{}%", dice.below(300)),
            4 => dice
                .one_of(&["abc", "", "-1", "257", "12.5%", "-5%", "3x"])
                .to_owned(),
            5 => dice.below(257).to_string(),
            _ => dice.below(6).to_string(),
        };
        match dice.below(30) {
            0..=5 => look(dice, &name),
            6..=23 => change(dice, &name, &weight),
            24..=26 => {
                let number = dice.weighed(&[(10, "1"), (8, "2"), (8, "4"), (5, "0"), (2, "x")]);
                format!("set maxconn server be/{name} {number}")
            }
            27 | 28 if self.dynamic || dice.percent(10) => self.add_server(dice),
            27 | 28 => format!("set server be/{name} state ready"),
            _ => format!("del server be/{name}"),
        }
    }

    fn add_server(&mut self, dice: &mut Dice) -> String {
        let name = if self.added > 0 && dice.percent(25) {
            self.server(dice)
        } else {
            self.added += 1;
            format!("n{}", self.added)
        };
        let mut words = vec![format!("add server be/{name} @")];
        for (chances, word, most) in [
            (50, "weight", 6),
            (30, "maxconn", 4),
            (10, "minconn", 4),
            (12, "maxqueue", 3),
        ] {
            if dice.percent(chances) {
                words.push(format!("{word} {}", 1 + dice.below(most)));
            }
        }
        if dice.percent(30) {
            // Above every configured id: a clash with one of those is answered with the
            // name of HAProxy's configuration file.
            words.push(format!("id {}", IDS + 1 + dice.below(9)));
        }
        if dice.percent(12) {
            words.push("backup".to_owned());
        }
        if self.dynamic && !self.servers.contains(&name) {
            self.servers.push(name);
        }
        words.join(" ")
    }
}

/// A command that only looks.
fn look(dice: &mut Dice, name: &str) -> String {
    match dice.below(6) {
        0..=2 => "show stat".to_owned(),
        3 | 4 => "show servers state be".to_owned(),
        _ => format!("get weight be/{name}"),
    }
}

/// A command that changes the state or the weight of a server.
fn change(dice: &mut Dice, name: &str, weight: &str) -> String {
    dice.weighed(&[
        (5, format!("set server be/{name} state ready").as_str()),
        (2, &format!("set server be/{name} state drain")),
        (1, &format!("set server be/{name} state maint")),
        (2, &format!("enable server be/{name}")),
        (1, &format!("disable server be/{name}")),
        (2, &format!("set server be/{name} health down")),
        (4, &format!("set server be/{name} health up")),
        (1, &format!("set server be/{name} health stopping")),
        (2, &format!("set server be/{name} weight {weight}")),
        (3, &format!("set weight be/{name} {weight}")),
    ])
    .to_owned()
}

fn uri(dice: &mut Dice) -> String {
    let path = dice.one_of(&[
        "/",
        "/a",
        "/a/b/c",
        "/img/x.png",
        "/u0/u1/u2/u3",
        "/long/path/to",
        "//a//b",
        "/a;uid=7/b",
        "/%61/b",
        "http://www.lab.local/a/b",
        "http://www.lab.local/",
    ]);
    let query = dice.weighed(&[
        (6, ""),
        (2, "?uid=1"),
        (2, "?uid=22"),
        (1, "?uid="),
        (1, "?x=1&uid=abc"),
        (1, "?uidx=3"),
        (1, "?q=1"),
        (1, "?q=1;uid=4"),
        (1, "?uid"),
        (1, "?"),
    ]);
    format!("{path}{query}")
}
