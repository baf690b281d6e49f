//! The roots of unity of circom's tools.

use ark_ff::PrimeField;

/// The primitive `order`-th root of unity that snarkjs uses, and on which the order of the points in its keys depends:
/// a power of the smallest number that is no square, which is 5 in the scalar fields of both curves. arkworks uses
/// powers of the smallest generator, which is 7 on BLS12-381.
///
/// `None` if the field has no such root, or `order` is not a power of two.
pub fn root_of_unity<F: PrimeField>(order: u64) -> Option<F> {
    if !order.is_power_of_two() {
        return None;
    }
    let squarings = F::TWO_ADICITY.checked_sub(order.trailing_zeros())?;
    let mut root = F::from(5_u64).pow(F::TRACE);
    for _ in 0..squarings {
        root.square_in_place();
    }
    Some(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roots_are_those_of_snarkjs() {
        // The n-th roots for the largest n, which ffjavascript 0.3 prints as `Fr.w[Fr.s]`.
        let bn254 = "19103219067921713944291392827692070036145651957329286315305642004821462161904";
        let bls12_381 = "937917089079007706106976984802249742464848817460758522850752807661925904159";
        assert_eq!(root_of_unity::<ark_bn254::Fr>(1 << 28).unwrap().to_string(), bn254);
        assert_eq!(root_of_unity::<ark_bls12_381::Fr>(1 << 32).unwrap().to_string(), bls12_381);
    }

    #[test]
    fn roots_are_primitive() {
        fn check<F: PrimeField>() {
            for log_order in 1..=F::TWO_ADICITY {
                let root = root_of_unity::<F>(1 << log_order).unwrap();
                assert_eq!(root.pow([1 << (log_order - 1)]), -F::one());
            }
            assert_eq!(root_of_unity::<F>(1), Some(F::one()));
            assert_eq!(root_of_unity::<F>(1 << (F::TWO_ADICITY + 1)), None);
            assert_eq!(root_of_unity::<F>(0), None);
            assert_eq!(root_of_unity::<F>(6), None);
        }
        check::<ark_bn254::Fr>();
        check::<ark_bls12_381::Fr>();
    }
}
