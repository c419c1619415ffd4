//! Counters of stick tables: which tables there are, and what rules and expressions ask of
//! them.

use std::collections::{BTreeMap, BTreeSet};

use balance::config::Fetch;
use balance::counter::{Asked, Counting, Datum, Question, TableId};
use balance::expression::{Expression, Origin};

use super::super::proxy::Proxy;
use super::super::sample::Call;
use super::super::value::lenient;
use super::expression::Scope;

/// The tables of all sections, those where clients come in first, and their places by name.
pub(super) fn tables(proxies: &[Proxy]) -> (Vec<Counting>, BTreeMap<&str, TableId>) {
    let mut list = Vec::new();
    let mut places = BTreeMap::new();
    let fronts = proxies.iter().filter(|proxy| proxy.role.is_front());
    let others = proxies.iter().filter(|proxy| !proxy.role.is_front());
    for proxy in fronts.chain(others) {
        let Some((table, _)) = &proxy.stick.table else {
            continue;
        };
        let id = TableId(list.len() as u32);
        places.entry(proxy.name.as_str()).or_insert(id);
        list.push(Counting {
            name: proxy.name.clone(),
            table: table.clone(),
            stored: proxy.stick.stored.clone(),
        });
    }
    (list, places)
}

/// The tables that count the present connections.
pub(super) fn current(counting: &[Counting]) -> BTreeSet<TableId> {
    let stores =
        |table: &Counting| (table.stored.iter()).any(|(datum, _)| *datum == Datum::ConnCur);
    let all = (0..).map(TableId).zip(counting);
    all.filter(|(_, table)| stores(table))
        .map(|(id, _)| id)
        .collect()
}

/// What a fetch called `sc_...`, `sc0_...` or `src_...` asks for; `None` if it is none of
/// those.
///
/// # Errors
/// Why it has no value in the simulation.
pub(super) fn fetch(call: &Call, scope: &Scope<'_>) -> Option<Result<Origin, String>> {
    let argument = |at: usize| call.arguments.get(at).map_or("", String::as_str);
    let (asked, what) = if let Some(what) = call.name.strip_prefix("src_") {
        let key = Box::new(Expression::plain(Origin::Fact(Fetch::Src)));
        (
            scope.table(argument(0)).map(|table| Asked::Key(key, table)),
            what,
        )
    } else {
        let (slot, what) = call.name.strip_prefix("sc")?.split_once('_')?;
        let (slot, other) = match slot {
            "" => (argument(0), argument(1)),
            digit => (digit, argument(0)),
        };
        let other = match other {
            "" => Ok(None),
            other => scope.table(other).map(Some),
        };
        let slot = lenient(slot).0.clamp(0, 255) as u8;
        (other.map(|other| Asked::Tracked(slot, other)), what)
    };
    let question = question(what)?;
    Some(asked.map(|asked| Origin::Counter(asked, question)))
}

/// What is asked: `http_req_rate`, `get_gpc0`, `inc_gpc0`, ...
fn question(what: &str) -> Option<Question> {
    Some(match what {
        "tracked" => Question::Known,
        "trackers" => Question::Trackers,
        _ => {
            let read = |name| Datum::from_name(name).map(Question::Read);
            if let Some(name) = what.strip_prefix("get_") {
                read(name)?
            } else if let Some(name) = what.strip_prefix("inc_") {
                Question::Raise(Datum::from_name(name)?)
            } else if let Some(name) = what.strip_prefix("clr_") {
                Question::Clear(Datum::from_name(name)?)
            } else {
                read(what)?
            }
        }
    })
}

/// What a converter called `table_...` or `in_table` asks for, of the entry of `key`; `None`
/// if it is none of those.
///
/// # Errors
/// Why it has no value in the simulation.
pub(super) fn converter(
    call: &Call,
    key: &Expression,
    scope: &Scope<'_>,
) -> Option<Result<Expression, String>> {
    let question = match call.name.as_str() {
        "in_table" => Question::Known,
        name => question(name.strip_prefix("table_")?)?,
    };
    let name = call.arguments.first().map_or("", String::as_str);
    let table = scope.table(name);
    Some(table.map(|table| {
        let key = Box::new(key.clone());
        Expression::plain(Origin::Counter(Asked::Key(key, table), question))
    }))
}
