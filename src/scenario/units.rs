//! How durations and varying durations are written and read.

use balance::Span;

use crate::plan::Sampled;

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadDuration {
    /// What is wrong, as a fragment.
    pub why: &'static str,
    /// Which bytes of the text.
    pub at: (usize, usize),
    /// What was probably meant.
    pub help: Option<String>,
}

/// The units, longest first, so that `ms` is not read as minutes.
const UNITS: [(&str, u64); 9] = [
    ("min", 60_000_000_000),
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// What [`duration`] accepts, for messages.
pub const ACCEPTED: &str =
    "numbers with units (ns, us, ms, s, m, h, d): \"250ms\", \"2.5s\", \"1m 30s\"";

/// Reads `250ms`, `2.5s`, `1m 30s`.
///
/// # Errors
/// When there is no number, no unit, a comma, a sign, or more than 500 years.
pub fn duration(text: &str) -> Result<Span, BadDuration> {
    let mut total: u64 = 0;
    let mut at = skip_spaces(text, 0);
    if at == text.len() {
        return Err(bad("it is empty", (0, text.len()), None));
    }
    while at < text.len() {
        let (nanos, next) = part(text, at)?;
        total = total
            .checked_add(nanos)
            .filter(|&total| i64::try_from(total).is_ok())
            .ok_or_else(|| bad("it is longer than 292 years", (0, text.len()), None))?;
        at = skip_spaces(text, next);
    }
    Ok(Span::from_nanos(total))
}

/// Reads a duration that may be negative: nanoseconds.
///
/// # Errors
/// As [`duration`].
pub fn offset(text: &str) -> Result<i64, BadDuration> {
    let trimmed = text.trim_start();
    let lead = text.len() - trimmed.len();
    let (sign, size) = match trimmed.as_bytes().first() {
        Some(b'-') => (-1, &trimmed[1..]),
        Some(b'+') => (1, &trimmed[1..]),
        _ => (1, trimmed),
    };
    let skipped = lead + trimmed.len() - size.len();
    let span = duration(size).map_err(|mut error| {
        error.at = (error.at.0 + skipped, error.at.1 + skipped);
        error
    })?;
    Ok(sign * span.as_nanos() as i64)
}

/// One number with its unit, from byte `at`; also says where it ends.
fn part(text: &str, at: usize) -> Result<(u64, usize), BadDuration> {
    let rest = &text[at..];
    if rest.starts_with('-') {
        return Err(bad(
            "a length of time cannot be negative",
            (at, at + 1),
            None,
        ));
    }
    let number_len = rest
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','))
        .unwrap_or(rest.len());
    let number = &rest[..number_len];
    let unit_at = skip_spaces(text, at + number_len);
    let unit_len = text[unit_at..]
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(text.len() - unit_at);
    let unit = &text[unit_at..unit_at + unit_len];
    let whole = (at, unit_at + unit_len);
    if number.is_empty() {
        let end = rest.find(' ').map_or(text.len(), |space| at + space);
        return Err(bad("a number is needed first", (at, end), None));
    }
    if number.contains(',') {
        let point = number.replace(',', ".");
        let unit = if unit.is_empty() { "s" } else { unit };
        let help = comma_help(&point, unit);
        return Err(bad("decimal comma", (at, at + number_len), Some(help)));
    }
    if unit.is_empty() {
        let help = format!("write \"{number}ms\" or \"{number}s\"");
        return Err(bad("it has no unit", whole, Some(help)));
    }
    let Some(&(_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        let lower = unit.to_lowercase();
        let meant = match lower.as_str() {
            "sec" | "secs" | "second" | "seconds" | "seconde" | "secondes" => Some("s"),
            "msec" | "msecs" | "millis" | "milliseconds" => Some("ms"),
            "mins" | "minute" | "minutes" => Some("m"),
            "hour" | "hours" | "heure" | "heures" | "hr" => Some("h"),
            "day" | "days" | "jour" | "jours" | "j" => Some("d"),
            "μs" => Some("us"),
            lower => UNITS
                .iter()
                .map(|(name, _)| *name)
                .find(|name| *name == lower),
        };
        let help = meant.map(|unit| format!("write \"{number}{unit}\""));
        return Err(bad(
            "there is no such unit",
            (unit_at, unit_at + unit_len),
            help,
        ));
    };
    match scaled(number, scale) {
        Some(nanos) => Ok((nanos, whole.1)),
        None => Err(bad(
            "the number is not readable",
            (at, at + number_len),
            None,
        )),
    }
}

