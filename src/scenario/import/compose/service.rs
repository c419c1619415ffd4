//! One service: what its keys say.

use std::net::IpAddr;
use std::rc::Rc;

use super::super::yaml::{Id, Value, Yaml};
use super::super::{Env, Status};
use super::keywords::{Part, is_extension};
use super::ledger::{Fate, MODELLED, under, whole};
use super::read::{Reader, Tree};
use super::{Port, Service, image};
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::extends::beside;
use crate::scenario::{FileId, Place};

/// A service while its keys are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    service: Service,
    /// From its environment files, which count less than `environment`.
    from_files: Env,
    /// `scale`, `deploy.replicas`
    copies: Option<u32>,
}

impl Draft {
    /// How many values a copy of it has.
    pub(super) fn weight(&self) -> usize {
        let own = &self.service;
        let variables = own.environment.iter().count() + self.from_files.iter().count();
        variables + own.ports.len() + own.mounts.len() + own.links.len()
    }

    /// What a service that extends this one begins with.
    pub(super) fn passed_on(mut self) -> Self {
        self.service.links.clear();
        self
    }

    /// The service, called `name`.
    pub(super) fn finish(mut self, name: String, place: Place) -> Service {
        let own = std::mem::take(&mut self.service.environment);
        let mut environment = self.from_files;
        own.iter()
            .for_each(|(name, value)| environment.set(name, value));
        Service {
            name,
            environment,
            copies: self.copies.unwrap_or(1),
            place,
            ..self.service
        }
    }
}

/// A key of a service, on its way to a [`Draft`].
struct Setting<'a> {
    tree: &'a Rc<Tree>,
    path: String,
    key: Id,
    value: Id,
    fate: Fate,
}

impl Setting<'_> {
    fn yaml(&self) -> &Yaml {
        &self.tree.yaml
    }

    fn text(&self) -> Option<String> {
        self.yaml().text(self.value).map(str::to_owned)
    }
}

