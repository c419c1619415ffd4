//! What is said of a plan when all of it is known: a word about every element, and what had
//! to be assumed.

use super::Imported;
use super::element::Element;
use super::kinds::Kind;
use super::read::Reader;
use crate::scenario::diagnostic::{Code, Diagnostic, Severity};
use crate::scenario::import::Status;
use crate::scenario::schema::{self, Named};

impl Reader<'_> {
    pub(super) fn close(mut self, clients: Vec<(String, schema::ThreadGroup)>) -> Imported {
        let top = self.top;
        let plan = top.iter().find(|element| element.kind() == Kind::Plan);
        let errors = self
            .notes
            .iter()
            .any(|note| note.severity() == Severity::Error);
        if clients.is_empty() && !errors {
            let place = plan.or(top.first()).map(|element| element.place);
            let message = "nothing in this plan sends a request over HTTP to the proxy";
            let help = "a thread group with an HTTP sampler does";
            let note = Diagnostic::new(Code::Missing, message, place.unwrap_or_default());
            self.note(note.help(help));
        }
        self.tell(&clients);
        self.account(top, None);
        let included: Vec<&[Element]> = self.included.values().flatten().copied().collect();
        for tree in included {
            self.account(tree, None);
        }
        let client = |(name, group)| (name, schema::Client::ThreadGroup(Box::new(group)));
        Imported {
            clients: Named(clients.into_iter().map(client).collect()),
            ledger: self.ledger.close(),
            notes: self.notes,
            told: self.told,
        }
    }

    /// What was assumed about the plan as a whole.
    fn tell(&mut self, clients: &[(String, schema::ThreadGroup)]) {
        if clients.is_empty() {
            return;
        }
        match self.proxy.as_deref() {
            Some("") | None => self.told.push("the plan names no host: its requests go to the proxy".to_owned()),
            Some(host) if self.hosts.len() > 1 => self.told.push(format!(
                "{host} is taken for the proxy, because most samplers ask it; requests to other hosts are not sent"
            )),
            Some(host) => self.told.push(format!("{host}, which the plan asks, is taken for the proxy")),
        }
        if self.ports.len() > 1 {
            self.told.push(
                "the plan asks several ports; all requests go to the same frontend".to_owned(),
            );
        }
    }

    /// Says something of every element of which nothing was said.
    fn account(&mut self, elements: &[Element], outer: Option<(Status, &'static str)>) {
        for element in elements {
            let never = match element.kind() {
                _ if outer.is_some() => outer,
                _ if !element.enabled => Some((Status::NoEffect, "it is disabled")),
                Kind::Never(why) => Some((Status::NoEffect, why)),
                _ => None,
            };
            if !self.ledger.knows(element) {
                let (status, why) = never.unwrap_or_else(|| unsaid(element));
                self.ledger.element(element, status, why);
            }
            let inner = never.map(|(status, why)| match why {
                "it is disabled" => (status, "it stands below something disabled"),
                why => (status, why),
            });
            self.account(&element.children, inner);
        }
    }
}

/// What there is to say of an element that nothing asked for.
fn unsaid(element: &Element) -> (Status, &'static str) {
    match element.kind() {
        Kind::Inert(status, why) => (status, why),
        Kind::Variables => (Status::Modelled, ""),
        Kind::Fragment => (Status::NoEffect, "no module controller points here"),
        Kind::Unknown => (Status::NotModelled, "this element is not known"),
        Kind::Extract(_) | Kind::Timer(_) => (Status::NoEffect, "no sampler is in its scope"),
        Kind::Headers | Kind::Cookies | Kind::Defaults => {
            (Status::NoEffect, "no HTTP sampler takes it up")
        }
        _ => (Status::NoEffect, "it is never reached"),
    }
}
