//! The parts that the responses of several operations share.

use broker_proto::v1;

use crate::error::Error;

/// The profile, the operation and the algorithm that the broker used, in the terms of the standards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Descriptor {
    /// The profile that was used.
    pub profile: String,
    /// The operation, such as `HashData`.
    pub operation: String,
    /// The algorithm, such as `sha3-512` or `ecdsa-with-SHA512`.
    pub algorithm: String,
}

impl Descriptor {
    pub(crate) fn from_message(message: Option<v1::CryptoDescriptor>) -> Self {
        message.map_or_else(Self::default, |descriptor| Self {
            profile: descriptor.profile,
            operation: descriptor.operation,
            algorithm: descriptor.algorithm,
        })
    }
}

/// A warning that the profile in use is deprecated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Deprecation {
    /// The profile.
    pub profile: String,
    /// The profile to use instead.
    pub replaced_by: Option<String>,
    /// The time since which the profile is deprecated, as its document states it.
    pub deprecated_since: Option<String>,
    /// The time at which the profile is going to be removed, as its document states it.
    pub remove_after: Option<String>,
    /// The reason for the deprecation.
    pub reason: Option<String>,
}

/// Defines the accessors of a response's descriptor.
macro_rules! descriptor_accessors {
    () => {
        /// Returns the algorithm that the profile selected.
        pub fn algorithm(&self) -> &str {
            &self.descriptor.algorithm
        }

        /// Returns the profile that was used.
        pub fn profile(&self) -> &str {
            &self.descriptor.profile
        }
    };
}
pub(crate) use descriptor_accessors;

/// Splits the metadata of a response into the id of the call and the deprecation warning.
pub(crate) fn split_metadata(metadata: Option<v1::Metadata>) -> (String, Option<Deprecation>) {
    let Some(metadata) = metadata else { return (String::new(), None) };
    let deprecation = metadata.deprecation.map(|warning| Deprecation {
        profile: warning.profile,
        replaced_by: warning.replaced_by,
        deprecated_since: warning.deprecated_since,
        remove_after: warning.remove_after,
        reason: warning.reason,
    });
    (metadata.id, deprecation)
}

/// Fails with a protocol error of this text where a required field is empty.
pub(crate) fn require_present(field: &[u8], missing: &'static str) -> Result<(), Error> {
    if field.is_empty() { Err(Error::protocol(missing)) } else { Ok(()) }
}
