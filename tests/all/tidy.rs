//! Is the house in order?
//!
//! | rule | held by |
//! |---|---|
//! | who may import whom | [`arrows`], from the table in `ARCHITECTURE.md` |
//! | no file and no function grows without notice | [`lengths`] |
//! | no clock, hash order or printing where runs must repeat | [`purity`] |
//! | no leftovers; every file says what it is | [`leftovers`] |
//! | scenarios and snapshots mirror each other | [`mirror`] |

mod arrows;
mod leftovers;
mod lengths;
mod purity;
pub(crate) mod source;
