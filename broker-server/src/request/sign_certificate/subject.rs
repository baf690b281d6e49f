//! Converts a subject as a line of text, such as `C=DE,O=Example,CN=host.example`, to a Name.

use der::{Encode as _, Tag};

use super::{attribute_type::AttributeType, name::Name, strings::is_printable_string};
use crate::request::{
    FieldErrorKind,
    asn1::{NotDer, Tlv, encode},
};

/// The attributes that the text may contain.
const KEYS: [&str; 6] = ["C", "ST", "O", "OU", "L", "CN"];

impl Name {
    /// Reads a subject as a request's field `subject` has it, such as `C=DE,O=Example,CN=host.example`.
    ///
    /// # Errors
    /// Fails where the broker refuses the field.
    pub fn from_text(text: &str) -> Result<Self, FieldErrorKind> {
        name_from_text(text)
    }
}

/// Splits the text at `,`, skips empty components, splits each component at its first `=`, and trims key and value. Each
/// component becomes an RDN of one attribute, in the order of the text; keys may repeat. A value cannot contain a comma,
/// because there is no escape.
///
/// # Errors
/// Fails for a text without a component: a subject is replaced by another one, not removed. Other errors give the position of
/// the component, counted from 1, and its key if it is known.
pub(super) fn name_from_text(text: &str) -> Result<Name, FieldErrorKind> {
    let mut rdns = Vec::new();
    for (index, component) in text.split(',').map(str::trim).enumerate() {
        if component.is_empty() {
            continue;
        }
        let position = index + 1;
        let Some((key, value)) = component.split_once('=') else {
            return Err(FieldErrorKind::Malformed(format!("component {position} has no `=`")));
        };
        let (key, value) = (key.trim(), value.trim());
        let known = KEYS.contains(&key).then(|| AttributeType::by_name(key)).flatten();
        let Some(attribute) = known else {
            return Err(FieldErrorKind::Malformed(format!(
                "component {position} has a key that is not exactly one of {}",
                KEYS.join(", ")
            )));
        };
        AttributeType::check_value(Some(attribute), value)
            .map_err(|error| FieldErrorKind::Malformed(format!("component {position} ({key}) {error}")))?;
        rdns.extend(rdn(attribute, value).map_err(NotDer::in_a("Name"))?);
    }
    if rdns.is_empty() {
        return Err(FieldErrorKind::Malformed(
            "has no attribute, such as `CN=…`; leave the field empty to keep the request's subject".into(),
        ));
    }
    encode(Tag::Sequence, &rdns).and_then(|der| Name::read(Tlv::only(&der)?)).map_err(NotDer::in_a("Name"))
}

fn rdn(attribute: &AttributeType, value: &str) -> Result<Vec<u8>, NotDer> {
    let tag = if value.bytes().all(is_printable_string) { Tag::PrintableString } else { Tag::Utf8String };
    let mut pair = attribute.oid.to_der()?;
    pair.extend(encode(tag, value.as_bytes())?);
    encode(Tag::Set, &encode(Tag::Sequence, &pair)?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]
mod tests {
    use der::Decode as _;
    use proptest::prelude::*;
    use x509_cert::name::RdnSequence;

    use super::*;

    fn refused(text: &str) -> String {
        match name_from_text(text) {
            Err(FieldErrorKind::Malformed(what)) => what,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn keeps_order_duplicates_and_string_types() {
        let der = name_from_text(" C=de, ,O=A=B,OU=One,OU=Two,CN=Zoë,L=a@b ,").unwrap();
        let name = RdnSequence::from_der(der.der()).unwrap();
        let found: Vec<_> = name
            .iter()
            .flat_map(|rdn| {
                rdn.iter().map(|a| (a.oid.to_string(), a.value.header().tag(), a.value.value().to_vec()))
            })
            .collect();
        let expected = [
            ("2.5.4.6", Tag::PrintableString, "de"),
            ("2.5.4.10", Tag::PrintableString, "A=B"),
            ("2.5.4.11", Tag::PrintableString, "One"),
            ("2.5.4.11", Tag::PrintableString, "Two"),
            ("2.5.4.3", Tag::Utf8String, "Zoë"),
            ("2.5.4.7", Tag::Utf8String, "a@b"),
        ];
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(
                (found.0.as_str(), found.1, &found.2[..]),
                (expected.0, expected.1, expected.2.as_bytes())
            );
        }
    }

    /// The Go broker trims both, too, and `openssl` prints names with such spaces.
    #[test]
    fn ignores_spaces_around_keys_and_values() {
        assert_eq!(
            name_from_text("C = DE, O = An Example , CN= host").unwrap(),
            name_from_text("C=DE,O=An Example,CN=host").unwrap()
        );
    }

    #[test]
    fn errors_identify_the_component() {
        assert!(refused("O=x,CN").contains("component 2 has no `=`"));
        assert!(refused("cn=x").contains("component 1 has a key"));
        assert!(refused("O=x,C=DEU").contains("component 2 (C) is not a country code"));
        assert!(refused("C=D1").contains("(C)"));
        assert!(refused("CN=").contains("(CN) is empty"));
        for text in [" ", ",", " , ,\t", "\u{3000}", "\u{a0},\r\n"] {
            assert!(refused(text).contains("no attribute"), "{text:?}");
        }
        assert!(refused("O=x, CN = ,").contains("(CN) is empty"));
        assert!(refused("CN=a\0b").contains("(CN) has the control character U+0000 at position 2"));
        assert!(refused("CN=a\u{202e}b").contains("(CN) has the control character U+202E at position 2"));
        assert!(refused("CN=ab\u{200b}").contains("(CN) has the invisible character U+200B at position 3"));
        assert!(refused(&format!("CN={}", "x".repeat(65))).contains("(CN) has 65 characters"));
        assert!(refused(&format!("L={}", "x".repeat(129))).contains("(L)"));
        assert!(name_from_text(&format!("CN={},L={}", "é".repeat(64), "x".repeat(128))).is_ok());
    }

    proptest! {
        #[test]
        fn arbitrary_text_does_not_panic(text in "\\PC{0,80}|[A-Z=, ]{0,40}|(CN|O|OU|C|L|ST)=.{0,70}") {
            if let Ok(der) = name_from_text(&text) {
                RdnSequence::from_der(der.der()).unwrap();
            }
        }

        #[test]
        fn keeps_every_valid_component(values in proptest::collection::vec("[a-zA-Z0-9@*é][a-zA-Z0-9@*é ]{0,30}[a-z]", 1..8)) {
            let text = values.iter().map(|value| format!("OU={value}")).collect::<Vec<_>>().join(", ");
            let name = RdnSequence::from_der(name_from_text(&text).unwrap().der()).unwrap();
            let found: Vec<_> = name.iter().flat_map(|rdn| rdn.iter().map(|a| a.value.value().to_vec())).collect();
            prop_assert_eq!(found, values.iter().map(|value| value.as_bytes().to_vec()).collect::<Vec<_>>());
        }
    }
}
