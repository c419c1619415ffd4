//! What makes clients stick to a server: cookies, and tables.

use balance::config::{Cookie, Stick};

use super::super::proxy::{Proxy, Settings};

/// Cookies only count in HTTP.
pub(super) fn cookie(settings: &Settings) -> Option<Cookie> {
    let (cookie, _) = settings.cookie.as_ref().filter(|_| settings.http)?;
    let mut cookie = cookie.clone();
    if cookie.dynamic_key.is_some() {
        cookie.dynamic_key = Some(settings.dynamic_cookie_key.clone().unwrap_or_default());
    }
    Some(cookie)
}

/// The section's own table with the rules that use it.
pub(super) fn stick(proxy: &Proxy) -> Option<Stick> {
    let (table, _) = proxy.stick.table.as_ref()?;
    let rules: Vec<_> = (proxy.stick.rules.iter())
        .filter(|line| line.table.as_ref().is_none_or(|name| *name == proxy.name))
        .filter_map(|line| line.rule.clone())
        .collect();
    (!rules.is_empty()).then(|| Stick {
        rules,
        ..table.clone()
    })
}
