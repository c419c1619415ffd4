//! The first line of a recording as a configuration of the core.

use balance::config::{Backend, Balance, Cookie, HashType, Server};
use balance::words::ConfigWordError;
use balance::{Config, Profile, Span, Version};

use super::recording::{HeadServer, Recording, RecordingError};

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

impl Recording {
    /// The version whose decisions the recording shows: `asked`, or else the recorded one.
    ///
    /// # Errors
    /// There is no profile for the recorded version.
    pub fn version(&self, asked: Option<Version>) -> Result<Version, RecordingError> {
        let version = asked.or_else(|| version_of(&self.head.haproxy));
        version.ok_or_else(|| {
            let problem = format!("no profile for HAProxy `{}`", self.head.haproxy);
            RecordingError::new(self.first, problem)
        })
    }

    /// The core's configuration for this backend, with the decisions of `profile`.
    ///
    /// # Errors
    /// The first word on the first line that HAProxy, or this core, would not understand.
    pub fn config(&self, profile: Profile) -> Result<Config, RecordingError> {
        let backend = self.backend();
        let backend = backend.map_err(|problem| RecordingError::new(self.first, problem))?;
        Ok(Config {
            maxconn: 0,
            counting: Vec::new(),
            profile,
            epoch: 0,
            backends: vec![backend],
            frontends: Vec::new(),
        })
    }

    fn backend(&self) -> Result<Backend, String> {
        let line = &self.head.backend;
        let connect = line.connect_ms.map(|ms| Span::from_millis(u64::from(ms)));
        let mut backend = Backend {
            name: BACKEND.to_owned(),
            balance: words(
                "balance",
                line.balance.as_deref().unwrap_or("roundrobin"),
                Balance::parse,
            )?,
            hash: match &line.hash_type {
                Some(text) => words("hash-type", text, HashType::parse)?,
                None => HashType::default(),
            },
            hash_balance_factor: line.hash_balance_factor.unwrap_or(0),
            cookie: match &line.cookie {
                Some(text) => Some(words("cookie", text, Cookie::parse)?),
                None => None,
            },
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

/// The arguments of one configuration line, read by `parse`.
fn words<T>(
    keyword: &str,
    text: &str,
    parse: impl FnOnce(&[&str]) -> Result<T, ConfigWordError>,
) -> Result<T, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    parse(&words).map_err(|error| format!("{keyword}: {error}"))
}
