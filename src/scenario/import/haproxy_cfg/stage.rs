//! What sample fetches need, and where that is there. Every fetch of HAProxy 2.6.12 was put to
//! every kind of line; there are just these patterns.

use super::sample::{self, Sample, SampleError};
use super::samples;

/// Where an expression may be evaluated; at one of these places is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stage(u16);

impl Stage {
    /// `tcp-request connection`
    pub(super) const CONNECTION: Self = Self(1);
    /// `tcp-request session`
    pub(super) const SESSION: Self = Self(1 << 1);
    /// A request in a frontend.
    pub(super) const FRONT: Self = Self(1 << 2);
    /// A request in a backend.
    pub(super) const BACK: Self = Self(1 << 3);
    /// A request on its way to a server.
    pub(super) const SERVER: Self = Self(1 << 4);
    /// An answer.
    pub(super) const ANSWER: Self = Self(1 << 5);
    /// A line of the log.
    pub(super) const LOG: Self = Self(1 << 6);
    /// A health check.
    pub(super) const CHECK: Self = Self(1 << 7);
    /// `global`
    pub(super) const START: Self = Self(1 << 8);
    /// A request in a `listen` section, or in `defaults`.
    pub(super) const REQUEST: Self = Self::FRONT.or(Self::BACK);
    /// Nothing is looked at.
    pub(super) const ANY: Self = Self(u16::MAX);

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The end of a sentence.
    const fn when(self) -> &'static str {
        match self {
            Self::CONNECTION => "when a connection comes in",
            Self::SESSION => "when a session begins",
            Self::SERVER => "on the way to a server",
            Self::ANSWER => "in rules on answers",
            Self::LOG => "when a line is logged",
            Self::CHECK => "in a health check",
            Self::START => "in `global`",
            _ => "while a request comes in",
        }
    }

    /// Lines of these places.
    fn lines(self) -> String {
        const LINES: [(Stage, &str); 7] = [
            (Stage::CONNECTION, "`tcp-request connection`"),
            (Stage::SESSION, "`tcp-request session`"),
            (Stage::REQUEST, "`http-request`"),
            (Stage::SERVER, "`server ... sni`"),
            (Stage::ANSWER, "`http-response`"),
            (Stage::LOG, "`log-format`"),
            (Stage::CHECK, "`http-check`"),
        ];
        let lines = LINES.iter().filter(|(stage, _)| self.meets(*stage));
        let lines = lines.map(|(stage, line)| match stage {
            // What only backends know.
            &Stage::REQUEST if !self.meets(Stage::FRONT) => "`http-request` of a `backend`",
            _ => line,
        });
        lines.collect::<Vec<_>>().join(", ")
    }
}

/// What a fetch needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Needs {
    /// As it is called.
    what: &'static str,
    /// Where it is there.
    stages: Stage,
    /// The fetches that need it: names, or how names begin, with a `*`.
    fetches: &'static str,
}

const REQUESTS: Stage = Stage::REQUEST.or(Stage::SERVER);
const AFTER: Stage = Stage::ANSWER.or(Stage::LOG).or(Stage::CHECK);

const NEEDS: [Needs; 10] = [
    Needs {
        what: "the request",
        stages: REQUESTS,
        fetches: "base base32 base32+src baseq cook cook_cnt cook_val fcgi.docroot fcgi.index \
            hdr_cnt hdr_ip hdr_val http_auth* path pathq query rdp_cookie rdp_cookie_cnt req.body* \
            req.cook* req.fhdr* req.hdr* req.len req.payload* req.rdp_cookie* req.ssl_* req.ver \
            req_len req_ssl_* req_ver url url32 url32+src url_ip url_param url_port urlp urlp_val",
    },
    Needs {
        what: "the answer",
        stages: Stage::ANSWER.or(Stage::CHECK),
        fetches: "rep_ssl_hello_type res.body* res.cook* res.fhdr* res.hdr* res.len res.payload* \
            res.ssl_hello_type res.ver resp_ver scook* shdr*",
    },
    Needs {
        what: "a request or an answer",
        stages: REQUESTS.or(Stage::ANSWER).or(Stage::CHECK),
        fetches: "cookie distcc_* hdr internal.htx* payload payload_lv",
    },
    Needs {
        what: "what is kept of a request",
        stages: REQUESTS.or(Stage::ANSWER).or(Stage::LOG),
        fetches: "capture.req.* capture.res.ver http_first_req method req.proto_http req_proto_http",
    },
    Needs {
        what: "a connection to a server",
        stages: AFTER,
        fetches: "bc_* capture.res.hdr res.comp res.comp_algo ssl_bc* status",
    },
    Needs {
        what: "the server that is chosen",
        stages: Stage::SERVER.or(AFTER),
        fetches: "res.cache_hit res.cache_name srv_id srv_name",
    },
    Needs {
        what: "the backend that is chosen",
        stages: Stage::BACK.or(Stage::SERVER).or(AFTER),
        fetches: "be_id be_name be_server_timeout be_tunnel_timeout cur_server_timeout \
            cur_tunnel_timeout",
    },
    Needs {
        what: "a session",
        stages: Stage::SESSION.or(REQUESTS).or(Stage::ANSWER).or(Stage::LOG),
        fetches: "ssl_c_* ssl_f_* ssl_fc* ssl_s_*",
    },
    Needs {
        what: "a frontend",
        stages: Stage::CONNECTION
            .or(Stage::SESSION)
            .or(REQUESTS)
            .or(Stage::ANSWER)
            .or(Stage::LOG),
        fetches: "dst_conn fe_client_timeout fe_defbe fe_id fe_name so_id so_name",
    },
    Needs {
        what: "nothing",
        stages: Stage::ANY,
        fetches: "always_false always_true bin bool date date_us env hostname int ipv4 ipv6 meth nbproc proc \
            rand str thread unique-id uuid var",
    },
];

