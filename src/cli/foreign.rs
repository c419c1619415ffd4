//! Files of other programs on their way to a run: a `haproxy.cfg`, a test plan of JMeter, or
//! a lab's folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::args::{Changes, Foreign};
use super::compose;
use super::config;
use super::folder::{self, Folder};
use super::test_plan;
use crate::scenario::foreign::{Containers, Image, Pieces, assemble};
use crate::scenario::import::compose::image::base;
use crate::scenario::import::compose::{Service, plain};
use crate::scenario::import::{Env, Status};
use crate::scenario::{Code, Diagnostic, FileId, Files, Loaded, Place, Refused};

/// Whether `path` is run without a scenario: a folder, a configuration of HAProxy, a test
/// plan, or a compose file, which stands for its folder.
pub(super) fn is_meant(path: &Path) -> bool {
    path.is_dir()
        || test_plan::is_plan_name(path)
        || config::is_config_name(path)
        || compose::is_compose_name(path)
}

/// Whether `path` is a folder with a `haproxy.cfg`, as labs are handed out.
pub(super) fn is_lab(path: &Path) -> bool {
    path.is_dir() && folder::look(path).is_ok_and(|folder| !folder.configs.is_empty())
}

/// Whether the load comes from a test plan; what cannot be found out is said when it is
/// loaded.
pub(super) fn has_plan(place: Option<&Path>, given: &Foreign) -> bool {
    find(place, given).is_ok_and(|found| found.plan.is_some())
}

/// Why the scenario `file` cannot have the load of a test plan.
pub(super) fn has_its_own(file: &Path) -> Refused {
    let why = "a scenario says itself who sends requests: --plan is for runs without one";
    let help = "name the configuration of the proxy instead: --config haproxy.cfg";
    refusal(file, why, Some(help))
}

/// The files of one run.
#[derive(Clone, Debug, Default)]
struct Found {
    config: PathBuf,
    env: Option<PathBuf>,
    compose: Option<PathBuf>,
    plan: Option<PathBuf>,
    /// What else there is and is not read, a sentence each.
    passed: Vec<String>,
}

/// Loads what `given` names, or what stands in the folder (or is the configuration)
/// `place`, with `changes` on top.
///
/// # Errors
/// Everything that is wrong with the files.
pub(super) fn load(
    place: Option<&Path>,
    given: &Foreign,
    changes: &Changes,
) -> Result<Loaded, Box<Refused>> {
    assemble(gather(place, given)?, &changes.overrides())
}

/// Reads what a run without a scenario is made of.
///
/// # Errors
/// Everything that is wrong with the files.
pub(super) fn gather(place: Option<&Path>, given: &Foreign) -> Result<Pieces, Box<Refused>> {
    let found = find(place, given)?;
    let refused = |error: std::io::Error| refusal(&found.config, &error.to_string(), None);
    let folder = place.is_some_and(|place| !config::is_config_name(place));
    let mut told = if folder { found.told() } else { Vec::new() };
    let mut files = Files::default();
    let mut env = config::environment(&found.config, found.env.as_deref()).map_err(refused)?;
    let mut notes = Vec::new();
    let containers = match &found.compose {
        Some(path) => {
            let read = containers(path, &found, given, &mut files)?;
            if let Some(proxy) = &read.containers.proxy {
                let own = proxy.environment.iter();
                own.for_each(|(name, value)| env.set(name, value));
                // What was named on the command line has the last word.
                if let Some(path) = &given.env {
                    let text = fs::read_to_string(path).map_err(refused)?;
                    env.read_dotenv(&text);
                }
                notes.extend(unshared(&found.config, proxy, &read));
            }
            Some(read.containers)
        }
        None => None,
    };
    let image = image(place, &found, containers.as_ref());
    let dialect = image.as_ref().map(Image::dialect).unwrap_or_default();
    let read = config::read_with(&found.config, &env, files, dialect).map_err(refused)?;
    let mut files = read.files;
    let log = match &given.log {
        Some(path) => Some(text_of(path, &mut files)?),
        None => None,
    };
    told.extend(found.passed);
    let mut pieces = Pieces {
        name: name(place.map_or(found.config.as_path(), folder_of)),
        config: read.imported,
        files,
        log,
        containers,
        image,
        told,
        notes,
        ..Pieces::default()
    };
    if let Some(path) = &found.plan {
        load_plan(path, given, &mut pieces)?;
    }
    Ok(pieces)
}

