//! The rules of whole sections: what happens to a request in a frontend and in a backend.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use balance::action::Rule;
use balance::config::Backend;
use balance::route::{Bind, Frontend, Rules, Switch, Target};
use balance::rule::{Condition, PersistRule, UseServer};
use balance::{BackendId, Span};

use super::super::super::{Directive, Status};
use super::super::proxy::{Proxy, RuleDraft, RuleKind};
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
    let scope = Scope {
        own: index.and_then(|index| ids.get(&index).copied()),
        find: &find,
        http: proxy.settings.http,
    };
    let conditions = Conditions::new(&proxy.acls, scope);
    conditions.judge(|entry, doubt| {
        marks.set(entry, doubt.map(|why| format!("{why}: it never holds")));
    });
    let mut followed = Followed::default();
    for draft in &proxy.rules {
        if let Some(doubt) = follow(draft, &conditions, &mut followed) {
            marks.set(draft.entry, doubt);
        }
    }
    followed
}

/// Adds one rule to `followed`; says what is doubtful about it, if it is of a kind that
/// can be followed.
fn follow(
    draft: &RuleDraft,
    conditions: &Conditions<'_>,
    followed: &mut Followed,
) -> Option<Option<String>> {
    let scope = &conditions.scope;
    let known = conditions.condition(&draft.condition);
    let ignored = |why: &str| Some(Some(format!("{why}: the rule is taken as not there")));
    let mut add: Box<dyn FnMut(Condition)> = match draft.kind {
        RuleKind::Request(name) => match rule::action(name, &draft.words, scope)? {
            Err(why) => return ignored(&why),
            Ok(action) => Box::new(move |condition| {
                let action = action.clone();
                followed.rules.request.push(Rule { action, condition });
            }),
        },
        RuleKind::Redirect => match rule::redirect(&draft.words, scope) {
            Err(why) => return ignored(&why),
            Ok(redirect) => Box::new(move |condition| {
                let action = balance::action::Action::Redirect(redirect.clone());
                followed.rules.redirect.push(Rule { action, condition });
            }),
        },
        RuleKind::UseBackend => match target(&draft.words[0], scope) {
            Err(why) => return ignored(&why),
            Ok(to) => Box::new(move |condition| {
                let to = to.clone();
                followed.switches.push(Switch { to, condition });
            }),
        },
        RuleKind::UseServer => match format(&draft.words[0], scope) {
            Err(why) => return ignored(&why),
            Ok(server) => Box::new(move |condition| {
                let server = server.clone();
                followed.servers.push(UseServer { server, condition });
            }),
        },
        RuleKind::Force => {
            Box::new(|condition| followed.persist.push(PersistRule::Force(condition)))
        }
        RuleKind::Ignore => {
            Box::new(|condition| followed.persist.push(PersistRule::Ignore(condition)))
        }
    };
    match known {
        Err(why) => {
            drop(add);
            ignored(&why)
        }
        Ok((condition, doubt)) => {
            add(condition);
            Some(doubt.map(|why| format!("{why}: what needs it never holds")))
        }
    }
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
        rules: followed.rules.clone(),
        switches: followed.switches.clone(),
        default_backend,
        timeout_tarpit: tarpit(proxy),
        maxconn: lowering.maxconn(proxy),
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
