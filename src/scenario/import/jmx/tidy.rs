//! Takes out of a script what can have no effect, and says plainly what is plain.

use std::collections::{BTreeMap, BTreeSet};

use crate::scenario::schema::script::{Deed, Request};
use crate::scenario::schema::{self, Named};

/// The script without steps that do nothing, and without values that nothing reads.
pub(super) fn script(deeds: Vec<Deed>) -> Vec<Deed> {
    let mut deeds = steps(deeds);
    // A value may only be read by something that goes itself.
    for _ in 0..3 {
        let used = words(&deeds);
        deeds = steps(without_unread(deeds, &used));
    }
    let mut timers = BTreeMap::new();
    visit(&deeds, &mut |deed| {
        if let Deed::Pace(pace) = deed
            && let Some(timer) = &pace.timer
        {
            *timers.entry(timer.clone()).or_insert(0) += 1;
        }
    });
    change(&mut deeds, &mut |deed| {
        if let Deed::Pace(pace) = deed {
            let alone = |timer: &String| timers.get(timer) == Some(&1);
            pace.timer = pace.timer.take().filter(|timer| !alone(timer));
        }
    });
    deeds
}

fn steps(deeds: Vec<Deed>) -> Vec<Deed> {
    deeds.into_iter().flat_map(one).collect()
}

/// What is left of a step.
fn one(deed: Deed) -> Vec<Deed> {
    let counts = |text: &Option<String>| {
        text.as_ref()
            .is_some_and(|text| text.contains("${__counter"))
    };
    let mut deed = deed;
    let keeps = match &mut deed {
        Deed::Group(inner) => return steps(std::mem::take(inner)),
        Deed::Pause(time) => time.0 != "0ms",
        Deed::Set(pairs) => !pairs.0.is_empty(),
        Deed::Loop(looped) => {
            let inner = steps(looped.steps.take().unwrap_or_default());
            if looped.times.as_ref().is_some_and(|times| times.0 == "1") {
                return inner;
            }
            let never = looped.times.as_ref().is_some_and(|times| times.0 == "0");
            filled(&mut looped.steps, inner) && !never
        }
        Deed::While(inner) | Deed::If(inner) => {
            let keeps = counts(&inner.condition);
            let steps = steps(inner.steps.take().unwrap_or_default());
            filled(&mut inner.steps, steps) || keeps
        }
        Deed::Runtime(inner) => {
            let steps = steps(inner.steps.take().unwrap_or_default());
            filled(&mut inner.steps, steps)
        }
        Deed::ForEach(inner) => {
            let steps = steps(inner.steps.take().unwrap_or_default());
            filled(&mut inner.steps, steps)
        }
        Deed::Throughput(inner) => {
            let steps = steps(inner.steps.take().unwrap_or_default());
            filled(&mut inner.steps, steps)
        }
        Deed::Once(inner) => {
            *inner = steps(std::mem::take(inner));
            !inner.is_empty()
        }
        Deed::Random(choices) | Deed::RandomOrder(choices) | Deed::Interleave(choices) => {
            *choices = std::mem::take(choices).into_iter().map(choice).collect();
            choices.iter().any(|choice| !is_nothing(choice))
        }
        Deed::Switch(switch) => {
            let choices = switch.choices.take().unwrap_or_default().0.into_iter();
            let choices: Vec<(String, Deed)> =
                choices.map(|(name, deed)| (name, choice(deed))).collect();
            let keeps = choices.iter().any(|(_, choice)| !is_nothing(choice));
            switch.choices = Some(Named(choices));
            keeps
        }
        _ => true,
    };
    if keeps { vec![deed] } else { Vec::new() }
}

fn filled(into: &mut Option<Vec<Deed>>, steps: Vec<Deed>) -> bool {
    let keeps = !steps.is_empty();
    *into = Some(steps);
    keeps
}

/// What can be chosen stays, even if it does nothing.
fn choice(deed: Deed) -> Deed {
    if is_nothing(&deed) {
        return deed;
    }
    let mut left = one(deed);
    if left.len() == 1 {
        return left.remove(0);
    }
    Deed::Group(left)
}

