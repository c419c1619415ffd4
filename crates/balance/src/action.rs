//! `http-request` and `redirect` rules: what they do to a request whose condition holds
//! (manual: "http-request", "redirect").

use alloc::string::String;
use alloc::vec::Vec;

use crate::counter::{Datum, Level, TableId};
use crate::expression::Expression;
use crate::fetch::path_and_query;
use crate::pattern::{Matching, Regex};
use crate::rule::{Condition, Label};
use crate::scene::Scene;

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What is done.
    pub action: Action,
    /// When.
    pub condition: Condition,
    /// As it is written.
    pub label: Label,
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `allow`, `accept`: the section's further rules of the kind are not looked at.
    Allow,
    /// `set-header NAME FORMAT`
    SetHeader(String, Format),
    /// `add-header NAME FORMAT`
    AddHeader(String, Format),
    /// `del-header NAME`, with `-m` a pattern for names.
    DelHeader(Matching),
    /// `replace-header NAME REGEX FORMAT`: each whole line that matches.
    ReplaceHeader(String, Regex, Format),
    /// `replace-value NAME REGEX FORMAT`: each element, between commas, that matches.
    ReplaceValue(String, Regex, Format),
    /// `set-method FORMAT`
    SetMethod(Format),
    /// `set-path FORMAT`: the query stays.
    SetPath(Format),
    /// `set-pathq FORMAT`: path and query.
    SetPathQ(Format),
    /// `set-query FORMAT`: the path stays.
    SetQuery(Format),
    /// `set-uri FORMAT`
    SetUri(Format),
    /// `replace-path REGEX FORMAT`: the query stays.
    ReplacePath(Regex, Format),
    /// `replace-pathq REGEX FORMAT`
    ReplacePathQ(Regex, Format),
    /// `replace-uri REGEX FORMAT`
    ReplaceUri(Regex, Format),
    /// `set-priority-class EXPRESSION`
    SetClass(Expression),
    /// `set-priority-offset EXPRESSION`
    SetOffset(Expression),
    /// `set-var(NAME) EXPRESSION`
    SetVar(String, Expression),
    /// `set-var-fmt(NAME) FORMAT`
    SetVarFormat(String, Format),
    /// `unset-var(NAME)`
    UnsetVar(String),
    /// `track-sc0 EXPRESSION table TABLE`
    Track(u8, Expression, TableId, Level),
    /// `sc-inc-gpc0(N)`, `sc-inc-gpc1(N)`
    Raise(u8, Datum),
    /// `sc-set-gpt0(N) EXPRESSION`
    SetTag(u8, Expression),
    /// `redirect`
    Redirect(Redirect),
    /// `deny` with this status.
    Deny(u16),
    /// `return` with this status.
    Return(u16),
    /// `tarpit` with this status: the answer comes after `timeout tarpit`.
    Tarpit(u16),
    /// `reject`: the connection is closed without an answer.
    Reject,
}

/// A log format: texts and expressions in turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Format(pub Vec<Part>);

/// A part of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// `%[EXPRESSION]`
    Sample(Expression),
}

/// `redirect`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// What kind of target.
    pub to: RedirectTo,
    /// 301, 302, 303, 307 or 308
    pub status: u16,
    /// `drop-query`
    pub drop_query: bool,
    /// `append-slash`
    pub append_slash: bool,
    /// `ignore-empty`: an empty location is none.
    pub ignore_empty: bool,
    /// The `Set-Cookie` header of `set-cookie` and `clear-cookie`.
    pub set_cookie: Option<String>,
}

/// Where a redirection leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectTo {
    /// `location`
    Location(Format),
    /// `prefix`
    Prefix(Format),
    /// `scheme`
    Scheme(Format),
}

impl Format {
    /// A format that is this text.
    pub fn text(text: &str) -> Self {
        Self(alloc::vec![Part::Text(text.into())])
    }

    /// The text it makes in `scene`; what is not there is empty.
    pub(crate) fn write(&self, scene: &Scene<'_>) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Sample(expression) => {
                    if let Some(value) = expression.value(scene) {
                        out.push_str(&value.text());
                    }
                }
            }
        }
        out
    }
}

impl Redirect {
    /// The `Location` of the answer; none if there is no redirection after all.
    pub(crate) fn location(&self, scene: &Scene<'_>) -> Option<String> {
        let asked = path_and_query(scene.request.uri).unwrap_or("/");
        let (path, query) = match asked.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (asked, None),
        };
        let mut location = match &self.to {
            RedirectTo::Location(format) => {
                let location = format.write(scene);
                return (!location.is_empty() || !self.ignore_empty).then_some(location);
            }
            RedirectTo::Prefix(format) => {
                let prefix = format.write(scene);
                // A prefix of `/` adds nothing.
                if prefix == "/" { String::new() } else { prefix }
            }
            RedirectTo::Scheme(format) => {
                let host = scene.request.values("host").next().unwrap_or_default();
                alloc::format!("{}://{host}", format.write(scene))
            }
        };
        location.push_str(path);
        if self.drop_query {
            if self.append_slash && !location.ends_with('/') {
                location.push('/');
            }
        } else if let Some(query) = query {
            location.push('?');
            location.push_str(query);
        }
        Some(location)
    }
}
