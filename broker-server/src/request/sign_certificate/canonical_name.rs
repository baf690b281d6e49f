//! The form in which distinguished names are compared (RFC 5280 7.1). OpenSSL compares in the same form, and folds the case of
//! ASCII letters only.

use der::{Tag, asn1::ObjectIdentifier};

use super::name::Name;
use crate::request::asn1::{Element, NotDer, Tlv};

/// A distinguished name in the form in which names are compared: each element is an RDN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalName(Vec<Vec<u8>>);

impl CanonicalName {
    /// Returns the canonical form of a name; `None` if it has a value of a type that cannot be compared.
    pub fn of(name: &Name) -> Option<Self> {
        Tlv::only(name.der()).and_then(Self::read).ok()
    }

    /// Reads an RDNSequence.
    pub(super) fn read(name: Tlv<'_>) -> Result<Self, NotDer> {
        let mut rdns = Vec::new();
        for rdn in relative_names(name)? {
            let mut attributes = rdn.iter().map(Attribute::canonical).collect::<Result<Vec<_>, _>>()?;
            // The attributes of an RDN are a set.
            attributes.sort();
            rdns.push(attributes.concat());
        }
        Ok(Self(rdns))
    }

    /// Reports whether the first RDNs are those of `base`: whether the name is in the subtree (RFC 5280 4.2.1.10).
    pub fn is_within(&self, base: &Self) -> bool {
        self.0.starts_with(&base.0)
    }
}

/// Reports whether both encode the same name: the same bytes, or the same canonical form.
pub(in crate::request) fn is_same_name(one: &[u8], other: &[u8]) -> bool {
    let canonical = |der| Tlv::only(der).and_then(CanonicalName::read);
    one == other || canonical(one).is_ok_and(|one| canonical(other).is_ok_and(|other| one == other))
}

/// Returns the values of the attribute emailAddress (RFC 2985 5.2.1), `None` for one that is not an IA5String.
pub fn email_addresses(name: &Name) -> Vec<Option<String>> {
    let attributes = Tlv::only(name.der()).and_then(relative_names).unwrap_or_default();
    let addresses = attributes.iter().flatten().filter(|attribute| attribute.oid == EMAIL_ADDRESS.as_bytes());
    addresses
        .map(|address| match address.value.universal_primitive() {
            Some(IA5_STRING) => std::str::from_utf8(address.value.value).ok().map(str::to_owned),
            _ => None,
        })
        .collect()
}

const EMAIL_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");

const IA5_STRING: u8 = 22;

/// An AttributeTypeAndValue.
struct Attribute<'a> {
    /// The content octets of the type.
    oid: &'a [u8],
    value: Element<'a>,
    /// The encodings of both.
    encoding: &'a [u8],
}

impl Attribute<'_> {
    /// Returns the type and the value, with their lengths. A value of a string type that is compared as text is folded; any
    /// other is compared with its encoding. Fails if a value is not a text of its type.
    fn canonical(&self) -> Result<Vec<u8>, NotDer> {
        let folded = characters(self.value)?.map(|text| fold(&text));
        let (kind, value) = match &folded {
            Some(text) => (b"t", text.as_bytes()),
            None => (b"v", self.encoding),
        };
        let lengths = [self.oid, value].map(|part| (part.len() as u64).to_be_bytes());
        Ok([kind, lengths.as_flattened(), self.oid, value].concat())
    }
}

/// Decodes a value of the string types that are compared as text (X.680 8.4), even if the type does not have a character:
/// subtrees are those of existing CAs. Returns `None` for any other type.
fn characters(value: Element<'_>) -> Result<Option<String>, NotDer> {
    let octets = value.value;
    let text = match value.universal_primitive() {
        // UTF8String
        Some(12) => std::str::from_utf8(octets).ok().map(str::to_owned),
        // PrintableString, TeletexString, IA5String and VisibleString are read as Latin-1.
        Some(19 | 20 | IA5_STRING | 26) => Some(octets.iter().copied().map(char::from).collect()),
        // UniversalString
        Some(28) => match octets.as_chunks::<4>() {
            (units, []) => units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit))).collect(),
            _ => None,
        },
        // BMPString
        Some(30) => match octets.as_chunks::<2>() {
            (units, []) => {
                units.iter().map(|unit| char::from_u32(u16::from_be_bytes(*unit).into())).collect()
            }
            _ => None,
        },
        _ => return Ok(None),
    };
    text.map(Some).ok_or(NotDer::Unexpected)
}

/// Folds the case of ASCII letters, and white space.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    // The white space of ASCII, which includes the vertical tab.
    for word in text.split(|c: char| c.is_ascii_whitespace() || c == '\x0b').filter(|word| !word.is_empty()) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded.make_ascii_lowercase();
    folded
}

