//! Reads names and extensions. A Name is checked and kept as bytes; alternative names become values that policy can judge.

use std::{collections::BTreeSet, fmt, net::IpAddr};

use der::{Decode as _, Tag, asn1::ObjectIdentifier};
use x509_cert::name::Name;

use crate::request::FieldErrorKind;
use crate::request::asn1::{NotDer, Tlv, Values, context};

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

/// Returns a Name as RFC 4514 text, or as `#` and hexadecimal DER if it has no text form.
pub fn name_text(der: &[u8]) -> String {
    match Name::from_der(der) {
        Ok(name) => name.to_string(),
        Err(_) => format!("#{}", hex::encode(der)),
    }
}

/// Checks that `name` is an RDNSequence (RFC 5280 4.1.2.4). Neither the string types of values nor the order inside sets
/// matter, because the bytes are copied unchanged.
pub(super) fn check_name(name: Tlv<'_>) -> Result<(), NotDer> {
    let mut rdns = name.inside(Tag::Sequence)?;
    while !rdns.is_empty() {
        let mut attributes = rdns.any()?.inside(Tag::Set)?;
        loop {
            let mut attribute = attributes.sequence()?;
            attribute.decode::<ObjectIdentifier>()?;
            attribute.any()?;
            attribute.end()?;
            if attributes.is_empty() {
                break;
            }
        }
    }
    Ok(())
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

/// One extension (RFC 5280 4.1.2.9).
pub(super) struct Extension<'a> {
    pub(super) oid: ObjectIdentifier,
    pub(super) value: &'a [u8],
}

/// Reads a list of extensions. Fails if an extension appears twice.
pub(super) fn extensions(list: Tlv<'_>) -> Result<Vec<Extension<'_>>, FieldErrorKind> {
    let mut values = list.inside(Tag::Sequence).map_err(NotDer::in_a("list of extensions"))?;
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    while !values.is_empty() {
        let extension = extension(&mut values).map_err(NotDer::in_a("list of extensions"))?;
        if !seen.insert(extension.oid) {
            return Err(malformed("has an extension twice (RFC 5280 4.2)"));
        }
        found.push(extension);
    }
    Ok(found)
}

fn extension<'a>(values: &mut Values<'a>) -> Result<Extension<'a>, NotDer> {
    let mut parts = values.sequence()?;
    let oid = parts.decode()?;
    // FALSE is the default and must be absent in DER, but old request tools write it, and it is harmless.
    if let Some(critical) = parts.optional(Tag::Boolean)?
        && !matches!(critical.value, [0x00 | 0xff])
    {
        return Err(NotDer);
    }
    let value = parts.next(Tag::OctetString)?.value;
    parts.end()?;
    Ok(Extension { oid, value })
}

fn malformed(text: &str) -> FieldErrorKind {
    FieldErrorKind::Malformed(text.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]
mod tests {
    use der::Encode as _;

    use super::*;
    use crate::request::asn1::encode;

    /// As many extensions as fit the largest request that `--limit csr` can allow. Comparing each with each would take
    /// minutes.
    const COUNT: u32 = 90_000;

    fn list(numbers: impl Iterator<Item = u32>) -> Vec<u8> {
        let extensions = numbers.flat_map(|number| {
            let oid = ObjectIdentifier::new(&format!("1.3.6.1.4.1.{number}")).unwrap();
            let value = encode(Tag::OctetString, &[5, 0]).unwrap();
            encode(Tag::Sequence, &[oid.to_der().unwrap(), value].concat()).unwrap()
        });
        encode(Tag::Sequence, &extensions.collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn finds_duplicate_among_many_extensions() {
        let der = list(0..COUNT);
        assert_eq!(extensions(Tlv::only(&der).unwrap()).unwrap().len(), COUNT as usize);
        let der = list((0..COUNT).chain([0]));
        let Err(FieldErrorKind::Malformed(kind)) = extensions(Tlv::only(&der).unwrap()) else {
            panic!("accepted a duplicate extension")
        };
        assert!(kind.contains("twice"), "{kind}");
    }
}
