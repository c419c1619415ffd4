//! The operational states of a server and the legal ways between them, as data.
//!
//! The same table serves the code's assertion, the oracle of legality and the pictures.

/// Operational state (spec: server states, 1), with the numbers of `show servers state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operational {
    /// 0: DOWN, or in maintenance.
    Stopped,
    /// 1: up, its weight still growing (slow start).
    Starting,
    /// 2: up.
    Running,
    /// 3: takes nobody new but those bound to it (NOLB).
    Stopping,
}

/// What makes a server change its operational state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trigger {
    /// Enough checks failed, `health down`, or the tracked server stopped.
    HealthDown,
    /// Enough checks passed, `health up`, or the tracked server came up.
    HealthUp,
    /// The same with `slowstart`.
    HealthUpSlowly,
    /// A check answered 404 with `disable-on-404`, or `health stopping`.
    HealthStopping,
    /// Its slow start is over.
    WarmedUp,
    /// Maintenance begins.
    EnterMaintenance,
    /// Maintenance ends.
    LeaveMaintenance,
    /// The same with `slowstart`.
    LeaveMaintenanceSlowly,
    /// Maintenance ends while the tracked server is stopping.
    LeaveMaintenanceStopping,
}

/// Every legal change: from, why, to.
pub const TRANSITIONS: &[(Operational, Trigger, Operational)] = {
    use Operational::{Running, Starting, Stopped, Stopping};
    use Trigger::{
        EnterMaintenance, HealthDown, HealthStopping, HealthUp, HealthUpSlowly, LeaveMaintenance,
        LeaveMaintenanceSlowly, LeaveMaintenanceStopping, WarmedUp,
    };
    &[
        (Starting, HealthDown, Stopped),
        (Running, HealthDown, Stopped),
        (Stopping, HealthDown, Stopped),
        (Stopped, HealthUp, Running),
        (Stopping, HealthUp, Running),
        (Stopped, HealthUpSlowly, Starting),
        (Stopping, HealthUpSlowly, Starting),
        (Stopped, HealthStopping, Stopping),
        (Starting, HealthStopping, Stopping),
        (Running, HealthStopping, Stopping),
        (Starting, WarmedUp, Running),
        (Starting, EnterMaintenance, Stopped),
        (Running, EnterMaintenance, Stopped),
        (Stopping, EnterMaintenance, Stopped),
        (Stopped, LeaveMaintenance, Running),
        (Stopped, LeaveMaintenanceSlowly, Starting),
        (Stopped, LeaveMaintenanceStopping, Stopping),
    ]
};

impl Operational {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Stopped, Self::Starting, Self::Running, Self::Stopping];

    /// The state after `trigger`, or none where the trigger changes nothing.
    pub fn after(self, trigger: Trigger) -> Option<Self> {
        TRANSITIONS
            .iter()
            .find(|(from, why, _)| *from == self && *why == trigger)
            .map(|(_, _, to)| *to)
    }

    /// Whether balancing may use a server in this state.
    pub fn is_up(self) -> bool {
        matches!(self, Self::Running | Self::Starting)
    }

    /// Its number in `show servers state`.
    pub fn number(self) -> u8 {
        match self {
            Self::Stopped => 0,
            Self::Starting => 1,
            Self::Running => 2,
            Self::Stopping => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_but_the_first_is_reached_and_left() {
        for state in Operational::ALL {
            assert!(
                TRANSITIONS
                    .iter()
                    .any(|(from, _, to)| *to == state && from != to),
                "{state:?} is never reached"
            );
            assert!(
                TRANSITIONS
                    .iter()
                    .any(|(from, _, to)| *from == state && from != to),
                "{state:?} is never left"
            );
        }
    }

    #[test]
    fn a_trigger_has_one_outcome_per_state() {
        for (index, (from, why, _)) in TRANSITIONS.iter().enumerate() {
            let again = TRANSITIONS[index + 1..]
                .iter()
                .any(|(f, w, _)| f == from && w == why);
            assert!(!again, "{from:?} on {why:?} is written twice");
        }
    }
}
