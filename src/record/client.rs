//! A client: one connection, one request, one answer.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use crate::conform::recording::Sent;

/// A request on its way.
pub(super) struct Client {
    socket: UnixStream,
    answer: Vec<u8>,
    closed: bool,
}

impl Client {
    /// Connects and sends the whole request.
    pub(super) fn send(front: PathBuf, sent: &Sent) -> io::Result<Self> {
        let mut socket = UnixStream::connect(front)?;
        socket.write_all(request_text(sent).as_bytes())?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            answer: Vec::new(),
            closed: false,
        })
    }

    /// Reads what has arrived; says whether anything has.
    pub(super) fn pump(&mut self) -> io::Result<bool> {
        let mut moved = false;
        let mut buffer = [0; 4096];
        while !self.closed {
            match self.socket.read(&mut buffer) {
                Ok(0) => self.closed = true,
                Ok(length) => self.answer.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => self.closed = true,
                Err(error) => return Err(error),
            }
            moved = true;
        }
        Ok(moved)
    }

    /// The status of the answer, once the connection is closed.
    pub(super) fn status(&self) -> Option<u16> {
        let head = String::from_utf8_lossy(&self.answer);
        let word = head.split(' ').nth(1).filter(|_| self.closed);
        self.closed
            .then(|| word.and_then(|word| word.parse().ok()).unwrap_or(0))
    }

    /// Every `Set-Cookie` of the answer, in order.
    pub(super) fn set_cookies(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.answer);
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let headers = head.lines().filter_map(|line| line.split_once(':'));
        headers
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
            .map(|(_, value)| value.trim().to_owned())
            .collect()
    }
}

fn request_text(sent: &Sent) -> String {
    let (family, here) = if sent.source.is_ipv4() {
        ("TCP4", "127.0.0.1")
    } else {
        ("TCP6", "::1")
    };
    let first = format!(
        "PROXY {family} {} {here} 40000 80\r\n{} {} HTTP/1.1\r\n",
        sent.source, sent.method, sent.uri
    );
    let own = [
        ("x-id".to_owned(), sent.id.to_string()),
        ("connection".to_owned(), "close".to_owned()),
    ];
    let cookie = sent
        .cookie
        .iter()
        .map(|value| ("cookie".to_owned(), value.clone()));
    let headers = sent.headers.iter().cloned().chain(cookie).chain(own);
    let headers: Vec<String> = headers
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    format!("{first}{}\r\n", headers.concat())
}
