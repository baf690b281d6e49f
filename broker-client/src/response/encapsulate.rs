//! KemService.Encapsulate.

use std::{fmt, mem};

use broker_proto::v1;
use zeroize::Zeroizing;

use super::{Deprecation, Descriptor, metadata, present};
use crate::error::Error;

/// The answer to an `EncapsulateRequest`.
///
/// The secret is wiped when this is dropped, and never printed. [Secrets](crate#secrets) says what becomes of
/// the transport's copies.
#[derive(Clone)]
#[non_exhaustive]
pub struct EncapsulateResponse {
    /// What the holder of the decapsulation key is sent.
    pub ciphertext: Vec<u8>,
    /// 32 bytes.
    pub shared_secret: Zeroizing<Vec<u8>>,
    /// What was done.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// Set when the profile is going to disappear.
    pub deprecation: Option<Deprecation>,
}

impl fmt::Debug for EncapsulateResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncapsulateResponse")
            .field("ciphertext", &format_args!("[{} bytes]", self.ciphertext.len()))
            .field("shared_secret", &"[redacted]")
            .field("descriptor", &self.descriptor)
            .field("id", &self.id)
            .field("deprecation", &self.deprecation)
            .finish()
    }
}

impl EncapsulateResponse {
    pub(crate) fn from_message(mut message: v1::EncapsulateResponse) -> Result<Self, Error> {
        present(&message.ciphertext, "EncapsulateResponse without a ciphertext")?;
        present(&message.shared_secret, "EncapsulateResponse without a shared secret")?;
        let (id, deprecation) = metadata(message.metadata.take());
        Ok(Self {
            ciphertext: mem::take(&mut message.ciphertext),
            shared_secret: mem::take(&mut message.shared_secret).into(),
            descriptor: Descriptor::from_message(message.descriptor.take()),
            id,
            deprecation,
        })
    }
}
