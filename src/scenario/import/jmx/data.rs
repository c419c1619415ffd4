//! What gives variables their values at the start of each turn: CSV data, counters, random
//! variables, user parameters.

use super::element::{Element, Property};
use super::kinds::Kind;
use super::read::Reader;
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::import::Status;
use crate::scenario::schema::Named;
use crate::scenario::schema::script::{Condition, Counter, Data, Deed};

impl Reader<'_> {
    pub(super) fn starter(&mut self, element: &Element, starters: &mut Vec<Deed>) {
        self.modelled(element);
        match element.kind() {
            Kind::Csv => starters.extend(self.csv(element)),
            Kind::Counter => self.counter(element, starters),
            Kind::RandomVariable => {
                let name = element.text("variableName").trim();
                let least = self.variables.text(element.text("minimumValue"));
                let most = self.variables.text(element.text("maximumValue"));
                if !name.is_empty() {
                    starters.push(set(name, format!("${{__Random({least},{most})}}")));
                }
            }
            _ => self.user_parameters(element, starters),
        }
    }

    fn csv(&mut self, element: &Element) -> Option<Deed> {
        let property = element.property("filename")?;
        let name = self.variables.constant(property.text());
        let name = name.filter(|name| !name.trim().is_empty());
        let Some(name) = name else {
            let why = "which file it is is only known during a run; its variables have no value";
            self.ledger
                .property(element, property, Status::NotModelled, why);
            return None;
        };
        let text = match self.text_beside(&name) {
            Ok(text) => text,
            Err(why) => {
                let message = format!("the data {name:?} cannot be read: {why}");
                let help = "put the file beside the plan";
                self.note(Diagnostic::new(Code::Beside, message, property.place).help(help));
                let why = "the file cannot be read: its variables have no value";
                self.ledger
                    .property(element, property, Status::NotModelled, why);
                return None;
            }
        };
        if self.groups > 1 && element.text("shareMode") == "shareMode.all" {
            let why = "each thread group reads the rows from the first on";
            self.ledger.element(element, Status::NotModelled, why);
        }
        let delimiter = self.variables.text(element.text("delimiter"));
        let delimiter = match delimiter.as_str() {
            "\\t" => '\t',
            other => other.chars().next().unwrap_or(','),
        };
        let quoted = element.flag("quotedData") == Some(true);
        let mut lines = text.lines().filter(|line| !line.is_empty());
        let names = self.variables.text(element.text("variableNames"));
        let names: Vec<String> = if names.trim().is_empty() {
            lines
                .next()
                .map_or_else(Vec::new, |head| fields(head, delimiter, quoted))
        } else {
            if element.flag("ignoreFirstLine") == Some(true) {
                lines.next();
            }
            names
                .split(',')
                .map(|name| name.trim().to_owned())
                .collect()
        };
        let recycle = element.flag("recycle") != Some(false);
        let shared = element.text("shareMode") != "shareMode.thread";
        let stop = !recycle && element.flag("stopThread") == Some(true);
        Some(Deed::Data(Box::new(Data {
            variables: Some(names),
            rows: Some(lines.map(|line| fields(line, delimiter, quoted)).collect()),
            recycle: (!recycle).then_some(false),
            stop: stop.then_some(true),
            shared: (!shared).then_some(false),
        })))
    }

    fn counter(&mut self, element: &Element, starters: &mut Vec<Deed>) {
        let name = element.text("CounterConfig.name").trim();
        if name.is_empty() {
            let why = "it names no variable";
            self.ledger.element(element, Status::NoEffect, why);
            return;
        }
        let start = self.whole(element, "CounterConfig.start").unwrap_or(0);
        let step = self.whole(element, "CounterConfig.incr").unwrap_or(1);
        let end = self
            .whole(element, "CounterConfig.end")
            .filter(|end| *end != 0);
        if step < 1 {
            let why = "it does not count upwards: the variable keeps its first value";
            self.ledger.element(element, Status::NotModelled, why);
            starters.push(set(name, start.to_string()));
            return;
        }
        let format = element.text("CounterConfig.format");
        let prefix = format.trim_end_matches('0');
        let digits = format.len() - prefix.len();
        let plain = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '-' | '.' | '/');
        let prefix = if prefix.chars().all(plain) {
            prefix
        } else {
            let why = "numbers are written plainly";
            self.ledger.element(element, Status::NotModelled, why);
            ""
        };
        starters.push(Deed::Counter(Counter {
            variable: Some(name.to_owned()),
            start: (start != 0).then_some(start),
            step: (step != 1).then_some(step),
            end,
            digits: (digits > 0).then_some(digits.min(100) as i64),
            per_user: (element.flag("CounterConfig.per_user") == Some(true)).then_some(true),
        }));
        if !prefix.is_empty() {
            starters.push(set(name, format!("{prefix}${{{name}}}")));
        }
    }

    /// The values of the thread's own column; threads beyond the last begin at the first.
    fn user_parameters(&mut self, element: &Element, starters: &mut Vec<Deed>) {
        let names = element.property("UserParameters.names");
        let names: Vec<&str> = names.into_iter().flat_map(Property::texts).collect();
        let users = element.list("UserParameters.thread_values");
        for (number, user) in users.iter().enumerate().take(1000) {
            let mut pairs: Vec<(String, String)> = Vec::new();
            for (name, value) in names.iter().zip(user.texts()) {
                let value = self.variables.text(value);
                // Of two values the last one counts.
                match pairs.iter_mut().find(|(known, _)| known == name) {
                    Some((_, known)) => *known = value,
                    None => pairs.push(((*name).to_owned(), value)),
                }
            }
            let steps = vec![Deed::Set(Named(pairs))];
            starters.push(if users.len() == 1 {
                Deed::Group(steps)
            } else {
                let count = users.len();
                Deed::If(Condition {
                    condition: Some(format!("(${{__threadNum}} - 1) % {count} == {number}")),
                    steps: Some(steps),
                })
            });
        }
    }
}

/// Gives one variable a value.
pub(super) fn set(name: &str, value: String) -> Deed {
    Deed::Set(Named(vec![(name.to_owned(), value)]))
}

/// The fields of a row.
fn fields(line: &str, delimiter: char, quoted: bool) -> Vec<String> {
    if !quoted {
        return line.split(delimiter).map(str::to_owned).collect();
    }
    let mut fields = vec![String::new()];
    let mut inside = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let field = fields.last_mut().expect("there is always one");
        match c {
            '"' if inside && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => inside = !inside,
            c if c == delimiter && !inside => fields.push(String::new()),
            c => field.push(c),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_fields() {
        assert_eq!(fields("a,,\"b\"", ',', false), ["a", "", "\"b\""]);
        assert_eq!(
            fields("a;\"b;\"\"c\"\"\";d", ';', true),
            ["a", "b;\"c\"", "d"]
        );
    }
}
