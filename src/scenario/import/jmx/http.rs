//! HTTP samplers with their defaults, headers and cookies.

use super::element::{Element, Property};
use super::read::{Reader, Site};
use super::scope::{self, Level, Levels};
use super::steps::silent;
use crate::plan::Template;
use crate::plan::template::encoded;
use crate::scenario::import::Status;
use crate::scenario::schema::script::{Deed, Request};
use crate::scenario::schema::{Named, Time};

/// Methods whose arguments stand in the address.
const IN_ADDRESS: [&str; 5] = ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"];

impl<'e> Reader<'e> {
    /// What a sampler does, with the timers and extractors of its scope.
    pub(super) fn http(&mut self, element: &'e Element, levels: &mut Levels<'e>) -> Vec<Deed> {
        self.modelled(element);
        let own = Level::of(&element.children, self);
        scope::within(levels, own, |levels| {
            let mut deeds = scope::waits(levels);
            let site = self.site(element, levels);
            self.visited(&site);
            if let Some(proxy) = &self.proxy
                && *proxy != site.host
                && !site.host.is_empty()
            {
                let why = format!(
                    "it asks {}, not {proxy}, which is taken for the proxy: it is not sent",
                    site.host
                );
                self.ledger.element(element, Status::NotModelled, why);
                deeds.extend(silent(levels));
                return deeds;
            }
            self.cookies.push(scope::cookies(levels));
            let request = self.request(element, levels, &site);
            self.spend(1 + request.headers.as_ref().map_or(0, |list| list.0.len()));
            deeds.push(Deed::Request(Box::new(request)));
            let extracts = levels.iter().flat_map(|level| &level.extracts);
            deeds.extend(extracts.cloned());
            deeds
        })
    }

