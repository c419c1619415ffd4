//! Do configurations and test plans as people have them become the expected plan and ledger?

mod cfg;
mod jmx;
