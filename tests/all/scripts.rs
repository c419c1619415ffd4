//! Do scripted threads do what JMeter's do? Each row is a script and the requests it sends.

use std::collections::BTreeMap;

use balance::{Interest, Moment};
use balancelab::lab;
use balancelab::plan::Plan;
use balancelab::scenario::{self, Overrides, resolved};
use balancelab::trace::{Event, Message, Sample, Sink};

/// Keeps what is asked for, and when.
#[derive(Default)]
struct Asked(Vec<(u64, String)>);

impl Sink for Asked {
    fn interest(&self) -> Interest {
        Interest::Everything
    }
    fn sample(&mut self, _: &Sample) {}
    fn event(&mut self, _: Moment, _: &Event) {}
    fn message(&mut self, at: Moment, message: &Message<'_>) {
        if let Message::Asked { uri, .. } = message {
            self.0.push((at.as_nanos() / 1_000_000, (*uri).to_owned()));
        }
    }
}

/// The plan of a scenario with these clients, on two nodes that answer at once.
fn plan(clients: &str) -> Plan {
    let text = format!(
        "(nodes: {{\"s1\": (service: \"1ms\", event_loop: false), \"s2\": (service: \"1ms\", event_loop: false)}}, \
         wire: (client: \"0s\", node: \"0s\"), clients: {{ {clients} }})"
    );
    let files = BTreeMap::from([("x.ron".to_owned(), text)]);
    match scenario::load("x.ron", &files, &Overrides::default()) {
        Ok(loaded) => loaded.plan,
        Err(refused) => panic!("{refused}"),
    }
}

fn requests(clients: &str) -> Vec<(u64, String)> {
    let plan = plan(clients);
    let mut asked = Asked::default();
    lab::run(&plan, &mut asked).expect("it runs");
    // What is written as a scenario again is the same run.
    let files = BTreeMap::from([("x.ron".to_owned(), resolved(&plan))]);
    let again = scenario::load("x.ron", &files, &Overrides::default()).expect("it was written");
    assert_eq!(again.plan, plan);
    asked.0
}

/// The paths that `loops` iterations of a script ask for, in order.
fn paths(loops: u32, script: &str) -> String {
    let client = format!("\"j\": thread_group(threads: 1, loops: {loops}, script: [{script}])");
    let paths: Vec<String> = requests(&client).into_iter().map(|(_, uri)| uri).collect();
    paths.join(" ")
}

/// `request(uri: "/name")`
fn get(name: &str) -> String {
    format!("request(uri: \"/{name}\")")
}

#[test]
fn controllers_choose_as_jmeter_does() {
    let (a, b, c) = (&get("a"), &get("b"), &get("c"));
    let rows: [(u32, String, &str); 19] = [
        (2, format!("{a}, {b}"), "/a /b /a /b"),
        (1, format!("loop(times: 2, steps: [{a}]), {b}"), "/a /a /b"),
        (2, format!("once([{a}]), {b}"), "/a /b /b"),
        (
            2,
            format!("loop(times: 2, steps: [once([{a}]), {b}])"),
            "/a /b /b /a /b /b",
        ),
        (4, format!("interleave([{a}, {b}, {c}])"), "/a /b /c /a"),
        (
            3,
            format!("interleave([group([{a}, {b}]), {c}])"),
            "/a /b /c /a /b",
        ),
        (
            1,
            format!("set({{\"n\": \"2\"}}), loop(times: \"${{n}}\", steps: [{a}])"),
            "/a /a",
        ),
        (1, format!("loop(times: 0, steps: [{a}]), {b}"), "/b"),
        (
            4,
            format!("throughput(total: 2, steps: [{a}]), {b}"),
            "/a /b /a /b /b /b",
        ),
        (
            4,
            format!("throughput(percent: 50, steps: [{a}]), {b}"),
            "/b /a /b /b /a /b",
        ),
        (
            3,
            "counter(variable: \"n\", start: 1, end: 2), request(uri: \"/${n}\")".to_owned(),
            "/1 /2 /1",
        ),
        (
            1,
            format!("while(condition: \"${{__counter(TRUE)}} < 3\", steps: [{a}]), {b}"),
            "/a /a /b",
        ),
        (
            3,
            "data(variables: [\"u\", \"v\"], rows: [[\"x\", \"1\"], [\"y\", \"2\"]]), \
             request(uri: \"/${u}?v=${v}\")"
                .to_owned(),
            "/x?v=1 /y?v=2 /x?v=1",
        ),
        (
            9,
            "data(variables: [\"u\"], rows: [[\"x\"], [\"y\"]], recycle: false, stop: true), \
             request(uri: \"/${u}\")"
                .to_owned(),
            "/x /y",
        ),
        (
            1,
            format!("switch(value: \"b\", choices: {{\"a\": {a}, \"b\": {b}}})"),
            "/b",
        ),
        (
            1,
            "set({\"i_1\": \"p\", \"i_2\": \"q\"}), \
             for_each(input: \"i_\", output: \"x\", steps: [request(uri: \"/${x}\")]), \
             request(uri: \"/after-${x}\")"
                .to_owned(),
            "/p /q /after-p",
        ),
        (
            3,
            format!(
                "{a}, if(condition: \"${{__threadNum}} == 1\", steps: [leave(iteration)]), {b}"
            ),
            "/a /a /a",
        ),
        (
            1,
            format!("loop(times: 5, steps: [{a}, leave(loop), {b}]), {c}"),
            "/a /c",
        ),
        (5, format!("{a}, leave(thread), {b}"), "/a"),
    ];
    for (loops, script, expected) in rows {
        assert_eq!(paths(loops, &script), expected, "{script}");
    }
}

