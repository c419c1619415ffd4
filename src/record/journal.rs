//! HAProxy's log, as far as recordings need it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

/// What one log line says about one request.
pub(super) struct Entry {
    pub(super) id: u32,
    /// `%tsc`
    pub(super) flags: String,
    /// `%rc`
    pub(super) retries: String,
    /// `%s`
    pub(super) server: String,
    /// `%bc/%sc %sq/%bq`
    pub(super) crowd: String,
}

/// Where HAProxy sends its log lines.
pub(super) struct Journal(UdpSocket);

impl Journal {
    pub(super) fn open() -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        Ok(Self(socket))
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Every line that has arrived; lines about servers are not requests.
    pub(super) fn pump(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut buffer = [0; 2048];
        loop {
            match self.0.recv(&mut buffer) {
                Ok(length) => entries.extend(entry(&String::from_utf8_lossy(&buffer[..length]))),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(entries),
                Err(error) => return Err(error),
            }
        }
    }
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = line.split_whitespace();
    Some(Entry {
        id: words.next()?.parse().ok()?,
        flags: words.next()?.to_owned(),
        retries: words.next()?.to_owned(),
        server: words.next()?.to_owned(),
        crowd: format!("{} {}", words.next()?, words.next()?),
    })
}
