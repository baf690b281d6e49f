//! Project Wycheproof's vectors, through the service, under both libraries. Prints how many passed and how many were
//! passed over, each of those with its reason.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

mod aead;
mod bench;
mod kem;
mod ml_dsa;
mod signatures;
mod tally;

#[path = "../support/mod.rs"]
mod support;
