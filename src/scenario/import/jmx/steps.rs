//! What a controller does in each turn, and samplers that send nothing.

use super::element::{Element, Property};
use super::kinds::Kind;
use super::read::Reader;
use super::scope::{self, Level, Levels};
use crate::scenario::import::Status;
use crate::scenario::schema::script::{Deed, Leave};
use crate::scenario::schema::{Named, Time};

/// Controllers inside one another. A scenario may have 64 brackets inside one another, of
/// which a controller takes up to four.
pub(super) const DEPTH: usize = 13;
/// Samples of JMeter that are no requests.
const COUNTED: &str = "it sends nothing; JMeter counts it as a sample";

impl<'e> Reader<'e> {
    /// What is done in each turn of a controller with these children.
    pub(super) fn sequence(
        &mut self,
        children: &'e [Element],
        levels: &mut Levels<'e>,
    ) -> Vec<Deed> {
        let level = Level::of(children, self);
        scope::within(levels, level, |levels| self.turn(children, levels))
    }

    /// The same where the level of the children is the innermost of `levels`.
    pub(super) fn turn(&mut self, children: &'e [Element], levels: &mut Levels<'e>) -> Vec<Deed> {
        let mut deeds = self.starters(children, levels);
        for child in children {
            let more = self.step(child, levels);
            self.spend(more.len());
            deeds.extend(more);
        }
        deeds
    }

    /// What the nearest controller does first in each turn: also for what stands below its
    /// samplers.
    pub(super) fn starters(
        &mut self,
        children: &'e [Element],
        levels: &mut Levels<'e>,
    ) -> Vec<Deed> {
        let mut starters = levels
            .last()
            .map_or_else(Vec::new, |level| level.starters.clone());
        let is_sampler = |child: &&Element| {
            child.enabled && child.kind().is_step() && !matches!(child.kind(), Kind::Controller(_))
        };
        for sampler in children.iter().filter(is_sampler) {
            let own = Level::of(&sampler.children, self);
            starters.extend(own.starters);
        }
        starters
    }

    /// The steps of one sampler or controller.
    pub(super) fn step(&mut self, element: &'e Element, levels: &mut Levels<'e>) -> Vec<Deed> {
        if !element.enabled || self.is_spent() {
            return Vec::new();
        }
        match element.kind() {
            Kind::Http => self.http(element, levels),
            Kind::Silent(status, why) => {
                self.ledger.element(element, status, why);
                self.quiet(element, levels, Vec::new())
            }
            Kind::Script => {
                self.script(element);
                self.quiet(element, levels, Vec::new())
            }
            Kind::Dummy => {
                let time = self.dummy(element);
                self.quiet(element, levels, time)
            }
            Kind::Action => {
                let action = self.action(element);
                self.quiet(element, levels, action)
            }
            Kind::Controller(kind) => {
                if self.depth >= DEPTH {
                    let why = "more controllers inside one another than a scenario has room for";
                    self.ledger.element(element, Status::NotModelled, why);
                    return Vec::new();
                }
                self.depth += 1;
                let deeds = self.controller(element, kind, levels);
                self.depth -= 1;
                deeds
            }
            _ => Vec::new(),
        }
    }

    /// A sampler that sends nothing: its timers still count, and it does `deeds`.
    fn quiet(
        &mut self,
        element: &'e Element,
        levels: &mut Levels<'e>,
        deeds: Vec<Deed>,
    ) -> Vec<Deed> {
        let own = Level::of(&element.children, self);
        scope::within(levels, own, |levels| {
            let mut all = scope::waits(levels);
            all.extend(deeds);
            all.extend(silent(levels));
            all
        })
    }

    fn script(&mut self, element: &Element) {
        let texts = element.properties.iter();
        let texts = texts.filter(|p| {
            ["script", "query", "filename"]
                .iter()
                .any(|name| p.name.ends_with(name))
        });
        let script: String = texts.map(Property::text).collect();
        let acts = [
            "vars.", "props.", "sleep", "ctx.", "stop", ".bsh", ".groovy", "source(",
        ];
        if script.trim().is_empty() {
            self.ledger.element(element, Status::NoEffect, COUNTED);
        } else if acts.iter().any(|word| script.contains(word)) {
            let why = "a script, which is not run; what it sets has no value, and no time passes";
            self.ledger.element(element, Status::NotModelled, why);
        } else {
            let why = "its script touches nothing that requests depend on";
            self.ledger.element(element, Status::NoEffect, why);
        }
    }

    /// The time that a dummy sampler pretends to take.
    fn dummy(&mut self, element: &Element) -> Vec<Deed> {
        let time = self.variables.text(element.text("RESPONSE_TIME"));
        let waits = element.flag("WAITING") == Some(true);
        let number = time.trim().parse::<u32>().ok();
        match number.filter(|_| waits) {
            Some(time) => {
                let why = "it sends nothing, and takes its time";
                self.ledger.element(element, Status::Modelled, why);
                vec![Deed::Pause(Time(format!("{time}ms")))]
            }
            None if waits && !time.trim().is_empty() => {
                let why = "how long it takes is only known during a run: no time passes";
                self.ledger.element(element, Status::NotModelled, why);
                Vec::new()
            }
            None => {
                self.ledger.element(element, Status::NoEffect, COUNTED);
                Vec::new()
            }
        }
    }

    /// A flow control action.
    fn action(&mut self, element: &Element) -> Vec<Deed> {
        self.modelled(element);
        let number = |name: &str| element.text(name).trim().parse::<i64>().unwrap_or(0);
        let test = number("ActionProcessor.target") == 2;
        let leave = match number("ActionProcessor.action") {
            1 => {
                let time = self.milliseconds(element, "ActionProcessor.duration");
                return vec![Deed::Pause(Time(format!("{time}ms")))];
            }
            3 => Leave::Iteration,
            4 => Leave::LoopIteration,
            5 => Leave::Loop,
            _ if test => Leave::Test,
            _ => Leave::Thread,
        };
        vec![Deed::Leave(leave)]
    }
}

/// What a sampler without an answer leaves for extractors: their defaults.
pub(super) fn silent(levels: &Levels<'_>) -> Vec<Deed> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in levels.iter().flat_map(|level| &level.unfound) {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name.clone(), value.clone()));
    }
    if pairs.is_empty() {
        return Vec::new();
    }
    vec![Deed::Set(Named(pairs))]
}
