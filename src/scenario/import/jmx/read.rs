//! The way of a plan from its text to clients.

use std::collections::BTreeMap;

use super::element::{Element, Tree};
use super::group::{self, Drafted};
use super::kinds::{Controller, Group, Kind};
use super::ledger::Ledger;
use super::variables::Variables;
use super::{Imported, properties, xml};
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::import::{Directive, Status};
use crate::scenario::schema;
use crate::scenario::{FileId, Files, Place, Source};

/// Plans that include plans that include plans.
const INCLUDES: usize = 16;
/// More notes than anybody reads.
const NOTES: usize = 100;
/// Steps that any plan may come to, however short it is.
const STEPS: usize = 50_000;

/// Where a request goes.
pub(super) struct Site {
    /// In lower case; empty if the plan does not say.
    pub(super) host: String,
    /// Empty if it is the usual one.
    pub(super) port: String,
    pub(super) path: String,
}

/// What a plan includes, by the path that it says.
type Includes = BTreeMap<String, Result<Tree, String>>;

/// Everything that is known while a plan is read.
pub(super) struct Reader<'e> {
    pub(super) top: &'e [Element],
    pub(super) included: BTreeMap<String, Result<&'e [Element], String>>,
    pub(super) ledger: Ledger,
    pub(super) notes: Vec<Diagnostic>,
    pub(super) told: Vec<String>,
    pub(super) variables: Variables,
    beside: &'e dyn Source,
    texts: BTreeMap<String, Result<String, String>>,
    /// How many thread groups there are.
    pub(super) groups: usize,
    /// The host that is taken for the proxy, once it is known.
    pub(super) proxy: Option<String>,
    /// The hosts that are asked, in the order of the plan, and how often.
    pub(super) hosts: Vec<(String, usize)>,
    pub(super) ports: BTreeMap<String, usize>,
    /// The cookie manager of each HTTP sampler of the present group.
    pub(super) cookies: Vec<Option<&'e Element>>,
    /// Names of clients that are taken.
    pub(super) names: BTreeMap<String, u32>,
    /// Controllers around the present place.
    pub(super) depth: usize,
    /// What module controllers are following.
    pub(super) following: Vec<Place>,
    /// Whether a number was refused.
    pub(super) is_refusing: bool,
    spent: usize,
    limit: usize,
}

pub(super) fn read(
    files: &mut Files,
    which: FileId,
    given: &[(String, String)],
    beside: &dyn Source,
) -> Imported {
    let text = files.file(which).text.clone();
    let top = match xml::read(which, &text) {
        Ok(top) => top,
        Err(note) => return refused(note, files),
    };
    let mut variables = Variables::new(given);
    variables.learn(&top);
    let mut includes = Includes::new();
    include(&top, &variables, files, beside, &mut includes);
    for tree in includes.values().flatten() {
        variables.learn_more(tree);
    }
    let trees = includes.iter().map(|(path, tree)| {
        let tree = match tree {
            Ok(tree) => Ok(tree.as_slice()),
            Err(why) => Err(why.clone()),
        };
        (path.clone(), tree)
    });
    let size: usize = text.len();
    let mut reader = Reader {
        top: &top,
        included: trees.collect(),
        ledger: Ledger::default(),
        notes: Vec::new(),
        told: Vec::new(),
        variables,
        beside,
        texts: BTreeMap::new(),
        groups: 0,
        proxy: None,
        hosts: Vec::new(),
        ports: BTreeMap::new(),
        cookies: Vec::new(),
        names: BTreeMap::new(),
        depth: 0,
        following: Vec::new(),
        is_refusing: false,
        spent: 0,
        limit: STEPS + size / 32,
    };
    // Which host is the proxy shows when all samplers are known.
    reader.clients();
    reader.proxy = reader.likely_proxy();
    reader.begin_again();
    let clients = reader.clients();
    reader.close(clients)
}

fn refused(note: Diagnostic, files: &Files) -> Imported {
    let place = note.labels[0].place;
    let line = files.position(place).line as u32;
    Imported {
        ledger: vec![Directive {
            place,
            line,
            keyword: "the file".into(),
            status: Status::Refused,
            why: note.message.clone().into(),
        }],
        notes: vec![note],
        ..Imported::default()
    }
}

/// Reads the plans that include controllers name, and those that these include.
fn include(
    elements: &[Element],
    variables: &Variables,
    files: &mut Files,
    beside: &dyn Source,
    includes: &mut Includes,
) {
    for element in elements.iter().filter(|element| element.enabled) {
        if element.kind() == Kind::Controller(Controller::Include) {
            let written = element.text("IncludeController.includepath");
            let Some(path) = variables.constant(written) else {
                continue;
            };
            if includes.len() < INCLUDES && !includes.contains_key(&path) {
                let tree = text_beside(beside, &path).and_then(|text| {
                    let file = files.add(path.clone(), text.as_str());
                    let tree = xml::read(file, &text);
                    tree.map(Tree::new).map_err(|note| note.message)
                });
                includes.insert(path, tree.clone());
                if let Ok(tree) = tree {
                    include(&tree, variables, files, beside, includes);
                }
            }
        }
        include(&element.children, variables, files, beside, includes);
    }
}

/// A file as the plan names it, or, as people hand plans on, one of its name beside the plan.
fn text_beside(beside: &dyn Source, name: &str) -> Result<String, String> {
    let path = name.trim().replace('\\', "/");
    let short = path.rsplit('/').next().unwrap_or(&path);
    match beside.text(&path) {
        Err(_) if short != path => beside.text(short),
        outcome => outcome,
    }
}

