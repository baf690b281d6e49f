//! A denial: the reason why policy does not allow a request.

use super::profile::Profile;

/// The reason why policy does not allow a request: the rule, its line in the document, and a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Denial {
    /// The kind of the denial.
    pub kind: DenialKind,
    /// The name of the profile in the request.
    pub profile: String,
    /// The path of the rule that denies the request, such as `API.SignCertificate.KeyConstraints.Subject.ECDSA`. It is
    /// empty where the profile is unknown.
    pub rule: String,
    /// The line of the rule in the profile document, from 1.
    pub line: Option<u32>,
    /// One sentence for the caller, with the next step where one exists.
    pub message: String,
}

impl Denial {
    /// Returns a denial by the rule of `profile` at the path `rule`, which starts in `line` of the document.
    pub(super) fn new(profile: &Profile, kind: DenialKind, rule: &str, line: u32, message: String) -> Self {
        Self { kind, profile: profile.name.to_string(), rule: rule.to_owned(), line: Some(line), message }
    }
}

/// The kind of a denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DenialKind {
    /// The catalogue has no profile with the name.
    UnknownProfile,
    /// The profile has no section for the operation.
    OperationNotAllowed,
    /// The profile is past its sunset.
    ProfileRetired,
    /// The subject's key is outside the constraints, or can have no usage of the profile.
    SubjectKeyNotAllowed,
    /// The issuer's key is outside the constraints.
    IssuerKeyNotAllowed,
    /// The key cannot make or verify the profile's signature.
    AlgorithmMismatch,
    /// The key is outside the constraints.
    KeyNotAllowed,
    /// The request has a nonce, and the profile generates nonces itself.
    NonceNotAllowed,
    /// The request has a seed, and the profile does not generate keys from one.
    SeedNotAllowed,
    /// The profile's signatures need the complete message at once.
    NotStreamable,
    /// The profile's signatures cannot have the format.
    FormatNotAllowed,
    /// The request has a context for its signature, and the profile allows none, or its format has none.
    ContextNotAllowed,
    /// The requested validity is outside the profile's window.
    ValidityNotAllowed,
    /// A requested subject alternative name, or a name that verifiers read in the subject, has a kind or a suffix that is
    /// not allowed.
    NameNotAllowed,
    /// The subject is outside `Subject` or `MaxSubjectLength`.
    SubjectNotAllowed,
    /// The request has CRL distribution points other than those of the profile.
    CrlDistributionPointNotAllowed,
    /// A requested subject alternative name cannot be in any certificate, and the profile copies names.
    NameMalformed,
    /// The request has an extension that the broker does not know, and the profile refuses these.
    ExtensionNotAllowed,
    /// The CA certificate does not satisfy `IssuerChecks`.
    IssuerNotAllowed,
    /// The caller's identity is not allowed.
    CallerNotAllowed,
    /// A fact that a check needs is missing. This is a bug in the broker, and it must not result in a permit.
    MissingFact,
}

impl DenialKind {
    /// Returns the reason for google.rpc.ErrorInfo, such as `SUBJECT_KEY_NOT_ALLOWED`.
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
            Self::ContextNotAllowed => "CONTEXT_NOT_ALLOWED",
            Self::ValidityNotAllowed => "VALIDITY_NOT_ALLOWED",
            Self::NameNotAllowed => "NAME_NOT_ALLOWED",
            Self::SubjectNotAllowed => "SUBJECT_NOT_ALLOWED",
            Self::CrlDistributionPointNotAllowed => "CRL_DISTRIBUTION_POINT_NOT_ALLOWED",
            // The reason of an invalid field, with which a profile that copies names refuses the request.
            Self::NameMalformed => "FIELD_MALFORMED",
            Self::ExtensionNotAllowed => "EXTENSION_NOT_ALLOWED",
            Self::IssuerNotAllowed => "ISSUER_NOT_ALLOWED",
            Self::CallerNotAllowed => "CALLER_NOT_ALLOWED",
            Self::MissingFact => "INTERNAL",
        }
    }

    /// Returns the wire field with the value that is refused, where the denial is about one. For a name it is the certification
    /// request, even if the request has another subject.
    pub const fn field(self) -> Option<&'static str> {
        match self {
            Self::SubjectKeyNotAllowed
            | Self::NameNotAllowed
            | Self::SubjectNotAllowed
            | Self::NameMalformed
            | Self::ExtensionNotAllowed => Some("csr"),
            Self::IssuerKeyNotAllowed => Some("ca_private_key"),
            Self::IssuerNotAllowed => Some("ca_cert"),
            Self::CrlDistributionPointNotAllowed => Some("crl_distribution_points"),
            Self::ContextNotAllowed => Some("context"),
            _ => None,
        }
    }
}
