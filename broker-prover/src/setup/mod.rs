//! The setup by a single party.
//!
//! Whoever runs it sees values from which false proofs can be made (the toxic waste), so its keys are only as
//! trustworthy as the process that made them. The values are wiped, and so is everything that tells them.

mod toxic_waste;

use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::FftField;
use ark_std::rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use self::toxic_waste::ToxicWaste;
use crate::{
    constraint_system::{ConstraintSystem, MalformedConstraints},
    curve::Curve,
    interrupt::{Interrupt, Interrupted},
    key::{CircuitKey, ProvingKey, VerifyingKey},
    qap::{DomainError, lagrange},
    scalar_mul::FixedBase,
};

/// Makes a key for `constraints`, in the form that a `.zkey` has: circom's reduction, the standard generators, and the
/// generator of G2 as γ.
///
/// # Errors
///
/// [`SetupError`].
pub fn single_party<E: Curve>(
    constraints: ConstraintSystem<E::ScalarField>,
    rng: &mut (impl RngCore + CryptoRng),
    interrupt: &dyn Interrupt,
) -> Result<CircuitKey<E>, SetupError> {
    constraints.validate()?;
    let c = constraints.c.as_ref().ok_or(SetupError::UnknownC)?;
    let size = constraints.domain_size();
    let domain = DomainError { size };
    if E::ScalarField::get_root_of_unity(size.try_into().map_or(0, |size: u64| size.saturating_mul(2)))
        .is_none()
    {
        return Err(domain.into());
    }
    let waste = ToxicWaste::random(size, rng);

    interrupt.check()?;
    let basis = lagrange::on_domain(size, waste.tau).ok_or(domain)?;
    let mut a = lagrange::columns(&constraints.a, &basis, constraints.signals);
    let extra = basis.iter().skip(constraints.constraints()).take(constraints.public + 1);
    a.iter_mut().zip(extra).for_each(|(a, lagrange)| *a += lagrange);
    let b = lagrange::columns(&constraints.b, &basis, constraints.signals);
    let c = lagrange::columns(c, &basis, constraints.signals);
    interrupt.check()?;

    // (β·A + α·B + C), divided by γ = 1 for public signals and by δ for private ones.
    let mut k = Zeroizing::new(
        a.iter()
            .zip(b.iter())
            .zip(c.iter())
            .map(|((a, b), c)| waste.beta * a + waste.alpha * b + c)
            .collect::<Vec<_>>(),
    );
    let (public, private) = k.split_at_mut_checked(constraints.public + 1).unwrap_or_default();
    private.iter_mut().for_each(|k| *k *= waste.delta_inverse);
    let mut h = lagrange::on_odd_coset(size, waste.tau).ok_or(domain)?;
    h.iter_mut().for_each(|h| *h *= waste.delta_inverse);
    interrupt.check()?;

    let g1_products = 3 * constraints.signals + size;
    let g1 = FixedBase::new(E::G1::generator(), FixedBase::<E::G1>::width_for(g1_products));
    interrupt.check()?;
    let g2 = FixedBase::new(E::G2::generator(), FixedBase::<E::G2>::width_for(constraints.signals));
    interrupt.check()?;
    let verifying = VerifyingKey {
        alpha_g1: g1.multiply(&waste.alpha).into_affine(),
        beta_g2: g2.multiply(&waste.beta).into_affine(),
        gamma_g2: E::G2::generator().into_affine(),
        delta_g2: g2.multiply(&waste.delta).into_affine(),
        gamma_abc_g1: g1.multiply_all(public, interrupt)?,
    };
    let proving = ProvingKey {
        verifying,
        beta_g1: g1.multiply(&waste.beta).into_affine(),
        delta_g1: g1.multiply(&waste.delta).into_affine(),
        a_query: g1.multiply_all(&a, interrupt)?,
        b_g1_query: g1.multiply_all(&b, interrupt)?,
        b_g2_query: g2.multiply_all(&b, interrupt)?,
        l_query: g1.multiply_all(private, interrupt)?,
        h_query: g1.multiply_all(&h, interrupt)?,
    };
    Ok(CircuitKey { proving, constraints })
}

/// Why no key was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The constraint system came from a `.zkey` without an `.r1cs`.
    #[error("the matrix C of the constraints is unknown")]
    UnknownC,
    /// The matrices do not belong together.
    #[error(transparent)]
    Malformed(#[from] MalformedConstraints),
    /// There are too many constraints for the field.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// The caller ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}
