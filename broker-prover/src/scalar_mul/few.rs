//! Multiples of points that were not known before.

use ark_ec::CurveGroup;
use zeroize::{Zeroize, Zeroizing};

use super::digits::{Windows, magnitude};
use crate::{kernel::KernelPoint, point::Point};

/// The width of the windows in bits: 8 multiples of each point.
const WIDTH: u32 = 4;

/// Σ scalar·point for few points, with doublings in common. arkworks' own multiplication splits scalars with integers on
/// the heap, which it frees without wiping them.
pub(crate) fn multiply<G: CurveGroup<Affine: KernelPoint>, const N: usize>(
    terms: [(G, &G::ScalarField); N],
) -> G {
    let windows = Windows::new::<G::ScalarField>(WIDTH);
    let mut multiples = Zeroizing::new(Vec::with_capacity(N * windows.half()));
    let mut digits = Zeroizing::new(Vec::with_capacity(N * windows.count()));
    for (point, scalar) in terms {
        let mut multiple = point;
        multiples.push(multiple);
        for _ in 1..windows.half() {
            multiple += point;
            multiples.push(multiple);
        }
        let (mut integer, negative) = magnitude(scalar);
        digits.extend(windows.digits(integer.as_ref()).map(|digit| if negative { -digit } else { digit }));
        integer.zeroize();
    }
    let multiples = Zeroizing::new(G::Affine::normalize(&multiples));

    let mut sum = G::zero();
    for position in (0..windows.count()).rev() {
        for _ in 0..WIDTH {
            sum.double_in_place();
        }
        for (multiples, digits) in
            multiples.chunks_exact(windows.half()).zip(digits.chunks_exact(windows.count()))
        {
            let digit = digits.get(position).copied().unwrap_or_default();
            let index = (digit.unsigned_abs() as usize).checked_sub(1);
            match index.and_then(|index| multiples.get(index)) {
                Some(multiple) if digit > 0 => sum += multiple,
                Some(multiple) => sum -= multiple,
                None => (),
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use ark_bls12_381::Bls12_381;
    use ark_bn254::Bn254;
    use ark_ec::pairing::Pairing;
    use ark_ff::{Field, UniformRand, Zero};
    use ark_std::rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn agrees<G: CurveGroup<Affine: KernelPoint>>() {
        let mut rng = StdRng::seed_from_u64(11);
        let (zero, one) = (G::ScalarField::zero(), G::ScalarField::ONE);
        let scalars = [zero, one, -one, G::ScalarField::rand(&mut rng), G::ScalarField::rand(&mut rng)];
        let (p, q) = (G::rand(&mut rng), G::rand(&mut rng));
        for first in scalars {
            assert_eq!(multiply([(p, &first)]), p * first);
            for second in scalars {
                for q in [q, p, -p, G::zero()] {
                    assert_eq!(multiply([(p, &first), (q, &second)]), p * first + q * second);
                }
            }
        }
    }

    #[test]
    fn sums_agree_with_double_and_add() {
        agrees::<<Bn254 as Pairing>::G1>();
        agrees::<<Bn254 as Pairing>::G2>();
        agrees::<<Bls12_381 as Pairing>::G1>();
        agrees::<<Bls12_381 as Pairing>::G2>();
    }
}
