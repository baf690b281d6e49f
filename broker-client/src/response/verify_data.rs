//! VerifyData and VerifyStream.

use broker_proto::v1;

use super::{Deprecation, metadata};

/// The answer to a `VerifyDataRequest` or a `VerifyStreamRequest`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a signature that is not valid is no error"]
pub struct VerifyDataResponse {
    /// Whether the signature is one of this key over this input.
    pub valid: bool,
    /// The id of the call.
    pub id: String,
    /// Set when the profile is going to disappear.
    pub deprecation: Option<Deprecation>,
}

impl VerifyDataResponse {
    pub(crate) fn from_message(message: v1::VerifyDataResponse) -> Self {
        let (id, deprecation) = metadata(message.metadata);
        Self { valid: message.valid, id, deprecation }
    }
}
