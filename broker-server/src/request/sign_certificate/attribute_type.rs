//! The attribute types of distinguished names that are known by name, with the rules for their values.

use der::asn1::ObjectIdentifier;

use super::{
    hidden::{first_hidden, is_blank},
    strings::Quoted,
};
use crate::request::oid::Oid;

/// An attribute type of a distinguished name, with the upper bound of its values (RFC 5280 A.1).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AttributeType {
    /// The name that messages and the text of a subject use: the short name (RFC 4519), where there is one.
    pub(super) name: &'static str,
    pub(super) oid: ObjectIdentifier,
    /// The characters that a value can have, whatever its string type.
    pub(super) characters: Characters,
    /// The maximum number of characters. The minimum is one.
    pub(super) max_length: Option<usize>,
}

/// The characters of an attribute's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Characters {
    /// Those of the value's own string type.
    Any,
    /// ASCII, because the type is IA5String (RFC 5280 A.1).
    Ascii,
    /// Two letters (ISO 3166).
    CountryCode,
}

const fn any(name: &'static str, oid: &str, max_length: Option<usize>) -> AttributeType {
    AttributeType { name, oid: ObjectIdentifier::new_unwrap(oid), characters: Characters::Any, max_length }
}

const fn country(name: &'static str, oid: &str) -> AttributeType {
    let oid = ObjectIdentifier::new_unwrap(oid);
    AttributeType { name, oid, characters: Characters::CountryCode, max_length: Some(2) }
}

/// The types that RFC 5280 defines, then others that requests often have. Only the former have upper bounds, and the parts of
/// a jurisdiction, which have those of L, ST and C (CA/Browser Forum EV Guidelines 7.1.4.2).
static ATTRIBUTE_TYPES: [AttributeType; 28] = [
    any("CN", "2.5.4.3", Some(64)),
    any("SN", "2.5.4.4", Some(32768)),
    any("serialNumber", "2.5.4.5", Some(64)),
    country("C", "2.5.4.6"),
    any("L", "2.5.4.7", Some(128)),
    any("ST", "2.5.4.8", Some(128)),
    any("O", "2.5.4.10", Some(64)),
    any("OU", "2.5.4.11", Some(64)),
    any("title", "2.5.4.12", Some(64)),
    any("name", "2.5.4.41", Some(32768)),
    any("GN", "2.5.4.42", Some(32768)),
    any("initials", "2.5.4.43", Some(32768)),
    any("generationQualifier", "2.5.4.44", Some(32768)),
    any("dnQualifier", "2.5.4.46", None),
    any("pseudonym", "2.5.4.65", Some(128)),
    AttributeType {
        name: "DC",
        oid: ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25"),
        characters: Characters::Ascii,
        max_length: None,
    },
    AttributeType {
        name: "emailAddress",
        oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1"),
        characters: Characters::Ascii,
        max_length: Some(255),
    },
    any("street", "2.5.4.9", None),
    any("description", "2.5.4.13", None),
    any("businessCategory", "2.5.4.15", None),
    any("postalCode", "2.5.4.17", None),
    any("organizationIdentifier", "2.5.4.97", None),
    any("UID", "0.9.2342.19200300.100.1.1", None),
    any("unstructuredName", "1.2.840.113549.1.9.2", None),
    any("unstructuredAddress", "1.2.840.113549.1.9.8", None),
    any("jurisdictionL", "1.3.6.1.4.1.311.60.2.1.1", Some(128)),
    any("jurisdictionST", "1.3.6.1.4.1.311.60.2.1.2", Some(128)),
    country("jurisdictionC", "1.3.6.1.4.1.311.60.2.1.3"),
];

impl AttributeType {
    /// Returns the type with this identifier, if it is known.
    pub(super) fn by_oid(oid: &Oid) -> Option<&'static Self> {
        ATTRIBUTE_TYPES.iter().find(|known| *oid == known.oid)
    }

    /// Returns the type with this name, if it is known. Names are case-sensitive.
    pub(super) fn by_name(name: &str) -> Option<&'static Self> {
        ATTRIBUTE_TYPES.iter().find(|known| known.name == name)
    }

    /// Returns the names of all types.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        const { &ATTRIBUTE_TYPES }.iter().map(|known| known.name)
    }

    /// Checks a value of an attribute of this type, which may be unknown: that it is displayed, and what [`Self::check`] does.
    ///
    /// # Errors
    /// Fails with a text that continues a sentence about the value.
    pub(super) fn check_value(known: Option<&Self>, value: &str) -> Result<(), String> {
        if let Some((hidden, character, position)) = first_hidden(value) {
            return Err(format!("has the {} {} at position {position}", hidden.text(), Quoted(character)));
        }
        known.map_or(Ok(()), |known| known.check(value))
    }

    /// Checks the characters of a value and their number.
    fn check(&self, value: &str) -> Result<(), String> {
        let characters = value.chars().count();
        if value.is_empty() {
            return Err("is empty (RFC 5280 A.1)".into());
        }
        if is_blank(value) {
            return Err("has only white space, which is compared like an empty value (RFC 4518 2.6.1)".into());
        }
        match self.characters {
            Characters::CountryCode
                if characters != 2 || !value.bytes().all(|byte| byte.is_ascii_alphabetic()) =>
            {
                return Err("is not a country code of two letters (ISO 3166)".into());
            }
            Characters::Ascii => {
                if let Some((index, character)) =
                    value.chars().enumerate().find(|(_, character)| !character.is_ascii())
                {
                    return Err(format!(
                        "has the character {} at position {}, which is not ASCII (RFC 5280 A.1)",
                        Quoted(character),
                        index + 1
                    ));
                }
            }
            _ => {}
        }
        match self.max_length {
            Some(limit) if characters > limit => {
                Err(format!("has {characters} characters; at most {limit} are allowed (RFC 5280 A.1)"))
            }
            _ => Ok(()),
        }
    }
}
