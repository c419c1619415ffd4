//! `docker-compose.yml`, versions 1 to 3 and the Compose specification: which containers
//! there are, what they are called, where they are, and what is in their environment.
//!
//! `read` walks the file; `service` understands one service; `keywords` says of every key
//! what becomes of it; `interpolate` puts variables in; `ledger` keeps what became of what.

mod extends;
pub mod image;
mod interpolate;
mod keywords;
mod ledger;
mod read;
mod service;

use super::{Directive, Env};
use crate::scenario::diagnostic::{Diagnostic, Severity};
use crate::scenario::{FileId, Files, Place, Source};

/// What a compose file comes to.
#[derive(Clone, Debug, Default)]
pub struct Compose {
    /// Its services, in the order written.
    pub services: Vec<Service>,
    /// One entry per key, and one per item of lists that mean something.
    pub ledger: Vec<Directive>,
    /// What is wrong or doubtful.
    pub notes: Vec<Diagnostic>,
}

/// One service: a container, or several that are alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// `container_name`
    pub container: Option<String>,
    /// `hostname`
    pub hostname: Option<String>,
    /// `image`
    pub image: Option<String>,
    /// The folder it is built in.
    pub build: Option<String>,
    /// `ipv4_address` and `ipv6_address` of its networks.
    pub addresses: Vec<String>,
    /// `aliases` of its networks.
    pub aliases: Vec<String>,
    /// Names by which it reaches other services: service, name.
    pub links: Vec<(String, String)>,
    /// What its process finds in its environment.
    pub environment: Env,
    /// The ports it publishes.
    pub ports: Vec<Port>,
    /// The files and folders of the host that it sees.
    pub mounts: Vec<String>,
    /// `scale`, `deploy.replicas`; 1 if nothing is said.
    pub copies: u32,
    /// Where it is declared.
    pub place: Place,
}

/// A port that a service publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// At the host, as written: a number, a range; none if Docker chooses.
    pub published: Option<String>,
    /// In the container.
    pub target: String,
}

/// Reads the file numbered `file`. `env` holds the variables that it may name, as the shell
/// and the `.env` file give them; files that it names come from `source` and are added to
/// `files`.
pub fn read_compose(files: &mut Files, file: FileId, env: &Env, source: &dyn Source) -> Compose {
    read::read(files, file, env, source)
}

impl Compose {
    /// Whether Docker would refuse the file.
    pub fn is_refused(&self) -> bool {
        let mut notes = self.notes.iter();
        notes.any(|note| note.severity() == Severity::Error)
    }

    /// The service that runs HAProxy with the configuration at `config`, a path relative to
    /// the compose file: the one that mounts it or is built around it, whose image is
    /// HAProxy's, or that is called so.
    pub fn proxy(&self, config: &str) -> Option<&Service> {
        let rated = self.services.iter().map(|one| (one.likeness(config), one));
        let likely = rated.filter(|(points, _)| *points > 0);
        // Of equals the first.
        likely
            .fold(None, |best: Option<(u32, &Service)>, next| match best {
                Some(best) if best.0 >= next.0 => Some(best),
                _ => Some(next),
            })
            .map(|(_, service)| service)
    }

    /// The service that `proxy` reaches under `host`: an address or a name.
    pub fn behind(&self, proxy: Option<&Service>, host: &str) -> Option<&Service> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let links = proxy.iter().flat_map(|proxy| &proxy.links);
        let linked = links.filter(|(_, name)| name == host);
        let meant = linked.map(|(service, _)| service.as_str()).next();
        let host = meant.unwrap_or(host);
        let found = |is: &dyn Fn(&Service) -> bool| self.services.iter().find(|one| is(one));
        let named = |name: &Option<String>| name.as_deref() == Some(host);
        found(&|one| one.name == host)
            .or_else(|| found(&|one| named(&one.container)))
            .or_else(|| found(&|one| one.addresses.iter().any(|own| own == host)))
            .or_else(|| found(&|one| one.aliases.iter().any(|own| own == host)))
            .or_else(|| found(&|one| named(&one.hostname)))
    }
}

impl Service {
    /// What people call it: its container's name, else its own.
    pub fn title(&self) -> &str {
        self.container.as_deref().unwrap_or(&self.name)
    }

    /// How much speaks for it being the one that runs the configuration at `config`.
    fn likeness(&self, config: &str) -> u32 {
        let config = plain(config);
        let inside = |folder: &str| {
            let folder = plain(folder);
            let rest = config.strip_prefix(folder);
            folder != "." && !folder.is_empty() && rest.is_some_and(|r| r.starts_with('/'))
        };
        let mounts = |is: &dyn Fn(&str) -> bool| self.mounts.iter().any(|mount| is(mount));
        let named = |words: &[&str]| {
            let own = [Some(&self.name), self.container.as_ref()];
            let own = own.into_iter().flatten().map(|name| name.to_lowercase());
            own.into_iter()
                .any(|name| words.iter().any(|&word| name == word))
        };
        let speaks = |text: &Option<String>| {
            let text = text.as_deref().unwrap_or_default();
            text.to_lowercase().contains("haproxy")
        };
        let mut points = 0;
        for (holds, weight) in [
            (mounts(&|mount| plain(mount) == config), 16),
            (self.build.as_deref().is_some_and(inside), 12),
            (mounts(&|mount| mount.ends_with("haproxy.cfg")), 10),
            (speaks(&self.image) || speaks(&self.build), 8),
            (
                speaks(&Some(self.name.clone())) || speaks(&self.container),
                6,
            ),
            (mounts(&|mount| inside(mount)), 4),
            (
                named(&[
                    "ha",
                    "lb",
                    "proxy",
                    "balancer",
                    "loadbalancer",
                    "load-balancer",
                ]),
                3,
            ),
        ] {
            points += if holds { weight } else { 0 };
        }
        points
    }
}

/// A path without what says nothing: `./ha/` is `ha`.
pub fn plain(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.strip_prefix("./").unwrap_or(path)
}