/// A compose file and the variables beside it.
struct Composed {
    containers: Containers,
    dotenv: Env,
}

/// Reads the compose file at `path`, and finds the proxy in it.
fn containers(
    path: &Path,
    found: &Found,
    given: &Foreign,
    files: &mut Files,
) -> Result<Composed, Box<Refused>> {
    let env = given.env.as_deref().or(found.env.as_deref());
    let read =
        compose::read(path, env, files).map_err(|error| refusal(path, &error.to_string(), None))?;
    let config = relative(&found.config, path);
    let proxy = read.compose.proxy(&config).cloned();
    Ok(Composed {
        containers: Containers {
            file: files.file(read.file).name.clone(),
            compose: read.compose,
            proxy,
        },
        dotenv: read.dotenv,
    })
}

/// The image that the proxy runs in: that of the Dockerfile it is built with, which stands where
/// the compose file says or, in a folder, near the configuration; else that of its service.
fn image(place: Option<&Path>, found: &Found, containers: Option<&Containers>) -> Option<Image> {
    let proxy = containers.and_then(|containers| containers.proxy.as_ref());
    let built = |folder: &Path| {
        let path = folder.join("Dockerfile");
        let base = base(&fs::read_to_string(&path).ok()?)?;
        Image::of_haproxy(&base, Some(path.to_string_lossy().replace('\\', "/")))
    };
    if let (Some(compose), Some(proxy)) = (&found.compose, proxy) {
        let folder = proxy.build.as_deref();
        let folder = folder.map(|context| compose.with_file_name(plain(context)));
        let named = || Image::of_haproxy(proxy.image.as_deref()?, None);
        return folder.as_deref().and_then(built).or_else(named);
    }
    let folder = place.filter(|place| place.is_dir())?;
    let near = found.config.ancestors().skip(1);
    let mut near = near.take_while(|above| above.starts_with(folder)).take(2);
    near.find_map(built)
}

/// `path` as the compose file at `compose` would call it.
fn relative(path: &Path, compose: &Path) -> String {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (path, folder) = (whole(path), whole(compose));
    let folder = folder.parent().unwrap_or(Path::new(""));
    let inner = path.strip_prefix(folder).unwrap_or(&path);
    inner.to_string_lossy().replace('\\', "/")
}

/// Variables that the configuration names, that the `.env` file sets, and that nobody hands
/// to the proxy's container.
fn unshared(config: &Path, proxy: &Service, read: &Composed) -> Option<Diagnostic> {
    let text = fs::read_to_string(config).unwrap_or_default();
    let named = |name: &str| {
        let plain = format!("${name}");
        text.contains(&format!("${{{name}}}")) || text.contains(&format!("\"{plain}\""))
    };
    let missing: Vec<&str> = (read.dotenv.iter())
        .map(|(name, _)| name)
        .filter(|name| proxy.environment.value(name).is_none() && named(name))
        .collect();
    let [first, ..] = missing.as_slice() else {
        return None;
    };
    let message = format!(
        "service `{}` does not hand {} to HAProxy, which would find nothing there",
        proxy.name,
        missing.join(", ")
    );
    let help = format!("add it to `environment` of the service: {first}: ${{{first}}}");
    Some(Diagnostic::new(Code::Lint, message, proxy.place).help(help))
}

