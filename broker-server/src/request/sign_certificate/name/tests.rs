#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use der::{Encode as _, asn1::ObjectIdentifier};
use proptest::prelude::*;
use x509_parser::prelude::FromDer as _;

use super::*;

const CN: &[u8] = b"\x06\x03\x55\x04\x03";

fn tlv(identifier: u8, value: &[u8]) -> Vec<u8> {
    let mut der = encode(Tag::OctetString, value).unwrap();
    der[0] = identifier;
    der
}

fn oid(text: &str) -> Vec<u8> {
    ObjectIdentifier::new_unwrap(text).to_der().unwrap()
}

/// Returns a name with one attribute.
fn one(oid: &[u8], identifier: u8, value: &[u8]) -> Vec<u8> {
    tlv(0x30, &tlv(0x31, &tlv(0x30, &[oid, &tlv(identifier, value)].concat())))
}

fn read(der: &[u8]) -> Name {
    Name::read(Tlv::only(der).unwrap()).unwrap()
}

#[track_caller]
fn refused(kind: Result<(), FieldErrorKind>, reason: &str, expected: &str) {
    let kind = kind.unwrap_err();
    assert_eq!(kind.reason(), reason, "{kind}");
    assert!(kind.to_string().contains(expected), "{kind} has no `{expected}`");
}

#[test]
fn values_that_cannot_be_loaded_are_refused_in_both_roles() {
    let (malformed, unsupported) = ("FIELD_MALFORMED", "FIELD_UNSUPPORTED");
    let unknown = oid("1.2.3.4");
    for (oid, identifier, value, reason, expected) in [
        (CN, 0x02, &b"\x01"[..], malformed, "CN is of type INTEGER"),
        (CN, 0x03, b"\0a", malformed, "CN is of type BIT STRING"),
        (CN, 0x05, b"", malformed, "CN is of type NULL"),
        (CN, 0x1a, b"a", malformed, "CN is of type VisibleString"),
        (CN, 0x1b, b"a", malformed, "CN is of type GeneralString"),
        (CN, 0x19, b"a", malformed, "CN is of type GraphicString"),
        (CN, 0x30, b"", malformed, "CN is of type SEQUENCE"),
        (CN, 0x80, b"a", malformed, "CN is of type a tagged type"),
        (CN, 0x2c, b"\x0c\x01a", malformed, "CN is of type a string in pieces (BER"),
        (CN, 0x1c, b"\0\0\0a", unsupported, "CN is a UniversalString, which Go does not load"),
        (CN, 0x0c, b"\xff", malformed, "CN has the octet 0xFF at position 1, which UTF8String"),
        (CN, 0x16, b"a\x80", malformed, "CN has the octet 0x80 at position 2, which IA5String"),
        (CN, 0x13, b"a@b", malformed, "CN has the character U+0040 '@' at position 2, which PrintableString"),
        (CN, 0x13, b"a_b", malformed, "CN has the character U+005F '_'"),
        (CN, 0x12, b"1a", malformed, "CN has the character U+0061 'a'"),
        (CN, 0x1e, b"a", malformed, "CN has half a character"),
        (&unknown, 0x18, b"20260101000000Z", unsupported, "the attribute 1.2.3.4 is of type GeneralizedTime"),
        (&unknown, 0x13, b"@", malformed, "1.2.3.4 has the character U+0040"),
        // 2.5.2147483648
        (b"\x06\x06\x55\x88\x80\x80\x80\x00", 0x0c, b"a", unsupported, "type 2.5.2147483648 has an arc over"),
    ] {
        let name = read(&one(oid, identifier, value));
        refused(name.check_as_subject(), reason, expected);
        refused(name.check_as_issuer(), reason, expected);
        assert_eq!(name.attributes().len(), 1);
    }
    let name = read(&one(&tlv(0x06, &[0x2a; 64]), 0x0c, b"a"));
    refused(name.check_as_subject(), unsupported, "more than 63 octets");
    // X.667 annex A
    let uuid = [&[0x06, 20][..], &hex::decode("6983f8aaae9aa5b6ce83c7f4abd2cd8fd3dfcb02").unwrap()].concat();
    let name = read(&one(&uuid, 0x0c, b"a"));
    refused(name.check_as_subject(), unsupported, "which Go does not load");
}

