//! Benchmarks of Crypto Broker: the cryptography alone, the same through the socket, and the difference.
//!
//! One table of [scenarios](scenarios::all) drives everything, so that each scenario is measured in every way: [`in_process`]
//! runs it without a socket, [`wire`] through the client library and a real server.
//! `docs/performance.md` is the guide.

#![forbid(unsafe_code)]

pub mod allocations;
pub mod estimates;
pub mod in_process;
pub mod instructions;
pub mod kpi;
pub mod load;
pub mod process;
pub mod published;
pub mod report;
pub mod request_path;
pub mod scenario;
pub mod scenarios;
pub mod server;
pub mod suite;
pub mod wire;

/// The reason why nothing was measured.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
