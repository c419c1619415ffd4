//! Colour: whether there is any, and which.

use std::env;

use clap::ValueEnum;

use crate::locale::{Lang, Words, phrases};
use crate::report::table::{Ink, NoInk, Style};

/// What `--color` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// When writing to a terminal, unless the environment has a wish of its own.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether to write colours to a stream that is, or is not, a terminal.
    pub fn applies(self, is_terminal: bool) -> bool {
        self.decide(is_terminal, |name| env::var(name).ok())
    }

    /// An explicit option counts most, then `NO_COLOR` (if not empty), then
    /// `CLICOLOR_FORCE` (if not 0).
    fn decide(self, is_terminal: bool, env: impl Fn(&str) -> Option<String>) -> bool {
        let set = |name: &str| env(name).is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if set("NO_COLOR") => false,
            Self::Auto if set("CLICOLOR_FORCE") => {
                env("CLICOLOR_FORCE").is_none_or(|value| value != "0") || is_terminal
            }
            Self::Auto => is_terminal,
        }
    }
}

/// Shows styles in the sixteen colours of a terminal. Nothing is said by colour alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ansi;

impl Ink for Ansi {
    fn ink(&self, out: &mut String, style: Style, text: &str) {
        let code = match style {
            Style::Plain => return out.push_str(text),
            Style::Title => "1",
            Style::Head => "4",
            Style::Good => "32",
            Style::Bad => "1;31",
            Style::Faint => "2",
        };
        out.push_str("\x1b[");
        out.push_str(code);
        out.push('m');
        out.push_str(text);
        out.push_str("\x1b[0m");
    }
}

/// The same ink for readers of French.
struct French<I>(I);

impl<I: Ink> Ink for French<I> {
    fn ink(&self, out: &mut String, style: Style, text: &str) {
        self.0.ink(out, style, text);
    }

    fn words(&self) -> &dyn Words {
        phrases::words(Lang::Fr)
    }
}

/// Colours, or none, for readers of a language.
pub fn ink(colored: bool, lang: Lang) -> &'static dyn Ink {
    match (colored, lang) {
        (true, Lang::En) => &Ansi,
        (false, Lang::En) => &NoInk,
        (true, Lang::Fr) => &French(Ansi),
        (false, Lang::Fr) => &French(NoInk),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_then_the_environment_then_the_terminal() {
        type Env<'a> = &'a [(&'a str, &'a str)];
        let rows: [(Color, bool, Env<'_>, bool); 10] = [
            (Color::Auto, true, &[], true),
            (Color::Auto, false, &[], false),
            (Color::Auto, true, &[("NO_COLOR", "1")], false),
            (Color::Auto, true, &[("NO_COLOR", "")], true),
            (Color::Auto, false, &[("CLICOLOR_FORCE", "1")], true),
            (Color::Auto, false, &[("CLICOLOR_FORCE", "0")], false),
            (Color::Auto, true, &[("CLICOLOR_FORCE", "0")], true),
            (
                Color::Auto,
                true,
                &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],
                false,
            ),
            (Color::Always, false, &[("NO_COLOR", "1")], true),
            (Color::Never, true, &[("CLICOLOR_FORCE", "1")], false),
        ];
        for (color, terminal, env, expected) in rows {
            let find = |name: &str| {
                let pair = env.iter().find(|(known, _)| *known == name);
                pair.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(
                color.decide(terminal, find),
                expected,
                "{color:?} {terminal} {env:?}"
            );
        }
    }

    #[test]
    fn plain_text_stays_plain() {
        let mut out = String::new();
        Ansi.ink(&mut out, Style::Plain, "a");
        Ansi.ink(&mut out, Style::Bad, "b");
        assert_eq!(out, "a\x1b[1;31mb\x1b[0m");
    }
}
