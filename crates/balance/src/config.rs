//! Checked settings of the balancer, with HAProxy's words and defaults.
//!
//! Fields are public because a configuration is plain data;
//! [`Balancer::new`](crate::Balancer::new) finds everything that contradicts itself.

mod check;

use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

pub use check::{Check, CheckKind, InitState, Observe, OnError};

use crate::counter::Counting;
use crate::profile::Profile;
use crate::route::{Frontend, Rules};
use crate::rule::{PersistRule, UseServer};
use crate::time::Span;

/// Everything the balancer must know before the first request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Which version's decisions to take.
    pub profile: Profile,
    /// The wall clock at the beginning of the run, in seconds since 1970: cookies with
    /// `maxidle` or `maxlife` carry dates.
    pub epoch: u64,
    /// The backends, in configuration order.
    pub backends: Vec<Backend>,
    /// The frontends, in configuration order; requests may also be sent straight to backends.
    pub frontends: Vec<Frontend>,
    /// `maxconn` of `global`; 0 is no limit. Connections beyond it are the driver's.
    pub maxconn: u32,
    /// The stick tables that count.
    pub counting: Vec<Counting>,
}

/// One backend (manual: "backend", "balance", "cookie", "option ...").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// Its name.
    pub name: String,
    /// `mode http` rather than `mode tcp`, in which a server is chosen once for a connection.
    /// What is a request elsewhere is a connection there: its answer is
    /// [`Finished`](crate::Input::Finished) when it is closed, and what comes between is
    /// [`Stirred`](crate::Input::Stirred).
    pub http: bool,
    /// `balance`
    pub balance: Balance,
    /// `hash-type`
    pub hash: HashType,
    /// `hash-balance-factor`, percent above 100; 0 is off.
    pub hash_balance_factor: u32,
    /// `cookie`
    pub cookie: Option<Cookie>,
    /// `option redispatch [N]`; without N it is -1.
    pub redispatch: Option<i32>,
    /// `option persist`
    pub persist: bool,
    /// `option allbackups`
    pub allbackups: bool,
    /// `fullconn`
    pub fullconn: u32,
    /// `retries`
    pub retries: u32,
    /// `retry-on`
    pub retry_on: RetryOn,
    /// `option abortonclose`
    pub abortonclose: bool,
    /// `timeout connect`
    pub timeout_connect: Option<Span>,
    /// `timeout server`
    pub timeout_server: Option<Span>,
    /// `timeout queue`; absent: as `timeout connect`.
    pub timeout_queue: Option<Span>,
    /// `timeout check`
    pub timeout_check: Option<Span>,
    /// What a health check sends and expects.
    pub check: CheckKind,
    /// `http-check disable-on-404`
    pub disable_on_404: bool,
    /// `stick-table`, `stick ...`
    pub stick: Option<Stick>,
    /// `timeout tarpit`; absent: as `timeout connect`.
    pub timeout_tarpit: Option<Span>,
    /// `http-request` and `redirect` rules.
    pub rules: Rules,
    /// `force-persist` and `ignore-persist`, in order.
    pub persist_rules: Vec<PersistRule>,
    /// `use-server`, in order.
    pub use_server: Vec<UseServer>,
    /// The servers in declaration order.
    pub servers: Vec<Server>,
}

impl Default for Backend {
    fn default() -> Self {
        Self {
            name: String::new(),
            http: true,
            balance: Balance::RoundRobin,
            hash: HashType::default(),
            hash_balance_factor: 0,
            cookie: None,
            redispatch: None,
            persist: false,
            allbackups: false,
            fullconn: 200,
            retries: 3,
            retry_on: RetryOn::default(),
            abortonclose: false,
            timeout_connect: None,
            timeout_server: None,
            timeout_queue: None,
            timeout_check: None,
            check: CheckKind::Tcp,
            disable_on_404: false,
            stick: None,
            timeout_tarpit: None,
            rules: Rules::default(),
            persist_rules: Vec::new(),
            use_server: Vec::new(),
            servers: Vec::new(),
        }
    }
}

