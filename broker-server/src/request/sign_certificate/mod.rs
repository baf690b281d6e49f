//! Parses `SignCertificate`: the certification request, the issuer's key and the issuer's certificate become typed values
//! that policy can judge. Names and keys keep their original DER, because the certificate must contain exactly these bytes.

use broker_proto::v1;

use super::{FieldError, FieldErrorKind, Limits, SigningKey, error::at_most, signing_key};

mod alternative_name;
mod attribute_id;
mod attribute_type;
mod ca_certificate;
mod canonical_name;
mod csr;
mod dns_name;
mod extension;
mod hidden;
mod mailbox;
#[cfg(test)]
pub(crate) mod material;
mod name;
mod requested_extensions;
mod strings;
mod subject;
#[cfg(test)]
mod tests;
mod uri;

pub use alternative_name::AlternativeName;
pub use attribute_id::AttributeId;
pub use ca_certificate::{CaCertificate, NameConstraints, NameForm, Subtree, SubtreeBase};
pub(super) use ca_certificate::{SubjectKey, subject_key};
pub(super) use canonical_name::is_same_name;
pub use canonical_name::{CanonicalName, email_addresses};
pub use csr::Csr;
pub use name::{Name, NameAttribute};

/// A request to issue a certificate.
#[derive(Debug)]
pub struct SignCertificate {
    /// The certification request.
    pub csr: Csr,
    /// The issuer's private key.
    pub issuer_key: SigningKey,
    /// The issuer's certificate.
    pub ca_certificate: CaCertificate,
    /// The name that replaces the request's subject.
    pub subject: Option<Name>,
    /// The requested notBefore in Unix seconds.
    pub not_before: Option<i64>,
    /// The requested notAfter in Unix seconds.
    pub not_after: Option<i64>,
    /// The URL of each DistributionPoint: http or https, with a host (RFC 3986).
    pub crl_distribution_points: Vec<String>,
    /// The encoding of the certificate in the response.
    pub format: CertificateFormat,
}

/// The encoding of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFormat {
    /// DER.
    Der,
    /// PEM (RFC 7468).
    Pem,
}

impl SignCertificate {
    /// Returns the certificate's subject: the requested one, or else that of the certification request.
    pub fn subject(&self) -> &Name {
        self.subject.as_ref().unwrap_or_else(|| self.csr.subject())
    }

    /// Parses the request's fields in the order CSR, key, certificate, then the rest. Moves the key's text out of `message`
    /// and wipes it after use.
    pub fn parse(message: &mut v1::SignCertificateRequest, limits: &Limits) -> Result<Self, FieldError> {
        let key = signing_key::take(&mut message.ca_private_key);
        let subject = message.subject.as_deref().filter(|text| !text.is_empty());
        let csr = field("csr", &message.csr, limits.csr, |text| {
            let csr = Csr::from_pem(text)?;
            // A subject that is replaced is not in the certificate.
            if subject.is_none() {
                csr.check_subject()?;
            }
            Ok(csr)
        })?;
        let issuer_key = field("ca_private_key", key.expose(), limits.ca_private_key, SigningKey::from_pem)?;
        drop(key);
        let ca_certificate = field("ca_cert", &message.ca_cert, limits.ca_cert, CaCertificate::from_pem)?;
        let subject = match subject {
            None => None,
            Some(text) => Some(field("subject", text, limits.subject, subject::name_from_text)?),
        };
        Ok(Self {
            csr,
            issuer_key,
            ca_certificate,
            subject,
            not_before: time("valid_not_before", message.valid_not_before)?,
            not_after: time("valid_not_after", message.valid_not_after)?,
            crl_distribution_points: crl_distribution_points(
                std::mem::take(&mut message.crl_distribution_points),
                limits,
            )
            .map_err(|kind| FieldError { field: "crl_distribution_points", kind })?,
            format: format(message.output_format)?,
        })
    }
}

fn field<T>(
    field: &'static str,
    text: &str,
    limit: usize,
    read: impl FnOnce(&str) -> Result<T, FieldErrorKind>,
) -> Result<T, FieldError> {
    if text.is_empty() {
        return Err(FieldError { field, kind: FieldErrorKind::Missing });
    }
    at_most(field, text.len(), limit)?;
    read(text).map_err(|kind| FieldError { field, kind })
}

/// 9999-12-31T23:59:59Z, the latest time that a certificate can express (RFC 5280 4.1.2.5).
const LAST_TIME: u64 = 253_402_300_799;

fn time(field: &'static str, seconds: Option<u64>) -> Result<Option<i64>, FieldError> {
    match seconds {
        None => Ok(None),
        Some(seconds) if seconds <= LAST_TIME => Ok(i64::try_from(seconds).ok()),
        Some(_) => Err(FieldError {
            field,
            kind: FieldErrorKind::Malformed(
                "is after the year 9999 (RFC 5280 4.1.2.5); send Unix seconds".into(),
            ),
        }),
    }
}

/// Checks the CRL distribution points of a request, and returns them: each is an http or https URL with a host (RFC 3986).
///
/// # Errors
/// Fails where the broker refuses the field: for too many URLs, for one that is too long, and for anything else.
pub fn crl_distribution_points(points: Vec<String>, limits: &Limits) -> Result<Vec<String>, FieldErrorKind> {
    let limit = limits.crl_distribution_points_count;
    if points.len() > limit {
        return Err(FieldErrorKind::TooMany { limit });
    }
    for (index, point) in points.iter().enumerate() {
        let (length, limit) = (point.len(), limits.crl_distribution_point);
        if length > limit {
            return Err(FieldErrorKind::TooLong { length, limit });
        }
        let Err(fault) = check_http_url(point) else { continue };
        return Err(FieldErrorKind::Malformed(format!(
            "has as entry {} something other than an http or https URL with a host{fault}",
            index + 1
        )));
    }
    Ok(points)
}

/// Checks that a relying party can dereference `text`: that it is an http or https URL with a host (RFC 3986).
///
/// # Errors
/// Fails with a text that may be empty and continues the sentence "it is not an http or https URL with a host".
pub fn check_http_url(text: &str) -> Result<(), String> {
    match uri::Uri::read(text) {
        Ok(url) if url.is_http() => Ok(()),
        Ok(_) => Err(String::new()),
        Err(fault) => Err(format!(": it {fault}")),
    }
}

/// Checks a uniformResourceIdentifier (RFC 5280 4.2.1.6): that `text` is an absolute URI (RFC 3986) whose authority, if it has
/// one, has a DNS name or an IP address as the host.
///
/// # Errors
/// Fails with a text that continues a sentence that names the URI.
pub fn check_uri(text: &str) -> Result<(), String> {
    uri::Uri::read(text).map(drop)
}

/// Checks a dNSName (RFC 5280 4.2.1.6): that `text` is a host name, of which the first label may be `*`. It may have
/// underscores.
///
/// # Errors
/// Fails with a text that continues a sentence that names it.
pub fn check_dns_name(text: &str) -> Result<(), String> {
    dns_name::check_dns_name(text).map_err(|error| error.to_string())
}

fn format(number: i32) -> Result<CertificateFormat, FieldError> {
    match v1::SignOutputFormat::try_from(number) {
        Ok(v1::SignOutputFormat::Unspecified | v1::SignOutputFormat::Der) => Ok(CertificateFormat::Der),
        Ok(v1::SignOutputFormat::Pem) => Ok(CertificateFormat::Pem),
        Err(_) => Err(FieldError { field: "output_format", kind: FieldErrorKind::UnknownValue(number) }),
    }
}
