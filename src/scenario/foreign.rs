//! Runs without a scenario: a `haproxy.cfg`, perhaps a test plan, and what must be assumed
//! besides.
//!
//! What the files do not say is written down as a scenario, the *sketch*, which is then
//! read like any other. So whatever a scenario can be told, such a run can be told too, and
//! everything assumed has a name by which it can be changed.

mod comments;
mod containers;
mod image;
mod load;
mod nodes;
mod origin;
mod told;

pub use containers::Containers;
pub use image::Image;
pub use origin::write_out;

use crate::plan::{Node, Plan, Sampled};
use crate::scenario::config::{self, Base};
use crate::scenario::diagnostic::{Code, Diagnostic, Severity};
use crate::scenario::import::Directive;
use crate::scenario::import::haproxy_cfg::{Close, Frontend, Imported};
use crate::scenario::import::log::Load;
use crate::scenario::load::{Loaded, Refused};
use crate::scenario::locate::{FileId, Files};
use crate::scenario::logs::{self, Logs};
use crate::scenario::read::{Dialect, read};
use crate::scenario::schema::{self, Cookies, Named, Time};
use crate::scenario::set::Overrides;
use crate::scenario::{check, decode, units, write};

/// The seed of a run that nobody gave one.
const SEED: u64 = 42;
/// How long the lab's application computes for an answer, as measured.
const SERVICE: &str = "uniform 4ms 12ms";
/// One way between any two parties of the lab, as measured.
const WIRE: &str = "0.5ms";
/// How long the proxy has been running when the clients start: the first checks are over.
const WARM_UP: &str = "3.4s";
/// The clients of a run without a test plan.
pub const USERS: &str = "users";

/// What a run is made of when nobody wrote a scenario.
#[derive(Clone, Debug, Default)]
pub struct Pieces {
    /// What the run is called: the name of the folder or of the configuration.
    pub name: String,
    /// The texts that were read.
    pub files: Files,
    /// The configuration of the proxy.
    pub config: Imported,
    /// The clients of a test plan; none: [`users`].
    pub clients: Option<Named<schema::Client>>,
    /// A log that is replayed, instead of clients.
    pub log: Option<FileId>,
    /// The compose file of the folder.
    pub containers: Option<Containers>,
    /// The image that the proxy runs in, if it is known which HAProxy that is.
    pub image: Option<Image>,
    /// What became of each line of the test plan.
    pub planned: Vec<Directive>,
    /// What was wrong or doubtful while the files were read.
    pub notes: Vec<Diagnostic>,
    /// Which files were read for what, and what was assumed while they were read, a sentence
    /// each.
    pub told: Vec<String>,
}

impl Pieces {
    /// Takes out what becomes of each line of everything that was read.
    pub fn take_ledger(&mut self) -> Vec<Directive> {
        let mut ledger = std::mem::take(&mut self.config.ledger);
        ledger.append(&mut self.planned);
        let containers = self.containers.iter();
        // What is told of the containers is told of theirs.
        ledger.extend(containers.flat_map(|one| one.compose.ledger.iter().cloned()));
        ledger
    }
}

/// The load where no test plan is given: ten threads of a hundred requests. `kept`: the proxy
/// keeps their connections.
pub fn users(kept: bool) -> Named<schema::Client> {
    let group = schema::ThreadGroup {
        threads: Some(10),
        loops: Some(100),
        ramp_up: Some(Time("1s".to_owned())),
        cookies: Some(Cookies::Keep),
        keep_alive: (!kept).then_some(false),
        ..schema::ThreadGroup::default()
    };
    let client = schema::Client::ThreadGroup(Box::new(group));
    Named(vec![(USERS.to_owned(), client)])
}

