//! The HTTP interface of the x402 payment prover, whose proofs the broker makes with its circuit `payment`.
//!
//! There is no cache of proofs: each request has a proof of its own. The circuit verifies no signature, and every answer
//! says so.
//!
//! Requests contain private inputs. What this library holds of them is wiped when it is dropped. The HTTP library copies
//! what it reads and writes, so a program that uses this one needs an allocator that wipes memory when it is freed, as
//! the binary has.
#![forbid(unsafe_code)]

mod json;
mod log;
mod payment;
mod service;

pub use service::{Limits, serve};
