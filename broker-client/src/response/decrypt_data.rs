//! DecryptData.

use std::{fmt, mem};

use broker_proto::v1;
use zeroize::Zeroizing;

use super::{Deprecation, metadata};
use crate::error::Error;

/// The answer to a `DecryptDataRequest`.
///
/// The secret is wiped when this is dropped, and never printed. [Secrets](crate#secrets) says what becomes of
/// the transport's copies.
#[derive(Clone)]
#[non_exhaustive]
pub struct DecryptDataResponse {
    /// As long as the ciphertext.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// The id of the call.
    pub id: String,
    /// Set when the profile is going to disappear.
    pub deprecation: Option<Deprecation>,
}

impl fmt::Debug for DecryptDataResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptDataResponse")
            .field("plaintext", &"[redacted]")
            .field("id", &self.id)
            .field("deprecation", &self.deprecation)
            .finish()
    }
}

impl DecryptDataResponse {
    pub(crate) fn from_message(mut message: v1::DecryptDataResponse, length: usize) -> Result<Self, Error> {
        if message.plaintext.len() != length {
            return Err(Error::protocol("DecryptDataResponse with a plaintext of another length"));
        }
        let plaintext = mem::take(&mut message.plaintext).into();
        let (id, deprecation) = metadata(message.metadata.take());
        Ok(Self { plaintext, id, deprecation })
    }
}
