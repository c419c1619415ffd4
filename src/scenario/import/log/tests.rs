use super::{Arrives, Jar, Load, read};

fn only(text: &str) -> (Load, Arrives) {
    let load = read(text);
    let first = load.arrivals.first().cloned();
    let passed: Vec<_> = load.passed.iter().map(|passed| passed.why).collect();
    (load, first.unwrap_or_else(|| panic!("{passed:?}: {text}")))
}

const PLAIN: &str = r#"10.0.0.9:4711 [23/Nov/2026:03:55:20.967] front nodes/s1 0/2/1/34/38 200 157 - - --NI 2/2/1/0/0 0/0 "GET /item?id=0 HTTP/1.1""#;

#[test]
fn a_line_is_read_whatever_syslog_wrote_before_it() {
    for lead in [
        "",
        "<134>Nov 23 03:55:21 localhost haproxy[19481]: ",
        "Nov 23 03:55:21 lb1 haproxy[19481]: ",
        "<134>1 2026-11-23T03:55:28.821668+00:00 - haproxy 19609 - - ",
        "2026-11-23T03:55:28+00:00 lb1 haproxy[1] [tag] ",
    ] {
        let (load, _) = only(&format!("{lead}{PLAIN}\n"));
        assert_eq!(load.kind, "HAProxy's HTTP log");
        let wanted = &load.requests[0];
        assert_eq!(
            (wanted.method.as_str(), wanted.uri.as_str()),
            ("GET", "/item?id=0")
        );
        assert_eq!(wanted.backend.as_deref(), Some("nodes"));
        assert_eq!(load.users[0].name, "10.0.0.9 #1");
        let learned = &load.learned["s1"];
        assert_eq!(
            (learned.times[0].as_millis(), learned.at_once),
            (35, 1),
            "{lead}"
        );
    }
}

#[test]
fn other_formats_are_read() {
    // The line, its kind, the time at the server.
    let rows = [
        (
            r#"10.0.0.9 - - [23/Nov/2026:03:55:26 +0000] "GET /a HTTP/1.1" 200 157 "" "" 46066 200 "front" "nodes" "s1" 0 0 0 30 30 --NI 2 2 1 0 0 0 0 "" "" "#,
            "HAProxy's HTTP log (CLF)",
            Some(30),
        ),
        (
            r#"10.0.0.9 - - [23/Nov/2026:03:55:26 +0000] "GET /a HTTP/1.1" 200 157"#,
            "HAProxy's HTTP log (CLF)",
            None,
        ),
        (
            "10.0.0.9:57608 [23/Nov/2026:03:55:31.417] front nodes/s1 1/0/5 157 -- 4/4/3/1/0 0/0",
            "HAProxy's TCP log",
            Some(4),
        ),
        (
            r#"::1:4711 [23/Nov/2026:03:55:20.967] front~ nodes/s1 0/0/0/7/+8 200 157 - - ---- 2/2/1/0/0 0/0 {a b|c} {} "GET http://x.org/a HTTP/1.1" 0/0/0/0/0 x.org/TLSv1.3/-"#,
            "HAProxy's HTTP log",
            Some(8),
        ),
    ];
    for (line, kind, time) in rows {
        let (load, _) = only(line);
        assert_eq!(load.kind, kind, "{line}");
        let learned = load.learned.get("s1");
        assert_eq!(
            learned.map(|learned| learned.times[0].as_millis()),
            time,
            "{line}"
        );
        assert!(
            matches!(load.requests[0].uri.as_str(), "/a" | "/"),
            "{line}"
        );
    }
}

#[test]
fn what_is_no_request_is_told_with_its_lines() {
    let text = [
        PLAIN,
        "",
        "<134>Nov 23 03:55:21 localhost haproxy[1]: Server nodes/s1 is DOWN, reason: Layer4 timeout",
        r#"10.0.0.9:1 [23/Nov/2026:03:55:21.802] front front/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>""#,
        "hello",
        "world",
        PLAIN,
        "again",
        "<134>Nov 23 03:55:34 localhost haproxy[1]: Connect from 127.0.0.1:57656 to 127.0.0.1:18080 (front/HTTP)",
    ]
    .join("\n");
    let load = read(&text);
    assert_eq!((load.arrivals.len(), load.lines), (2, 9));
    let told: Vec<(bool, String, u32)> = (load.passed.iter())
        .map(|passed| (passed.harmless, passed.told(), passed.count))
        .collect();
    for expected in [
        (false, "5, 6, 8", 3),
        (true, "2", 1),
        (true, "3", 1),
        (false, "4", 1),
        (false, "9", 1),
    ] {
        let expected = (expected.0, expected.1.to_owned(), expected.2);
        assert!(told.contains(&expected), "{expected:?} not in {told:?}");
    }
    let passed: u32 = load.passed.iter().map(|passed| passed.count).sum();
    assert_eq!(passed + load.arrivals.len() as u32, load.lines);
}

