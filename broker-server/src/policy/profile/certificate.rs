//! The rules of `API.SignCertificate`.

use const_oid::{ObjectIdentifier, db::rfc5280};

use super::KeyConstraints;
use crate::algorithm::{SignatureScheme, SkiHash};

mod extensions;
mod key_usage;
mod subject;

pub use extensions::{AuthorityInformationAccess, CertificatePolicy, CrlDistributionPoints};
pub use key_usage::{KeyUsage, UsageRule};
pub use subject::{CommonNameRule, MaxSubjectLength, SubjectRule};

/// `API.SignCertificate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignCertificateRule {
    /// `SignAlg` and `HashAlg`.
    pub scheme: SignatureScheme,
    /// `SKIHashAlg`.
    pub ski_hash: SkiHash,
    /// `Validity.ValidNotBeforeOffset` in seconds.
    pub not_before_offset: i64,
    /// `Validity.ValidNotAfterOffset` in seconds.
    pub not_after_offset: i64,
    /// `KeyConstraints.Subject`.
    pub subject_keys: KeyConstraints,
    /// `KeyConstraints.Issuer`.
    pub issuer_keys: KeyConstraints,
    /// `KeyUsage`.
    pub key_usage: KeyUsage,
    /// `ExtendedKeyUsage`, in the order of the document.
    pub extended_key_usage: Vec<ExtendedKeyUsage>,
    /// Whether extKeyUsage is critical: `ExtendedKeyUsageCritical`, or always with timeStamping (RFC 3161 2.3).
    pub extended_key_usage_critical: bool,
    /// `BasicConstraints`.
    pub basic_constraints: BasicConstraints,
    /// `SubjectAlternativeNames`; `None` neither copies nor checks any name.
    pub subject_alternative_names: Option<SubjectAlternativeNames>,
    /// `Subject`; `None` allows every subject.
    pub subject: Option<SubjectRule>,
    /// `MaxSubjectLength`.
    pub max_subject_length: Option<MaxSubjectLength>,
    /// `CRLDistributionPoints`; `None` takes those of the request.
    pub crl_distribution_points: Option<CrlDistributionPoints>,
    /// `AuthorityInformationAccess`.
    pub authority_information_access: AuthorityInformationAccess,
    /// `CertificatePolicies`, in the order of the document.
    pub certificate_policies: Vec<CertificatePolicy>,
    /// `UnknownExtensions`.
    pub unknown_extensions: UnknownExtensions,
    /// `IssuerChecks`.
    pub issuer_checks: IssuerChecks,
    /// The line of the section, from 1.
    pub line: u32,
    /// The line of `Validity`, from 1.
    pub validity_line: u32,
    /// The line of `KeyUsage`, from 1; that of the section where the key is absent.
    pub key_usage_line: u32,
}

/// A purpose of RFC 5280 4.2.1.12.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are RFC 5280's
pub enum ExtendedKeyUsage {
    ServerAuth,
    ClientAuth,
    CodeSigning,
    EmailProtection,
    TimeStamping,
    OcspSigning,
}

impl ExtendedKeyUsage {
    /// Every purpose that a profile can name.
    pub const ALL: [Self; 6] = [
        Self::ServerAuth,
        Self::ClientAuth,
        Self::CodeSigning,
        Self::EmailProtection,
        Self::TimeStamping,
        Self::OcspSigning,
    ];

    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerAuth => "serverAuth",
            Self::ClientAuth => "clientAuth",
            Self::CodeSigning => "codeSigning",
            Self::EmailProtection => "emailProtection",
            Self::TimeStamping => "timeStamping",
            Self::OcspSigning => "OCSPSigning",
        }
    }

    /// The object identifier (RFC 5280 4.2.1.12).
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::ServerAuth => rfc5280::ID_KP_SERVER_AUTH,
            Self::ClientAuth => rfc5280::ID_KP_CLIENT_AUTH,
            Self::CodeSigning => rfc5280::ID_KP_CODE_SIGNING,
            Self::EmailProtection => rfc5280::ID_KP_EMAIL_PROTECTION,
            Self::TimeStamping => rfc5280::ID_KP_TIME_STAMPING,
            Self::OcspSigning => rfc5280::ID_KP_OCSP_SIGNING,
        }
    }
}

/// `BasicConstraints` (RFC 5280 4.2.1.9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether the subject is a CA.
    pub ca: bool,
    /// The path length; only a CA has one.
    pub path_len: Option<u8>,
    /// Whether the extension of an end entity is critical. That of a CA always is.
    pub critical: bool,
    /// Whether the certificate has no such extension; `false` for a CA.
    pub omit: bool,
}

/// `SubjectAlternativeNames`: the names that are copied from a request. A request with any other name is denied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectAlternativeNames {
    /// Whether names of the kind `dns` are allowed.
    pub dns: bool,
    /// Whether names of the kind `ip` are allowed.
    pub ip: bool,
    /// Whether names of the kind `uri` are allowed.
    pub uri: bool,
    /// Whether names of the kind `email` are allowed.
    pub email: bool,
    /// Whether DNS names may have underscores.
    pub allow_underscore: bool,
    /// The suffixes that DNS names may have, in lower case, each with its leading dot. An empty list allows any
    /// name.
    pub suffixes: Vec<String>,
    /// Whether a certificate whose request has no name gets the names that its commonNames are.
    pub from_common_name: bool,
    /// The line of the section, from 1.
    pub line: u32,
}

impl SubjectAlternativeNames {
    /// The kinds of name that a profile can allow.
    pub const KINDS: [&'static str; 4] = ["dns", "ip", "uri", "email"];

    /// Returns every kind of name, and whether it is allowed.
    pub fn kinds(&self) -> impl Iterator<Item = (&'static str, bool)> {
        Self::KINDS.into_iter().zip([self.dns, self.ip, self.uri, self.email])
    }
}

/// `UnknownExtensions`: what happens to a request for an extension that the broker does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownExtensions {
    /// The extension is ignored, and the response names it.
    #[default]
    Ignore,
    /// The request is denied.
    Refuse {
        /// The line of the key, from 1.
        line: u32,
    },
}

impl UnknownExtensions {
    /// The values in profiles, each with whether it refuses.
    pub const NAMES: [(&'static str, bool); 2] = [("ignore", false), ("refuse", true)];

    /// The value in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Refuse { .. } => "refuse",
        }
    }
}

/// `IssuerChecks`: the requirements on the CA certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IssuerChecks {
    /// Whether the CA certificate must be valid now: the section is present, without `AllowExpired: true`.
    pub refuse_expired: bool,
    /// Whether a verifier must accept the CA as the issuer of the certificate: basicConstraints, keyUsage, path length,
    /// critical extensions, extKeyUsage and name constraints.
    pub require_ca: bool,
    /// Whether the validity must lie inside the validity of the CA certificate.
    pub nest_validity: bool,
    /// The line of the section, from 1; 0 where the section is absent.
    pub line: u32,
}