/// `balance`: the algorithm and its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// `roundrobin`
    #[default]
    RoundRobin,
    /// `static-rr`
    StaticRr,
    /// `leastconn`
    LeastConn,
    /// `first`
    First,
    /// `random(draws)`; plain `random` is 2 draws.
    Random(u32),
    /// Hash of a key taken from the request.
    Hash(HashKey),
}

/// What a hash algorithm hashes (spec: balancing, 6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashKey {
    /// `source`
    Source,
    /// `uri [len N] [depth N] [whole] [path-only]`; 0 is no limit.
    Uri {
        /// `len`
        len: u32,
        /// `depth`
        depth: u32,
        /// `whole`
        whole: bool,
        /// `path-only`
        path_only: bool,
    },
    /// `url_param NAME [check_post]`
    UrlParam {
        /// The parameter.
        name: String,
        /// Also look into the body of a POST.
        check_post: bool,
    },
    /// `hdr(NAME) [use_domain_only]`
    Header {
        /// Lower case.
        name: String,
        /// Hash the domain's main part only.
        use_domain_only: bool,
    },
    /// `rdp-cookie(NAME)`
    RdpCookie(String),
    /// `hash EXPR`
    Expression(Fetch),
}

/// The sample fetches that a simulated request can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetch {
    /// `src`
    Src,
    /// `path`
    Path,
    /// `pathq`
    PathQ,
    /// `url`
    Url,
    /// `query`
    Query,
    /// `method`
    Method,
    /// `req.hdr(NAME)` / `hdr(NAME)`: the last value.
    Header(String),
    /// `req.cook(NAME)` / `cook(NAME)`
    Cookie(String),
    /// `url_param(NAME)` / `urlp(NAME)`
    UrlParam(String),
    /// `str(TEXT)`
    Str(String),
}

/// `hash-type`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashType {
    /// `consistent` rather than `map-based`.
    pub consistent: bool,
    /// The hash function.
    pub function: HashFunction,
    /// Whether its result is mixed once more. Already decided: `hash-type consistent`
    /// without a function sets it.
    pub avalanche: bool,
}

/// The hash functions of `hash-type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HashFunction {
    /// `sdbm`
    #[default]
    Sdbm,
    /// `djb2`
    Djb2,
    /// `wt6`
    Wt6,
    /// `crc32`
    Crc32,
    /// `none` (3.0 on)
    None,
}

/// `cookie NAME ...`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cookie {
    /// The cookie's name.
    pub name: String,
    /// What is done with it.
    pub mode: CookieMode,
    /// `indirect`
    pub indirect: bool,
    /// `nocache`
    pub nocache: bool,
    /// `postonly`
    pub postonly: bool,
    /// `preserve`
    pub preserve: bool,
    /// `httponly`
    pub httponly: bool,
    /// `secure`
    pub secure: bool,
    /// `domain D`, as often as given.
    pub domains: Vec<String>,
    /// `maxidle`
    pub maxidle: Option<Span>,
    /// `maxlife`
    pub maxlife: Option<Span>,
    /// `attr A`, as often as given.
    pub attrs: Vec<String>,
    /// `dynamic`, with the backend's `dynamic-cookie-key`.
    pub dynamic_key: Option<String>,
}

/// The mode words of `cookie`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CookieMode {
    /// No word: read, never written.
    #[default]
    Passive,
    /// `insert`
    Insert,
    /// `rewrite`
    Rewrite,
    /// `prefix`
    Prefix,
}

/// `retry-on`: which failures of an answer are tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryOn {
    /// `conn-failure`
    pub conn_failure: bool,
    /// `empty-response`
    pub empty_response: bool,
    /// `junk-response`
    pub junk_response: bool,
    /// `response-timeout`
    pub response_timeout: bool,
    /// Statuses such as 503.
    pub statuses: Vec<u16>,
}

