//! Same scenario, same seed: same bytes?

use std::collections::BTreeMap;
use std::env;
use std::process::Command;

use balance::{Interest, Moment, Span};
use balancelab::plan::{Client, Plan, Sampled};
use balancelab::report::json;
use balancelab::trace::{Event, Sample, Sink};

use crate::play;
use crate::snapshots;
use crate::tidy::source::top;

fn tasks() -> impl Iterator<Item = String> {
    snapshots::tasks()
        .into_iter()
        .map(|task| format!("scenarios/lab3/{task}.ron"))
}

fn bytes(plan: &Plan) -> String {
    json::text(&play::report(plan))
}

#[test]
fn twice_in_a_process() {
    for file in tasks() {
        let plan = play::plan(&file, &[]);
        assert_eq!(bytes(&plan), bytes(&plan), "{file}");
    }
}

/// The binary of these tests against one built with another profile, which
/// `BALANCELAB_TWIN` names; `.ci/run` does.
#[test]
#[expect(clippy::print_stdout, reason = "says what it could not compare")]
fn debug_and_release() {
    let Ok(twin) = env::var("BALANCELAB_TWIN") else {
        println!("no other build to compare with: set BALANCELAB_TWIN to its binary");
        return;
    };
    for file in tasks() {
        let told = [env!("CARGO_BIN_EXE_balancelab"), &twin].map(|binary| {
            let output = Command::new(binary)
                .env("LC_ALL", "C")
                .args(["run", "--picks", "--format", "json", &file])
                .current_dir(top())
                .output()
                .expect("both binaries run");
            assert!(!output.stdout.is_empty(), "{binary} says nothing of {file}");
            output.stdout
        });
        assert!(told[0] == told[1], "{file}: {twin} says something else");
    }
}

#[test]
fn another_seed_is_another_run() {
    let digest = |seed| {
        let mut plan = thoughtful();
        plan.seed = seed;
        play::report(&plan).digest
    };
    assert_ne!(digest(1), digest(2));
    assert_eq!(digest(1), digest(1));
}

/// Looking at everything, as the oracle does, changes nothing that is told.
#[test]
fn a_closer_look_has_the_same_digest() {
    struct Nobody(Interest);
    impl Sink for Nobody {
        fn interest(&self) -> Interest {
            self.0
        }
        fn sample(&mut self, _sample: &Sample) {}
        fn event(&mut self, _at: Moment, _event: &Event) {}
    }
    for file in tasks() {
        let plan = play::plan(&file, &[]);
        let digest = |interest| {
            let summary = balancelab::lab::run(&plan, &mut Nobody(interest));
            summary.expect("it ends").digest
        };
        let digests = [Interest::Nothing, Interest::States, Interest::Everything].map(digest);
        assert_eq!(digests, [digests[0]; 3], "{file}");
    }
}

/// The time that each thread of the first client takes between an answer and its next
/// request, in order.
#[derive(Default)]
struct Thoughts {
    ended: BTreeMap<u32, Moment>,
    taken: BTreeMap<u32, Vec<Span>>,
}

impl Sink for Thoughts {
    fn interest(&self) -> Interest {
        Interest::Nothing
    }
    fn sample(&mut self, sample: &Sample) {
        if sample.client != 0 {
            return;
        }
        let end = sample.sent + sample.elapsed;
        if let Some(before) = self.ended.insert(sample.thread, end) {
            let thought = sample.sent.since(before);
            self.taken.entry(sample.thread).or_default().push(thought);
        }
    }
    fn event(&mut self, _at: Moment, _event: &Event) {}
}

/// Task 4.1 with users who think, each for a time of his own.
fn thoughtful() -> Plan {
    let mut plan = play::plan("scenarios/lab3/4.1.ron", &[]);
    let Some(Client::Threads(group)) = plan.clients.first_mut() else {
        panic!("4.1 has a thread group");
    };
    group.think = Sampled::Exponential(Span::from_millis(20));
    group.loops = Some(200);
    plan
}

#[test]
fn nobody_elses_draws_move_when_a_client_joins() {
    let mut plan = thoughtful();
    let thoughts = |plan: &Plan| {
        let mut thoughts = Thoughts::default();
        play::tell(plan, &mut thoughts);
        thoughts.taken
    };
    let alone = thoughts(&plan);
    assert_eq!(alone.len(), 2, "two threads");
    let mut other = plan.clients[0].clone();
    if let Client::Threads(group) = &mut other {
        group.name = "others".to_owned();
        group.threads = 7;
    }
    plan.clients.push(other);
    assert_eq!(thoughts(&plan), alone);
}

/// Nodes are found by their names: where they stand in the file means nothing.
#[test]
fn the_order_of_the_nodes_means_nothing() {
    let plan = play::plan("scenarios/lab3/4.3-at-once.ron", &[]);
    let mut swapped = plan.clone();
    swapped.nodes.reverse();
    let last = plan.nodes.len() - 1;
    for timed in &mut swapped.timeline {
        use balancelab::plan::Action::{Command, Delay, Start, Status, Stop};
        match &mut timed.action {
            Delay { node, .. } | Stop { node, .. } | Start { node } | Status { node, .. } => {
                *node = last - *node;
            }
            Command(_) => {}
        }
    }
    assert_eq!(bytes(&swapped), bytes(&plan));
}
