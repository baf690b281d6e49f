//! How a key is named.

use std::fmt;

use ark_serialize::{CanonicalSerialize, Write};
use sha2::{Digest, Sha256};

use super::VerifyingKey;
use crate::curve::Curve;

/// Separates the hash from all other uses of SHA-256.
const DOMAIN: &[u8] = b"cryptobroker-groth16-vk-v1";

/// The name of a key: SHA-256 of `cryptobroker-groth16-vk-v1`, the curve's name in profiles (`bn254`, `bls12-381`) and
/// the uncompressed canonical serialisation of the verifying key, which is the one of arkworks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Fingerprint {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl<E: Curve> From<&VerifyingKey<E>> for Fingerprint {
    fn from(key: &VerifyingKey<E>) -> Self {
        let mut hash = Hasher(Sha256::new());
        hash.0.update(DOMAIN);
        hash.0.update(E::NAME.as_str());
        // Serialisation fails only if the writer does, and hashing does not.
        let _infallible = key.serialize_uncompressed(&mut hash);
        Self(hash.0.finalize().into())
    }
}

/// The fingerprint in lower-case hexadecimal.
impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
