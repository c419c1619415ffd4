//! Do the rules of a configuration send requests where HAProxy sends them? Each file of
//! `tests/rules` is a configuration with requests in its remarks: what becomes of them here
//! is a snapshot, and where HAProxy 2.6 is installed, it is asked too.

mod ours;
#[cfg(unix)]
pub(crate) mod theirs;

use std::fmt;
use std::fs;

use crate::snapshots;
use crate::tidy::source::top;

/// What stands before every configuration. Ports from 9000 on are replaced by free ones
/// before HAProxy reads the text.
pub(crate) const PRELUDE: &str = "\
global
    log 127.0.0.1:9999 format raw local0
defaults usual
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
    log global
    log-format \"%ST %tsc %b/%s\"
";

/// A configuration and the requests to try it with.
pub(crate) struct Case {
    pub(crate) text: String,
    pub(crate) requests: Vec<Asked>,
}

/// One request of a case: `#> [@MILLISECONDS] [PORT] METHOD TARGET [| NAME: VALUE]...`
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// When it is sent, in milliseconds after the first one; else as soon as the one before
    /// is answered.
    pub(crate) at: Option<u64>,
    pub(crate) port: u16,
    pub(crate) method: String,
    pub(crate) uri: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

/// The status that servers answer to a request for this path: 404 to `/status/404`.
fn status(uri: &str) -> u16 {
    let number = uri.strip_prefix("/status/");
    number.and_then(|number| number.parse().ok()).unwrap_or(200)
}

/// Whether HAProxy writes no line about a request for this target: it only asks how it is.
fn unlogged(uri: &str) -> bool {
    uri == "/monitor"
}

/// What became of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The status, the four letters and `backend/server`, as the log has them.
    pub(crate) log: String,
    /// What the client was told besides: `location` and `set-cookie`.
    pub(crate) told: Vec<(String, String)>,
    /// What the server got: the request line and the headers.
    pub(crate) got: Option<(String, Vec<(String, String)>)>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.log)?;
        for (name, value) in &self.told {
            write!(f, " | {name}: {value}")?;
        }
        if let Some((line, headers)) = &self.got {
            write!(f, " <- {line}")?;
            for (name, value) in headers {
                write!(f, " | {name}: {value}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.at {
            write!(f, "@{at} ")?;
        }
        write!(f, "{} {} {}", self.port, self.method, self.uri)?;
        for (name, value) in &self.headers {
            write!(f, " | {name}: {value}")?;
        }
        Ok(())
    }
}

impl Case {
    fn read(name: &str) -> Self {
        let path = top().join(format!("tests/rules/{name}.cfg"));
        let text = fs::read_to_string(path).expect("a readable configuration");
        let requests = text
            .lines()
            .filter_map(|line| line.strip_prefix("#> "))
            .map(asked)
            .collect();
        Self {
            text: format!("{PRELUDE}{text}"),
            requests,
        }
    }
}

fn asked(line: &str) -> Asked {
    let mut parts = line.split(" | ");
    let words: Vec<&str> = parts.next().unwrap_or_default().split(' ').collect();
    let at = words[0].strip_prefix('@');
    let words = if at.is_some() {
        &words[1..]
    } else {
        &words[..]
    };
    let at = at.map(|at| at.parse().expect("a time in milliseconds"));
    let (port, words) = match words[0].parse() {
        Ok(port) => (port, &words[1..]),
        Err(_) => (9001, words),
    };
    let header = |part: &str| {
        let (name, value) = part.split_once(':').expect("a header has a name");
        (name.to_owned(), value.trim().to_owned())
    };
    Asked {
        at,
        port,
        method: words[0].to_owned(),
        uri: words[1].to_owned(),
        headers: parts.map(header).collect(),
    }
}

/// The names of all cases.
pub(crate) fn names() -> Vec<String> {
    snapshots::stems("tests/rules", "cfg")
}

#[test]
fn requests_go_where_the_rules_say() {
    let names = names();
    assert!(names.len() >= 12);
    for name in names {
        let case = Case::read(&name);
        let outcomes = ours::outcomes(&case);
        let lines: Vec<String> = (case.requests.iter().zip(&outcomes))
            .map(|(asked, outcome)| format!("{asked}\n    {outcome}"))
            .collect();
        snapshots::assert(&format!("rules/{name}"), &lines.join("\n"));
    }
}

/// Where HAProxy is installed: every request of every case comes to the same.
#[cfg(unix)]
#[test]
#[expect(
    clippy::print_stdout,
    reason = "a test that could not compare must say so"
)]
fn haproxy_sends_them_there_too() {
    if let Err(why) = theirs::available() {
        println!("not compared: {why}");
        return;
    }
    let mut wrong = Vec::new();
    for name in names() {
        let case = Case::read(&name);
        let ours = ours::outcomes(&case);
        // A port that was free may be taken before HAProxy gets to it: once more, then.
        let mut theirs = theirs::outcomes(&case);
        if theirs != ours {
            theirs = theirs::outcomes(&case);
        }
        for ((asked, ours), theirs) in case.requests.iter().zip(ours).zip(theirs) {
            if ours != theirs {
                wrong.push(format!(
                    "{name}: {asked}\n    ours {ours}\n  theirs {theirs}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
