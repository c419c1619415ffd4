//! The `global` section and the sections that are neither global nor proxies, as data.

use super::super::Status;

/// Some keywords that share one fate.
pub(super) struct Group {
    names: &'static [&'static str],
    pub(super) status: Status,
    pub(super) why: &'static str,
}

/// What becomes of a keyword of `global`.
pub(super) fn global(name: &str) -> Option<&'static Group> {
    let family = |group: &&Group| {
        (group.names.iter()).any(|known| match known.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => *known == name,
        })
    };
    GLOBAL.iter().find(family)
}

/// Every keyword of `global` that has a name of its own.
pub(super) fn global_names() -> impl Iterator<Item = &'static str> {
    (GLOBAL.iter())
        .flat_map(|group| group.names.iter().copied())
        .filter(|name| !name.ends_with('*'))
}

/// What `no` can stand before, besides options.
pub(super) const NEGATABLE: &[&str] = &[
    "busy-polling",
    "insecure-fork-wanted",
    "log",
    "numa-cpu-mapping",
    "option",
    "set-dumpable",
    "strict-limits",
];

/// Keywords of `global` without arguments.
pub(super) const BARE: &[&str] = &[
    "daemon",
    "expose-experimental-directives",
    "external-check",
    "insecure-fork-wanted",
    "insecure-setuid-wanted",
    "noepoll",
    "noevports",
    "nogetaddrinfo",
    "nokqueue",
    "nopoll",
    "noreuseport",
    "nosplice",
    "quiet",
    "zero-warning",
];

/// Keywords of `global` that are nothing without an argument.
pub(super) const FED: &[&str] = &[
    "ca-base",
    "chroot",
    "cluster-secret",
    "cpu-map",
    "crt-base",
    "gid",
    "group",
    "hard-stop-after",
    "localpeer",
    "log",
    "log-tag",
    "lua-load",
    "maxconn",
    "maxconnrate",
    "maxpipes",
    "maxsessrate",
    "nbthread",
    "node",
    "pidfile",
    "presetenv",
    "server-state-base",
    "server-state-file",
    "setenv",
    "spread-checks",
    "ssl-default-bind-ciphers",
    "ssl-default-bind-options",
    "ssl-default-server-ciphers",
    "ssl-server-verify",
    "stats",
    "uid",
    "ulimit-n",
    "unix-bind",
    "user",
];

const RETIRED: &[(&str, &str)] = &[
    ("debug", "start HAProxy with `-d` instead"),
    ("nbproc", "it is gone since HAProxy 2.5; use `nbthread`"),
    ("tune.chksize", "it is gone since HAProxy 2.4"),
];

/// What to say about a keyword that 2.6 refuses.
pub(super) fn retired(name: &str) -> Option<&'static str> {
    (RETIRED.iter())
        .find(|(known, _)| *known == name)
        .map(|(_, help)| *help)
}

