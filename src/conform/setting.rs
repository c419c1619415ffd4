//! The first line of a recording as a configuration of the core.

use balance::config::{
    Backend, Balance, Cookie, CookieMode, HashFunction, HashKey, HashType, Server,
};
use balance::{Config, Profile, Span, Version};

use super::recording::{Head, HeadServer, RecordingError};

/// The name of the one backend of every recording.
pub const BACKEND: &str = "be";

/// `fullconn` where the backend does not say: a tenth of the recorder's `maxconn 2000`.
pub const DEFAULT_FULLCONN: u32 = 200;

/// Longer than any program: a limit that never fires.
const NEVER: Span = Span::from_secs(7 * 24 * 3600);

/// The version whose profile fits the version text of a recording: by its first two numbers.
pub fn version_of(haproxy: &str) -> Option<Version> {
    let mut numbers = haproxy.split('.');
    let (major, minor) = (numbers.next()?, numbers.next()?);
    Version::from_name(&format!("{major}.{minor}"))
}

impl Head {
    /// The core's configuration for this backend, with the decisions of `profile` or else
    /// of the version that was recorded.
    ///
    /// # Errors
    /// The first word on line 1 that HAProxy, or this core, would not understand.
    pub fn config(&self, profile: Option<Version>) -> Result<Config, RecordingError> {
        let version = match profile {
            Some(version) => version,
            None => version_of(&self.haproxy).ok_or_else(|| {
                let problem = format!("no profile for HAProxy `{}`", self.haproxy);
                RecordingError::new(1, problem)
            })?,
        };
        let backend = self
            .backend()
            .map_err(|problem| RecordingError::new(1, problem))?;
        Ok(Config {
            profile: Profile::of(version),
            backends: vec![backend],
        })
    }

    fn backend(&self) -> Result<Backend, String> {
        let line = &self.backend;
        let connect = line.connect_ms.map(|ms| Span::from_millis(u64::from(ms)));
        let mut backend = Backend {
            name: BACKEND.to_owned(),
            balance: balance(line.balance.as_deref().unwrap_or("roundrobin"))?,
            hash: line
                .hash_type
                .as_deref()
                .map_or(Ok(HashType::default()), hash_type)?,
            hash_balance_factor: line.hash_balance_factor.unwrap_or(0),
            cookie: line.cookie.as_deref().map(cookie).transpose()?,
            fullconn: line.fullconn.unwrap_or(DEFAULT_FULLCONN),
            retries: line.retries.unwrap_or(3),
            timeout_connect: Some(connect.unwrap_or(NEVER)),
            timeout_server: Some(NEVER),
            timeout_queue: Some(NEVER),
            servers: line.servers.iter().map(server).collect(),
            ..Backend::default()
        };
        for option in &line.options {
            apply_option(&mut backend, option)?;
        }
        Ok(backend)
    }
}

fn server(line: &HeadServer) -> Server {
    Server {
        name: line.name.clone(),
        id: line.id,
        weight: line.weight.unwrap_or(1),
        maxconn: line.maxconn.unwrap_or(0),
        minconn: line.minconn.unwrap_or(0),
        maxqueue: line.maxqueue.unwrap_or(0),
        cookie: line.cookie.clone(),
        backup: line.backup != 0,
        disabled: line.disabled != 0,
        ..Server::default()
    }
}

