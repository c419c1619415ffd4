//! What expressions name besides: sections, servers, tables, files.

use super::super::acl::Want;
use super::super::keywords::Role;
use super::super::line::guess;
use super::super::lists::FileUse;
use super::super::proxy::Proxy;
use super::super::samples::Names;
use super::{Lowering, MOST};
use crate::scenario::diagnostic::{Code, Diagnostic};

impl Lowering<'_> {
    /// The names that expressions need, of the kinds that count.
    pub(super) fn wants(
        &self,
        proxy: &Proxy,
        wants: &[Want],
        notes: &mut Vec<Diagnostic>,
        counts: impl Fn(Names) -> bool,
    ) {
        for want in wants.iter().filter(|want| counts(want.names)) {
            let own = want.name.is_empty();
            let name = if own { &proxy.name } else { &want.name };
            let (there, what) = match want.names {
                Names::Backend if own => (
                    matches!(proxy.role, Role::Backend | Role::Listen),
                    "backend",
                ),
                Names::Backend => (self.backs.contains_key(name.as_str()), "backend"),
                Names::Frontend if own => (proxy.role.is_front(), "frontend"),
                Names::Frontend => (self.entrances.contains(name.as_str()), "frontend"),
                Names::Server => {
                    let (backend, server) = name.split_once('/').unwrap_or((&proxy.name, name));
                    (self.find(backend, server).is_some(), "server")
                }
                Names::Table => (self.tables.contains_key(name.as_str()), "stick table"),
                Names::Users => {
                    let key = ("userlist", name.clone());
                    (own || self.draft.others.contains_key(&key), "user list")
                }
                Names::Lua if self.lua => continue,
                Names::Lua => (false, "Lua function"),
                Names::Nothing => continue,
            };
            if there {
                continue;
            }
            if notes.len() > MOST {
                return;
            }
            // A sentence of its own, for its translation.
            let message = match want.names {
                Names::Table => format!("there is no stick table called `{name}`"),
                Names::Lua => format!("`{name}` needs a `lua-load` line in `global`"),
                _ => format!("there is no {what} called `{name}`"),
            };
            let note = Diagnostic::new(Code::UnknownName, message, want.place);
            notes.push(match want.names {
                Names::Backend => guess(note, name, self.backs.keys()),
                Names::Table => guess(note, name, self.tables.keys()),
                _ => note,
            });
        }
    }

    /// The files of patterns and maps.
    pub(super) fn files(&self, files: &[FileUse], notes: &mut Vec<Diagnostic>) {
        for used in files {
            let name = &used.name;
            match self.lists.text(name) {
                Some(Err(why)) => notes.push(self.lists.missing(name, &why, used.place)),
                Some(Ok(text)) => {
                    if let Err((line, why)) = used.judge(&text) {
                        let message = format!("line {line} of `{name}`: {why}");
                        notes.push(Diagnostic::new(Code::Words, message, used.place));
                    }
                }
                None => {}
            }
        }
    }
}
