//! Meaning: from the schema to a plan, finding every error and pointing at each.
//!
//! Each part of the file has its own module here. They share the [`Check`], which keeps the
//! complaints, and walk the tree beside the schema with a [`At`] cursor, which knows places.

mod arrivals;
mod clients;
mod cursor;
mod expect;
mod late_checks;
mod names;
pub(crate) mod nodes;
mod proxy;
mod rules;
pub(crate) mod script;
mod server;
mod timeline;
mod traps;
mod values;

use balance::{BackendId, Balancer, Door, Moment, Profile, Span, Version};

pub(crate) use cursor::At;
use names::Names;

use crate::plan::{Budget, Plan, Wire};
use crate::scenario::config::{Base, Unusable};
use crate::scenario::diagnostic::{Code, Diagnostic, Severity};
use crate::scenario::logs::Logs;
use crate::scenario::schema;
use crate::scenario::suggest;
use crate::scenario::tree::Node;

/// The form of the language that this program reads.
pub(crate) const VERSION: i64 = 1;

/// What was found out so far.
pub(crate) struct Check {
    notes: Vec<Diagnostic>,
    /// How long the proxy runs before the clients' clock starts.
    warm_up: Span,
    /// The nodes are not readable, so that missing ones say nothing.
    nodes_refused: bool,
    /// The servers are not known, so that unknown names say nothing.
    servers_refused: bool,
    /// Where requests go unless a client says otherwise.
    default_backend: BackendId,
    /// Where clients come in that name no backend.
    door: Option<Door>,
    /// The frontend that requests would come in through otherwise.
    entry: Option<usize>,
    /// A balancer that is asked what it thinks of commands.
    console: Option<Balancer>,
    /// The logs that clients replay.
    logs: Logs,
    names: Names,
}

/// Makes a plan called `name` of a scenario. `base` is the proxy of an imported
/// configuration, `logs` are those that clients replay. There is no plan if there are errors.
pub(crate) fn check(
    name: &str,
    scenario: &schema::Scenario,
    root: &Node,
    base: Result<Option<Base>, Unusable>,
    logs: Logs,
    notes: &mut Vec<Diagnostic>,
) -> Option<Plan> {
    let refused = |notes: &[Diagnostic]| notes.iter().any(|n| n.severity() == Severity::Error);
    let mut check = Check {
        notes: std::mem::take(notes),
        warm_up: Span::ZERO,
        nodes_refused: false,
        servers_refused: base.is_err(),
        default_backend: BackendId::default(),
        door: None,
        entry: None,
        console: None,
        logs,
        names: Names::default(),
    };
    let plan = check.plan(name, scenario, At::root(root), base.unwrap_or_default());
    *notes = check.notes;
    (!refused(notes)).then_some(plan)
}

impl Check {
    fn plan(
        &mut self,
        name: &str,
        scenario: &schema::Scenario,
        at: At<'_>,
        base: Option<Base>,
    ) -> Plan {
        self.version(at, scenario.version);
        let profile = self.profile(at.field("profile"), scenario.profile.as_deref());
        self.warm_up = self
            .span(at.field("warm_up"), scenario.warm_up.as_ref())
            .unwrap_or_default();
        let facts = base.as_ref().map(|base| base.keep_alive.clone());
        self.default_backend = base
            .as_ref()
            .map(|base| base.default_backend)
            .unwrap_or_default();
        self.door = base.as_ref().and_then(|base| base.door);
        self.entry = base.as_ref().and_then(|base| base.entry);
        self.nodes_refused = at.field("nodes").is_bad();
        let (base, imported) = base.map(|base| (base.config, base.rules)).unzip();
        let mut proxy = self.proxy(at, scenario, profile, base);
        let rules = self.rules(at, scenario, &mut proxy, imported);
        let nodes = self.nodes(at, scenario.nodes.as_ref(), &proxy, facts.as_deref());
        self.phases(at.field("phase"), scenario.phase.as_ref(), &mut proxy);
        self.contradictions(at, &proxy, scenario);
        let mut clients = self.clients(at, scenario.clients.as_ref(), &proxy);
        self.late_checks(at, &proxy.backends, &nodes, &clients);
        let timeline = self.timeline(
            at.field("timeline"),
            scenario.timeline.as_deref(),
            &mut clients,
        );
        let expect = self.expect(at.field("expect"), scenario.expect.as_deref());
        let wire = self.wire(at.field("wire"), scenario.wire.as_ref());
        let budget = self.budget(at.field("budget"), scenario.budget.as_ref());
        Plan {
            scenario: name.to_owned(),
            title: scenario.title.clone().unwrap_or_else(|| name.to_owned()),
            notes: scenario.notes.clone().unwrap_or_default(),
            seed: scenario.seed.unwrap_or(1),
            proxy,
            rules,
            nodes,
            clients,
            timeline,
            expect,
            ask: self.ask(at.field("ask"), scenario.ask.as_deref()),
            wire,
            clients_start: self.clients_start(),
            budget,
        }
    }

    fn version(&mut self, at: At<'_>, version: Option<i64>) {
        let Some(version) = version.filter(|&version| version != VERSION) else {
            return;
        };
        let place = at.field("version").place();
        self.say(
            at,
            Diagnostic::new(
                Code::Version,
                format!("form {version} of the language is not known"),
                place,
            )
            .accepted(VERSION.to_string())
            .help("perhaps a newer balancelab can read it"),
        );
    }

    fn profile(&mut self, at: At<'_>, name: Option<&str>) -> Profile {
        let Some(name) = name else {
            return Profile::default();
        };
        let Some(version) = Version::from_name(name) else {
            let known = Version::ALL.map(Version::name);
            let complaint = Diagnostic::new(
                Code::UnknownWord,
                format!("there is no profile of HAProxy {name:?}"),
                at.place(),
            );
            self.say(at, suggest::attach(complaint, name, known));
            return Profile::default();
        };
        Profile::of(version)
    }

    fn wire(&mut self, at: At<'_>, wire: Option<&schema::Wire>) -> Wire {
        let wire = wire.cloned().unwrap_or_default();
        let percent = wire.stall_percent.unwrap_or(0.0);
        if !(0.0..=100.0).contains(&percent) {
            let at = at.field("stall_percent");
            self.out_of_range(at, &percent.to_string(), "0 to 100 (percent)");
        }
        let each_way = Span::from_micros(100);
        Wire {
            client: self
                .span(at.field("client"), wire.client.as_ref())
                .unwrap_or(each_way),
            node: self
                .span(at.field("node"), wire.node.as_ref())
                .unwrap_or(each_way),
            stall: self
                .span(at.field("stall"), wire.stall.as_ref())
                .unwrap_or(Span::from_millis(40)),
            stall_per_mille: (percent * 10.0).round() as u32,
        }
    }

    fn budget(&mut self, at: At<'_>, budget: Option<&schema::Budget>) -> Budget {
        let budget = budget.cloned().unwrap_or_default();
        let usual = Budget::default();
        Budget {
            events: budget.events.unwrap_or(usual.events),
            time: self
                .span(at.field("time"), budget.time.as_ref())
                .unwrap_or(usual.time),
        }
    }

    /// When the clients' clock reads 0.
    fn clients_start(&self) -> Moment {
        Moment::ZERO + self.warm_up
    }

    /// Keeps a complaint, unless something about this value has been said already.
    fn say(&mut self, at: At<'_>, complaint: Diagnostic) {
        let noise = self.servers_refused && complaint.code == Code::UnknownName;
        if !at.is_bad() && !noise {
            self.notes.push(complaint);
        }
    }
}
