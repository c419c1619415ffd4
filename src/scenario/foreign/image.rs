//! The image that the proxy runs in: its version says whose decisions are taken.

use crate::scenario::import::compose::image::{haproxy_version, profile};
use crate::scenario::import::haproxy_cfg::Dialect;

/// The image that the proxy runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// `haproxy:2.6`
    pub name: String,
    /// The Dockerfile that builds on it; none where a compose file names it.
    pub dockerfile: Option<String>,
}

impl Image {
    /// The image called `name`, if it is known which HAProxy is in it. `dockerfile` builds on
    /// it, if one does.
    pub fn of_haproxy(name: &str, dockerfile: Option<String>) -> Option<Self> {
        let name = haproxy_version(name).map(|_| name.to_owned())?;
        Some(Self { name, dockerfile })
    }

    /// The profile of its version, if it has one.
    pub(super) fn profile(&self) -> Option<&'static str> {
        profile(&self.name)
    }

    /// What its version takes for a configuration.
    pub fn dialect(&self) -> Dialect {
        let version = haproxy_version(&self.name).unwrap_or_default();
        let mut numbers = version.split('.').map(str::parse::<u32>);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(1)), Some(Ok(0..=5))) => Dialect::V1_5,
            _ => Dialect::V2_6,
        }
    }

    /// Whose decisions are taken because of it, in a sentence.
    pub(super) fn told(&self) -> String {
        let image = &self.name;
        let version = haproxy_version(image).unwrap_or_default();
        match (&self.dockerfile, self.profile()) {
            (Some(file), Some(profile)) => format!(
                "{file}, image {image}: decisions are taken as HAProxy {profile} takes them (--profile)"
            ),
            (Some(file), None) => format!(
                "{file}, image {image}: HAProxy {version} has no profile here, decisions are taken as \
                 2.6 takes them (--profile)"
            ),
            (None, Some(profile)) => format!(
                "image {image}: decisions are taken as HAProxy {profile} takes them (--profile)"
            ),
            (None, None) => format!(
                "image {image}: HAProxy {version} has no profile here, decisions are taken as 2.6 \
                 takes them (--profile)"
            ),
        }
    }
}
