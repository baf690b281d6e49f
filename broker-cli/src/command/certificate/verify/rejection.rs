//! Why a path is not valid.

use rustls_pki_types::UnixTime;
use webpki::Error;

use crate::x509::{certificate::Certificate, distinguished_name, time::rfc3339};

/// Why a path is not valid.
pub(super) struct Rejection {
    /// A name for programs.
    pub(super) code: &'static str,
    pub(super) reason: String,
}

impl Rejection {
    pub(super) fn new(code: &'static str, reason: &str) -> Self {
        Self { code, reason: reason.to_owned() }
    }

    /// Returns that of a certificate, which `text` continues.
    pub(super) fn of(certificate: &Certificate<'_>, code: &'static str, text: &str) -> Self {
        Self { code, reason: format!("{} {text}", distinguished_name::text(certificate.subject)) }
    }
}

impl From<&Error> for Rejection {
    fn from(error: &Error) -> Self {
        let time = |time: &UnixTime| rfc3339(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
        match error {
            Error::CertExpired { not_after, .. } => Self {
                code: "EXPIRED",
                reason: format!("a certificate of the path has expired at {}", time(not_after)),
            },
            Error::CertNotValidYet { not_before, .. } => Self {
                code: "NOT_YET_VALID",
                reason: format!("a certificate of the path is valid from {} on", time(not_before)),
            },
            Error::UnknownIssuer => Self::new(
                "UNKNOWN_ISSUER",
                "no path to a trusted certificate was found: none of the certificates has the issuer's name",
            ),
            Error::InvalidSignatureForPublicKey => {
                Self::new("BAD_SIGNATURE", "a signature of the path is not valid under the key of its issuer")
            }
            Error::EndEntityUsedAsCa => {
                Self::new("NOT_A_CA", "an issuer of the path is not a CA (RFC 5280 4.2.1.9)")
            }
            Error::PathLenConstraintViolated => Self::new(
                "PATH_TOO_LONG",
                "more CAs follow an issuer than its path length allows (RFC 5280 4.2.1.9)",
            ),
            Error::NameConstraintViolation => Self::new(
                "NAME_CONSTRAINTS",
                "a name is outside the name constraints of an issuer (RFC 5280 4.2.1.10)",
            ),
            Error::RequiredEkuNotFoundContext(_) => {
                Self::new("PURPOSE", "extKeyUsage does not allow the purpose (RFC 5280 4.2.1.12)")
            }
            Error::CertNotValidForName(_) => {
                Self::new("NAME", "the name is not in the certificate's subjectAltName (RFC 9525 6)")
            }
            Error::UnsupportedCriticalExtension => Self::new(
                "UNSUPPORTED_CRITICAL_EXTENSION",
                "a certificate of the path has a critical extension that is not supported (RFC 5280 4.2)",
            ),
            Error::UnsupportedCertVersion => {
                Self::new("UNSUPPORTED", "a certificate of the path is not X.509v3")
            }
            Error::SignatureAlgorithmMismatch => Self::new(
                "MALFORMED",
                "the two signature algorithms of a certificate differ (RFC 5280 4.1.1.2)",
            ),
            Error::BadDer
            | Error::TrailingData(_)
            | Error::ExtensionValueInvalid
            | Error::MalformedExtensions => Self::new(
                "MALFORMED",
                "a certificate of the path is not in DER, or has a part that is not in the form of RFC 5280 4.1 and 4.2",
            ),
            Error::BadDerTime => Self::new(
                "MALFORMED",
                "a certificate of the path has a time that is not in the form of RFC 5280 4.1.2.5",
            ),
            Error::InvalidCertValidity => Self::new(
                "MALFORMED",
                "a certificate of the path has a notBefore after its notAfter (RFC 5280 4.1.2.5)",
            ),
            Error::InvalidSerialNumber => Self::new(
                "MALFORMED",
                "a certificate of the path has a serial number that is negative or over 20 octets long (RFC 5280 4.1.2.2)",
            ),
            Error::EmptyEkuExtension => Self::new(
                "MALFORMED",
                "a certificate of the path has an extKeyUsage without a purpose (RFC 5280 4.2.1.12)",
            ),
            Error::MaximumPathBuildCallsExceeded
            | Error::MaximumPathDepthExceeded
            | Error::MaximumSignatureChecksExceeded => Self::new(
                "UNSUPPORTED",
                "a path was not found before the search became too long; give only certificates that belong to the path",
            ),
            other => match format!("{other:?}") {
                text if text.starts_with("UnsupportedSignatureAlgorithm") => Self::new(
                    "UNSUPPORTED",
                    "a certificate of the path has a signature algorithm that is not supported, or that does not fit the key",
                ),
                text => {
                    let name = text.split(['(', ' ', '{']).next().unwrap_or_default().to_owned();
                    Self {
                        code: "MALFORMED",
                        reason: format!("a certificate of the path cannot be used: {name}"),
                    }
                }
            },
        }
    }
}
