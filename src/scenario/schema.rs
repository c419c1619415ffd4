//! The scenario file as plain serde types: what may be written, not yet what makes sense.
//!
//! Everything is optional here, so that one missing setting hides no other error; the
//! defaults are in `check`. The same types write a scenario back.

#[cfg(feature = "cli")]
mod json;
mod values;

use serde::{Deserialize, Serialize};

#[cfg(feature = "cli")]
pub use json::json_schema;
pub use sections::{Defaults, Frontend, FrontendTimeouts, Timeouts};
pub use values::{Named, Time};

macro_rules! settings {
    ($($(#[$outer:meta])* $name:ident { $($(#[$meta:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$outer])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields, expecting = "settings in ( )")]
        pub struct $name {$(
            $(#[$meta])*
            #[serde(skip_serializing_if = "Option::is_none")]
            pub $field: Option<$type>,
        )*}
    )*};
}

pub mod script;
mod sections;

settings! {
    /// A scenario file.
    Scenario {
        /// The form of the language: 1.
        version: i64,
        /// One line for people.
        title: String,
        /// More lines for people.
        notes: String,
        /// The file this one changes.
        extends: String,
        /// Changes of that file by path. (The loader carries them out before it reads the
        /// rest, so that nothing of it is left here.)
        replace: Named<serde_json::Value>,
        /// The root of every random stream.
        seed: u64,
        /// HAProxy's version: 2.2, 2.6 or 3.4.
        profile: String,
        /// The proxy's settings (on top of those in `config`, if both are there).
        proxy: Proxy,
        /// A haproxy.cfg.
        config: String,
        /// The environment of that configuration.
        env: String,
        /// How long the proxy and its checks run before the clients start.
        warm_up: Time,
        /// When periodic things begin, counted from the start of the proxy.
        phase: Named<Time>,
        /// The applications.
        nodes: Named<Node>,
        /// Who sends requests.
        clients: Named<Client>,
        /// What happens when.
        timeline: Vec<Timed>,
        /// Latencies.
        wire: Wire,
        /// Where the run must stop by itself.
        budget: Budget,
        /// What is claimed about the outcome.
        expect: Vec<Claim>,
        /// Questions for the class.
        ask: Vec<Question>,
    }

    /// HAProxy: one backend, or the defaults of several.
    Proxy {
        /// Its name, when there is one.
        name: String,
        /// `balance`
        balance: String,
        /// `hash-type`
        hash_type: String,
        /// `hash-balance-factor`
        hash_balance_factor: i64,
        /// `cookie`
        cookie: String,
        /// `dynamic-cookie-key`
        dynamic_cookie_key: String,
        /// `option` lines: `httpchk HEAD /`, `redispatch`, ...
        option: Vec<String>,
        /// `http-check` lines: `expect status 200`, `disable-on-404`.
        http_check: Vec<String>,
        /// `retries`
        retries: i64,
        /// `retry-on`
        retry_on: String,
        /// `fullconn`
        fullconn: i64,
        /// `timeout` lines.
        timeout: Timeouts,
        /// `stick-table`, with what it counts: `type ip size 1m expire 1m store http_req_rate(10s)`.
        stick_table: String,
        /// `stick` lines: `on src`, ...
        stick: Vec<String>,
        /// `default-server`
        default_server: Server,
        /// `server` lines, in order.
        servers: Named<Server>,
        /// `mode`: http or tcp.
        mode: String,
        /// The name of the `defaults` whose rules come first.
        from: String,
        /// Lines that decide about requests, in order: `acl`, `tcp-request`, `http-request`,
        /// `redirect`, `use-server`, `force-persist`, `ignore-persist`.
        rules: Vec<String>,
        /// Connections that are accepted at once, of all frontends together.
        maxconn: i64,
        /// Rules that several sections begin with.
        defaults: Named<Defaults>,
        /// Files of patterns (`-f`) and maps that rules name: the lines of each.
        lists: Named<Vec<String>>,
        /// Where clients come in.
        frontends: Named<Frontend>,
        /// Several backends; what stands beside them holds for all.
        backends: Named<Proxy>,
    }

    /// A `server` line.
    Server {
        /// `id`
        id: i64,
        /// Its address and port.
        address: String,
        /// `weight`
        weight: i64,
        /// `maxconn`
        maxconn: i64,
        /// `minconn`
        minconn: i64,
        /// `maxqueue`
        maxqueue: i64,
        /// `cookie`
        cookie: String,
        /// `backup`
        backup: bool,
        /// `disabled`
        disabled: bool,
        /// `check`
        check: bool,
        /// `inter`
        inter: Time,
        /// `fastinter`
        fastinter: Time,
        /// `downinter`
        downinter: Time,
        /// `rise`
        rise: i64,
        /// `fall`
        fall: i64,
        /// `slowstart`
        slowstart: Time,
        /// `track`
        track: String,
        /// `on-marked-down`
        on_marked_down: String,
        /// `on-marked-up`
        on_marked_up: String,
        /// `observe`
        observe: String,
        /// `error-limit`
        error_limit: i64,
        /// `on-error`
        on_error: String,
        /// `init-state`
        init_state: String,
    }

    /// An application.
    Node {
        /// Make this many, numbered from 1, instead of one.
        count: i64,
        /// How many requests it handles at once.
        workers: i64,
        /// Time to handle one request.
        service: Time,
        /// Further time that blocks the worker.
        delay: Time,
        /// One thread with event-loop turns (Node.js) rather than an ideal queue.
        event_loop: bool,
        /// The name of its session cookie, or `off`.
        session_cookie: String,
        /// The status it answers with.
        status: i64,
        /// Whether it can be reached.
        reach: Reach,
        /// The servers whose connections arrive here.
        servers: Vec<String>,
        /// Whether the proxy reuses its connections.
        keep_alive: bool,
    }

    /// A JMeter thread group.
    ThreadGroup {
        /// Number of threads.
        threads: i64,
        /// Requests of each thread.
        loops: i64,
        /// Or: how long requests are started.
        duration: Time,
        /// Thread i of n starts i/n of this after the first.
        ramp_up: Time,
        /// The thread's own time between an answer and the next request.
        think: Time,
        /// The cookie manager.
        cookies: Cookies,
        /// Whether the connection to the proxy is kept.
        keep_alive: bool,
        /// How long a connection may take.
        connect_timeout: Time,
        /// How long an answer may take.
        response_timeout: Time,
        /// `GET`, ...
        method: String,
        /// `/path?query`
        uri: String,
        /// Further headers.
        headers: Named<String>,
        /// The client's address.
        source: String,
        /// Which backend its requests go to.
        backend: String,
        /// Or: through which frontend they come, whose rules choose the backend.
        frontend: String,
        /// Through which of its addresses, from 0.
        bind: i64,
        /// When it starts, counted from the start of the clients.
        start: Time,
        /// What each iteration does, where that is more than one request.
        script: Vec<script::Deed>,
        /// Variables that each thread of a script begins with.
        variables: Named<String>,
        /// Cookies that each thread of a script begins with, as in `Set-Cookie`.
        own_cookies: Vec<String>,
        /// What a thread does after a failed sample.
        on_error: script::OnError,
        /// The clients that must be done before it starts.
        after: Vec<String>,
        /// Whether each iteration opens a connection of its own.
        new_visitors: bool,
    }

    /// A person with a browser.
    Browser {
        /// What is done, in order.
        steps: Vec<Step>,
        /// The pause between steps.
        pause: Time,
        /// `GET`, ...
        method: String,
        /// `/path?query`
        uri: String,
        /// Further headers.
        headers: Named<String>,
        /// The client's address.
        source: String,
        /// Which backend its requests go to.
        backend: String,
        /// Or: through which frontend they come, whose rules choose the backend.
        frontend: String,
        /// Through which of its addresses, from 0.
        bind: i64,
        /// When it starts, counted from the start of the clients.
        start: Time,
    }

    /// Requests with moments of their own: a log as load.
    Arrivals {
        /// The log: HAProxy's HTTP or TCP log, or results of JMeter.
        log: String,
        /// Or: what arrives, in any order.
        list: Vec<Arrival>,
        /// `GET`, ... where the log or the list says nothing
        method: String,
        /// `/path?query`
        uri: String,
        /// Further headers.
        headers: Named<String>,
        /// The client's address.
        source: String,
        /// Which backend its requests go to.
        backend: String,
        /// Or: through which frontend they come, whose rules choose the backend.
        frontend: String,
        /// Through which of its addresses, from 0.
        bind: i64,
        /// When it starts, counted from the start of the clients.
        start: Time,
    }

    /// One request of an open load.
    Arrival {
        /// When, counted from the start of the load.
        at: Time,
        /// Whose cookies it brings.
        user: String,
        /// Whether a connection must be made first.
        connects: bool,
        /// Whether its user forgets all cookies first.
        clears: bool,
        /// A cookie its user then has from elsewhere: `SERVERID=s1`.
        cookie: String,
        /// `GET`, ...
        method: String,
        /// `/path?query`
        uri: String,
        /// Further headers.
        headers: Named<String>,
        /// The client's address.
        source: String,
        /// Which backend gets it.
        backend: String,
        /// Or: through which frontend they come, whose rules choose the backend.
        frontend: String,
        /// Through which of its addresses, from 0.
        bind: i64,
    }

    /// An entry of the timeline.
    Timed {
        /// When, counted from the start of the clients.
        at: Time,
        /// What.
        action: Action,
    }

    /// A new delay.
    SetDelay {
        /// Whose.
        node: String,
        /// How long.
        to: Time,
    }

    /// A stop.
    Stop {
        /// Who stops.
        node: String,
        /// `refusing` or `vanished`.
        reach: Reach,
    }

    /// A start, of a node or of clients.
    Start {
        /// Which node starts again.
        node: String,
        /// Which clients begin.
        clients: String,
    }

    /// A new status.
    SetStatus {
        /// Whose.
        node: String,
        /// Which.
        to: i64,
    }

    /// Latencies between the parties.
    Wire {
        /// Client to proxy, each way.
        client: Time,
        /// Proxy to node, each way.
        node: Time,
        /// The stall of a delayed acknowledgement.
        stall: Time,
        /// How often it strikes.
        stall_percent: f64,
    }

    /// Limits of a run.
    Budget {
        /// Things that may happen.
        events: u64,
        /// Simulated time.
        time: Time,
    }

    /// A question with its answer.
    Question {
        /// What is asked.
        question: String,
        /// What is right.
        answer: String,
    }

    /// A claim about the requests that a server answered.
    Served {
        /// Which server.
        server: String,
        /// This many.
        exactly: u64,
        /// From, to.
        within: (u64, u64),
        /// This many or more.
        at_least: u64,
        /// This many or fewer.
        at_most: u64,
    }

    /// A claim about a number of requests.
    Count {
        /// This many.
        exactly: u64,
        /// From, to.
        within: (u64, u64),
        /// This many or more.
        at_least: u64,
        /// This many or fewer.
        at_most: u64,
    }

    /// A claim about a server's share of the answered requests.
    Share {
        /// Which server.
        server: String,
        /// Percent.
        about: f64,
        /// Percentage points.
        tolerance: f64,
    }

    /// A claim that a server goes DOWN.
    Down {
        /// Which server.
        server: String,
        /// Not before.
        after: Time,
        /// Not after.
        before: Time,
        /// The check's code.
        reason: String,
    }

    /// A claim about a server's state.
    State {
        /// Which server.
        server: String,
        /// `UP`, ...
        is: String,
        /// When; absent: at the end.
        at: Time,
    }

    /// A claim about elapsed times.
    Elapsed {
        /// Which server; absent: all samples.
        server: String,
        /// From, to.
        within: (Time, Time),
        /// This or more.
        at_least: Time,
        /// This or less.
        at_most: Time,
    }

    /// A claim about requests per second.
    Rate {
        /// Which server; absent: all samples.
        server: String,
        /// From, to.
        within: (f64, f64),
        /// This or more.
        at_least: f64,
        /// This or less.
        at_most: f64,
    }
}

/// Whether an address answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Connections are accepted.
    Listening,
    /// Connections are refused.
    Refusing,
    /// Nothing answers.
    Vanished,
}

/// What is done with cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cookies {
    /// Kept for the whole run.
    Keep,
    /// "Clear cookies each iteration".
    Clear,
    /// No cookie manager.
    Off,
}

