//! What happens when: operators, nodes, clients; and when periodic things begin.

use balance::{Config, Input, Moment, NoChance, OrderId, Output};

use super::{At, Check, names};
use crate::plan::{Action, Client, Reach, Timed};
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::schema::{self, Named, Time};
use crate::scenario::suggest;

impl Check {
    /// The timeline in order of time; entries of one moment stay in the order written.
    pub(super) fn timeline(
        &mut self,
        at: At<'_>,
        entries: Option<&[schema::Timed]>,
        clients: &mut [Client],
    ) -> Vec<Timed> {
        self.learn_added(entries.unwrap_or_default());
        let mut timeline = Vec::new();
        for (index, entry) in entries.unwrap_or_default().iter().enumerate() {
            let at = at.item(index);
            if !at.field("at").is_there() {
                self.missing(at, "at", "\"10s\"");
            }
            if !at.field("action").is_there() {
                self.missing(at, "action", "delay(node: \"s1\", to: \"250ms\")");
            }
            let moment = self.moment(at.field("at"), entry.at.as_ref());
            let action = entry
                .action
                .as_ref()
                .and_then(|action| self.action(at.field("action"), action));
            match (moment, action) {
                (Some(at), Some(Deed::Act(action))) => timeline.push(Timed { at, action }),
                (Some(at), Some(Deed::Begin(client))) => match clients.get_mut(client) {
                    Some(Client::Threads(group)) => group.start = at,
                    Some(Client::Script(script)) => script.group.start = at,
                    Some(Client::Browser(browser)) => browser.start = at,
                    Some(Client::Arrivals(arrivals)) => arrivals.start = at,
                    None => {}
                },
                _ => {}
            }
        }
        timeline.sort_by_key(|entry| entry.at);
        timeline
    }

    /// Servers that the runtime API adds can be spoken of like declared ones.
    fn learn_added(&mut self, entries: &[schema::Timed]) {
        for entry in entries {
            let Some(schema::Action::Command(line)) = &entry.action else {
                continue;
            };
            for command in line.split(';') {
                let words: Vec<&str> = command.split_whitespace().collect();
                if let ["add", "server", server, ..] = words.as_slice() {
                    self.names.added.insert((*server).to_owned());
                }
            }
        }
    }

    fn action(&mut self, at: At<'_>, action: &schema::Action) -> Option<Deed> {
        let at = at.inside();
        let deed = match action {
            schema::Action::Command(line) => {
                self.command(at, line)?;
                Action::Command(line.clone())
            }
            schema::Action::Delay(delay) => {
                let node = self.need_node(at, delay.node.as_deref());
                if !at.field("to").is_there() {
                    self.missing(at, "to", "\"250ms\"");
                }
                let to = self.span(at.field("to"), delay.to.as_ref());
                Action::Delay {
                    node: node?,
                    to: to?,
                }
            }
            schema::Action::Stop(stop) => {
                let node = self.need_node(at, stop.node.as_deref())?;
                let reach = stop.reach.map_or(Reach::Refusing, Reach::from);
                if reach == Reach::Listening {
                    let at = at.field("reach");
                    let complaint =
                        Diagnostic::new(Code::Clash, "a stopped node does not listen", at.place())
                            .accepted(
                                "`refusing` (the port is closed) or `vanished` (nothing answers)",
                            );
                    self.say(at, complaint);
                }
                Action::Stop { node, reach }
            }
            schema::Action::Start(start) => return self.start_action(at, start),
            schema::Action::Status(status) => {
                let node = self.need_node(at, status.node.as_deref());
                if !at.field("to").is_there() {
                    self.missing(at, "to", "503");
                }
                let status = self.whole(at.field("to"), status.to, 100..=599);
                Action::Status {
                    node: node?,
                    status: status? as u16,
                }
            }
        };
        Some(Deed::Act(deed))
    }

    fn start_action(&mut self, at: At<'_>, start: &schema::Start) -> Option<Deed> {
        match (&start.node, &start.clients) {
            (Some(_), Some(_)) => {
                self.clash(at, "node", "clients", "one entry starts one thing");
                None
            }
            (Some(node), None) => {
                let node = self.node(at.field("node"), Some(node))?;
                Some(Deed::Act(Action::Start { node }))
            }
            (None, clients) => {
                if !at.field("clients").is_there() {
                    self.missing(at, "node", "\"s1\"");
                }
                self.client(at.field("clients"), clients.as_deref())
                    .map(Deed::Begin)
            }
        }
    }