/// Takes the test plan at `path` as the load.
fn load_plan(path: &Path, given: &Foreign, pieces: &mut Pieces) -> Result<(), Box<Refused>> {
    let files = std::mem::take(&mut pieces.files);
    let read = test_plan::read(path, &given.properties, files)
        .map_err(|error| refusal(path, &error.to_string(), None))?;
    let shown = path.display();
    let passed = (read.imported.ledger.iter())
        .filter(|entry| entry.status >= Status::NotModelled)
        .count();
    pieces.told.push(match passed {
        0 => format!("the load is that of {shown}"),
        1 => format!("the load is that of {shown}; one line is not followed (balancelab check {shown})"),
        _ => format!(
            "the load is that of {shown}; {passed} lines are not followed (balancelab check {shown})"
        ),
    });
    pieces.files = read.files;
    pieces.clients = Some(read.imported.clients);
    pieces.notes.extend(read.imported.notes);
    pieces.told.extend(read.imported.told);
    pieces.planned = read.imported.ledger;
    Ok(())
}

/// Keeps the text at `path` among `files`.
fn text_of(path: &Path, files: &mut Files) -> Result<FileId, Box<Refused>> {
    // Logs hold whatever clients sent; only texts and comments can be strange.
    let bytes = fs::read(path).map_err(|error| refusal(path, &error.to_string(), None))?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(files.add(path.display().to_string(), text))
}