#[test]
fn only_a_subject_is_limited_in_length_and_characters() {
    let long = "\u{e9}".repeat(65);
    for (oid, identifier, value, expected) in [
        (CN.to_vec(), 0x0c, long.as_bytes(), "CN has 65 characters; at most 64"),
        (oid("2.5.4.10"), 0x13, &[b'a'; 65], "O has 65 characters"),
        (oid("2.5.4.11"), 0x14, &[0xe9; 65], "OU has 65 characters"),
        (oid("2.5.4.5"), 0x13, &[b'1'; 65], "serialNumber has 65"),
        (oid("2.5.4.7"), 0x13, &[b'a'; 129], "L has 129"),
        (oid("1.2.840.113549.1.9.1"), 0x16, &[b'a'; 256], "emailAddress has 256"),
        (oid("1.2.840.113549.1.9.1"), 0x0c, "\u{e9}@a".as_bytes(), "emailAddress has the character U+00E9"),
        (
            oid("0.9.2342.19200300.100.1.25"),
            0x0c,
            "a\u{e9}".as_bytes(),
            "DC has the character U+00E9 at position 2",
        ),
        (oid("2.5.4.6"), 0x13, b"DEU", "C is not a country code"),
        (oid("2.5.4.6"), 0x13, b"D", "C is not a country code"),
        (oid("2.5.4.6"), 0x13, b"D1", "C is not a country code"),
        (oid("2.5.4.6"), 0x13, b"", "C is empty"),
        (CN.to_vec(), 0x0c, b"", "CN is empty"),
        (
            CN.to_vec(),
            0x0c,
            b"bank.example\0.evil.example",
            "CN has the control character U+0000 at position 13",
        ),
        (CN.to_vec(), 0x1e, b"\0a\0\0", "CN has the control character U+0000 at position 2"),
        (CN.to_vec(), 0x16, b"a\nb", "CN has the control character U+000A"),
        (CN.to_vec(), 0x14, b"a\x9b", "CN has the control character U+009B"),
        (oid("1.2.3.4"), 0x0c, b"\x7f", "1.2.3.4 has the control character U+007F"),
    ] {
        let name = read(&one(&oid, identifier, value));
        refused(name.check_as_subject(), "FIELD_MALFORMED", expected);
        name.check_as_issuer().unwrap();
    }
}

/// Tools write these, and parsers load them, although RFC 5280 prescribes other string types.
#[test]
fn other_string_types_than_those_of_rfc_5280_are_accepted() {
    for (oid, identifier, value) in [
        (oid("2.5.4.6"), 0x0c, &b"DE"[..]),
        (oid("2.5.4.5"), 0x0c, b"a_1"),
        (oid("2.5.4.46"), 0x0c, b"x"),
        (oid("1.2.840.113549.1.9.1"), 0x0c, b"a@b.example"),
        (oid("0.9.2342.19200300.100.1.25"), 0x13, b"example"),
        (CN.to_vec(), 0x13, b"*.a&b"),
        (CN.to_vec(), 0x12, b"42"),
        (CN.to_vec(), 0x14, b"caf\xe9"),
        (CN.to_vec(), 0x1e, b"\x20\xac"),
        (CN.to_vec(), 0x0c, "\u{e9}".repeat(64).as_bytes()),
        (oid("2.5.4.42"), 0x0c, "\u{e9}".repeat(30000).as_bytes()),
        (oid("1.2.3.4"), 0x0c, b""),
    ] {
        read(&one(&oid, identifier, value)).check_as_subject().unwrap();
    }
    Name::read(Tlv::only(&[0x30, 0]).unwrap()).unwrap().check_as_subject().unwrap();
}