/// Makes a run of `pieces`, with `overrides` on top of what is assumed.
///
/// # Errors
/// Everything that is wrong with the files or the overrides.
pub fn assemble(mut pieces: Pieces, overrides: &Overrides) -> Result<Loaded, Box<Refused>> {
    let ledger = pieces.take_ledger();
    let Pieces {
        name,
        mut files,
        config: mut imported,
        mut clients,
        log,
        containers,
        image,
        mut told,
        mut notes,
        planned: _,
    } = pieces;
    notes.extend(imported.notes.iter().cloned());
    if let Some(containers) = &containers {
        notes.extend(containers.compose.notes.iter().cloned());
        let empty = containers.leave_empty(&mut imported);
        told.extend(containers.told(&imported));
        told.extend(containers.told_empty(&empty));
    }
    told.extend(image.as_ref().map(Image::told));
    let replayed = log.and_then(|file| {
        let load = logs::of_file(file, &files, &mut notes)?;
        Some((files.file(file).name.clone(), load))
    });
    if let Some((file, _)) = &replayed {
        clients = Some(load::client(file));
    }
    let given = clients.is_some();
    if !is_refused(&notes) && imported.addresses.iter().all(Vec::is_empty) {
        notes.push(nobody(&imported));
    }
    let assembled = if is_refused(&notes) {
        None
    } else {
        let load = replayed.as_ref().map(|(_, load)| load);
        let sketch = schema::Scenario {
            profile: image.as_ref().and_then(Image::profile).map(str::to_owned),
            ..sketch(&name, &imported, clients, load, containers.as_ref())
        };
        let base = config::base(imported.clone());
        let logs = load.map_or_else(Logs::default, |load| Logs::only(load::NAME, load.clone()));
        let given = (base, logs);
        read_sketch(&name, &sketch, given, overrides, &mut files, &mut notes)
    };
    notes.sort_by_key(|note| (note.severity(), note.labels[0].place));
    match assembled {
        Some(plan) => {
            told.extend(match &replayed {
                Some((file, load)) => load::told(load, file, &plan, &imported),
                None => told::assumed(&plan, &imported, given),
            });
            Ok(Loaded {
                assumed: told,
                plan,
                warnings: notes,
                ledger,
                files,
            })
        }
        None => Err(Box::new(Refused { notes, files })),
    }
}

fn is_refused(notes: &[Diagnostic]) -> bool {
    notes.iter().any(|n| n.severity() == Severity::Error)
}

/// That nobody answers; a mistake where nobody is even asked.
fn nobody(imported: &Imported) -> Diagnostic {
    let backends = &imported.backends;
    let asked =
        |frontend: &Frontend| Some(backends.get(frontend.default_backend?.0 as usize)?.place);
    let help = "add a `server` line to a `backend` or a `listen` section";
    if let Some(place) = imported.frontends.iter().find_map(asked) {
        let message = "no backend has a server: requests are answered with 503";
        return Diagnostic::new(Code::Lint, message, place).help(help);
    }
    let place = backends.first().map(|backend| backend.place);
    let place = place.or(imported.frontends.first().map(|frontend| frontend.place));
    let message = "there is no server to send requests to";
    Diagnostic::new(Code::Missing, message, place.unwrap_or_default()).help(help)
}

/// Everything that the configuration does not say.
fn sketch(
    name: &str,
    imported: &Imported,
    clients: Option<Named<schema::Client>>,
    log: Option<&Load>,
    containers: Option<&Containers>,
) -> schema::Scenario {
    let time = |text: &str| Some(Time(text.to_owned()));
    let mut nodes = nodes::behind(imported, containers);
    if let Some(log) = log {
        load::teach(log, &mut nodes);
    }
    // The times of a log were taken at the proxy: the way to the nodes is in them.
    let wire = if log.is_some() { "0ms" } else { WIRE };
    schema::Scenario {
        version: Some(check::VERSION),
        title: Some(name.to_owned()),
        seed: Some(SEED),
        warm_up: time(WARM_UP),
        nodes: Some(nodes),
        clients: Some(clients.unwrap_or_else(|| {
            let closes = |frontend: &Frontend| frontend.close == Close::Both;
            users(!imported.frontends.iter().any(closes))
        })),
        wire: Some(schema::Wire {
            client: time(wire),
            node: time(wire),
            ..schema::Wire::default()
        }),
        ..schema::Scenario::default()
    }
}

fn read_sketch(
    name: &str,
    sketch: &schema::Scenario,
    (base, logs): (Base, Logs),
    overrides: &Overrides,
    files: &mut Files,
    notes: &mut Vec<Diagnostic>,
) -> Option<Plan> {
    let text = write::scenario(sketch);
    let file = files.add(format!("{name} (assumed)"), text.as_str());
    let mut root = read(file, &text, Dialect::Ron, notes)?;
    overrides.apply(&mut root, files, notes);
    let scenario = decode::decode(&mut root, notes);
    check::check(name, &scenario, &root, Ok(Some(base)), logs, notes)
}

/// A length of time in words: `4 to 12 ms`.
fn in_words(sampled: &Sampled) -> String {
    match sampled {
        Sampled::Uniform(from, to) => format!("{} to {}", units::write(*from), units::write(*to)),
        other => units::write_sampled(other),
    }
}

/// Whether two nodes work alike.
fn alike(a: &Node, b: &Node) -> bool {
    (a.workers, &a.service, a.delay) == (b.workers, &b.service, b.delay)
}
