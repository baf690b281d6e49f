//! What sets apart the instances of Poseidon.

/// The number of full rounds, half of which come first and half last.
pub(super) const FULL_ROUNDS: usize = 8;

/// What sets apart the instances over one field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// The number of elements of the state: the inputs and the capacity.
    pub(super) width: usize,
    pub(super) partial_rounds: usize,
}
