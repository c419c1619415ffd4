//! `balancelab conform` from outside: what it says and how it ends.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// Two requests in turn, as any version serves them.
const GOOD: &str = r#"{"haproxy":"2.6.12","name":"turn-0001","exact":true,"backend":{"balance":"roundrobin","servers":[{"name":"s1"},{"name":"s2"}]}}
{"op":"req","id":1,"hold":1,"to":"s1"}
{"op":"req","id":2,"to":"s2","status":200}
{"op":"end","id":1}
"#;

/// A folder of its own for one test, gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str, files: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("conform-{}-{test}", std::process::id()));
        fs::create_dir_all(&folder).expect("the folder and the program are ours");
        for (name, text) in files {
            fs::write(folder.join(name), text).expect("the folder and the program are ours");
        }
        Self(folder)
    }

    fn conform(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_balancelab"))
            .env("LC_ALL", "C")
            .args(["conform", "--color", "never"])
            .args(arguments)
            .arg(&self.0)
            .output()
            .expect("the folder and the program are ours")
    }

    fn json(&self) -> Value {
        let output = self.conform(&["--format", "json"]);
        serde_json::from_slice(&output.stdout).expect("the folder and the program are ours")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn agreement_is_told_and_ends_with_0() {
    let folder = Folder::new("good", &[("a.jsonl", GOOD)]);
    let output = folder.conform(&[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.starts_with("ok  turn-0001\n"), "{text}");
    assert!(text.contains("By algorithm"), "{text}");
}

/// The first difference comes with both sides and the core's reason.
#[test]
fn a_difference_is_explained_and_ends_with_1() {
    let other = GOOD.replace(r#""id":2,"to":"s2""#, r#""id":2,"to":"s1""#);
    let folder = Folder::new("differs", &[("a.jsonl", &other), ("b.jsonl", GOOD)]);
    let output = folder.conform(&[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("a.jsonl:3, after 1 operations"), "{text}");
    assert!(
        text.contains(r#"to: HAProxy "s1", the core "s2""#),
        "{text}"
    );
    assert!(
        text.contains("the algorithm gave request 2 to s2"),
        "{text}"
    );

    let json = folder.json();
    assert_eq!(json["files"][0]["name"], "turn-0001");
    assert_eq!(json["files"][0]["ok"], false);
    assert_eq!(json["files"][0]["ops"], 3);
    assert_eq!(json["files"][0]["first_difference"]["line"], 3);
    assert_eq!(json["files"][1]["ok"], true);
    assert_eq!(json["files"][1]["first_difference"], Value::Null);
    assert_eq!(json["totals"]["programs"], 2);
    assert_eq!(json["totals"]["agreeing"], 1);
    assert_eq!(json["totals"]["requests"], 4);
}

/// Each way of being malformed names its line and its word, and the others still run.
#[test]
fn malformed_recordings_are_refused_and_end_with_3() {
    for (wrong, told) in [
        (GOOD.replace("hold", "hodl"), "2:25: unknown field `hodl`"),
        (
            GOOD.replace(r#","hold":1"#, r#","hold":2"#),
            "2:27: 2 is not 0 or 1",
        ),
        (
            GOOD.replace(r#""op":"end","id":1"#, r#""op":"end","id":9"#),
            "4: request 9 was never sent",
        ),
        (
            GOOD.replace(r#""op":"end""#, r#""op":"stop""#),
            "4: unknown operation `stop`",
        ),
        (
            GOOD.replace(r#""op":"end""#, r#""op":"end","src":"::1""#),
            "4: `src` has no meaning for `end`",
        ),
        (
            GOOD.replace(r#""to":"s1""#, r#""to":"s3""#),
            "2: no server is called `s3`",
        ),
        (
            GOOD.replace("roundrobin", "rundrobin"),
            "1: balance: `rundrobin`",
        ),
        (
            GOOD.replace(r#""id":2"#, r#""id":1"#),
            "3: request 1 was sent before",
        ),
        (
            GOOD.replace("2.6.12", "1.8.0"),
            "1: no profile for HAProxy `1.8.0`",
        ),
        (
            GOOD.replace(r#""name":"s2""#, r#""name":"s1""#),
            "1: two servers are called `s1`",
        ),
        (
            GOOD.replace("\n{\"op\":\"end\",\"id\":1}", "\n{\"op\":"),
            "4:6: EOF",
        ),
    ] {
        let folder = Folder::new("malformed", &[("a.jsonl", &wrong), ("b.jsonl", GOOD)]);
        let output = folder.conform(&[]);
        let remarks = String::from_utf8(output.stderr).unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(3), "{told}: {remarks}");
        assert!(
            remarks.contains(&format!("a.jsonl:{told}")),
            "{told}: {remarks}"
        );
        assert!(text.starts_with("ok  turn-0001\n"), "{text}");
        assert_eq!(folder.json()["totals"]["refused"], 1);
    }
}

/// The other versions' decisions can be asked for: 3.4 does not take an idle server's
/// place in a tie as 2.6 does, so the version is part of what agrees.
#[test]
fn the_profile_can_be_chosen() {
    let folder = Folder::new("profile", &[("a.jsonl", GOOD)]);
    let output = folder.conform(&["--profile", "3.4"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("3.4"), "{text}");
    assert_eq!(folder.conform(&["--profile", "1.8"]).status.code(), Some(2));
}

#[test]
fn a_path_that_is_not_there_ends_with_3() {
    let folder = Folder::new("absent", &[]);
    let absent = folder.0.join("none.jsonl");
    let output = folder.conform(&[absent.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
}
