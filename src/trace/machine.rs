//! The state machines of a server as graphs, built from the core's own tables, so that
//! pictures and laws speak of the same thing as the code.

use balance::event::{Cause, CheckResult, Status};
use balance::server::transition::{Operational, TRANSITIONS, Trigger};
use petgraph::graph::DiGraph;

use super::Place;

/// Operational states and what leads from one to another (spec: server states, 5).
pub fn operational() -> DiGraph<Operational, Trigger> {
    let mut graph = DiGraph::new();
    let nodes = Operational::ALL.map(|state| (state, graph.add_node(state)));
    let named = |wanted| nodes.iter().filter(move |(state, _)| *state == wanted);
    for &(from, trigger, to) in TRANSITIONS {
        for ((_, from), (_, to)) in named(from).zip(named(to)) {
            graph.add_edge(*from, *to, trigger);
        }
    }
    graph
}

/// The statuses that health checks alone lead through, for these thresholds: an edge is the
/// outcome of one check, `true` if it passed (spec: server states, 3).
pub fn health(rise: u32, fall: u32) -> DiGraph<Status, bool> {
    let mut graph = DiGraph::new();
    let best = rise + fall - 1;
    let nodes: Vec<_> = (0..=best)
        .map(|health| graph.add_node(status(health, rise, fall)))
        .collect();
    let index = |health: u32| nodes[health as usize];
    for health in 0..=best {
        // A success on the way up counts one; from `rise` on it restores everything.
        let better = match health + 1 {
            more if more >= rise => best,
            more => more,
        };
        // A failure counts one; below `rise` nothing is left.
        let worse = match health.saturating_sub(1) {
            less if less < rise => 0,
            less => less,
        };
        graph.add_edge(index(health), index(better), true);
        graph.add_edge(index(health), index(worse), false);
    }
    graph
}

/// The status of a server with this health counter that is neither drained nor in
/// maintenance (spec: server states, 4).
fn status(health: u32, rise: u32, fall: u32) -> Status {
    match health {
        0 => Status::Down,
        coming if coming < rise => Status::DownGoingUp(coming, rise),
        _ if health == rise + fall - 1 => Status::Up,
        going => Status::UpGoingDown(going - rise + 1, fall),
    }
}

/// Whether a server in `from` may come to `to` for this reason, by the core's table.
pub fn may_move(from: Place, to: Place, cause: Cause) -> bool {
    if Operational::ALL
        .iter()
        .all(|state| stands_for(from, *state) == stands_for(to, *state))
    {
        // The same operational states: only the administrator's flags differ.
        return matches!(cause, Cause::Cli | Cause::Tracked(_));
    }
    TRANSITIONS.iter().any(|&(before, trigger, after)| {
        stands_for(from, before)
            && stands_for(to, after)
            && fits(trigger, cause)
            && (to == Place::Maint) == (trigger == Trigger::EnterMaintenance)
            && (from == Place::Maint) == leaves_maintenance(trigger)
    })
}

/// Whether a server that reads `place` may be in `state`.
fn stands_for(place: Place, state: Operational) -> bool {
    match place {
        Place::Up | Place::Drain => matches!(state, Operational::Running | Operational::Starting),
        Place::NoLb => state == Operational::Stopping,
        Place::Down | Place::Maint => state == Operational::Stopped,
    }
}

fn leaves_maintenance(trigger: Trigger) -> bool {
    matches!(
        trigger,
        Trigger::LeaveMaintenance
            | Trigger::LeaveMaintenanceSlowly
            | Trigger::LeaveMaintenanceStopping
    )
}

fn fits(trigger: Trigger, cause: Cause) -> bool {
    match (trigger, cause) {
        (Trigger::WarmedUp, _) => cause == Cause::WarmedUp,
        (Trigger::HealthDown, Cause::Check(CheckResult { code, .. })) => !code.passed(),
        (
            Trigger::HealthUp | Trigger::HealthUpSlowly | Trigger::HealthStopping,
            Cause::Check(CheckResult { code, .. }),
        ) => code.passed(),
        // Neither a check nor the clock begins or ends a maintenance.
        (_, Cause::Check(_) | Cause::WarmedUp) => false,
        (_, Cause::Cli | Cause::Tracked(_)) => true,
    }
}

#[cfg(test)]
mod tests {
    use balance::event::CheckCode;
    use balance::{ServerId, Span};
    use petgraph::algo::kosaraju_scc;
    use petgraph::visit::EdgeRef;

    use super::*;

    fn check(code: CheckCode) -> Cause {
        Cause::Check(CheckResult {
            code,
            status: None,
            duration: Span::ZERO,
        })
    }

    #[test]
    fn no_state_is_a_trap_or_out_of_reach() {
        assert_eq!(kosaraju_scc(&operational()).len(), 1);
        for (rise, fall) in [(2, 3), (1, 1), (3, 1), (1, 5)] {
            // `UP a/f` after a start is left for good by the first outcome when a is 1 of 1.
            let graph = health(rise, fall);
            assert_eq!(kosaraju_scc(&graph).len(), 1, "rise {rise}, fall {fall}");
        }
    }

    /// The sequence of the specification: rise 2, fall 3.
    #[test]
    fn health_walks_as_specified() {
        let graph = health(2, 3);
        let mut at = graph
            .node_indices()
            .find(|node| graph[*node] == Status::UpGoingDown(1, 3))
            .expect("the start");
        let mut read = Vec::new();
        for passed in [
            true, false, false, false, true, false, true, true, false, true,
        ] {
            at = graph
                .edges(at)
                .find(|edge| *edge.weight() == passed)
                .expect("every status has both outcomes")
                .target();
            read.push(graph[at].to_string());
        }
        assert_eq!(
            read,
            [
                "UP", "UP 2/3", "UP 1/3", "DOWN", "DOWN 1/2", "DOWN", "DOWN 1/2", "UP", "UP 2/3",
                "UP"
            ]
        );
    }

    #[test]
    fn moves_need_a_fitting_cause() {
        let failed = check(CheckCode::L7Timeout);
        let passed = check(CheckCode::L7Ok);
        let tracked = Cause::Tracked(ServerId::default());
        let rows = [
            (Place::Up, Place::Down, failed, true),
            (Place::Up, Place::Down, passed, false),
            (Place::Down, Place::Up, passed, true),
            (Place::Down, Place::Up, failed, false),
            (
                Place::Up,
                Place::NoLb,
                check(CheckCode::L7OkConditional),
                true,
            ),
            (Place::Up, Place::Drain, Cause::Cli, true),
            (Place::Up, Place::Drain, failed, false),
            (Place::Drain, Place::Down, failed, true),
            (Place::Up, Place::Maint, Cause::Cli, true),
            (Place::Up, Place::Maint, tracked, true),
            (Place::Up, Place::Maint, failed, false),
            (Place::Maint, Place::Up, Cause::Cli, true),
            (Place::Maint, Place::Up, passed, false),
            (Place::Down, Place::Maint, Cause::Cli, true),
            (Place::Maint, Place::Down, tracked, true),
            (Place::Down, Place::Up, Cause::WarmedUp, false),
        ];
        for (from, to, cause, legal) in rows {
            assert_eq!(
                may_move(from, to, cause),
                legal,
                "{from} -> {to} by {cause:?}"
            );
        }
    }
}
