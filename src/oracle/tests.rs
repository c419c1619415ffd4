//! Each law, broken on purpose: an oracle that never objects proves nothing.

use balance::config::{Backend, Cookie, CookieMode};
use balance::event::{Cause, CheckCode, CheckResult, Status};
use balance::{BackendId, By, RequestId, ServerId, Span};

use super::*;
use crate::plan::{Action, Client, RequestLine, Sampled, ThreadGroup, Timed};
use crate::report::tests::plan as lab;

fn id(slot: u32) -> ServerId {
    ServerId {
        backend: BackendId(0),
        slot,
    }
}

/// One of the lab's thread groups, two threads with cookies; s1 may have one request.
fn plan() -> Plan {
    let mut plan = lab();
    let backend: &mut Backend = &mut plan.proxy.backends[0];
    backend.cookie = Some(Cookie {
        name: "SERVERID".to_owned(),
        mode: CookieMode::Insert,
        ..Cookie::default()
    });
    for server in &mut backend.servers {
        server.cookie = Some(server.name.clone());
    }
    backend.servers[0].maxconn = 1;
    plan.clients = vec![Client::Threads(ThreadGroup {
        name: "jmeter".to_owned(),
        threads: 2,
        loops: Some(10),
        duration: None,
        ramp_up: Span::ZERO,
        think: Sampled::Constant(Span::ZERO),
        clear_cookies: false,
        cookies: true,
        keep_alive: true,
        connect_timeout: None,
        response_timeout: None,
        request: RequestLine {
            method: "GET".to_owned(),
            uri: "/".to_owned(),
            headers: Vec::new(),
            source: [192, 168, 42, 1].into(),
            backend: BackendId(0),
            door: None,
        },
        start: Moment::ZERO,
    })];
    plan
}

/// What a test tells the oracle.
enum Say {
    Event(u64, Event),
    Sample(Sample),
}

fn core(millis: u64, event: balance::Event) -> Say {
    Say::Event(millis, Event::Balancer(event))
}

fn sent(millis: u64, thread: u32) -> Say {
    Say::Event(
        millis,
        Event::Sent {
            client: 0,
            thread,
            request: RequestId(thread),
        },
    )
}

fn chosen(millis: u64, thread: u32, slot: u32, by: By) -> Say {
    core(
        millis,
        balance::Event::Chosen {
            request: RequestId(thread),
            server: id(slot),
            by,
        },
    )
}

fn queued(millis: u64, thread: u32, slot: Option<u32>) -> Say {
    core(
        millis,
        balance::Event::Queued {
            request: RequestId(thread),
            queue: slot.map(id),
        },
    )
}

fn dequeued(millis: u64, thread: u32, slot: u32) -> Say {
    core(
        millis,
        balance::Event::Dequeued {
            request: RequestId(thread),
            server: id(slot),
            waited: Span::ZERO,
        },
    )
}

fn ended(millis: u64, thread: u32) -> Say {
    core(millis, balance::Event::Ended(RequestId(thread)))
}

fn changed(millis: u64, slot: u32, from: Status, to: Status, cause: Cause) -> Say {
    core(
        millis,
        balance::Event::StateChanged {
            server: id(slot),
            from,
            to,
            cause,
        },
    )
}

fn check(code: CheckCode) -> Cause {
    Cause::Check(CheckResult {
        code,
        status: None,
        duration: Span::ZERO,
    })
}

fn got(millis: u64, thread: u32, slot: u32, by: By) -> Say {
    Say::Sample(Sample {
        client: 0,
        thread,
        server: Some(id(slot)),
        by: Some(by),
        status: 200,
        served: true,
        session_restarted: false,
        sent: Moment::from_millis(millis),
        elapsed: Span::ZERO,
    })
}

fn hear(plan: &Plan, story: Vec<Say>) -> Vec<Violation> {
    let mut oracle = Oracle::new(plan);
    for say in story {
        match say {
            Say::Event(millis, event) => oracle.event(Moment::from_millis(millis), &event),
            Say::Sample(sample) => oracle.sample(&sample),
        }
    }
    oracle.close(true)
}

#[track_caller]
fn fine(plan: &Plan, story: Vec<Say>) {
    assert_eq!(hear(plan, story), []);
}

/// Exactly one law objects, and its words contain `law`.
#[track_caller]
fn broken(plan: &Plan, law: &str, story: Vec<Say>) {
    let violations = hear(plan, story);
    let laws: Vec<&str> = violations.iter().map(|violation| violation.law).collect();
    assert_eq!(laws.len(), 1, "{violations:?}");
    assert!(laws[0].contains(law), "{violations:?}");
}

/// One whole request of `thread` at `millis`.
fn request(millis: u64, thread: u32, slot: u32, by: By) -> Vec<Say> {
    vec![
        sent(millis, thread),
        chosen(millis, thread, slot, by),
        ended(millis + 1, thread),
        got(millis, thread, slot, by),
    ]
}

#[test]
fn an_orderly_run_passes() {
    let mut story = request(0, 0, 0, By::Algorithm);
    story.extend(request(2, 1, 1, By::Algorithm));
    story.extend(request(4, 0, 0, By::Cookie));
    fine(&plan(), story);
}

#[test]
fn conservation() {
    let plan = plan();
    let law = "ends exactly once";
    broken(&plan, law, vec![sent(0, 0)]);
    broken(&plan, law, vec![got(0, 0, 0, By::Algorithm)]);
    broken(&plan, law, vec![ended(0, 0)]);
    let mut twice = request(0, 0, 0, By::Algorithm);
    twice.push(ended(5, 0));
    broken(&plan, law, twice);
    // A client that runs out of patience has a sample before the balancer ends.
    fine(
        &plan,
        vec![
            sent(0, 0),
            chosen(0, 0, 0, By::Algorithm),
            Say::Sample(Sample {
                status: 0,
                served: false,
                ..match got(0, 0, 0, By::Algorithm) {
                    Say::Sample(sample) => sample,
                    Say::Event(..) => unreachable!("got makes samples"),
                }
            }),
            ended(9, 0),
        ],
    );
}

