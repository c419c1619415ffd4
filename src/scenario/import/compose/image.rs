//! The images of containers: which HAProxy is in one, and what a Dockerfile builds on.

use std::collections::BTreeMap;

use balance::Version;

use super::super::Env;
use super::interpolate;

/// HAProxy's own images.
const OURS: [&str; 3] = ["haproxy", "haproxy-alpine", "haproxy-debian"];

/// The version in the tag of `image`, if it is HAProxy's own: `2.6` of `haproxy:2.6-alpine`.
pub fn haproxy_version(image: &str) -> Option<&str> {
    let (name, tag) = image.rsplit_once(':')?;
    let name = name.rsplit('/').next().unwrap_or(name);
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    let version = tag.split(|c| !digits(c)).next()?;
    // Nobody else's tags begin with HAProxy's numbers.
    let ours = OURS.contains(&name) && version.starts_with(['1', '2', '3']);
    ours.then_some(version)
}

/// The version of HAProxy in `image`, if its decisions are known.
pub fn profile(image: &str) -> Option<&'static str> {
    let version = haproxy_version(image)?;
    let same = |name: &&'static str| {
        let rest = version.strip_prefix(*name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    Version::ALL.map(Version::name).into_iter().find(same)
}

/// The image that the last stage of a Dockerfile is built on.
pub fn base(dockerfile: &str) -> Option<String> {
    let mut arguments = Env::default();
    let mut stages: BTreeMap<String, String> = BTreeMap::new();
    let mut last = None;
    for line in dockerfile.lines() {
        let mut words = line.split_whitespace();
        match words.next().map(str::to_ascii_uppercase).as_deref() {
            // Those of a stage cannot name its image.
            Some("ARG") if last.is_none() => {
                for (name, value) in words.filter_map(|word| word.split_once('=')) {
                    arguments.set(name, value.trim_matches(['"', '\'']));
                }
            }
            Some("FROM") => {
                let mut words = words.skip_while(|word| word.starts_with("--"));
                let written = words.next()?;
                let filled = interpolate::fill(written, &arguments).ok()?;
                let image = filled.map_or_else(|| written.to_owned(), |filled| filled.text);
                let image = stages.get(&image).cloned().unwrap_or(image);
                if let Some(stage) = words.nth(1) {
                    stages.insert(stage.to_owned(), image.clone());
                }
                last = Some(image);
            }
            _ => {}
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_in_tags() {
        for (image, version, known) in [
            ("haproxy:2.6", Some("2.6"), Some("2.6")),
            ("haproxy:2.6.12-alpine", Some("2.6.12"), Some("2.6")),
            ("docker.io/library/haproxy:1.5", Some("1.5"), None),
            ("haproxytech/haproxy-debian:2.2", Some("2.2"), Some("2.2")),
            ("haproxy:2.60", Some("2.60"), None),
            ("haproxy:latest", None, None),
            ("10.0.0.1:5000/haproxy:0.1", None, None),
            ("haproxy", None, None),
            ("nginx:2.6", None, None),
        ] {
            assert_eq!(haproxy_version(image), version, "{image}");
            assert_eq!(profile(image), known, "{image}");
        }
    }

    #[test]
    fn the_last_stage_counts() {
        for (text, image) in [
            ("# x\nFROM haproxy:1.5\nRUN a", Some("haproxy:1.5")),
            (
                "from --platform=linux/amd64 haproxy:2.2 as ha",
                Some("haproxy:2.2"),
            ),
            (
                "FROM node:20 AS build\nRUN a\nFROM haproxy:2.6",
                Some("haproxy:2.6"),
            ),
            (
                "FROM haproxy:2.2 AS a\nFROM node AS b\nFROM a",
                Some("haproxy:2.2"),
            ),
            (
                "ARG V=2.2\nFROM haproxy:${V}-alpine",
                Some("haproxy:2.2-alpine"),
            ),
            (
                "ARG V\nFROM haproxy:${V:-3.4}\nARG X=1",
                Some("haproxy:3.4"),
            ),
            ("FROM", None),
            ("RUN a", None),
            ("", None),
        ] {
            assert_eq!(base(text).as_deref(), image, "{text}");
        }
    }
}