fn is_nothing(deed: &Deed) -> bool {
    match deed {
        Deed::Group(inner) => inner.is_empty(),
        Deed::Pause(time) => time.0 == "0ms",
        _ => false,
    }
}

/// Without extractors, counters and data of which nothing reads a variable.
fn without_unread(mut deeds: Vec<Deed>, used: &Words) -> Vec<Deed> {
    change(&mut deeds, &mut |deed| {
        let unread = match deed {
            Deed::Extract(extract) => !used.mentions_some(extract.variable.as_slice()),
            Deed::Counter(counter) => !used.mentions_some(counter.variable.as_slice()),
            Deed::Data(data) => {
                data.stop != Some(true)
                    && !used.mentions_some(data.variables.as_deref().unwrap_or_default())
            }
            Deed::Set(pairs) => {
                pairs.0.retain(|(name, value)| {
                    used.mentions(name) || name.contains('.') || value.contains("${__")
                });
                pairs.0.is_empty()
            }
            _ => false,
        };
        if unread {
            *deed = Deed::Group(Vec::new());
        }
    });
    deeds
}

/// The words that texts of a script are made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    all: BTreeSet<String>,
    /// Whether names are put together during the run.
    any: bool,
    /// Whether scripts ask for variables by name.
    by_name: bool,
    /// What the names begin with that `ForEach` controllers put together.
    prefixes: BTreeSet<String>,
}

impl Words {
    fn learn(&mut self, text: &str) {
        self.by_name |= text.contains("vars.") || text.contains("vars[");
        self.any |= text.contains("${__V(") || text.contains("${__eval(");
        let inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        for word in text
            .split(|c: char| !inner(c))
            .filter(|word| !word.is_empty())
        {
            for piece in word.split(['-', '.']) {
                // `x` is also what `x_1`, `x_g1` and `x_matchNr` come from.
                let cuts = piece.match_indices('_').take(8).map(|(at, _)| at);
                self.all.extend(cuts.map(|at| piece[..at].to_owned()));
                self.all.insert(piece.to_owned());
            }
            self.all.insert(word.to_owned());
        }
    }

    /// Whether something may read this variable.
    pub(super) fn mentions(&self, name: &str) -> bool {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        self.any || self.all.contains(name) || !name.chars().all(plain) || self.asks_for(name)
    }

    /// Whether a variable must be there by its name, although its value is known.
    pub(super) fn asks_for(&self, name: &str) -> bool {
        let cuts = name.char_indices().map(|(at, _)| &name[..at]);
        self.any
            || (self.by_name && self.all.contains(name))
            || cuts.take(100).any(|cut| self.prefixes.contains(cut))
    }

    fn mentions_some(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.mentions(name))
    }
}

/// The words of everything that reads variables.
pub(super) fn words(deeds: &[Deed]) -> Words {
    let mut words = Words::default();
    visit(deeds, &mut |deed| {
        if let Deed::ForEach(inner) = deed {
            words.prefixes.extend(inner.input.clone());
        }
        let texts: Vec<&String> = match deed {
            Deed::Request(request) => {
                let headers = request.headers.iter().flat_map(|headers| &headers.0);
                let headers = headers.map(|(_, value)| value);
                headers.chain(&request.uri).chain(&request.method).collect()
            }
            Deed::Set(pairs) => pairs.0.iter().map(|(_, value)| value).collect(),
            Deed::Loop(looped) => looped.times.iter().map(|times| &times.0).collect(),
            Deed::While(inner) | Deed::If(inner) => inner.condition.iter().collect(),
            Deed::ForEach(inner) => inner.input.iter().collect(),
            Deed::Switch(switch) => switch.value.iter().collect(),
            _ => Vec::new(),
        };
        for text in texts {
            words.learn(text);
        }
    });
    words
}

/// Whether anything is sent.
pub(super) fn sends(deeds: &[Deed]) -> bool {
    let mut sends = false;
    visit(deeds, &mut |deed| sends |= matches!(deed, Deed::Request(_)));
    sends
}