impl Reader<'_> {
    /// Understands one key of the service at `path`.
    pub(super) fn setting(
        &mut self,
        tree: &Rc<Tree>,
        path: &str,
        key: Id,
        value: Id,
        draft: &mut Draft,
    ) {
        let yaml = &tree.yaml;
        let name = yaml.text(key).unwrap_or_default();
        if is_extension(name) {
            return;
        }
        let Some(fate) = self.fate(Part::Service, yaml, key, value) else {
            return;
        };
        let setting = Setting {
            tree,
            path: under(path, name),
            key,
            value,
            fate,
        };
        let own = &mut draft.service;
        match name {
            "container_name" => own.container = setting.text(),
            "hostname" => own.hostname = setting.text(),
            "image" => own.image = setting.text(),
            "build" => own.build = setting.text().or_else(|| inner(yaml, value, "context")),
            "links" => own.links = links(yaml, value),
            "volumes" | "configs" => own.mounts.extend(mounts(yaml, value)),
            "networks" => return self.networks(&setting, draft),
            "ports" => return self.ports(&setting, draft),
            "environment" => return self.environment(&setting, draft),
            "env_file" => return self.env_files(&setting, draft),
            "scale" => self.copies(&setting, draft),
            "deploy" => return self.deploy(&setting, draft),
            _ => {}
        }
        let image = draft.service.image.as_deref();
        let fate = match name {
            "image" if image.and_then(image::profile).is_some() => MODELLED,
            "image" if image.and_then(image::haproxy_version).is_some() => Fate {
                why: "this version has no profile: decisions are taken as 2.6 takes them (--profile)",
                ..setting.fate
            },
            "volumes"
                if draft
                    .service
                    .mounts
                    .iter()
                    .any(|m| m.ends_with("haproxy.cfg")) =>
            {
                MODELLED
            }
            _ => setting.fate,
        };
        self.out.cover(yaml, &setting.path, key, value, fate);
    }

    /// Enters the key itself, and whatever is not entered one by one.
    fn head(&mut self, setting: &Setting<'_>) {
        let yaml = setting.yaml();
        let (key, value) = (setting.key, setting.value);
        let place = match yaml.value(value) {
            Value::Text(_) => whole(yaml, key, value),
            _ => yaml.place(key),
        };
        let Fate { status, why } = setting.fate;
        self.out.enter(place, &setting.path, status, why);
        self.merges(yaml, &setting.path, value);
    }

    fn deploy(&mut self, setting: &Setting<'_>, draft: &mut Draft) {
        let yaml = setting.yaml();
        self.head(setting);
        for (key, value) in self.fields(yaml, setting.value) {
            let name = yaml.text(key).unwrap_or_default();
            let Some(fate) = self.fate(Part::Deploy, yaml, key, value) else {
                continue;
            };
            let path = under(&setting.path, name);
            let inner = Setting {
                tree: setting.tree,
                path,
                key,
                value,
                fate,
            };
            if name == "replicas" {
                self.copies(&inner, draft);
            }
            self.out.cover(yaml, &inner.path, key, value, fate);
        }
    }

    fn copies(&mut self, setting: &Setting<'_>, draft: &mut Draft) {
        let text = setting.text().unwrap_or_default();
        if let Ok(number) = text.trim().parse::<u32>() {
            draft.copies = Some(number);
            return;
        }
        let place = whole(setting.yaml(), setting.key, setting.value);
        let message = format!("{text:?} is no number of containers");
        let note = Diagnostic::new(Code::Import, message, place);
        self.out.say(note.accepted("a whole number, such as 3"));
    }

    fn networks(&mut self, setting: &Setting<'_>, draft: &mut Draft) {
        let yaml = setting.yaml();
        self.head(setting);
        // What it says of networks replaces what it extends.
        draft.service.addresses.clear();
        draft.service.aliases.clear();
        for (key, value) in self.fields(yaml, setting.value) {
            let path = under(&setting.path, yaml.text(key).unwrap_or_default());
            self.out.enter(yaml.place(key), &path, Status::Modelled, "");
            self.merges(yaml, &path, value);
            for (key, value) in self.fields(yaml, value) {
                let name = yaml.text(key).unwrap_or_default();
                let Some(fate) = self.fate(Part::Network, yaml, key, value) else {
                    continue;
                };
                let own = &mut draft.service;
                match name {
                    "ipv4_address" | "ipv6_address" => {
                        own.addresses.extend(yaml.text(value).map(str::to_owned));
                    }
                    "aliases" => own.aliases.extend(texts(yaml, value)),
                    _ => {}
                }
                self.out.cover(yaml, &under(&path, name), key, value, fate);
            }
        }
        self.list(setting, |_, _| {});
    }

    /// Enters each item of a list, and hands `each` the texts among them.
    fn list(&mut self, setting: &Setting<'_>, mut each: impl FnMut(&str, Place)) {
        let yaml = setting.yaml();
        let Value::List(items) = yaml.value(setting.value) else {
            return;
        };
        if self.spent(items.len(), yaml.place(setting.key)) {
            return;
        }
        for (index, &item) in items.iter().enumerate() {
            let path = under(&setting.path, &index.to_string());
            let place = yaml.place(item);
            let Fate { status, why } = setting.fate;
            if self.out.enter(place, &path, status, why) {
                self.out.inside(yaml, &path, item, setting.fate);
            }
            if let Some(text) = yaml.text(item) {
                each(text, place);
            }
        }
    }

    fn ports(&mut self, setting: &Setting<'_>, draft: &mut Draft) {
        let yaml = setting.yaml();
        self.head(setting);
        let mut wrong = Vec::new();
        self.list(setting, |text, place| match port(text) {
            Some(port) => draft.service.ports.push(port),
            None => wrong.push((text.to_owned(), place)),
        });
        for (text, place) in wrong {
            let message = format!("{text:?} is no port");
            let note = Diagnostic::new(Code::Import, message, place);
            let accepted = "`80`, `8080:80`, `127.0.0.1:8080:80`, `8000-8010:80`, `53:53/udp`";
            self.out.say(note.accepted(accepted));
        }
        if let Value::List(items) = yaml.value(setting.value) {
            let long = items.iter().filter_map(|&item| {
                let target = inner(yaml, item, "target")?;
                let published = inner(yaml, item, "published");
                Some(Port { published, target })
            });
            draft.service.ports.extend(long);
        }
    }

    fn environment(&mut self, setting: &Setting<'_>, draft: &mut Draft) {
        let yaml = setting.yaml();
        self.head(setting);
        let env = self.env;
        let own = &mut draft.service.environment;
        let known = |name: &str| env.substitute(name).ok().flatten();
        let mut set = |name: &str, value: Option<&str>| match value.or_else(|| known(name)) {
            Some(value) => own.set(name, value),
            // What the shell does not know either is not there at all.
            None => own.unset(name),
        };
        self.list(setting, |text, _| match text.split_once('=') {
            Some((name, value)) => set(name, Some(value)),
            None => set(text, None),
        });
        for (key, value) in self.fields(yaml, setting.value) {
            let name = yaml.text(key).unwrap_or_default();
            let path = under(&setting.path, name);
            let place = whole(yaml, key, value);
            match yaml.value(value) {
                Value::Text(text) => set(name, Some(text)),
                Value::Null => set(name, None),
                _ => {
                    let what = format!("variable `{name}`");
                    self.wrong(place, &what, "a text", "NAME: value");
                }
            }
            self.out
                .enter(place, &path, setting.fate.status, setting.fate.why);
        }
    }

    fn env_files(&mut self, setting: &Setting<'_>, draft: &mut Draft) {
        let yaml = setting.yaml();
        self.head(setting);
        let mut named = Vec::new();
        if let Some(text) = setting.text() {
            named.push((text, yaml.place(setting.value)));
        }
        self.list(setting, |text, place| named.push((text.to_owned(), place)));
        let long = |item: Id| Some((inner(yaml, item, "path")?, yaml.place(item)));
        match yaml.value(setting.value) {
            Value::List(items) => named.extend(items.iter().filter_map(|&item| long(item))),
            Value::Map(_) => named.extend(long(setting.value)),
            _ => {}
        }
        for (name, place) in named {
            self.env_file(setting.tree.file, &name, place, &mut draft.from_files);
        }
    }

    fn env_file(&mut self, asker: FileId, name: &str, place: Place, env: &mut Env) {
        let name = beside(&self.files.file(asker).name, name);
        match self.source.text(&name) {
            Ok(text) => {
                if self.spent(text.len() / 8, place) {
                    return;
                }
                // What a line of the file names may be set in the shell.
                let mut known = self.env.clone();
                known.read_dotenv(&text);
                let mut own = Env::default();
                own.read_dotenv(&text);
                for (name, _) in own.iter() {
                    env.set(name, known.value(name).unwrap_or_default());
                }
            }
            Err(why) => {
                let message = format!("{name} cannot be read: {why}");
                let note = Diagnostic::new(Code::Lint, message, self.brief(place));
                let help = "its variables count as not set; Docker would not start the service";
                self.out.say(note.help(help));
            }
        }
    }
}

