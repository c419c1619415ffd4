//! Scripts of thread groups: JMeter's samplers, timers and controllers as steps.

use super::{At, Check, names};
use crate::plan::script::{
    Counter, Data, Deed, Extract, Leave, OnError, PaceOf, ScriptGroup, ScriptRequest, Turns,
};
use crate::plan::{Client, Template, ThreadGroup, expression};
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::schema::script as written;
use crate::scenario::schema::{self, Named};
use crate::scenario::suggest;

/// What holds for all requests of a script that do not say otherwise.
#[derive(Clone, Copy)]
struct Defaults<'a> {
    group: &'a ThreadGroup,
}

impl Check {
    /// A thread group with everything that only scripts have. `group` is what it has in
    /// common with others.
    pub(super) fn script_group(
        &mut self,
        at: At<'_>,
        group: ThreadGroup,
        written: &schema::ThreadGroup,
    ) -> Client {
        let plain = written.script.is_none()
            && written.variables.is_none()
            && written.own_cookies.is_none()
            && written.on_error.is_none()
            && written.after.is_none()
            && written.new_visitors.is_none();
        if plain {
            return Client::Threads(group);
        }
        let mut script = scripted(group);
        let defaults = script.group.clone();
        let defaults = Defaults { group: &defaults };
        if let Some(steps) = &written.script {
            script.script = self.deeds(at.field("script"), Some(steps), defaults);
        }
        script.variables = templates(written.variables.as_ref());
        script.own_cookies = written.own_cookies.clone().unwrap_or_default();
        script.new_visitors = written.new_visitors.unwrap_or(false);
        script.on_error = match written.on_error {
            None | Some(written::OnError::Continue) => OnError::Continue,
            Some(written::OnError::StartNextLoop) => OnError::StartNextLoop,
            Some(written::OnError::StopThread) => OnError::StopThread,
            Some(written::OnError::StopTest) => OnError::StopTest,
        };
        for (index, name) in written.after.iter().flatten().enumerate() {
            script
                .after
                .extend(self.earlier(at.field("after").item(index), name));
        }
        if let Some(first) = first_request(&script.script) {
            let line = &mut script.group.request;
            line.method = first.method.to_string();
            line.uri = first.uri.to_string();
            let headers = first.headers.iter();
            let headers = headers.map(|(name, value)| (name.clone(), value.to_string()));
            line.headers = headers.collect();
            line.backend = first.backend;
            line.door = first.door;
        }
        Client::Script(Box::new(script))
    }

    /// The place of a client that stands before the present one.
    fn earlier(&mut self, at: At<'_>, name: &str) -> Option<usize> {
        // The present client is the last that was learnt.
        let known = &self.names.clients[..self.names.clients.len() - 1];
        let found = known.iter().position(|known| known == name);
        if found.is_none() {
            let complaint = names::unknown("client before this one", name, at.place());
            let complaint = suggest::attach(complaint, name, known.iter().map(String::as_str));
            self.say(at, complaint);
        }
        found
    }

    fn deeds(
        &mut self,
        at: At<'_>,
        steps: Option<&Vec<written::Deed>>,
        defaults: Defaults<'_>,
    ) -> Vec<Deed> {
        let steps = steps.into_iter().flatten().enumerate();
        steps
            .filter_map(|(index, step)| self.deed(at.item(index), step, defaults))
            .collect()
    }

