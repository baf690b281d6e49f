//! SignData and SignStream.

use broker_proto::v1;

use super::{Deprecation, Descriptor, metadata, present};
use crate::error::Error;

/// The answer to a `SignDataRequest` or a `SignStreamRequest`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignDataResponse {
    /// The signature, in the format that was asked for.
    pub signature: Vec<u8>,
    /// What was done.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// Set when the profile is going to disappear.
    pub deprecation: Option<Deprecation>,
}

impl TryFrom<v1::SignDataResponse> for SignDataResponse {
    type Error = Error;

    fn try_from(message: v1::SignDataResponse) -> Result<Self, Error> {
        present(&message.signature, "SignDataResponse without a signature")?;
        let (id, deprecation) = metadata(message.metadata);
        Ok(Self { signature: message.signature, descriptor: message.descriptor.into(), id, deprecation })
    }
}
