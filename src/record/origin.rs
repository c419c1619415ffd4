//! The origins behind HAProxy's servers: they answer at once or hold the answer back, and
//! close after each.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

/// All origins of one recording.
#[derive(Default)]
pub(super) struct Origins {
    /// By the server's name.
    listeners: BTreeMap<String, Origin>,
    /// An origin opened for a server that HAProxy has not registered yet.
    spare: Option<Origin>,
    /// Connections whose request is not complete.
    reading: Vec<Reading>,
    /// Numbers of the requests to hold back.
    hold: BTreeSet<u32>,
    /// `Set-Cookie` values to answer with.
    cookies: BTreeMap<u32, Vec<String>>,
    /// Requests that arrived here.
    arrived: BTreeMap<u32, Arrival>,
}

struct Origin {
    address: SocketAddr,
    /// Absent while it refuses connections.
    listener: Option<TcpListener>,
}

struct Reading {
    server: String,
    stream: TcpStream,
    bytes: Vec<u8>,
}

struct Arrival {
    server: String,
    cookie: Option<String>,
    /// Open while the answer is held back.
    stream: Option<TcpStream>,
}

impl Origins {
    /// Opens the origin of `server` at a free address.
    pub(super) fn open(&mut self, server: &str) -> io::Result<SocketAddr> {
        let origin = Origin::open()?;
        let address = origin.address;
        self.listeners.insert(server.to_owned(), origin);
        Ok(address)
    }

    /// Opens an origin for a server that may come to be registered.
    pub(super) fn spare(&mut self, _server: &str) -> io::Result<SocketAddr> {
        let origin = Origin::open()?;
        let address = origin.address;
        self.spare = Some(origin);
        Ok(address)
    }

    /// The spare origin becomes that of `server`, or goes.
    pub(super) fn settle_spare(&mut self, server: &str, registered: bool) {
        if let (Some(origin), true) = (self.spare.take(), registered) {
            self.listeners.insert(server.to_owned(), origin);
        }
    }

    /// The origin of `server` refuses connections from now on.
    pub(super) fn close(&mut self, server: &str) {
        if let Some(origin) = self.listeners.get_mut(server) {
            origin.listener = None;
        }
    }

    /// The origin of `server` takes connections again.
    pub(super) fn reopen(&mut self, server: &str) -> io::Result<()> {
        if let Some(origin) = self.listeners.get_mut(server)
            && origin.listener.is_none()
        {
            origin.listener = Some(listen(origin.address)?);
        }
        Ok(())
    }

    /// Request `id` will be answered with these cookies.
    pub(super) fn expect(&mut self, id: u32, cookies: Vec<String>) {
        self.cookies.insert(id, cookies);
    }

    /// The answer to request `id` is held back.
    pub(super) fn hold(&mut self, id: u32) {
        self.hold.insert(id);
    }

    /// Answers a held request.
    pub(super) fn release(&mut self, id: u32) -> io::Result<()> {
        self.hold.remove(&id);
        self.answer(id)
    }

    /// The smallest number of a held request.
    pub(super) fn first_held(&self) -> Option<u32> {
        let held = self
            .arrived
            .iter()
            .find(|(_, arrival)| arrival.stream.is_some());
        held.map(|(id, _)| *id)
    }

    /// How many requests are held.
    pub(super) fn held(&self) -> u32 {
        let held = self
            .arrived
            .values()
            .filter(|arrival| arrival.stream.is_some());
        held.count() as u32
    }

    /// The server at whose origin request `id` is held.
    pub(super) fn server_of(&self, id: u32) -> Option<&str> {
        let arrival = self.arrived.get(&id)?;
        arrival.stream.as_ref().map(|_| arrival.server.as_str())
    }

    /// The server whose origin got request `id`.
    pub(super) fn answered_by(&self, id: u32) -> Option<&str> {
        self.arrived.get(&id).map(|arrival| arrival.server.as_str())
    }

    /// The `cookie` header that request `id` arrived with.
    pub(super) fn cookie_of(&self, id: u32) -> Option<String> {
        self.arrived.get(&id)?.cookie.clone()
    }

    /// Takes in what has arrived; says whether anything has.
    pub(super) fn pump(&mut self) -> io::Result<bool> {
        let mut moved = false;
        for (server, origin) in &self.listeners {
            let Some(listener) = &origin.listener else {
                continue;
            };
            while let Some(stream) = accept(listener)? {
                moved = true;
                self.reading.push(Reading {
                    server: server.clone(),
                    stream,
                    bytes: Vec::new(),
                });
            }
        }
        let mut complete = Vec::new();
        let mut at = 0;
        while at < self.reading.len() {
            match self.reading[at].pump()? {
                Progress::Complete => complete.push(self.reading.remove(at)),
                Progress::Closed => drop(self.reading.remove(at)),
                Progress::More => at += 1,
            }
        }
        for reading in complete {
            moved = true;
            self.arrive(reading)?;
        }
        Ok(moved)
    }

    fn arrive(&mut self, reading: Reading) -> io::Result<()> {
        let text = String::from_utf8_lossy(&reading.bytes).into_owned();
        let header = |wanted: &str| {
            let mut headers = text.lines().filter_map(|line| line.split_once(':'));
            let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.trim().to_owned())
        };
        let Some(id) = header("x-id").and_then(|id| id.parse().ok()) else {
            return Ok(());
        };
        self.arrived.insert(
            id,
            Arrival {
                server: reading.server,
                cookie: header("cookie"),
                stream: Some(reading.stream),
            },
        );
        if self.hold.contains(&id) {
            return Ok(());
        }
        self.answer(id)
    }

    fn answer(&mut self, id: u32) -> io::Result<()> {
        let arrival = self.arrived.get_mut(&id);
        let Some(mut stream) = arrival.and_then(|arrival| arrival.stream.take()) else {
            return Ok(());
        };
        let cookies = self.cookies.get(&id).into_iter().flatten();
        let cookies: Vec<String> = cookies
            .map(|cookie| format!("set-cookie: {cookie}\r\n"))
            .collect();
        let text = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n{}\r\n",
            cookies.concat()
        );
        stream.set_nonblocking(false)?;
        stream.write_all(text.as_bytes())
    }
}

impl Origin {
    fn open() -> io::Result<Self> {
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        Ok(Self {
            address: listener.local_addr()?,
            listener: Some(listener),
        })
    }
}

enum Progress {
    Complete,
    Closed,
    More,
}

impl Reading {
    fn pump(&mut self) -> io::Result<Progress> {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(Progress::Closed),
                Ok(length) => self.bytes.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    return Ok(Progress::Closed);
                }
                Err(error) => return Err(error),
            }
        }
        let ended = self.bytes.windows(4).any(|four| four == b"\r\n\r\n");
        Ok(if ended {
            Progress::Complete
        } else {
            Progress::More
        })
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn accept(listener: &TcpListener) -> io::Result<Option<TcpStream>> {
    match listener.accept() {
        Ok((stream, _)) => {
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            Ok(Some(stream))
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
