//! The rules of whole sections: what happens to a request in a frontend and in a backend.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use balance::action::{Action, Format, Part, Redirect, Rule};
use balance::config::Backend;
use balance::counter::Level;
use balance::route::{Bind, Frontend, Monitor, Rules, Switch, Target};
use balance::rule::{Condition, PersistRule, UseServer};
use balance::{BackendId, Span};

use super::super::super::{Directive, Status};
use super::super::drafts::{RuleDraft, RuleKind};
use super::super::proxy::Proxy;
use super::condition::Conditions;
use super::expression::{Scope, format};
use super::{Lowering, limited, rule};

/// What became of lines whose fate is only known when all have been read: followed, or not,
/// because of this.
#[derive(Default)]
pub(super) struct Marks(RefCell<BTreeMap<usize, (Status, Cow<'static, str>)>>);

impl Marks {
    /// The line at `entry` of the ledger is followed, but for what `doubt` says. What has
    /// been doubted once stays so.
    fn set(&self, entry: usize, doubt: Option<String>) {
        let mark = match doubt {
            None => (Status::Modelled, Cow::Borrowed("")),
            Some(why) => (Status::NotModelled, Cow::Owned(why)),
        };
        let mut marks = self.0.borrow_mut();
        let worse = marks.get(&entry).is_none_or(|known| known.0 < mark.0);
        if worse {
            marks.insert(entry, mark);
        }
    }

    /// Writes them into the ledger.
    pub(super) fn apply(self, ledger: &mut [Directive]) {
        for (entry, (status, why)) in self.0.into_inner() {
            ledger[entry].status = status;
            ledger[entry].why = why;
        }
    }
}

/// The rules of one section, by kind.
#[derive(Default)]
pub(super) struct Followed {
    pub(super) rules: Rules,
    pub(super) switches: Vec<Switch>,
    pub(super) persist: Vec<PersistRule>,
    pub(super) servers: Vec<UseServer>,
    /// Their places in the ledger.
    pub(super) entries: BTreeSet<usize>,
    /// When the proxy says that it does not feel well.
    pub(super) fail: Vec<Condition>,
}

/// The rules of `proxy` that can be followed.
pub(super) fn followed(
    lowering: &Lowering<'_>,
    ids: &BTreeMap<usize, BackendId>,
    index: Option<usize>,
    proxy: &Proxy,
    marks: &Marks,
) -> Followed {
    let find = |name: &str| {
        let index = lowering.backs.get(name)?;
        ids.get(index).copied()
    };
    let tables = |name: &str| {
        let name = if name.is_empty() { &proxy.name } else { name };
        let found = lowering.tables.get(name).copied();
        lowering
            .counted
            .set(lowering.counted.get() || found.is_some());
        found
    };
    let scope = Scope {
        own: index.and_then(|index| ids.get(&index).copied()),
        find: &find,
        tables: &tables,
        lists: lowering.lists,
        http: proxy.settings.http,
    };
    let conditions = Conditions::new(&proxy.acls, scope);
    conditions.judge(|entry, doubt| {
        marks.set(entry, doubt.map(|why| format!("{why}: it never holds")));
    });
    let mut followed = Followed::default();
    for draft in &proxy.rules {
        let counted = lowering.counted.get();
        let (known, doubt) = follow(draft, &conditions, &mut followed);
        if !followed.entries.contains(&draft.entry) {
            lowering.counted.set(counted);
        }
        if known {
            // The core hears of requests, and not when a connection is closed.
            let idle = followed.rules.connection.last().filter(|rule| {
                let Action::Track(_, _, table, Level::Connection) = &rule.action else {
                    return false;
                };
                lowering.current.contains(table)
                    && matches!(draft.kind, RuleKind::Action(Level::Connection, _))
            });
            let idle = idle.map(|_| "an idle connection does not count in `conn_cur`".to_owned());
            marks.set(draft.entry, doubt.or(idle));
        }
    }
    followed
}

/// Adds one rule to `followed`. Whether it is of a kind that can be followed; what is
/// doubtful about it.
fn follow(
    draft: &RuleDraft,
    conditions: &Conditions<'_>,
    followed: &mut Followed,
) -> (bool, Option<String>) {
    let ignored = |why: String| (true, Some(format!("{why}: the rule is taken as not there")));
    let verb = match verb(draft, &conditions.scope) {
        None => return (false, None),
        Some(Err(why)) => return ignored(why),
        Some(Ok(verb)) => verb,
    };
    let (condition, doubt) = match conditions.condition(&draft.condition) {
        Err(why) => return ignored(why),
        Ok(known) => known,
    };
    followed.entries.insert(draft.entry);
    let label = draft.label.clone();
    match verb {
        Verb::Act(level, action) => {
            let rules = match level {
                Level::Connection => &mut followed.rules.connection,
                Level::Content => &mut followed.rules.content,
                Level::Request => &mut followed.rules.request,
            };
            rules.push(Rule {
                action,
                condition,
                label,
            });
        }
        Verb::Redirect(redirect) => followed.rules.redirect.push(Rule {
            action: Action::Redirect(redirect),
            condition,
            label,
        }),
        Verb::Switch(to) => followed.switches.push(Switch {
            to,
            condition,
            label,
        }),
        Verb::Server(server) => followed.servers.push(UseServer {
            server,
            condition,
            label,
        }),
        Verb::Fail => followed.fail.push(condition),
        Verb::Force => followed.persist.push(PersistRule::Force(condition)),
        Verb::Ignore => followed.persist.push(PersistRule::Ignore(condition)),
    }
    (
        true,
        doubt.map(|why| format!("{why}: what needs it never holds")),
    )
}

/// What a rule does.
enum Verb {
    Act(Level, Action),
    Redirect(Redirect),
    Switch(Target),
    Server(Format),
    Fail,
    Force,
    Ignore,
}

/// What `draft` does; nothing if it is of a kind that is not followed.
fn verb(draft: &RuleDraft, scope: &Scope<'_>) -> Option<Result<Verb, String>> {
    Some(match draft.kind {
        RuleKind::Action(level, name) => {
            let action = rule::action(level, name, &draft.words, scope)?;
            action.map(|action| Verb::Act(level, action))
        }
        RuleKind::Redirect => {
            rule::redirect(&draft.words, |text| Ok(literal(text))).map(Verb::Redirect)
        }
        RuleKind::UseBackend => target(&draft.words[0], scope).map(Verb::Switch),
        RuleKind::UseServer => format(&draft.words[0], scope).map(Verb::Server),
        RuleKind::Fail => Ok(Verb::Fail),
        RuleKind::Force => Ok(Verb::Force),
        RuleKind::Ignore => Ok(Verb::Ignore),
    })
}

/// The target of a `redirect` line, which is no format.
fn literal(text: &str) -> Format {
    let text = (!text.is_empty()).then(|| Part::Text(text.to_owned()));
    Format(text.into_iter().collect())
}

fn target(name: &str, scope: &Scope<'_>) -> Result<Target, String> {
    if name.contains('%') {
        return format(name, scope).map(Target::Named);
    }
    // A backend that is not there is complained about elsewhere.
    let id = (scope.find)(name).ok_or_else(|| format!("`{name}` is no backend in use"))?;
    Ok(Target::Backend(id))
}

/// What the core knows of a frontend.
pub(super) fn frontend(
    lowering: &Lowering<'_>,
    ids: &BTreeMap<usize, BackendId>,
    index: usize,
    default_backend: Option<BackendId>,
    followed: &Followed,
) -> Frontend {
    let proxy = &lowering.draft.proxies[index];
    let binds = proxy.binds.iter().map(|bind| Bind {
        port: bind.port.unwrap_or(0),
        ssl: bind.ssl,
        maxconn: bind.maxconn,
    });
    Frontend {
        name: proxy.name.clone(),
        binds: binds.collect(),
        listen: ids.get(&index).copied(),
        monitor: (proxy.settings.monitor_uri.clone()).map(|uri| Monitor {
            uri,
            fail: followed.fail.clone(),
        }),
        rules: followed.rules.clone(),
        switches: followed.switches.clone(),
        default_backend,
        timeout_tarpit: tarpit(proxy),
        maxconn: (proxy.settings.maxconn)
            .or(lowering.draft.maxconn)
            .unwrap_or(0),
    }
}

/// Puts the rules of a section into its backend.
pub(super) fn complete(backend: &mut Backend, proxy: &Proxy, followed: Followed) {
    backend.rules = followed.rules;
    backend.persist_rules = followed.persist;
    backend.use_server = followed.servers;
    backend.timeout_tarpit = limited(proxy.settings.timeouts.tarpit);
}

/// `timeout tarpit`, else `timeout connect`.
fn tarpit(proxy: &Proxy) -> Option<Span> {
    let timeouts = &proxy.settings.timeouts;
    limited(timeouts.tarpit.or(timeouts.connect))
}