/// The texts of a list.
fn texts(yaml: &Yaml, list: Id) -> Vec<String> {
    let Value::List(items) = yaml.value(list) else {
        return Vec::new();
    };
    let texts = items.iter().filter_map(|&item| yaml.text(item));
    texts.map(str::to_owned).collect()
}

/// The text called `name` in a map.
fn inner(yaml: &Yaml, map: Id, name: &str) -> Option<String> {
    let pairs = yaml.pairs(map);
    let found = pairs.iter().find(|(key, _)| yaml.text(*key) == Some(name));
    found
        .and_then(|(_, value)| yaml.text(*value))
        .map(str::to_owned)
}

/// `service` and `service:name`.
fn links(yaml: &Yaml, list: Id) -> Vec<(String, String)> {
    let pair = |text: String| match text.split_once(':') {
        Some((service, name)) => (service.to_owned(), name.to_owned()),
        None => (text.clone(), text),
    };
    texts(yaml, list).into_iter().map(pair).collect()
}

/// What stands before the colon of `./ha/haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg`.
fn mounts(yaml: &Yaml, list: Id) -> Vec<String> {
    let Value::List(items) = yaml.value(list) else {
        return Vec::new();
    };
    let source = |&item: &Id| match yaml.text(item) {
        Some(text) => text.split(':').next().map(str::to_owned),
        None => inner(yaml, item, "source"),
    };
    items.iter().filter_map(source).collect()
}

/// `80`, `8080:80`, `127.0.0.1:8080:80/tcp`
fn port(text: &str) -> Option<Port> {
    let text = text.split('/').next().unwrap_or(text);
    let (published, target) = match text.rsplit_once(':') {
        Some((published, target)) => (Some(published), target),
        None => (None, text),
    };
    let number = |text: &str| {
        let mut ends = text.split('-');
        !text.is_empty() && ends.all(|end| end.parse::<u16>().is_ok())
    };
    // The address of the host is of no interest, but must be one.
    let published = match published.map(|text| text.rsplit_once(':').unwrap_or(("", text))) {
        Some((host, port)) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let fine = host.is_empty() || host.parse::<IpAddr>().is_ok();
            Some(port).filter(|_| fine).map(Some)?
        }
        None => None,
    };
    let fine = number(target) && published.is_none_or(|text| text.is_empty() || number(text));
    fine.then(|| Port {
        published: published.filter(|text| !text.is_empty()).map(str::to_owned),
        target: target.to_owned(),
    })
}
