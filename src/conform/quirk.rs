//! What HAProxy's versions do differently, for people: each switch of a profile, what it
//! means in each version, and recordings that would have gone otherwise without it.

use balance::profile::{
    AnonymousRing, Draws, Fullness, Load, RandomTie, Reposition, Ties, WeightRule,
};
use balance::{Profile, Version};
use serde_json::{Value, json};

/// One thing that HAProxy's versions do differently.
#[derive(Clone, Copy, Debug)]
pub struct Quirk {
    /// The name of the switch in [`Profile`].
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// What a version with this profile does.
    says: fn(&Profile) -> &'static str,
    /// Takes this switch, and no other, over from another profile.
    take: fn(&mut Profile, &Profile),
    /// Recordings that show it.
    pub shown: &'static [Shown],
}

/// A recording that shows a quirk: it agrees with its version, and no longer does once this
/// one switch is as in another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The version recorded.
    pub version: Version,
    /// The version whose switch does not fit.
    pub unlike: Version,
    /// The recording's name.
    pub recording: &'static str,
}

impl Quirk {
    /// What `version` does.
    pub fn says(&self, version: Version) -> &'static str {
        (self.says)(&Profile::of(version))
    }

    /// The profile of `version`, but with this switch as in `unlike`.
    pub fn otherwise(&self, version: Version, unlike: Version) -> Profile {
        let mut profile = Profile::of(version);
        (self.take)(&mut profile, &Profile::of(unlike));
        profile
    }

    /// Why no recording shows it, unless one does.
    pub fn unshown(&self) -> Option<&'static str> {
        let reason = UNSHOWN.iter().find(|(name, _)| *name == self.name);
        reason.map(|(_, reason)| *reason)
    }

    /// Whether the switch stands differently in two versions.
    pub fn tells_apart(&self, version: Version, other: Version) -> bool {
        self.otherwise(version, other) != Profile::of(version)
    }
}

/// Why no kept recording shows a switch, for those that none shows.
const UNSHOWN: &[(&str, &str)] = &[
    (
        "aborts_honoured",
        "recordings hold no client that leaves; measured on versions up to 3.2.0, and on 3.4.0",
    ),
    (
        "retry_pauses_unless_round_robin",
        "recordings have no clock; measured on 2.2.0 and 2.6.12",
    ),
    (
        "nocache_needs_reason",
        "the answers of the recorded origins give a cache no reason to keep them; measured on \
         2.2.0 and 2.6.12",
    ),
    (
        "check_timeout_exact",
        "recordings hold no health checks; measured on 2.2.0, 2.6.12, 3.0.0, 3.2.0 and 3.4.0",
    ),
    (
        "kills_answer_500",
        "no recorded request was ended so; measured on 2.2.0, 2.6.12 and 3.4.0",
    ),
];

/// A switch with two positions.
macro_rules! either {
    ($name:ident, $about:literal, $yes:literal, $no:literal, $shown:expr) => {
        Quirk {
            name: stringify!($name),
            about: $about,
            says: |profile| if profile.$name { $yes } else { $no },
            take: |profile, other| profile.$name = other.$name,
            shown: $shown,
        }
    };
}

/// A switch with named positions.
macro_rules! choice {
    ($name:ident, $about:literal, { $($position:pat => $says:literal),+ $(,)? }, $shown:expr) => {
        Quirk {
            name: stringify!($name),
            about: $about,
            says: |profile| match profile.$name { $($position => $says),+ },
            take: |profile, other| profile.$name = other.$name,
            shown: $shown,
        }
    };
}

const fn shown(version: Version, unlike: Version, recording: &'static str) -> Shown {
    Shown {
        version,
        unlike,
        recording,
    }
}

use Version::{V2_2, V2_6, V3_4};