    fn need_node(&mut self, at: At<'_>, name: Option<&str>) -> Option<usize> {
        if !at.field("node").is_there() {
            self.missing(at, "node", "\"s1\"");
        }
        self.node(at.field("node"), name)
    }

    /// A line for the runtime API. What HAProxy would answer is HAProxy's business; but
    /// a command that it does not have, or a server that nobody declared, is a slip.
    fn command(&mut self, at: At<'_>, line: &str) -> Option<()> {
        if line.trim().is_empty() {
            let complaint = Diagnostic::new(Code::Words, "the command is empty", at.place())
                .help("write a command such as \"set server nodes/s1 state drain\"");
            self.say(at, complaint);
            return None;
        }
        for command in line.split(';') {
            self.known_command(at, line, command)?;
            let Some(server) = command.split_whitespace().find(|word| is_server(word)) else {
                continue;
            };
            if !self.names.servers.contains_key(server) && !self.names.added.contains(server) {
                let start = server.as_ptr() as usize - line.as_ptr() as usize;
                let long = self.names.servers.keys().map(String::as_str);
                let long: Vec<&str> = long.filter(|name| name.contains('/')).collect();
                let place = at.part(start..start + server.len());
                let complaint = names::unknown("server", server, place);
                let complaint = suggest::attach(complaint, server, long);
                self.say(at, complaint);
                return None;
            }
        }
        Some(())
    }

    /// Asks the core whether it has such a command.
    fn known_command(&mut self, at: At<'_>, line: &str, command: &str) -> Option<()> {
        let Some(balancer) = &mut self.console else {
            return Some(());
        };
        let words = command.trim();
        let input = Input::Ordered(OrderId(0), words);
        balancer.handle(Moment::ZERO, input, &mut NoChance);
        let mut refused = false;
        while let Some(output) = balancer.poll() {
            if let Output::Reply(_, text) = output {
                refused |= text.starts_with("Unknown command");
            }
        }
        if words.is_empty() || !refused {
            return Some(());
        }
        let start = words.as_ptr() as usize - line.as_ptr() as usize;
        let complaint = Diagnostic::new(
            Code::Words,
            format!("the runtime API has no command `{words}`"),
            at.part(start..start + words.len()),
        )
        .help("the command `help` lists them: (at: \"0s\", action: command(\"help\"))");
        self.say(at, complaint);
        None
    }

    /// When the checks of servers begin, counted from the start of the proxy.
    pub(super) fn phases(&mut self, at: At<'_>, phases: Option<&Named<Time>>, proxy: &mut Config) {
        for (name, time) in phases.into_iter().flat_map(|phases| &phases.0) {
            let at = at.field(name);
            let span = self.span(at, Some(time));
            let Some(server) = name.strip_suffix(".check") else {
                let known: Vec<String> = self
                    .names
                    .servers_to_offer()
                    .map(|server| format!("{server}.check"))
                    .collect();
                let complaint = names::unknown("periodic thing", name, at.head());
                let complaint = suggest::attach(complaint, name, known.iter().map(String::as_str));
                self.say(at, complaint);
                continue;
            };
            let Some(id) = self.server_in_phase(at, server) else {
                continue;
            };
            let settings =
                &mut proxy.backends[id.backend.0 as usize].servers[id.slot as usize].check;
            if let Some(check) = settings {
                check.first = span;
                continue;
            }
            let complaint = Diagnostic::new(
                Code::Idle,
                format!("server `{server}` has no check"),
                at.head(),
            )
            .help("write `check: true` for it");
            self.say(at, complaint);
        }
    }

    fn server_in_phase(&mut self, at: At<'_>, server: &str) -> Option<balance::ServerId> {
        use super::names::Called;
        if let Some(Called::One(id)) = self.names.servers.get(server) {
            return Some(*id);
        }
        let complaint = names::unknown("server", server, at.head());
        let complaint = suggest::attach(complaint, server, self.names.servers_to_offer());
        self.say(at, complaint);
        None
    }
}

/// What an entry of the timeline comes to.
enum Deed {
    /// Something done to the lab.
    Act(Action),
    /// These clients begin.
    Begin(usize),
}

/// Whether a word of a command names a server, `backend/server`.
fn is_server(word: &str) -> bool {
    match word.split_once('/') {
        Some((backend, server)) => {
            !backend.is_empty() && !server.is_empty() && !server.contains('/')
        }
        None => false,
    }
}
