//! The commands whose reply is a table, and the columns of it that are recorded.

use serde_json::{Map, Value};

/// A listing command of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// `show stat`, short for `show stat be 6 -1`: servers and backend, the backend last.
    Stat,
    /// `show servers state be`
    ServersState,
}

/// The columns of `show stat` that mean something on every machine.
const STAT: [&str; 19] = [
    "svname", "qcur", "qmax", "scur", "smax", "slim", "stot", "econ", "wretr", "wredis", "status",
    "weight", "act", "bck", "chkdown", "lbtot", "hrsp_2xx", "hrsp_5xx", "cli_abrt",
];

/// The columns of `show servers state` that mean something on every machine.
const SERVERS_STATE: [&str; 6] = [
    "srv_id",
    "srv_name",
    "srv_op_state",
    "srv_admin_state",
    "srv_uweight",
    "srv_iweight",
];

/// The listing that `command` of a recording asks for, if it is one.
pub fn of(command: &str) -> Option<Listing> {
    match command {
        "show stat" | "show stat be 6 -1" => Some(Listing::Stat),
        "show servers state be" | "show servers state" => Some(Listing::ServersState),
        _ => None,
    }
}

impl Listing {
    /// The command to type.
    pub fn command(self) -> &'static str {
        match self {
            Self::Stat => "show stat be 6 -1",
            Self::ServersState => "show servers state be",
        }
    }

    /// The recorded columns of `reply`, empty ones left out; nothing if it is no table.
    pub fn rows(self, reply: &str) -> Option<Vec<Map<String, Value>>> {
        let (columns, separator): (&[&str], char) = match self {
            Self::Stat => (&STAT, ','),
            Self::ServersState => (&SERVERS_STATE, ' '),
        };
        let mut lines = reply.lines().skip_while(|line| !line.starts_with("# "));
        let header: Vec<&str> = lines.next()?.strip_prefix("# ")?.split(separator).collect();
        let places: Vec<(&str, Option<usize>)> = columns
            .iter()
            .map(|column| (*column, header.iter().position(|name| name == column)))
            .collect();
        let rows = lines.filter(|line| !line.trim().is_empty()).map(|line| {
            let cells: Vec<&str> = line.split(separator).collect();
            places
                .iter()
                .filter_map(|(column, place)| {
                    let cell = cells.get((*place)?).filter(|cell| !cell.is_empty())?;
                    let number = cell.parse::<i64>().map(Value::from);
                    let value = number.unwrap_or_else(|_| Value::from(*cell));
                    Some(((*column).to_owned(), value))
                })
                .collect()
        });
        Some(rows.collect())
    }
}
