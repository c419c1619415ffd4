//! One test binary; each module answers one question.

mod checks;
