//! The request `GenerateKey`.

/// A request to generate a symmetric key. The profile says everything about it.
#[derive(Clone, Copy, Debug)]
pub struct GenerateKey;