/// Who sends requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(
    rename_all = "snake_case",
    expecting = "`thread_group(...)`, `browser(...)` or `arrivals(...)`"
)]
pub enum Client {
    /// JMeter.
    ThreadGroup(Box<ThreadGroup>),
    /// A person.
    Browser(Box<Browser>),
    /// A log, or a list of requests.
    Arrivals(Box<Arrivals>),
}

/// A step of a browser's script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(
    rename_all = "snake_case",
    expecting = "`visit(1)`, `refresh(1)`, `clear_cookies` or `until(\"10s\")`"
)]
pub enum Step {
    /// Load the page this many times.
    Visit(i64),
    /// Load it again this many times.
    Refresh(i64),
    /// Empty the cookie jar.
    ClearCookies,
    /// Do nothing until then.
    Until(Time),
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(
    rename_all = "snake_case",
    expecting = "an action such as `delay(node: \"s1\", to: \"250ms\")`"
)]
pub enum Action {
    /// A line typed to the runtime API.
    Command(String),
    /// `POST /delay`
    Delay(SetDelay),
    /// A node stops.
    Stop(Stop),
    /// A node or clients start.
    Start(Start),
    /// A node answers with another status.
    Status(SetStatus),
}

/// A claim about the outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(
    rename_all = "snake_case",
    expecting = "a claim such as `served(server: \"s1\", exactly: 3)`"
)]
pub enum Claim {
    /// Requests answered by a server.
    Served(Served),
    /// A server's share.
    Share(Share),
    /// Failed requests.
    Errors(Count),
    /// A server goes DOWN.
    Down(Down),
    /// It does not.
    Never(Box<Self>),
    /// A server's state.
    State(State),
    /// The first picks.
    Sequence(String),
    /// Sessions that began again elsewhere.
    SessionsRestarted(Count),
    /// Mean elapsed time.
    Mean(Elapsed),
    /// Its standard deviation.
    Deviation(Elapsed),
    /// Requests per second.
    Rate(Rate),
}
