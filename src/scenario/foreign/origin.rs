//! A run without a scenario, written out as one: every setting, where it came from, what was
//! assumed, and what is not modelled.

use std::collections::BTreeMap;

use super::comments::Comments;
use super::{Pieces, load};
use crate::plan::Plan;
use crate::scenario::import::{Directive, Status};
use crate::scenario::load::Loaded;
use crate::scenario::locate::{FileId, Files, Place};
use crate::scenario::schema::{self, Named};
use crate::scenario::{format, resolve, write};

/// So many reasons why something is not modelled are told.
const TOLD: usize = 60;

/// So many lines are told for one reason.
const TOGETHER: usize = 6;

/// The scenario that runs as `loaded` does, which was made of `pieces` with `changes` on
/// top. `log` is what it calls the log, if one is replayed.
///
/// # Panics
/// Never, unless what we wrote cannot be read.
pub fn write_out(
    pieces: &Pieces,
    loaded: &Loaded,
    changes: &[String],
    log: Option<&str>,
) -> String {
    let mut scenario = resolve::schema_of(&loaded.plan);
    if let Some(log) = log {
        refer(&mut scenario, log);
    }
    let several = loaded.plan.proxy.backends.len() != 1;
    let text = write::scenario_to_depth(&scenario, if several { 5 } else { 4 });
    let mut comments = Comments::default();
    head(&mut comments, loaded, changes);
    proxy(&mut comments, pieces, &loaded.plan, &loaded.files, several);
    nodes(&mut comments, pieces, &loaded.plan, &loaded.files);
    usual(&mut comments);
    let text = comments.put_into(&text);
    format("imported.ron", &text).expect("what we wrote can be read")
}

/// Replays the log from its file instead of a list as long as it.
fn refer(scenario: &mut schema::Scenario, log: &str) {
    let Some(Named(clients)) = &mut scenario.clients else {
        return;
    };
    for (name, client) in clients {
        if let schema::Client::Arrivals(arrivals) = client
            && name == load::NAME
        {
            arrivals.list = None;
            arrivals.log = Some(log.to_owned());
        }
    }
}

/// What stands above everything.
fn head(comments: &mut Comments, loaded: &Loaded, changes: &[String]) {
    let mut say = |text: String| comments.add(&[], text);
    say(format!(
        "{}, written out by balancelab import.",
        loaded.plan.title
    ));
    if !changes.is_empty() {
        say(format!("Changed: {}.", changes.join(" ")));
    }
    say(String::new());
    say("What was read and what was assumed (each can be changed below):".to_owned());
    for sentence in &loaded.assumed {
        say(format!("- {sentence}"));
    }
    let left = left_out(loaded);
    if left.is_empty() {
        return;
    }
    say(String::new());
    say("Not modelled, and might matter:".to_owned());
    for sentence in left.iter().take(TOLD) {
        say(format!("- {sentence}"));
    }
    if left.len() > TOLD {
        let more = left.len() - TOLD;
        say(format!(
            "- and {more} more (balancelab check FILE lists them)"
        ));
    }
}

/// What is not modelled, a sentence for each reason.
fn left_out(loaded: &Loaded) -> Vec<String> {
    let entries = loaded.ledger.iter();
    let left = entries.filter(|entry| entry.status == Status::NotModelled);
    let mut reasons: Vec<((FileId, &str), Vec<String>)> = Vec::new();
    let mut known: BTreeMap<(FileId, &str), usize> = BTreeMap::new();
    for entry in left {
        let reason = (entry.place.file, entry.why.as_ref());
        let index = *known.entry(reason).or_insert_with(|| {
            reasons.push((reason, Vec::new()));
            reasons.len() - 1
        });
        let text = format!("{} (line {})", entry.keyword, entry.line);
        reasons[index].1.push(text);
    }
    let sentence = |((file, why), keywords): ((FileId, &str), Vec<String>)| {
        let file = &loaded.files.file(file).name;
        let shown = keywords[..keywords.len().min(TOGETHER)].join(", ");
        match keywords.len().saturating_sub(TOGETHER) {
            0 => format!("{file}: {shown}: {why}"),
            more => format!("{file}: {shown} and {more} more: {why}"),
        }
    };
    reasons.into_iter().map(sentence).collect()
}

