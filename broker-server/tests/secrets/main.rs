//! After a call with a secret in it, the secret is nowhere in the server's memory, although its connection stays open and
//! falls silent. The brokers run with as many threads as they like.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

mod aead;
mod broken_off;
mod certificate;
mod kem;
mod leaks;
mod pipeline;
mod plain_http2;
mod signature;
#[path = "../support/mod.rs"]
mod support;

use leaks::Leaks;

/// Bytes that nobody else has, whatever part of them is looked for.
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