/// Gives a group its script: plainly, if it is one request that is always the same.
pub(super) fn lower(mut script: Vec<Deed>, group: &mut schema::ThreadGroup) {
    let mut requests: Vec<Request> = Vec::new();
    visit(&script, &mut |deed| {
        if let Deed::Request(request) = deed {
            requests.push((**request).clone());
        }
    });
    let Some(first) = requests.first() else {
        return;
    };
    let all = |same: &dyn Fn(&Request) -> bool| requests.iter().all(same);
    // What all have in common is said once.
    let headers = first
        .headers
        .clone()
        .filter(|_| all(&|r| r.headers == first.headers));
    let keep_alive = first
        .keep_alive
        .filter(|_| all(&|r| r.keep_alive == first.keep_alive));
    let connect = first.connect_timeout.clone();
    let connect = connect.filter(|_| all(&|r| r.connect_timeout == first.connect_timeout));
    let response = first.response_timeout.clone();
    let response = response.filter(|_| all(&|r| r.response_timeout == first.response_timeout));
    change(&mut script, &mut |deed| {
        if let Deed::Request(request) = deed {
            if headers.is_some() {
                request.headers = None;
            }
            if keep_alive.is_some() {
                request.keep_alive = None;
            }
            if connect.is_some() {
                request.connect_timeout = None;
            }
            if response.is_some() {
                request.response_timeout = None;
            }
        }
    });
    group.headers = headers;
    group.keep_alive = keep_alive;
    group.connect_timeout = connect;
    group.response_timeout = response;
    if let [Deed::Request(request)] = script.as_slice()
        && is_constant(first)
        && group.variables.is_none()
    {
        group.method.clone_from(&request.method);
        group.uri = request.uri.clone().filter(|uri| uri != "/");
        return;
    }
    group.script = Some(script);
}

fn is_constant(request: &Request) -> bool {
    let headers = request.headers.iter().flat_map(|headers| &headers.0);
    let headers = headers.map(|(_, value)| value);
    let mut texts = headers.chain(&request.uri).chain(&request.method);
    texts.all(|text| !text.contains("${") && !text.contains('\\'))
}

/// Looks at every step, outer ones first.
fn visit(deeds: &[Deed], look: &mut dyn FnMut(&Deed)) {
    for deed in deeds {
        look(deed);
        match deed {
            Deed::Loop(inner) => visit(inner.steps.as_deref().unwrap_or_default(), look),
            Deed::While(inner) | Deed::If(inner) => {
                visit(inner.steps.as_deref().unwrap_or_default(), look);
            }
            Deed::Runtime(inner) => visit(inner.steps.as_deref().unwrap_or_default(), look),
            Deed::ForEach(inner) => visit(inner.steps.as_deref().unwrap_or_default(), look),
            Deed::Throughput(inner) => visit(inner.steps.as_deref().unwrap_or_default(), look),
            Deed::Once(inner)
            | Deed::Group(inner)
            | Deed::Random(inner)
            | Deed::RandomOrder(inner)
            | Deed::Interleave(inner) => visit(inner, look),
            Deed::Switch(switch) => {
                for (_, choice) in switch.choices.iter().flat_map(|choices| &choices.0) {
                    visit(std::slice::from_ref(choice), look);
                }
            }
            _ => {}
        }
    }
}

/// Changes every step, outer ones first.
fn change(deeds: &mut [Deed], edit: &mut dyn FnMut(&mut Deed)) {
    for deed in deeds {
        edit(deed);
        match deed {
            Deed::Loop(inner) => change(inner.steps.as_deref_mut().unwrap_or_default(), edit),
            Deed::While(inner) | Deed::If(inner) => {
                change(inner.steps.as_deref_mut().unwrap_or_default(), edit);
            }
            Deed::Runtime(inner) => change(inner.steps.as_deref_mut().unwrap_or_default(), edit),
            Deed::ForEach(inner) => change(inner.steps.as_deref_mut().unwrap_or_default(), edit),
            Deed::Throughput(inner) => change(inner.steps.as_deref_mut().unwrap_or_default(), edit),
            Deed::Once(inner)
            | Deed::Group(inner)
            | Deed::Random(inner)
            | Deed::RandomOrder(inner)
            | Deed::Interleave(inner) => change(inner, edit),
            Deed::Switch(switch) => {
                for (_, choice) in switch.choices.iter_mut().flat_map(|choices| &mut choices.0) {
                    change(std::slice::from_mut(choice), edit);
                }
            }
            _ => {}
        }
    }
}
