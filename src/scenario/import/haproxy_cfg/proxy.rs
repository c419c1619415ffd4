//! One `defaults`, `frontend`, `backend` or `listen` section while it is read.

use std::borrow::Cow;
use std::sync::Arc;

use balance::config::{Balance, Cookie, HashType, RetryOn};
use balance::words::{ConfigWordError, WordProblem};
use balance::{Span, Version};

use super::super::{Env, Status};
use super::acl::Acls;
use super::arguments::{arguments, forwardfor};
use super::checks::Checks;
use super::drafts::{BindDraft, Reference, RuleDraft, StickDraft, UseLine};
use super::expressions::{Last, Late};
use super::keywords::{self, Keyword, Role, Verdict};
use super::line::Line;
use super::options;
use super::read::{Out, stranger};
use super::server::{ServerDraft, Template};
use super::server_words;
use super::value::{self, Address, Ports};
use super::written::WrittenLine;
use super::{Close, Reuse};
use crate::scenario::Place;
use crate::scenario::diagnostic::{Code, Diagnostic};

/// `no` or `default` before a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    None,
    No,
    Default,
}

/// A section and everything its lines set.
#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) role: Role,
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) settings: Settings,
    pub(super) servers: Vec<ServerDraft>,
    /// The addresses it listens on.
    pub(super) binds: Vec<BindDraft>,
    pub(super) stick: StickDraft,
    /// The ACLs that its conditions can use.
    pub(super) acls: Arc<Acls>,
    /// Whom its rules send requests to.
    pub(super) uses: Vec<UseLine>,
    /// The rules that may decide about a request, in order.
    pub(super) rules: Vec<RuleDraft>,
    /// The lines of `acls` and `rules`.
    pub(super) written: Vec<WrittenLine>,
    /// The place of its `defaults` among all, if it has one.
    pub(super) parent: Option<usize>,
    /// Its own place among all `defaults`, if it is one.
    pub(super) ordinal: usize,
    /// The sections that its lines name.
    pub(super) refers: Vec<Reference>,
    /// It has rules on requests or answers.
    pub(super) acts: bool,
    /// What is wrong with it unless it is disabled.
    pub(super) late: Vec<Late>,
}

/// What a proxy copies from its `defaults`.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) http: bool,
    pub(super) disabled: bool,
    pub(super) balance: Option<Balance>,
    pub(super) hash: HashType,
    pub(super) hash_balance_factor: u32,
    pub(super) cookie: Option<(Cookie, Place)>,
    pub(super) dynamic_cookie_key: Option<String>,
    pub(super) maxconn: Option<u32>,
    pub(super) monitor_uri: Option<String>,
    pub(super) fullconn: Option<u32>,
    pub(super) retries: Option<u32>,
    pub(super) retry_on: RetryOn,
    pub(super) redispatch: Option<i32>,
    pub(super) persist: bool,
    pub(super) allbackups: bool,
    pub(super) abortonclose: bool,
    pub(super) keep_alive: Option<bool>,
    pub(super) server_close: Option<bool>,
    pub(super) both_close: Option<bool>,
    pub(super) reuse: Reuse,
    pub(super) timeouts: Timeouts,
    pub(super) checks: Checks,
    pub(super) default_backend: Option<(String, Place)>,
    /// `default-server`
    pub(super) server: Template,
    /// What is looked at when all lines are known.
    pub(super) last: Last,
}

/// The timeouts that decide something; 0 is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timeouts {
    pub(super) client: Option<Span>,
    pub(super) connect: Option<Span>,
    pub(super) server: Option<Span>,
    pub(super) queue: Option<Span>,
    pub(super) check: Option<Span>,
    pub(super) tarpit: Option<Span>,
    pub(super) tunnel: Option<Span>,
}

impl Settings {
    /// None but the mode.
    fn in_mode(&self) -> Self {
        let http = self.http;
        Self {
            http,
            ..Self::default()
        }
    }

    /// What becomes of connections after an answer.
    pub(super) fn close(&self) -> Close {
        if self.both_close == Some(true) {
            Close::Both
        } else if self.server_close == Some(true) {
            Close::Server
        } else {
            Close::KeepAlive
        }
    }
}

/// A complaint of the core about the words after the one numbered `index`.
pub(super) fn words_error(line: &Line, index: usize, error: &ConfigWordError) -> Diagnostic {
    let at = index + 1 + error.index;
    match &error.problem {
        WordProblem::Unknown { word, accepted } => line.unknown(
            at,
            format!("`{word}` cannot stand here"),
            accepted.iter().copied(),
        ),
        WordProblem::Missing { .. } => line.missing(at, error.to_string()),
        _ => line.blame(at, error.to_string()),
    }
}

