//! Thread groups as clients.

use super::element::{Element, Property};
use super::kinds::{Controller, Group, Kind};
use super::plugins::Shift;
use super::read::Reader;
use super::scope::{self, Level, Levels};
use super::tidy;
use crate::scenario::import::Status;
use crate::scenario::schema::script::{Counter, Deed, OnError};
use crate::scenario::schema::{self, Cookies, Named, Time};

/// How long a group runs that nothing in the plan ends.
const ENDLESS: i64 = 60;

/// A thread group that sends something.
pub(super) struct Drafted {
    pub(super) kind: Group,
    /// One client, or several where a plugin's threads come in shifts.
    pub(super) clients: Vec<(String, schema::ThreadGroup)>,
}

/// How threads come and go.
#[derive(Clone, Debug, Default)]
pub(super) struct Schedule {
    pub(super) shifts: Vec<Shift>,
    pub(super) loops: Option<i64>,
}

/// Whether something goes on for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum GoesOn {
    No,
    Perhaps,
    Surely,
}

/// Whether a controller below goes on for ever: a loop without end, or a while controller whose
/// condition may never fail.
fn going_on(elements: &[Element]) -> GoesOn {
    let own = |element: &Element| match element.kind() {
        Kind::Controller(Controller::While) => {
            match element.text("WhileController.condition").trim() {
                "true" => GoesOn::Surely,
                _ => GoesOn::Perhaps,
            }
        }
        Kind::Controller(Controller::Loop) => {
            let loops = element.text("LoopController.loops").trim().parse::<i64>();
            if loops.is_ok_and(|loops| loops < 0) {
                GoesOn::Surely
            } else {
                GoesOn::No
            }
        }
        _ => GoesOn::No,
    };
    let enabled = elements.iter().filter(|element| element.enabled);
    let all = enabled.map(|element| own(element).max(going_on(&element.children)));
    all.max().unwrap_or(GoesOn::No)
}