/// The folder that a compose file stands for; anything else stands for itself.
fn folder_of(place: &Path) -> &Path {
    if !compose::is_compose_name(place) || place.is_dir() {
        return place;
    }
    let folder = place
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Which files are meant.
fn find(place: Option<&Path>, given: &Foreign) -> Result<Found, Box<Refused>> {
    let mut found = Found {
        config: given.config.clone().unwrap_or_default(),
        env: given.env.clone(),
        compose: given.compose.clone(),
        plan: given.plan.clone(),
        passed: Vec::new(),
    };
    let Some(mut place) = place else {
        return Ok(found);
    };
    if test_plan::is_plan_name(place) {
        return with_configuration(place, given, found);
    }
    if compose::is_compose_name(place) && place.is_file() {
        found.compose.get_or_insert_with(|| place.to_owned());
        place = folder_of(place);
    }
    if !place.is_dir() {
        if given.config.is_some() {
            let why = "--config names another configuration to run";
            let help = "name a folder, or only one of them";
            return Err(refusal(place, why, Some(help)).into());
        }
        place.clone_into(&mut found.config);
        return Ok(found);
    }
    let folder = folder::look(place)
        .map_err(|error| refusal(place, &format!("it cannot be listed: {error}"), None))?;
    if given.config.is_none() {
        found.config = match folder.configs.as_slice() {
            [] if config::is_config(place) => place.to_owned(),
            [] => {
                let why = "there is no haproxy.cfg in this folder";
                let help = "name one with --config, or name a scenario (.ron)";
                return Err(refusal(place, why, Some(help)).into());
            }
            several => {
                // Notes about a configuration are sometimes called like one.
                let real = several.iter().filter(|path| config::has_sections(path));
                let real: Vec<PathBuf> = real.cloned().collect();
                let several = if real.is_empty() { several } else { &real };
                only(place, several, "haproxy.cfg", "--config")?
            }
        };
    }
    found.complete(place, given, &folder)?;
    if found.env.is_none() {
        found.env = found.variables(place, &folder)?;
    }
    found.pass_over();
    Ok(found)
}

impl Found {
    /// Takes from `folder`, which stands at `place`, what is not there yet: the compose file and
    /// the test plan.
    fn complete(
        &mut self,
        place: &Path,
        given: &Foreign,
        folder: &Folder,
    ) -> Result<(), Box<Refused>> {
        if self.compose.is_none() {
            match folder.composes.as_slice() {
                [] => {}
                [only] => self.compose = Some(only.clone()),
                several => self.passed.push(format!(
                    "there is more than one compose file, none of which is read: {} (choose one with \
                     --compose)",
                    listed(several)
                )),
            }
        }
        if self.plan.is_none() && given.log.is_none() {
            self.plan = match folder.plans.as_slice() {
                [] => None,
                several => Some(only(place, several, "test plan", "--plan")?),
            };
        }
        Ok(())
    }

    /// The file with variables: the `.env` beside the compose file, as Docker has it; without
    /// one, what `folder`, which stands at `place`, has.
    fn variables(&self, place: &Path, folder: &Folder) -> Result<Option<PathBuf>, Box<Refused>> {
        if let Some(compose) = &self.compose {
            let beside = compose.with_file_name(".env");
            return Ok(Some(beside).filter(|path| path.is_file()));
        }
        let plain = folder.envs.iter().find(|path| path.ends_with(".env"));
        match (plain, folder.envs.as_slice()) {
            (_, []) => Ok(None),
            (Some(plain), _) => Ok(Some(plain.clone())),
            (None, several) => only(place, several, ".env file", "--env").map(Some),
        }
    }

    /// Says which files that Docker would read are not read.
    fn pass_over(&mut self) {
        let Some(compose) = &self.compose else {
            return;
        };
        for stem in ["compose.override", "docker-compose.override"] {
            for ending in ["yml", "yaml"] {
                let path = compose.with_file_name(format!("{stem}.{ending}"));
                if path.is_file() {
                    let path = path.display();
                    self.passed
                        .push(format!("{path} is not read, although Docker would"));
                }
            }
        }
    }

    /// Which file is read for what, where nobody named them one by one.
    fn told(&self) -> Vec<String> {
        let mut parts = vec![format!("{} is the proxy", self.config.display())];
        parts.extend((self.env.iter()).map(|env| format!("{} sets variables", env.display())));
        let compose = self.compose.iter();
        parts.extend(compose.map(|path| format!("{} has the containers", path.display())));
        vec![format!("read: {}", parts.join("; "))]
    }
}

fn listed(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    names.join(", ")
}

/// A test plan that is named like a scenario: it needs a proxy in front of it.
fn with_configuration(plan: &Path, given: &Foreign, found: Found) -> Result<Found, Box<Refused>> {
    if let Some(other) = &given.plan {
        let why = format!("--plan names another test plan: {}", other.display());
        return Err(refusal(plan, &why, Some("name only one of them")).into());
    }
    if let Some(log) = &given.log {
        let why = format!("--log names another load: {}", log.display());
        return Err(refusal(plan, &why, Some("name only one of them")).into());
    }
    if given.config.is_none() {
        let why = "a test plan says who sends requests, not what balances them";
        let help = format!(
            "name the configuration of the proxy as well: balancelab run --config haproxy.cfg \
             --plan {}; what is in the plan: balancelab check {}",
            plan.display(),
            plan.display(),
        );
        return Err(refusal(plan, why, Some(&help)).into());
    }
    Ok(Found {
        plan: Some(plan.to_owned()),
        ..found
    })
}

/// The only one of `several`.
fn only(
    place: &Path,
    several: &[PathBuf],
    kind: &str,
    flag: &str,
) -> Result<PathBuf, Box<Refused>> {
    if let [path] = several {
        return Ok(path.clone());
    }
    let list = listed(several);
    let why = format!("there is more than one {kind}: {list}");
    let help = format!("choose one with {flag}");
    Err(refusal(place, &why, Some(&help)).into())
}

/// What the run is called.
fn name(path: &Path) -> String {
    let canonical = path.canonicalize();
    let name = canonical.as_deref().unwrap_or(path).file_name();
    let name = name.unwrap_or(path.as_os_str()).to_string_lossy();
    name.into_owned()
}

/// `path` cannot be used, because of `why`.
fn refusal(path: &Path, why: &str, help: Option<&str>) -> Refused {
    let mut files = Files::default();
    let file = files.add(path.display().to_string(), "");
    let note = Diagnostic::new(Code::File, why, Place::new(file, 0, 0));
    let note = match help {
        Some(help) => note.help(help),
        None => note,
    };
    Refused {
        notes: vec![note],
        files,
    }
}
