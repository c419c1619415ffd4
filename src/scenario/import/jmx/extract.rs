//! Extractors: what conditions and requests know of an answer.

use super::element::Element;
use super::kinds::Extract;
use super::read::Reader;
use super::scope::Level;
use crate::scenario::import::Status;
use crate::scenario::schema::script::{self, Deed};

/// Where an extractor looks that the simulation has not.
const ELSEWHERE: &str = "it looks at a part of the sample that the simulation does not have";
/// What JMeter's expressions can do and ours cannot.
const STRANGE: &str =
    "its expression is not one that the simulation can follow; the variable has no value";

/// One value to be taken out.
struct Wanted {
    variable: String,
    regex: String,
    template: String,
    number: i64,
    default: Option<String>,
    headers: bool,
}

impl Reader<'_> {
    pub(super) fn extractor(&mut self, element: &Element, kind: Extract, level: &mut Level<'_>) {
        self.modelled(element);
        let list = match kind {
            Extract::Regex => self.by_regex(element),
            Extract::Boundary => self.by_boundary(element),
            Extract::Json => self.by_json(element),
            Extract::JsonPlugin => {
                let (variable, path) = (element.text("VAR"), element.text("JSONPATH"));
                let default = Some(element.text("DEFAULT"));
                self.json(element, variable, path, "1", default)
                    .into_iter()
                    .collect()
            }
        };
        for wanted in list {
            if regex_lite::Regex::new(&wanted.regex).is_err() {
                self.ledger.element(element, Status::NotModelled, STRANGE);
                continue;
            }
            if let Some(default) = &wanted.default {
                let pair = (wanted.variable.clone(), default.clone());
                level.unfound.push(pair);
            }
            level.extracts.push(Deed::Extract(Box::new(script::Extract {
                variable: Some(wanted.variable),
                regex: Some(wanted.regex),
                template: Some(wanted.template).filter(|template| template != "$1$"),
                number: Some(wanted.number).filter(|number| *number != 1),
                default: wanted.default,
                headers: wanted.headers.then_some(true),
            })));
        }
    }

    fn by_regex(&mut self, element: &Element) -> Vec<Wanted> {
        let text = |name: &str| element.text(name);
        let headers = match text("RegexExtractor.useHeaders") {
            "" | "false" | "unescaped" => false,
            "true" => true,
            _ => {
                self.ledger.element(element, Status::NotModelled, ELSEWHERE);
                return Vec::new();
            }
        };
        let emptied = element.flag("RegexExtractor.default_empty_value") == Some(true);
        let template = match text("RegexExtractor.template") {
            "" => "$0$",
            template => template,
        };
        self.wanted(element, "RegexExtractor", emptied, headers)
            .map(|wanted| Wanted {
                regex: self.variables.text(text("RegexExtractor.regex")),
                template: template.to_owned(),
                ..wanted
            })
            .into_iter()
            .collect()
    }

    fn by_boundary(&mut self, element: &Element) -> Vec<Wanted> {
        let headers = match element.text("BoundaryExtractor.useHeaders") {
            "" | "false" | "unescaped" => false,
            "true" => true,
            _ => {
                self.ledger.element(element, Status::NotModelled, ELSEWHERE);
                return Vec::new();
            }
        };
        let emptied = element.flag("BoundaryExtractor.default_empty_value") == Some(true);
        let side = |name: &str| regex_lite::escape(&self.variables.text(element.text(name)));
        let left = side("BoundaryExtractor.lboundary");
        let right = side("BoundaryExtractor.rboundary");
        let found = self.wanted(element, "BoundaryExtractor", emptied, headers);
        found
            .map(|wanted| Wanted {
                regex: format!("(?s){left}(.*?){right}"),
                ..wanted
            })
            .into_iter()
            .collect()
    }

    /// What both have: a name, a number, a default.
    fn wanted(
        &mut self,
        element: &Element,
        prefix: &str,
        emptied: bool,
        headers: bool,
    ) -> Option<Wanted> {
        let variable = element.text(&format!("{prefix}.refname")).trim();
        if variable.is_empty() {
            let why = "it names no variable";
            self.ledger.element(element, Status::NoEffect, why);
            return None;
        }
        let default = element.text(&format!("{prefix}.default"));
        let number = element.text(&format!("{prefix}.match_number")).trim();
        Some(Wanted {
            variable: variable.to_owned(),
            regex: String::new(),
            template: "$1$".to_owned(),
            number: numbered(number),
            default: (emptied || !default.is_empty()).then(|| default.to_owned()),
            headers,
        })
    }

    fn by_json(&mut self, element: &Element) -> Vec<Wanted> {
        let single = element.text("JMESExtractor.referenceName");
        if !single.is_empty() {
            let path = element.text("JMESExtractor.jmesPathExpr");
            let number = element.text("JMESExtractor.matchNumber");
            let default = Some(element.text("JMESExtractor.defaultValue"));
            let found = self.json(element, single, path, number, default);
            return found.into_iter().collect();
        }
        let parts = |name: &str| element.text(name).split(';');
        let paths = parts("JSONPostProcessor.jsonPathExprs");
        let names = parts("JSONPostProcessor.referenceNames");
        let mut numbers = parts("JSONPostProcessor.match_numbers");
        let mut defaults = parts("JSONPostProcessor.defaultValues");
        let rows: Vec<_> = names
            .zip(paths)
            .map(|(name, path)| (name, path, numbers.next().unwrap_or(""), defaults.next()))
            .collect();
        let found = rows
            .into_iter()
            .filter_map(|(name, path, number, default)| {
                self.json(element, name, path, number, default)
            });
        found.collect()
    }

    /// A JSON path that names one field, as a regular expression.
    fn json(
        &mut self,
        element: &Element,
        variable: &str,
        path: &str,
        number: &str,
        default: Option<&str>,
    ) -> Option<Wanted> {
        let Some(field) = field(path.trim()) else {
            self.ledger.element(element, Status::NotModelled, STRANGE);
            return None;
        };
        Some(Wanted {
            variable: variable.trim().to_owned(),
            regex: format!(
                "\"{}\"\\s*:\\s*\"?([^\",}}\\]]*)",
                regex_lite::escape(field)
            ),
            template: "$1$".to_owned(),
            number: numbered(number.trim()),
            default: default
                .filter(|default| !default.is_empty())
                .map(str::to_owned),
            headers: false,
        })
    }
}

/// Which match is meant; the first if nothing is said.
fn numbered(text: &str) -> i64 {
    text.parse::<i64>()
        .map_or(1, |number| number.clamp(-1, 1_000_000))
}

/// The field that a JSON path names: `$.tag`, `$..tag`, `$['tag']`, `tag`.
fn field(path: &str) -> Option<&str> {
    let name = path
        .strip_prefix("$..")
        .or_else(|| path.strip_prefix("$."))
        .or_else(|| {
            let quoted = path.strip_prefix("$[")?.strip_suffix(']')?;
            Some(quoted.trim_matches(['"', '\'']))
        })
        .unwrap_or(path);
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}
