//! The page for a browser: what is in it, and that it needs nothing else.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::process::Command;

use balancelab::report::markup::escape;
use balancelab::report::page;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::tidy::source::top;

/// The page of these arguments, on standard output.
fn written(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_balancelab"))
        .env("LC_ALL", "C")
        .arg("report")
        .args(args)
        .args(["-o", "-"])
        .current_dir(top())
        .output()
        .expect("the binary runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The data of a page.
fn data(page: &str, id: &str) -> Value {
    let begin = format!("<script type=\"application/json\" id=\"{id}\">");
    let (_, rest) = page.split_once(&begin).expect("data with this id");
    let (text, _) = rest.split_once("</script>").expect("an end");
    serde_json::from_str(text).expect("JSON")
}

fn task(name: &str) -> String {
    format!("scenarios/lab3/{name}.ron")
}

/// Nothing may be loaded, and nothing may run but this very script. `just accept` writes
/// the policy anew.
#[test]
fn the_policy_names_the_style_and_the_script() {
    let sum = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'\n",
        sum(&page::style()),
        sum(page::script())
    );
    let path = top().join("src/report/page/policy.txt");
    let kept = fs::read_to_string(&path).expect("a policy");
    if kept != policy && env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        fs::write(&path, &policy).expect("a policy to write");
    }
    assert!(
        kept == policy,
        "the policy is stale: `just accept`, then build again"
    );
}

#[test]
fn a_page_is_whole_and_below_a_megabyte() {
    // The largest ones, and one of each kind.
    for name in [
        "1.1-browser",
        "1.5-at-once",
        "2.7",
        "3-maint",
        "4.6",
        "5-random",
    ] {
        let page = written(&[&task(name)]);
        let size = page.len();
        assert!(size < 1_000_000, "{name}: {size} bytes");
        for outside in [
            "http://", "https://", "url(", "@import", "src=", " style=", " onclick",
        ] {
            let text = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains(outside), "{name}: {outside}");
        }
        assert!(!page.contains("{{") && !page.contains("}}<"), "{name}");
        let ids: Vec<&str> = page
            .split(" id=\"")
            .skip(1)
            .filter_map(|t| t.split('"').next())
            .collect();
        let different: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), different.len(), "{name}: ids are unique");
        // Every picture has a twin, and every table says what it is.
        let count = |what: &str| page.matches(what).count();
        assert_eq!(count("<svg"), count("<summary>The same as "), "{name}");
        assert_eq!(count("<table"), count("<caption>"), "{name}");
    }
}

/// The run in sentences is what `explain` tells, in the language that is asked for.
#[test]
fn a_page_tells_the_story() {
    for lang in ["en", "fr"] {
        let page = written(&[&task("4.3-at-once"), "--lang", lang]);
        let story = Command::new(env!("CARGO_BIN_EXE_balancelab"))
            .env("LC_ALL", "C")
            .args(["explain", &task("4.3-at-once"), "--lang", lang])
            .current_dir(top())
            .output()
            .expect("the binary runs");
        let story = String::from_utf8(story.stdout).expect("UTF-8");
        let story = format!(
            "<pre class=\"story\" lang=\"{lang}\">{}</pre>",
            escape(&story)
        );
        assert!(page.contains(&story), "{lang}");
    }
}

/// What a page has as data is what `run --format json` prints, and its film ends with the
/// counters of the report.
#[test]
fn the_data_of_a_page_is_the_report() {
    for name in ["1.1-browser", "1.5-at-once", "4.3-at-once", "5-first"] {
        let page = written(&[&task(name)]);
        let run = Command::new(env!("CARGO_BIN_EXE_balancelab"))
            .env("LC_ALL", "C")
            .args(["run", &task(name), "--format", "json"])
            .current_dir(top())
            .output()
            .expect("the binary runs");
        let report: Value = serde_json::from_slice(&run.stdout).expect("JSON");
        assert_eq!(data(&page, "r1-report"), report, "{name}");
        let film = data(&page, "r1-film");
        let (columns, rows) = (&film["columns"], &film["rows"]);
        let (columns, rows) = (
            columns.as_array().expect("columns"),
            rows.as_array().expect("rows"),
        );
        let mut cells = vec![Value::Null; columns.len() * rows.len()];
        for frame in film["frames"].as_array().expect("frames") {
            for change in frame[2].as_array().expect("changes").chunks(2) {
                let cell = change[0].as_u64().expect("a cell") as usize;
                assert!(
                    cells[cell] != change[1],
                    "{name}: only what changes is told"
                );
                cells[cell] = change[1].clone();
            }
        }
        for server in report["servers"].as_array().expect("servers") {
            let named = format!("/{}", server["name"].as_str().expect("a name"));
            let row = rows
                .iter()
                .position(|row| row.as_str().expect("a name").ends_with(&named));
            let column = |wanted: &str| columns.iter().position(|name| name == wanted);
            let read = |name: &str| {
                let column = column(name).expect("a column");
                &cells[row.expect("a row") * columns.len() + column]
            };
            assert_eq!(read("status"), &server["state"], "{name}: {named}");
            assert_eq!(read("hrsp_2xx"), &server["requests"], "{name}: {named}");
            assert_eq!(read("scur"), 0, "{name}: {named}");
        }
    }
}

/// Several runs are one page; a file that is refused does not keep the others from it.
#[test]
fn several_runs_on_a_page() {
    let page = written(&[&task("4.1"), &task("1.1-browser")]);
    assert!(page.contains("<li><a href=\"#r2\">1.1 - a browser, reloading</a></li>"));
    assert_eq!(data(&page, "r1-report")["scenario"], "4.1");
    assert_eq!(data(&page, "r2-report")["scenario"], "1.1-browser");
    let folder = env!("CARGO_TARGET_TMPDIR");
    let path = format!("{folder}/page-of-one.html");
    let _ = fs::remove_file(&path);
    let output = Command::new(env!("CARGO_BIN_EXE_balancelab"))
        .env("LC_ALL", "C")
        .args([
            "report",
            "scenarios/nowhere.ron",
            &task("1.1-browser"),
            "--out",
            &path,
        ])
        .current_dir(top())
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{path}\n"));
    assert!(
        fs::read_to_string(&path)
            .expect("a page")
            .ends_with("</html>\n")
    );
}

/// Names of people are not markup, and a page of a long run stays small.
#[test]
fn what_people_write_is_text() {
    let title = "title=\"</script><b>&amp;\"";
    let page = written(&[&task("1.1-browser"), "--set", title]);
    assert!(!page.contains("</script><b>"));
    assert!(page.contains("<title>&lt;/script&gt;&lt;b&gt;&amp;amp;</title>"));
    assert_eq!(data(&page, "r1-report")["title"], "</script><b>&amp;");
    let long = written(&[
        &task("4.1"),
        "--set",
        "clients.jmeter.threads=8",
        "--set",
        "expect=[]",
    ]);
    assert!(long.len() < 1_000_000, "{} bytes", long.len());
    assert!(long.contains("steps are left out"));
}
