//! What can be wrong with a configuration.

use alloc::string::String;

/// One contradiction in a [`Config`](crate::Config).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Two backends share a name.
    #[error("two backends are called `{0}`")]
    DuplicateBackend(String),
    /// Two servers of a backend share a name.
    #[error("backend `{backend}` has two servers called `{server}`")]
    DuplicateServer {
        /// The backend.
        backend: String,
        /// The name.
        server: String,
    },
    /// Two servers of a backend share an explicit id.
    #[error("backend `{backend}`: server `{server}` uses id {id}, which another server has")]
    DuplicateId {
        /// The backend.
        backend: String,
        /// The later server.
        server: String,
        /// The id.
        id: u32,
    },
    /// A weight above 256.
    #[error("backend `{backend}`: weight {weight} of server `{server}` is not in 0..=256")]
    Weight {
        /// The backend.
        backend: String,
        /// The server.
        server: String,
        /// The weight.
        weight: u32,
    },
    /// `track` names nobody, or a server without checks, or leads back to itself.
    #[error("backend `{backend}`: server `{server}` cannot track `{target}`: {why}")]
    Track {
        /// The backend.
        backend: String,
        /// The tracking server.
        server: String,
        /// What it names.
        target: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// `retries` and `redispatch` together divide by zero in HAProxy.
    #[error(
        "backend `{backend}`: `option redispatch {interval}` with `retries {retries}` has no meaning"
    )]
    Redispatch {
        /// The backend.
        backend: String,
        /// N of `option redispatch N`.
        interval: i32,
        /// R of `retries R`.
        retries: u32,
    },
    /// `rise` or `fall` of 0.
    #[error("backend `{backend}`: server `{server}` needs `rise` and `fall` of at least 1")]
    Threshold {
        /// The backend.
        backend: String,
        /// The server.
        server: String,
    },
}
