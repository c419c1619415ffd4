//! `balancelab what-if`: a run as it is, the same run with something gone wrong, and the
//! small changes that would help, each tried.

mod page;
mod remedy;

use std::collections::BTreeSet;
use std::io;

use balance::{ServerId, Span};

use self::remedy::Remedy;
use super::args::{Changes, Cookies, Format, WhatIf};
use super::exit::Exit;
use super::screen::Screen;
use super::{foreign, load, play};
use crate::plan::{Action, Client, Plan, Reach, Sampled, Timed};
use crate::report::Report;
use crate::scenario::{self, Loaded};

/// How long users send requests if nobody says.
const WHILE: Span = Span::from_secs(60);
/// A change helps if something is better by this factor.
const BETTER: f64 = 1.1;
/// A change must help with so many seeds.
const REPEATS: u64 = 5;

/// One run of the comparison.
struct Side {
    /// What it is called: `now`, `s1 +250ms`, `balance leastconn`.
    name: String,
    report: Report,
}

/// Everything that was found out.
struct Findings {
    assumed: Vec<String>,
    /// Before and after.
    now: Side,
    after: Side,
    /// What helped, best first.
    helped: Vec<Side>,
    /// How many changes were tried.
    tried: usize,
    /// The servers whose nodes are hit, by name.
    affected: Vec<String>,
    verdict: Vec<String>,
}

/// Runs both sides and every remedy.
pub(super) fn run(args: &WhatIf, format: Format, screen: &mut Screen) -> io::Result<Exit> {
    let is_foreign =
        args.file.as_deref().is_none_or(foreign::is_meant) || args.foreign.config.is_some();
    let outcome = match (&args.file, &args.foreign.log) {
        (Some(file), _) if !is_foreign && args.foreign.plan.is_some() => {
            Err(foreign::has_its_own(file).into())
        }
        (Some(file), Some(log)) if !is_foreign => {
            load::scenario(file, &load::replaying(log, &args.changes))
        }
        (Some(file), None) if !is_foreign => load::scenario(file, &args.changes),
        (file, Some(_)) => foreign::load(file.as_deref(), &args.foreign, &args.changes),
        (file, None) if foreign::has_plan(file.as_deref(), &args.foreign) => {
            foreign::load(file.as_deref(), &args.foreign, &args.changes)
        }
        (file, None) => foreign::load(file.as_deref(), &args.foreign, &with_users(args)),
    };
    let loaded = match outcome {
        Ok(loaded) => loaded,
        Err(refused) => {
            load::remark(&refused.notes, &refused.files, screen)?;
            return Ok(Exit::Refused);
        }
    };
    load::remark(&loaded.warnings, &loaded.files, screen)?;
    let findings = match find(loaded, args) {
        Ok(findings) => findings,
        Err((why, exit)) => {
            screen.alarm("error", &why)?;
            return Ok(exit);
        }
    };
    let text = match format {
        Format::Json => page::json(&findings),
        Format::Csv => page::table(&findings).csv(),
        Format::Text => page::text(&findings, screen.ink()),
        Format::Markdown => page::markdown(&findings, screen.words()),
    };
    screen.result(&text)?;
    Ok(Exit::Fine)
}

/// The changes, with the users of a configuration that comes without any: they send requests
/// for a while rather than a number of them, so that checks have time to notice.
fn with_users(args: &WhatIf) -> Changes {
    let mut changes = args.changes.clone();
    let cookies = match args.cookies {
        None | Some(Cookies::Keep) => "keep",
        Some(Cookies::Clear) => "clear",
        Some(Cookies::Off) => "off",
    };
    let users = format!(
        "thread_group(threads: {}, duration: \"{}\", ramp_up: \"1s\", cookies: {cookies})",
        args.users.unwrap_or(10),
        scenario::units::write(args.duration.unwrap_or(WHILE)),
    );
    let name = format!("clients.{}", scenario::foreign::USERS);
    changes.settings.insert(0, (name, users));
    changes
}

