//! What older versions of HAProxy take and 2.6 does not.

use super::super::Dialect;
use super::super::keywords::Role;
use super::super::line::Line;
use super::super::proxy::Prefix;
use super::super::value;
use super::Reader;
use crate::scenario::diagnostic::{Code, Diagnostic};

/// What stands before a time.
const BEFORE_TIMES: [&str; 10] = [
    "agent-inter",
    "downinter",
    "expire",
    "fastinter",
    "inspect-delay",
    "inter",
    "maxidle",
    "maxlife",
    "refresh",
    "slowstart",
];

impl Reader<'_> {
    /// Cuts off what follows the unit of a time: HAProxy 2.6 only warns about it.
    pub(super) fn times(&mut self, line: &mut Line) {
        for at in 1..line.words.len() {
            let before = line.word(at - 1);
            let second = at == 2 && matches!(line.word(0), "timeout" | "hold");
            let text = line.word(at);
            if !second && !BEFORE_TIMES.contains(&before) {
                continue;
            }
            let Some(read) = value::understood(text) else {
                continue;
            };
            let read = read.to_owned();
            let message = format!("of `{text}` HAProxy only reads `{read}`");
            let note = Diagnostic::new(Code::Lint, message, line.place(at));
            let help = "a time is a whole number and `us`, `ms`, `s`, `m`, `h` or `d`; later \
                        versions refuse more";
            self.draft.out.say(note.help(help));
            line.words[at].text = read;
        }
    }

    /// What stands before the addresses behind the name of a section, and the `bind` line that
    /// they are, where the dialect has them.
    pub(super) fn behind_the_name(&self, role: Role, line: &Line) -> Option<(Line, Line)> {
        let listens = matches!(role, Role::Frontend | Role::Listen);
        let there = !matches!(line.word(2), "" | "from");
        if self.dialect != Dialect::V1_5 || !listens || !there {
            return None;
        }
        let (mut head, mut bind) = (line.clone(), line.clone());
        head.words.truncate(2);
        bind.words.drain(..1);
        "bind".clone_into(&mut bind.words[0].text);
        Some((head, bind))
    }

    /// Applies a `bind` line that is none in HAProxy 2.6.
    pub(super) fn listen(&mut self, bind: &Line) -> Result<(), Diagnostic> {
        let addresses = bind.from(1).join(" ");
        let message = format!("HAProxy 1.5 listens at `{addresses}`, later ones refuse this");
        let note = Diagnostic::new(Code::Lint, message, bind.place(1));
        let help = format!("write below, on a line of its own: bind {addresses}");
        self.draft.out.say(note.help(help));
        let proxy = self.draft.proxies.last_mut().expect("just opened");
        proxy.apply(bind, Prefix::None, &self.env, &mut self.draft.out)
    }
}

/// That nothing can follow the name of a section in `line`.
pub(in super::super) fn stranger(line: &Line) -> Diagnostic {
    let word = line.word(2);
    let message = format!("`{word}` cannot follow the name of a section");
    let note = line.blame(2, message);
    let note = note.accepted("`from` and the name of a `defaults` section");
    if word.contains([':', '/']) {
        let rest = line.from(2).join(" ");
        return note.help(format!(
            "HAProxy 1.5 took addresses here; write below, on a line of its own: bind {rest}"
        ));
    }
    note.help("addresses to listen on are written in `bind` lines")
}
