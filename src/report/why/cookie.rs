//! The row about the persistence cookie: what it said, whether it counted, what was set.

use balance::config::CookieMode;
use balance::{BackendId, By, Ending, ServerId};

use crate::locale::Said;
use crate::plan::Plan;
use crate::trace::Names;

use super::Row;

/// The sections that have the rules and the letters.
const MANUAL: &str = "4.2 cookie, 8.5";

/// What the cookie said, by the log's two letters.
pub(super) fn row(
    plan: &Plan,
    place: usize,
    sent: Option<&str>,
    ending: Option<&Ending>,
    first: Option<By>,
) -> Row {
    let Some(cookie) = &plan.proxy.backends[place].cookie else {
        return Row::new("topic-cookie", Said::new("why-cookie-none"));
    };
    let name = cookie.name.as_str();
    let said = |key| Said::new(key).with("name", name);
    if cookie.mode == CookieMode::Passive && !cookie.indirect {
        return Row::new("topic-cookie", said("why-cookie-passive")).by(MANUAL);
    }
    let Some(ending) = ending else {
        return Row::new("topic-cookie", said("why-cookie-unanswered")).by(MANUAL);
    };
    let [asked, told] = [ending.flags[2], ending.flags[3]].map(char::from);
    let value = sent.and_then(|sent| value_of(sent, name));
    let server = value.and_then(|value| named(plan, place, value));
    let server = server.map(|server| Names::of(&plan.proxy).name(server));
    let shown = match (value, cookie.mode) {
        (None, _) => name.to_owned(),
        (Some(value), CookieMode::Prefix) if value.contains('~') => {
            let end = value.find('~').unwrap_or(value.len());
            format!("{name}={}~...", &value[..end])
        }
        (Some(value), _) => format!("{name}={value}"),
    };
    // A letter D is given both to a cookie whose server is down and to one that counted
    // until its server was left.
    let letter = match (asked, first) {
        ('D', Some(By::Cookie)) => "left".to_owned(),
        _ => asked.to_string(),
    };
    let asked = Said::new("why-cookie-asked")
        .with("cookie", shown)
        .with("server", server.unwrap_or_else(|| "?".to_owned()))
        .with("letter", letter);
    let told = Said::new("why-cookie-told").with("letter", told.to_string());
    Row::new("topic-cookie", asked).and([told]).by(MANUAL)
}

/// The value of the first cookie called `name` in a `Cookie` header.
pub(in crate::report) fn value_of<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// The server that a cookie's value names in a backend of the plan; what stands behind `~`
/// is the application's, and behind `|` there are dates.
pub(in crate::report) fn named(plan: &Plan, backend: usize, value: &str) -> Option<ServerId> {
    let end = value.find(['~', '|', ';']).unwrap_or(value.len());
    let wanted = &value[..end];
    let servers = &plan.proxy.backends[backend].servers;
    let slot = servers
        .iter()
        .position(|server| server.cookie.as_deref() == Some(wanted))?;
    Some(ServerId {
        backend: BackendId(backend as u32),
        slot: slot as u32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_name() {
        let header = "NODESESSID=s1.1; SERVERID=s1";
        assert_eq!(value_of(header, "SERVERID"), Some("s1"));
        assert_eq!(value_of(header, "NODESESSID"), Some("s1.1"));
        assert_eq!(value_of(header, "ID"), None);
        assert_eq!(value_of("", "ID"), None);
    }
}
