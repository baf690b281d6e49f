//! Reads subject alternative names: they become values that policy can judge.

use std::{fmt, net::IpAddr};

use der::Tag;

use crate::request::{
    FieldErrorKind,
    asn1::{NotDer, Tlv, context},
};

/// A GeneralName (RFC 5280 4.2.1.6) in a certification request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlternativeName {
    /// dNSName.
    Dns(String),
    /// iPAddress.
    Ip(IpAddr),
    /// uniformResourceIdentifier.
    Uri(String),
    /// rfc822Name.
    Email(String),
    /// Any other form, by its name in RFC 5280. It is never allowed.
    Other(&'static str),
}

impl fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::Ip(address) => write!(f, "ip:{address}"),
            Self::Uri(uri) => write!(f, "uri:{uri}"),
            Self::Email(mailbox) => write!(f, "email:{mailbox}"),
            Self::Other(form) => f.write_str(form),
        }
    }
}

/// Reads the value of a subjectAltName extension.
pub(super) fn alternative_names(extension: &[u8]) -> Result<Vec<AlternativeName>, FieldErrorKind> {
    let mut names = Tlv::only(extension)
        .and_then(|names| names.inside(Tag::Sequence))
        .map_err(NotDer::in_a("subjectAltName"))?;
    if names.is_empty() {
        return Err(malformed("its subjectAltName is empty (RFC 5280 4.2.1.6)"));
    }
    let mut found = Vec::new();
    while !names.is_empty() {
        found.push(alternative_name(names.any().map_err(NotDer::in_a("subjectAltName"))?)?);
    }
    Ok(found)
}

fn alternative_name(name: Tlv<'_>) -> Result<AlternativeName, FieldErrorKind> {
    let tag = name.tag;
    if tag == context(1, false) {
        let text = ia5(name.value)?;
        return match text.rsplit_once('@') {
            Some((local, host)) if !local.is_empty() && !host.is_empty() => Ok(AlternativeName::Email(text)),
            _ => Err(malformed("its subjectAltName has an rfc822Name that is not a mailbox")),
        };
    }
    if tag == context(2, false) {
        let text = ia5(name.value)?;
        return if is_dns_name(&text) {
            Ok(AlternativeName::Dns(text))
        } else {
            Err(malformed("its subjectAltName has a dNSName that is not a host name (RFC 5280 4.2.1.6)"))
        };
    }
    if tag == context(6, false) {
        let text = ia5(name.value)?;
        return match text.split_once(':') {
            Some((scheme, rest))
                if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                    && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
                    && !rest.is_empty() =>
            {
                Ok(AlternativeName::Uri(text))
            }
            _ => Err(malformed(
                "its subjectAltName has a uniformResourceIdentifier that is not absolute (RFC 5280 4.2.1.6)",
            )),
        };
    }
    if tag == context(7, false) {
        if let Ok(octets) = <[u8; 4]>::try_from(name.value) {
            return Ok(AlternativeName::Ip(octets.into()));
        }
        return match <[u8; 16]>::try_from(name.value) {
            Ok(octets) => Ok(AlternativeName::Ip(octets.into())),
            Err(_) => Err(malformed("its subjectAltName has an iPAddress that is not 4 or 16 bytes long")),
        };
    }
    let other = [
        (context(0, true), "otherName"),
        (context(3, true), "x400Address"),
        (context(4, true), "directoryName"),
        (context(5, true), "ediPartyName"),
        (context(8, false), "registeredID"),
    ];
    match other.into_iter().find(|(known, _)| *known == tag) {
        Some((_, form)) => Ok(AlternativeName::Other(form)),
        None => Err(malformed("its subjectAltName has a name of an undefined form (RFC 5280 4.2.1.6)")),
    }
}

/// Reads an IA5String without spaces and control characters: implementations disagree on names that contain them.
fn ia5(value: &[u8]) -> Result<String, FieldErrorKind> {
    let text =
        std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
    match text {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(malformed(
            "its subjectAltName has a name that is empty or holds a character that is not printable ASCII",
        )),
    }
}

/// Reports whether `text` has the preferred name syntax of RFC 1034 3.5; allows underscores and a first label `*`, too.
fn is_dns_name(text: &str) -> bool {
    let host = text.strip_prefix("*.").unwrap_or(text);
    text.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
}

fn malformed(text: &str) -> FieldErrorKind {
    FieldErrorKind::Malformed(text.to_owned())
}
