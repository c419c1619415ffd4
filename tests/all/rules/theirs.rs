//! A case through the HAProxy that is installed here, on loopback.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{Asked, Case, Outcome, status, unlogged};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells the processes of one run of the tests apart.
static TURN: AtomicU32 = AtomicU32::new(0);

/// Whether there is a HAProxy whose answers count.
pub(crate) fn available() -> Result<(), String> {
    let version = Command::new("haproxy").arg("-v").output();
    let version = version.map_err(|_| "haproxy is not installed".to_owned())?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    if version.contains("version 2.6.") {
        Ok(())
    } else {
        Err(format!(
            "the rules are judged as 2.6 does, installed is {version}"
        ))
    }
}

/// How late a request may be that has its moment: rates are counted by the clock.
const LATE: Duration = Duration::from_millis(30);
/// How often a case is tried on a machine that is too busy to keep its moments.
const TRIES: u32 = 5;
/// What stands for a line of the log that does not come.
const NOTHING: &str = "nothing was logged";

/// What HAProxy makes of the requests of `case`, one after the other. A try in which a request
/// came too late, or a line of the log did not come, shows nothing, unless it is the last.
pub(crate) fn outcomes(case: &Case) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for _ in 0..TRIES {
        let in_time;
        (outcomes, in_time) = attempt(case);
        if in_time && outcomes.iter().all(|outcome| outcome.log != NOTHING) {
            break;
        }
    }
    outcomes
}

/// One try, and whether every request was sent at its moment.
fn attempt(case: &Case) -> (Vec<Outcome>, bool) {
    let process = Process::start(&case.text);
    let start = Instant::now();
    let mut in_time = true;
    let outcomes = case.requests.iter().map(|asked| {
        if let Some(millis) = asked.at {
            let at = Duration::from_millis(millis);
            thread::sleep(at.saturating_sub(start.elapsed()));
            in_time &= start.elapsed() < at + LATE;
        }
        process.ask(asked)
    });
    (outcomes.collect(), in_time)
}

/// A running HAProxy; it ends when this is dropped.
pub(crate) struct Process {
    child: Child,
    file: PathBuf,
    /// Real ports, by the port that the case names.
    ports: BTreeMap<u16, u16>,
    log: UdpSocket,
}

