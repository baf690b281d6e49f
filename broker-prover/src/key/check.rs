//! The checks of a key from outside.

use std::fmt;

use ark_ec::{AffineRepr, pairing::Pairing};
use ark_ff::Zero;

use super::{ProvingKey, VerifyingKey};
use crate::{
    curve::Curve,
    point::{Point, PointError},
};

impl<E: Curve> VerifyingKey<E> {
    /// Checks everything that can be known of a verifying key without its circuit: each point is on its curve, in the
    /// group of prime order and not the identity element, and nobody can forge proofs because δ has a known relation to
    /// γ or to the generator. (snarkjs sets γ to the generator, which is right, and δ too until the first contribution,
    /// which is not.)
    ///
    /// `public` is the circuit's number of public signals, without the constant 1.
    ///
    /// # Errors
    ///
    /// [`KeyError`], which names the point.
    pub fn check(&self, public: usize) -> Result<(), KeyError> {
        if self.gamma_abc_g1.is_empty() || self.public() != public {
            return Err(KeyError::Public {
                found: self.gamma_abc_g1.len(),
                expected: public.saturating_add(1),
            });
        }
        check_element(KeyPoint::Alpha, &self.alpha_g1)?;
        check_element(KeyPoint::Beta, &self.beta_g2)?;
        check_element(KeyPoint::Gamma, &self.gamma_g2)?;
        check_element(KeyPoint::Delta, &self.delta_g2)?;
        for (index, point) in self.gamma_abc_g1.iter().enumerate() {
            check_element(KeyPoint::Ic(index), point)?;
        }
        // If δ = k·γ for a known k, then A = α, B = β, C = -L/k is a proof of any statement, where L is the combination
        // of IC. One and minus one are the factors that happen.
        if self.delta_g2 == self.gamma_g2 || self.delta_g2 == negated(self.gamma_g2) {
            return Err(KeyError::GammaIsDelta);
        }
        let generator = E::G2Affine::generator();
        if self.delta_g2 == generator || self.delta_g2 == negated(generator) {
            return Err(KeyError::DeltaIsGenerator);
        }
        Ok(())
    }
}

impl<E: Curve> ProvingKey<E> {
    /// Checks β and δ in G1: they are in the group, not the identity element, and have the same discrete logarithms as
    /// β and δ in G2, which [`VerifyingKey::check`] checks. The query points are not looked at.
    ///
    /// # Errors
    ///
    /// [`KeyError`], which names the point.
    pub fn check_pairs(&self) -> Result<(), KeyError> {
        let pairs = [
            (KeyPoint::BetaG1, self.beta_g1, self.verifying.beta_g2),
            (KeyPoint::DeltaG1, self.delta_g1, self.verifying.delta_g2),
        ];
        for (name, g1, g2) in pairs {
            check_element(name, &g1)?;
            // e(g1, G2) = e(G1, g2)
            let (minus_g1, generator) = (negated(E::G1Affine::generator()), E::G2Affine::generator());
            if !<E as Pairing>::multi_pairing([g1, minus_g1], [generator, g2]).is_zero() {
                return Err(KeyError::Pair { point: name });
            }
        }
        Ok(())
    }
}

fn check_element(name: KeyPoint, point: &impl Point) -> Result<(), KeyError> {
    point.check_element().map_err(|reason| KeyError::Point { point: name, reason })
}

fn negated<P: AffineRepr>(point: P) -> P {
    (-point.into_group()).into()
}

/// The name of a point in a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPoint {
    /// α in G1.
    Alpha,
    /// β in G2.
    Beta,
    /// β in G1.
    BetaG1,
    /// γ in G2.
    Gamma,
    /// δ in G2.
    Delta,
    /// δ in G1.
    DeltaG1,
    /// The point of the constant 1 (0) or of a public signal (from 1).
    Ic(usize),
}

impl fmt::Display for KeyPoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alpha => formatter.write_str("alpha in G1"),
            Self::Beta => formatter.write_str("beta in G2"),
            Self::BetaG1 => formatter.write_str("beta in G1"),
            Self::Gamma => formatter.write_str("gamma in G2"),
            Self::Delta => formatter.write_str("delta in G2"),
            Self::DeltaG1 => formatter.write_str("delta in G1"),
            Self::Ic(index) => write!(formatter, "IC[{index}]"),
        }
    }
}

/// Why a key is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes end before the key does.
    #[error("the key ends within {point}")]
    Truncated {
        /// The point that is incomplete or missing.
        point: KeyPoint,
    },
    /// Bytes follow the key.
    #[error("{bytes} bytes follow the key")]
    TrailingBytes {
        /// Their number.
        bytes: usize,
    },
    /// The number of points in IC is not that of the public signals and the constant 1.
    #[error(
        "the key has {found} points in IC, and {expected} are expected: one for each public signal and one more"
    )]
    Public {
        /// The number of points.
        found: usize,
        /// The number of public signals and one.
        expected: usize,
    },
    /// A point is not acceptable.
    #[error("{point} {reason}")]
    Point {
        /// The point.
        point: KeyPoint,
        /// What is wrong with it.
        reason: PointError,
    },
    /// γ = δ or γ = -δ.
    #[error(
        "gamma and delta are the same, so anybody can forge proofs: the setup of this key was never finished by a \
         contribution"
    )]
    GammaIsDelta,
    /// δ is the generator or its negation.
    #[error(
        "delta is the generator of G2, so anybody can forge proofs: the setup of this key was never finished by a \
             contribution"
    )]
    DeltaIsGenerator,
    /// A point in G1 does not belong to its counterpart in G2.
    #[error("{point} does not belong to its counterpart in G2")]
    Pair {
        /// The point in G1.
        point: KeyPoint,
    },
}