/// Reads the attributes of each RDN.
fn relative_names(name: Tlv<'_>) -> Result<Vec<Vec<Attribute<'_>>>, NotDer> {
    let mut rdns = name.inside(Tag::Sequence)?;
    let mut found = Vec::new();
    while !rdns.is_empty() {
        let mut set = rdns.any()?.inside(Tag::Set)?;
        let mut attributes = Vec::new();
        while !set.is_empty() {
            let pair = set.next(Tag::Sequence)?;
            let mut attribute = pair.inside(Tag::Sequence)?;
            let oid = attribute.next(Tag::ObjectIdentifier)?.value;
            let value = attribute.element()?;
            attribute.end()?;
            attributes.push(Attribute { oid, value, encoding: pair.value });
        }
        found.push(attributes);
    }
    Ok(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use der::Encode as _;

    use super::*;
    use crate::request::asn1::encode;

    /// Encodes a name of RDNs, each of attributes of a type, a string type and a text.
    fn name(rdns: &[&[(&str, Tag, &[u8])]]) -> CanonicalName {
        let rdns = rdns.iter().flat_map(|rdn| {
            let set = rdn.iter().flat_map(|(oid, tag, text)| {
                let oid = ObjectIdentifier::new(oid).unwrap().to_der().unwrap();
                encode(Tag::Sequence, &[oid, encode(*tag, text).unwrap()].concat()).unwrap()
            });
            encode(Tag::Set, &set.collect::<Vec<_>>()).unwrap()
        });
        let der = encode(Tag::Sequence, &rdns.collect::<Vec<_>>()).unwrap();
        CanonicalName::read(Tlv::only(&der).unwrap()).unwrap()
    }

    const O: &str = "2.5.4.10";
    const CN: &str = "2.5.4.3";

    #[test]
    fn string_type_case_and_spaces_do_not_matter() {
        let one = name(&[&[(O, Tag::PrintableString, b"Example  AG")]]);
        assert_eq!(one, name(&[&[(O, Tag::Utf8String, b" example\tag ")]]));
        assert_eq!(one, name(&[&[(O, Tag::BmpString, b"\0E\0X\0A\0M\0P\0L\0E\0 \0A\0G")]]));
        assert_ne!(one, name(&[&[(O, Tag::NumericString, b"Example AG")]]));
        assert_ne!(one, name(&[&[(CN, Tag::Utf8String, b"example ag")]]));
        assert_ne!(one, name(&[&[(O, Tag::Utf8String, b"exampleag")]]));
        let latin = name(&[&[(O, Tag::TeletexString, b"caf\xe9")]]);
        assert_eq!(latin, name(&[&[(O, Tag::Utf8String, "Café".as_bytes())]]));
        let invalid = name(&[&[(O, Tag::PrintableString, b"A@B")]]);
        assert_eq!(invalid, name(&[&[(O, Tag::Utf8String, b"a@b")]]));
    }

    #[test]
    fn universal_strings_are_text_and_other_types_are_not() {
        let read = |value: &[u8]| {
            let attribute = encode(Tag::Sequence, &[b"\x06\x03\x55\x04\x0a", value].concat()).unwrap();
            let der = encode(Tag::Sequence, &encode(Tag::Set, &attribute).unwrap()).unwrap();
            CanonicalName::read(Tlv::only(&der).unwrap())
        };
        let text = name(&[&[(O, Tag::Utf8String, b"ab")]]);
        assert_eq!(read(b"\x1c\x08\0\0\0A\0\0\0b").unwrap(), text);
        assert_eq!(read(b"\x1a\x02Ab").unwrap(), text);
        assert_ne!(read(b"\x02\x02ab").unwrap(), text);
        assert_ne!(read(b"\x02\x02ab").unwrap(), read(b"\x04\x02ab").unwrap());
        for value in [&b"\x1c\x02ab"[..], b"\x1e\x01a", b"\x1e\x02\xd8\x00", b"\x0c\x01\xff"] {
            assert!(read(value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn attributes_of_an_rdn_are_a_set() {
        let (o, cn) = ((O, Tag::Utf8String, &b"a"[..]), (CN, Tag::Utf8String, &b"b"[..]));
        assert_eq!(name(&[&[o, cn]]), name(&[&[cn, o]]));
        assert_ne!(name(&[&[o, cn]]), name(&[&[o], &[cn]]));
        assert!(!name(&[&[o, cn]]).is_within(&name(&[&[o]])));
        assert!(name(&[&[o], &[cn]]).is_within(&name(&[&[o]])));
        assert!(name(&[&[o]]).is_within(&name(&[])));
        assert!(!name(&[&[o]]).is_within(&name(&[&[o], &[cn]])));
        assert!(!name(&[&[cn], &[o]]).is_within(&name(&[&[o]])));
    }
}
