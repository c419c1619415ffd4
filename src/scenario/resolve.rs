//! Plan to text: the whole scenario with every default spelled out.

mod arrivals;
mod claim;
mod rules;
mod script;
mod words;

use std::fmt::Write as _;

use balance::config::{Backend, Check, Server};
use balance::{Config, Door, Moment, ServerId};

pub(crate) use claim::schema_of as claim;

use crate::plan::{Action, Client, Node, Plan, Reach, RequestLine, RuleSection, Step};
use crate::scenario::check::VERSION;
use crate::scenario::merged::{self, Form};
use crate::scenario::schema::{self, Cookies, Named, Time};
use crate::scenario::units;

/// Why [`resolved`] cannot say all of this plan, in a sentence; none if it can. A scenario that
/// names the configuration can.
pub fn unsaid(plan: &Plan) -> Option<String> {
    let what = plan.rules.unsaid?;
    Some(format!(
        "its rules need {what}, which a scenario cannot say by itself: write one that names the \
         configuration (config: \"haproxy.cfg\")"
    ))
}

/// The scenario that loads as exactly this plan, whatever files and changes it was made
/// of, unless something is [`unsaid`]. Loading it again gives the same text again.
pub fn resolved(plan: &Plan) -> String {
    resolved_as(plan, Form::Ron)
}

/// The same in RON or JSON.
pub fn resolved_as(plan: &Plan, form: Form) -> String {
    merged::text(&schema_of(plan), form)
}

/// The same, not yet a text.
pub(crate) fn schema_of(plan: &Plan) -> schema::Scenario {
    Resolver { plan }.scenario()
}

/// A number that differs when anything about the run differs, title included, but not
/// for comments, spaces or the way the scenario is spread over files.
pub fn fingerprint(plan: &Plan) -> u64 {
    // FNV-1a, 64 bits.
    let mut whole = resolved(plan);
    if plan.rules.unsaid.is_some() {
        write!(whole, "{:?}", plan.proxy).expect("strings grow");
    }
    whole.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

struct Resolver<'a> {
    plan: &'a Plan,
}

