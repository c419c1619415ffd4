//! A report as JSON. The keys are part of the interface: they are added to, never renamed.

use serde_json::{Map, Value, json};

use super::distribution::Row;
use super::{Report, Server, Transition};

/// The report as one JSON value; milliseconds and seconds to the microsecond.
pub fn value(report: &Report) -> Value {
    let mut value = json!({
        "scenario": report.scenario,
        "title": report.title,
        "seed": report.seed,
        "profile": report.profile,
        "digest": report.digest_text(),
        "simulated_s": rounded(report.simulated.as_nanos() as f64 / 1e9, 6),
        "servers": report.servers.iter().map(server).collect::<Vec<_>>(),
        "total": row(&report.total),
        "transitions": report.transitions.iter().map(transition).collect::<Vec<_>>(),
    });
    if let Some(picks) = &report.picks {
        value["picks"] = json!(picks);
    }
    value["expect"] = report
        .expect
        .iter()
        .map(|verdict| json!({ "text": verdict.text, "ok": verdict.ok, "got": verdict.got }))
        .collect();
    value
}

/// One report as JSON text.
pub fn text(report: &Report) -> String {
    format!("{:#}\n", value(report))
}

/// Any number of reports as the JSON text of an array.
pub fn list(reports: &[Report]) -> String {
    let values: Value = reports.iter().map(value).collect();
    format!("{values:#}\n")
}

fn server(server: &Server) -> Value {
    let mut object = Map::new();
    object.insert("name".to_owned(), json!(server.name));
    object.extend(row(&server.row));
    object.insert("state".to_owned(), json!(server.state.status));
    Value::Object(object)
}

fn row(row: &Row) -> Map<String, Value> {
    let time = |pick: fn(&super::distribution::Times) -> f64| {
        json!(row.times.as_ref().map(|times| rounded(pick(times), 3)))
    };
    let pairs = [
        ("requests", json!(row.requests)),
        ("share", json!(rounded(row.share, 6))),
        ("errors", json!(row.errors)),
        ("mean_ms", time(|t| t.mean)),
        ("stddev_ms", time(|t| t.deviation)),
        ("min_ms", time(|t| t.min)),
        ("p50_ms", time(|t| t.p50)),
        ("p95_ms", time(|t| t.p95)),
        ("p99_ms", time(|t| t.p99)),
        ("max_ms", time(|t| t.max)),
        ("rps", json!(rounded(row.rate, 3))),
        ("by_algorithm", json!(row.by_algorithm)),
        ("by_cookie", json!(row.by_cookie)),
        ("sessions_restarted", json!(row.sessions_restarted)),
    ];
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn transition(transition: &Transition) -> Value {
    json!({
        "at_s": transition.at,
        "server": transition.server,
        "from": transition.from,
        "to": transition.to,
        "reason": transition.reason,
        "check_duration_ms": transition.check_duration,
    })
}

fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    fn keys(value: &Value) -> Vec<&str> {
        let object = value.as_object().expect("an object");
        object.keys().map(String::as_str).collect()
    }

    #[test]
    fn the_keys_are_the_promised_ones() {
        let value = value(&report());
        assert_eq!(
            keys(&value),
            [
                "scenario",
                "title",
                "seed",
                "profile",
                "digest",
                "simulated_s",
                "servers",
                "total",
                "transitions",
                "picks",
                "expect"
            ]
        );
        let numbers = [
            "requests",
            "share",
            "errors",
            "mean_ms",
            "stddev_ms",
            "min_ms",
            "p50_ms",
            "p95_ms",
            "p99_ms",
            "max_ms",
            "rps",
            "by_algorithm",
            "by_cookie",
            "sessions_restarted",
        ];
        assert_eq!(
            keys(&value["servers"][0]),
            [&["name"][..], &numbers, &["state"]].concat()
        );
        assert_eq!(keys(&value["total"]), numbers);
        assert_eq!(
            keys(&value["transitions"][0]),
            [
                "at_s",
                "server",
                "from",
                "to",
                "reason",
                "check_duration_ms"
            ]
        );
        assert_eq!(keys(&value["expect"][0]), ["text", "ok", "got"]);
    }

    #[test]
    fn several_reports_are_an_array() {
        let one: Value = serde_json::from_str(&text(&report())).expect("JSON");
        let two: Value = serde_json::from_str(&list(&[report(), report()])).expect("JSON");
        assert_eq!(two, json!([one, one]));
    }

    #[test]
    fn picks_are_there_only_when_kept() {
        let mut report = report();
        report.picks = None;
        assert_eq!(value(&report).get("picks"), None);
    }
}
