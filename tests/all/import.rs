//! Do configurations and test plans as people have them become the expected plan and ledger?

mod cfg;
pub(crate) mod compose;
mod folder;
mod jmx;
mod resolved;

use proptest::prelude::*;

/// One of `texts` with pieces cut out, doubled, moved or made strange: by letters that the
/// pattern `strange` describes, or by `words`.
fn mutilated(
    texts: Vec<String>,
    strange: &'static str,
    words: Vec<&'static str>,
) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        strange,
        proptest::sample::select(words).prop_map(String::from),
    ];
    let cuts = proptest::collection::vec((0.0..1.0, 0_usize..40, piece), 1..8);
    (proptest::sample::select(texts), cuts).prop_map(|(text, cuts)| {
        let mut chars: Vec<char> = text.chars().collect();
        for (place, length, piece) in cuts {
            let at = (place * chars.len() as f64) as usize;
            let end = (at + length).min(chars.len());
            chars.splice(at..end, piece.chars());
        }
        chars.into_iter().collect()
    })
}
