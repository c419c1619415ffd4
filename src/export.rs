//! A run in the forms that other programs write and read: HAProxy's log, JMeter's reports and
//! samples. Each is a reader of the one stream; what has a row for each request is
//! written while the run goes on.

pub mod chrome;
pub mod clock;
pub mod follow;
pub mod http_log;
pub mod jmeter;
pub mod jsonl;
pub mod jtl;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod servers;
pub mod size;
pub mod stat;
mod tcp_log;
pub mod words;
