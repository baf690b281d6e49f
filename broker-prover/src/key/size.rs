//! The memory of a key.

use super::{CircuitKey, ProvingKey};
use crate::curve::Curve;

impl<E: Curve> ProvingKey<E> {
    /// The memory of the key in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let g1 =
            [&self.verifying.gamma_abc_g1, &self.a_query, &self.b_g1_query, &self.l_query, &self.h_query];
        let g1: usize = g1.into_iter().map(|points| size_of_val(points.as_slice())).sum();
        size_of::<Self>() + g1 + size_of_val(self.b_g2_query.as_slice())
    }
}

impl<E: Curve> CircuitKey<E> {
    /// The memory of the key and the constraints in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let matrices = [&self.constraints.a, &self.constraints.b].into_iter().chain(&self.constraints.c);
        self.proving.bytes() + matrices.map(|matrix| matrix.bytes()).sum::<usize>()
    }
}
