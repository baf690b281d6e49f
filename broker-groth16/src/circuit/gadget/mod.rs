//! Parts of circuits.

pub(super) mod poseidon;
pub(super) mod range;
