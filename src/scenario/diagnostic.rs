//! An error as data: its code, what is wrong, where, and what would be accepted.

use crate::scenario::locate::Place;

/// Something wrong (or doubtful) in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of thing is wrong.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where; the first is the culprit, the others explain.
    pub labels: Vec<Label>,
    /// What is accepted there.
    pub accepted: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

/// A place with a remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What to see there; may be empty.
    pub text: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario is refused.
    Error,
    /// The scenario runs, but perhaps not as meant.
    Warning,
}

impl Severity {
    /// `error`, `warning`
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Diagnostic {
    /// A diagnostic about the words at `place`.
    pub fn new(code: Code, message: impl Into<String>, place: Place) -> Self {
        Self {
            code,
            message: message.into(),
            labels: vec![Label {
                place,
                text: String::new(),
            }],
            accepted: None,
            help: None,
        }
    }

    /// Says what to see at the culprit.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.labels[0].text = text.into();
        self
    }

    /// Points at a second place that explains the first.
    #[must_use]
    pub fn also(mut self, place: Place, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            place,
            text: text.into(),
        });
        self
    }

    /// Says what would be accepted.
    #[must_use]
    pub fn accepted(mut self, text: impl Into<String>) -> Self {
        self.accepted = Some(text.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

macro_rules! codes {
    ($($name:ident $text:literal $title:literal: $story:literal;)*) => {
        /// The kinds of things that can be wrong; their codes never change meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// `E001`, ...
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What this kind is about, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// Why it is refused, in a few sentences.
            pub fn story(self) -> &'static str {
                match self { $(Self::$name => $story,)* }
            }
        }
    };
}

codes! {
    Unreadable "E001" "not readable at this place":
        "The text is not RON (or JSON) here: a character that has no meaning, a text or comment without end, an escape that does not exist.";
    Unclosed "E002" "opened, never closed":
        "Every ( [ { needs its ) ] }. The message shows where the one without partner was opened.";
    Comma "E003" "a comma is missing":
        "Settings and list items are separated by commas; one more after the last is fine.";
    Brackets "E004" "the wrong kind of brackets":
        "( ) holds settings whose names the language gives, { } holds names that you choose, [ ] holds a list.";
    Twice "E005" "written twice":
        "A name can be used once in its group. Two entries would hide one another, so the second is refused.";
    UnknownKey "E006" "no such setting":
        "The language has no setting of this name here. The message lists those that exist and the nearest one.";
    Duration "E007" "not a duration":
        "A duration is a text with a unit for each number: \"250ms\", \"2.5s\", \"1m 30s\". Bare numbers are refused because nobody can see whether 5 means seconds or milliseconds.";
    Kind "E008" "another kind of value is needed":
        "A text stands where a number is needed, a list where one value is needed, and so on.";
    UnknownWord "E009" "no such word":
        "Only some words are possible here; the message lists them and the nearest one.";
    Range "E010" "outside the range":
        "The number is readable but has no meaning here; the message says what is accepted.";
    UnknownName "E011" "nothing has this name":
        "Every server, node or client that is spoken of must be declared in the scenario (or in the haproxy.cfg it names).";
    Missing "E012" "a setting is missing":
        "This cannot run without that setting and there is no sensible default.";
    Words "E013" "HAProxy's words are not right here":
        "The text is one of HAProxy's lines (balance, cookie, hash-type, option, stick, a runtime command) and HAProxy would refuse it.";
    Clash "E014" "two settings contradict each other":
        "Only one of them can be meant.";
    File "E015" "a file cannot be read":
        "The scenario names another file (extends, config, env) that is not there or not readable. Names are relative to the file that names them.";
    Circle "E016" "extends leads in a circle":
        "A scenario cannot be its own base, not even through others.";
    Path "E017" "no such path":
        "A path of `replace` or `--set` walks the scenario by names with dots between: nodes.s1.delay, clients.jmeter.threads, timeline.0.at.";
    TooEarly "E018" "before the proxy starts":
        "Moments count from the start of the clients; the proxy starts `warm_up` before them and nothing can happen earlier.";
    Version "E019" "a format this program does not know":
        "The number after `version` says which form of the language the file is written in; this program reads form 1.";
    Import "E020" "a line of a foreign file means nothing":
        "A file that another program wrote is not in that program's form: a line of an environment file, for example, is not NAME=value.";
    Idle "W001" "can have no effect":
        "The setting is fine in itself, but in this scenario nothing depends on it. It is probably not what was meant.";
    CookieValue "W002" "servers without a cookie value":
        "HAProxy writes and honours its cookie only for servers that have a value (`cookie: \"s1\"` on the server).";
    Lint "W003" "legal, but a known trap":
        "HAProxy accepts it and many have been surprised by what it does.";
    Unplayed "W004" "a line of a log is not replayed":
        "A log is replayed request by request. What cannot be read as one, or lacks its time, is counted here with its lines and left out.";
    Beside "W005" "a file that a test plan names is not there":
        "The run goes on without it: variables that it would fill have no value.";
}

impl Code {
    /// The code called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// Errors refuse a scenario, warnings do not.
    pub fn severity(self) -> Severity {
        if self.name().starts_with('E') {
            Severity::Error
        } else {
            Severity::Warning
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        let errors = |code: &&Code| code.severity() == Severity::Error;
        for (number, code) in Code::ALL.iter().filter(errors).enumerate() {
            assert_eq!(code.name(), format!("E{:03}", number + 1));
        }
        let warnings = Code::ALL.iter().filter(|code| !errors(code));
        for (number, code) in warnings.enumerate() {
            assert_eq!(code.name(), format!("W{:03}", number + 1));
            assert_eq!(Code::from_name(code.name()), Some(*code));
        }
    }
}
