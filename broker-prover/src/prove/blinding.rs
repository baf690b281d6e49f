//! The randomness of a proof.

use ark_ff::PrimeField;
use ark_std::rand::{CryptoRng, RngCore};

/// The randomness r and s that hides the assignment in a proof. Whoever learns it can test guesses of the assignment,
/// and two proofs with the same randomness are related, so it cannot be copied, printed or chosen, and is wiped when it
/// is dropped.
pub struct Blinding<F: PrimeField> {
    pub(super) r: F,
    pub(super) s: F,
}

impl<F: PrimeField> Blinding<F> {
    /// Draws r, then s, uniformly from the field. 0 is a value like any other.
    #[must_use]
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self { r: F::rand(rng), s: F::rand(rng) }
    }
}

impl<F: PrimeField> Drop for Blinding<F> {
    fn drop(&mut self) {
        self.r.zeroize();
        self.s.zeroize();
    }
}