const GLOBAL: &[Group] = &[
    Group {
        names: &["setenv", "presetenv", "unsetenv", "resetenv"],
        status: Status::Modelled,
        why: "",
    },
    Group {
        names: &["maxconn"],
        status: Status::Modelled,
        why: "",
    },
    Group {
        names: &["spread-checks"],
        status: Status::NotModelled,
        why: "the random shift of the checks is not drawn; their phase can be set in a scenario",
    },
    Group {
        names: &["max-spread-checks"],
        status: Status::NotModelled,
        why: "the first checks are spread over their whole interval",
    },
    Group {
        names: &["nbthread", "thread-groups"],
        status: Status::NotModelled,
        why: "the simulated proxy has one thread; with several, ties may be broken otherwise",
    },
    Group {
        names: &["maxconnrate", "maxsessrate", "maxsslrate", "maxsslconn"],
        status: Status::NotModelled,
        why: "clients are accepted at once, however many arrive",
    },
    Group {
        names: &["server-state-base", "server-state-file"],
        status: Status::NotModelled,
        why: "every run begins with the states of the configuration",
    },
    Group {
        names: &["lua-load", "lua-load-per-thread", "lua-prepend-path"],
        status: Status::NotModelled,
        why: "Lua is not run; an action or a sample fetch that it defines is unknown",
    },
    Group {
        names: &["log", "log-send-hostname", "log-tag"],
        status: Status::NoEffect,
        why: "it only shapes the log",
    },
    Group {
        names: &["stats"],
        status: Status::NoEffect,
        why: "a scenario's operator types to the runtime API directly",
    },
    Group {
        names: &[
            "ca-base",
            "crt-base",
            "issuers-chain-path",
            "ssl-default-bind-ciphers",
            "ssl-default-bind-ciphersuites",
            "ssl-default-bind-curves",
            "ssl-default-bind-options",
            "ssl-default-server-ciphers",
            "ssl-default-server-ciphersuites",
            "ssl-default-server-options",
            "ssl-dh-param-file",
            "ssl-engine",
            "ssl-load-extra-del-ext",
            "ssl-load-extra-files",
            "ssl-mode-async",
            "ssl-propquery",
            "ssl-provider",
            "ssl-provider-path",
            "ssl-server-verify",
            "ssl-skip-self-issued-ca",
            "tune.ssl.cachesize",
            "tune.ssl.capture-buffer-size",
            "tune.ssl.capture-cipherlist-size",
            "tune.ssl.default-dh-param",
            "tune.ssl.force-private-cache",
            "tune.ssl.hard-maxrecord",
            "tune.ssl.keylog",
            "tune.ssl.lifetime",
            "tune.ssl.maxrecord",
            "tune.ssl.ssl-ctx-cache-size",
            "httpclient.resolvers.id",
            "httpclient.resolvers.prefer",
            "httpclient.ssl.ca-file",
            "httpclient.ssl.verify",
        ],
        status: Status::NoEffect,
        why: "encryption takes no simulated time and decides nothing",
    },
    Group {
        names: &[
            "51degrees-*",
            "deviceatlas-*",
            "wurfl-*",
            "h1-accept-payload-with-any-method",
            "h1-case-adjust",
            "h1-case-adjust-file",
            "h2-workaround-bogus-websocket-clients",
            "pp2-never-send-local",
            "set-var",
            "set-var-fmt",
        ],
        status: Status::NoEffect,
        why: "it looks at the content of messages",
    },
    Group {
        names: &[
            "chroot",
            "close-spread-time",
            "cluster-secret",
            "cpu-map",
            "daemon",
            "default-path",
            "description",
            "expose-experimental-directives",
            "external-check",
            "fd-hard-limit",
            "gid",
            "grace",
            "group",
            "hard-stop-after",
            "insecure-fork-wanted",
            "insecure-setuid-wanted",
            "localpeer",
            "master-worker",
            "mworker-max-reloads",
            "node",
            "numa-cpu-mapping",
            "pidfile",
            "quiet",
            "set-dumpable",
            "strict-limits",
            "thread-group",
            "uid",
            "ulimit-n",
            "unix-bind",
            "user",
            "zero-warning",
        ],
        status: Status::NoEffect,
        why: "it concerns the process, not its decisions",
    },
    Group {
        names: &[
            "busy-polling",
            "maxcompcpuusage",
            "maxcomprate",
            "maxpipes",
            "maxzlibmem",
            "no-memory-trimming",
            "noepoll",
            "noevports",
            "nogetaddrinfo",
            "nokqueue",
            "nopoll",
            "noreuseport",
            "nosplice",
            "prealloc-fd",
            "profiling.memory",
            "profiling.tasks",
            "tune.buffers.limit",
            "tune.buffers.reserve",
            "tune.bufsize",
            "tune.comp.maxlevel",
            "tune.fail-alloc",
            "tune.fd.edge-triggered",
            "tune.h2.header-table-size",
            "tune.h2.initial-window-size",
            "tune.h2.max-concurrent-streams",
            "tune.h2.max-frame-size",
            "tune.http.cookielen",
            "tune.http.logurilen",
            "tune.http.maxhdr",
            "tune.idle-pool.shared",
            "tune.idletimer",
            "tune.listener.multi-queue",
            "tune.lua.forced-yield",
            "tune.lua.maxmem",
            "tune.lua.service-timeout",
            "tune.lua.session-timeout",
            "tune.lua.task-timeout",
            "tune.maxaccept",
            "tune.maxpollevents",
            "tune.maxrewrite",
            "tune.pattern.cache-size",
            "tune.peers.max-updates-at-once",
            "tune.pipesize",
            "tune.pool-high-fd-ratio",
            "tune.pool-low-fd-ratio",
            "tune.quic.frontend.conn-tx-buffers.limit",
            "tune.quic.frontend.max-idle-timeout",
            "tune.quic.frontend.max-streams-bidi",
            "tune.quic.retry-threshold",
            "tune.rcvbuf.client",
            "tune.rcvbuf.server",
            "tune.recv_enough",
            "tune.runqueue-depth",
            "tune.sched.low-latency",
            "tune.sndbuf.client",
            "tune.sndbuf.server",
            "tune.vars.check-max-size",
            "tune.vars.global-max-size",
            "tune.vars.proc-max-size",
            "tune.vars.reqres-max-size",
            "tune.vars.sess-max-size",
            "tune.vars.txn-max-size",
            "tune.zlib.memlevel",
            "tune.zlib.windowsize",
        ],
        status: Status::NoEffect,
        why: "it tunes resources that the simulation does not run out of",
    },
];

