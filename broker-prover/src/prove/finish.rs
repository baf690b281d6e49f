//! What all provers do before and after their sums.

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, PrimeField};
use zeroize::Zeroizing;

use super::Blinding;
use crate::{
    assignment::{Assignment, AssignmentError},
    constraint_system::ConstraintSystem,
    curve::Curve,
    key::ProvingKey,
    point::Point,
    proof::Proof,
    scalar_mul,
};

/// The values of the assignment, if it has one for each signal.
pub(super) fn check_length<'a, F: PrimeField>(
    assignment: &'a Assignment<F>,
    constraints: &ConstraintSystem<F>,
) -> Result<&'a [F], AssignmentError> {
    let values = assignment.values();
    if values.len() == constraints.signals {
        Ok(values)
    } else {
        Err(AssignmentError::Length { found: values.len(), expected: constraints.signals })
    }
}

/// The sums of scalars and bases before they are blinded.
pub(super) struct Sums<E: Curve> {
    /// Σ wᵢ·Aᵢ.
    pub(super) a: E::G1,
    /// Σ wᵢ·Bᵢ in G1.
    pub(super) b_g1: E::G1,
    /// Σ wᵢ·Bᵢ in G2.
    pub(super) b_g2: E::G2,
    /// Σ wᵢ·Lᵢ + Σ hᵢ·Hᵢ.
    pub(super) c: E::G1,
}

impl<E: Curve> Sums<E> {
    /// The proof: A = α + a + r·δ, B = β + b + s·δ, C = c + s·A + r·B − r·s·δ. `r_delta` is r·δ in G1, and `s_delta`
    /// is s·δ in G2.
    pub(super) fn finish(
        self,
        key: &ProvingKey<E>,
        blinding: &Blinding<E::ScalarField>,
        r_delta: E::G1,
        s_delta: E::G2,
    ) -> Proof<E> {
        let a = self.a + key.verifying.alpha_g1 + r_delta;
        let b = self.b_g2 + key.verifying.beta_g2 + s_delta;
        // r·B − r·s·δ is r times B without its last term.
        let c = self.c + scalar_mul::multiply([(a, &blinding.s), (self.b_g1 + key.beta_g1, &blinding.r)]);
        proof(a, b, c)
    }
}

/// The proof with these points.
pub(super) fn proof<E: Curve>(a: E::G1, b: E::G2, c: E::G1) -> Proof<E> {
    // The inverses of the third coordinates, or of the norm of B's, from one inversion. They tell more than the points do.
    let z =
        Zeroizing::new([E::G1Affine::third(&a), E::norm(&E::G2Affine::third(&b)), E::G1Affine::third(&c)]);
    let [za, norm, zc] = &*z;
    let inverse = (*za * norm * zc).inverse().map(Zeroizing::new);
    let Some(inverse) = inverse else {
        // One of the points is at infinity.
        return Proof { a: a.into_affine(), b: b.into_affine(), c: c.into_affine() };
    };
    let inverses = Zeroizing::new([*norm * zc * *inverse, *za * zc * *inverse, *za * norm * *inverse]);
    let [ia, inorm, ic] = &*inverses;
    let ib = Zeroizing::new(E::inverse(&E::G2Affine::third(&b), inorm));
    Proof { a: E::G1Affine::scaled(&a, ia), b: E::G2Affine::scaled(&b, &ib), c: E::G1Affine::scaled(&c, ic) }
}

/// The number of bases that are not at infinity.
pub(super) fn finite<A: AffineRepr>(bases: &[A]) -> usize {
    bases.iter().filter(|base| !base.is_zero()).count()
}
