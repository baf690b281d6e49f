//! What the broker answers.

use std::{
    fmt::Write as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use broker_proto::v1;
use bytes::Bytes;
use tonic_health::pb::health_check_response::ServingStatus;

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

/// A hash, in the form that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HashValue {
    /// Lower-case hex.
    Hex(String),
    /// The bytes.
    Raw(Bytes),
}

impl HashValue {
    /// The hash as lower-case hex, whichever form it came in.
    pub fn to_hex(&self) -> String {
        match self {
            Self::Hex(text) => text.clone(),
            Self::Raw(bytes) => {
                bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "{byte:02x}");
                    text
                })
            }
        }
    }
}

/// The answer to a `HashRequest`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HashResponse {
    /// The hash.
    pub value: HashValue,
    /// What was done.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// Set when the profile is going to disappear.
    pub deprecation: Option<Deprecation>,
}

/// A certificate, in the encoding that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificate {
    /// Text with a `CERTIFICATE` label.
    Pem(String),
    /// Binary.
    Der(Vec<u8>),
}

impl Certificate {
    /// The bytes as they would stand in a file.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Pem(text) => text.as_bytes(),
            Self::Der(bytes) => bytes,
        }
    }
}

/// The answer to a `SignCertificateRequest`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignCertificateResponse {
    /// The certificate.
    pub certificate: Certificate,
    /// What was done.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// Set when the profile is going to disappear.
    pub deprecation: Option<Deprecation>,
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
descriptor!(HashResponse, SignCertificateResponse);

/// What a broker is and what it offers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// The version of the broker (Semantic Versioning).
    pub version: String,
    /// SHA-256 of the catalogue's canonical form, lower-case hex.
    pub catalogue_digest: String,
    /// The names of the profiles, in the order of the document.
    pub profiles: Vec<String>,
    /// The operations that this broker can do.
    pub operations: Vec<String>,
    /// Whether the cryptographic module runs in its FIPS mode.
    pub fips: bool,
    /// The cryptographic libraries and their versions.
    pub crypto_library_versions: String,
    /// When the broker was started.
    pub started_at: Option<SystemTime>,
}

/// Whether a service can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HealthStatus {
    /// It can.
    Serving,
    /// It cannot now, or is being shut down.
    NotServing,
    /// The broker does not say.
    Unknown,
    /// The broker has no such service. Only a watch says this; a single question is refused with NOT_FOUND.
    ServiceUnknown,
}

impl HealthStatus {
    /// The name in the health protocol, such as `NOT_SERVING`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Serving => "SERVING",
            Self::NotServing => "NOT_SERVING",
            Self::Unknown => "UNKNOWN",
            Self::ServiceUnknown => "SERVICE_UNKNOWN",
        }
    }
}

impl std::fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl From<ServingStatus> for HealthStatus {
    fn from(status: ServingStatus) -> Self {
        match status {
            ServingStatus::Serving => Self::Serving,
            ServingStatus::NotServing => Self::NotServing,
            ServingStatus::Unknown => Self::Unknown,
            ServingStatus::ServiceUnknown => Self::ServiceUnknown,
        }
    }
}

impl TryFrom<v1::HashDataResponse> for HashResponse {
    type Error = Error;

    fn try_from(message: v1::HashDataResponse) -> Result<Self, Error> {
        use v1::hash_data_response::HashValue as Wire;
        let value = match message.hash_value {
            Some(Wire::HashValueHex(text)) => HashValue::Hex(text),
            Some(Wire::HashValueRaw(bytes)) => HashValue::Raw(bytes),
            None => return Err(Error::protocol("HashDataResponse without a hash")),
        };
        let (id, deprecation) = metadata(message.metadata);
        Ok(Self { value, descriptor: message.descriptor.into(), id, deprecation })
    }
}

impl TryFrom<v1::SignCertificateResponse> for SignCertificateResponse {
    type Error = Error;

    fn try_from(message: v1::SignCertificateResponse) -> Result<Self, Error> {
        use v1::sign_certificate_response::SignedCertificate as Wire;
        let certificate = match message.signed_certificate {
            Some(Wire::Pem(text)) => Certificate::Pem(text),
            Some(Wire::Der(bytes)) => Certificate::Der(bytes),
            None => return Err(Error::protocol("SignCertificateResponse without a certificate")),
        };
        let (id, deprecation) = metadata(message.metadata);
        Ok(Self { certificate, descriptor: message.descriptor.into(), id, deprecation })
    }
}

impl From<v1::GetInfoResponse> for Info {
    fn from(message: v1::GetInfoResponse) -> Self {
        let started_at = message.started_at.and_then(|time| {
            let since = Duration::new(u64::try_from(time.seconds).ok()?, 0);
            let fraction = Duration::from_nanos(u64::try_from(time.nanos).ok()?);
            UNIX_EPOCH.checked_add(since)?.checked_add(fraction)
        });
        Self {
            version: message.version,
            catalogue_digest: message.catalogue_digest,
            profiles: message.profiles,
            operations: message.operations,
            fips: message.fips,
            crypto_library_versions: message.crypto_library_versions,
            started_at,
        }
    }
}

impl From<Option<v1::CryptoDescriptor>> for Descriptor {
    fn from(message: Option<v1::CryptoDescriptor>) -> Self {
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
