//! The virtual wall clock of a run, as logs and samples write it. Time zone: UTC.

use balance::{Config, Moment};
use chrono::{DateTime, Utc};

/// Turns moments of a run into dates: the run began at the epoch of the proxy's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wall {
    epoch: u64,
}

impl Wall {
    /// The clock of a run with these settings.
    pub fn of(config: &Config) -> Self {
        Self {
            epoch: config.epoch,
        }
    }

    /// Milliseconds since 1970.
    pub fn millis(self, at: Moment) -> u64 {
        self.epoch * 1000 + at.as_millis()
    }

    /// `02/Mar/2026:10:00:03.400`, as HAProxy's log has it.
    pub fn log(self, at: Moment) -> String {
        self.date(at).format("%d/%b/%Y:%H:%M:%S%.3f").to_string()
    }

    /// `Mar  2 10:00:03`, as syslog has it.
    pub fn syslog(self, at: Moment) -> String {
        self.date(at).format("%b %e %H:%M:%S").to_string()
    }

    fn date(self, at: Moment) -> DateTime<Utc> {
        // Out of range only hundreds of millions of years from now.
        DateTime::from_timestamp_millis(self.millis(at) as i64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_others_write_them() {
        let config = Config {
            epoch: 1_772_445_600,
            ..Config::default()
        };
        let (wall, at) = (Wall::of(&config), Moment::from_millis(3_400));
        assert_eq!(wall.millis(at), 1_772_445_603_400);
        assert_eq!(wall.log(at), "02/Mar/2026:10:00:03.400");
        assert_eq!(wall.syslog(at), "Mar  2 10:00:03");
    }
}
