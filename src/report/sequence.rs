//! Who spoke to whom: a sequence diagram as a value, and what is chosen of a run for it.

mod build;
pub mod mermaid;
pub mod svg;
pub mod text;

use std::collections::BTreeSet;

use balance::ServerId;
use balance::event::Status;

use super::journal::{Journal, What, moves};
use crate::locale::Words;
use crate::trace::{Names, Place};

pub use build::sequence;

/// A diagram: time runs down, the parties stand side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// What it shows.
    pub title: String,
    /// From left to right: clients, the proxy, servers.
    pub parties: Vec<String>,
    /// From top to bottom.
    pub steps: Vec<Step>,
}

impl Sequence {
    /// The diagram in the language of `words`; what was sent stays as it is.
    #[must_use]
    pub fn told(mut self, words: &dyn Words) -> Self {
        for line in self.steps.iter_mut().flat_map(|step| &mut step.words) {
            *line = words.put("seq", line).into_owned();
        }
        self
    }
}

/// One line of a diagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When, in seconds from the clients' start: `0.008`.
    pub at: String,
    /// What is drawn.
    pub drawn: Drawn,
    /// The words beside it, in lines.
    pub words: Vec<String>,
}

/// What is drawn in one step. Parties are indices into [`Sequence::parties`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// A message.
    Arrow {
        /// Who sends it.
        from: usize,
        /// To whom.
        to: usize,
        /// What kind it is.
        kind: Kind,
    },
    /// A remark about one party.
    Note(usize),
    /// Something that matters to everybody: a server's state changed.
    Turn(usize),
    /// Something was left out.
    Gap,
}

/// The kinds of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A question.
    Ask,
    /// An answer.
    Answer,
    /// Something that failed.
    Trouble,
}

/// What of a run is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only this client group, or this thread of it.
    pub client: Option<(u32, Option<u32>)>,
    /// At most so many requests.
    pub first: usize,
    /// Those around this change of state instead of the first ones.
    pub around: Option<(ServerId, Place)>,
}

/// Reads `s1 DOWN`.
///
/// # Errors
/// What is wrong with it, in words.
pub fn around(text: &str, names: &Names) -> Result<(ServerId, Place), String> {
    let mut words = text.split_whitespace();
    let (Some(server), Some(state), None) = (words.next(), words.next(), words.next()) else {
        return Err("write a server and a state, such as \"s1 DOWN\"".to_owned());
    };
    let server = names
        .find(server)
        .ok_or_else(|| format!("there is no server \"{server}\""))?;
    let place = Place::ALL
        .into_iter()
        .find(|place| place.word().eq_ignore_ascii_case(state))
        .ok_or_else(|| {
            let words = Place::ALL.map(Place::word);
            format!("\"{state}\" is no state; there are {}", words.join(", "))
        })?;
    Ok((server, place))
}

impl Selection {
    /// The chosen exchanges of `journal`, in order of sending.
    ///
    /// # Errors
    /// If the change of state that was asked for never comes.
    pub fn choose(&self, journal: &Journal, names: &Names) -> Result<BTreeSet<usize>, String> {
        let wanted = |client, thread| {
            self.client
                .is_none_or(|(c, t)| c == client && t.is_none_or(|t| t == thread))
        };
        let mut all: Vec<usize> = journal.of_client(wanted).map(|(index, _)| index).collect();
        let Some((server, place)) = self.around else {
            all.truncate(self.first);
            return Ok(all.into_iter().collect());
        };
        let is_it = |from: Status, to: Status| moves(from, to) && Place::of(to) == place;
        let at = journal
            .entries
            .iter()
            .find_map(|entry| match entry.what {
                What::Changed {
                    server: whose,
                    from,
                    to,
                    ..
                } if whose == server && is_it(from, to) => Some(entry.at),
                _ => None,
            })
            .ok_or_else(|| format!("{} never becomes {place} in this run", names.name(server)))?;
        // Half of them before, those under way included, half of them after.
        let before = all.partition_point(|index| journal.exchanges[*index].sent <= at);
        let half = self.first.div_ceil(2);
        let from = before.saturating_sub(half);
        let to = (from + self.first).min(all.len());
        Ok(all[from..to].iter().copied().collect())
    }
}
