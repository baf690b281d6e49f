//! The secrets of a setup.

use ark_ff::PrimeField;
use ark_std::rand::{CryptoRng, RngCore};
use zeroize::Zeroize;

/// The secrets of a setup. They are wiped when they are dropped, and cannot be printed.
pub(super) struct ToxicWaste<F: PrimeField> {
    pub(super) alpha: F,
    pub(super) beta: F,
    pub(super) delta: F,
    pub(super) delta_inverse: F,
    pub(super) tau: F,
}

impl<F: PrimeField> ToxicWaste<F> {
    /// Draws the secrets for an evaluation domain of `size` elements, in the order α, β, δ, τ.
    ///
    /// α, β and δ are not 0, since verifying keys with the point at infinity are refused, and δ is not 1: with δ an
    /// untouched generator like γ, proofs can be made for any statement. τ is neither 0 nor in the domain or its odd
    /// coset, where all but one of the Lagrange polynomials vanish.
    ///
    /// They are in a box from the beginning, because each move of a structure may leave a copy behind.
    pub(super) fn random(size: usize, rng: &mut (impl RngCore + CryptoRng)) -> Box<Self> {
        let [alpha, beta, delta, delta_inverse, tau] = [F::ZERO; 5];
        let mut waste = Box::new(Self { alpha, beta, delta, delta_inverse, tau });
        waste.alpha = draw(rng, |value: &F| !value.is_zero());
        waste.beta = draw(rng, |value: &F| !value.is_zero());
        waste.delta = draw(rng, |value: &F| !value.is_zero() && !value.is_one());
        let roots = [size as u64, 2];
        waste.tau = draw(rng, |value: &F| {
            !value.is_zero() && !roots.iter().fold(*value, |power, exponent| power.pow([*exponent])).is_one()
        });
        waste.delta_inverse = waste.delta.inverse().unwrap_or_default();
        waste
    }
}

fn draw<F: PrimeField>(rng: &mut (impl RngCore + CryptoRng), accept: impl Fn(&F) -> bool) -> F {
    loop {
        let value = F::rand(rng);
        if accept(&value) {
            return value;
        }
    }
}

impl<F: PrimeField> Drop for ToxicWaste<F> {
    fn drop(&mut self) {
        let Self { alpha, beta, delta, delta_inverse, tau } = self;
        [alpha, beta, delta, delta_inverse, tau].into_iter().for_each(Zeroize::zeroize);
    }
}

#[cfg(test)]
mod tests {
    use ark_bn254::Fr;
    use ark_ff::Field;
    use ark_std::rand::{Error, SeedableRng, rngs::StdRng};

    use super::*;

    /// Yields zeros, then what another generator yields.
    struct ZerosFirst {
        zeros: usize,
        rng: StdRng,
    }

    impl RngCore for ZerosFirst {
        fn next_u32(&mut self) -> u32 {
            self.next_u64() as u32
        }

        fn next_u64(&mut self) -> u64 {
            if self.zeros > 0 {
                self.zeros -= 1;
                return 0;
            }
            self.rng.next_u64()
        }

        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.next_u64() as u8);
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
            self.fill_bytes(bytes);
            Ok(())
        }
    }

    impl CryptoRng for ZerosFirst {}

    #[test]
    fn zeros_are_drawn_again() {
        let mut rng = ZerosFirst { zeros: 8, rng: StdRng::seed_from_u64(5) };
        let waste = ToxicWaste::<Fr>::random(4, &mut rng);
        assert!(![waste.alpha, waste.beta, waste.delta, waste.tau].contains(&Fr::from(0)));
        assert_eq!(waste.delta * waste.delta_inverse, Fr::ONE);
    }
}