impl Proxy {
    /// The section that `line` opens, as a copy of `parent`.
    pub(super) fn open(role: Role, line: &Line, parent: Option<&Self>) -> Result<Self, Diagnostic> {
        let is_defaults = matches!(role, Role::Defaults | Role::NamedDefaults);
        let name = match role {
            Role::Defaults => "",
            _ => line.word(1),
        };
        if name.is_empty() && role != Role::Defaults {
            return Err(line.missing(1, format!("a `{}` section needs a name", role.name())));
        }
        if let Some(strange) = name.chars().find(|&c| !is_name_char(c)) {
            let message = format!("`{strange}` cannot stand in the name of a section");
            return Err(line
                .blame(1, message)
                .accepted("letters, digits, `-`, `_`, `.` and `:`"));
        }
        let more = line.word(2);
        let from = more == "from" && !line.word(3).is_empty();
        if !is_defaults && !more.is_empty() && !from {
            return Err(stranger(line));
        }
        Ok(Self {
            role,
            name: name.to_owned(),
            place: line.place(usize::from(!name.is_empty())),
            settings: inherited(role, parent),
            servers: Vec::new(),
            binds: Vec::new(),
            stick: StickDraft::default(),
            acls: Arc::new(Acls::below(parent.map(|parent| &parent.acls))),
            uses: Vec::new(),
            rules: Vec::new(),
            written: Vec::new(),
            parent: parent.map(|parent| parent.ordinal),
            ordinal: 0,
            refers: Vec::new(),
            acts: false,
            late: Vec::new(),
        })
    }

    /// Reads one line of the section.
    pub(super) fn apply(
        &mut self,
        line: &Line,
        prefix: Prefix,
        env: &Env,
        out: &mut Out,
    ) -> Result<(), Diagnostic> {
        let keyword = self.keyword(line)?;
        let place = match keyword.words {
            "option" => option_word(line)?.place,
            _ => keyword.place,
        };
        match place.verdict(self.role) {
            Verdict::Accepted => {}
            Verdict::Ignored => {
                self.ignored(line, keyword, out);
                // HAProxy still looks at the words of most lines that it drops.
                if keyword.words == "stick" {
                    return Ok(());
                }
                line.at_most(keyword.len() - 1, keyword.most.min(64))?;
                let mut scratch = Out::default();
                let mut copy = Self::scratch(self);
                let outcome = copy.set(keyword, line, prefix, env, &mut scratch);
                // What is looked at in the end is not dropped.
                self.uses.append(&mut copy.uses);
                if matches!(keyword.words, "balance" | "error-log-format") {
                    self.settings
                        .last
                        .set(keyword.words, line, out.ledger.len() - 1);
                }
                return outcome;
            }
            Verdict::Refused => {
                let message = format!(
                    "`{}` cannot stand in a `{}` section",
                    shown(line, keyword),
                    self.role.name()
                );
                let accepted = place.sections().join(", ");
                let note = Diagnostic::new(Code::Words, message, line.place(0));
                return Err(note.accepted(accepted));
            }
        }
        line.at_most(keyword.len() - 1, keyword.most.min(64))?;
        self.set(keyword, line, prefix, env, out)
    }

    /// A proxy to try lines on without keeping them.
    fn scratch(of: &Self) -> Self {
        Self {
            role: of.role,
            name: of.name.clone(),
            place: of.place,
            settings: of.settings.in_mode(),
            servers: Vec::new(),
            binds: Vec::new(),
            stick: StickDraft::default(),
            // Lines that add to them do not copy them.
            acls: Arc::new(Acls::below(Some(&of.acls))),
            uses: Vec::new(),
            rules: Vec::new(),
            written: Vec::new(),
            parent: of.parent,
            ordinal: of.ordinal,
            refers: Vec::new(),
            acts: false,
            late: Vec::new(),
        }
    }

    fn ignored(&self, line: &Line, keyword: &Keyword, out: &mut Out) {
        let shown = shown(line, keyword);
        let message = format!("`{shown}` is ignored in a `{}` section", self.role.name());
        out.say(Diagnostic::new(Code::Idle, message, line.place(0)));
        let why = "HAProxy ignores it in this kind of section";
        out.enter(line, 0, shown, Status::NoEffect, why);
    }

