//! Walks a compose file: what stands outermost, the services, what they extend.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::super::yaml::{self, Id, Value, Yaml};
use super::super::{Env, Status};
use super::interpolate;
use super::keywords::{self, Part, is_extension};
use super::ledger::{Fate, Out, under, whole};
use super::service::Draft;
use super::{Compose, Service};
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::suggest;
use crate::scenario::{FileId, Files, Place, Source};

/// So many values may be looked at, those behind aliases counted each time, beside one for
/// each byte of the files.
const STEPS: usize = 100_000;

/// More complaints than this are not told one by one.
const MOST: usize = 100;

const PASSED: Fate = Fate {
    status: Status::NoEffect,
    why: "an extension: what others take of it counts there",
};

/// A file and where its services are.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) file: FileId,
    pub(super) yaml: Yaml,
    /// The services, in the order written.
    pub(super) services: Vec<(Id, Id)>,
    pub(super) by_name: BTreeMap<String, (Id, Id)>,
}

pub(super) struct Reader<'a> {
    pub(super) files: &'a mut Files,
    pub(super) env: &'a Env,
    pub(super) source: &'a dyn Source,
    pub(super) out: Out,
    /// The files that services are taken from, by name; none if unusable.
    pub(super) others: BTreeMap<String, Option<Rc<Tree>>>,
    /// Services that others extend.
    pub(super) drafts: BTreeMap<(FileId, String), Draft>,
    /// The variables that have been missed.
    unset: BTreeSet<String>,
    steps: usize,
    /// How many steps there may be.
    budget: usize,
}

/// Reads the file numbered `file`.
pub(super) fn read(files: &mut Files, file: FileId, env: &Env, source: &dyn Source) -> Compose {
    let mut reader = Reader {
        files,
        env,
        source,
        out: Out::default(),
        others: BTreeMap::new(),
        drafts: BTreeMap::new(),
        unset: BTreeSet::new(),
        steps: 0,
        budget: STEPS,
    };
    let services = match reader.open(file) {
        Some(tree) => reader.top(&Rc::new(tree)),
        None => Vec::new(),
    };
    let (ledger, mut notes) = reader.out.close();
    bound(&mut notes);
    Compose {
        services,
        ledger,
        notes,
    }
}

/// Keeps the first of very many complaints: nobody reads them all.
fn bound(notes: &mut Vec<Diagnostic>) {
    notes.sort_by_key(|note| (note.severity(), note.labels[0].place));
    let Some(last) = notes.get(MOST) else {
        return;
    };
    let message = format!("and {} more, which are not told", notes.len() - MOST);
    let note = Diagnostic::new(last.code, message, last.labels[0].place);
    notes.truncate(MOST);
    notes.push(note);
}

