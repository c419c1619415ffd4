//! Schema to text: a scenario, or one claim, as an author would write it.

use ron::extensions::Extensions;
use ron::ser::PrettyConfig;
use serde::Serialize;

use crate::scenario::schema::Claim;

/// The parts of RON that scenarios use without asking for them in the file.
pub(crate) fn extensions() -> Extensions {
    Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES
}

/// A claim on one line: `served(server: "s1", exactly: 3)`.
pub(crate) fn one_line(claim: &Claim) -> String {
    let config = PrettyConfig::new()
        .compact_structs(true)
        .compact_arrays(true)
        .compact_maps(true)
        .separator(" ");
    without_header(&write(claim, config))
}

fn write<T: Serialize>(thing: &T, config: PrettyConfig) -> String {
    let config = config.extensions(extensions()).new_line("\n");
    ron::ser::to_string_pretty(thing, config).expect("the schema has only types that RON can write")
}

/// RON asks for its extensions in the first line; scenarios need not.
fn without_header(text: &str) -> String {
    let body = text.lines().skip_while(|line| line.starts_with("#!["));
    body.collect::<Vec<_>>().join("\n")
}