    fn deed(&mut self, at: At<'_>, step: &written::Deed, defaults: Defaults<'_>) -> Option<Deed> {
        use written::Deed as W;
        let at = at.inside();
        let inner = at.field("steps");
        Some(match step {
            W::Request(request) => {
                Deed::Request(Box::new(self.script_request(at, request, defaults)))
            }
            W::Pause(time) => Deed::Pause(self.sampled(at, Some(time))?),
            W::Pace(pace) => self.pace(at, pace)?,
            W::Set(pairs) => Deed::Set(templates(Some(pairs))),
            W::Counter(counter) => self.counter(at, counter)?,
            W::Data(data) => self.data(at, data)?,
            W::Extract(extract) => self.extract(at, extract)?,
            W::ClearCookies => Deed::ClearCookies,
            W::Loop(looped) => Deed::Loop {
                times: match &looped.times {
                    Some(times) => Some(self.amount(at.field("times"), times)?),
                    None => None,
                },
                steps: self.deeds(inner, looped.steps.as_ref(), defaults),
            },
            W::While(looped) => Deed::While {
                condition: self.condition(at, looped.condition.as_deref())?,
                steps: self.deeds(inner, looped.steps.as_ref(), defaults),
            },
            W::If(choice) => Deed::If {
                condition: self.condition(at, choice.condition.as_deref())?,
                steps: self.deeds(inner, choice.steps.as_ref(), defaults),
            },
            W::Runtime(looped) => {
                if looped.time.is_none() {
                    self.missing(at, "time", "\"10s\"");
                }
                Deed::Runtime {
                    time: self.span(at.field("time"), looped.time.as_ref())?,
                    steps: self.deeds(inner, looped.steps.as_ref(), defaults),
                }
            }
            W::ForEach(looped) => Deed::ForEach {
                input: self.needed(at, "input", looped.input.as_ref(), "\"item_\"")?,
                output: self.needed(at, "output", looped.output.as_ref(), "\"item\"")?,
                steps: self.deeds(inner, looped.steps.as_ref(), defaults),
            },
            W::Throughput(throughput) => self.throughput(at, throughput, defaults)?,
            W::Switch(switch) => {
                let choices = at.field("choices");
                let written = switch.choices.iter().flat_map(|choices| &choices.0);
                Deed::Switch {
                    value: Template::read(switch.value.as_deref().unwrap_or_default()),
                    choices: written
                        .filter_map(|(name, deed)| {
                            let deed = self.deed(choices.field(name), deed, defaults)?;
                            Some((name.clone(), deed))
                        })
                        .collect(),
                }
            }
            W::Once(steps) => Deed::Once(self.deeds(at, Some(steps), defaults)),
            W::Group(steps) => Deed::Group(self.deeds(at, Some(steps), defaults)),
            W::Random(steps) => Deed::Random(self.deeds(at, Some(steps), defaults)),
            W::RandomOrder(steps) => Deed::RandomOrder(self.deeds(at, Some(steps), defaults)),
            W::Interleave(steps) => Deed::Interleave(self.deeds(at, Some(steps), defaults)),
            W::Leave(leave) => Deed::Leave(match leave {
                written::Leave::LoopIteration => Leave::LoopIteration,
                written::Leave::Loop => Leave::Loop,
                written::Leave::Iteration => Leave::Iteration,
                written::Leave::Thread => Leave::Thread,
                written::Leave::Test => Leave::Test,
            }),
        })
    }

    fn script_request(
        &mut self,
        at: At<'_>,
        request: &written::Request,
        defaults: Defaults<'_>,
    ) -> ScriptRequest {
        let group = defaults.group;
        let usual = &group.request;
        let uri = match &request.uri {
            // What variables make of it is seen when it is sent.
            Some(uri) if Template::read(uri).constant().is_none() => uri.clone(),
            Some(uri) => self.uri(at.field("uri"), Some(uri.as_str())),
            None => usual.uri.clone(),
        };
        let own = request.headers.iter().flat_map(|headers| &headers.0);
        let own: Vec<(String, Template)> = own
            .map(|(name, value)| (name.to_ascii_lowercase(), Template::read(value)))
            .collect();
        let common = usual.headers.iter();
        let common = common.filter(|(name, _)| own.iter().all(|(other, _)| other != name));
        let common = common.map(|(name, value)| (name.clone(), Template::read(value)));
        let headers = common.chain(own.iter().cloned()).collect();
        let backend = at.field("backend");
        let method = request.method.as_deref().unwrap_or(&usual.method);
        let connect = at.field("connect_timeout");
        let response = at.field("response_timeout");
        ScriptRequest {
            label: request.name.clone().unwrap_or_default(),
            method: Template::read(method),
            uri: Template::read(&uri),
            headers,
            door: usual.door.filter(|_| request.backend.is_none()),
            backend: self
                .backend_called(backend, request.backend.as_deref())
                .unwrap_or(usual.backend),
            keep_alive: request.keep_alive.unwrap_or(group.keep_alive),
            connect_timeout: self
                .span(connect, request.connect_timeout.as_ref())
                .or(group.connect_timeout),
            response_timeout: self
                .span(response, request.response_timeout.as_ref())
                .or(group.response_timeout),
        }
    }