impl Reader<'_> {
    /// The tree of a file, its variables put in, if it can be read.
    pub(super) fn open(&mut self, file: FileId) -> Option<Tree> {
        let text = self.files.file(file).text.clone();
        self.out.open(file, &text);
        self.budget += text.len();
        let mut yaml = match yaml::read(file, &text) {
            Ok((yaml, notes)) => {
                for note in notes {
                    self.out.say(note);
                }
                yaml
            }
            Err(note) => {
                let place = note.labels[0].place;
                let why = note.message.clone();
                self.out.enter(place, "", Status::Refused, why);
                self.out.say(note);
                return None;
            }
        };
        self.interpolate(&mut yaml, &text);
        let Some(root) = yaml.root() else {
            self.nobody(Place::new(file, 0, 0));
            return None;
        };
        let top = yaml.pairs(root);
        let key = |name: &str| top.iter().find(|(key, _)| yaml.text(*key) == Some(name));
        let first = key("services").is_none() && key("version").is_none();
        let services = match key("services") {
            Some(&(_, services)) => self.fields(&yaml, services),
            None if first => top
                .iter()
                .copied()
                .filter(|p| is_first(&yaml, *p))
                .collect(),
            None => Vec::new(),
        };
        let name = |pair: &(Id, Id)| yaml.text(pair.0).unwrap_or_default().to_owned();
        let by_name = services.iter().map(|pair| (name(pair), *pair)).collect();
        Some(Tree {
            file,
            yaml,
            services,
            by_name,
        })
    }

    /// Puts the variables in.
    fn interpolate(&mut self, yaml: &mut Yaml, text: &str) {
        for (place, value) in yaml.texts_mut() {
            let within = |bytes: &std::ops::Range<usize>| {
                let raw = &text[place.start as usize..place.end as usize];
                let words = &value[bytes.clone()];
                match raw.find(words) {
                    Some(at) => place.part(at, words.len()),
                    None => place,
                }
            };
            match interpolate::fill(value, self.env) {
                Ok(None) => {}
                Ok(Some(filled)) => {
                    for (name, bytes) in filled.unset {
                        let place = within(&bytes);
                        if self.unset.insert(name.clone()) {
                            let message = format!("`{name}` is not set: nothing stands for it");
                            let note = Diagnostic::new(Code::Lint, message, place);
                            let help = "set it in the `.env` file beside this one, or name one \
                                        with --env";
                            self.out.say(note.help(help));
                        }
                    }
                    *value = filled.text;
                }
                Err(problem) => {
                    let place = within(&problem.at);
                    let note = Diagnostic::new(Code::Import, problem.message, place);
                    self.out.say(note.help(problem.help));
                    value.clear();
                }
            }
        }
    }

    /// What stands outermost.
    fn top(&mut self, tree: &Rc<Tree>) -> Vec<Service> {
        let yaml = &tree.yaml;
        let root = yaml.root().expect("an opened tree has one");
        if !matches!(yaml.value(root), Value::Map(_)) {
            self.wrong(
                yaml.place(root),
                "a compose file",
                "a map",
                "services: { ... }",
            );
            return Vec::new();
        }
        let mut services = Vec::new();
        for &(key, _) in &tree.services {
            let name = yaml.text(key).unwrap_or_default().to_owned();
            if is_extension(&name) {
                continue;
            }
            self.proper_name(&name, yaml.place(key));
            if let Some(draft) = self.draft(tree, &name, &mut Vec::new()) {
                services.push(draft.finish(name, yaml.place(key)));
            }
        }
        self.elsewhere(&services);
        self.built(&services);
        let first = tree.services.iter().copied().collect::<BTreeSet<_>>();
        for &(key, value) in yaml.pairs(root) {
            if !first.contains(&(key, value)) {
                self.outermost(yaml, key, value);
            }
        }
        if services.is_empty() {
            self.nobody(yaml.place(root));
        }
        services
    }

    /// Services are found by their names in networks, which have few characters.
    fn proper_name(&mut self, name: &str, place: Place) {
        let proper = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !name.is_empty() && name.chars().all(proper) {
            return;
        }
        let place = self.brief(place);
        let note = Diagnostic::new(Code::Range, format!("{name:?} cannot be a name"), place);
        self.out
            .say(note.accepted("letters and digits (ASCII) and `-`, `_`, `.`"));
    }

    fn nobody(&mut self, place: Place) {
        let place = self.brief(place);
        let note = Diagnostic::new(Code::Missing, "there are no services", place);
        let help = "write `services:`, and below it a name and an `image` for each container";
        self.out.say(note.help(help));
    }

    /// The environment of those who run no HAProxy tells only them something.
    fn elsewhere(&mut self, services: &[Service]) {
        let others = services
            .iter()
            .filter(|one| one.likeness("haproxy.cfg") == 0);
        let paths = others.flat_map(|one| {
            let path = format!("services.{}", under("", &one.name));
            ["environment", "env_file"].map(|key| under(&path, key))
        });
        let fate = Fate {
            status: Status::NotModelled,
            why: keywords::INSIDE,
        };
        self.out.change(&paths.collect(), Status::Modelled, fate);
    }

    /// The Dockerfile of those who may run HAProxy says which one it is.
    fn built(&mut self, services: &[Service]) {
        let proxies = services
            .iter()
            .filter(|one| one.likeness("haproxy.cfg") > 0);
        let paths = proxies.map(|one| {
            let path = format!("services.{}", under("", &one.name));
            under(&path, "build")
        });
        let fate = Fate {
            status: Status::Modelled,
            why: keywords::BUILT,
        };
        self.out.change(&paths.collect(), Status::NotModelled, fate);
    }

    fn outermost(&mut self, yaml: &Yaml, key: Id, value: Id) {
        let name = yaml.text(key).unwrap_or_default().to_owned();
        if is_extension(&name) || name == "<<" {
            self.out.cover(yaml, &under("", &name), key, value, PASSED);
        } else if name == "services" {
            let place = yaml.place(key);
            self.out.enter(place, "services", Status::Modelled, "");
            if !matches!(yaml.value(value), Value::Map(_)) {
                self.wrong(
                    whole(yaml, key, value),
                    "`services`",
                    "a map",
                    "services: { ... }",
                );
            }
            self.merges(yaml, "services", value);
        } else if let Some(fate) = self.fate(Part::Top, yaml, key, value) {
            self.out.cover(yaml, &name, key, value, fate);
        }
    }

    /// Enters `<<` and extensions of the map numbered `value`.
    pub(super) fn merges(&mut self, yaml: &Yaml, path: &str, value: Id) {
        if yaml.meant(value) != value {
            return;
        }
        for &(key, inner) in yaml.pairs(value) {
            let name = yaml.text(key).unwrap_or_default();
            let merged = name == "<<";
            if merged || is_extension(name) {
                let fate = if merged {
                    super::ledger::MODELLED
                } else {
                    PASSED
                };
                self.out.cover(yaml, &under(path, name), key, inner, fate);
            }
        }
    }

    /// The first line of `place`, which is better pointed at than a long block.
    pub(super) fn brief(&self, place: Place) -> Place {
        let first = self.files.words(place).lines().next();
        place.part(0, first.map_or(0, |line| line.trim_end().len()))
    }

    /// What becomes of a key in `part`; nothing, said, if Docker does not know it.
    pub(super) fn fate(&mut self, part: Part, yaml: &Yaml, key: Id, value: Id) -> Option<Fate> {
        let name = yaml.text(key).unwrap_or_default();
        let Some(keyword) = part.find(name) else {
            let message = format!("{} has no key `{name}`", part.title());
            let note = Diagnostic::new(Code::Idle, message, yaml.place(key));
            let near = (!self.out.is_full()).then(|| suggest::nearest(name, part.names()));
            let note = match near.flatten() {
                Some(near) => note.help(format!("did you mean `{near}`?")),
                None => note,
            };
            self.out.say(note);
            return Some(Fate {
                status: Status::NotModelled,
                why: "Docker does not know it",
            });
        };
        let (kind, title) = match yaml.value(value) {
            Value::Text(_) => ('t', "text"),
            Value::List(_) => ('l', "a list"),
            Value::Map(_) => ('m', "a map"),
            Value::Null | Value::Alias(_) => return Some(keyword.fate),
        };
        if keyword.takes.contains(kind) {
            return Some(keyword.fate);
        }
        let takes: Vec<&str> = keyword.takes.chars().map(kind_name).collect();
        let place = whole(yaml, key, value);
        let message = format!("`{name}` cannot be {title}");
        let note = Diagnostic::new(Code::Import, message, yaml.place(key));
        self.out.say(note.accepted(takes.join(", ")));
        let why = format!("it cannot be {title}");
        self.out.enter(place, name, Status::Refused, why);
        None
    }

    /// Something is of another kind than it must be.
    pub(super) fn wrong(&mut self, place: Place, what: &str, needs: &str, example: &str) {
        let message = format!("{what} must be {needs}");
        let note = Diagnostic::new(Code::Import, message.clone(), self.brief(place));
        self.out.say(note.accepted(format!("`{example}`")));
        self.out.enter(place, what, Status::Refused, message);
    }

    /// The pairs of a map, with those that `<<` takes from others: a key of its own counts
    /// before that of the first merged map, and that before the next.
    pub(super) fn fields(&mut self, yaml: &Yaml, map: Id) -> Vec<(Id, Id)> {
        let mut fields = Vec::new();
        let mut names = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut waiting = vec![map];
        while let Some(next) = waiting.pop() {
            let next = yaml.meant(next);
            if !seen.insert(next) || self.spent(yaml.pairs(next).len(), yaml.place(next)) {
                continue;
            }
            let mut merged = Vec::new();
            for &(key, value) in yaml.pairs(next) {
                match (yaml.text(key), yaml.value(value)) {
                    (Some("<<"), Value::List(items)) => merged.extend(items.iter().copied()),
                    (Some("<<"), _) => merged.push(value),
                    (Some(name), _) if names.insert(name) => fields.push((key, value)),
                    _ => {}
                }
            }
            waiting.extend(merged.into_iter().rev());
        }
        fields
    }

    /// Counts steps, and says once that they are too many.
    pub(super) fn spent(&mut self, steps: usize, place: Place) -> bool {
        let before = self.steps;
        self.steps = self.steps.saturating_add(steps + 1);
        if before <= self.budget && self.steps > self.budget {
            let message = "aliases and `extends` make this file too large";
            let note = Diagnostic::new(Code::Unreadable, message, self.brief(place));
            self.out.say(note);
        }
        self.steps > self.budget
    }
}

fn kind_name(kind: char) -> &'static str {
    match kind {
        't' => "a text",
        'l' => "a list",
        _ => "a map",
    }
}

/// Whether a pair outermost in a file is a service of version 1.
fn is_first(yaml: &Yaml, (_, value): (Id, Id)) -> bool {
    let known = ["image", "build", "extends", "container_name"];
    let pairs = yaml.pairs(value).iter();
    let mut names = pairs.filter_map(|(key, _)| yaml.text(*key));
    names.any(|name| known.contains(&name) || name == "<<")
}
