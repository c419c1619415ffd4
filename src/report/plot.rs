//! Pictures of a run: each a plot, a sentence, and a table with the same numbers.

mod latency;
mod load;
mod panel;
mod requests;
mod scene;
mod shares;
mod sheet;
mod spread;
mod states;

use super::course::Course;
use super::table::Table;
use super::{Clock, Report};
use crate::locale::Words;
use crate::plan::Plan;
use crate::trace::Names;

pub use sheet::STYLE;

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plot {
    /// A word for file names: `requests`.
    pub name: &'static str,
    /// What it shows.
    pub title: String,
    /// The same in sentences, for those who do not see it.
    pub description: String,
    /// Its numbers.
    pub table: Table,
    /// The picture, without its [`STYLE`].
    body: String,
}

impl Plot {
    /// The picture as an SVG document.
    pub fn svg(&self) -> String {
        let style = format!("<style>{STYLE}</style>\n<path class=\"paper\"");
        self.body.replacen("<path class=\"paper\"", &style, 1)
    }

    /// The picture as an element of a page that has the [`STYLE`], its ids beginning with
    /// `prefix`.
    pub fn element(&self, prefix: &str) -> String {
        self.body
            .replace(
                &format!("{}-title", self.name),
                &format!("{prefix}{}-title", self.name),
            )
            .replace(
                &format!("{}-desc", self.name),
                &format!("{prefix}{}-desc", self.name),
            )
    }
}

/// What the pictures of a run are made of.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// What was run.
    pub plan: &'a Plan,
    /// How it went.
    pub course: &'a Course,
    /// What came out.
    pub report: &'a Report,
    /// What the servers are called.
    pub names: &'a Names,
    /// The language of titles, axes and captions. Tables are put into it where they are shown.
    pub words: &'a dyn Words,
}

impl Run<'_> {
    /// All pictures, in the order in which they are shown.
    pub fn plots(&self) -> Vec<Plot> {
        let scene = scene::Scene::new(*self);
        vec![
            states::plot(&scene),
            requests::plot(&scene),
            load::plot(&scene),
            latency::plot(&scene),
            spread::plot(&scene),
            shares::plot(&scene),
        ]
    }

    /// A phrase in the language of the pictures.
    fn put(&self, english: &str) -> String {
        self.words.put("plot", english).into_owned()
    }

    fn clock(&self) -> Clock {
        Clock::starting(self.plan.clients_start)
    }
}
