//! The runtime API: a line of text in, HAProxy's reply out (spec: runtime-api).
//!
//! Commands are rows of a table: the words that start them, and who answers. `;`
//! separates commands on one line; each answer is followed by an empty line.

use alloc::string::String;
use alloc::vec::Vec;

use crate::balancer::Balancer;
use crate::chance::Chance;
use crate::ids::{BackendId, OrderId, ServerId};
use crate::output::Output;
use crate::profile::Version;
use crate::time::Moment;

mod server;
mod show;
mod weight;

/// The number of the first backend: 1 is the process itself, 2 the one frontend.
pub(crate) const FIRST_NUMBER: u32 = 3;

/// One command being carried out.
pub(crate) struct Order<'a> {
    /// When it was typed.
    pub now: Moment,
    /// Its words, the command's own included.
    pub words: &'a [&'a str],
    /// For algorithms that draw.
    pub chance: &'a mut dyn Chance,
}

impl<'a> Order<'a> {
    /// The `index`-th word, or an empty one as HAProxy sees it.
    fn word(&self, index: usize) -> &'a str {
        self.words.get(index).copied().unwrap_or("")
    }
}

/// What answers a command: the text without the closing empty line.
type Answer = fn(&mut Balancer, &mut Order<'_>) -> String;

/// A command: its first words, its syntax and purpose for `help`, and who answers.
struct Command {
    words: &'static [&'static str],
    syntax: &'static str,
    purpose: &'static str,
    since: Version,
    answer: Answer,
}

macro_rules! commands {
    ($($since:ident $words:expr, $syntax:expr, $purpose:expr => $answer:expr;)*) => {
        &[$(Command { words: &$words, syntax: $syntax, purpose: $purpose, since: Version::$since, answer: $answer }),*]
    };
}

/// Every command this balancer answers, in the order `help` lists them.
const COMMANDS: &[Command] = commands! {
    V2_6 ["add", "server"], "add server <bk>/<srv>", "create a new server" => Balancer::add_server;
    V2_2 ["clear", "counters"], "clear counters [all]", "zero the maxima, or all counters" => Balancer::clear_counters;
    V2_6 ["del", "server"], "del server <bk>/<srv>", "remove a server in maintenance" => Balancer::del_server;
    V2_2 ["disable", "health"], "disable health", "suspend health checks of a server" => Balancer::disable_health;
    V2_2 ["disable", "agent"], "disable agent", "suspend agent checks of a server" => Balancer::disable_agent;
    V2_2 ["disable", "server"], "disable server (DEPRECATED)", "put a server in maintenance" => Balancer::disable_server;
    V2_2 ["enable", "health"], "enable health", "resume health checks of a server" => Balancer::enable_health;
    V2_2 ["enable", "agent"], "enable agent", "resume agent checks of a server" => Balancer::enable_agent;
    V2_2 ["enable", "server"], "enable server (DEPRECATED)", "make a server ready" => Balancer::enable_server;
    V2_2 ["get", "weight"], "get weight <bk>/<srv>", "show a server's weight" => Balancer::show_weight;
    V2_2 ["set", "maxconn", "server"], "set maxconn server <bk>/<srv>", "change a server's maxconn" => Balancer::set_maxconn_server;
    V2_2 ["set", "server"], "set server <bk>/<srv> [opts]", "change a server's state, weight, address" => Balancer::set_server;
    V2_2 ["set", "weight"], "set weight <bk>/<srv> (DEPRECATED)", "change a server's weight" => Balancer::set_weight;
    V2_2 ["show", "backend"], "show backend", "list backends" => Balancer::show_backend;
    V2_2 ["show", "info"], "show info", "describe the process" => Balancer::show_info;
    V2_2 ["show", "servers", "conn"], "show servers conn [<backend>]", "connections of servers" => Balancer::show_servers_conn;
    V2_2 ["show", "servers", "state"], "show servers state [<backend>]", "state of servers" => Balancer::show_servers_state;
    V2_2 ["show", "stat"], "show stat [{<iid>|<proxy>} <type> <sid>]", "counters of each proxy and server" => Balancer::show_stat;
    V2_2 ["show", "table"], "show table <table>", "entries of a stick table" => Balancer::show_table;
    V2_2 ["shutdown", "sessions", "server"], "shutdown sessions server <bk>/<srv>", "end a server's sessions" => Balancer::shutdown_sessions;
    V2_2 ["help"], "help [<command>]", "list the commands" => Balancer::help;
    V2_2 ["prompt"], "prompt", "toggle interactive mode" => |_, _| String::new();
    V2_2 ["quit"], "quit", "disconnect" => |_, _| String::new();
};

/// What HAProxy 2.2 lists after an unknown command.
const HELP_2_2: &str = include_str!("admin/help_2.2.txt");