#[test]
fn first_attribute_at_fault_is_named() {
    let set = |attributes: &[Vec<u8>]| tlv(0x31, &attributes.concat());
    let attribute =
        |oid: &[u8], identifier, value: &[u8]| tlv(0x30, &[oid, &tlv(identifier, value)].concat());
    let good = attribute(&oid("2.5.4.10"), 0x0c, b"a");
    let bad = attribute(CN, 0x13, b"@");
    let worse = attribute(&oid("2.5.4.11"), 0x02, b"\x01");
    let der = tlv(0x30, &[set(std::slice::from_ref(&good)), set(&[good, bad]), set(&[worse])].concat());
    let name = read(&der);
    refused(name.check_as_subject(), "FIELD_MALFORMED", "its subject cannot be used: CN has");
    refused(
        name.check_as_issuer(),
        "FIELD_MALFORMED",
        "its subject cannot be the issuer of a certificate: CN has",
    );
    let texts: Vec<_> = name.attributes().iter().map(|attribute| attribute.text.as_deref()).collect();
    assert_eq!(texts, [Some("a"), Some("a"), None, None]);
}

#[test]
fn sets_without_an_attribute_and_with_a_type_twice_are_refused_in_both_roles() {
    let set = |attributes: &[Vec<u8>]| tlv(0x31, &attributes.concat());
    let attribute = |oid: &[u8], value: &[u8]| tlv(0x30, &[oid, &tlv(0x0c, value)].concat());
    let (cn, o) = (attribute(CN, b"a"), attribute(&oid("2.5.4.10"), b"a"));
    let unknown = attribute(&tlv(0x06, b"\x88\x37\x01"), b"a");
    for (sets, expected) in [
        (set(&[cn.clone(), cn.clone()]), "an RDN has CN twice, which X.501 9.3"),
        (set(&[cn.clone(), o.clone(), attribute(CN, b"b")]), "an RDN has CN twice"),
        (set(&[unknown.clone(), unknown]), "an RDN has 2.999.1 twice"),
        (set(&[]), "an RDN has no attribute (X.501 9.3"),
        ([set(std::slice::from_ref(&cn)), set(&[])].concat(), "an RDN has no attribute"),
    ] {
        let name = read(&tlv(0x30, &sets));
        refused(name.check_as_subject(), "FIELD_MALFORMED", expected);
        refused(name.check_as_issuer(), "FIELD_MALFORMED", expected);
    }
    for sets in [set(&[cn.clone(), o]), [set(std::slice::from_ref(&cn)), set(&[cn])].concat()] {
        let name = read(&tlv(0x30, &sets));
        name.check_as_subject().unwrap();
        name.check_as_issuer().unwrap();
    }
}

#[test]
fn text_has_every_attribute() {
    let attribute =
        |oid: &[u8], identifier, value: &[u8]| tlv(0x30, &[oid, &tlv(identifier, value)].concat());
    let cn = attribute(CN, 0x0c, "a, Zo\u{eb}".as_bytes());
    let o = attribute(&oid("2.5.4.10"), 0x13, b"b");
    // der has neither identifiers under 2.999 nor UniversalString.
    let arcs = attribute(&tlv(0x06, b"\x88\x37\x01"), 0x0c, b"c");
    let universal = attribute(CN, 0x1c, b"\0\0\0d");
    for (sets, expected) in [
        (vec![], ""),
        (vec![tlv(0x31, &o), tlv(0x31, &cn)], "CN=a\\, Zo\u{eb},O=b"),
        (vec![tlv(0x31, &[o.clone(), cn.clone()].concat())], "O=b+CN=a\\, Zo\u{eb}"),
        (vec![tlv(0x31, &arcs), tlv(0x31, &o)], "O=b,2.999.1=#0c0163"),
        (vec![tlv(0x31, &universal)], "2.5.4.3=#1c0400000064"),
        (vec![tlv(0x31, &[universal, arcs].concat())], "2.5.4.3=#1c0400000064+2.999.1=#0c0163"),
    ] {
        assert_eq!(read(&tlv(0x30, &sets.concat())).text(), expected);
    }
}

