//! Text to plan: reads a scenario file, checks it, and says everything that is wrong with it.
//!
//! The way of a file ([`load`]): `read` makes a tree of values with places; `extends` and
//! `set` merge other files and changes into it; `decode` reads the tree into the
//! [`schema`] with serde; `config` reads the haproxy.cfg it names; `check` makes a [`Plan`](crate::plan::Plan) of it. Complaints are
//! [`Diagnostic`]s, which [`render`] turns into text or JSON. Nothing here touches a file
//! system: texts come from a [`Source`].

mod check;
mod config;
mod decode;
pub mod diagnostic;
mod extends;
pub mod foreign;
mod format;
pub mod import;
mod load;
pub mod locate;
mod logs;
mod merged;
mod read;
pub mod render;
mod resolve;
pub mod schema;
mod set;
pub(crate) mod suggest;
mod tree;
pub mod units;
mod write;

pub use diagnostic::{Code, Diagnostic, Label, Severity};
pub use format::format;
pub use load::{Loaded, Refused, Source, load};
pub use locate::{FileId, Files, Place, Position};
pub use merged::{Form, merged};
pub use resolve::{fingerprint, resolved, resolved_as, unsaid};
#[cfg(feature = "cli")]
pub use schema::json_schema;
pub use set::Overrides;
pub use suggest::nearest;

#[cfg(test)]
mod tests;