fn find(loaded: Loaded, args: &WhatIf) -> Result<Findings, (String, Exit)> {
    let Loaded {
        mut plan, assumed, ..
    } = loaded;
    // What the author claims is about another run.
    plan.expect.clear();
    set_load(&mut plan, args)?;
    let mut broken = plan.clone();
    let nodes = hit(&mut broken, args)?;
    let affected: BTreeSet<ServerId> = (nodes.iter())
        .flat_map(|&node| plan.nodes[node].servers.iter().copied())
        .collect();
    let side = |name: String, plan: &Plan| match played(plan) {
        Ok(report) => Ok(Side { name, report }),
        Err(why) => Err((why, Exit::Refused)),
    };
    let now = side("now".to_owned(), &plan)?;
    let after = side(title(args), &broken)?;
    let remedies = remedy::all(&broken, &affected);
    let tried = remedies.len();
    let is_open = plan
        .clients
        .iter()
        .any(|c| matches!(c, Client::Arrivals(_)));
    let helped = choose(remedies, &broken, &after.report, is_open);
    let servers = now.report.servers.iter();
    let affected_names: Vec<String> = (servers.zip(ids(&plan)))
        .filter(|(_, id)| affected.contains(id))
        .map(|(server, _)| server.name.clone())
        .collect();
    let verdict = page::verdict(&page::Case {
        plan: &broken,
        now: &now.report,
        after: &after.report,
        affected: &affected_names,
        slow: args.slow.iter().map(|(_, delay)| *delay).max(),
    });
    Ok(Findings {
        assumed,
        now,
        after,
        helped,
        tried,
        affected: affected_names,
        verdict,
    })
}

fn played(plan: &Plan) -> Result<Report, String> {
    play::course(plan).map(|(_, report, _)| report)
}

