//! Field elements and points that follow from a seed, as snarkjs derives them.

use ark_ff::{AdditiveGroup, BigInteger, Field, LegendreSymbol, PrimeField, Zero};
use ark_std::rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::{field::Montgomery, file::points::FilePoint};

/// ChaCha20 (RFC 8439 2.3), with a counter and a nonce that begin with zero.
pub(super) struct Stream(ChaCha20Rng);

impl Stream {
    /// The stream whose key consists of the big-endian words of `seed`.
    pub(super) fn new(mut seed: [u8; 32]) -> Self {
        seed.as_chunks_mut::<4>().0.iter_mut().for_each(|word| word.reverse());
        Self(ChaCha20Rng::from_seed(seed))
    }

    /// A field element: its Montgomery form is the first number of the stream that is less than the modulus.
    pub(super) fn element<F: Montgomery>(&mut self) -> F {
        loop {
            let mut integer = F::BigInt::default();
            for limb in integer.as_mut() {
                *limb = u64::from(self.0.next_u32()) << 32 | u64::from(self.0.next_u32());
            }
            let excess = (F::BigInt::NUM_LIMBS * 64) as u32 - F::MODULUS_BIT_SIZE;
            if let Some(highest) = integer.as_mut().last_mut() {
                *highest &= u64::MAX >> excess;
            }
            if let Some(element) = F::from_montgomery(integer) {
                return element;
            }
        }
    }

    /// A point: the first number of the stream that is a coordinate x, and a bit that chooses y, multiplied by the
    /// cofactor.
    pub(super) fn point<P: FilePoint>(&mut self) -> P {
        loop {
            let degree = P::BaseField::extension_degree() as usize;
            let elements: Vec<_> = (0..degree).map(|_| self.element()).collect();
            let negative = self.0.next_u32() & 1 == 1;
            let Some(x) = P::BaseField::from_base_prime_field_elems(elements) else { continue };
            let right = x.square() * x + coefficient_b::<P>();
            if right.legendre() == LegendreSymbol::QuadraticNonResidue {
                continue;
            }
            let Some(y) = right.sqrt() else { continue };
            let y = if is_negative(&y) == negative { y } else { -y };
            return times_cofactor(P::from_coordinates(x, y));
        }
    }
}

/// The coefficient b of the curve y² = x³ + b, from its generator.
fn coefficient_b<P: FilePoint>() -> P::BaseField {
    let (x, y) = P::generator().xy().unwrap_or((P::BaseField::ZERO, P::BaseField::ZERO));
    y.square() - x.square() * x
}

/// Whether a coordinate is larger than its negation, by the coefficient of the highest power that is not zero.
fn is_negative<F: Field>(coordinate: &F) -> bool {
    let elements: Vec<_> = coordinate.to_base_prime_field_elements().collect();
    let highest = elements.iter().rev().find(|element| !element.is_zero());
    highest.is_some_and(|element| element.into_bigint() > F::BasePrimeField::MODULUS_MINUS_ONE_DIV_TWO)
}

/// The point is not in the group of prime order yet, so arkworks' multiplication, which may use an endomorphism of that
/// group, is not for it.
fn times_cofactor<P: FilePoint>(point: P) -> P {
    let cofactor = <P::Config as ark_ec::CurveConfig>::COFACTOR;
    let mut product = P::Group::ZERO;
    for limb in cofactor.iter().rev() {
        for bit in (0..u64::BITS).rev() {
            product.double_in_place();
            if limb >> bit & 1 == 1 {
                product += point;
            }
        }
    }
    product.into()
}