/// `haproxy.cfg:28`
fn at(files: &Files, place: Place) -> String {
    let file = &files.file(place.file).name;
    format!("{file}:{}", files.position(place).line)
}

/// Where frontends, backends and servers are declared.
fn proxy(comments: &mut Comments, pieces: &Pieces, plan: &Plan, files: &Files, several: bool) {
    let imported = &pieces.config;
    for frontend in &imported.frontends {
        let path = ["proxy", "frontends", &frontend.name];
        comments.add(&path, at(files, frontend.place));
    }
    for (backend, facts) in imported.config.backends.iter().zip(&imported.backends) {
        let path = ["proxy", "backends", &backend.name];
        let path = if several { &path[..] } else { &path[..1] };
        let name = if several {
            String::new()
        } else {
            format!(": backend {}", backend.name)
        };
        comments.add(path, format!("{}{name}", at(files, facts.place)));
    }
    if !plan.proxy.frontends.is_empty() {
        let text = "Lines as in a haproxy.cfg: acl, http-request, redirect, use_backend.";
        comments.add(&["proxy", "frontends"], text);
    }
    let servers = servers(pieces, files);
    for backend in &plan.proxy.backends {
        for server in &backend.servers {
            let place = servers.get(&(backend.name.as_str(), server.name.as_str()));
            let Some(&place) = place else {
                continue;
            };
            let long = ["proxy", "backends", &backend.name, "servers", &server.name];
            let short = ["proxy", "servers", &server.name];
            let path = if several { &long[..] } else { &short[..] };
            comments.add(path, at(files, place));
        }
    }
}

/// Where each server is declared.
fn servers<'a>(pieces: &'a Pieces, files: &'a Files) -> BTreeMap<(&'a str, &'a str), Place> {
    let imported = &pieces.config;
    let mut starts: Vec<(Place, &str)> = (imported.config.backends.iter())
        .zip(&imported.backends)
        .map(|(backend, facts)| (facts.place, backend.name.as_str()))
        .collect();
    starts.sort();
    let lines = imported
        .ledger
        .iter()
        .filter(|entry| entry.keyword == "server");
    let pair = |entry: &Directive| {
        let before = starts.partition_point(|(place, _)| *place < entry.place);
        let (_, backend) = starts.get(before.checked_sub(1)?)?;
        let text = files
            .file(entry.place.file)
            .text
            .get(entry.place.start as usize..)?;
        let name = text.lines().next()?.split_whitespace().nth(1)?;
        Some(((*backend, name), entry.place))
    };
    lines.filter_map(pair).collect()
}

/// Who stands behind the servers.
fn nodes(comments: &mut Comments, pieces: &Pieces, plan: &Plan, files: &Files) {
    let text = "The applications. workers: requests at once; service: time for each; \
                delay: more time that blocks a worker.";
    comments.add(&["nodes"], text);
    let Some(containers) = &pieces.containers else {
        return;
    };
    let imported = &pieces.config;
    for node in &plan.nodes {
        let Some(server) = node.servers.first() else {
            continue;
        };
        let addresses = imported.addresses.get(server.backend.0 as usize);
        let address = addresses.and_then(|list| list.get(server.slot as usize));
        let service = address.and_then(|address| containers.behind(address));
        if let Some(service) = service {
            let text = format!("{}: service {}", at(files, service.place), service.name);
            comments.add(&["nodes", &node.name], text);
        }
    }
}

/// What every such scenario can be told.
fn usual(comments: &mut Comments) {
    for (key, text) in [
        ("seed", "Another number: other draws, the same laws."),
        ("profile", "The version of HAProxy: 2.2, 2.6 or 3.4."),
        (
            "warm_up",
            "How long the proxy runs before the clients start.",
        ),
        (
            "clients",
            "Who sends requests: thread_group, browser or arrivals.",
        ),
        ("wire", "One way between the parties."),
        (
            "timeline",
            "What happens when, such as: (at: \"10s\", action: delay(node: \"s1\", to: \"250ms\")),",
        ),
        ("expect", "What is claimed, such as: errors(exactly: 0),"),
    ] {
        comments.add(&[key], text);
    }
}
