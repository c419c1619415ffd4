//! The variables and functions of a thread, as templates see them.

use balance::Moment;

use crate::plan::expression;
use crate::plan::template::{self, Function};

use super::{Group, Thread};

/// A thread while a template is filled.
pub(super) struct Scope<'a> {
    thread: &'a mut Thread,
    group: &'a mut Group,
    now: Moment,
}

impl<'a> Scope<'a> {
    pub(super) fn new(thread: &'a mut Thread, group: &'a mut Group, now: Moment) -> Self {
        Self { thread, group, now }
    }

    /// Keeps the result of a function in the variable it names.
    fn keep(&mut self, variable: Option<&String>, value: String) -> String {
        if let Some(name) = variable.filter(|name| !name.is_empty()) {
            self.thread.variables.insert(name.clone(), value.clone());
        }
        value
    }

    fn random(&mut self, arguments: &[String]) -> String {
        let number = |index: usize| arguments.get(index)?.trim().parse::<i64>().ok();
        let (Some(low), Some(high)) = (number(0), number(1)) else {
            return String::new();
        };
        let width = high.abs_diff(low).saturating_add(1);
        let drawn = self.thread.stream.below(width);
        let value = low.min(high).saturating_add_unsigned(drawn).to_string();
        self.keep(arguments.get(2), value)
    }

    fn random_string(&mut self, arguments: &[String]) -> String {
        let length = arguments.first().and_then(|text| text.trim().parse().ok());
        let letters = arguments.get(1).filter(|letters| !letters.is_empty());
        let letters = letters.map_or("abcdefghijklmnopqrstuvwxyz0123456789", String::as_str);
        let letters: Vec<char> = letters.chars().collect();
        let length = length.unwrap_or(0_usize).min(10_000);
        let stream = &mut self.thread.stream;
        let value = (0..length).map(|_| letters[stream.below(letters.len() as u64) as usize]);
        let value = value.collect();
        self.keep(arguments.get(2), value)
    }

    fn uuid(&mut self) -> String {
        let (a, b) = (self.thread.stream.next_u64(), self.thread.stream.next_u64());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            (b >> 48 & 0x3fff) | 0x8000,
            b & 0xffff_ffff_ffff
        )
    }

    fn counter(&mut self, arguments: &[String], place: usize) -> String {
        let own = arguments
            .first()
            .is_some_and(|word| word.eq_ignore_ascii_case("true"));
        let key = (self.thread.op, place);
        let counts = if own {
            &mut self.thread.counts
        } else {
            &mut self.group.counts
        };
        let count = counts.entry(key).or_default();
        *count += 1;
        let value = count.to_string();
        self.keep(arguments.get(1), value)
    }

    fn sum(&mut self, arguments: &[String]) -> String {
        let numbers = arguments
            .iter()
            .filter_map(|text| text.trim().parse::<i64>().ok());
        let value = numbers.fold(0_i64, i64::saturating_add).to_string();
        let name = arguments
            .last()
            .filter(|name| name.trim().parse::<i64>().is_err());
        self.keep(name, value)
    }
}

impl template::Scope for Scope<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.thread.variables.get(name).cloned()
    }

    fn call(&mut self, function: Function, arguments: &[String], place: usize) -> String {
        let first = arguments.first().map_or("", String::as_str);
        let or = |index: usize| arguments.get(index).cloned().unwrap_or_default();
        match function {
            Function::Random => self.random(arguments),
            Function::RandomString => self.random_string(arguments),
            Function::RandomDate => {
                let day = 1 + self.thread.stream.below(28);
                format!("2024-01-{day:02}")
            }
            Function::Uuid => self.uuid(),
            Function::Time => {
                let millis = self.now.as_nanos() / 1_000_000;
                let value = match first {
                    "/1000" => (millis / 1000).to_string(),
                    _ => millis.to_string(),
                };
                self.keep(arguments.get(1), value)
            }
            Function::ThreadNum => (self.thread.number + 1).to_string(),
            Function::ThreadGroupName => self.group.script.group.name.clone(),
            Function::Counter => self.counter(arguments, place),
            Function::IntSum | Function::LongSum => self.sum(arguments),
            Function::Variable => match self.variable(first) {
                Some(value) => value,
                None if arguments.len() > 1 => or(1),
                None => first.to_owned(),
            },
            Function::Eval => template::Template::read(first).fill(self),
            Function::Property => or(2),
            Function::P => arguments.get(1).cloned().unwrap_or_else(|| "1".to_owned()),
            Function::UrlEncode => template::encoded(first),
            Function::UrlDecode => decoded(first),
            Function::Lowercase => first.to_lowercase(),
            Function::Uppercase => first.to_uppercase(),
            Function::Groovy | Function::Jexl2 | Function::Jexl3 | Function::JavaScript => {
                let lookup = |name: &str| self.thread.variables.get(name).cloned();
                let value = expression::value(first, &lookup);
                value.map_or_else(String::new, |value| value.text())
            }
        }
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut ahead = rest.clone();
                let pair = (ahead.next(), ahead.next());
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                if let (Some(high), Some(low)) = (digit(pair.0), digit(pair.1)) {
                    bytes.push((high * 16 + low) as u8);
                    rest = ahead;
                } else {
                    bytes.push(byte);
                }
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
