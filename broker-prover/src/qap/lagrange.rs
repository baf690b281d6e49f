//! Lagrange polynomials at a secret point.

use ark_ff::PrimeField;
use zeroize::Zeroizing;

use super::root::root_of_unity;
use crate::matrix::Matrix;

/// The n Lagrange polynomials of the domain of n elements at `tau`. `None` if the field has no such domain, or `tau`
/// is in it.
pub(crate) fn on_domain<F: PrimeField>(size: usize, tau: F) -> Option<Zeroizing<Vec<F>>> {
    let n = u64::try_from(size).ok()?;
    basis(size, F::one(), root_of_unity(n)?, n, tau)
}

/// The Lagrange polynomials of the domain of 2n elements that belong to the elements of the odd coset of the domain of
/// n elements, at `tau`. Element i is the (2i + 1)-th power of the root. `None` if the field has no such domain, or
/// `tau` is in it.
pub(crate) fn on_odd_coset<F: PrimeField>(size: usize, tau: F) -> Option<Zeroizing<Vec<F>>> {
    let n = u64::try_from(size).ok()?.checked_mul(2)?;
    let root: F = root_of_unity(n)?;
    basis(size, root, root.square(), n, tau)
}

/// The values Aⱼ(τ) of a matrix's columns, where each row stands for the Lagrange polynomial of its index.
pub(crate) fn columns<F: PrimeField>(
    matrix: &Matrix<F>,
    lagrange: &[F],
    signals: usize,
) -> Zeroizing<Vec<F>> {
    let mut columns = Zeroizing::new(vec![F::zero(); signals]);
    for (row, lagrange) in matrix.iter().zip(lagrange) {
        for (column, value) in row.entries() {
            if let Some(place) = columns.get_mut(column) {
                *place += if value.is_one() { *lagrange } else { value * lagrange };
            }
        }
    }
    columns
}

/// (τⁿ − 1)/n · x/(τ − x) for `count` points x = first·ratioⁱ among the n-th roots of unity.
fn basis<F: PrimeField>(count: usize, first: F, ratio: F, n: u64, tau: F) -> Option<Zeroizing<Vec<F>>> {
    let mut points = Vec::with_capacity(count);
    let mut point = first;
    for _ in 0..count {
        points.push(point);
        point *= ratio;
    }
    // One inversion for all (Montgomery's trick). The products tell τ as well, so they are wiped, too.
    let mut values = Zeroizing::new(Vec::with_capacity(count));
    let mut product = F::one();
    for point in &points {
        values.push(product);
        product *= tau - point;
    }
    let vanishing = tau.pow([n]) - F::one();
    // Going backwards, `rest` is (τⁿ − 1)/n divided by the factors up to the point, and `value` is the product of the
    // factors before it.
    let mut rest = (product * F::from(n)).inverse()? * vanishing;
    for (point, value) in points.iter().zip(values.iter_mut()).rev() {
        *value *= rest * point;
        rest *= tau - point;
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use ark_bn254::Fr;
    use ark_ff::{FftField, Field, UniformRand};
    use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
    use ark_std::rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn both_bases_agree_with_ark_poly() {
        let tau = Fr::rand(&mut StdRng::seed_from_u64(4));
        for size in [1, 2, 8, 64] {
            let all = |size| {
                Radix2EvaluationDomain::<Fr>::new(size).unwrap().evaluate_all_lagrange_coefficients(tau)
            };
            assert_eq!(*on_domain(size, tau).unwrap(), all(size));
            let odd: Vec<Fr> = all(2 * size).into_iter().skip(1).step_by(2).collect();
            assert_eq!(*on_odd_coset(size, tau).unwrap(), odd);
        }
    }

    #[test]
    fn a_point_of_the_domain_is_refused() {
        let root = Fr::get_root_of_unity(8).unwrap();
        assert!(on_domain(8, root.pow([5])).is_none());
        assert!(on_odd_coset(4, root.pow([5])).is_none());
    }
}
