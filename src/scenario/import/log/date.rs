//! Dates of logs as milliseconds since 1970.

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads `23/Nov/2026:03:55:23`, `23/Nov/2026:03:55:23.605`, `23/Nov/2026:03:55:23 +0100`.
pub(super) fn read(text: &str) -> Option<i64> {
    let (stamp, zone) = match text.split_once(' ') {
        Some((stamp, zone)) => (stamp, offset(zone)?),
        None => (text, 0),
    };
    let mut parts = stamp.split(['/', ':']);
    let day: i64 = number(parts.next()?, 31)?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as i64 + 1;
    let year: i64 = number(parts.next()?, 9999)?;
    let hour = number(parts.next()?, 23)?;
    let minute = number(parts.next()?, 59)?;
    let second = parts.next()?;
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    let second = number(second, 60)?;
    let millis: i64 = match fraction.len() {
        1..=3 => number(fraction, 999)? * [100, 10, 1][fraction.len() - 1],
        _ => return None,
    };
    if parts.next().is_some() || day == 0 {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - zone;
    Some(seconds * 1000 + millis)
}

fn number(text: &str, most: i64) -> Option<i64> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|&value| digits && value <= most)
}

/// Seconds east of Greenwich: `+0130`.
fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let value = number(digits, 1400)?;
    Some(sign * (value / 100 * 3600 + value % 100 * 60))
}

/// Days since 1970 of a day of the Gregorian calendar. Years begin in March, so that the odd
/// day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read() {
        for (text, millis) in [
            ("01/Jan/1970:00:00:00", Some(0)),
            ("01/Jan/1970:00:00:00.5", Some(500)),
            ("29/Feb/2024:12:00:00.007", Some(1_709_208_000_007)),
            ("23/Nov/2026:03:55:23.605", Some(1_795_406_123_605)),
            ("23/Nov/2026:03:55:23 +0000", Some(1_795_406_123_000)),
            ("23/Nov/2026:04:55:23 +0100", Some(1_795_406_123_000)),
            ("23/Nov/2026:03:55", None),
            ("23/Nox/2026:03:55:23", None),
            ("32/Nov/2026:03:55:23", None),
            ("23/Nov/2026:03:55:23:1", None),
            ("::1", None),
        ] {
            assert_eq!(read(text), millis, "{text}");
        }
    }
}
