//! The page in a real browser: headless Chromium, driven over the `WebDriver` protocol.
//! Only if the environment says where the driver is (`BALANCELAB_CHROMEDRIVER`), as
//! `.ci/run` does where it can; it is said when it does not.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::tidy::source::top;

/// A browser with one window, closed when it is dropped.
struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// A window of this size that prefers these colours.
    fn open(driver: &str, width: u32, height: u32, scheme: &str) -> Self {
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed");
        let lines = BufReader::new(driver.stdout.take().expect("a pipe")).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, after) = line.split_once("successfully on port ")?;
                after.trim_end_matches('.').parse().ok()
            })
            .expect("it says its port");
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
        };
        let dark = format!(
            "--blink-settings=preferredColorScheme={}",
            u8::from(scheme != "dark")
        );
        let profile = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("browser-{port}"));
        let options = json!({
            "args": [
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                dark,
                format!("--window-size={width},{height}"),
                format!("--user-data-dir={}", profile.display()),
            ]
        });
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        }}});
        let answer = browser.send("POST", "/session", &wanted);
        let session = answer["sessionId"].as_str().expect("a session");
        browser.session = format!("/session/{session}");
        browser
    }

    /// One request of the protocol.
    fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the driver listens");
        let patience = Some(Duration::from_secs(60));
        stream.set_read_timeout(patience).expect("a time limit");
        let body = if method == "POST" {
            body.to_string()
        } else {
            String::new()
        };
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .expect("it reads");
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        // The driver keeps its connections: what an answer is long, its head says.
        loop {
            let mut line = String::new();
            answer.read_line(&mut line).expect("it answers in time");
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(number) = line.strip_prefix("content-length:") {
                length = number.trim().parse().expect("a number");
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body).expect("all of it");
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        let value = answer["value"].clone();
        assert!(value["error"].is_null(), "{method} {path}: {value}");
        value
    }

    fn command(&self, path: &str, body: &Value) -> Value {
        self.send("POST", &format!("{}{path}", self.session), body)
    }

    fn visit(&self, page: &Path) {
        let url = format!("file://{}", page.display());
        self.command("/url", &json!({ "url": url }));
    }

    /// What a function body returns in the page.
    fn ask(&self, script: &str) -> Value {
        self.command("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Presses keys in the element with the focus.
    fn press(&self, keys: &str) {
        let each = keys.chars().flat_map(|key| {
            ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }))
        });
        let each: Vec<Value> = each.collect();
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": each }] });
        self.command("/actions", &actions);
    }

    /// What was written to the console: errors, and what the policy refused.
    fn complaints(&self) -> Vec<String> {
        let log = self.command("/se/log", &json!({ "type": "browser" }));
        let entries = log.as_array().expect("a log").iter();
        entries.map(ToString::to_string).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.send("DELETE", &self.session, &Value::Null);
        }
        // It may be gone already.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Where the driver is, if somebody said so.
#[expect(clippy::print_stdout, reason = "says what it could not try")]
fn driver() -> Option<String> {
    let driver = env::var("BALANCELAB_CHROMEDRIVER").ok();
    if driver.is_none() {
        println!("no browser to try the page in: set BALANCELAB_CHROMEDRIVER to its driver");
    }
    driver
}

fn page(name: &str, files: &[&str]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let output = Command::new(env!("CARGO_BIN_EXE_balancelab"))
        .env("LC_ALL", "C")
        .arg("report")
        .args(files)
        .arg("-o")
        .arg(&path)
        .current_dir(top())
        .output()
        .expect("the binary runs");
    assert!(output.status.success());
    path
}

/// The table of requests as the browser shows it, beside the JSON in the page.
const TABLE: &str = "
    const rows = [...document.querySelectorAll('.run table')[0].tBodies[0].rows];
    const shown = rows.map(row => [...row.cells].slice(0, 2).map(cell => cell.textContent));
    const report = JSON.parse(document.getElementById('r1-report').textContent);
    const told = report.servers.map(server => [server.name, String(server.requests)]);
    told.push(['total', String(report.total.requests)]);
    return [shown, told];";

/// Step, sum of the requests in the statistics, the sentence, and where the cursor stands.
const STATE: &str = "
    const cells = [...document.querySelectorAll('.stats tbody tr')].slice(0, -1);
    const names = [...document.querySelectorAll('.stats thead th')].map(cell => cell.textContent);
    const column = names.indexOf('stot');
    const sum = cells.map(row => Number(row.cells[column].textContent)).reduce((a, b) => a + b);
    return {
        step: Number(document.querySelector('.player input').value),
        last: Number(document.querySelector('.player input').max),
        requests: sum,
        status: cells.map(row => row.cells[1].textContent),
        told: document.querySelector('.now').textContent,
        cursor: document.querySelector('.cursor').getAttribute('d'),
        here: document.querySelectorAll('.journal .here').length,
    };";