/// Tries every remedy for `broken`, which came to `without`. Of those that help, the best of
/// each kind, best first.
fn choose(remedies: Vec<Remedy>, broken: &Plan, without: &Report, is_open: bool) -> Vec<Side> {
    // What only helps with some random numbers is luck.
    let seeds = (1..REPEATS).map(|more| broken.seed.wrapping_add(more));
    let with_seed = |plan: &Plan, seed| {
        played(&Plan {
            seed,
            ..plan.clone()
        })
        .ok()
    };
    let others: Vec<(u64, Report)> = seeds
        .filter_map(|seed| Some((seed, with_seed(broken, seed)?)))
        .collect();
    let mut best: Vec<(&'static str, Side)> = Vec::new();
    for Remedy { kind, line, plan } in remedies {
        // A change that a run does not survive is no help.
        let Ok(report) = played(&plan) else {
            continue;
        };
        let always = helps(&report, without, is_open)
            && others.iter().all(|(seed, without)| {
                with_seed(&plan, *seed).is_some_and(|with| helps(&with, without, is_open))
            });
        if !always {
            continue;
        }
        let side = Side { name: line, report };
        match best.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, known)) if is_before(&side, known, is_open) => *known = side,
            Some(_) => {}
            None => best.push((kind, side)),
        }
    }
    best.sort_by(|(_, a), (_, b)| {
        let (a, b) = (rank(a, is_open), rank(b, is_open));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    best.into_iter().map(|(_, side)| side).collect()
}

fn is_before(one: &Side, other: &Side, is_open: bool) -> bool {
    rank(one, is_open) < rank(other, is_open)
}

/// Every server, in the order of reports.
fn ids(plan: &Plan) -> Vec<ServerId> {
    let backends = (0..).zip(&plan.proxy.backends);
    backends
        .flat_map(|(backend, settings)| {
            (0..settings.servers.len() as u32).map(move |slot| ServerId {
                backend: balance::BackendId(backend),
                slot,
            })
        })
        .collect()
}

/// `s1 +250ms, s2 down`
fn title(args: &WhatIf) -> String {
    let slow = args.slow.iter();
    let slow = slow.map(|(node, delay)| format!("{node} +{}", scenario::units::write(*delay)));
    let down = args.down.iter().map(|node| format!("{node} down"));
    slow.chain(down).collect::<Vec<_>>().join(", ")
}

/// Gives the clients what the command line says of them.
fn set_load(plan: &mut Plan, args: &WhatIf) -> Result<(), (String, Exit)> {
    let backend = match &args.backend {
        None => None,
        Some(name) => {
            let backends = &plan.proxy.backends;
            let names = || backends.iter().map(|backend| backend.name.as_str());
            let found = names().position(|known| known == name);
            let index = found.ok_or_else(|| unknown("backend", name, names()))?;
            Some(balance::BackendId(index as u32))
        }
    };
    for client in &mut plan.clients {
        let group = match client {
            Client::Threads(group) => group,
            Client::Script(script) => &mut script.group,
            Client::Browser(_) | Client::Arrivals(_) => continue,
        };
        group.threads = args.users.unwrap_or(group.threads);
        if let Some(think) = args.think {
            group.think = Sampled::Constant(think);
        }
        if let Some(cookies) = args.cookies {
            group.cookies = cookies != Cookies::Off;
            group.clear_cookies = cookies == Cookies::Clear;
        }
        if let Some(duration) = args.duration {
            group.duration = Some(duration);
            group.loops = None;
        }
        if let Some(backend) = backend {
            group.request.backend = backend;
            group.request.door = None;
        }
    }
    Ok(())
}

/// Lets the nodes be hit when the clients start. Which ones they are.
fn hit(plan: &mut Plan, args: &WhatIf) -> Result<Vec<usize>, (String, Exit)> {
    let at = plan.clients_start;
    let mut nodes = Vec::new();
    let find = |plan: &Plan, name: &str| {
        let names = || plan.nodes.iter().map(|node| node.name.as_str());
        let found = names().position(|known| known == name);
        found.ok_or_else(|| unknown("node", name, names()))
    };
    for (name, delay) in &args.slow {
        let node = find(plan, name)?;
        nodes.push(node);
        let action = Action::Delay { node, to: *delay };
        plan.timeline.push(Timed { at, action });
    }
    for name in &args.down {
        let node = find(plan, name)?;
        nodes.push(node);
        let reach = Reach::Refusing;
        let action = Action::Stop { node, reach };
        plan.timeline.push(Timed { at, action });
    }
    plan.timeline.sort_by_key(|entry| entry.at);
    Ok(nodes)
}

fn unknown<'a, I: Iterator<Item = &'a str> + Clone>(
    kind: &str,
    name: &str,
    known: I,
) -> (String, Exit) {
    let nearest = scenario::nearest(name, known.clone());
    let meant = nearest.map_or(String::new(), |name| format!("did you mean {name}? "));
    let known: Vec<&str> = known.take(24).collect();
    let known = known.join(", ");
    let why = format!("there is no {kind} `{name}`; {meant}there are {known}");
    (why, Exit::Usage)
}

/// Whether a change makes anything clearly better and nothing worse: fewer requests fail, or
/// as few do and there is more served, or it is served sooner.
fn helps(with: &Report, without: &Report, is_open: bool) -> bool {
    let (with, without) = (&with.total, &without.total);
    if with.errors * 10 < without.errors * 9 {
        return true;
    }
    let (Some(times), Some(before)) = (&with.times, &without.times) else {
        return false;
    };
    let sooner = times.mean * BETTER <= before.mean;
    let more = with.rate >= without.rate * BETTER;
    with.errors <= without.errors && if is_open { sooner } else { more }
}

/// Smaller is better: failed requests, then what users wait for.
fn rank(side: &Side, is_open: bool) -> (u64, f64) {
    let total = &side.report.total;
    let mean = total
        .times
        .as_ref()
        .map_or(f64::INFINITY, |times| times.mean);
    (total.errors, if is_open { mean } else { -total.rate })
}
