//! Persistence: what binds a client to a server.

pub(crate) mod cacheable;
pub(crate) mod cookie;
pub(crate) mod date;
pub(crate) mod forward;
pub(crate) mod rules;
pub(crate) mod sample;
pub(crate) mod set_cookie;
pub(crate) mod table;

#[cfg(test)]
mod tests;
