//! What the broker answers, one file per operation.

mod decapsulate;
mod decrypt_data;
mod encapsulate;
mod encrypt_data;
mod generate_key_pair;
mod hash_data;
mod health;
mod info;
mod sign_certificate;
mod sign_data;
mod verify_data;

use broker_proto::v1;

pub use self::{
    decapsulate::DecapsulateResponse,
    decrypt_data::DecryptDataResponse,
    encapsulate::EncapsulateResponse,
    encrypt_data::EncryptDataResponse,
    generate_key_pair::GenerateKeyPairResponse,
    hash_data::{HashDataResponse, HashValue},
    health::HealthStatus,
    info::Info,
    sign_certificate::{Certificate, SignCertificateResponse},
    sign_data::SignDataResponse,
    verify_data::VerifyDataResponse,
};
use crate::error::Error;

/// What the broker did: the profile's choice, in the words of the standards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Descriptor {
    /// The profile that decided.
    pub profile: String,
    /// The operation, such as `HashData`.
    pub operation: String,
    /// The algorithm, such as `sha3-512` or `ecdsa-with-SHA512`.
    pub algorithm: String,
}

/// Says that the profile in use is going to disappear.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Deprecation {
    /// The profile.
    pub profile: String,
    /// The profile to use instead.
    pub replaced_by: Option<String>,
    /// Since when it is deprecated, as its document writes it.
    pub deprecated_since: Option<String>,
    /// When it is going to be removed, as its document writes it.
    pub remove_after: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

macro_rules! descriptor {
    ($($response:ty),+) => {$(
        impl $response {
            /// The algorithm that the profile chose.
            pub fn algorithm(&self) -> &str {
                &self.descriptor.algorithm
            }

            /// The profile that decided.
            pub fn profile(&self) -> &str {
                &self.descriptor.profile
            }
        }
    )+};
}
descriptor!(
    HashDataResponse,
    SignCertificateResponse,
    SignDataResponse,
    EncryptDataResponse,
    GenerateKeyPairResponse,
    EncapsulateResponse,
    DecapsulateResponse
);

impl Descriptor {
    fn from_message(message: Option<v1::CryptoDescriptor>) -> Self {
        message.map_or_else(Self::default, |it| Self {
            profile: it.profile,
            operation: it.operation,
            algorithm: it.algorithm,
        })
    }
}

fn metadata(message: Option<v1::Metadata>) -> (String, Option<Deprecation>) {
    let Some(message) = message else { return (String::new(), None) };
    let deprecation = message.deprecation.map(|it| Deprecation {
        profile: it.profile,
        replaced_by: it.replaced_by,
        deprecated_since: it.deprecated_since,
        remove_after: it.remove_after,
        reason: it.reason,
    });
    (message.id, deprecation)
}

/// Checks a field without which the answer is none.
fn present(bytes: &[u8], missing: &'static str) -> Result<(), Error> {
    if bytes.is_empty() { Err(Error::protocol(missing)) } else { Ok(()) }
}