#[test]
fn attributes_of_a_set_are_put_in_der_order() {
    let attribute = |ty: &[u8], value: &[u8]| tlv(0x30, &[ty, &tlv(0x0c, value)].concat());
    let (first, second) = (attribute(CN, b"a"), attribute(&oid("2.5.4.10"), b"a"));
    let longer = attribute(CN, b"aa");
    let name = |sets: &[&[&Vec<u8>]]| {
        let sets = sets
            .iter()
            .map(|set| tlv(0x31, &set.iter().map(|part| part.to_vec()).collect::<Vec<_>>().concat()));
        tlv(0x30, &sets.collect::<Vec<_>>().concat())
    };
    let sorted = name(&[&[&second], &[&first, &second, &longer]]);
    for der in [&sorted, &name(&[&[&second], &[&longer, &second, &first]])] {
        let name = read(der).in_der_order().unwrap();
        assert_eq!(name.der(), sorted);
        assert_eq!(name, read(&sorted));
    }
}

/// Decodes a value independently of [`StringType`].
fn reference(identifier: u8, value: &[u8]) -> String {
    match identifier {
        0x14 => value.iter().map(|octet| char::from(*octet)).collect(),
        0x1e => {
            let units: Vec<u16> =
                value.chunks(2).map(|unit| u16::from(unit[0]) << 8 | u16::from(unit[1])).collect();
            String::from_utf16(&units).unwrap()
        }
        _ => String::from_utf8(value.to_vec()).unwrap(),
    }
}

proptest! {
    /// Whatever is accepted can be loaded by another parser, and has the same text there.
    #[test]
    fn accepted_names_are_loaded_by_another_parser(
        attributes in proptest::collection::vec(
            (
                prop::sample::select(vec!["2.5.4.3", "2.5.4.6", "2.5.4.10", "2.5.4.5", "1.2.840.113549.1.9.1", "1.2.3.4"]),
                prop::sample::select(vec![0x0c, 0x12, 0x13, 0x14, 0x16, 0x1a, 0x1b, 0x1c, 0x1e, 0x02, 0x30]),
                prop_oneof![
                    "[A-Za-z0-9 .@_*&-]{0,70}".prop_map(String::into_bytes),
                    "[0-9 ]{1,9}".prop_map(String::into_bytes),
                    "[A-Z]{2}".prop_map(String::into_bytes),
                    "\\PC{0,20}".prop_map(String::into_bytes),
                    proptest::collection::vec(any::<u8>(), 0..12),
                ],
            ),
            1..4,
        ),
    ) {
        let rdns = attributes.iter().map(|(ty, identifier, value)| {
            tlv(0x31, &tlv(0x30, &[oid(ty), tlv(*identifier, value)].concat()))
        });
        let der = tlv(0x30, &rdns.collect::<Vec<_>>().concat());
        let name = read(&der);
        if name.check_as_subject().is_err() {
            return Ok(());
        }
        let (rest, parsed) = x509_parser::x509::X509Name::from_der(&der).unwrap();
        prop_assert!(rest.is_empty());
        let parsed: Vec<_> = parsed.iter_attributes().collect();
        prop_assert_eq!(parsed.len(), attributes.len());
        for ((theirs, ours), (_, identifier, value)) in parsed.iter().zip(name.attributes()).zip(&attributes) {
            prop_assert_eq!(theirs.attr_type().to_id_string(), ours.oid.to_string());
            prop_assert_eq!(Some(reference(*identifier, value)), ours.text.clone());
            if let Ok(text) = theirs.as_str() {
                prop_assert_eq!(Some(text), ours.text.as_deref());
            }
        }
        prop_assert!(x509_cert::name::RdnSequence::from_der(&der).is_ok());
    }

    /// Arbitrary bytes neither panic nor are misread.
    #[test]
    fn arbitrary_elements_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(mut values) = crate::request::asn1::Values::new(&bytes) {
            let _ = values.element();
        }
        if let Ok(name) = Tlv::only(&bytes)
            && let Ok(name) = Name::read(name)
        {
            let _ = name.check_as_subject();
        }
    }
}
