//! The schema of scenarios as JSON Schema, for editors and for other programs.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema as schema};
use serde_json::{Value, json};

use super::script::Amount;
use super::{Named, Scenario, Time};

/// JSON Schema (draft 2020-12) of a scenario written in JSON, as a text of many lines.
///
/// It says what may be written, as the types of [`schema`](super) do; what also makes sense
/// is only known to [`load`](crate::scenario::load).
pub fn json_schema() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut root = generator.into_root_schema_for::<Scenario>();
    root.insert("title".to_owned(), json!("A scenario of balancelab"));
    if let Some(properties) = root
        .get_mut("properties")
        .and_then(|value| value.as_object_mut())
    {
        let description = "Where this schema is; for editors.";
        let own = json!({ "type": "string", "description": description });
        properties.insert("$schema".to_owned(), own);
    }
    let mut root = root.to_value();
    forbid_null(&mut root);
    format!("{root:#}\n")
}

/// Takes the possibility out that a setting is `null`. It is let through, but says nothing
/// that leaving the setting out does not say.
fn forbid_null(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(forbid_null),
        Value::Object(map) => {
            map.values_mut().for_each(forbid_null);
            if let Some(Value::Array(kinds)) = map.get_mut("type") {
                kinds.retain(|kind| kind != "null");
                if let [only] = kinds.as_slice() {
                    let only = only.clone();
                    map.insert("type".to_owned(), only);
                }
            }
            let null = json!({ "type": "null" });
            if let Some(Value::Array(choices)) = map.get("anyOf")
                && let [Value::Object(only), other] = choices.as_slice()
                && *other == null
            {
                let only = only.clone();
                map.shift_remove("anyOf");
                map.extend(only);
            }
        }
        _ => {}
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema!({
            "description": "A length of time, or a moment: numbers with units (ns, us, ms, s, m, h, d). \
                            Where it may vary: uniform, exponential, normal or any, and lengths of time.",
            "type": "string",
            "pattern": r"^\s*((uniform|exponential|normal|any)\s)?\s*([+-]?[0-9.]+\s*(ns|us|µs|ms|s|min|m|h|d)\s*)+$",
            "examples": ["250ms", "2.5s", "1m 30s", "-2s", "uniform 3ms 5ms"],
        })
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema!({
            "description": "A whole number, or a text with variables that comes to one.",
            "type": ["integer", "string"],
            "examples": [3, "${times}"],
        })
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("NamesOf{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schema!({
            "type": "object",
            "additionalProperties": generator.subschema_for::<T>(),
        })
    }
}
