//! Schema to text: a scenario, or one claim, as an author would write it.

use ron::extensions::Extensions;
use ron::ser::PrettyConfig;
use serde::Serialize;

use crate::scenario::schema::Scenario;

/// The parts of RON that scenarios use without asking for them in the file.
pub(crate) fn extensions() -> Extensions {
    Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES
}

/// A claim (or an entry of the timeline) on one line: `served(server: "s1", exactly: 3)`.
pub(crate) fn one_line<T: Serialize>(thing: &T) -> String {
    let config = PrettyConfig::new()
        .compact_structs(true)
        .compact_arrays(true)
        .compact_maps(true)
        .separator(" ");
    write(thing, config)
}

/// A whole scenario: settings a line each, and a line for each entry of the story.
pub(crate) fn scenario(scenario: &Scenario) -> String {
    scenario_to_depth(scenario, 3)
}

/// The same, with a line each for what stands in so many brackets.
pub(crate) fn scenario_to_depth(scenario: &Scenario, depth: usize) -> String {
    let mut head = scenario.clone();
    let timeline = head.timeline.take();
    let expect = head.expect.take();
    let ask = head.ask.take();
    let head = write(&head, PrettyConfig::new().depth_limit(depth));
    let body = head.strip_suffix(')').unwrap_or(&head);
    let mut text = body.to_owned();
    list(&mut text, "timeline", timeline.as_deref());
    list(&mut text, "expect", expect.as_deref());
    list(&mut text, "ask", ask.as_deref());
    text.push_str(")\n");
    text
}

fn list<T: Serialize>(text: &mut String, name: &str, things: Option<&[T]>) {
    let Some(things) = things else {
        return;
    };
    text.extend(["    ", name, ": [\n"]);
    for thing in things {
        text.extend(["        ", &one_line(thing), ",\n"]);
    }
    text.push_str("    ],\n");
}

fn write<T: Serialize>(thing: &T, config: PrettyConfig) -> String {
    let config = config.extensions(extensions()).new_line("\n");
    let text = ron::ser::to_string_pretty(thing, config)
        .expect("the schema has only types that RON can write");
    // RON asks for its extensions in the first lines; scenarios need not.
    let body = text.lines().skip_while(|line| line.starts_with("#!["));
    body.collect::<Vec<_>>().join("\n")
}
