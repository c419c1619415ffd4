//! One test binary; each module answers one question.

mod checks;
mod conform;
mod diagnostics;
#[cfg(all(feature = "record", unix))]
mod real;
mod reference;
mod tidy;
