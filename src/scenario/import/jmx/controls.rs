//! Logic controllers as steps of a script.

use super::data::set;
use super::element::{Element, Property, named};
use super::kinds::{Controller, Kind};
use super::read::Reader;
use super::scope::{self, Level, Levels};
use super::steps::DEPTH;
use crate::scenario::check::script::is_condition;
use crate::scenario::import::Status;
use crate::scenario::schema::script::{
    Amount, Condition, Deed, ForEach, Loop, Runtime, Switch, Throughput,
};
use crate::scenario::schema::{Named, Time};

impl<'e> Reader<'e> {
    pub(super) fn controller(
        &mut self,
        element: &'e Element,
        kind: Controller,
        levels: &mut Levels<'e>,
    ) -> Vec<Deed> {
        self.modelled(element);
        match kind {
            Controller::Loop => self.looped(element, levels),
            Controller::While => self.repeated(element, levels),
            Controller::Runtime => self.timed(element, levels),
            Controller::ForEach => self.each(element, levels),
            Controller::If => self.conditional(element, levels),
            Controller::Once => vec![Deed::Once(self.sequence(&element.children, levels))],
            Controller::Throughput => self.throughput(element, levels),
            Controller::Random | Controller::RandomOrder | Controller::Interleave => {
                self.chosen(element, kind, levels)
            }
            Controller::Switch => self.switched(element, levels),
            Controller::Module => self.module(element, levels),
            Controller::Include => self.include(element, levels),
            Controller::Simple
            | Controller::Transaction
            | Controller::Critical
            | Controller::Parameterized
            | Controller::Unknown => self.plainly(element, kind, levels),
        }
    }

    /// A controller whose children are done in order.
    fn plainly(
        &mut self,
        element: &'e Element,
        kind: Controller,
        levels: &mut Levels<'e>,
    ) -> Vec<Deed> {
        let said = match kind {
            Controller::Transaction => Some((
                Status::Modelled,
                "its requests count one by one, not as a sample of their own",
            )),
            Controller::Critical => Some((
                Status::NotModelled,
                "threads do not wait for one another: its steps may overlap",
            )),
            Controller::Unknown => Some((
                Status::NotModelled,
                "this controller is not known: its children are done in order",
            )),
            _ => None,
        };
        if let Some((status, why)) = said {
            self.ledger.element(element, status, why);
        }
        let pairs = parameters(element);
        let mut deeds: Vec<Deed> = pairs
            .map(|(name, value)| set(name, self.variables.text(value)))
            .collect();
        deeds.extend(self.sequence(&element.children, levels));
        deeds
    }

    fn timed(&mut self, element: &'e Element, levels: &mut Levels<'e>) -> Vec<Deed> {
        let seconds = self.seconds(element, "RunTime.seconds").unwrap_or_default();
        vec![Deed::Runtime(Runtime {
            time: Some(Time(format!("{seconds}s"))),
            steps: Some(self.sequence(&element.children, levels)),
        })]
    }

    fn each(&mut self, element: &'e Element, levels: &mut Levels<'e>) -> Vec<Deed> {
        let input = self
            .variables
            .text(element.text("ForeachController.inputVal"));
        let output = element.text("ForeachController.returnVal").trim();
        let separates = element.flag("ForeachController.useSeparator") == Some(true);
        let separator = if separates { "_" } else { "" };
        let (mut deeds, first) = self.index(element);
        let steps = first
            .into_iter()
            .chain(self.sequence(&element.children, levels));
        deeds.push(Deed::ForEach(ForEach {
            input: Some(input + separator),
            output: Some(output.to_owned()),
            steps: Some(steps.collect()),
        }));
        deeds
    }

    fn looped(&mut self, element: &'e Element, levels: &mut Levels<'e>) -> Vec<Deed> {
        let text = self.variables.text(element.text("LoopController.loops"));
        let times = match text.trim().parse::<i64>() {
            Ok(times) if times < 0 => None,
            Ok(times) => Some(times.to_string()),
            Err(_) if text.contains("${") => Some(text.trim().to_owned()),
            Err(_) if text.trim().is_empty() => Some("0".to_owned()),
            Err(_) => {
                self.no_number(element, "LoopController.loops");
                Some("0".to_owned())
            }
        };
        let (mut deeds, first) = self.index(element);
        let steps = first
            .into_iter()
            .chain(self.sequence(&element.children, levels));
        let looped = Deed::Loop(Loop {
            times: times.map(Amount),
            steps: Some(steps.collect()),
        });
        // Not for ever means: once it is over, it is over for good.
        if element.flag("LoopController.continue_forever") == Some(false) {
            deeds.push(Deed::Once(vec![looped]));
        } else {
            deeds.push(looped);
        }
        deeds
    }