impl Process {
    pub(crate) fn start(text: &str) -> Self {
        let log = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        log.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let mut ports = BTreeMap::from([(9999, port_of(log.local_addr().ok()))]);
        for port in named_ports(text) {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
            ports
                .entry(port)
                .or_insert(port_of(listener.local_addr().ok()));
            // Servers stand from 9100 on; HAProxy itself listens on the others.
            if (9100..9900).contains(&port) {
                thread::spawn(move || origin(&listener, port));
            }
        }
        let mut text = text.to_owned();
        for (named, real) in &ports {
            text = text.replace(&format!(":{named}"), &format!(":{real}"));
            text = text.replace(&format!("dst_port {named}"), &format!("dst_port {real}"));
        }
        let turn = TURN.fetch_add(1, Ordering::Relaxed);
        let file = format!("balancelab-rules-{}-{turn}.cfg", std::process::id());
        let file = std::env::temp_dir().join(file);
        fs::write(&file, text).expect("a writable folder");
        let child = Command::new("haproxy")
            .args(["-db", "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it ran before");
        let process = Self {
            child,
            file,
            ports,
            log,
        };
        process.await_start();
        process
    }

    /// Waits until every address of a frontend is open.
    fn await_start(&self) {
        let start = Instant::now();
        for port in self.ports.range(..9100).map(|(_, port)| *port) {
            while !is_open(port) {
                assert!(
                    start.elapsed() < PATIENCE,
                    "{} does not start",
                    self.file.display()
                );
                thread::sleep(Duration::from_millis(5));
            }
        }
        // Those connections may have been logged.
        self.log
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a socket");
        while self.log.recv(&mut [0; 2000]).is_ok() {}
        self.log
            .set_read_timeout(Some(PATIENCE / 4))
            .expect("a socket");
    }

    /// The address that stands for the port that the case names.
    pub(crate) fn address(&self, port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports[&port]))
    }

    fn ask(&self, asked: &Asked) -> Outcome {
        let mut stream = TcpStream::connect(self.address(asked.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let mut head = format!("{} {} HTTP/1.1\r\n", asked.method, asked.uri);
        for (name, value) in &asked.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        stream
            .write_all(format!("{head}\r\n").as_bytes())
            .expect("it reads");
        let (head, body) = answer(&mut stream, asked.method == "HEAD");
        drop(stream);
        let mut told = headers(&head);
        told.retain(|(name, _)| matches!(name.as_str(), "location" | "set-cookie"));
        // The answer of a server repeats what it got.
        let got = head.contains("x-origin: yes").then(|| {
            let seen = head.lines().find_map(|line| line.strip_prefix("x-seen: "));
            let mut seen = seen.unwrap_or(&body).replace("\\n", "\n");
            for (named, real) in &self.ports {
                seen = seen.replace(&real.to_string(), &named.to_string());
            }
            let line = seen.lines().next().unwrap_or_default();
            let line = line.strip_suffix(" HTTP/1.1").unwrap_or(line);
            let mut list = headers(&seen);
            list.retain(|(name, _)| !matches!(name.as_str(), "connection" | "upgrade"));
            (line.to_owned(), list)
        });
        if unlogged(&asked.uri) {
            let status = head.split(' ').nth(1).unwrap_or("0");
            return Outcome {
                log: format!("{status}, not logged"),
                told,
                got,
            };
        }
        let mut line = [0; 2000];
        let Ok(length) = self.log.recv(&mut line) else {
            let log = NOTHING.to_owned();
            return Outcome { log, told, got };
        };
        let line = String::from_utf8_lossy(&line[..length]);
        // Where there is no status, the log has -1.
        let line = line.trim().replacen("-1 ", "0 ", 1);
        Outcome {
            log: line,
            told,
            got,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing more can be done about a failure here than to leave it.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.file);
    }
}

/// Whether somebody listens at `port`: asked of the kernel where it tells, because a
/// connection would count.
fn is_open(port: u16) -> bool {
    let Ok(table) = fs::read_to_string("/proc/net/tcp") else {
        return TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    };
    // The local address, the remote one, and the state, 0A for a listener.
    let listens = format!("0100007F:{port:04X} 00000000:0000 0A");
    table.contains(&listens)
}

fn port_of(address: Option<SocketAddr>) -> u16 {
    address.expect("a bound socket has an address").port()
}

/// Every port from 9000 on that the addresses of `text` name.
fn named_ports(text: &str) -> Vec<u16> {
    let addresses = text.split("127.0.0.1:").skip(1);
    let digits = addresses.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect());
    digits
        .filter_map(|digits: String| digits.parse().ok())
        .collect()
}

/// Answers every request of every connection with what it got.
fn origin(listener: &TcpListener, port: u16) {
    for stream in listener.incoming().flatten() {
        thread::spawn(move || serve(stream, port));
    }
}

/// `port`: the one that the case names.
fn serve(mut stream: TcpStream, port: u16) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..length]);
        if bytes.ends_with(b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&bytes).replace('\r', "");
            let seen = text.trim_end().replace('\n', "\\n");
            let uri = text.split(' ').nth(1).unwrap_or_default();
            let status = status(uri);
            if let Some(millis) = uri.strip_prefix("/slow/") {
                let millis = millis.parse().expect("milliseconds");
                thread::sleep(Duration::from_millis(millis));
            }
            let answer = format!(
                "HTTP/1.1 {status} OK\r\nx-origin: yes\r\nx-port: {port}\r\nx-seen: {seen}\r\ncontent-length: 0\r\n\r\n"
            );
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
            bytes.clear();
        }
    }
}

/// The head and the body of an answer; both empty if there is none.
pub(crate) fn answer(stream: &mut TcpStream, headless: bool) -> (String, String) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.replace('\r', "");
            let length = headers(&head)
                .into_iter()
                .find(|(name, _)| name == "content-length")
                .and_then(|(_, value)| value.parse().ok());
            if headless || length.is_some_and(|length: usize| body.len() >= length) {
                return (head, body.to_owned());
            }
        }
        let Ok(length @ 1..) = stream.read(&mut buffer) else {
            let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
            return (head.replace('\r', ""), body.to_owned());
        };
        bytes.extend_from_slice(&buffer[..length]);
    }
}

/// The headers of a head, names in lower case.
pub(crate) fn headers(head: &str) -> Vec<(String, String)> {
    (head.lines().skip(1))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect()
}