impl Balancer {
    /// Somebody typed `line`; the reply comes out as [`Output::Reply`].
    pub(crate) fn ordered(
        &mut self,
        now: Moment,
        order: OrderId,
        line: &str,
        chance: &mut dyn Chance,
    ) {
        let mut reply = String::new();
        for (index, command) in line.split(';').enumerate() {
            let text = self.command(now, command, chance);
            if index > 0 {
                reply.push('\n');
            }
            reply.push_str(&text);
        }
        self.outputs.push(Output::Reply(order, reply));
    }

    /// Carries out one command. The reply's line ends are HAProxy's, without the empty
    /// line that closes every answer.
    fn command(&mut self, now: Moment, text: &str, chance: &mut dyn Chance) -> String {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let version = self.profile.version;
        let known = COMMANDS
            .iter()
            .filter(|command| command.since <= version)
            .find(|command| {
                words.len() >= command.words.len()
                    && words.iter().zip(command.words).all(|(a, b)| a == b)
            });
        match known {
            Some(command) => (command.answer)(
                self,
                &mut Order {
                    now,
                    words: &words,
                    chance,
                },
            ),
            None => self.unknown_command(&words),
        }
    }

    /// The reply to what is no command; the versions differ in the first line.
    fn unknown_command(&self, words: &[&str]) -> String {
        match self.profile.version {
            Version::V2_2 => {
                alloc::format!(
                    "Unknown command. Please enter one of the following commands only :\n{HELP_2_2}"
                )
            }
            Version::V2_6 => {
                let head =
                    "Unknown command, but maybe one of the following ones is a better match:\n";
                alloc::format!("{head}{}", self.command_list(words))
            }
            Version::V3_4 => {
                let first = words.first().copied().unwrap_or("");
                let head = "but maybe one of the following ones is a better match:\n";
                alloc::format!(
                    "Unknown command: '{first}', {head}{}",
                    self.command_list(words)
                )
            }
        }
    }

    fn help(&mut self, order: &mut Order<'_>) -> String {
        let list = self.command_list(&order.words[1..]);
        alloc::format!("The following commands are valid at this level:\n{list}")
    }

    /// The commands that start with the words typed, or all of them.
    fn command_list(&self, words: &[&str]) -> String {
        let version = self.profile.version;
        let known = || {
            COMMANDS
                .iter()
                .filter(move |command| command.since <= version)
        };
        let starts = |command: &&Command| words.iter().zip(command.words).all(|(a, b)| a == b);
        let chosen: Vec<&Command> = known().filter(starts).collect();
        let chosen = if chosen.is_empty() {
            known().collect()
        } else {
            chosen
        };
        let line =
            |command: &&Command| alloc::format!("  {:<40}: {}\n", command.syntax, command.purpose);
        let lines: Vec<String> = chosen.iter().map(line).collect();
        lines.concat()
    }

    /// The server that `B/S` (names, or `#id`) designates, or HAProxy's complaint.
    fn designated(&self, name: &str) -> Result<ServerId, &'static str> {
        let Some((backend, server)) = name.split_once('/') else {
            return Err(if name.is_empty() || self.find_backend(name).is_some() {
                "Require 'backend/server'.\n"
            } else {
                "No such backend.\n"
            });
        };
        if server.is_empty() {
            return Err("Require 'backend/server'.\n");
        }
        let id = self.find_backend(backend).ok_or("No such backend.\n")?;
        let servers = &self.backends[id.0 as usize].servers;
        let farm = &self.backends[id.0 as usize].farm;
        let matches = |slot: usize| match server.strip_prefix('#') {
            Some(number) => number.parse() == Ok(farm.members[slot].id),
            None => servers[slot].config.name == server,
        };
        (0..servers.len())
            .find(|slot| !servers[*slot].deleted && matches(*slot))
            .map(|slot| servers[slot].id)
            .ok_or("No such server.\n")
    }

    /// A backend by name or `#id`.
    fn find_backend(&self, name: &str) -> Option<BackendId> {
        match name.strip_prefix('#') {
            Some(number) => {
                let number: usize = number.parse().ok()?;
                self.backends
                    .get(number.checked_sub(FIRST_NUMBER as usize)?)
                    .map(|backend| backend.id)
            }
            None => self.backend_named(name),
        }
    }

    /// Maxima only, or with `all` every counter.
    fn clear_counters(&mut self, order: &mut Order<'_>) -> String {
        let all = order.word(2) == "all";
        for backend in &mut self.backends {
            let counters = core::iter::once(&mut backend.counters).chain(
                backend
                    .servers
                    .iter_mut()
                    .map(|server| &mut server.counters),
            );
            for counters in counters {
                if all {
                    *counters = crate::server::Counters::default();
                } else {
                    counters.qmax = 0;
                    counters.smax = 0;
                    counters.times.clear_longest();
                }
            }
        }
        String::new()
    }
}
