//! Formats, of logs and of everything else that is written in parts: `/x%[path]`.

use super::sample::{Sample, SampleError, sample};
use super::stage::{self, Stage};

/// A part of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// As it stands.
    Text(String),
    /// `%[expression]`
    Sample(Sample),
    /// `%ci` and its like.
    Variable(String),
}

/// The variables that there are in every mode.
const VARIABLES: &str = "B ID ST T Tc Td Th Tl Ts Tt Tu Tw U ac b bc bi bp bq ci cp f fc fi fp ft \
    hr hrl hs hsl lc ms o pid rc rt s sc si sp sq sslc sslv t ts tsc";

/// Those that `mode http` has besides.
const HTTP: &str = "CC CS HM HP HPO HQ HU HV TR Ta Ti Tq Tr r tr trg trl";

/// Whether `list` has the variable `name`.
fn has(list: &str, name: &str) -> bool {
    list.split_whitespace().any(|known| known == name)
}

/// The parts of the format `text`.
///
/// # Errors
/// What HAProxy would refuse.
pub(super) fn format(text: &str) -> Result<Vec<Part>, SampleError> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            plain.push('%');
            rest = after;
            continue;
        }
        // `%{+Q}` only changes how the value is written.
        let modified = rest.starts_with('{');
        if let Some(inside) = rest.strip_prefix('{') {
            let Some((_, after)) = inside.split_once('}') else {
                return Err("`%{` is not closed by `}`".to_owned().into());
            };
            rest = after;
        }
        let part = if let Some(inside) = rest.strip_prefix('[') {
            let end =
                closing(inside).ok_or_else(|| format!("`%[{inside}` is not closed by `]`"))?;
            let expression = &inside[..end];
            rest = &inside[end + 1..];
            Part::Sample(sample(&[expression], false)?)
        } else {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
            let name = &rest[..end.unwrap_or(rest.len())];
            let digit = !modified && name.starts_with(|c: char| c.is_ascii_digit());
            let strange = rest.starts_with(|c: char| !c.is_whitespace());
            if name.is_empty() && strange && !modified {
                // A `%` before any other sign is not written.
                continue;
            }
            if name.is_empty() || digit {
                let message = format!("`%{rest}` is no part of a format; a plain `%` is `%%`");
                return Err(message.into());
            }
            if !has(VARIABLES, name) && !has(HTTP, name) {
                let message = format!("there is no format variable `%{name}`; a plain `%` is `%%`");
                return Err(message.into());
            }
            rest = &rest[name.len()..];
            Part::Variable(name.to_owned())
        };
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        parts.push(part);
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(parts)
}

/// Where the `]` stands that closes an expression; those inside `(...)` or quotes do not.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0_u32, None, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' | '\'' if quote.is_none() => quote = Some(c),
            _ if quote == Some(c) => quote = None,
            _ if quote.is_some() => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ']' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

/// The parts of the format `text`, which is filled in at `stage`, in a section in `mode http` or
/// another.
///
/// # Errors
/// What HAProxy would refuse.
pub(super) fn read(text: &str, stage: Stage, http: bool) -> Result<Vec<Part>, SampleError> {
    let parts = format(text)?;
    judge(&parts, stage)?;
    if !http {
        judge_tcp(&parts)?;
    }
    Ok(parts)
}

/// Whether everything in `parts` is there at `stage`.
///
/// # Errors
/// The first that is not.
pub(super) fn judge(parts: &[Part], stage: Stage) -> Result<(), SampleError> {
    parts.iter().try_for_each(|part| match part {
        Part::Sample(sample) => stage::judge(sample, stage),
        _ => Ok(()),
    })
}

/// That `parts` have no variable that only `mode http` has.
///
/// # Errors
/// The first that is one.
pub(super) fn judge_tcp(parts: &[Part]) -> Result<(), SampleError> {
    let mut variables = parts.iter().filter_map(|part| match part {
        Part::Variable(name) => Some(name),
        _ => None,
    });
    match variables.find(|name| has(HTTP, name)) {
        Some(name) => Err(format!("`%{name}` only exists in `mode http`").into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_parts() {
        let parts = format("/x%[path]?a=%%%{+Q}[hdr(host)]%ci").expect("accepted");
        assert_eq!(parts.len(), 5);
        for fine in ["%-ci", "%_", "%ci]", "%[src]]", "%{Q}ci", "%ci_b", "%{}o"] {
            assert!(format(fine).is_ok(), "{fine}");
        }
        for refused in [
            "%[nosuch]",
            "%[src",
            "%zz",
            "%cix",
            "%{+Q[src]",
            "%{+Q}",
            "%{+Q}-ci",
            "%{+Q}%ci",
            "a%",
            "% ",
            "%2b",
            "%cc",
            "%[]",
            "%[src ]",
        ] {
            assert!(format(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn formats_have_their_places() {
        let judged = |text: &str, stage| judge(&format(text).expect(text), stage).is_ok();
        assert!(judged("%ci %HU %[src] %[status]", Stage::LOG));
        assert!(!judged("%ci %[path]", Stage::LOG));
        let tcp = |text: &str| judge_tcp(&format(text).expect(text)).is_ok();
        assert!(tcp("%ci %ST %[path]"));
        assert!(!tcp("%ci %HM"));
    }
}
