//! One test binary; each module answers one question.

mod checks;
mod diagnostics;
mod reference;
mod tidy;