/// What was seen in a real JMeter and is not in its manual.
#[test]
fn controllers_do_what_jmeter_was_seen_to_do() {
    let (a, b, c) = (&get("a"), &get("b"), &get("c"));
    let rows: [(u32, String, &str); 3] = [
        // What sends nothing is passed over; a pause of its own is a turn.
        (
            3,
            format!("interleave([if(condition: \"1 == 2\", steps: [{a}]), {b}, {c}])"),
            "/b /c /b",
        ),
        (
            4,
            format!("interleave([{b}, pause(\"0s\"), {c}])"),
            "/b /c /b",
        ),
        // The condition of a while controller that cannot be judged is not `false`.
        (
            1,
            "while(condition: \"${__jexl3(${n} < 3)}\", steps: \
             [counter(variable: \"n\", start: 1), request(uri: \"/${n}\")])"
                .to_owned(),
            "/1 /2 /3",
        ),
    ];
    for (loops, script, expected) in rows {
        assert_eq!(paths(loops, &script), expected, "{script}");
    }
}

#[test]
fn random_choices_are_drawn_and_repeatable() {
    let (a, b, c) = (&get("a"), &get("b"), &get("c"));
    let script = format!("random([{a}, {b}, {c}])");
    let drawn = paths(300, &script);
    assert_eq!(drawn, paths(300, &script));
    for path in ["/a", "/b", "/c"] {
        let count = drawn.split(' ').filter(|drawn| *drawn == path).count();
        assert!((70..=130).contains(&count), "{path}: {count}");
    }
    let order = paths(50, &format!("random_order([{a}, {b}, {c}])"));
    let mut orders: Vec<Vec<&str>> = Vec::new();
    let words: Vec<&str> = order.split(' ').collect();
    for three in words.chunks(3) {
        let mut sorted = three.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, ["/a", "/b", "/c"]);
        orders.push(three.to_vec());
    }
    orders.sort();
    orders.dedup();
    assert!(orders.len() > 3, "{orders:?}");
}

#[test]
fn extractors_and_conditions_follow_the_node_that_answered() {
    let script = "request(uri: \"/\"), \
        extract(variable: \"TAG\", regex: \"\\\"tag\\\":\\\"(.+?)\\\"\"), \
        extract(variable: \"VIEWS\", regex: \"\\\"sessionViews\\\":(\\\\d+)\"), \
        if(condition: \"\\\"${TAG}\\\" == \\\"s1\\\"\", steps: [request(uri: \"/s1?${VIEWS}\")])";
    // Round robin: s1 answers the first request, s2 the one in the if controller, s1 again...
    // Every other node is a stranger to the session, so that it is always the first view.
    assert_eq!(paths(2, script), "/ /s1?1 / /s1?1");
}

#[test]
fn timers_wait() {
    let client = "\"j\": thread_group(threads: 1, loops: 3, \
        script: [pause(\"100ms\"), request(uri: \"/\")])";
    let times: Vec<u64> = requests(client).into_iter().map(|(at, _)| at).collect();
    assert_eq!(times, [100, 201, 302]);
    // 600 a minute: one each 100 ms, the first at once, answers included.
    let client = "\"j\": thread_group(threads: 1, loops: 3, \
        script: [pace(per_minute: 600), request(uri: \"/\")])";
    let times: Vec<u64> = requests(client).into_iter().map(|(at, _)| at).collect();
    assert_eq!(times, [0, 100, 200]);
    // Steps that name one timer wait for one another's requests.
    let client = "\"j\": thread_group(threads: 1, loops: 2, script: [\
        pace(per_minute: 600, timer: \"t\"), request(uri: \"/\"), \
        pace(per_minute: 600, timer: \"t\"), request(uri: \"/\")])";
    let times: Vec<u64> = requests(client).into_iter().map(|(at, _)| at).collect();
    assert_eq!(times, [0, 100, 200, 300]);
    // Who is late does not catch up.
    let client = "\"j\": thread_group(threads: 1, loops: 3, script: [\
        pace(per_minute: 600), request(uri: \"/a\"), once([pause(\"249ms\"), request(uri: \"/b\")])])";
    let times: Vec<u64> = requests(client).into_iter().map(|(at, _)| at).collect();
    assert_eq!(times, [0, 250, 251, 351]);
    // A runtime controller ends in the middle of its steps.
    let client = "\"j\": thread_group(threads: 1, loops: 1, script: [runtime(time: \"250ms\", \
        steps: [pause(\"99ms\"), request(uri: \"/a\"), request(uri: \"/b\")]), request(uri: \"/c\")])";
    let paths: Vec<String> = requests(client).into_iter().map(|(_, uri)| uri).collect();
    // What was decided before its timers is sent after them.
    assert_eq!(paths, ["/a", "/b", "/a", "/b", "/a", "/c"]);
    // The group's time is over in the middle of an iteration.
    let client = "\"j\": thread_group(threads: 1, duration: \"0.25s\", \
        script: [pause(\"99ms\"), request(uri: \"/a\"), request(uri: \"/b\")])";
    let paths: Vec<String> = requests(client).into_iter().map(|(_, uri)| uri).collect();
    assert_eq!(paths, ["/a", "/b", "/a", "/b"]);
}

