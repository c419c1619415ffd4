//! Places: which bytes of which text something was read from, and how people count them.

/// The texts that one load has read, numbered in the order of reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    list: Vec<File>,
}

/// One text with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// How people call it: a path, or `--set nodes.s1.delay` for an override.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// The number of a text in [`Files`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(u32);

/// Some bytes of one text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which text.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

/// A position as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, counted in characters.
    pub column: usize,
}

impl Files {
    /// Keeps `text` under `name`.
    ///
    /// # Panics
    /// After 2^32 texts.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        self.list.push(File {
            name: name.into(),
            text: text.into(),
        });
        FileId(u32::try_from(self.list.len() - 1).expect("fewer than 2^32 files"))
    }

    /// The text numbered `id`.
    pub fn file(&self, id: FileId) -> &File {
        &self.list[id.0 as usize]
    }

    /// The words at `place`.
    pub fn words(&self, place: Place) -> &str {
        let text = &self.file(place.file).text;
        text.get(place.start as usize..place.end as usize)
            .unwrap_or_default()
    }

    /// Where `place` begins.
    pub fn position(&self, place: Place) -> Position {
        let text = &self.file(place.file).text;
        let before = &text[..floor(text, place.start as usize)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl Place {
    /// The bytes `start..end` of `file`.
    ///
    /// # Panics
    /// In a text of 4 GiB.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let index = |at: usize| u32::try_from(at).expect("texts are shorter than 4 GiB");
        Self {
            file,
            start: index(start),
            end: index(end),
        }
    }

    /// The part of this place that begins `skip` bytes in and is `len` bytes long.
    #[must_use]
    pub fn part(self, skip: usize, len: usize) -> Self {
        let start = (self.start as usize + skip).min(self.end as usize);
        let end = (start + len).min(self.end as usize);
        Self::new(self.file, start, end)
    }
}

/// The greatest character boundary of `text` that is at most `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let mut files = Files::default();
        let id = files.add("a.ron", "(\n  é: \"2,5s\")");
        let at = "(\n  é: ".len();
        let place = Place::new(id, at, at + 6);
        assert_eq!(files.position(place), Position { line: 2, column: 6 });
        assert_eq!(files.words(place), "\"2,5s\"");
        assert_eq!(files.words(place.part(1, 4)), "2,5s");
    }
}
