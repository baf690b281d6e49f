//! Reads subject alternative names: they become values that policy can judge.

use std::{fmt, net::IpAddr};

use der::Tag;

use super::{dns_name, mailbox, strings::StringType, uri::Uri};
use crate::request::asn1::{NotDer, Tlv, context};

/// A GeneralName (RFC 5280 4.2.1.6) in a certification request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlternativeName {
    /// dNSName: a host name, of which the first label may be `*`. It may have underscores.
    Dns(String),
    /// iPAddress.
    Ip(IpAddr),
    /// uniformResourceIdentifier: absolute, with a DNS name or an IP address as the host where it has an authority.
    Uri(String),
    /// rfc822Name.
    Email(String),
    /// Any other form, by its name in RFC 5280. It is never allowed.
    Other(&'static str),
    /// A name that no certificate can have, or the whole extension where it cannot be read. It is never allowed. The text says
    /// which name it is and what is wrong with it, and continues the sentence "its subjectAltName".
    Invalid(Box<str>),
}

impl AlternativeName {
    /// Reads the value of a subjectAltName extension. What cannot be read becomes [`Self::Invalid`].
    pub fn read_all(extension: &[u8]) -> Vec<Self> {
        alternative_names(extension)
    }

    /// Returns `text` as a dNSName; `None` if it does not have the syntax of one.
    pub fn dns(text: &str) -> Option<Self> {
        dns_name::check_dns_name(text).is_ok().then(|| Self::Dns(text.to_owned()))
    }
}

impl fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::Ip(address) => write!(f, "ip:{address}"),
            Self::Uri(uri) => write!(f, "uri:{uri}"),
            Self::Email(mailbox) => write!(f, "email:{mailbox}"),
            Self::Other(form) => f.write_str(form),
            Self::Invalid(fault) => write!(f, "invalid: {fault}"),
        }
    }
}

/// The number of invalid names of which a request keeps the description. One suffices to refuse it.
const MAX_INVALID: usize = 32;

const UNDEFINED: &str = "has a name of an undefined form (RFC 5280 4.2.1.6)";

/// Reads the value of a subjectAltName extension. What cannot be read becomes an invalid name, which matters only to a profile
/// that copies names.
pub(super) fn alternative_names(extension: &[u8]) -> Vec<AlternativeName> {
    let whole = |fault: &str| vec![AlternativeName::Invalid(fault.into())];
    let mut names = match Tlv::only(extension).and_then(|names| names.inside(Tag::Sequence)) {
        Ok(names) => names,
        Err(error) => return whole(&not_der(error, "is not a SEQUENCE of names (RFC 5280 4.2.1.6)")),
    };
    if names.is_empty() {
        return whole("is empty (RFC 5280 4.2.1.6)");
    }
    let (mut found, mut invalid) = (Vec::new(), 0);
    while !names.is_empty() {
        let name = match names.any() {
            Ok(name) => alternative_name(name).unwrap_or_else(|fault| AlternativeName::Invalid(fault.into())),
            Err(error) => {
                found.push(AlternativeName::Invalid(not_der(error, UNDEFINED).into()));
                break;
            }
        };
        if matches!(name, AlternativeName::Invalid(_)) {
            invalid += 1;
            if invalid > MAX_INVALID {
                continue;
            }
        }
        found.push(name);
    }
    found
}

/// Returns why a value cannot be read. `unexpected` is the reason if it is DER.
fn not_der(error: NotDer, unexpected: &str) -> String {
    match error {
        NotDer::Unexpected => unexpected.to_owned(),
        NotDer::Encoding(encoding) => format!("is not DER: {encoding}"),
        NotDer::Trailing => "has bytes after its end".to_owned(),
        NotDer::Malformed => "is not well-formed DER (X.690)".to_owned(),
    }
}

/// Reads one name.
///
/// # Errors
/// Fails with a text that continues the sentence "its subjectAltName".
fn alternative_name(name: Tlv<'_>) -> Result<AlternativeName, String> {
    let tag = name.tag;
    if tag == context(1, false) {
        return text("rfc822Name", name.value, mailbox::check).map(AlternativeName::Email);
    }
    if tag == context(2, false) {
        let check = |name: &str| dns_name::check_dns_name(name).map_err(|error| error.to_string());
        return text("dNSName", name.value, check).map(AlternativeName::Dns);
    }
    if tag == context(6, false) {
        let check = |uri: &str| Uri::read(uri).map(drop);
        return text("uniformResourceIdentifier", name.value, check).map(AlternativeName::Uri);
    }
    if tag == context(7, false) {
        if let Ok(octets) = <[u8; 4]>::try_from(name.value) {
            return Ok(AlternativeName::Ip(octets.into()));
        }
        return match <[u8; 16]>::try_from(name.value) {
            Ok(octets) => Ok(AlternativeName::Ip(octets.into())),
            Err(_) => Err(format!(
                "has an iPAddress of {} bytes; an address has 4 or 16 (RFC 5280 4.2.1.6)",
                name.value.len()
            )),
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
        None => Err(UNDEFINED.to_owned()),
    }
}

/// Reads a name that is an IA5String and passes `check`.
fn text(form: &str, octets: &[u8], check: impl FnOnce(&str) -> Result<(), String>) -> Result<String, String> {
    let read = StringType::Ia5.decode(octets).map_err(|error| error.to_string());
    read.and_then(|text| check(&text).map(|()| text))
        .map_err(|fault| format!("has the {form} `{}`, which {fault}", printable(octets)))
}

/// Returns a name in a form that is safe in a message: escaped and of limited length.
fn printable(octets: &[u8]) -> String {
    const MAX_LENGTH: usize = 100;
    let (start, rest) = octets.split_at_checked(MAX_LENGTH).unwrap_or((octets, &[]));
    let ellipsis = if rest.is_empty() { "" } else { "..." };
    format!("{}{ellipsis}", start.escape_ascii())
}