#[test]
fn groups_wait_for_groups() {
    let clients = "\"setup\": thread_group(threads: 2, loops: 2, uri: \"/s\"), \
        \"main\": thread_group(threads: 1, loops: 2, uri: \"/m\", after: [\"setup\"]), \
        \"end\": thread_group(threads: 1, loops: 1, uri: \"/e\", after: [\"setup\", \"main\"])";
    let paths: Vec<String> = requests(clients).into_iter().map(|(_, uri)| uri).collect();
    assert_eq!(paths, ["/s", "/s", "/s", "/s", "/m", "/m", "/e"]);
}

#[test]
fn a_failed_sample_ends_what_the_group_says() {
    let run = |on_error: &str| {
        let text = format!(
            "(nodes: {{\"s1\": (service: \"1ms\", status: 503)}}, wire: (client: \"0s\", node: \"0s\"), \
             clients: {{\"j\": thread_group(threads: 1, loops: 2, on_error: {on_error}, \
             script: [request(uri: \"/a\"), request(uri: \"/b\")]), \
             \"k\": thread_group(threads: 1, loops: 2, uri: \"/k\", start: \"1s\")}})"
        );
        let files = BTreeMap::from([("x.ron".to_owned(), text)]);
        let plan = scenario::load("x.ron", &files, &Overrides::default());
        let plan = plan.unwrap_or_else(|refused| panic!("{refused}")).plan;
        let mut asked = Asked::default();
        lab::run(&plan, &mut asked).expect("it runs");
        let paths: Vec<String> = asked.0.into_iter().map(|(_, uri)| uri).collect();
        paths.join(" ")
    };
    assert_eq!(run("continue"), "/a /b /a /b /k /k");
    assert_eq!(run("start_next_loop"), "/a /a /k /k");
    assert_eq!(run("stop_thread"), "/a /k /k");
    assert_eq!(run("stop_test"), "/a");
}

/// A plain group and a script of the same one request are the same run.
#[test]
fn a_script_of_one_request_is_a_plain_group() {
    let common = "threads: 5, loops: 20, ramp_up: \"50ms\", cookies: clear, uri: \"/x\"";
    let plain = requests(&format!("\"j\": thread_group({common})"));
    let script = requests(&format!(
        "\"j\": thread_group({common}, script: [request()])"
    ));
    assert_eq!(plain, script);
}

/// A loop that does nothing is left, and the run ends.
#[test]
fn nobody_turns_on_the_spot_for_ever() {
    assert_eq!(paths(1, "loop(steps: [set({\"a\": \"1\"})])"), "");
}

/// What is wrong in a script is said where it stands.
#[test]
fn mistakes_in_scripts_are_told() {
    for (script, words) in [
        ("request(url: \"/\")", "`uri`"),
        ("reqest(uri: \"/\")", "`request`"),
        ("pause(\"3\")", "\"3\" is not a duration"),
        ("loop(times: \"x\", steps: [])", "whole number"),
        ("if(condition: \"a b\", steps: [])", "no condition"),
        (
            "extract(variable: \"x\", regex: \"(\")",
            "regular expression",
        ),
        ("throughput(steps: [])", "`percent` is missing"),
        ("pace(per_minute: 0)", "more than 0"),
        ("request(backend: \"nods\")", "did you mean `nodes`?"),
    ] {
        let text = format!(
            "(nodes: {{\"s1\": ()}}, clients: {{\"j\": thread_group(loops: 1, script: [{script}])}})"
        );
        let files = BTreeMap::from([("x.ron".to_owned(), text)]);
        let refused = scenario::load("x.ron", &files, &Overrides::default());
        let refused = refused.expect_err(script).to_string();
        assert!(refused.contains(words), "{script}: {refused}");
    }
}
