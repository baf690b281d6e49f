//! `PipelineService`: every operation as an item, and the effect of failing, slow or too large items on the others.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

mod items;
mod lifecycle;
mod operations;
#[path = "../support/mod.rs"]
mod support;

use support::pki;

/// Computes SHA3-512, the hash of the profile Default, with `openssl`.
fn expected_hash(input: &[u8]) -> String {
    pki::openssl_digest("sha3-512", input)
}