    fn pace(&mut self, at: At<'_>, pace: &written::Pace) -> Option<Deed> {
        let Some(per_minute) = pace.per_minute else {
            self.missing(at, "per_minute", "60");
            return None;
        };
        if !(per_minute > 0.0 && per_minute <= 1e9) {
            let at = at.field("per_minute");
            self.out_of_range(at, &per_minute.to_string(), "more than 0, up to 1e9");
            return None;
        }
        Some(Deed::Pace {
            timer: pace.timer.clone().unwrap_or_default(),
            per_minute,
            of: match pace.of {
                None | Some(written::PaceOf::Thread) => PaceOf::Thread,
                Some(written::PaceOf::Group) => PaceOf::Group,
                Some(written::PaceOf::GroupShared) => PaceOf::GroupShared,
            },
        })
    }

    fn counter(&mut self, at: At<'_>, counter: &written::Counter) -> Option<Deed> {
        let name = counter.variable.as_ref();
        let digits = self.whole(at.field("digits"), counter.digits, 0..=100);
        let step = self.whole(at.field("step"), counter.step, 1..=i64::MAX);
        Some(Deed::Count(Counter {
            variable: self.needed(at, "variable", name, "\"n\"")?,
            start: counter.start.unwrap_or(0),
            step: step.unwrap_or(1),
            end: counter.end.unwrap_or(i64::MAX),
            digits: digits.unwrap_or(0) as usize,
            per_user: counter.per_user.unwrap_or(false),
        }))
    }

    fn data(&mut self, at: At<'_>, data: &written::Data) -> Option<Deed> {
        if data.variables.is_none() {
            self.missing(at, "variables", "[\"user\"]");
        }
        let recycle = data.recycle.unwrap_or(true);
        Some(Deed::Data(Data {
            variables: data.variables.clone()?,
            rows: data.rows.clone().unwrap_or_default(),
            recycle,
            stop: data.stop.unwrap_or(false),
            shared: data.shared.unwrap_or(true),
        }))
    }

    fn extract(&mut self, at: At<'_>, extract: &written::Extract) -> Option<Deed> {
        let example = "\"\\\"tag\\\":\\\"(.+?)\\\"\"";
        let regex = self.needed(at, "regex", extract.regex.as_ref(), example)?;
        if let Err(error) = regex_lite::Regex::new(&regex) {
            let message = format!("this is not a regular expression: {error}");
            let complaint = Diagnostic::new(Code::Words, message, at.field("regex").place());
            self.say(at.field("regex"), complaint);
            return None;
        }
        let number = self.whole(at.field("number"), extract.number, -1..=1_000_000);
        Some(Deed::Extract(Extract {
            variable: self.needed(at, "variable", extract.variable.as_ref(), "\"TAG\"")?,
            regex,
            template: extract.template.clone().unwrap_or_else(|| "$1$".to_owned()),
            number: number.unwrap_or(1) as i32,
            default: extract.default.clone(),
            headers: extract.headers.unwrap_or(false),
        }))
    }

    fn throughput(
        &mut self,
        at: At<'_>,
        throughput: &written::Throughput,
        defaults: Defaults<'_>,
    ) -> Option<Deed> {
        let share = match (throughput.percent, throughput.total) {
            (Some(_), Some(_)) => {
                self.clash(at, "percent", "total", "only one of them can be meant");
                return None;
            }
            (None, None) => {
                self.missing(at, "percent", "50");
                return None;
            }
            (Some(percent), None) if !(0.0..=100.0).contains(&percent) => {
                let at = at.field("percent");
                self.out_of_range(at, &percent.to_string(), "0 to 100");
                return None;
            }
            (Some(percent), None) => Turns::Percent(percent),
            (None, Some(total)) => Turns::Total(total),
        };
        Some(Deed::Throughput {
            share,
            per_user: throughput.per_user.unwrap_or(true),
            steps: self.deeds(at.field("steps"), throughput.steps.as_ref(), defaults),
        })
    }

    fn amount(&mut self, at: At<'_>, amount: &written::Amount) -> Option<Template> {
        let template = Template::read(&amount.0);
        let number = template.constant().map(|text| text.trim().parse::<i64>());
        if let Some(Err(_)) = number {
            self.out_of_range(at, &format!("{:?}", amount.0), "a whole number");
            return None;
        }
        Some(template)
    }

    fn condition(&mut self, at: At<'_>, condition: Option<&str>) -> Option<Template> {
        let Some(text) = condition else {
            self.missing(at, "condition", "\"\\\"${TAG}\\\" == \\\"s1\\\"\"");
            return None;
        };
        if !is_condition(text) {
            let at = at.field("condition");
            let complaint = Diagnostic::new(
                Code::Words,
                format!("{text:?} is no condition that can be judged"),
                at.place(),
            )
            .accepted(
                "comparisons such as `\"${TAG}\" == \"s1\"` and `${n} < 3`, with && || ! ( )",
            );
            self.say(at, complaint);
        }
        Some(Template::read(text))
    }