    /// The variable in which JMeter counts the turns of a loop from 0, if something reads it:
    /// what is done before the loop, and first in each turn.
    fn index(&self, element: &Element) -> (Vec<Deed>, Option<Deed>) {
        let name = format!("__jm__{}__idx", element.name);
        if !self.variables.indices.contains(&name) {
            return (Vec::new(), None);
        }
        let next = format!("${{__intSum(${{{name}}},1)}}");
        (vec![set(&name, "-1".to_owned())], Some(set(&name, next)))
    }

    /// A while controller.
    fn repeated(&mut self, element: &'e Element, levels: &mut Levels<'e>) -> Vec<Deed> {
        const OK: &str = "JMeterThread.last_sample_ok";
        let written = element.text("WhileController.condition").trim();
        let mut deeds = Vec::new();
        let condition = if written.is_empty() || written == "LAST" {
            if written.is_empty() {
                deeds.push(set(OK, "true".to_owned()));
            }
            Some(format!("\"${{{OK}}}\" != \"false\""))
        } else {
            self.condition(element, "WhileController.condition")
        };
        let (before, first) = self.index(element);
        deeds.extend(before);
        let steps = first
            .into_iter()
            .chain(self.sequence(&element.children, levels));
        let steps: Vec<Deed> = steps.collect();
        match condition {
            Some(condition) => deeds.push(Deed::While(Condition {
                condition: Some(condition),
                steps: Some(steps),
            })),
            None => deeds.extend(steps),
        }
        deeds
    }

    /// An if controller.
    fn conditional(&mut self, element: &'e Element, levels: &mut Levels<'e>) -> Vec<Deed> {
        let text = element.text("IfController.condition").trim();
        let is_bare = text.starts_with("${") && !text[2..].contains("${") && text.ends_with('}');
        let is_text = element.flag("IfController.useExpression") == Some(true)
            && !text.contains("${__")
            && !is_bare
            && !text.eq_ignore_ascii_case("true");
        if is_text {
            let why = "read as an expression, this text is never `true`: JMeter never enters it";
            self.ledger.element(element, Status::Modelled, why);
            return Vec::new();
        }
        if text.is_empty() {
            let why = "without a condition, JMeter never enters it";
            self.ledger.element(element, Status::Modelled, why);
            return Vec::new();
        }
        let condition = self.condition(element, "IfController.condition");
        let Some(condition) = condition else {
            return self.sequence(&element.children, levels);
        };
        let one = |steps: Vec<Deed>| {
            Deed::If(Condition {
                condition: Some(condition.clone()),
                steps: Some(steps),
            })
        };
        if element.flag("IfController.evaluateAll") != Some(true) {
            return vec![one(self.sequence(&element.children, levels))];
        }
        // The condition is asked before each child: one inside the other.
        let able = element
            .children
            .iter()
            .filter(|child| child.kind().is_step());
        let depth = able.count() + 1;
        if self.depth + depth > DEPTH {
            let why = "the condition is asked once, not before each child";
            self.ledger.element(element, Status::NotModelled, why);
            return vec![one(self.sequence(&element.children, levels))];
        }
        self.depth += depth;
        let level = Level::of(&element.children, self);
        let mut parts = scope::within(levels, level, |levels| {
            let mut parts = vec![self.starters(&element.children, levels)];
            for child in &element.children {
                parts.push(self.step(child, levels));
            }
            parts
        });
        self.depth -= depth;
        parts.retain(|part| !part.is_empty());
        parts
            .into_iter()
            .rev()
            .fold(Vec::new(), |inside, mut part| {
                part.extend(inside);
                vec![one(part)]
            })
    }

    /// A condition that can be judged; none, with an entry in the ledger, if it cannot.
    fn condition(&mut self, element: &Element, name: &str) -> Option<String> {
        let text = self.variables.text(element.text(name)).trim().to_owned();
        if is_condition(&text) {
            return Some(text);
        }
        let why = "its condition cannot be judged here: it is taken as met once each time";
        self.ledger.element(element, Status::NotModelled, why);
        None
    }

