//! Runs Project Wycheproof's vectors through the service with both libraries. Prints the numbers of vectors that passed and
//! that were skipped, with the reasons.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

mod aead;
mod kem;
mod ml_dsa;
mod service;
mod signatures;
mod tally;

#[path = "../support/mod.rs"]
mod support;