impl<'e> Reader<'e> {
    /// The client of a thread group; `beside` are the elements of the test plan around it.
    pub(super) fn group(
        &mut self,
        element: &'e Element,
        kind: Group,
        beside: &[&'e Element],
    ) -> Option<Drafted> {
        self.modelled(element);
        let schedule = self.schedule(element, kind);
        self.cookies.clear();
        let around = element.children.iter().chain(beside.iter().copied());
        let level = Level::of(around, self);
        let mut script = scope::within(&mut Levels::new(), level, |levels| {
            self.turn(&element.children, levels)
        });
        let iteration = format!("__jm__{}__idx", element.name);
        if self.variables.indices.contains(&iteration) {
            let counter = Counter {
                variable: Some(iteration),
                per_user: Some(true),
                ..Counter::default()
            };
            script.insert(0, Deed::Counter(counter));
        }
        let script = tidy::script(script);
        let schedule = schedule?;
        if !tidy::sends(&script) {
            let why = "none of its samplers sends a request to the proxy";
            self.ledger.element(element, Status::NotModelled, why);
            return None;
        }
        let mut common = self.common(element, script);
        common.loops = schedule.loops;
        let clients = schedule.shifts.into_iter().map(|shift| {
            let name = self.name(&element.name);
            let time = |seconds: f64| (seconds > 0.0).then(|| Time(format!("{seconds}s")));
            let group = schema::ThreadGroup {
                threads: Some(shift.threads),
                ramp_up: time(shift.ramp_up),
                start: time(shift.start),
                duration: shift.duration.map(|seconds| Time(format!("{seconds}s"))),
                ..common.clone()
            };
            (name, group)
        });
        Some(Drafted {
            kind,
            clients: clients.collect(),
        })
    }

    /// Everything but the times.
    fn common(&mut self, element: &Element, script: Vec<Deed>) -> schema::ThreadGroup {
        let mut group = schema::ThreadGroup {
            on_error: Self::on_error(element),
            ..schema::ThreadGroup::default()
        };
        self.cookie_manager(element, &mut group);
        let used = tidy::words(&script);
        let first = self.variables.first.iter();
        let first: Vec<(String, String)> = first
            .filter(|(name, _)| used.mentions(name))
            .cloned()
            .collect();
        let known = self.variables.known.iter();
        let known = known.filter(|(name, _)| used.asks_for(name));
        let known = known.map(|(name, value)| (name.clone(), value.clone()));
        let first: Vec<(String, String)> = known.chain(first).collect();
        group.variables = (!first.is_empty()).then_some(Named(first));
        tidy::lower(script, &mut group);
        group
    }

    fn on_error(element: &Element) -> Option<OnError> {
        match element.text("ThreadGroup.on_sample_error").trim() {
            "startnextloop" => Some(OnError::StartNextLoop),
            "stopthread" => Some(OnError::StopThread),
            "stoptest" | "stoptestnow" => Some(OnError::StopTest),
            _ => None,
        }
    }

    /// What the cookie manager of the group's samplers does.
    fn cookie_manager(&mut self, group: &Element, out: &mut schema::ThreadGroup) {
        let mut managers = std::mem::take(&mut self.cookies).into_iter();
        let first = managers.next().flatten();
        let place = first.map(|manager| manager.place);
        let mixed = managers.any(|other| other.map(|manager| manager.place) != place);
        let same_user = group.flag("ThreadGroup.same_user_on_next_iteration") != Some(false);
        out.new_visitors = (!same_user).then_some(true);
        out.cookies = Some(Cookies::Off);
        let Some(manager) = first else {
            if mixed {
                let why =
                    "only some of its samplers have a cookie manager: none of them keeps cookies";
                self.ledger.element(group, Status::NotModelled, why);
            }
            return;
        };
        self.modelled(manager);
        if mixed {
            let why = "not all samplers of a group have it: it is taken for all of them";
            self.ledger.element(manager, Status::NotModelled, why);
        }
        match manager.text("CookieManager.policy").trim() {
            "ignorecookies" | "ignoreCookies" => return,
            _ => {}
        }
        let by_group = manager.flag("CookieManager.controlledByThreadGroup") == Some(true);
        let clears = if by_group {
            !same_user
        } else {
            manager.flag("CookieManager.clearEachIteration") == Some(true)
        };
        out.cookies = Some(if clears {
            Cookies::Clear
        } else {
            Cookies::Keep
        });
        let own = manager.list("CookieManager.cookies").iter();
        let own: Vec<String> = own
            .filter_map(|cookie| self.own_cookie(manager, cookie))
            .collect();
        out.own_cookies = (!own.is_empty()).then_some(own);
    }

    /// A user-defined cookie as in `Set-Cookie`.
    fn own_cookie(&mut self, manager: &Element, cookie: &Property) -> Option<String> {
        let named = cookie.inner("Cookie.name");
        let name = if named.is_empty() {
            cookie.name.as_str()
        } else {
            named
        };
        let value = self.variables.text(cookie.inner("Cookie.value"));
        let strange = |c: char| c == ';' || c == ',' || c.is_control();
        let why = if name.is_empty() || name.contains(strange) || value.contains(strange) {
            "no cookie can be called so or have this value: it is not sent"
        } else if value.contains("${") {
            "its value is only known during a run: it is not sent"
        } else {
            let domain = self.variables.text(cookie.inner("Cookie.domain"));
            let domain = domain.trim().trim_start_matches('.').to_ascii_lowercase();
            match &self.proxy {
                Some(proxy) if !domain.is_empty() && !proxy.ends_with(&domain) => {
                    "it is for another host: it is not sent"
                }
                _ => return Some(format!("{name}={value}")),
            }
        };
        self.ledger
            .property(manager, cookie, Status::NotModelled, why);
        None
    }

    fn schedule(&mut self, element: &'e Element, kind: Group) -> Option<Schedule> {
        match kind {
            Group::Ultimate => self.ultimate(element),
            Group::Stepping => self.stepping(element),
            Group::Concurrency => self.concurrency(element),
            Group::Setup | Group::Plain | Group::TearDown | Group::Other => self.plain(element),
        }
    }

    fn plain(&mut self, element: &'e Element) -> Option<Schedule> {
        // All are read, so that all that is wrong is said at once.
        let threads = self.threads(element, "ThreadGroup.num_threads");
        let ramp_up = self.seconds(element, "ThreadGroup.ramp_time");
        let loops = self.main_loops(element);
        let mut shift = Shift {
            threads: threads?,
            ramp_up: ramp_up.unwrap_or(0.0),
            ..Shift::default()
        };
        if element.flag("ThreadGroup.scheduler") == Some(true) {
            shift.start = self.seconds(element, "ThreadGroup.delay").unwrap_or(0.0);
            let duration = self.seconds(element, "ThreadGroup.duration");
            shift.duration = duration.filter(|seconds| *seconds > 0.0);
            if shift.duration.is_none() {
                shift.duration = self.between(element);
            }
        }
        if loops == Some(0) {
            let why = "it has no iterations";
            self.ledger.element(element, Status::NoEffect, why);
            return None;
        }
        self.end(element, loops, &mut shift);
        Some(Schedule {
            shifts: vec![shift],
            loops,
        })
    }

    /// Ends a group that nothing else ends, or perhaps nothing.
    fn end(&mut self, element: &'e Element, loops: Option<i64>, shift: &mut Shift) {
        let goes_on = match loops {
            None => GoesOn::Surely,
            Some(_) => going_on(&element.children),
        };
        if shift.duration.is_some() || goes_on == GoesOn::No {
            return;
        }
        let seconds = ENDLESS + shift.ramp_up.ceil() as i64;
        shift.duration = Some(seconds as f64);
        if loops.is_none() {
            let why = format!("it goes on for ever; here it ends after {seconds} s");
            self.ledger.element(element, Status::Modelled, why);
        }
        let (name, client) = (&element.name, name_of(&element.name));
        self.told.push(if goes_on == GoesOn::Surely {
            format!(
                "nothing ends the thread group {name:?}: it runs for {seconds} s \
                 (--set clients.{client}.duration=5m)"
            )
        } else {
            format!(
                "perhaps nothing ends the thread group {name:?}: it runs for {seconds} s at most \
                 (--set clients.{client}.duration=5m)"
            )
        });
    }

    /// The seconds from the scheduler's start to its end, which old plans have as dates.
    fn between(&mut self, element: &Element) -> Option<f64> {
        let moment = |name: &str| element.text(name).trim().parse::<i64>().ok();
        let (start, end) = (
            moment("ThreadGroup.start_time")?,
            moment("ThreadGroup.end_time")?,
        );
        let property = element.property("ThreadGroup.end_time")?;
        let seconds = end.saturating_sub(start) as f64 / 1000.0;
        if !(0.001..=3e8).contains(&seconds) {
            return None;
        }
        let why = format!("dates mean nothing here: it runs for the {seconds} s between them");
        self.ledger
            .property(element, property, Status::Modelled, why);
        Some(seconds)
    }

    /// How many threads there are; none, said in the ledger, if there are none.
    pub(super) fn threads(&mut self, element: &Element, name: &str) -> Option<i64> {
        let threads = match self.needed(element, name) {
            Some(threads) => threads,
            None if self.is_refusing => return None,
            None => 1,
        };
        if threads < 1 {
            let why = "it has no threads";
            self.ledger.element(element, Status::NoEffect, why);
            return None;
        }
        Some(threads)
    }

    /// Iterations of the main controller; none: for ever.
    pub(super) fn main_loops(&mut self, element: &'e Element) -> Option<i64> {
        let main = element.property("ThreadGroup.main_controller")?;
        let find = |name: &str| super::element::named(main.list(), name);
        let for_ever = find("LoopController.continue_forever");
        let loops = find("LoopController.loops")?;
        let text = self.variables.text(loops.text());
        if let Ok(number) = text.trim().parse::<i64>() {
            let for_ever = for_ever.is_some_and(|flag| flag.text() == "true");
            return (number >= 0 && !for_ever).then_some(number);
        }
        if text.trim().is_empty() {
            return Some(1);
        }
        self.bad_number(element, loops, &text);
        Some(1)
    }

    fn name(&mut self, name: &str) -> String {
        let base = name_of(name);
        let times = self.names.entry(base.clone()).or_default();
        *times += 1;
        if *times == 1 {
            return base;
        }
        let mut number = *times;
        loop {
            let name = format!("{base}-{number}");
            if !self.names.contains_key(&name) {
                self.names.insert(name.clone(), 1);
                return name;
            }
            number += 1;
        }
    }
}

/// What a thread group is called in a scenario, as long as nothing else is.
fn name_of(name: &str) -> String {
    let proper = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let words = name.split(|c: char| !proper(c));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut name = words.join("-");
    name.truncate(60);
    if name.is_empty() {
        name.push_str("threads");
    }
    name
}

/// The plan's elements that are no thread groups: they belong to the level of each group.
pub(super) fn beside(children: &[Element]) -> Vec<&Element> {
    let children = children.iter();
    let is_beside = |element: &&Element| {
        let around = matches!(
            element.kind(),
            Kind::Group(_) | Kind::Fragment | Kind::Never(_)
        );
        !around && !element.kind().is_step()
    };
    children.filter(is_beside).collect()
}
