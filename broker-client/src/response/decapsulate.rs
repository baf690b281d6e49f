//! KemService.Decapsulate.

use std::{fmt, mem};

use broker_proto::v1;
use zeroize::Zeroizing;

use super::{Deprecation, Descriptor, metadata, present};
use crate::error::Error;

/// The answer to a `DecapsulateRequest`.
///
/// The secret is wiped when this is dropped, and never printed. [Secrets](crate#secrets) says what becomes of
/// the transport's copies.
#[derive(Clone)]
#[non_exhaustive]
pub struct DecapsulateResponse {
    /// 32 bytes. From a ciphertext that was tampered with it is another secret (FIPS 203 6.3).
    pub shared_secret: Zeroizing<Vec<u8>>,
    /// What was done.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// Set when the profile is going to disappear.
    pub deprecation: Option<Deprecation>,
}

impl fmt::Debug for DecapsulateResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecapsulateResponse")
            .field("shared_secret", &"[redacted]")
            .field("descriptor", &self.descriptor)
            .field("id", &self.id)
            .field("deprecation", &self.deprecation)
            .finish()
    }
}

impl DecapsulateResponse {
    pub(crate) fn from_message(mut message: v1::DecapsulateResponse) -> Result<Self, Error> {
        present(&message.shared_secret, "DecapsulateResponse without a shared secret")?;
        let (id, deprecation) = metadata(message.metadata.take());
        Ok(Self {
            shared_secret: mem::take(&mut message.shared_secret).into(),
            descriptor: Descriptor::from_message(message.descriptor.take()),
            id,
            deprecation,
        })
    }
}