/// What all others need.
const RUNNING: Needs = Needs {
    what: "a proxy that runs",
    stages: Stage(Stage::START.0 - 1),
    fetches: "",
};

/// What the fetch called `name` needs.
pub(super) fn needs(name: &str) -> Needs {
    let found = NEEDS.iter().find(|needs| {
        let mut fetches = needs.fetches.split_whitespace();
        fetches.any(|fetch| match fetch.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => fetch == name,
        })
    });
    found.copied().unwrap_or(RUNNING)
}

/// The expression that `words` begin with, which is evaluated at `stage`.
///
/// # Errors
/// What HAProxy would refuse.
pub(super) fn expression(words: &[&str], stage: Stage) -> Result<Sample, SampleError> {
    let sample = sample::sample(words, true)?;
    judge(&sample, stage)?;
    Ok(sample)
}

/// Whether what the fetch of `sample` needs is there at `stage`. Conditions are not held to
/// that: HAProxy only warns of them.
///
/// # Errors
/// What is not there, and where it is.
pub(super) fn judge(sample: &Sample, stage: Stage) -> Result<(), SampleError> {
    let fetch = sample.calls.first().map(|call| call.name.as_str());
    let known = fetch.and_then(|name| Some((name, samples::fetch(name)?)));
    let Some((name, entry)) = known else {
        return Ok(());
    };
    let Needs { what, stages, .. } = entry.needs;
    if stages.meets(stage) {
        return Ok(());
    }
    let when = stage.when();
    Err(SampleError {
        message: format!("`{name}` needs {what}, which is not there {when}"),
        unknown: None,
        elsewhere: Some((stages.lines(), instead(name, stages, stage))),
    })
}

/// What to write instead of a fetch that is there at `stages`.
fn instead(name: &str, stages: Stage, stage: Stage) -> Option<String> {
    let twin = match name.split_once('.') {
        Some(("res", rest)) => Some(format!("req.{rest}")),
        Some(("req", rest)) => Some(format!("res.{rest}")),
        None => Some(format!("res.{name}")),
        _ => None,
    };
    let fits = |twin: &String| samples::fetch(twin).is_some_and(|e| e.needs.stages.meets(stage));
    if let Some(twin) = twin.filter(fits) {
        return Some(format!("did you mean `{twin}`?"));
    }
    let later = stage.meets(Stage::ANSWER.or(Stage::LOG)) && stages.meets(Stage::FRONT);
    later.then(|| {
        format!("keep it with `http-request set-var(txn.x) {name}`, and read `var(txn.x)` here")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::sample::sample;
    use super::*;

    #[test]
    fn every_name_is_that_of_a_fetch_and_stands_once() {
        let known: Vec<&str> = samples::fetch_names().collect();
        let mut seen = BTreeSet::new();
        for fetch in NEEDS
            .iter()
            .flat_map(|needs| needs.fetches.split_whitespace())
        {
            let named: Vec<_> = known
                .iter()
                .filter(|name| match fetch.strip_suffix('*') {
                    Some(start) => name.starts_with(start),
                    None => **name == fetch,
                })
                .collect();
            assert!(!named.is_empty(), "{fetch}");
            assert!(named.into_iter().all(|name| seen.insert(*name)), "{fetch}");
        }
    }

    #[test]
    fn fetches_are_there_at_their_places() {
        for (text, stage, fine) in [
            ("path", Stage::FRONT, true),
            ("path,lower", Stage::LOG, false),
            ("path", Stage::CONNECTION, false),
            ("res.hdr(a)", Stage::REQUEST, false),
            ("res.hdr(a)", Stage::ANSWER, true),
            ("status", Stage::LOG, true),
            ("be_id", Stage::FRONT, false),
            ("be_id", Stage::REQUEST, true),
            ("srv_id", Stage::BACK, false),
            ("ssl_fc", Stage::CONNECTION, false),
            ("fe_name", Stage::CHECK, false),
            ("src", Stage::CHECK, true),
            ("src", Stage::START, false),
            ("hostname", Stage::START, true),
            ("res.hdr(a)", Stage::ANY, true),
        ] {
            let sample = sample(&[text], false).expect(text);
            assert_eq!(judge(&sample, stage).is_ok(), fine, "{text} {stage:?}");
        }
    }

    #[test]
    fn what_fits_is_proposed() {
        let help = |text: &str, stage| {
            let sample = sample(&[text], false).expect(text);
            judge(&sample, stage).expect_err(text).elsewhere
        };
        let proposed = |text: &str, stage| help(text, stage).expect("places").1;
        assert_eq!(
            proposed("res.hdr(a)", Stage::FRONT).as_deref(),
            Some("did you mean `req.hdr`?")
        );
        assert!(proposed("path", Stage::LOG).is_some_and(|help| help.contains("set-var")));
        assert_eq!(proposed("srv_id", Stage::FRONT), None);
        let places = help("be_id", Stage::FRONT).expect("places").0;
        assert!(
            places.starts_with("`http-request` of a `backend`"),
            "{places}"
        );
    }
}
