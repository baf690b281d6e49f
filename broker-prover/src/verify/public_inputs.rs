//! The point that stands for the public inputs of a proof.

use ark_ec::VariableBaseMSM;
use ark_ff::PrimeField;

use crate::{curve::Curve, scalar_mul::FixedBase};

/// The width of the tables' windows in bits. A table has 8 points for each of 64 windows: 32 KiB on BN254.
const WIDTH: u32 = 4;

/// With more inputs, Pippenger's algorithm is fast, and tables would be large.
const TABLES: usize = 64;

/// The points of the constant 1 and of each public input.
#[derive(Clone, Debug)]
pub(super) struct PublicInputs<E: Curve> {
    one: E::G1Affine,
    points: Points<E>,
}

#[derive(Clone, Debug)]
enum Points<E: Curve> {
    Tables(Vec<FixedBase<E::G1>>),
    Bases(Vec<E::G1Affine>),
}

impl<E: Curve> PublicInputs<E> {
    /// `None` if there is not even a point for the constant 1.
    pub(super) fn new(points: &[E::G1Affine]) -> Option<Self> {
        let (one, points) = points.split_first()?;
        let points = if points.len() <= TABLES {
            Points::Tables(points.iter().map(|point| FixedBase::new((*point).into(), WIDTH)).collect())
        } else {
            Points::Bases(points.to_vec())
        };
        Some(Self { one: *one, points })
    }

    /// The number of public inputs.
    pub(super) fn len(&self) -> usize {
        match &self.points {
            Points::Tables(tables) => tables.len(),
            Points::Bases(bases) => bases.len(),
        }
    }

    /// The memory of the tables and points in bytes.
    pub(super) fn bytes(&self) -> usize {
        match &self.points {
            Points::Tables(tables) => tables.iter().map(FixedBase::bytes).sum(),
            Points::Bases(bases) => size_of_val(bases.as_slice()),
        }
    }

    /// Checks that there is one value for each public input, no more and no less.
    pub(super) fn check(&self, public: &[E::ScalarField]) -> Result<(), PublicInputsError> {
        if public.len() == self.len() {
            Ok(())
        } else {
            Err(PublicInputsError { found: public.len(), expected: self.len() })
        }
    }

    /// The point of the constant 1, plus each value's multiple of its point.
    pub(super) fn combine(&self, public: &[E::ScalarField]) -> Result<E::G1, PublicInputsError> {
        self.check(public)?;
        let products = self.products(public);
        Ok(products + self.one)
    }

    /// `one` times the point of the constant 1, plus each value's multiple of its point.
    pub(super) fn combine_scaled(
        &self,
        one: E::ScalarField,
        public: &[E::ScalarField],
    ) -> Result<E::G1, PublicInputsError> {
        self.check(public)?;
        Ok(self.products(public) + self.one * one)
    }

    fn products(&self, public: &[E::ScalarField]) -> E::G1 {
        match &self.points {
            Points::Tables(tables) => {
                let sum = <E::G1 as VariableBaseMSM>::ZERO_BUCKET;
                tables.iter().zip(public).fold(sum, |sum, (table, value)| table.accumulate(sum, value)).into()
            }
            Points::Bases(bases) => {
                let integers: Vec<_> = public.iter().map(|scalar| scalar.into_bigint()).collect();
                E::G1::msm_bigint(bases, &integers)
            }
        }
    }
}

/// The number of public inputs is not the circuit's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are {found} public inputs, and the circuit has {expected}")]
pub struct PublicInputsError {
    /// The number of public inputs that were given.
    pub found: usize,
    /// The number of the circuit's public inputs.
    pub expected: usize,
}

#[cfg(test)]
mod tests {
    use ark_bn254::{Bn254, Fr, G1Projective};
    use ark_ec::CurveGroup;
    use ark_ff::UniformRand;
    use ark_std::rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn tables_and_bases_give_the_same_point() {
        let mut rng = StdRng::seed_from_u64(6);
        for count in [0, 1, 3, TABLES, TABLES + 1] {
            let points: Vec<_> = (0..=count).map(|_| G1Projective::rand(&mut rng).into_affine()).collect();
            let values: Vec<_> = (0..count).map(|_| Fr::rand(&mut rng)).collect();
            let inputs = PublicInputs::<Bn254>::new(&points).unwrap();
            let sum: G1Projective =
                points[1..].iter().zip(&values).map(|(point, value)| *point * value).sum();
            assert_eq!(inputs.combine(&values).unwrap(), sum + points[0]);
            let scaled = inputs.combine_scaled(Fr::from(5), &values).unwrap();
            assert_eq!(scaled, sum + points[0] * Fr::from(5));
        }
    }
}