/// The help for a decimal comma: in the unit written, and in milliseconds where that is whole.
fn comma_help(point: &str, unit: &str) -> String {
    let millis = UNITS
        .iter()
        .find(|(name, _)| *name == unit && unit != "ms")
        .and_then(|&(_, scale)| scaled(point, scale))
        .filter(|nanos| nanos % 1_000_000 == 0)
        .map(|nanos| nanos / 1_000_000);
    match millis {
        Some(millis) => format!("write \"{point}{unit}\" or \"{millis}ms\""),
        None => format!("write \"{point}{unit}\""),
    }
}

/// `number` (digits, perhaps with a point) times `scale`, exactly, rounded down to
/// whole nanoseconds.
fn scaled(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || fraction.len() > 18 {
        return None;
    }
    // Too many digits are too long a time, which the caller says.
    let whole: u64 = match whole {
        "" => 0,
        digits => digits.parse().unwrap_or(u64::MAX),
    };
    let part: u128 = if fraction.is_empty() {
        0
    } else {
        fraction.parse::<u128>().ok()? * u128::from(scale) / 10u128.pow(fraction.len() as u32)
    };
    Some(whole.saturating_mul(scale).saturating_add(part as u64))
}

fn skip_spaces(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    at + rest.len() - rest.trim_start().len()
}

fn bad(why: &'static str, at: (usize, usize), help: Option<String>) -> BadDuration {
    BadDuration { why, at, help }
}

/// Writes a duration as [`duration`] reads it, exactly: `250ms`, `2.5s`, `100us`.
pub fn write(span: Span) -> String {
    let nanos = span.as_nanos();
    let (unit, scale) = match nanos {
        0 => return "0ms".to_owned(),
        1_000_000_000.. => ("s", 1_000_000_000),
        1_000_000.. => ("ms", 1_000_000),
        1_000.. => ("us", 1_000),
        _ => ("ns", 1),
    };
    let (whole, rest) = (nanos / scale, nanos % scale);
    if rest == 0 {
        return format!("{whole}{unit}");
    }
    let digits = scale.ilog10() as usize;
    let fraction = format!("{rest:0digits$}");
    format!("{whole}.{}{unit}", fraction.trim_end_matches('0'))
}

/// What [`sampled`] accepts, for messages.
pub const SAMPLED: &str = "a duration \"4ms\", or \"uniform 3ms 5ms\", \"exponential 4ms\", \
     \"normal 4ms 1ms\" (mean and deviation), \"any 3ms 4ms 9ms\" (one of these)";

/// The words that begin a varying duration.
pub(crate) const SHAPES: [&str; 4] = ["uniform", "exponential", "normal", "any"];

/// Why a text is no varying duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadSampled {
    /// One of its durations is wrong.
    Duration(BadDuration),
    /// Its first word is none of the shapes.
    Shape(usize, usize),
    /// The wrong number of durations follows the word.
    Count(&'static str),
    /// `uniform` from more to less.
    Order,
}

/// Reads a duration that may vary: `4ms`, `uniform 3ms 5ms`, ...
///
/// # Errors
/// See [`BadSampled`].
pub fn sampled(text: &str) -> Result<Sampled, BadSampled> {
    let start = skip_spaces(text, 0);
    let word_len = text[start..]
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(text.len() - start);
    let word = &text[start..start + word_len];
    if word.is_empty() {
        return duration(text)
            .map(Sampled::Constant)
            .map_err(BadSampled::Duration);
    }
    if !SHAPES.contains(&word) {
        return Err(BadSampled::Shape(start, start + word_len));
    }
    let mut spans = Vec::new();
    let mut at = start + word_len;
    loop {
        at = skip_spaces(text, at);
        if at == text.len() {
            break;
        }
        let (nanos, next) = part(text, at).map_err(BadSampled::Duration)?;
        spans.push(Span::from_nanos(nanos));
        at = next;
    }
    match (word, spans.as_slice()) {
        ("uniform", &[low, high]) if low <= high => Ok(Sampled::Uniform(low, high)),
        ("uniform", [_, _]) => Err(BadSampled::Order),
        ("uniform", _) => Err(BadSampled::Count("`uniform` needs two durations")),
        ("exponential", &[mean]) => Ok(Sampled::Exponential(mean)),
        ("exponential", _) => Err(BadSampled::Count("`exponential` needs one duration")),
        ("normal", &[mean, deviation]) => Ok(Sampled::Normal(mean, deviation)),
        ("normal", _) => Err(BadSampled::Count("`normal` needs a mean and a deviation")),
        (_, []) => Err(BadSampled::Count("`any` needs at least one duration")),
        (_, _) => Ok(Sampled::Empirical(spans)),
    }
}

