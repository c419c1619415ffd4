//! Virtual time for any discrete-event simulation: an agenda with one total order, budgets,
//! named random streams and portable distributions. It knows nothing of HTTP or of labs.

pub mod agenda;
pub mod budget;
pub mod dist;
pub mod ring;
pub mod seeds;

pub use agenda::{Agenda, Delay, Lane, Ticket};
pub use budget::{Exceeded, Limit, Meter};
pub use dist::Distribution;
pub use ring::{Few, Ring};
pub use seeds::{Collision, Seeds, Stream};