#[test]
fn the_page_works_in_a_browser() {
    let Some(driver) = driver() else { return };
    let path = page("browser.html", &["scenarios/lab3/4.3-at-once.ron"]);
    let browser = Browser::open(&driver, 1280, 720, "light");
    browser.visit(&path);
    let table = browser.ask(TABLE);
    assert_eq!(table[0], table[1], "the table is what the JSON says");
    assert_eq!(table[0].as_array().map(Vec::len), Some(3));

    let click = |way: &str| {
        browser.ask(&format!(
            "document.querySelector('[data-go=\"{way}\"]').click();"
        ));
        browser.ask(STATE)
    };
    let start = browser.ask(STATE);
    assert_eq!((&start["step"], &start["requests"]), (&json!(0), &json!(0)));
    let end = click("last");
    assert_eq!(end["step"], end["last"]);
    assert_eq!(end["requests"], 2000);
    assert_eq!(end["status"], json!(["DOWN", "UP"]));
    assert!(
        end["cursor"]
            .as_str()
            .is_some_and(|line| line.starts_with('M'))
    );
    // Back through the change to before it, step by step, and there again.
    let down = click("turn-back");
    assert!(
        down["told"]
            .as_str()
            .is_some_and(|text| text.contains("s1 was UP 1/3, is DOWN"))
    );
    assert_eq!(down["status"], json!(["DOWN", "UP"]));
    let before = click("back");
    assert_eq!(before["status"], json!(["UP 1/3", "UP"]));
    assert_eq!(click("on"), down, "forward is the way back");
    assert_ne!(before["cursor"], down["cursor"]);
    assert!(down["here"].as_u64().is_some_and(|rows| rows >= 1));

    // By keyboard alone: the scrubber is an ordinary one.
    browser.ask("document.querySelector('.player input').focus();");
    browser.press("\u{e011}");
    assert_eq!(browser.ask(STATE), start, "Home");
    browser.press("\u{e014}\u{e014}\u{e012}");
    assert_eq!(browser.ask(STATE)["step"], 1, "right, right, left");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// Nothing is wider than the window, in whatever colours, and what is written can be read.
#[test]
fn the_page_fits_every_window() {
    let Some(driver) = driver() else { return };
    let files = [
        "scenarios/lab3/1.5-at-once.ron",
        "scenarios/lab3/2.3-browsers.ron",
    ];
    let path = page("browser-several.html", &files);
    for (width, height, scheme) in [
        (1280, 720, "light"),
        (1280, 720, "dark"),
        (500, 900, "dark"),
    ] {
        let browser = Browser::open(&driver, width, height, scheme);
        browser.visit(&path);
        let wide = browser.ask("return document.documentElement.scrollWidth - innerWidth;");
        assert!(
            wide.as_i64().is_some_and(|wide| wide <= 0),
            "{width}: {wide} too wide"
        );
        let is = browser.ask("return matchMedia('(prefers-color-scheme: dark)').matches;");
        assert_eq!(is, scheme == "dark", "{scheme}");
        let faint = browser.ask(CONTRAST);
        assert_eq!(faint, json!([]), "{scheme}: too faint");
        // Whatever can be used can be reached with the keyboard and has a name.
        let nameless = browser.ask(
            "return [...document.querySelectorAll('button, input, summary, a, [tabindex], svg')]
                .filter(e => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.textContent.trim()))
                .map(e => e.outerHTML.slice(0, 80));",
        );
        assert_eq!(nameless, json!([]));
        // On paper: everything open, nothing to press, nothing cut off.
        let print = json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "media": "print" } });
        browser.command("/goog/cdp/execute", &print);
        let paper = browser.ask(
            "dispatchEvent(new Event('beforeprint'));
            const shown = e => e.getClientRects().length > 0;
            const all = what => [...document.querySelectorAll(what)];
            const result = [
                all('button, input').filter(shown).length,
                all('details:not([open])').length,
                all('details table').filter(shown).length > 10,
            ];
            dispatchEvent(new Event('afterprint'));
            return [...result, all('details[open]').length];",
        );
        assert_eq!(paper, json!([0, 0, true, 0]));
        assert_eq!(browser.complaints(), Vec::<String>::new());
        if let Ok(folder) = env::var("BALANCELAB_SHOTS") {
            let picture = browser.send(
                "GET",
                &format!("{}/screenshot", browser.session),
                &Value::Null,
            );
            let file = format!("{folder}/{scheme}-{width}.base64");
            fs::write(file, picture.as_str().expect("a picture")).expect("a folder for pictures");
        }
    }
}

/// Texts whose colour is closer than 4.5 to 1 to the background of the page.
const CONTRAST: &str = "
    const light = text => {
        const parts = text.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255);
        const linear = parts.map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const paper = element => {
        for (let e = element; e; e = e.parentElement) {
            const color = getComputedStyle(e).backgroundColor;
            if (!color.startsWith('rgba(0, 0, 0, 0')) return color;
        }
        return matchMedia('(prefers-color-scheme: dark)').matches ? 'rgb(22, 24, 28)' : 'rgb(255, 255, 255)';
    };
    const faint = new Set();
    for (const element of document.querySelectorAll('h1,h2,h3,p,th,td,caption,figcaption,summary,a,pre,button:enabled,output,svg text')) {
        if (!element.textContent.trim()) continue;
        const style = getComputedStyle(element);
        const ink = light(element.closest('svg') ? style.fill : style.color);
        const ground = light(paper(element));
        const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
        if (ratio < 4.5) faint.add(element.tagName + '.' + element.getAttribute('class') + ' ' + ratio.toFixed(2));
    }
    return [...faint];";
