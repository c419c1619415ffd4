//! From files of patterns and maps to what the core compares with.

use std::collections::BTreeMap;
use std::sync::Arc;

use balance::map::{Entries, Made, Map};
use balance::pattern::{Matching, Network, Texts};

use super::super::acl;
use super::super::lists;
use super::super::network::network;
use super::super::sample::Call;
use super::condition::ranges;
use super::expression::{Scope, regex};

/// The patterns of `written`, those of its files first.
///
/// # Errors
/// Why they cannot be known.
pub(super) fn patterns(written: &acl::Test, scope: &Scope<'_>) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for name in &written.from {
        let text = scope.list(name)?;
        all.extend(lists::patterns(&text, written.keys).map(|(_, line)| line.to_owned()));
    }
    all.extend(written.patterns.iter().cloned());
    Ok(all)
}

/// `map_METHOD_TYPE(FILE[,DEFAULT])`
///
/// # Errors
/// Why it cannot be known.
pub(super) fn map(call: &Call, scope: &Scope<'_>) -> Result<Map, String> {
    let name = call.arguments.first().map_or("", String::as_str);
    let text = scope.list(name)?;
    let mut words = call.name.split('_').skip(1);
    let method = words.next().unwrap_or("str");
    let made = match words.next() {
        Some("int") => Made::Int,
        Some("ip") => Made::Address,
        _ => Made::Text,
    };
    let at = |number: usize, why: String| format!("line {number} of `{name}`: {why}");
    Ok(Map {
        entries: Arc::new(entries(method, &text).map_err(|(number, why)| at(number, why))?),
        made,
        default: call.arguments.get(1).cloned(),
    })
}

/// The entries of a map whose keys are compared by `method`.
fn entries(method: &str, text: &str) -> Result<Entries, (usize, String)> {
    let all = lists::entries(text);
    let first = |make: &dyn Fn(&str) -> Result<Matching, String>| {
        let list = lists::entries(text).map(|(number, (key, value))| {
            let key = make(key).map_err(|why| (number, why))?;
            Ok((key, value.to_owned()))
        });
        Ok(Entries::First(list.collect::<Result<_, _>>()?))
    };
    let one = |key: &str| Texts::new(vec![key.to_owned()], false);
    match method {
        "str" | "beg" => {
            let mut map = BTreeMap::new();
            for (_, (key, value)) in all {
                map.entry(key.to_owned()).or_insert(value.to_owned());
            }
            Ok(match method {
                "str" => Entries::Exact(map),
                _ => Entries::Begins(map),
            })
        }
        "ip" => {
            let list = all.map(|(number, (key, value))| {
                let key = whole_network(key).map_err(|why| (number, why))?;
                Ok((key, value.to_owned()))
            });
            Ok(Entries::Networks(list.collect::<Result<_, _>>()?))
        }
        "regm" => {
            let list = all.map(|(number, (key, value))| {
                let key = regex(key, false).map_err(|why| (number, why))?;
                Ok((key, value.to_owned()))
            });
            Ok(Entries::Filled(list.collect::<Result<_, _>>()?))
        }
        "int" => first(&|key| Ok(Matching::Number(ranges(&[key.to_owned()])?))),
        "reg" => first(&|key| Ok(Matching::Regex(vec![regex(key, false)?]))),
        "end" => first(&|key| Ok(Matching::Ends(one(key)))),
        "sub" => first(&|key| Ok(Matching::Contains(one(key)))),
        "dir" => first(&|key| Ok(Matching::Folder(one(key)))),
        "dom" => first(&|key| Ok(Matching::Domain(one(key)))),
        method => Err((1, format!("the method `{method}` is not modelled"))),
    }
}

fn whole_network(key: &str) -> Result<Network, String> {
    network(key)?.ok_or_else(|| format!("the mask of `{key}` has holes"))
}