impl Resolver<'_> {
    fn scenario(&self) -> schema::Scenario {
        let plan = self.plan;
        schema::Scenario {
            version: Some(VERSION),
            title: Some(plan.title.clone()),
            notes: (!plan.notes.is_empty()).then(|| plan.notes.clone()),
            seed: Some(plan.seed),
            profile: Some(plan.proxy.profile.version.name().to_owned()),
            proxy: Some(proxy(plan)),
            warm_up: Some(time(plan.clients_start.since(Moment::ZERO))),
            phase: phases(&plan.proxy),
            nodes: Some(named(&plan.nodes, |node| {
                (node.name.clone(), self.node(node))
            })),
            clients: Some(named(&plan.clients, |client| self.client(client))),
            timeline: Some(plan.timeline.iter().map(|t| self.timed(t)).collect()),
            wire: Some(schema::Wire {
                client: Some(time(plan.wire.client)),
                node: Some(time(plan.wire.node)),
                stall: Some(time(plan.wire.stall)),
                stall_percent: Some(f64::from(plan.wire.stall_per_mille) / 10.0),
            }),
            budget: Some(schema::Budget {
                events: Some(plan.budget.events),
                time: Some(time(plan.budget.time)),
            }),
            expect: Some(
                plan.expect
                    .iter()
                    .map(|e| claim(&e.claim, plan.clients_start))
                    .collect(),
            ),
            ask: (!plan.ask.is_empty()).then(|| {
                let question = |asked: &crate::plan::Question| schema::Question {
                    question: Some(asked.question.clone()),
                    answer: Some(asked.answer.clone()),
                };
                plan.ask.iter().map(question).collect()
            }),
            ..schema::Scenario::default()
        }
    }

    fn node(&self, node: &Node) -> schema::Node {
        schema::Node {
            workers: Some(i64::from(node.workers)),
            service: Some(Time(units::write_sampled(&node.service))),
            delay: Some(time(node.delay)),
            event_loop: Some(node.event_loop),
            session_cookie: Some(node.session_cookie.clone().unwrap_or_else(|| "off".into())),
            status: Some(i64::from(node.status)),
            reach: Some(reach(node.reach)),
            servers: self.servers_by_hand(node),
            keep_alive: Some(node.keep_alive),
            ..schema::Node::default()
        }
    }

    /// The servers of a node, unless they are those of its own name.
    fn servers_by_hand(&self, node: &Node) -> Option<Vec<String>> {
        let by_name = |id: &ServerId| self.server(*id).1.name == node.name;
        if node.servers.iter().all(by_name) {
            return None;
        }
        let long = |id: &ServerId| {
            let (backend, server) = self.server(*id);
            format!("{}/{}", backend.name, server.name)
        };
        Some(node.servers.iter().map(long).collect())
    }

    fn server(&self, id: ServerId) -> (&Backend, &Server) {
        let backend = &self.plan.proxy.backends[id.backend.0 as usize];
        (backend, &backend.servers[id.slot as usize])
    }

    fn client(&self, client: &Client) -> (String, schema::Client) {
        match client {
            Client::Threads(group) => {
                let client = schema::Client::ThreadGroup(Box::new(self.thread_group(group)));
                (group.name.clone(), client)
            }
            Client::Script(script) => {
                let client = schema::Client::ThreadGroup(Box::new(self.script_group(script)));
                (script.group.name.clone(), client)
            }
            Client::Browser(browser) => {
                let mut written = self.request(&browser.request);
                written.steps = Some(browser.steps.iter().map(|s| self.step(s)).collect());
                written.pause = Some(time(browser.pause));
                written.start = Some(self.moment(browser.start));
                let client = schema::Client::Browser(Box::new(written));
                (browser.name.clone(), client)
            }
            Client::Arrivals(arrivals) => {
                let client = schema::Client::Arrivals(Box::new(self.arrivals(arrivals)));
                (arrivals.name.clone(), client)
            }
        }
    }

    fn thread_group(&self, group: &crate::plan::ThreadGroup) -> schema::ThreadGroup {
        let request = self.request(&group.request);
        let cookies = match (group.cookies, group.clear_cookies) {
            (false, _) => Cookies::Off,
            (true, true) => Cookies::Clear,
            (true, false) => Cookies::Keep,
        };
        schema::ThreadGroup {
            threads: Some(i64::from(group.threads)),
            loops: group.loops.map(|loops| loops as i64),
            duration: group.duration.map(time),
            ramp_up: Some(time(group.ramp_up)),
            think: Some(Time(units::write_sampled(&group.think))),
            cookies: Some(cookies),
            keep_alive: Some(group.keep_alive),
            connect_timeout: group.connect_timeout.map(time),
            response_timeout: group.response_timeout.map(time),
            method: request.method,
            uri: request.uri,
            headers: request.headers,
            source: request.source,
            backend: request.backend,
            frontend: request.frontend,
            bind: request.bind,
            start: Some(self.moment(group.start)),
            ..schema::ThreadGroup::default()
        }
    }

    /// The settings of a request, in a browser's clothes.
    fn request(&self, request: &RequestLine) -> schema::Browser {
        let backends = &self.plan.proxy.backends;
        let backend = backends.get(request.backend.0 as usize);
        let (frontend, bind) = request.door.and_then(|door| self.door(door)).unzip();
        schema::Browser {
            method: Some(request.method.clone()),
            uri: Some(request.uri.clone()),
            headers: (!request.headers.is_empty()).then(|| Named(request.headers.clone())),
            source: Some(request.source.to_string()),
            backend: backend
                .filter(|_| frontend.is_none())
                .map(|backend| backend.name.clone()),
            frontend,
            bind,
            ..schema::Browser::default()
        }
    }

    /// A way in: the name of the frontend and the number of its address.
    fn door(&self, door: Door) -> Option<(String, i64)> {
        let frontend = self.plan.proxy.frontends.get(door.frontend.0 as usize)?;
        Some((frontend.name.clone(), i64::from(door.bind)))
    }

    fn step(&self, step: &Step) -> schema::Step {
        match step {
            Step::Visit(times) => schema::Step::Visit(i64::from(*times)),
            Step::ClearCookies => schema::Step::ClearCookies,
            Step::Until(moment) => schema::Step::Until(self.moment(*moment)),
        }
    }

    fn timed(&self, timed: &crate::plan::Timed) -> schema::Timed {
        let name = |node: usize| Some(self.plan.nodes[node].name.clone());
        let action = match &timed.action {
            Action::Command(line) => schema::Action::Command(line.clone()),
            Action::Delay { node, to } => schema::Action::Delay(schema::SetDelay {
                node: name(*node),
                to: Some(time(*to)),
            }),
            Action::Stop { node, reach: how } => schema::Action::Stop(schema::Stop {
                node: name(*node),
                reach: Some(reach(*how)),
            }),
            Action::Start { node } => schema::Action::Start(schema::Start {
                node: name(*node),
                clients: None,
            }),
            Action::Status { node, status } => schema::Action::Status(schema::SetStatus {
                node: name(*node),
                to: Some(i64::from(*status)),
            }),
        };
        schema::Timed {
            at: Some(self.moment(timed.at)),
            action: Some(action),
        }
    }

    /// A moment, counted from the start of the clients.
    fn moment(&self, moment: Moment) -> Time {
        relative(moment, self.plan.clients_start)
    }
}

