//! The dates that a persistence cookie carries for `maxidle` and `maxlife`
//! (spec: cookies, 4.3).

use alloc::string::String;
use core::num::NonZeroU32;

use crate::time::Span;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// How far in the future a date may lie, in seconds: clients' clocks are not asked, but
/// those of several balancers may differ.
const TOLERANCE: i64 = 86_400;

/// A moment in steps of four seconds since 1970; never the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date(NonZeroU32);

impl Date {
    /// How many characters it has in a cookie.
    const LENGTH: usize = 5;

    /// The date that is written at `now`, in seconds since 1970: rounded up.
    pub(crate) fn at(now: u64) -> Option<Self> {
        let steps = (now + 3) >> 2;
        NonZeroU32::new((steps & 0x3fff_ffff) as u32).map(Self)
    }

    /// The date at the beginning of `text`, if there is a valid one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let digits = text.as_bytes().get(..Self::LENGTH)?;
        let steps = digits.iter().try_fold(0, |steps: u32, digit| {
            let value = DIGITS.iter().position(|known| known == digit)?;
            Some(steps << 6 | value as u32)
        })?;
        NonZeroU32::new(steps).map(Self)
    }

    /// Appends its five characters to `text`.
    pub(crate) fn write(self, text: &mut String) {
        for index in (0..Self::LENGTH).rev() {
            let digit = (self.0.get() >> (6 * index)) & 63;
            text.push(char::from(DIGITS[digit as usize]));
        }
    }

    /// Seconds since 1970. As in HAProxy they are a signed number of 32 bits: what lies
    /// beyond 2038 counts as before 1970.
    fn seconds(self) -> i64 {
        i64::from((self.0.get() << 2).cast_signed())
    }

    /// Whether it lies before `now`.
    pub(crate) fn is_before(self, now: u64) -> bool {
        self.seconds() < now as i64
    }

    /// Whether at `now` it lies further back than `limit`, or too far in the future.
    pub(crate) fn is_out_of_date(self, now: u64, limit: Span) -> bool {
        let age = now as i64 - self.seconds();
        age > limit.as_secs_ceil() as i64 || age < -TOLERANCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read_as_haproxy_does() {
        let date = Date::read("awMJu").expect("valid");
        assert_eq!(date.seconds(), 1_795_361_208);
        for now in 1_795_361_205..=1_795_361_208 {
            assert_eq!(Date::at(now), Some(date), "{now}");
        }
        let mut text = String::from("s1|");
        date.write(&mut text);
        assert_eq!(text, "s1|awMJu");
    }

    #[test]
    fn five_digits_or_nothing() {
        for text in ["", "awMJ", "awM-u", "AAAAA", "awMJé"] {
            assert_eq!(Date::read(text), None, "{text}");
        }
        assert_eq!(Date::read("awMJuXYZ"), Date::read("awMJu"));
        assert_eq!(Date::read("AAAAB").map(Date::seconds), Some(4));
        assert_eq!(Date::read("f////").map(Date::seconds), Some(0x7fff_fffc));
        assert_eq!(Date::read("gAAAA").map(Date::seconds), Some(-0x8000_0000));
    }

    #[test]
    fn limits_are_strict_and_the_future_is_a_day() {
        let date = Date::read("awMJu").expect("valid");
        let at = date.seconds().cast_unsigned();
        let limit = Span::from_secs(60);
        assert!(!date.is_out_of_date(at + 60, limit));
        assert!(date.is_out_of_date(at + 61, limit));
        assert!(!date.is_out_of_date(at - 86_400, limit));
        assert!(date.is_out_of_date(at - 86_401, limit));
    }
}
