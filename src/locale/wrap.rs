//! Prose cut into lines of a width. A number stays with its unit, a bracket with what it
//! holds, and a French sign with the word before it.

/// `text` in lines of at most `width` characters, where its words allow it.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in pieces(text) {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(&word);
        used += length;
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The words, with what must not be parted from them.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match pieces.last_mut() {
            Some(before) if stays(before, word) => {
                before.push(' ');
                before.push_str(word);
            }
            _ => pieces.push(word.to_owned()),
        }
    }
    pieces
}

/// Whether `word` must stand beside what is before it.
fn stays(before: &str, word: &str) -> bool {
    let bare = word.trim_end_matches(['.', ',', ';', ':', ')']);
    let ends_in_digit = before.ends_with(|c: char| c.is_ascii_digit());
    let is_unit = matches!(bare, "s" | "ms" | "min" | "%");
    let opened = |c: char| before.matches(c).count();
    (ends_in_digit && is_unit)
        || opened('[') > opened(']')
        || matches!(word, ":" | ";" | "?" | "!" | "=")
        || before.ends_with(" =")
        || word.starts_with('\u{bb}')
        || before.ends_with('\u{ab}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_to_the_width() {
        assert_eq!(
            wrapped("s1 answers in 2.5 s: it is slow.", 16),
            ["s1 answers in", "2.5 s: it is", "slow."]
        );
        assert_eq!(wrapped("", 10), Vec::<String>::new());
        assert_eq!(wrapped("unbreakable word", 4), ["unbreakable", "word"]);
    }

    #[test]
    fn french_signs_stay_with_their_words() {
        assert_eq!(
            wrapped("En bref : \u{ab} rien \u{bb} ; 99 % ?", 9),
            ["En bref :", "\u{ab} rien \u{bb} ;", "99 % ?"]
        );
    }
}
