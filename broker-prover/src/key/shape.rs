//! Whether the parts of a key belong together.

use super::CircuitKey;
use crate::{constraint_system::MalformedConstraints, curve::Curve};

impl<E: Curve> CircuitKey<E> {
    /// Checks that the key has exactly as many points as its constraints need. A multi-scalar multiplication would
    /// silently leave out what it has no point for.
    ///
    /// # Errors
    ///
    /// [`MalformedKey`].
    pub fn validate(&self) -> Result<(), MalformedKey> {
        let Self { proving, constraints } = self;
        constraints.validate()?;
        let public = constraints.public + 1;
        let lengths = [
            ("gamma_abc_g1", proving.verifying.gamma_abc_g1.len(), public),
            ("a_query", proving.a_query.len(), constraints.signals),
            ("b_g1_query", proving.b_g1_query.len(), constraints.signals),
            ("b_g2_query", proving.b_g2_query.len(), constraints.signals),
            ("l_query", proving.l_query.len(), constraints.signals - public),
            ("h_query", proving.h_query.len(), constraints.domain_size()),
        ];
        match lengths.into_iter().find(|(_, found, expected)| found != expected) {
            None => Ok(()),
            Some((part, found, expected)) => Err(MalformedKey::Length { part, found, expected }),
        }
    }
}

/// Why the parts of a key do not belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedKey {
    /// The matrices do not belong together.
    #[error(transparent)]
    Constraints(#[from] MalformedConstraints),
    /// A part has too few or too many points.
    #[error("{part} has {found} points, and the constraints need {expected}")]
    Length {
        /// The name of the part.
        part: &'static str,
        /// The number of its points.
        found: usize,
        /// The number that the constraints need.
        expected: usize,
    },
}
