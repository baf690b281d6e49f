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

impl SignDataResponse {
    pub(crate) fn from_message(message: v1::SignDataResponse) -> Result<Self, Error> {
        present(&message.signature, "SignDataResponse without a signature")?;
        let (id, deprecation) = metadata(message.metadata);
        Ok(Self {
            signature: message.signature,
            descriptor: Descriptor::from_message(message.descriptor),
            id,
            deprecation,
        })
    }
}
