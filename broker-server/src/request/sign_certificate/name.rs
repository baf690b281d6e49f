//! Reads distinguished names. A Name keeps its bytes, because certificates must contain exactly these; its attributes become
//! text that policy can judge.

use der::{Decode as _, Tag};
use x509_cert::name::RdnSequence;

use crate::request::{
    asn1::{NotDer, Tlv},
    oid::Oid,
};

/// A distinguished name (RFC 5280 4.1.2.4) with its original DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    der: Vec<u8>,
    attributes: Vec<NameAttribute>,
}

/// An attribute of a distinguished name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAttribute {
    /// The type.
    pub oid: Oid,
    /// The value as text; `None` if it is not a string.
    pub text: Option<String>,
}

impl Name {
    /// Reads an RDNSequence. The order inside sets does not matter, because the bytes are copied unchanged.
    pub(super) fn read(name: Tlv<'_>) -> Result<Self, NotDer> {
        let mut rdns = name.inside(Tag::Sequence)?;
        let mut attributes = Vec::new();
        while !rdns.is_empty() {
            let mut set = rdns.any()?.inside(Tag::Set)?;
            loop {
                let mut attribute = set.sequence()?;
                let oid = attribute.oid()?;
                let text = text(attribute.any()?);
                attribute.end()?;
                attributes.push(NameAttribute { oid, text });
                if set.is_empty() {
                    break;
                }
            }
        }
        Ok(Self { der: name.raw.to_vec(), attributes })
    }

    /// Returns the DER, byte for byte.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Reports whether the name has no attribute.
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// Returns the attributes in the order of the DER.
    pub fn attributes(&self) -> &[NameAttribute] {
        &self.attributes
    }

    /// Reports whether `der` encodes the same name: the same bytes, or attributes with the same text by RFC 5280 7.1, without
    /// regard to case, to the type of string and to the number of spaces.
    pub(in crate::request) fn is_encoded_by(&self, der: &[u8]) -> bool {
        if self.der == der {
            return true;
        }
        let Ok(other) = Tlv::only(der).and_then(Self::read) else { return false };
        let same = |(one, other): (&NameAttribute, &NameAttribute)| match (&one.text, &other.text) {
            (Some(text), Some(other_text)) => one.oid == other.oid && folded(text) == folded(other_text),
            _ => false,
        };
        self.attributes.len() == other.attributes.len()
            && self.attributes.iter().zip(&other.attributes).all(same)
    }

    /// Returns the name as RFC 4514 text, or as `#` and hexadecimal DER if it has no text form.
    pub fn text(&self) -> String {
        match RdnSequence::from_der(&self.der) {
            Ok(name) => name.to_string(),
            Err(_) => format!("#{}", hex::encode(&self.der)),
        }
    }
}

/// Returns the text in lower case, with single spaces between words (RFC 4518 2.2, 2.6.1).
fn folded(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Decodes a value of a string type (X.680 41).
fn text(value: Tlv<'_>) -> Option<String> {
    let octets = value.value;
    match value.tag {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => {
            std::str::from_utf8(octets).ok().map(str::to_owned)
        }
        // Implementations agree on Latin-1, although T.61 is another character set.
        Tag::TeletexString => Some(octets.iter().copied().map(char::from).collect()),
        Tag::BmpString => {
            let (units, rest) = octets.as_chunks::<2>();
            let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
            char::decode_utf16(units).collect::<Result<_, _>>().ok().filter(|_| rest.is_empty())
        }
        _ => None,
    }
}