/// A section that is neither `global` nor a proxy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Other {
    /// Its keyword.
    pub(super) name: &'static str,
    /// Whether it must have a name.
    pub(super) named: bool,
    /// The keywords that can stand in it.
    pub(super) keywords: &'static [&'static str],
    pub(super) status: Status,
    pub(super) why: &'static str,
}

/// The section that `name` opens.
pub(super) fn other(name: &str) -> Option<&'static Other> {
    OTHERS.iter().find(|section| section.name == name)
}

/// The sections that 2.6 knows.
pub(super) fn section_names() -> impl Iterator<Item = &'static str> {
    ["global", "defaults", "frontend", "backend", "listen"]
        .into_iter()
        .chain(OTHERS.iter().map(|section| section.name))
}

const OTHERS: &[Other] = &[
    Other {
        name: "cache",
        named: true,
        keywords: &[
            "max-age",
            "max-object-size",
            "max-secondary-entries",
            "process-vary",
            "total-max-size",
        ],
        status: Status::NotModelled,
        why: "every request reaches a server; a cache would answer some itself",
    },
    Other {
        name: "fcgi-app",
        named: true,
        keywords: &[
            "acl",
            "docroot",
            "index",
            "log-stderr",
            "option",
            "pass-header",
            "path-info",
            "set-param",
        ],
        status: Status::NoEffect,
        why: "the protocol between proxy and node decides nothing",
    },
    Other {
        name: "http-errors",
        named: true,
        keywords: &["errorfile"],
        status: Status::NoEffect,
        why: "it only changes what an error page looks like",
    },
    Other {
        name: "log-forward",
        named: true,
        keywords: &["backlog", "bind", "dgram-bind", "log", "maxconn", "timeout"],
        status: Status::NoEffect,
        why: "it only forwards logs",
    },
    Other {
        name: "mailers",
        named: true,
        keywords: &["mailer", "timeout"],
        status: Status::NoEffect,
        why: "mails change no decision",
    },
    Other {
        name: "peers",
        named: true,
        keywords: &[
            "bind",
            "default-bind",
            "default-server",
            "disabled",
            "enabled",
            "log",
            "peer",
            "server",
            "shards",
            "table",
        ],
        status: Status::NotModelled,
        why: "the simulated proxy has no peers: stick tables only learn what it sees itself",
    },
    Other {
        name: "program",
        named: true,
        keywords: &["command", "group", "option", "user"],
        status: Status::NoEffect,
        why: "it concerns another process",
    },
    Other {
        name: "resolvers",
        named: true,
        keywords: &[
            "accepted_payload_size",
            "hold",
            "nameserver",
            "parse-resolv-conf",
            "resolution_pool_size",
            "resolve_retries",
            "timeout",
        ],
        status: Status::NotModelled,
        why: "names are not looked up: a server keeps the address it is taken to have",
    },
    Other {
        name: "ring",
        named: true,
        keywords: &[
            "backing-file",
            "description",
            "format",
            "maxlen",
            "server",
            "size",
            "timeout",
        ],
        status: Status::NoEffect,
        why: "it only keeps logs",
    },
    Other {
        name: "userlist",
        named: true,
        keywords: &["group", "user"],
        status: Status::NoEffect,
        why: "simulated requests carry no credentials",
    },
];

/// Sections of later versions.
pub(super) const LATER: &[(&str, &str)] = &[
    ("acme", "it came with HAProxy 3.2"),
    ("crt-store", "it came with HAProxy 3.0"),
    ("log-profile", "it came with HAProxy 3.1"),
    ("traces", "it came with HAProxy 3.1"),
];