impl Reader<'_> {
    fn begin_again(&mut self) {
        self.ledger = Ledger::default();
        self.notes.clear();
        self.told.clear();
        self.names.clear();
        self.is_refusing = false;
        self.spent = 0;
    }

    /// The client of each thread group, in the order in which they run.
    fn clients(&mut self) -> Vec<(String, schema::ThreadGroup)> {
        let top = self.top;
        let plan = top.iter().find(|element| element.kind() == Kind::Plan);
        if let Some(plan) = plan {
            self.modelled(plan);
        }
        // JMeter also saves parts of a plan, which it opens inside a new one.
        let children = plan.map_or(top, |plan| &plan.children);
        let beside = group::beside(children);
        let groups = children.iter().filter(|element| element.enabled);
        let groups: Vec<(&Element, Group)> = groups
            .filter_map(|element| match element.kind() {
                Kind::Group(Group::Other) => {
                    self.unknown_group(element);
                    None
                }
                Kind::Group(kind) => Some((element, kind)),
                _ => None,
            })
            .collect();
        self.groups = groups.len();
        let drafted: Vec<Drafted> = groups
            .into_iter()
            .filter_map(|(element, kind)| self.group(element, kind, &beside))
            .collect();
        let serial = plan.and_then(|plan| plan.flag("TestPlan.serialize_threadgroups"));
        in_order(&drafted, serial == Some(true))
    }

    /// A plugin's group, with the numbers it has.
    fn unknown_group(&mut self, element: &Element) {
        let numbers = element.properties.iter().filter(|property| {
            let text = property.text().trim();
            !text.is_empty() && text.len() < 20 && text != "false" && text != "continue"
        });
        let numbers: Vec<String> = numbers
            .take(8)
            .map(|property| format!("{} {}", property.name, property.text().trim()))
            .collect();
        let why = format!("no load comes from it; it says {}", numbers.join(", "));
        self.ledger.element(element, Status::NotModelled, why);
    }

    /// The host that most samplers ask; of several, the first.
    fn likely_proxy(&self) -> Option<String> {
        let most = self.hosts.iter().map(|(_, count)| *count).max()?;
        let first = self.hosts.iter().find(|(_, count)| *count == most);
        first.map(|(host, _)| host.clone())
    }

    /// Counts a host that a sampler asks.
    pub(super) fn visited(&mut self, site: &Site) {
        if site.host.is_empty() {
            return;
        }
        if self.proxy.is_some() {
            *self.ports.entry(site.port.clone()).or_default() += 1;
            return;
        }
        // Nobody has a thousand machines in one plan; a fuzzer does.
        let room = self.hosts.len() < 1000;
        match self.hosts.iter_mut().find(|(known, _)| *known == site.host) {
            Some((_, count)) => *count += 1,
            None if room => self.hosts.push((site.host.clone(), 1)),
            None => {}
        }
    }

    /// Says that an element is followed, but for some of its properties.
    pub(super) fn modelled(&mut self, element: &Element) {
        if !self.ledger.knows(element) {
            self.ledger.element(element, Status::Modelled, "");
            properties::note(element, &mut self.ledger);
        }
    }

    pub(super) fn note(&mut self, note: Diagnostic) {
        if self.notes.len() < NOTES {
            self.notes.push(note);
        }
    }

    /// Counts steps, so that no plan comes to more than its length allows.
    pub(super) fn spend(&mut self, steps: usize) {
        let was_spent = self.is_spent();
        self.spent += steps;
        if self.is_spent() && !was_spent {
            let message = "the plan comes to more steps than a simulation has memory for";
            let place = self.top.first().map(|element| element.place);
            self.note(Diagnostic::new(
                Code::Range,
                message,
                place.unwrap_or_default(),
            ));
        }
    }

    pub(super) fn is_spent(&self) -> bool {
        self.spent > self.limit
    }

    /// The text of a file beside the plan.
    pub(super) fn text_beside(&mut self, name: &str) -> Result<String, String> {
        if !self.texts.contains_key(name) {
            let text = text_beside(self.beside, name);
            self.limit += text.as_ref().map_or(0, |text| text.len() / 8);
            self.texts.insert(name.to_owned(), text);
        }
        let text = self.texts[name].clone();
        self.spend(text.as_ref().map_or(0, |text| text.len() / 8));
        text
    }
}

/// Groups in the order in which they run: what sets up, what is measured, what tears down.
fn in_order(drafted: &[Drafted], serial: bool) -> Vec<(String, schema::ThreadGroup)> {
    let mut all: Vec<(String, schema::ThreadGroup)> = Vec::new();
    let mut before: Vec<String> = Vec::new();
    for wanted in [is_setup as fn(Group) -> bool, is_main, is_tear_down] {
        let mut names: Vec<String> = Vec::new();
        let mut last: Vec<String> = before.clone();
        for group in drafted.iter().filter(|group| wanted(group.kind)) {
            let own: Vec<String> = group.clients.iter().map(|(name, _)| name.clone()).collect();
            for (name, client) in &group.clients {
                let mut client = client.clone();
                client.after = (!last.is_empty()).then(|| last.clone());
                all.push((name.clone(), client));
            }
            if serial {
                last.clone_from(&own);
            }
            names.extend(own);
        }
        if !names.is_empty() {
            before = names;
        }
    }
    all
}

fn is_setup(kind: Group) -> bool {
    kind == Group::Setup
}

fn is_tear_down(kind: Group) -> bool {
    kind == Group::TearDown
}

fn is_main(kind: Group) -> bool {
    !is_setup(kind) && !is_tear_down(kind)
}
