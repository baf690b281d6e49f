//! Randomness for setups, proofs and batches.

use std::process;

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use broker_groth16::loaded::Randomness;

/// Returns the generator of the crypto library, which is seeded from the system. If it fails, which it does not once the
/// broker has started, the process ends: a proof without randomness would reveal its witness.
pub const fn randomness() -> Randomness {
    Randomness(|bytes| {
        if SystemRandom::new().fill(bytes).is_err() {
            tracing::error!("the crypto library has no random numbers");
            process::abort();
        }
    })
}
