//! Checks that secrets of completed calls are not left in the server's memory while the connection stays open and idle. The
//! brokers run with the default number of threads.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

mod aead;
mod cancelled;
mod certificate;
mod kem;
mod leaks;
mod pipeline;
mod plain_http2;
mod proof;
mod proof_stream;
mod signature;
#[path = "../support/mod.rs"]
mod support;

use leaks::Leaks;

/// Returns pseudo-random bytes, every part of which is unique in the broker's memory.
fn secret(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}
