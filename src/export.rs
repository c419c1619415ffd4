//! A run in the forms that other programs write and read: HAProxy's log, JMeter's reports and
//! samples. Each is a reader of the one stream; what has a row for each request is
//! written while the run goes on.

pub mod clock;
pub mod follow;
pub mod http_log;
pub mod jmeter;
pub mod jtl;
pub mod servers;
pub mod size;
pub mod stat;