    fn keyword(&self, line: &Line) -> Result<&'static Keyword, Diagnostic> {
        let (first, second) = (line.word(0), line.word(1));
        if let Some(keyword) = keywords::keyword(first, second) {
            return Ok(keyword);
        }
        let seconds = keywords::seconds(first);
        if !seconds.is_empty() {
            if second.is_empty() {
                let note = line.missing(1, format!("`{first}` is not complete"));
                return Err(note.accepted(seconds.join(", ")));
            }
            return Err(line.unknown(1, format!("`{first}` has no `{second}`"), seconds));
        }
        let message = format!("`{}` sections have no keyword `{first}`", self.role.name());
        let retired = (keywords::RETIRED.iter()).find(|(word, _)| *word == first);
        Err(match retired {
            Some((_, help)) => line.blame(0, message).help(*help),
            None => line.unknown(0, message, keywords::firsts()),
        })
    }

    /// Does what the line says, and enters it into the ledger.
    fn set(
        &mut self,
        keyword: &'static Keyword,
        line: &Line,
        prefix: Prefix,
        env: &Env,
        out: &mut Out,
    ) -> Result<(), Diagnostic> {
        if self.rule_line(keyword, line, out)? {
            return Ok(());
        }
        self.arguments(keyword, line, prefix, out)?;
        let settings = &mut self.settings;
        match keyword.words {
            "option" => return self.option(line, prefix, out),
            "server" | "server-template" => {
                let drafts = ServerDraft::read(line, &settings.server, env, out)?;
                self.servers.extend(drafts);
                return Ok(());
            }
            "default-server" => {
                settings.server.read(line, 1, out)?;
                out.enter(line, 0, keyword.words, Status::Modelled, "");
                return Ok(());
            }
            "bind" => return self.bind(line, env, out),
            "stick-table" | "stick" => return self.stick(line, out),
            "balance" | "hash-type" | "cookie" | "retry-on" => {
                return self.words(keyword, line, out);
            }
            "http-check expect" | "http-check send" | "http-check disable-on-404" => {
                let (status, why) = settings.checks.rule(line)?;
                out.enter(line, 0, keyword.words, status, why);
                return Ok(());
            }
            "http-check connect" | "tcp-check connect" => {
                settings.checks.own_port |= line.from(2).contains(&"port");
            }
            "mode" => return self.mode(line, out),
            "disabled" | "enabled" => settings.disabled = keyword.words == "disabled",
            "dynamic-cookie-key" => {
                settings.dynamic_cookie_key = Some(needed(line, keyword)?.to_owned());
            }
            "hash-balance-factor" => {
                let factor = line.number(1, keyword.words)?;
                if factor != 0 && factor <= 100 {
                    return Err(line.blame(1, "the factor is 0 (off) or more than 100 (percent)"));
                }
                settings.hash_balance_factor = factor as u32;
            }
            "maxconn" => settings.maxconn = positive(line, keyword, out)?,
            "fullconn" => settings.fullconn = positive(line, keyword, out)?,
            "retries" => {
                positive(line, keyword, out)?;
                let most = i64::from(u32::MAX);
                settings.retries = Some(line.number(1, keyword.words)?.clamp(0, most) as u32);
            }
            "http-reuse" => {
                settings.reuse = match line.word(1) {
                    "never" => Reuse::Never,
                    "safe" => Reuse::Safe,
                    "aggressive" => Reuse::Aggressive,
                    "always" => Reuse::Always,
                    word => {
                        let known = ["never", "safe", "aggressive", "always"];
                        return Err(line.unknown(
                            1,
                            format!("`http-reuse` has no `{word}`"),
                            known,
                        ));
                    }
                }
            }
            "default_backend" => {
                let name = needed(line, keyword)?.to_owned();
                settings.default_backend = Some((name, line.place(1)));
            }
            words if words.starts_with("timeout ") => {
                let time = Some(line.time(2, words)?);
                match &words[8..] {
                    "client" => settings.timeouts.client = time,
                    "connect" => settings.timeouts.connect = time,
                    "server" => settings.timeouts.server = time,
                    "queue" => settings.timeouts.queue = time,
                    "check" => settings.timeouts.check = time,
                    "tarpit" => settings.timeouts.tarpit = time,
                    "tunnel" => settings.timeouts.tunnel = time,
                    _ => {}
                }
            }
            _ => {}
        }
        out.enter(line, 0, keyword.words, keyword.status, keyword.why);
        Ok(())
    }

    /// What the words of a line must be whatever it does.
    fn arguments(
        &mut self,
        keyword: &Keyword,
        line: &Line,
        prefix: Prefix,
        out: &Out,
    ) -> Result<(), Diagnostic> {
        if keyword.words == "log" && prefix == Prefix::No {
            return line.at_most(0, 0);
        }
        arguments(keyword.words, line)?;
        self.refer(keyword, line);
        self.formats(keyword.words, line, out.ledger.len())
    }

    fn mode(&mut self, line: &Line, out: &mut Out) -> Result<(), Diagnostic> {
        self.settings.http = mode(line)?;
        out.enter(line, 0, "mode", Status::Modelled, "");
        Ok(())
    }

    /// Remembers the section that a line names.
    fn refer(&mut self, keyword: &Keyword, line: &Line) {
        let (kind, at) = match (keyword.words, line.word(1)) {
            ("errorfiles", _) => ("http-errors", 1),
            ("filter", "cache") => ("cache", 2),
            ("use-fcgi-app", _) => ("fcgi-app", 1),
            _ => return,
        };
        self.refers.push(Reference {
            kind,
            name: line.word(at).to_owned(),
            place: line.place(at),
        });
    }

    /// The lines whose words the core reads itself.
    fn words(
        &mut self,
        keyword: &'static Keyword,
        line: &Line,
        out: &mut Out,
    ) -> Result<(), Diagnostic> {
        let words = line.from(1);
        let settings = &mut self.settings;
        settings.last.set(keyword.words, line, out.ledger.len());
        let outcome = match keyword.words {
            "balance" if words.is_empty() => {
                settings.balance = Some(Balance::unsaid(Version::V2_6));
                Ok(())
            }
            "balance" => Balance::parse(&words).map(|balance| settings.balance = Some(balance)),
            "hash-type" => {
                if words.iter().take(2).any(|word| *word == "none") {
                    let note = line.blame(2, "HAProxy 2.6 has no hash function `none`");
                    return Err(note.help("it came with HAProxy 3.0"));
                }
                HashType::parse(&words).map(|hash| settings.hash = hash)
            }
            "cookie" => {
                Cookie::parse(&words).map(|cookie| settings.cookie = Some((cookie, line.whole())))
            }
            _ => RetryOn::parse(&words).map(|retry_on| settings.retry_on = retry_on),
        };
        match outcome {
            Ok(()) => out.enter(line, 0, keyword.words, Status::Modelled, ""),
            Err(error) if matches!(error.problem, WordProblem::NotSimulated { .. }) => {
                out.enter(
                    line,
                    0,
                    keyword.words,
                    Status::NotModelled,
                    error.to_string(),
                );
            }
            Err(error) => return Err(words_error(line, 0, &error)),
        }
        Ok(())
    }

    fn option(&mut self, line: &Line, prefix: Prefix, out: &mut Out) -> Result<(), Diagnostic> {
        let option = option_word(line)?;
        let name = option.name;
        if prefix != Prefix::None && !option.negatable {
            return Err(line.blame(1, format!("`no option {name}` does not exist")));
        }
        line.at_most(1, option.most.min(64))?;
        let on = prefix == Prefix::None;
        let settings = &mut self.settings;
        match name {
            "abortonclose" => settings.abortonclose = on,
            "allbackups" => settings.allbackups = on,
            "persist" => settings.persist = on,
            "redispatch" => {
                let interval = match line.word(2) {
                    "" => -1,
                    number => value::lenient(number).0.clamp(-1000, 1000) as i32,
                };
                settings.redispatch = on.then_some(interval).filter(|&n| n != 0);
            }
            "http-keep-alive" => settings.keep_alive = Some(on),
            "http-server-close" => settings.server_close = Some(on),
            "httpclose" => settings.both_close = Some(on),
            "httplog" | "httpslog" | "tcplog" => {
                if !matches!(line.word(2), "" | "clf") {
                    let message = format!("`option {name}` only takes `clf`");
                    return Err(line.unknown(2, message, ["clf"]));
                }
                settings.last.log = None;
            }
            "forwardfor" | "originalto" => forwardfor(line, name)?,
            "http-restrict-req-hdr-names" => {
                let known = ["preserve", "delete", "reject"];
                if !known.contains(&line.word(2)) {
                    let message = format!("`option {name}` needs one of three words");
                    return Err(line.unknown(2, message, known));
                }
            }
            "httpchk" | "tcp-check" | "ldap-check" | "mysql-check" | "pgsql-check"
            | "redis-check" | "smtpchk" | "spop-check" | "ssl-hello-chk" | "external-check" => {
                settings.checks.option(line, name)?;
            }
            _ => {}
        }
        let keyword = format!("option {name}");
        out.enter(line, 0, keyword, option.status, option.why);
        Ok(())
    }

    fn bind(&mut self, line: &Line, env: &Env, out: &mut Out) -> Result<(), Diagnostic> {
        if line.word(1).is_empty() {
            let note = line.missing(1, "`bind` needs an address to listen on");
            return Err(note.accepted("`:80`, `10.0.0.1:80`, `*:8000-8009`, a path"));
        }
        for text in line.word(1).split(',') {
            let blame = |why: String| line.blame(1, why);
            let (address, _) = value::address(text, env, Ports::Listener).map_err(blame)?;
            let port = match &address {
                Address::Ip(ip) => Some(ip.port()),
                Address::Name(_, port) => Some(*port),
                Address::Local(_) => None,
            };
            let draft = BindDraft {
                text: env.expand(text).map_err(|why| blame(why.to_string()))?,
                port,
                ssl: false,
                maxconn: 0,
            };
            self.binds.push(draft);
        }
        let first = self.binds.len() - line.word(1).split(',').count();
        out.enter(line, 0, "bind", Status::Modelled, "");
        let mut at = 2;
        let words = line.from(2);
        let certificate = ["crt", "crt-list", "generate-certificates", "ca-sign-file"];
        if words.contains(&"ssl") && !words.iter().any(|word| certificate.contains(word)) {
            let place = words.iter().position(|word| *word == "ssl").unwrap_or(0);
            return Err(line.missing(2 + place, "`bind ... ssl` needs a certificate: `crt FILE`"));
        }
        while !line.word(at).is_empty() {
            let name = line.word(at);
            let Some(word) = server_words::bind_word(name) else {
                let message = format!("`bind` has no parameter `{name}`");
                return Err(line.unknown(at, message, server_words::bind_names()));
            };
            if word.arguments > 0 && line.word(at + 1).is_empty() {
                return Err(line.missing(at + 1, format!("`{name}` needs an argument")));
            }
            out.enter(line, at, format!("bind ... {name}"), word.status, word.why);
            for bind in &mut self.binds[first..] {
                match name {
                    "ssl" => bind.ssl = true,
                    "maxconn" => bind.maxconn = value::lenient(line.word(at + 1)).0.max(0) as u32,
                    _ => {}
                }
            }
            at += 1 + word.arguments;
        }
        Ok(())
    }
}