/// Lines of one second: milliseconds, port, server, flags.
fn crowd(rows: &[(u32, u16, &str, &str)]) -> Vec<(u32, bool, Jar)> {
    let lines: Vec<String> = (rows.iter())
        .map(|(at, port, server, flags)| {
            format!(
                "10.0.0.9:{port} [23/Nov/2026:03:55:20.{at:03}] f b/{server} 0/0/0/9/10 200 1 - - {flags} 1/1/1/1/0 0/0 \"GET / HTTP/1.1\""
            )
        })
        .collect();
    let load = read(&lines.join("\n"));
    let arrivals = load.arrivals.into_iter();
    arrivals
        .map(|one| (one.user, one.connects, one.jar))
        .collect()
}

#[test]
fn who_is_who_follows_from_connections_and_cookies() {
    let to = |server: &str| Jar::LeadsTo(server.to_owned());
    // One connection is one person.
    assert_eq!(
        crowd(&[
            (0, 1, "s1", "--NI"),
            (20, 1, "s1", "--VN"),
            (40, 1, "s2", "--NI")
        ]),
        [
            (0, true, Jar::Kept),
            (0, false, Jar::Kept),
            (0, false, Jar::Empty)
        ]
    );
    // Who brings a cookie is one of those who were led there; who brings none is new.
    assert_eq!(
        crowd(&[
            (0, 1, "s1", "--NI"),
            (20, 2, "s2", "--NI"),
            (40, 3, "s2", "--VN"),
            (45, 4, "s1", "--VN"),
            (47, 5, "s1", "--VN"),
            (60, 6, "s1", "--NI"),
        ]),
        [
            (0, true, Jar::Kept),
            (1, true, Jar::Kept),
            (1, true, Jar::Kept),
            (0, true, Jar::Kept),
            // The first one is busy: this one has his cookie from before the log.
            (2, true, to("s1")),
            (3, true, Jar::Kept),
        ]
    );
    // Nothing is said about cookies: an idle one will do.
    assert_eq!(
        crowd(&[
            (0, 1, "s1", "----"),
            (5, 2, "s2", "----"),
            (30, 3, "s1", "----")
        ]),
        [
            (0, true, Jar::Kept),
            (1, true, Jar::Kept),
            (0, true, Jar::Kept)
        ]
    );
}

#[test]
fn results_of_jmeter_are_read() {
    let csv = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n\
        1795406123605,12,home,200,OK,Group 1-1,text,true,,10,1,2,2,http://lb/a?b=1,11,0,2\n\
        1795406123600,7,\"quoted, \"\"label\"\"\",503,\"two\nlines\",Group 1-2,text,false,,10,1,2,2,http://lb/c,6,0,0\n\
        1795406123700,30,all,200,\"Number of samples in transaction : 2, number of failing samples : 0\",Group 1-1,,true,,0,0,2,2,null,0,0,0\n\
        oops,1\n";
    let load = read(csv);
    assert_eq!(load.kind, "results of JMeter (CSV)");
    let uris: Vec<&str> = load
        .requests
        .iter()
        .map(|wanted| wanted.uri.as_str())
        .collect();
    assert_eq!(uris, ["/c", "/a?b=1"]);
    assert_eq!(load.arrivals[1].at.as_millis(), 5);
    assert_eq!(
        (load.arrivals[0].connects, load.arrivals[1].connects),
        (false, true)
    );
    assert_eq!(load.users[1].name, "Group 1-1");
    assert_eq!((load.errors, load.lines), (1, 6));
    let anonymous = load.anonymous.expect("times without servers");
    assert_eq!((anonymous.times[1].as_millis(), anonymous.at_once), (10, 1));
    let told: Vec<String> = load.passed.iter().map(super::Passed::told).collect();
    assert_eq!(told, ["6", "5"]);

    let xml = r#"<?xml version="1.0" encoding="UTF-8"?>
<testResults version="1.2">
<httpSample t="12" it="0" lt="11" ct="2" ts="1795406123605" s="true" lb="home" rc="200" tn="Group 1-1"><java.net.URL>http://lb/a?b=1</java.net.URL></httpSample>
<sample t="30" ts="1795406123600" lb="all" rc="200" tn="Group 1-2">
  <httpSample t="7" ct="0" ts="1795406123600" lb="/c" rc="503" tn="Group 1-2"/>
</sample>
<httpSample t="x" ts="1795406123600"/>
</testResults>"#;
    let load = read(xml);
    assert_eq!(load.kind, "results of JMeter (XML)");
    let uris: Vec<&str> = load
        .requests
        .iter()
        .map(|wanted| wanted.uri.as_str())
        .collect();
    assert_eq!(uris, ["/c", "/a?b=1"]);
    let told: Vec<String> = load.passed.iter().map(super::Passed::told).collect();
    assert_eq!(told, ["7", "4"]);
}
