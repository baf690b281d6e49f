//! The Crypto Broker server. A request passes through the modules in one direction:
//!
//! `transport` → `rpc` → `request` → `policy` → `operation` → `backend`
//!
//! `policy` turns a parsed request into a [`policy::Permit`], which every function in `operation` requires.

#![deny(unsafe_code)] // allowed in one module, `backend::evp`, which explains it

// The macro of the table is in scope in the modules below it.
#[macro_use]
mod operations;

pub mod algorithm;
pub mod backend;
pub mod byte_size;
pub mod caller;
pub mod compute;
pub mod config;
pub mod duration;
pub mod operation;
pub mod policy;
pub mod process;
pub mod request;
pub mod rpc;
pub mod secret;
pub mod server;
pub mod status;
pub mod telemetry;
pub mod transport;
