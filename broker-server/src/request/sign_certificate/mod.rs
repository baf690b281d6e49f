//! Parses `SignCertificate`: the certification request, the issuer's key and the issuer's certificate become typed values
//! that policy can judge. Names and keys keep their original DER, because the certificate must contain exactly these bytes.

use broker_proto::v1;

use super::{FieldError, FieldErrorKind, Limits, SigningKey, error::at_most, signing_key};

mod alternative_name;
mod ca_certificate;
mod csr;
mod extension;
#[cfg(test)]
pub(crate) mod material;
mod name;
mod subject;
#[cfg(test)]
mod tests;

pub use alternative_name::AlternativeName;
pub use ca_certificate::CaCertificate;
pub(super) use ca_certificate::{SubjectKey, subject_key};
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
    /// The URL of each DistributionPoint: ASCII, http or https, with a host.
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
        let csr = field("csr", &message.csr, limits.csr, Csr::from_pem)?;
        let issuer_key = field("ca_private_key", key.expose(), limits.ca_private_key, SigningKey::from_pem)?;
        drop(key);
        let ca_certificate = field("ca_cert", &message.ca_cert, limits.ca_cert, CaCertificate::from_pem)?;
        let subject = match message.subject.as_deref() {
            None | Some("") => None,
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
            )?,
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

fn crl_distribution_points(points: Vec<String>, limits: &Limits) -> Result<Vec<String>, FieldError> {
    let field = "crl_distribution_points";
    let limit = limits.crl_distribution_points_count;
    if points.len() > limit {
        return Err(FieldError { field, kind: FieldErrorKind::TooMany { limit } });
    }
    for point in &points {
        at_most(field, point.len(), limits.crl_distribution_point)?;
        if !is_http_url(point) {
            let kind = FieldErrorKind::Malformed(
                "has an entry that is not an http or https URL with a host, in printable ASCII without spaces".into(),
            );
            return Err(FieldError { field, kind });
        }
    }
    Ok(points)
}

/// Reports whether a relying party can dereference `text`. Checks only the parts of RFC 3986 that this needs.
fn is_http_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    let host = match host_and_port.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => host_and_port.split(':').next().unwrap_or_default(),
    };
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
        && !host.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
}

fn format(number: i32) -> Result<CertificateFormat, FieldError> {
    match v1::SignOutputFormat::try_from(number) {
        Ok(v1::SignOutputFormat::Unspecified | v1::SignOutputFormat::Der) => Ok(CertificateFormat::Der),
        Ok(v1::SignOutputFormat::Pem) => Ok(CertificateFormat::Pem),
        Err(_) => Err(FieldError { field: "output_format", kind: FieldErrorKind::UnknownValue(number) }),
    }
}