fn proxy(plan: &Plan) -> schema::Proxy {
    let backend = |one: &Backend| {
        let counting = rules::counting(plan, &one.name);
        let written = backend(one, plan.rules.backend(&one.name));
        schema::Proxy {
            stick_table: counting.map(words::counting).or(written.stick_table),
            ..written
        }
    };
    let proxy = match plan.proxy.backends.as_slice() {
        [only] => schema::Proxy {
            name: Some(only.name.clone()),
            ..backend(only)
        },
        several => schema::Proxy {
            backends: Some(named(several, |b| (b.name.clone(), backend(b)))),
            ..schema::Proxy::default()
        },
    };
    let maxconn = plan.proxy.maxconn;
    schema::Proxy {
        maxconn: (maxconn > 0).then(|| i64::from(maxconn)),
        defaults: rules::defaults(&plan.rules),
        lists: rules::lists(&plan.rules),
        frontends: rules::frontends(plan),
        ..proxy
    }
}

fn backend(backend: &Backend, rules: Option<&RuleSection>) -> schema::Proxy {
    let stick = backend.stick.as_ref();
    schema::Proxy {
        balance: Some(words::balance(&backend.balance)),
        hash_type: words::hash_type(backend),
        hash_balance_factor: (backend.hash_balance_factor > 0)
            .then(|| i64::from(backend.hash_balance_factor)),
        cookie: backend.cookie.as_ref().map(words::cookie),
        dynamic_cookie_key: backend.cookie.as_ref().and_then(|c| c.dynamic_key.clone()),
        option: Some(words::options(backend)),
        http_check: words::http_checks(backend),
        retries: Some(i64::from(backend.retries)),
        retry_on: Some(words::retry_on(&backend.retry_on)),
        fullconn: Some(i64::from(backend.fullconn)),
        timeout: Some(schema::Timeouts {
            connect: backend.timeout_connect.map(time),
            server: backend.timeout_server.map(time),
            queue: backend.timeout_queue.map(time),
            check: backend.timeout_check.map(time),
            tarpit: backend.timeout_tarpit.map(time),
        }),
        mode: rules::mode(backend.http),
        from: rules.and_then(|rules| rules.from.clone()),
        rules: rules.and_then(rules::lines),
        stick_table: stick.map(words::stick_table),
        stick: stick.map(|stick| stick.rules.iter().map(words::stick_rule).collect()),
        servers: Some(named(&backend.servers, |s| {
            (s.name.clone(), server(s, backend))
        })),
        ..schema::Proxy::default()
    }
}

fn server(server: &Server, backend: &Backend) -> schema::Server {
    let check = server.check.as_ref();
    let count = |number: u32| (number > 0).then(|| i64::from(number));
    let usual = Server::default();
    schema::Server {
        id: server.id.map(i64::from),
        address: server.address.map(|address| address.to_string()),
        weight: Some(i64::from(server.weight)),
        maxconn: count(server.maxconn),
        minconn: count(server.minconn),
        maxqueue: count(server.maxqueue),
        cookie: server.cookie.clone(),
        backup: server.backup.then_some(true),
        disabled: server.disabled.then_some(true),
        check: Some(check.is_some()),
        inter: check.map(|check| time(check.inter)),
        fastinter: check.and_then(|check| check.fastinter).map(time),
        downinter: check.and_then(|check| check.downinter).map(time),
        rise: check.map(|check| i64::from(check.rise)),
        fall: check.map(|check| i64::from(check.fall)),
        slowstart: (server.slowstart != usual.slowstart).then(|| time(server.slowstart)),
        track: server.track.as_ref().map(|(other, tracked)| {
            if *other == backend.name {
                tracked.clone()
            } else {
                format!("{other}/{tracked}")
            }
        }),
        on_marked_down: server
            .on_marked_down_shutdown
            .then(|| "shutdown-sessions".to_owned()),
        on_marked_up: server
            .on_marked_up_shutdown_backup
            .then(|| "shutdown-backup-sessions".to_owned()),
        observe: words::observe(server.observe),
        error_limit: (server.error_limit != usual.error_limit)
            .then(|| i64::from(server.error_limit)),
        on_error: words::on_error(server.on_error),
        init_state: words::init_state(server.init_state),
    }
}

/// The checks whose beginning is fixed.
fn phases(config: &Config) -> Option<Named<Time>> {
    let mut phases = Vec::new();
    for backend in &config.backends {
        for server in &backend.servers {
            let first = server.check.as_ref().and_then(|check: &Check| check.first);
            if let Some(first) = first {
                phases.push((
                    format!("{}/{}.check", backend.name, server.name),
                    time(first),
                ));
            }
        }
    }
    (!phases.is_empty()).then_some(Named(phases))
}

fn named<A, B>(things: &[A], pair: impl Fn(&A) -> (String, B)) -> Named<B> {
    Named(things.iter().map(pair).collect())
}

/// A moment, counted from `start`.
fn relative(moment: Moment, start: Moment) -> Time {
    if moment < start {
        Time(format!("-{}", units::write(start.since(moment))))
    } else {
        time(moment.since(start))
    }
}

fn time(span: balance::Span) -> Time {
    Time(units::write(span))
}

fn reach(reach: Reach) -> schema::Reach {
    match reach {
        Reach::Listening => schema::Reach::Listening,
        Reach::Refusing => schema::Reach::Refusing,
        Reach::Vanished => schema::Reach::Vanished,
    }
}
