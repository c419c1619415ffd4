//! A script as it would be written.

use super::{Resolver, named, time};
use crate::plan::script::{Deed, Leave, OnError, PaceOf, ScriptGroup, ScriptRequest, Turns};
use crate::scenario::schema::script as written;
use crate::scenario::schema::{self, Named, Time};
use crate::scenario::units;

impl Resolver<'_> {
    pub(super) fn script_group(&self, script: &ScriptGroup) -> schema::ThreadGroup {
        let clients = &self.plan.clients;
        let group = &script.group;
        let many = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
        let after: Vec<String> = (script.after.iter())
            .map(|&client| clients[client].name().to_owned())
            .collect();
        schema::ThreadGroup {
            keep_alive: (!group.keep_alive).then_some(false),
            method: None,
            uri: None,
            headers: None,
            backend: None,
            script: Some(self.deeds(&script.script)),
            variables: (!script.variables.is_empty()).then(|| {
                named(&script.variables, |(name, value)| {
                    (name.clone(), value.to_string())
                })
            }),
            own_cookies: many(&script.own_cookies),
            on_error: match script.on_error {
                OnError::Continue => None,
                OnError::StartNextLoop => Some(written::OnError::StartNextLoop),
                OnError::StopThread => Some(written::OnError::StopThread),
                OnError::StopTest => Some(written::OnError::StopTest),
            },
            after: many(&after),
            new_visitors: script.new_visitors.then_some(true),
            ..self.thread_group(group)
        }
    }

    fn deeds(&self, deeds: &[Deed]) -> Vec<written::Deed> {
        deeds.iter().map(|deed| self.deed(deed)).collect()
    }

    fn deed(&self, deed: &Deed) -> written::Deed {
        use written::Deed as W;
        let steps = |deeds: &[Deed]| Some(self.deeds(deeds));
        match deed {
            Deed::Request(request) => W::Request(Box::new(self.script_request(request))),
            Deed::Pause(length) => W::Pause(Time(units::write_sampled(length))),
            Deed::Pace {
                per_minute,
                of,
                timer,
            } => W::Pace(pace(*per_minute, *of, timer)),
            Deed::Set(pairs) => W::Set(named(pairs, |(name, value)| {
                (name.clone(), value.to_string())
            })),
            Deed::Count(counter) => W::Counter(written::Counter {
                variable: Some(counter.variable.clone()),
                start: Some(counter.start),
                step: Some(counter.step),
                end: (counter.end != i64::MAX).then_some(counter.end),
                digits: (counter.digits > 0).then_some(counter.digits as i64),
                per_user: Some(counter.per_user),
            }),
            Deed::Data(data) => W::Data(Box::new(written::Data {
                variables: Some(data.variables.clone()),
                rows: Some(data.rows.clone()),
                recycle: Some(data.recycle),
                stop: Some(data.stop),
                shared: Some(data.shared),
            })),
            Deed::Extract(extract) => W::Extract(Box::new(written::Extract {
                variable: Some(extract.variable.clone()),
                regex: Some(extract.regex.clone()),
                template: Some(extract.template.clone()),
                number: Some(i64::from(extract.number)),
                default: extract.default.clone(),
                headers: extract.headers.then_some(true),
            })),
            Deed::ClearCookies => W::ClearCookies,
            Deed::Loop {
                times,
                steps: inner,
            } => W::Loop(written::Loop {
                times: times.as_ref().map(|t| written::Amount(t.to_string())),
                steps: steps(inner),
            }),
            Deed::While {
                condition,
                steps: inner,
            } => W::While(written::Condition {
                condition: Some(condition.to_string()),
                steps: steps(inner),
            }),
            Deed::If {
                condition,
                steps: inner,
            } => W::If(written::Condition {
                condition: Some(condition.to_string()),
                steps: steps(inner),
            }),
            Deed::Runtime {
                time: long,
                steps: inner,
            } => W::Runtime(written::Runtime {
                time: Some(time(*long)),
                steps: steps(inner),
            }),
            Deed::ForEach {
                input,
                output,
                steps: inner,
            } => W::ForEach(written::ForEach {
                input: Some(input.clone()),
                output: Some(output.clone()),
                steps: steps(inner),
            }),
            choice => self.choice(choice),
        }
    }

    fn choice(&self, deed: &Deed) -> written::Deed {
        use written::Deed as W;
        match deed {
            Deed::Throughput {
                share,
                per_user,
                steps,
            } => {
                let (percent, total) = match share {
                    Turns::Percent(percent) => (Some(*percent), None),
                    Turns::Total(total) => (None, Some(*total)),
                };
                W::Throughput(written::Throughput {
                    percent,
                    total,
                    per_user: Some(*per_user),
                    steps: Some(self.deeds(steps)),
                })
            }
            Deed::Once(steps) => W::Once(self.deeds(steps)),
            Deed::Random(steps) => W::Random(self.deeds(steps)),
            Deed::RandomOrder(steps) => W::RandomOrder(self.deeds(steps)),
            Deed::Interleave(steps) => W::Interleave(self.deeds(steps)),
            Deed::Switch { value, choices } => W::Switch(written::Switch {
                value: Some(value.to_string()),
                choices: Some(named(choices, |(name, deed)| {
                    (name.clone(), self.deed(deed))
                })),
            }),
            Deed::Leave(leave) => W::Leave(match leave {
                Leave::LoopIteration => written::Leave::LoopIteration,
                Leave::Loop => written::Leave::Loop,
                Leave::Iteration => written::Leave::Iteration,
                Leave::Thread => written::Leave::Thread,
                Leave::Test => written::Leave::Test,
            }),
            Deed::Group(steps) => W::Group(self.deeds(steps)),
            _ => unreachable!("everything else is no choice"),
        }
    }

    fn script_request(&self, request: &ScriptRequest) -> written::Request {
        let backend = self.plan.proxy.backends.get(request.backend.0 as usize);
        let headers = request.headers.iter();
        let headers = headers.map(|(name, value)| (name.clone(), value.to_string()));
        written::Request {
            name: (!request.label.is_empty()).then(|| request.label.clone()),
            method: Some(request.method.to_string()),
            uri: Some(request.uri.to_string()),
            headers: (!request.headers.is_empty()).then(|| Named(headers.collect())),
            backend: backend
                .filter(|_| request.door.is_none())
                .map(|backend| backend.name.clone()),
            keep_alive: Some(request.keep_alive),
            connect_timeout: request.connect_timeout.map(time),
            response_timeout: request.response_timeout.map(time),
        }
    }
}

/// A constant throughput timer.
fn pace(per_minute: f64, of: PaceOf, timer: &str) -> written::Pace {
    written::Pace {
        per_minute: Some(per_minute),
        of: Some(match of {
            PaceOf::Thread => written::PaceOf::Thread,
            PaceOf::Group => written::PaceOf::Group,
            PaceOf::GroupShared => written::PaceOf::GroupShared,
        }),
        timer: (!timer.is_empty()).then(|| timer.to_owned()),
    }
}