impl Default for RetryOn {
    fn default() -> Self {
        Self {
            conn_failure: true,
            empty_response: false,
            junk_response: false,
            response_timeout: false,
            statuses: Vec::new(),
        }
    }
}

/// `stick-table` and `stick` rules of a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stick {
    /// `type`
    pub kind: StickType,
    /// `size`
    pub size: u32,
    /// `len`: the longest string key; 0 is HAProxy's default of 31.
    pub len: usize,
    /// `expire`
    pub expire: Option<Span>,
    /// `nopurge`
    pub nopurge: bool,
    /// The rules in order.
    pub rules: Vec<StickRule>,
}

/// `type`: the keys of a stick table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StickType {
    /// `ip`
    Ip,
    /// `ipv6`
    Ipv6,
    /// `integer`
    Integer,
    /// `string`
    #[default]
    String,
}

/// One `stick` rule (`stick on` is `Match` and `StoreRequest` in one).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StickRule {
    /// `stick match`
    Match(Fetch),
    /// `stick store-request`
    StoreRequest(Fetch),
    /// `stick on`
    On(Fetch),
    /// `stick store-response res.cook(NAME)`
    StoreResponse(String),
}

/// One `server` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// `id`; absent: the smallest free one, by HAProxy's counting.
    pub id: Option<u32>,
    /// Where it listens, if known.
    pub address: Option<SocketAddr>,
    /// `weight`, 0..=256
    pub weight: u32,
    /// `maxconn`; 0 is no limit.
    pub maxconn: u32,
    /// `minconn`; 0 is as `maxconn`.
    pub minconn: u32,
    /// `maxqueue`; 0 is no limit.
    pub maxqueue: u32,
    /// `cookie VALUE`
    pub cookie: Option<String>,
    /// `backup`
    pub backup: bool,
    /// `disabled`
    pub disabled: bool,
    /// `check` and its parameters.
    pub check: Option<Check>,
    /// `slowstart`
    pub slowstart: Span,
    /// `track [backend/]server`
    pub track: Option<(String, String)>,
    /// `on-marked-down shutdown-sessions`
    pub on_marked_down_shutdown: bool,
    /// `on-marked-up shutdown-backup-sessions`
    pub on_marked_up_shutdown_backup: bool,
    /// `observe`
    pub observe: Observe,
    /// `error-limit`
    pub error_limit: u32,
    /// `on-error`
    pub on_error: OnError,
    /// `init-state` (3.1 on)
    pub init_state: InitState,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            name: String::new(),
            id: None,
            address: None,
            weight: 1,
            maxconn: 0,
            minconn: 0,
            maxqueue: 0,
            cookie: None,
            backup: false,
            disabled: false,
            check: None,
            slowstart: Span::ZERO,
            track: None,
            on_marked_down_shutdown: false,
            on_marked_up_shutdown_backup: false,
            observe: Observe::None,
            error_limit: 10,
            on_error: OnError::FailCheck,
            init_state: InitState::None,
        }
    }
}

impl Balance {
    /// The word after `balance`, without arguments (manual: "balance").
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RoundRobin => "roundrobin",
            Self::StaticRr => "static-rr",
            Self::LeastConn => "leastconn",
            Self::First => "first",
            Self::Random(_) => "random",
            Self::Hash(HashKey::Source) => "source",
            Self::Hash(HashKey::Uri { .. }) => "uri",
            Self::Hash(HashKey::UrlParam { .. }) => "url_param",
            Self::Hash(HashKey::Header { .. }) => "hdr",
            Self::Hash(HashKey::RdpCookie(_)) => "rdp-cookie",
            Self::Hash(HashKey::Expression(_)) => "hash",
        }
    }

    /// Whether the algorithm follows weights at run time (manual: "balance"; a hash does
    /// when `hash-type` is consistent).
    pub fn is_dynamic(&self, hash: HashType) -> bool {
        match self {
            Self::RoundRobin | Self::LeastConn | Self::First | Self::Random(_) => true,
            Self::StaticRr => false,
            Self::Hash(_) => hash.consistent,
        }
    }
}