    /// A property, or the nearest default of it.
    fn setting<'a>(element: &'a Element, levels: &'a Levels<'e>, name: &str) -> &'a str {
        let defaults = levels.iter().rev().flat_map(|level| &level.defaults);
        let texts = defaults.map(|element| element.text(name));
        let mut texts = std::iter::once(element.text(name)).chain(texts);
        texts.find(|text| !text.is_empty()).unwrap_or_default()
    }

    fn site(&mut self, element: &Element, levels: &Levels<'e>) -> Site {
        let text = |name: &str| self.variables.text(Self::setting(element, levels, name));
        let path = text("HTTPSampler.path");
        let (mut scheme, mut host) = (text("HTTPSampler.protocol"), text("HTTPSampler.domain"));
        let mut port = text("HTTPSampler.port");
        let mut path = path.trim();
        for (prefix, named) in [("http://", "http"), ("https://", "https")] {
            if let Some(rest) = path.strip_prefix(prefix) {
                let end = rest.find(['/', '?']).unwrap_or(rest.len());
                named.clone_into(&mut scheme);
                rest[..end].clone_into(&mut host);
                port.clear();
                path = &rest[end..];
            }
        }
        let host = host.trim().trim_start_matches("http://");
        let mut host = host
            .trim_start_matches("https://")
            .trim_end_matches('/')
            .to_owned();
        if let Some((name, number)) = host.clone().rsplit_once(':')
            && number.parse::<u16>().is_ok()
        {
            number.clone_into(&mut port);
            name.clone_into(&mut host);
        }
        let usual = if scheme.eq_ignore_ascii_case("https") {
            "443"
        } else {
            "80"
        };
        let port = port.trim();
        Site {
            host: host.to_ascii_lowercase(),
            port: if port == usual { "" } else { port }.to_owned(),
            path: path.to_owned(),
        }
    }

    fn request(&mut self, element: &Element, levels: &Levels<'e>, site: &Site) -> Request {
        let method = Self::setting(element, levels, "HTTPSampler.method").trim();
        let method = if method.is_empty() { "GET" } else { method };
        let method = self.variables.text(method);
        let mut uri = address(&site.path);
        if IN_ADDRESS.contains(&method.to_ascii_uppercase().as_str()) {
            self.query(element, levels, &mut uri);
        }
        for strange in self.variables.strangers(&uri) {
            self.ledger.element(element, Status::NotModelled, strange);
        }
        let mut headers = scope::headers(levels);
        if !site.host.is_empty() && headers.iter().all(|(name, _)| name != "host") {
            let colon = if site.port.is_empty() { "" } else { ":" };
            let host = format!("{}{colon}{}", site.host, site.port);
            headers.insert(0, ("host".to_owned(), host));
        }
        let keep_alive = element.flag("HTTPSampler.use_keepalive") != Some(false);
        Request {
            name: Some(element.name.clone()).filter(|name| !name.is_empty()),
            method: (method != "GET").then_some(method),
            uri: Some(uri),
            headers: (!headers.is_empty()).then_some(Named(headers)),
            backend: None,
            keep_alive: (!keep_alive).then_some(false),
            connect_timeout: self.timeout(element, levels, "HTTPSampler.connect_timeout"),
            response_timeout: self.timeout(element, levels, "HTTPSampler.response_timeout"),
        }
    }

    fn timeout(&mut self, element: &Element, levels: &Levels<'e>, name: &str) -> Option<Time> {
        let defaults = levels.iter().rev().flat_map(|level| &level.defaults);
        let mut elements = std::iter::once(element).chain(defaults.copied());
        let whose = elements.find(|element| !element.text(name).trim().is_empty())?;
        let length = self.milliseconds(whose, name);
        (length > 0.0).then(|| Time(format!("{length}ms")))
    }

    /// Appends the arguments of the sampler and of its defaults.
    fn query(&mut self, element: &Element, levels: &Levels<'e>, uri: &mut String) {
        let defaults = levels.iter().rev().flat_map(|level| &level.defaults);
        let elements = std::iter::once(element).chain(defaults.copied());
        let lists = elements.flat_map(|element| element.list("HTTPsampler.Arguments"));
        let arguments: Vec<&Property> = lists
            .filter(|list| list.name == "Arguments.arguments")
            .flat_map(Property::list)
            .collect();
        self.spend(arguments.len());
        for argument in arguments {
            let encodes = argument.inner("HTTPArgument.always_encode") == "true";
            let name = argument.inner("Argument.name");
            let value = self.encoded(argument.inner("Argument.value"), encodes);
            if name.is_empty() && value.is_empty() {
                continue;
            }
            uri.push(if uri.contains('?') { '&' } else { '?' });
            uri.push_str(&self.encoded(name, encodes));
            if !name.is_empty() && argument.inner("HTTPArgument.use_equals") != "false" {
                uri.push('=');
            }
            uri.push_str(&value);
        }
        // A line has no blanks.
        *uri = address(uri);
    }

    /// A name or value as it stands in an address.
    fn encoded(&self, text: &str, encodes: bool) -> String {
        let template = self.variables.settle(text);
        match template.constant() {
            Some(text) if encodes => encoded(text),
            Some(text) => text.to_owned(),
            None if encodes => format!("${{__urlencode({template})}}"),
            None => template.to_string(),
        }
    }

    /// Learns the headers of a header manager. In it, the last of a name wins; of several
    /// managers at one level, the first.
    pub(super) fn headers(&mut self, element: &Element, headers: &mut Vec<(String, String)>) {
        self.modelled(element);
        let nearer = headers.len();
        for header in element.list("HeaderManager.headers") {
            let name = header.inner("Header.name").trim().to_ascii_lowercase();
            if name.is_empty() {
                continue;
            }
            let token = |c: char| c.is_ascii_graphic() && !matches!(c, ':' | '"' | '(' | ')');
            if !name.chars().all(token) {
                let why = "no header can have this name: it is not sent";
                self.ledger
                    .property(element, header, Status::NotModelled, why);
                continue;
            }
            let value = self.variables.text(header.inner("Header.value"));
            for strange in self.variables.strangers(&value) {
                self.ledger
                    .property(element, header, Status::NotModelled, strange);
            }
            let value = value.replace(|c: char| c.is_control(), " ");
            let (before, own) = headers.split_at_mut(nearer);
            if before.iter().any(|(known, _)| *known == name) {
                continue;
            }
            match own.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => headers.push((name, value)),
            }
        }
    }
}

/// A path as it can stand in a request line.
fn address(path: &str) -> String {
    let mut uri = path.to_owned();
    let is_constant = Template::read(path).constant().is_some();
    if !uri.starts_with('/') && (is_constant || !uri.starts_with("${")) {
        uri.insert(0, '/');
    }
    if !is_constant {
        return uri;
    }
    // What follows a `#` is for browsers, and never sent.
    let sent = uri.split('#').next().unwrap_or_default();
    sent.replace(|c: char| c.is_whitespace() || c.is_control(), "%20")
}