    fn needed(
        &mut self,
        at: At<'_>,
        key: &str,
        value: Option<&String>,
        example: &str,
    ) -> Option<String> {
        if value.is_none() {
            self.missing(at, key, example);
        }
        value.cloned()
    }
}

/// A plain thread group as a script of one request.
fn scripted(group: ThreadGroup) -> ScriptGroup {
    let line = &group.request;
    let headers = line.headers.iter();
    let request = ScriptRequest {
        label: String::new(),
        method: Template::read(&line.method),
        uri: Template::read(&line.uri),
        headers: headers
            .map(|(name, value)| (name.clone(), Template::read(value)))
            .collect(),
        backend: line.backend,
        door: line.door,
        keep_alive: group.keep_alive,
        connect_timeout: group.connect_timeout,
        response_timeout: group.response_timeout,
    };
    ScriptGroup {
        script: vec![Deed::Request(Box::new(request))],
        variables: Vec::new(),
        own_cookies: Vec::new(),
        on_error: OnError::Continue,
        after: Vec::new(),
        new_visitors: false,
        group,
    }
}

/// Makes a script of every plain group that scripts wait for or may stop.
pub(super) fn join(clients: &mut [Client]) {
    let script_of = |client: &Client| match client {
        Client::Script(script) => Some(script.clone()),
        _ => None,
    };
    let scripts: Vec<_> = clients.iter().filter_map(script_of).collect();
    let stoppable = scripts
        .iter()
        .any(|script| script.on_error == OnError::StopTest || stops(&script.script));
    for (index, client) in clients.iter_mut().enumerate() {
        let awaited = scripts.iter().any(|script| script.after.contains(&index));
        if let Client::Threads(group) = client
            && (awaited || stoppable)
        {
            *client = Client::Script(Box::new(scripted(group.clone())));
        }
    }
}

/// The steps inside a step.
fn inside(deed: &Deed) -> Vec<&Deed> {
    match deed {
        Deed::Loop { steps, .. }
        | Deed::While { steps, .. }
        | Deed::Runtime { steps, .. }
        | Deed::ForEach { steps, .. }
        | Deed::If { steps, .. }
        | Deed::Throughput { steps, .. }
        | Deed::Once(steps)
        | Deed::Group(steps)
        | Deed::Random(steps)
        | Deed::RandomOrder(steps)
        | Deed::Interleave(steps) => steps.iter().collect(),
        Deed::Switch { choices, .. } => choices.iter().map(|(_, deed)| deed).collect(),
        _ => Vec::new(),
    }
}

fn stops(deeds: &[Deed]) -> bool {
    let mut open: Vec<&Deed> = deeds.iter().collect();
    while let Some(deed) = open.pop() {
        if *deed == Deed::Leave(Leave::Test) {
            return true;
        }
        open.extend(inside(deed));
    }
    false
}

fn first_request(deeds: &[Deed]) -> Option<&ScriptRequest> {
    let mut open: Vec<&Deed> = deeds.iter().rev().collect();
    while let Some(deed) = open.pop() {
        if let Deed::Request(request) = deed {
            return Some(request);
        }
        open.extend(inside(deed).into_iter().rev());
    }
    None
}

fn templates(pairs: Option<&Named<String>>) -> Vec<(String, Template)> {
    let pairs = pairs.into_iter().flat_map(|pairs| &pairs.0);
    pairs
        .map(|(name, value)| (name.clone(), Template::read(value)))
        .collect()
}

/// Whether `text` can be judged, whatever its variables are.
pub(crate) fn is_condition(text: &str) -> bool {
    struct Ones;
    impl crate::plan::template::Scope for Ones {
        fn variable(&self, _: &str) -> Option<String> {
            Some("1".to_owned())
        }
        fn call(
            &mut self,
            function: crate::plan::template::Function,
            arguments: &[String],
            _: usize,
        ) -> String {
            use crate::plan::template::Function as F;
            match function {
                F::Groovy | F::Jexl2 | F::Jexl3 | F::JavaScript => {
                    let text = arguments.first().map_or("", String::as_str);
                    let value = expression::value(text, &|_| None);
                    value.map_or_else(|| "?".to_owned(), |_| "1".to_owned())
                }
                _ => "1".to_owned(),
            }
        }
    }
    let filled = Template::read(text).fill(&mut Ones);
    expression::holds(&filled, &|_| None).is_some()
}
