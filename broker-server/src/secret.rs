//! Key material: wiped when dropped, never printed, never copied by accident.

use std::fmt;

use zeroize::Zeroizing;

/// Bytes that nobody but a crypto library should see. No `Clone`; `Debug` prints nothing of them.
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes over. The vector's own buffer is the one that is wiped, so it must not have been reallocated.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for the one call that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, for a crypto library that works in place.
    pub fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// The bytes without a copy, for what is no secret any more or has an owner that wipes it.
    pub fn into_exposed(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes([redacted])")
    }
}