/// All of them, in the order of the profile.
pub const QUIRKS: &[Quirk] = &[
    choice!(
        rr_weight,
        "A usable server of roundrobin gets another weight",
        {
            WeightRule::Adjust => "its next turn is counted again from its previous one",
            WeightRule::Reinsert => "it is queued anew, as if it had just come up",
        },
        &[shown(V2_6, V3_4, "rr-conc-0093"), shown(V3_4, V2_6, "rr-conc-0093")]
    ),
    choice!(
        leastconn_ties,
        "Several servers have the same load for leastconn",
        {
            Ties::Fifo => "the one that has waited longest is picked",
            Ties::FourLists => "chance spreads them over four lists and picks among the heads",
        },
        &[shown(V2_6, V3_4, "backup-0278")]
    ),
    choice!(
        leastconn_load,
        "What leastconn takes for the load of a server",
        {
            Load::Served => "the requests it serves",
            Load::ServedAndQueued => "the requests it serves and those in its own queue",
        },
        &[shown(V2_6, V2_2, "queue-0221")]
    ),
    choice!(
        leastconn_reposition,
        "When leastconn sends a server behind those of equal load",
        {
            Reposition::Always => "whenever a request begins or ends there",
            Reposition::IfChanged => "only when its load, divided by its weight, has changed",
        },
        &[shown(V2_6, V2_2, "mixed-20078")]
    ),
    choice!(
        leastconn_full,
        "Which servers leastconn passes over",
        {
            Fullness::Saturated => "those that serve maxconn requests, and those with a queue",
            Fullness::QueueFull => "those that serve maxconn requests and have maxqueue more waiting",
        },
        &[shown(V2_2, V2_6, "queue-0337"), shown(V2_6, V2_2, "queue-0221")]
    ),
    choice!(
        ring_anonymous,
        "Where the nodes of a server lie on the ring of consistent hashing, if it was added at run time without an id",
        {
            AnonymousRing::Zero => "those of its first weight where a server with id 0 would have them",
            AnonymousRing::Own => "where its id says",
        },
        &[shown(V2_6, V3_4, "dynamic-0061"), shown(V3_4, V2_6, "dynamic-0061")]
    ),
    choice!(
        random_draws,
        "Where balance random takes its numbers from",
        {
            Draws::FixedSeed => "a generator that starts the same way in every process",
            Draws::Chance => "a generator that starts differently in every process",
        },
        &[shown(V2_6, V2_2, "random-0137"), shown(V2_6, V3_4, "random-0137")]
    ),
    choice!(
        random_tie,
        "balance random has drawn two servers of equal load",
        {
            RandomTie::Later => "the one drawn later is kept",
            RandomTie::RequestRate => "the one with fewer recent requests for its weight is kept",
        },
        &[shown(V2_6, V3_4, "random-0215")]
    ),
    either!(
        random_passes_full,
        "balance random has drawn a full server",
        "the request waits in the queue of the backend",
        "the request waits in the queue of that server",
        &[shown(V2_6, V2_2, "mixed-20054")]
    ),
    either!(
        queue_means_full,
        "Somebody waits in the queue of the backend, and a new request comes to roundrobin, static-rr or first",
        "it waits too, and no server is looked at",
        "a server with a free slot takes it",
        &[
            shown(V2_2, V2_6, "cookie-0035"),
            shown(V2_6, V2_2, "queue-0261")
        ]
    ),
    either!(
        full_needs_served,
        "Somebody waits in the queue of the backend while no request is served at all",
        "a new request is given to a server",
        "a new request waits too",
        &[shown(V3_4, V2_6, "rr-conc-0192")]
    ),
    either!(
        joining_runs_queue,
        "A request joins the queue of a server",
        "the queue is looked at once more: a slot that has become free meanwhile is used at once",
        "it waits until a request ends",
        &[
            shown(V2_6, V3_4, "queue-0221"),
            shown(V3_4, V2_6, "queue-0320")
        ]
    ),
    either!(
        coming_up_takes_slots,
        "A server comes up while requests wait in the queue of the backend",
        "those it takes hold slots of it, like any other",
        "those it takes hold no slot: for a while it may serve more than maxconn",
        &[
            shown(V2_6, V3_4, "rr-conc-0329"),
            shown(V3_4, V2_6, "rr-conc-0329")
        ]
    ),
    either!(
        drawn_are_balanced_again,
        "A server that comes up takes requests from the queue of the backend",
        "the algorithm is asked once more, so they may go elsewhere",
        "they go to that server",
        &[
            shown(V2_2, V2_6, "rr-conc-0192"),
            shown(V2_6, V2_2, "queue-0261")
        ]
    ),
    either!(
        idle_server_is_remembered,
        "A server becomes idle while its backend serves nobody, though requests wait",
        "it is remembered, and the next request that would have to wait starts on it",
        "nobody remembers it",
        &[shown(V3_4, V2_6, "rr-conc-0192")]
    ),
    either!(
        maintenance_moves_any_queue,
        "A server enters maintenance while requests wait in its own queue",
        "they leave it, whatever the options are",
        "they leave it only under option redispatch",
        &[
            shown(V2_6, V3_4, "cookie-0269"),
            shown(V3_4, V2_6, "cookie-0269")
        ]
    ),
    either!(
        moved_requests_stay,
        "option redispatch moves requests out of the queue of a server",
        "they start on that very server, beyond its maxconn",
        "they are balanced again",
        &[
            shown(V2_6, V3_4, "queue-0084"),
            shown(V3_4, V2_6, "queue-0084")
        ]
    ),
    either!(
        last_server_empties_queue,
        "The last usable server goes while requests wait in the queue of the backend",
        "they are refused with 503",
        "they wait on",
        &[
            shown(V2_6, V3_4, "leastconn-0032"),
            shown(V3_4, V2_6, "leastconn-0032")
        ]
    ),
    either!(
        maintenance_freezes_weight,
        "The weight of a server is changed during its maintenance",
        "it takes effect, and shows, when the maintenance ends",
        "it shows at once",
        &[
            shown(V2_6, V3_4, "replies-dynamic"),
            shown(V3_4, V2_6, "replies-dynamic")
        ]
    ),
    either!(
        aborts_honoured,
        "A client leaves while its request waits",
        "the request leaves the queue",
        "the request waits on, unless option abortonclose is set",
        &[]
    ),
    either!(
        retry_pauses_unless_round_robin,
        "A connection was refused, and another server will be tried",
        "with algorithms that are not of the round-robin kind a pause comes first, all the same",
        "it is tried at once",
        &[]
    ),
    either!(
        only_round_robin_moves_at_once,
        "A connection was refused for the first time, under option redispatch",
        "only algorithms of the round-robin kind try another server at once",
        "any algorithm that does not hash tries another server at once",
        &[
            shown(V2_2, V2_6, "cookie-fail-0050"),
            shown(V2_6, V2_2, "cookie-fail-0050")
        ]
    ),
    either!(
        nocache_needs_reason,
        "cookie ... nocache sets a cookie",
        "the answer is marked private if it says how long it is fresh, or how to validate it",
        "the answer is marked private, unless it forbids to be kept anyway",
        &[]
    ),
    either!(
        check_timeout_exact,
        "timeout check is shorter than timeout connect",
        "a health check ends when it says",
        "a health check lasts as long as the connection may take",
        &[]
    ),
    either!(
        kills_answer_500,
        "A waiting request is ended by an operator, or because its server goes",
        "it is answered with 500",
        "it is answered with 502",
        &[]
    ),
];

