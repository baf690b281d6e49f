//! What a refusal is.

use super::profile::Profile;

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
    /// The key cannot make or verify the profile's signature.
    AlgorithmMismatch,
    /// The key is outside the constraints.
    KeyNotAllowed,
    /// The profile's nonces are not the caller's to choose.
    NonceNotAllowed,
    /// The profile makes no keys from a caller's seed.
    SeedNotAllowed,
    /// The profile's signatures need the whole message at once.
    NotStreamable,
    /// The profile's signatures have no such format.
    FormatNotAllowed,
    /// The validity asked for is outside the profile's window.
    ValidityNotAllowed,
    /// A subject alternative name of a kind or suffix that is not allowed.
    NameNotAllowed,
    /// The CA certificate does not satisfy `IssuerChecks`.
    IssuerNotAllowed,
    /// The caller's identity is not allowed.
    CallerNotAllowed,
    /// Policy was not told a fact that a check needs: a bug of the broker, which must not end in a permit.
    NotJudged,
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
            Self::KeyNotAllowed => "KEY_NOT_ALLOWED",
            Self::NonceNotAllowed => "NONCE_NOT_ALLOWED",
            Self::SeedNotAllowed => "SEED_NOT_ALLOWED",
            Self::NotStreamable => "NOT_STREAMABLE",
            Self::FormatNotAllowed => "FORMAT_NOT_ALLOWED",
            Self::ValidityNotAllowed => "VALIDITY_NOT_ALLOWED",
            Self::NameNotAllowed => "NAME_NOT_ALLOWED",
            Self::IssuerNotAllowed => "ISSUER_NOT_ALLOWED",
            Self::CallerNotAllowed => "CALLER_NOT_ALLOWED",
            Self::NotJudged => "INTERNAL",
        }
    }
}

/// A denial under a rule of `profile`.
pub(super) fn denial(
    profile: &Profile,
    kind: DenialKind,
    rule: &str,
    line: u32,
    message: impl Into<String>,
) -> Denial {
    Denial {
        kind,
        profile: profile.name.to_string(),
        rule: rule.to_owned(),
        line: Some(line),
        message: message.into(),
    }
}
