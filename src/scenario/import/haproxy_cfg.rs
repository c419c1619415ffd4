//! `haproxy.cfg`: reads one or several files as HAProxy 2.6 does, and says of every line
//! what becomes of it.
//!
//! `read` walks the lines; `token` makes words of them; the tables `keywords`,
//! `options`, `server_words` and `global` know the language; `proxy`, `server` and
//! `checks` keep what is modelled; `lower` makes the core's settings of it.

mod acl;
mod actions;
mod arguments;
mod checks;
mod condition;
mod drafts;
mod expressions;
mod format;
mod global;
mod keywords;
mod line;
mod lint;
mod lists;
mod lower;
mod network;
mod options;
mod proxy;
mod read;
mod rules;
mod sample;
mod sample_arguments;
mod samples;
mod server;
mod server_words;
mod stage;
mod stick;
mod token;
mod value;
mod written;

use balance::{BackendId, Config, Span};

pub use lists::ReadList;
pub(crate) use written::{KEYWORDS, line as line_of};

use super::{Directive, Env};
use crate::plan::{List, RuleLines};
use crate::scenario::diagnostic::{Diagnostic, Severity};
use crate::scenario::{FileId, Files, Place};

/// What a configuration comes to.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// The settings of every backend and every `listen` that has servers or is sent
    /// requests, in the order of the files.
    pub config: Config,
    /// What the simulation must know of those backends besides, in the same order.
    pub backends: Vec<BackendFacts>,
    /// Where the servers of each backend are, in the same order: `10.0.0.1:80`, `web:80`.
    pub addresses: Vec<Vec<String>>,
    /// Which of those addresses HAProxy looks up again and again (`resolvers`), in the same
    /// order.
    pub looked_up: Vec<Vec<bool>>,
    /// Where clients arrive, in the order of the files: `frontend` and `listen`.
    pub frontends: Vec<Frontend>,
    /// The rules of the sections that are followed, as lines.
    pub rules: RuleLines,
    /// One entry per line, and one per word that is not modelled.
    pub ledger: Vec<Directive>,
    /// What is wrong or doubtful.
    pub notes: Vec<Diagnostic>,
}

impl Imported {
    /// Whether HAProxy would refuse to start.
    pub fn is_refused(&self) -> bool {
        self.notes
            .iter()
            .any(|note| note.severity() == Severity::Error)
    }
}

/// A backend beyond the core's settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackendFacts {
    /// `mode http` rather than `mode tcp`.
    pub http: bool,
    /// When a connection to a server is used again.
    pub reuse: Reuse,
    /// What becomes of a connection after an answer.
    pub close: Close,
    /// Where it is declared.
    pub place: Place,
}

/// Where clients arrive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontend {
    /// Its name.
    pub name: String,
    /// `mode http` rather than `mode tcp`.
    pub http: bool,
    /// The addresses it listens on, as written.
    pub binds: Vec<String>,
    /// The first port it listens on, if it is a network port.
    pub port: Option<u16>,
    /// `maxconn`; absent: the global one.
    pub maxconn: Option<u32>,
    /// `timeout client`
    pub timeout_client: Option<Span>,
    /// `option httpclose` and its relatives.
    pub close: Close,
    /// Where requests go that no rule sends elsewhere; a `listen` with servers names itself.
    pub default_backend: Option<BackendId>,
    /// Where it is declared.
    pub place: Place,
}

/// `http-reuse`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    /// `never`
    Never,
    /// `safe`
    #[default]
    Safe,
    /// `aggressive`
    Aggressive,
    /// `always`
    Always,
}

/// What becomes of connections after an answer; the later ones win over the earlier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Close {
    /// `option http-keep-alive`
    #[default]
    KeepAlive,
    /// `option http-server-close`
    Server,
    /// `option httpclose`
    Both,
}

/// Reads the files numbered `which`, in this order, as one configuration. `env` holds the
/// environment variables; nothing else is looked at: rules that need files of patterns or maps
/// are not followed.
pub fn read_cfg(files: &Files, which: &[FileId], env: &Env) -> Imported {
    let draft = read::read(Dialect::V2_6, files, which, env);
    lower::lower(draft, &Scope::Whole, &lists::Lists::new(None))
}

/// The same, with the files of patterns and maps that it names: `read` gives their texts.
pub fn read_cfg_with_lists(
    files: &Files,
    which: &[FileId],
    env: &Env,
    read: &ReadList<'_>,
) -> Imported {
    read_cfg_in(Dialect::V2_6, files, which, env, read)
}

/// The same, of a configuration that was written for another version.
pub fn read_cfg_in(
    dialect: Dialect,
    files: &Files,
    which: &[FileId],
    env: &Env,
    read: &ReadList<'_>,
) -> Imported {
    let draft = read::read(dialect, files, which, env);
    lower::lower(draft, &Scope::Whole, &lists::Lists::new(Some(read)))
}

/// Which HAProxy a configuration was written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// What 2.6 accepts.
    #[default]
    V2_6,
    /// 1.5 besides takes addresses behind the name of a section: `listen web *:80`.
    V1_5,
}

/// What [`lower`] makes of a draft.
enum Scope<'a> {
    /// A whole configuration.
    Whole,
    /// The rules of a scenario, whose backends have these names, in this order.
    Rules(&'a [String]),
}

/// A line of a section as a scenario has it.
#[derive(Clone, Debug)]
pub(crate) struct SectionLine {
    /// The whole line: `frontend www`, `acl is_api path_beg /api`.
    pub(crate) text: String,
    /// Where it stands in a scenario.
    pub(crate) place: Place,
    /// So many bytes after the beginning of the place is that of the text, or before it, where
    /// the first word is ours; none if its words cannot be found there.
    pub(crate) lead: Option<i32>,
}

/// Reads `lines` as sections of a configuration of which only the rules count. `backends`
/// are the names of all backends, in order; the settings of [`Imported`] are theirs. `lists` are
/// the files of patterns and maps that there are.
pub(crate) fn read_rules(lines: Vec<SectionLine>, backends: &[String], lists: &[List]) -> Imported {
    let draft = read::read_lines(lines);
    lower::lower(draft, &Scope::Rules(backends), &lists::Lists::of(lists))
}

#[cfg(test)]
mod tests;
