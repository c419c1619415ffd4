//! Known differences from HAProxy, each with its reason.
//!
//! Everything else that differs is a fault of ours.

/// Something that we knowingly do not do as HAProxy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// What differs.
    pub what: &'static str,
    /// Why, and what it means for a user.
    pub why: &'static str,
}

/// All of them.
pub const KNOWN: &[Known] = &[
    Known {
        what: "Ties of `leastconn` in 3.4, and every draw of `random` in 2.2 and 3.4",
        why: "HAProxy draws them from a generator that it seeds anew in each process, so no two \
              recordings need be the same. We draw from the seed of the run. Where such a \
              recording does not happen to agree pick for pick it is judged by its shares.",
    },
    Known {
        what: "The order in which refused connections are heard of, in storms",
        why: "When several connections are refused in one turn, HAProxy hears of them in the \
              order in which the kernel reports their descriptors. We take the order of the \
              attempts. The two differ only if HAProxy reuses a lower descriptor that another \
              connection freed in the same turn, such as a command's on the administration \
              socket; and pauses before a retry that end within a millisecond of each other \
              may end in either order. Recordings of such programs do not repeat themselves. For the \
              same reason the connection counts that the log gives refused requests of one turn \
              are compared as a set.",
    },
    Known {
        what: "`abort`",
        why: "No recording holds one: up to 3.2 HAProxy does not notice an abort while the \
              request waits, unless `option abortonclose` is set.",
    },
    Known {
        what: "The reply to an unknown command, and to `help`, in 2.6 and 3.4",
        why: "HAProxy lists the commands nearest to what was typed, among all that its build \
              knows. We list those of ours that begin in the same way. The list of 2.2, which \
              recordings show, is HAProxy's.",
    },
    Known {
        what: "`add server` with an unknown word, or with options other than `weight`, `id`, \
               `maxconn`, `minconn`, `maxqueue`, `backup` and `disabled`",
        why: "HAProxy suggests the option nearest to the unknown word; we only name the word. \
              The other options have no meaning for a server that is only balanced to.",
    },
    Known {
        what: "Where a clashing `id` was used before",
        why: "HAProxy names the line of its configuration file for a configured server, and \
              `(null):0` for one added at run time. We have no such file and always write the \
              latter.",
    },
];
