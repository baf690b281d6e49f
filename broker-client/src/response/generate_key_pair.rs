//! GenerateKeyPair, of KemService and of SignatureKeyService.

use std::{fmt, mem};

use broker_proto::v1;
use zeroize::Zeroizing;

use super::{Deprecation, Descriptor, metadata, present};
use crate::error::Error;

/// The answer to a `GenerateKeyPairRequest`.
///
/// The secret is wiped when this is dropped, and never printed. [Secrets](crate#secrets) says what becomes of
/// the transport's copies.
#[derive(Clone)]
#[non_exhaustive]
pub struct GenerateKeyPairResponse {
    /// Of a key encapsulation mechanism the encapsulation key.
    pub public_key: Vec<u8>,
    /// Of a key encapsulation mechanism the decapsulation key, as its seed.
    pub private_key: Zeroizing<Vec<u8>>,
    /// What was done.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// Set when the profile is going to disappear.
    pub deprecation: Option<Deprecation>,
}

impl fmt::Debug for GenerateKeyPairResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenerateKeyPairResponse")
            .field("public_key", &format_args!("[{} bytes]", self.public_key.len()))
            .field("private_key", &"[redacted]")
            .field("descriptor", &self.descriptor)
            .field("id", &self.id)
            .field("deprecation", &self.deprecation)
            .finish()
    }
}

impl GenerateKeyPairResponse {
    pub(crate) fn from_message(mut message: v1::GenerateKeyPairResponse) -> Result<Self, Error> {
        present(&message.public_key, "GenerateKeyPairResponse without a public key")?;
        present(&message.private_key, "GenerateKeyPairResponse without a private key")?;
        let (id, deprecation) = metadata(message.metadata.take());
        Ok(Self {
            public_key: mem::take(&mut message.public_key),
            private_key: mem::take(&mut message.private_key).into(),
            descriptor: Descriptor::from_message(message.descriptor.take()),
            id,
            deprecation,
        })
    }
}