/// All quirks as a page in Markdown.
pub fn markdown() -> String {
    let sections = QUIRKS.iter().map(|quirk| {
        format!(
            "\n## {}\n\n`{}`\n\n{}\n{}\n",
            quirk.about,
            quirk.name,
            quirk.lines(|version, says| format!("* {version}: {says}.\n")),
            quirk.evidence("`")
        )
    });
    HEAD.to_owned() + &sections.collect::<Vec<_>>().concat()
}

const HEAD: &str = "\
# What HAProxy's versions do differently

A profile is a set of switches: `profile: \"3.4\"` in a scenario, or `--profile 3.4` where
recordings are replayed, sets them as that version has them. These are all of them. The
recordings named lie in `tests/reference`; a test turns each switch alone and sees that they no
longer agree.

This page is the output of `balancelab profiles --format markdown`; a test keeps it fresh.
";

/// All quirks as text.
pub fn text() -> String {
    let sections = QUIRKS.iter().map(|quirk| {
        format!(
            "{} ({})\n{}  {}\n",
            quirk.about,
            quirk.name,
            quirk.lines(|version, says| format!("  {version}  {says}\n")),
            quirk.evidence("")
        )
    });
    sections.collect::<Vec<_>>().join("\n")
}

/// All quirks as JSON: `[{name, about, versions{2.2, 2.6, 3.4}, shown[{haproxy, unlike,
/// recording}], unshown}]`.
pub fn json() -> Value {
    let quirks = QUIRKS.iter().map(|quirk| {
        let versions: serde_json::Map<String, Value> = Version::ALL
            .into_iter()
            .map(|version| (version.name().to_owned(), quirk.says(version).into()))
            .collect();
        let shown = quirk.shown.iter().map(|shown| {
            json!({
                "haproxy": shown.version.name(),
                "unlike": shown.unlike.name(),
                "recording": shown.recording,
            })
        });
        json!({
            "name": quirk.name,
            "about": quirk.about,
            "versions": versions,
            "shown": shown.collect::<Vec<Value>>(),
            "unshown": quirk.unshown(),
        })
    });
    quirks.collect()
}

impl Quirk {
    /// A line for each version.
    fn lines(&self, line: impl Fn(&str, &str) -> String) -> String {
        let lines = Version::ALL.map(|version| line(version.name(), self.says(version)));
        lines.concat()
    }

    /// A sentence on what shows it, with names between `quote`s.
    fn evidence(&self, quote: &str) -> String {
        if let Some(reason) = self.unshown() {
            return format!("Not shown by a recording: {reason}.");
        }
        let places = self.shown.iter().map(|shown| {
            format!(
                "{quote}{}{quote} of {} (not as in {})",
                shown.recording,
                shown.version.name(),
                shown.unlike.name()
            )
        });
        format!("Shown by {}.", places.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turning every switch makes one version of another: none is forgotten here.
    #[test]
    fn all_switches_together_are_the_difference() {
        for from in Version::ALL {
            for to in Version::ALL {
                let (start, goal) = (Profile::of(from), Profile::of(to));
                let mut profile = Profile {
                    version: to,
                    ..start
                };
                for quirk in QUIRKS {
                    (quirk.take)(&mut profile, &goal);
                }
                assert_eq!(profile, goal);
            }
        }
    }

    #[test]
    fn each_tells_versions_apart_and_has_evidence_or_a_reason() {
        for quirk in QUIRKS {
            let apart = quirk.tells_apart(V2_2, V2_6) || quirk.tells_apart(V2_6, V3_4);
            assert!(apart, "{}", quirk.name);
            assert_eq!(
                quirk.shown.is_empty(),
                quirk.unshown().is_some(),
                "{}",
                quirk.name
            );
        }
    }
}
