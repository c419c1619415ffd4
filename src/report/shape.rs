//! The shape of a report in JSON, published as a JSON Schema: what readers may rely on. Keys are
//! added to, never renamed.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The scenario's name: its path without folder and ending.
    pub scenario: String,
    /// Its one line for people.
    pub title: String,
    /// The root of every random stream.
    pub seed: u64,
    /// The version of HAProxy whose decisions were taken.
    pub profile: String,
    /// A checksum over everything told: 16 hexadecimal digits.
    pub digest: String,
    /// Virtual time from the start of the proxy to the end of the run, in seconds.
    pub simulated_s: f64,
    /// Every server, in order of configuration.
    pub servers: Vec<Server>,
    /// All requests.
    pub total: Row,
    /// The changes of the servers' states, in order.
    pub transitions: Vec<Transition>,
    /// Who answered, in order of sending (null for nobody); only if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picks: Option<Vec<Option<String>>>,
    /// What became of the expectations.
    pub expect: Vec<Verdict>,
}

/// A row of the report: requests, and how long they took as the clients saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// How many were answered (of the total: were sent).
    pub requests: u64,
    /// Their part of all requests, from 0 to 1.
    pub share: f64,
    /// No answer, or a status of 400 and above.
    pub errors: u64,
    /// Mean, in milliseconds; null without requests, as the others.
    pub mean_ms: Option<f64>,
    /// Standard deviation.
    pub stddev_ms: Option<f64>,
    /// Smallest.
    pub min_ms: Option<f64>,
    /// Median.
    pub p50_ms: Option<f64>,
    /// 95th percentile.
    pub p95_ms: Option<f64>,
    /// 99th percentile.
    pub p99_ms: Option<f64>,
    /// Greatest.
    pub max_ms: Option<f64>,
    /// Requests per second.
    pub rps: f64,
    /// How many the algorithm placed.
    pub by_algorithm: u64,
    /// How many a cookie placed.
    pub by_cookie: u64,
    /// How often a client's session began again on another node.
    pub sessions_restarted: u64,
}

/// A server's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// Its numbers.
    #[serde(flatten)]
    pub row: Row,
    /// Its status at the end, as HAProxy words it.
    pub state: String,
}

/// A change of a server's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// When, in seconds from the clients' start.
    pub at_s: f64,
    /// Whose.
    pub server: String,
    /// The status before.
    pub from: String,
    /// The status after.
    pub to: String,
    /// Why: a check's code, `CLI`, `via nodes/s1`.
    pub reason: String,
    /// How long the check took, in milliseconds, if it was one.
    pub check_duration_ms: Option<f64>,
}

/// What became of an expectation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// As its author wrote it.
    pub text: String,
    /// Whether it holds.
    pub ok: bool,
    /// What came out.
    pub got: String,
}

/// The JSON Schema (draft 2020-12) of a report, as a text of many lines.
pub fn json_schema() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut root = generator.into_root_schema_for::<Report>();
    root.insert("title".to_owned(), json!("A report of balancelab"));
    format!("{:#}\n", root.to_value())
}
