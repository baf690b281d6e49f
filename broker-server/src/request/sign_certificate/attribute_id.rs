//! Identifies the types of attributes of distinguished names, for policy.

use std::fmt;

use der::asn1::ObjectIdentifier;

use super::attribute_type::AttributeType;
use crate::request::oid::Oid;

/// The type of an attribute of a distinguished name, whether or not the broker knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeId(Oid);

impl AttributeId {
    /// commonName (RFC 5280 appendix A.1).
    pub const COMMON_NAME: Self = Self(Oid::from_known(&ID_AT_COMMON_NAME));
    /// emailAddress (RFC 2985 5.2.1).
    pub const EMAIL_ADDRESS: Self = Self(Oid::from_known(&ID_EMAIL_ADDRESS));

    /// Returns the names that [`from_name`](Self::from_name) accepts, such as `CN`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        AttributeType::names()
    }

    /// Reads a name, such as `CN`, or an object identifier in dotted form. It must be one that verifiers load
    /// ([`Oid::is_loaded_by_verifiers`]), because no subject can have another.
    pub fn from_name(text: &str) -> Option<Self> {
        let known = AttributeType::by_name(text).map(|known| Oid::from_known(&known.oid));
        let named = || Oid::from_text(text).filter(Oid::is_loaded_by_verifiers);
        known.or_else(named).map(Self)
    }

    /// Reports whether `oid` identifies this type.
    pub fn is(&self, oid: &Oid) -> bool {
        *oid == self.0
    }

    /// Checks that a subject can have `value` in an attribute of this type: its characters and their number.
    ///
    /// # Errors
    /// Fails with a text that continues a sentence about the value.
    pub fn check_value(&self, value: &str) -> Result<(), String> {
        AttributeType::check_value(AttributeType::by_oid(&self.0), value)
    }

    /// Returns the name of the type that `oid` identifies, or `oid` in dotted form.
    pub fn name_of(oid: &Oid) -> String {
        AttributeType::by_oid(oid).map_or_else(|| oid.short_text(), |known| known.name.to_owned())
    }
}

/// commonName (RFC 5280 appendix A.1).
static ID_AT_COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// emailAddress (RFC 2985 5.2.1).
static ID_EMAIL_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");

/// Prints the name, or the object identifier in dotted form.
impl fmt::Display for AttributeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Self::name_of(&self.0))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_and_identifiers_are_the_same_types() {
        for name in AttributeId::names() {
            let found = AttributeId::from_name(name).unwrap();
            assert_eq!(found.to_string(), name);
            assert_eq!(AttributeId::from_name(&found.0.to_string()), Some(found.clone()));
            assert!(found.is(&found.0));
        }
        assert_eq!(AttributeId::from_name("CN"), Some(AttributeId::COMMON_NAME));
        assert_eq!(AttributeId::from_name("emailAddress"), Some(AttributeId::EMAIL_ADDRESS));
        assert_eq!(AttributeId::from_name("1.2.3.4").unwrap().to_string(), "1.2.3.4");
        assert_eq!(AttributeId::from_name("2.999.1").unwrap().to_string(), "2.999.1");
        for wrong in ["cn", "", "2", "2.5.4.", "3.1.1", "1.2.2147483648", "1.2.99999999999"] {
            assert_eq!(AttributeId::from_name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn documentation_and_schema_list_the_names() {
        let names: Vec<&str> = AttributeId::names().collect();
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let page = include_str!("../../../../docs/profiles.md").replace('\n', " ");
        assert!(page.contains(&quoted.join(", ")), "{names:?}");
        let schema = include_str!("../../../../profiles/profiles.schema.json");
        assert!(schema.contains(&format!("^({}|[0-2]", names.join("|"))), "{names:?}");
    }
}
