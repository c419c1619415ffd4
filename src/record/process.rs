//! One HAProxy process: its configuration, its start, its administration socket, its end.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::{Doing, RecordError};
use crate::conform::recording::{HeadBackend, HeadServer};

/// How long HAProxy may take to start.
const START: Duration = Duration::from_secs(10);

/// How long a process whose socket is closed may take to end.
const END: Duration = Duration::from_millis(500);

/// Tells the folders of one process' recordings apart.
static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// The version of the HAProxy at `path`: its numbers, such as `2.6.12`.
///
/// # Errors
/// It cannot be run, or does not say.
pub fn version(path: &Path) -> Result<String, RecordError> {
    let output = Command::new(path).arg("-v").output();
    let output = output.doing("ask HAProxy for its version")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let word = text
        .split_whitespace()
        .skip_while(|word| *word != "version")
        .nth(1);
    let numbers = word.and_then(|word| word.split('-').next());
    numbers
        .map(str::to_owned)
        .ok_or_else(|| RecordError::Start(text.lines().next().unwrap_or_default().to_owned()))
}

/// What the administration socket writes when it waits for a command.
const PROMPT: &[u8] = b"\n> ";

/// A running HAProxy; it ends, and its folder goes, when this is dropped.
pub(super) struct Process {
    child: Child,
    folder: PathBuf,
    /// One conversation for the whole recording: a connection for each command would come
    /// and go among those to the servers, and disturb the order in which HAProxy hears of
    /// them.
    admin: Option<UnixStream>,
}

impl Process {
    pub(super) fn start(
        haproxy: &Path,
        folder: &Path,
        backend: &HeadBackend,
        addresses: &[SocketAddr],
        log: SocketAddr,
    ) -> Result<Self, RecordError> {
        let turn = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = folder.join(format!("record-{}-{turn}", std::process::id()));
        std::fs::create_dir_all(&folder).doing("make a folder")?;
        let file = folder.join("haproxy.cfg");
        std::fs::write(&file, configuration(backend, addresses, log, &folder))
            .doing("write the configuration")?;
        let errors = std::fs::File::create(folder.join("errors")).doing("make a file")?;
        let child = Command::new(haproxy)
            .arg("-db")
            .arg("-f")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .doing("start HAProxy")?;
        let mut process = Self {
            child,
            folder,
            admin: None,
        };
        process.await_start()?;
        Ok(process)
    }

    fn await_start(&mut self) -> Result<(), RecordError> {
        let start = Instant::now();
        while start.elapsed() < START {
            if let Ok(mut socket) = UnixStream::connect(self.folder.join("admin")) {
                converse(&mut socket, "prompt").doing("open the administration socket")?;
                self.admin = Some(socket);
                return Ok(());
            }
            if self.child.try_wait().doing("watch HAProxy")?.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let errors = std::fs::read_to_string(self.folder.join("errors")).unwrap_or_default();
        Err(RecordError::Start(errors))
    }

    /// The socket where clients connect.
    pub(super) fn front(&self) -> PathBuf {
        self.folder.join("front")
    }

    /// How the process ended, if it did so just now.
    pub(super) fn ended(&mut self) -> Option<String> {
        let start = Instant::now();
        while start.elapsed() < END {
            if let Some(status) = self.child.try_wait().ok()? {
                return Some(status.to_string());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        None
    }

    /// Types one command and reads the reply.
    pub(super) fn order(&mut self, command: &str) -> io::Result<String> {
        let socket = self.admin.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        converse(socket, command)
    }
}

/// Types one line and reads up to the next prompt.
fn converse(socket: &mut UnixStream, line: &str) -> io::Result<String> {
    socket.set_read_timeout(Some(START))?;
    socket.write_all(format!("{line}\n").as_bytes())?;
    let mut reply = Vec::new();
    let mut buffer = [0; 16 * 1024];
    while !reply.ends_with(PROMPT) {
        match socket.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => reply.extend_from_slice(&buffer[..length]),
        }
    }
    reply.truncate(reply.len() - PROMPT.len());
    Ok(String::from_utf8_lossy(&reply).into_owned())
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing more can be done about a failure here than to leave it.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The configuration of a backend, and around it what a recording needs: clients say
/// their address by the PROXY protocol, and each request names itself in `x-id`.
fn configuration(
    backend: &HeadBackend,
    addresses: &[SocketAddr],
    log: SocketAddr,
    folder: &Path,
) -> String {
    let folder = folder.display();
    let connect = backend
        .connect_ms
        .map_or("24h".to_owned(), |ms| format!("{ms}ms"));
    let mut text = format!(
        "global
    maxconn 2000
    nbthread 1
    stats socket {folder}/admin mode 600 level admin
    stats timeout 1h
    log {log} format raw local0

defaults
    mode http
    timeout client 24h
    timeout server 24h
    timeout queue 24h
    timeout connect {connect}

frontend fe
    bind unix@{folder}/front mode 600 accept-proxy
    log global
    capture request header x-id len 16
    log-format \"%[capture.req.hdr(0)] %tsc %rc %s %bc/%sc %sq/%bq\"
    default_backend be

backend be
"
    );
    let mut line = |words: String| {
        writeln!(text, "    {words}").expect("writing to a text never fails");
    };
    let balance = backend.balance.as_deref().unwrap_or("roundrobin");
    line(format!("balance {balance}"));
    for (word, value) in [
        ("hash-type", backend.hash_type.clone()),
        (
            "hash-balance-factor",
            backend.hash_balance_factor.map(|n| n.to_string()),
        ),
        ("cookie", backend.cookie.clone()),
        ("fullconn", backend.fullconn.map(|n| n.to_string())),
        ("retries", backend.retries.map(|n| n.to_string())),
    ] {
        if let Some(value) = value {
            line(format!("{word} {value}"));
        }
    }
    for option in &backend.options {
        line(format!("option {option}"));
    }
    for (server, address) in backend.servers.iter().zip(addresses) {
        line(server_line(server, *address));
    }
    text
}

fn server_line(server: &HeadServer, address: SocketAddr) -> String {
    let mut words = vec![format!("server {} {address}", server.name)];
    for (word, value) in [
        ("id", server.id.map(|n| n.to_string())),
        ("weight", server.weight.map(|n| n.to_string())),
        ("maxconn", server.maxconn.map(|n| n.to_string())),
        ("minconn", server.minconn.map(|n| n.to_string())),
        ("maxqueue", server.maxqueue.map(|n| n.to_string())),
        ("cookie", server.cookie.clone()),
    ] {
        words.extend(value.map(|value| format!("{word} {value}")));
    }
    for (word, on) in [("backup", server.backup), ("disabled", server.disabled)] {
        if on != 0 {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}
