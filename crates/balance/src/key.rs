//! The hash of a request's key.

/// The hash, or none when the request lacks the key.
pub(crate) fn hash_of(
    _key: &crate::config::HashKey,
    _hash: crate::config::HashType,
    _request: &crate::request::Request<'_>,
) -> Option<u32> {
    None
}
