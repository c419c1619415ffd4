//! The arguments of `retry-on`.

use super::{ConfigWordError, Words};
use crate::config::RetryOn;

impl RetryOn {
    /// The arguments of `retry-on`: `["conn-failure", "503"]`. All statuses that some
    /// version knows are accepted.
    ///
    /// # Errors
    /// The first word that HAProxy would refuse; `none` beside others.
    pub fn parse(words: &[&str]) -> Result<Self, ConfigWordError> {
        const ACCEPTED: &[&str] = &[
            "none",
            "conn-failure",
            "empty-response",
            "junk-response",
            "response-timeout",
            "0rtt-rejected",
            "all-retryable-errors",
            "401",
            "403",
            "404",
            "408",
            "421",
            "425",
            "429",
            "500",
            "501",
            "502",
            "503",
            "504",
        ];
        let alone = words.len() == 1;
        let mut words = Words::new("retry-on", words);
        let mut on = Self {
            conn_failure: false,
            ..Self::default()
        };
        let mut next = Some(words.need("at least one kind of failure")?);
        while let Some(word) = next {
            match word {
                "none" if alone => {}
                "none" => return Err(words.clash(word, "together with other words")),
                "conn-failure" => on.conn_failure = true,
                "empty-response" => on.empty_response = true,
                "junk-response" => on.junk_response = true,
                "response-timeout" => on.response_timeout = true,
                // Early data exists with TLS only.
                "0rtt-rejected" => {}
                "all-retryable-errors" => {
                    on.conn_failure = true;
                    on.empty_response = true;
                    on.junk_response = true;
                    on.response_timeout = true;
                    on.statuses.extend([500, 502, 503, 504]);
                }
                status => match status.parse() {
                    Ok(status) if ACCEPTED.contains(&word) => on.statuses.push(status),
                    _ => return Err(words.unknown(word, ACCEPTED)),
                },
            }
            next = words.next();
        }
        on.statuses.sort_unstable();
        on.statuses.dedup();
        Ok(on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tests::{complaint, split};

    #[test]
    fn retry_on_lines_become_settings() {
        let on = RetryOn::parse(&split("503 empty-response 404 503")).expect("accepted");
        assert!(!on.conn_failure && on.empty_response && !on.junk_response);
        assert_eq!(on.statuses, [404, 503]);
        let all = RetryOn::parse(&["all-retryable-errors"]).expect("accepted");
        assert!(all.conn_failure && all.junk_response && all.response_timeout);
        assert_eq!(all.statuses, [500, 502, 503, 504]);
        let none = RetryOn::parse(&["none"]).expect("accepted");
        assert!(!none.conn_failure && none.statuses.is_empty());
        for (line, index) in [("", 0), ("400", 0), ("none 503", 0), ("503 none", 1)] {
            let (at, _) = complaint(RetryOn::parse, line).expect(line);
            assert_eq!(at, index, "{line}");
        }
    }
}
