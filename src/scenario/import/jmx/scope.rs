//! JMeter's scoping: what stands beside or above a sampler and applies to it.
//!
//! Held against JMeter 2.13: of header managers, the nearest wins for each header; of cookie
//! managers, the outermost, and the last of several at one level; defaults fill what nearer
//! ones leave empty; timers of all levels add up; extractors of outer levels come first.
//! What stands directly in the test plan belongs to the level of each thread group's own
//! elements, after them.

use super::element::Element;
use super::kinds::Kind;
use super::read::Reader;
use crate::scenario::schema::script::Deed;

/// What one level of the tree gives to the samplers at it and below.
#[derive(Clone, Debug, Default)]
pub(super) struct Level<'e> {
    pub(super) headers: Vec<(String, String)>,
    pub(super) cookies: Option<&'e Element>,
    pub(super) defaults: Vec<&'e Element>,
    /// Throughput timers come before the others, so that what they count is the time
    /// before both.
    pub(super) paces: Vec<Deed>,
    pub(super) pauses: Vec<Deed>,
    pub(super) extracts: Vec<Deed>,
    /// What extractors leave behind where there is no answer.
    pub(super) unfound: Vec<(String, String)>,
    /// What is done first in each turn of the controller.
    pub(super) starters: Vec<Deed>,
}

/// The levels around a place, the outermost first.
pub(super) type Levels<'e> = Vec<Level<'e>>;

impl<'e> Level<'e> {
    /// What `elements` give to those beside and below them.
    pub(super) fn of(
        elements: impl IntoIterator<Item = &'e Element>,
        reader: &mut Reader<'_>,
    ) -> Self {
        let mut level = Self::default();
        for element in elements {
            if !element.enabled {
                continue;
            }
            match element.kind() {
                Kind::Headers => reader.headers(element, &mut level.headers),
                Kind::Cookies => level.cookies = Some(element),
                Kind::Defaults => {
                    reader.modelled(element);
                    level.defaults.push(element);
                }
                Kind::Timer(timer) => reader.timer(element, timer, &mut level),
                Kind::Extract(kind) => reader.extractor(element, kind, &mut level),
                Kind::Csv | Kind::Counter | Kind::RandomVariable | Kind::UserParameters => {
                    reader.starter(element, &mut level.starters);
                }
                _ => {}
            }
        }
        level
    }
}

/// The levels with `inner` inside them while `inside` looks at it.
pub(super) fn within<'e, T>(
    levels: &mut Levels<'e>,
    inner: Level<'e>,
    inside: impl FnOnce(&mut Levels<'e>) -> T,
) -> T {
    levels.push(inner);
    let outcome = inside(levels);
    levels.pop();
    outcome
}

/// What has to be waited for before a sampler.
pub(super) fn waits(levels: &Levels<'_>) -> Vec<Deed> {
    let inner_first = || levels.iter().rev();
    let paces = inner_first().flat_map(|level| &level.paces);
    let pauses = inner_first().flat_map(|level| &level.pauses);
    paces.chain(pauses).cloned().collect()
}

/// The cookie manager of a sampler.
pub(super) fn cookies<'e>(levels: &Levels<'e>) -> Option<&'e Element> {
    levels.iter().find_map(|level| level.cookies)
}

/// The headers of a sampler.
pub(super) fn headers(levels: &Levels<'_>) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for level in levels.iter().rev() {
        let before = headers.len();
        for (name, value) in &level.headers {
            let known = headers[..before].iter().any(|(known, _)| known == name);
            if !known {
                headers.push((name.clone(), value.clone()));
            }
        }
    }
    headers
}