fn apply_option(backend: &mut Backend, option: &str) -> Result<(), String> {
    let words: Vec<&str> = option.split_whitespace().collect();
    match words.as_slice() {
        ["redispatch"] => backend.redispatch = Some(-1),
        ["redispatch", interval] => {
            let interval = interval
                .parse()
                .map_err(|_| format!("option redispatch: `{interval}` is not a number"))?;
            // 0 is HAProxy's way of saying that the option is off.
            backend.redispatch = Some(interval).filter(|interval| *interval != 0);
        }
        ["persist"] => backend.persist = true,
        ["allbackups"] => backend.allbackups = true,
        ["abortonclose"] => backend.abortonclose = true,
        // Every client connection carries one request and origins close theirs, so these
        // change nothing in a recording.
        ["httpclose" | "http-server-close" | "http-keep-alive" | "prefer-last-server"] => {}
        _ => return Err(format!("unknown option `{option}`")),
    }
    Ok(())
}
fn balance(text: &str) -> Result<Balance, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (first, rest) = words.split_first().ok_or("balance: empty")?;
    let arg = |name: &str| {
        first
            .strip_prefix(name)?
            .strip_prefix('(')?
            .strip_suffix(')')
    };
    Ok(match *first {
        "roundrobin" => Balance::RoundRobin,
        "static-rr" => Balance::StaticRr,
        "leastconn" => Balance::LeastConn,
        "first" => Balance::First,
        "random" => Balance::Random(2),
        "source" => Balance::Hash(HashKey::Source),
        "uri" => {
            let (mut len, mut depth, mut whole, mut path_only) = (0, 0, false, false);
            let mut it = rest.iter();
            while let Some(w) = it.next() {
                match *w {
                    "len" => len = it.next().and_then(|n| n.parse().ok()).ok_or("len")?,
                    "depth" => depth = it.next().and_then(|n| n.parse().ok()).ok_or("depth")?,
                    "whole" => whole = true,
                    "path-only" => path_only = true,
                    w => return Err(format!("balance uri: {w}")),
                }
            }
            Balance::Hash(HashKey::Uri {
                len,
                depth,
                whole,
                path_only,
            })
        }
        "url_param" => Balance::Hash(HashKey::UrlParam {
            name: rest.first().ok_or("url_param")?.to_string(),
            check_post: rest.contains(&"check_post"),
        }),
        _ => {
            if let Some(n) = arg("random") {
                Balance::Random(n.parse().map_err(|_| "random")?)
            } else if let Some(n) = arg("hdr") {
                Balance::Hash(HashKey::Header {
                    name: n.to_ascii_lowercase(),
                    use_domain_only: rest.contains(&"use_domain_only"),
                })
            } else {
                return Err(format!("balance: {first}"));
            }
        }
    })
}

fn hash_type(text: &str) -> Result<HashType, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut h = HashType {
        consistent: words[0] == "consistent",
        ..HashType::default()
    };
    let mut named = false;
    for w in &words[1..] {
        match *w {
            "avalanche" => h.avalanche = true,
            f => {
                named = true;
                h.function = match f {
                    "sdbm" => HashFunction::Sdbm,
                    "djb2" => HashFunction::Djb2,
                    "wt6" => HashFunction::Wt6,
                    "crc32" => HashFunction::Crc32,
                    "none" => HashFunction::None,
                    _ => return Err(format!("hash-type: {f}")),
                };
            }
        }
    }
    h.avalanche |= h.consistent && !named;
    Ok(h)
}

fn cookie(text: &str) -> Result<Cookie, String> {
    let mut words = text.split_whitespace();
    let mut c = Cookie {
        name: words.next().ok_or("cookie")?.to_owned(),
        ..Cookie::default()
    };
    while let Some(w) = words.next() {
        match w {
            "insert" => c.mode = CookieMode::Insert,
            "rewrite" => c.mode = CookieMode::Rewrite,
            "prefix" => c.mode = CookieMode::Prefix,
            "indirect" => c.indirect = true,
            "nocache" => c.nocache = true,
            "postonly" => c.postonly = true,
            "preserve" => c.preserve = true,
            "httponly" => c.httponly = true,
            "secure" => c.secure = true,
            "domain" => c.domains.push(words.next().ok_or("domain")?.to_owned()),
            "attr" => c.attrs.push(words.next().ok_or("attr")?.to_owned()),
            w => return Err(format!("cookie: {w}")),
        }
    }
    Ok(c)
}
