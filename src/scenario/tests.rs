//! Loading whole scenarios.

use super::*;
use crate::plan::{Bound, Claim, Client};

/// The repository's own scenario files.
struct Folder;

impl Source for Folder {
    fn text(&self, name: &str) -> Result<String, String> {
        let path = format!("{}/scenarios/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).map_err(|error| error.to_string())
    }
}

#[test]
fn a_lab_task_becomes_a_plan() {
    let loaded = load("lab3/4.3-at-once.ron", &Folder, &Overrides::default());
    let plan = loaded.expect("it is shipped").plan;
    assert_eq!(plan.scenario, "4.3-at-once");
    assert_eq!(plan.nodes.len(), 2);
    assert_eq!(
        plan.proxy.backends[0].servers[1].cookie.as_deref(),
        Some("s2")
    );
    assert_eq!(plan.clients_start, balance::Moment::from_millis(3000));
    let Client::Threads(group) = &plan.clients[0] else {
        panic!("jmeter is a thread group");
    };
    assert_eq!((group.threads, group.loops), (2, Some(1000)));
    assert_eq!(plan.expect.len(), 4);
    assert_eq!(
        plan.expect[0].text,
        "served(server: \"s1\", within: (1, 4))"
    );
    let Claim::Served { server, count } = &plan.expect[0].claim else {
        panic!("the first claim is about requests");
    };
    assert_eq!((server.as_str(), *count), ("s1", Bound::Within(1, 4)));
}

#[test]
fn a_resolved_scenario_is_the_same_scenario() {
    let loaded = load("lab3/4.3-at-once.ron", &Folder, &Overrides::default());
    let mut plan = loaded.expect("it is shipped").plan;
    let text = resolved(&plan);
    println!("{text}");
    let again = load(
        "again.ron",
        &memory(&[("again.ron", &text)]),
        &Overrides::default(),
    );
    let again = again.unwrap_or_else(|refused| panic!("{refused}")).plan;
    plan.scenario = "again".to_owned();
    assert_eq!(plan, again);
    assert_eq!(text, resolved(&again));
}

fn memory(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |&(name, text): &(&str, &str)| (name.to_owned(), text.to_owned());
    files.iter().map(owned).collect()
}
