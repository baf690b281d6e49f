//! The decision: a pure function of the caller, the profile, the request and the time.

use std::sync::Arc;

use super::permit::{self, Permit};
use super::profile::Profile;
use crate::{caller::Caller, request};

/// May `caller` hash this under `profile`? `now` in Unix seconds.
pub fn hash_data(
    caller: &Caller,
    profile: &Arc<Profile>,
    request: request::HashData,
    now: i64,
) -> Result<Permit<permit::HashData>, Denial> {
    todo!()
}

/// May `caller` have this certificate under `profile`? `now` in Unix seconds, taken once per request. Checks, in this
/// order: sunset, section, subject key, issuer key, the issuer's fit to `SignAlg`, validity window, names, issuer checks.
pub fn sign_certificate(
    caller: &Caller,
    profile: &Arc<Profile>,
    request: request::SignCertificate,
    now: i64,
) -> Result<Permit<permit::SignCertificate>, Denial> {
    todo!()
}

/// A refusal by policy: which rule, where it stands, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Denial {
    /// What sort of refusal.
    pub kind: DenialKind,
    /// The profile that was asked for.
    pub profile: String,
    /// The rule at fault as a path, such as `API.SignCertificate.KeyConstraints.Subject.ECDSA`; empty where there is no
    /// profile to have one.
    pub rule: String,
    /// The rule's line in the profile document, from 1.
    pub line: Option<u32>,
    /// One sentence for the caller, with the next step where there is one.
    pub message: String,
}

/// What sort of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DenialKind {
    /// No profile has that name.
    UnknownProfile,
    /// The profile has no section for the operation.
    OperationNotAllowed,
    /// The profile is past its sunset.
    ProfileRetired,
    /// The subject's key is outside the constraints.
    SubjectKeyNotAllowed,
    /// The issuer's key is outside the constraints.
    IssuerKeyNotAllowed,
    /// The issuer's key cannot make the profile's signature.
    AlgorithmMismatch,
    /// The validity asked for is outside the profile's window.
    ValidityNotAllowed,
    /// A subject alternative name of a kind or suffix that is not allowed.
    NameNotAllowed,
    /// The CA certificate does not satisfy `IssuerChecks`.
    IssuerNotAllowed,
    /// The caller's identity is not allowed.
    CallerNotAllowed,
}

impl DenialKind {
    /// The reason for google.rpc.ErrorInfo, such as `SUBJECT_KEY_NOT_ALLOWED`.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownProfile => "UNKNOWN_PROFILE",
            Self::OperationNotAllowed => "OPERATION_NOT_ALLOWED",
            Self::ProfileRetired => "PROFILE_RETIRED",
            Self::SubjectKeyNotAllowed => "SUBJECT_KEY_NOT_ALLOWED",
            Self::IssuerKeyNotAllowed => "ISSUER_KEY_NOT_ALLOWED",
            Self::AlgorithmMismatch => "ALGORITHM_MISMATCH",
            Self::ValidityNotAllowed => "VALIDITY_NOT_ALLOWED",
            Self::NameNotAllowed => "NAME_NOT_ALLOWED",
            Self::IssuerNotAllowed => "ISSUER_NOT_ALLOWED",
            Self::CallerNotAllowed => "CALLER_NOT_ALLOWED",
        }
    }
}