#[test]
fn capacity() {
    let plan = plan();
    let crowd = |second: Vec<Say>| {
        let mut story = vec![sent(0, 0), chosen(0, 0, 0, By::Algorithm), sent(1, 1)];
        story.extend(second);
        story.extend([
            ended(5, 0),
            got(0, 0, 0, By::Algorithm),
            ended(6, 1),
            got(1, 1, 0, By::Algorithm),
        ]);
        story
    };
    let law = "its maxconn";
    broken(&plan, law, crowd(vec![chosen(1, 1, 0, By::Algorithm)]));
    let waits = || vec![chosen(1, 1, 0, By::Algorithm), queued(1, 1, Some(0))];
    fine(&plan, crowd(waits()));
    let mut starts_too_early = waits();
    starts_too_early.push(dequeued(3, 1, 0));
    broken(&plan, law, crowd(starts_too_early));
    // The next may start at the very moment at which the last one ends.
    let mut starts_in_time = waits();
    starts_in_time.push(dequeued(5, 1, 0));
    fine(&plan, crowd(starts_in_time));
    // The operator may raise the limit.
    let mut raised = plan.clone();
    raised.timeline.push(Timed {
        at: Moment::ZERO,
        action: Action::Command("set maxconn server nodes/s1 2".to_owned()),
    });
    fine(&raised, crowd(vec![chosen(1, 1, 0, By::Algorithm)]));
}

#[test]
fn eligibility() {
    let plan = plan();
    let law = "receives nothing";
    let start = Status::UpGoingDown(1, 3);
    let then = |status, by| {
        let mut story = vec![changed(0, 1, start, status, Cause::Cli)];
        story.extend(request(1, 0, 1, by));
        story
    };
    for status in [Status::Maint, Status::Down] {
        broken(&plan, law, then(status, By::Algorithm));
        broken(&plan, law, then(status, By::Cookie));
    }
    for status in [Status::Drain, Status::NoLb] {
        broken(&plan, law, then(status, By::Algorithm));
        fine(&plan, then(status, By::Cookie));
    }
    let mut persistent = plan.clone();
    persistent.proxy.backends[0].persist = true;
    fine(&persistent, then(Status::Down, By::Cookie));
    let mut weightless = plan.clone();
    weightless.proxy.backends[0].servers[1].weight = 0;
    broken(&weightless, law, request(1, 0, 1, By::Algorithm));
    fine(&weightless, request(1, 0, 1, By::Cookie));
    // Nobody is drawn from the backend's queue by a server that drains.
    let drawn = vec![
        changed(0, 1, start, Status::Drain, Cause::Cli),
        sent(1, 0),
        queued(1, 0, None),
        dequeued(2, 0, 1),
        ended(3, 0),
        got(1, 0, 1, By::Queue),
    ];
    broken(&plan, law, drawn);
}

#[test]
fn stickiness() {
    let plan = plan();
    let law = "is obeyed";
    let moved = |between: Vec<Say>| {
        let mut story = request(0, 0, 0, By::Algorithm);
        story.extend(between);
        story.extend(request(10, 0, 1, By::Algorithm));
        story
    };
    broken(&plan, law, moved(Vec::new()));
    fine(
        &plan,
        moved(vec![Say::Event(5, Event::CookiesCleared { client: 0 })]),
    );
    let dies = changed(
        5,
        0,
        Status::UpGoingDown(1, 3),
        Status::Down,
        check(CheckCode::L7Timeout),
    );
    fine(&plan, moved(vec![dies]));
    // Another thread's cookie is not mine.
    let mut other = request(0, 0, 0, By::Algorithm);
    other.extend(request(2, 1, 1, By::Algorithm));
    fine(&plan, other);
}

#[test]
fn legality() {
    let plan = plan();
    let law = "state machines";
    let start = Status::UpGoingDown(1, 3);
    let (failed, passed) = (check(CheckCode::L4Connection), check(CheckCode::L7Ok));
    fine(
        &plan,
        vec![
            changed(0, 0, start, Status::Up, passed),
            changed(1, 0, Status::Up, Status::UpGoingDown(2, 3), failed),
            changed(2, 0, Status::UpGoingDown(2, 3), start, failed),
            changed(3, 0, start, Status::Down, failed),
            changed(4, 0, Status::Down, Status::Maint, Cause::Cli),
            changed(5, 0, Status::Maint, start, Cause::Cli),
        ],
    );
    let wrong = [
        // One failure is not enough.
        vec![
            changed(0, 0, start, Status::Up, passed),
            changed(1, 0, Status::Up, Status::Down, failed),
        ],
        // A passed check takes nobody down.
        vec![changed(0, 0, start, Status::Down, passed)],
        // Checks do not end a maintenance.
        vec![
            changed(0, 0, start, Status::Maint, Cause::Cli),
            changed(1, 0, Status::Maint, Status::Up, passed),
        ],
        // It was never told that it went down.
        vec![changed(
            0,
            0,
            Status::Down,
            Status::DownGoingUp(1, 2),
            passed,
        )],
    ];
    for story in wrong {
        broken(&plan, law, story);
    }
}

#[test]
fn a_violation_reads_as_a_sentence() {
    let violations = hear(&plan(), vec![sent(0, 0)]);
    assert_eq!(
        violations[0].to_string(),
        "at 0.000 s: every request that is sent ends exactly once; but 1 are waiting at the end, the first is thread 0 of client 0 for request 0"
    );
}