    fn throughput(&mut self, element: &'e Element, levels: &mut Levels<'e>) -> Vec<Deed> {
        let by_number = element.text("ThroughputController.style").trim() == "0";
        let total = self.whole(element, "ThroughputController.maxThroughput");
        let percent = self.decimal(element, "ThroughputController.percentThroughput");
        let per_user = element.flag("ThroughputController.perThread") == Some(true);
        vec![Deed::Throughput(Throughput {
            total: by_number.then(|| total.unwrap_or(1).max(0) as u64),
            percent: (!by_number).then(|| percent.unwrap_or(100.0).clamp(0.0, 100.0)),
            per_user: (!per_user).then_some(false),
            steps: Some(self.sequence(&element.children, levels)),
        })]
    }

    /// The controllers that choose one of their children, or their order.
    fn chosen(
        &mut self,
        element: &'e Element,
        kind: Controller,
        levels: &mut Levels<'e>,
    ) -> Vec<Deed> {
        // "Ignore sub-controller blocks": one request of a controller at a time.
        let one_by_one = kind != Controller::RandomOrder
            && element.text("InterleaveControl.style").trim() == "0";
        let level = Level::of(&element.children, self);
        let (mut deeds, choices) = scope::within(levels, level, |levels| {
            let deeds = self.starters(&element.children, levels);
            (deeds, self.choices(&element.children, one_by_one, levels))
        });
        if choices.is_empty() {
            return deeds;
        }
        let choices = choices.into_iter().map(|(_, choice)| choice).collect();
        deeds.push(match kind {
            Controller::Random => Deed::Random(choices),
            Controller::RandomOrder => Deed::RandomOrder(choices),
            _ => Deed::Interleave(choices),
        });
        deeds
    }

    /// The children that can be chosen, with their names.
    fn choices(
        &mut self,
        children: &'e [Element],
        one_by_one: bool,
        levels: &mut Levels<'e>,
    ) -> Vec<(String, Deed)> {
        let able = children
            .iter()
            .filter(|child| child.enabled && child.kind().is_step());
        let able: Vec<&Element> = able.collect();
        able.into_iter()
            .map(|child| (child.name.clone(), self.choice(child, one_by_one, levels)))
            .collect()
    }

    fn choice(&mut self, child: &'e Element, one_by_one: bool, levels: &mut Levels<'e>) -> Deed {
        if one_by_one && let Kind::Controller(kind) = child.kind() {
            if matches!(
                kind,
                Controller::Simple | Controller::Transaction | Controller::Loop
            ) {
                let mut deeds = self.chosen(child, Controller::Interleave, levels);
                self.modelled(child);
                if deeds.len() == 1 {
                    return deeds.remove(0);
                }
                return Deed::Group(deeds);
            }
            let why = "it has its turn as a whole, not request by request";
            self.ledger.element(child, Status::NotModelled, why);
        }
        let mut deeds = self.step(child, levels);
        if deeds.is_empty() && !matches!(child.kind(), Kind::Controller(_)) {
            // A sample that sends nothing still is a turn.
            deeds.push(Deed::Pause(Time("0ms".to_owned())));
        }
        if deeds.len() == 1 {
            return deeds.remove(0);
        }
        Deed::Group(deeds)
    }

    fn switched(&mut self, element: &'e Element, levels: &mut Levels<'e>) -> Vec<Deed> {
        let value = self.variables.text(element.text("SwitchController.value"));
        let level = Level::of(&element.children, self);
        let (mut deeds, choices) = scope::within(levels, level, |levels| {
            let deeds = self.starters(&element.children, levels);
            (deeds, self.choices(&element.children, false, levels))
        });
        let mut named: Vec<(String, Deed)> = Vec::new();
        for (index, (name, choice)) in choices.into_iter().enumerate() {
            // Of several with one name, the first can be named.
            let taken = named.iter().any(|(known, _)| *known == name);
            let name = if taken {
                format!("{name} #{index}")
            } else {
                name
            };
            named.push((name, choice));
        }
        if !named.is_empty() {
            deeds.push(Deed::Switch(Switch {
                value: Some(value),
                choices: Some(Named(named)),
            }));
        }
        deeds
    }
}

/// The variables that a parameterized controller sets.
pub(super) fn parameters(element: &Element) -> impl Iterator<Item = (&str, &str)> {
    let list = element.list("ParameterizedController");
    let list = named(list, "Arguments.arguments").map_or(&[][..], Property::list);
    list.iter().map(|argument| {
        (
            argument.inner("Argument.name"),
            argument.inner("Argument.value"),
        )
    })
}
