//! Points that must be refused.

use ark_bn254::{Fq, Fq2, G2Affine, g2};
use ark_ec::{AffineRepr, CurveGroup, short_weierstrass::Affine};
use ark_ff::{AdditiveGroup, BigInt, PrimeField};

/// The prime factors of the cofactor of BN254's G2.
const COFACTOR: [BigInt<4>; 4] = [
    BigInt!("10069"),
    BigInt!("5864401"),
    BigInt!("1875725156269"),
    BigInt!("197620364512881247228717050342013327560683201906968909"),
];

/// A point of BN254's twist whose order is the small prime `order`, 10069 or 5864401.
pub fn of_cofactor_order(order: u64) -> G2Affine {
    let order = BigInt::from(order);
    assert!(COFACTOR.contains(&order));
    for x in 1_u64.. {
        let x = Fq2::new(Fq::from(x), Fq::ZERO);
        let Some(point) = Affine::<g2::Config>::get_point_from_x_unchecked(x, false) else { continue };
        let mut point = point.mul_bigint(ark_bn254::Fr::MODULUS);
        for factor in COFACTOR.into_iter().filter(|factor| *factor != order) {
            point = point.into_affine().mul_bigint(factor);
        }
        let point = point.into_affine();
        if !point.is_zero() {
            assert!(point.is_on_curve() && point.mul_bigint(order).into_affine().is_zero());
            return point;
        }
    }
    unreachable!()
}