/// What a proxy copies from its `defaults`; a backend no default target.
fn inherited(role: Role, parent: Option<&Proxy>) -> Settings {
    let mut settings = parent.map_or_else(Settings::default, |parent| parent.settings.clone());
    if role == Role::Backend {
        settings.default_backend = None;
    }
    settings.last = settings.last.inherited(role);
    settings
}

/// The option that a line names.
fn option_word(line: &Line) -> Result<&'static options::Word, Diagnostic> {
    let name = line.word(1);
    if name.is_empty() {
        return Err(line.missing(1, "`option` needs a name"));
    }
    options::option(name).ok_or_else(|| {
        let message = format!("there is no `option {name}`");
        match (options::RETIRED.iter()).find(|(word, _)| *word == name) {
            Some((_, help)) => line.blame(1, message).help(*help),
            None => line.unknown(1, message, options::names()),
        }
    })
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':')
}

/// The keyword as it stands in the line.
fn shown(line: &Line, keyword: &Keyword) -> Cow<'static, str> {
    match keyword.words {
        "option" => format!("option {}", line.word(1)).into(),
        words => words.into(),
    }
}

/// The argument that must be there.
fn needed<'a>(line: &'a Line, keyword: &Keyword) -> Result<&'a str, Diagnostic> {
    match line.word(keyword.len()) {
        "" => Err(line.missing(
            keyword.len(),
            format!("`{}` needs an argument", keyword.words),
        )),
        word => Ok(word),
    }
}

fn mode(line: &Line) -> Result<bool, Diagnostic> {
    match line.word(1) {
        "http" => Ok(true),
        "tcp" => Ok(false),
        "" => Err(line.missing(1, "`mode` needs `http` or `tcp`")),
        "health" => Err(line
            .blame(1, "`mode health` is gone since HAProxy 2.1")
            .help("use `http-request return status 200` instead")),
        word => Err(line.unknown(1, format!("there is no mode `{word}`"), ["http", "tcp"])),
    }
}

/// A number above 0, or none; HAProxy reads anything else as 0.
fn positive(line: &Line, keyword: &Keyword, out: &mut Out) -> Result<Option<u32>, Diagnostic> {
    let number = line.number(1, keyword.words)?;
    let (_, clean) = value::lenient(line.word(1));
    if !clean {
        let message = format!(
            "`{}` is no whole number: HAProxy reads it as {number}",
            line.word(1)
        );
        out.say(Diagnostic::new(Code::Lint, message, line.place(1)));
    }
    Ok(u32::try_from(number).ok().filter(|&n| n > 0))
}