/// Writes a varying duration as [`sampled`] reads it.
pub fn write_sampled(sampled: &Sampled) -> String {
    match sampled {
        Sampled::Constant(span) => write(*span),
        Sampled::Uniform(low, high) => format!("uniform {} {}", write(*low), write(*high)),
        Sampled::Exponential(mean) => format!("exponential {}", write(*mean)),
        Sampled::Normal(mean, deviation) => {
            format!("normal {} {}", write(*mean), write(*deviation))
        }
        Sampled::Empirical(spans) => {
            let spans: Vec<String> = spans.iter().copied().map(write).collect();
            format!("any {}", spans.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, nanos) in [
            ("250ms", 250_000_000),
            ("2.5s", 2_500_000_000),
            ("1m 30s", 90_000_000_000),
            ("1s500ms", 1_500_000_000),
            (" 250 ms ", 250_000_000),
            ("0s", 0),
            (".5ms", 500_000),
            ("0.1ms", 100_000),
            ("3.4ms", 3_400_000),
            ("17ns", 17),
            ("2d", 172_800_000_000_000),
            ("1min", 60_000_000_000),
        ] {
            assert_eq!(duration(text), Ok(Span::from_nanos(nanos)), "{text}");
        }
        assert_eq!(offset("-3s"), Ok(-3_000_000_000));
        assert_eq!(offset("+1.5s"), Ok(1_500_000_000));
    }

    #[test]
    fn what_is_no_duration() {
        for (text, why, help) in [
            (
                "2,5s",
                "decimal comma",
                Some("write \"2.5s\" or \"2500ms\""),
            ),
            ("0,25ms", "decimal comma", Some("write \"0.25ms\"")),
            ("250", "it has no unit", Some("write \"250ms\" or \"250s\"")),
            ("10 sec", "there is no such unit", Some("write \"10s\"")),
            ("10S", "there is no such unit", Some("write \"10s\"")),
            ("10 parsec", "there is no such unit", None),
            ("fast", "a number is needed first", None),
            ("-1s", "a length of time cannot be negative", None),
            ("1.2.3s", "the number is not readable", None),
            ("", "it is empty", None),
            ("999999999d", "it is longer than 292 years", None),
        ] {
            let error = duration(text).expect_err(text);
            assert_eq!((error.why, error.help.as_deref()), (why, help), "{text}");
        }
    }

    #[test]
    fn varying_durations_are_read_as_they_are_written() {
        let ms = Span::from_millis;
        for (text, sampled_as) in [
            ("4ms", Sampled::Constant(ms(4))),
            ("uniform 3ms 5ms", Sampled::Uniform(ms(3), ms(5))),
            ("exponential 4ms", Sampled::Exponential(ms(4))),
            ("normal 4ms 1ms", Sampled::Normal(ms(4), ms(1))),
            ("any 3ms 9ms", Sampled::Empirical(vec![ms(3), ms(9)])),
        ] {
            assert_eq!(sampled(text), Ok(sampled_as.clone()));
            assert_eq!(write_sampled(&sampled_as), text);
        }
        assert_eq!(sampled("unifrom 3ms 5ms"), Err(BadSampled::Shape(0, 7)));
        assert_eq!(sampled("uniform 5ms 3ms"), Err(BadSampled::Order));
        assert!(matches!(sampled("normal 5ms"), Err(BadSampled::Count(_))));
    }
}
