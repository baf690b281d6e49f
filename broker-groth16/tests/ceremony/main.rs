//! The verification of setups that snarkjs made.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../files/pieces.rs"]
mod pieces;

mod altered;
mod right;

use ark_std::rand::{SeedableRng, rngs::StdRng};
use broker_groth16::{
    ceremony::{self, Ceremony, CeremonyError, Files, Flaw},
    interrupt::Never,
};

/// Verifies the setup of files.
pub fn verify(r1cs: &[u8], ptau: &[u8], zkey: &[u8]) -> Result<Ceremony, CeremonyError> {
    let mut rng = StdRng::seed_from_u64(90);
    ceremony::verify(Files { r1cs, ptau, zkey }, &mut rng, &Never, &mut |_| ())
}

/// What is wrong with well-formed files.
pub fn flaw(r1cs: &[u8], ptau: &[u8], zkey: &[u8]) -> Flaw {
    match verify(r1cs, ptau, zkey) {
        Err(CeremonyError::Flaw(flaw)) => {
            assert!(flaw.to_string().len() < 200, "{flaw}");
            flaw
        }
        other => panic!("{other:?}"),
    }
}
