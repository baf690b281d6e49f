#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use der::Encode as _;

use super::*;
use crate::request::asn1::{context, encode};

const PKCS9: &str = "1.2.840.113549.1.9.14";
const MICROSOFT: &str = "1.3.6.1.4.1.311.2.1.14";

fn oid(text: &str) -> Vec<u8> {
    ObjectIdentifier::new_unwrap(text).to_der().unwrap()
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    encode(Tag::Sequence, &parts.concat()).unwrap()
}

fn extension(id: &str, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(id), &encode(Tag::OctetString, value).unwrap()])
}

fn san(name: &str) -> Vec<u8> {
    let name = encode(context(2, false), name.as_bytes()).unwrap();
    extension("2.5.29.17", &sequence(&[&name]))
}

fn attribute(id: &str, values: &[&[u8]]) -> Vec<u8> {
    sequence(&[&oid(id), &encode(Tag::Set, &values.concat()).unwrap()])
}

fn read(attributes: &[Vec<u8>]) -> Result<RequestedExtensions, FieldErrorKind> {
    let der = encode(context(0, true), &attributes.concat()).unwrap();
    RequestedExtensions::read(Some(Tlv::only(&der).unwrap()))
}

fn refused(attributes: &[Vec<u8>]) -> String {
    let kind = read(attributes).unwrap_err();
    assert_eq!(kind.reason(), "FIELD_MALFORMED");
    kind.to_string()
}

#[test]
fn both_attributes_are_read() {
    let expected = [AlternativeName::Dns("a.example".into())];
    let list = sequence(&[&san("a.example")]);
    for id in [PKCS9, MICROSOFT] {
        assert_eq!(read(&[attribute(id, &[&list])]).unwrap().alternative_names, expected, "{id}");
    }
    let usage = extension("2.5.29.15", b"\x03\x02\x07\x80");
    let (first, second) = (sequence(&[&san("a.example"), &usage]), sequence(&[&usage, &san("a.example")]));
    for (pkcs9, microsoft) in [(&first, &first), (&first, &second)] {
        let both = [attribute(MICROSOFT, &[microsoft]), attribute(PKCS9, &[pkcs9])];
        assert_eq!(read(&both).unwrap().alternative_names, expected);
    }
    for other in [sequence(&[&san("b.example"), &usage]), sequence(&[&san("a.example")]), sequence(&[])] {
        let both = [attribute(PKCS9, &[&first]), attribute(MICROSOFT, &[&other])];
        assert!(refused(&both).contains("that differ"));
    }
    // The criticality counts, too.
    let critical = sequence(&[&sequence(&[
        &oid("2.5.29.15"),
        b"\x01\x01\xff",
        &encode(Tag::OctetString, b"\x03\x02\x07\x80").unwrap(),
    ])]);
    let both = [attribute(PKCS9, &[&sequence(&[&usage])]), attribute(MICROSOFT, &[&critical])];
    assert!(refused(&both).contains("that differ"));
}

#[test]
fn each_attribute_has_one_value() {
    let list = sequence(&[&san("a.example")]);
    for id in [PKCS9, MICROSOFT] {
        assert!(refused(&[attribute(id, &[])]).contains("without a value"));
        assert!(refused(&[attribute(id, &[&list, &list])]).contains("more than one"));
        assert!(refused(&[attribute(id, &[&list]), attribute(id, &[&list])]).contains("more than one"));
    }
    assert!(refused(&[attribute(PKCS9, &[&[0x05, 0]])]).contains("list of extensions"));
}

#[test]
fn other_attributes_may_have_any_type_and_value() {
    // X.667 annex A
    let uuid = [&[0x06, 20][..], &hex::decode("6983f8aaae9aa5b6ce83c7f4abd2cd8fd3dfcb02").unwrap()].concat();
    // A UniversalString, a TIME, and a value with a large tag number.
    for value in [&b"\x1c\x04\0\0\0a"[..], b"\x0e\x042026", b"\x9f\x87\x68\x01a", b"\x24\x03\x04\x01a", b""] {
        let set = [&[0x31, u8::try_from(value.len()).unwrap()], value].concat();
        let other = sequence(&[&uuid, &set]);
        let requested = read(&[other, attribute(PKCS9, &[&sequence(&[&san("a.example")])])]).unwrap();
        assert_eq!(requested.alternative_names.len(), 1);
        assert_eq!(requested.identifiers.len(), 1);
    }
}

#[test]
fn all_extensions_are_listed() {
    // An extension under 2.25 (X.667 annex A).
    let uuid = hex::decode("06146983f8aaae9aa5b6ce83c7f4abd2cd8fd3dfcb02").unwrap();
    let uuid = sequence(&[&uuid, b"\x04\0"]);
    let known = ["2.5.29.15", "1.3.6.1.5.5.7.1.24"].map(|id| extension(id, b""));
    let list = sequence(&[&known.concat(), &uuid, &san("a.example")]);
    let requested = read(&[attribute(PKCS9, &[&list])]).unwrap();
    let texts: Vec<String> = requested.identifiers.iter().map(Oid::to_string).collect();
    assert_eq!(
        texts,
        ["2.5.29.15", "1.3.6.1.5.5.7.1.24", "2.25.335185405719933566216351723311133615490", "2.5.29.17"]
    );
}

#[test]
fn unreadable_names_are_invalid_names() {
    let list = sequence(&[&extension("2.5.29.17", b"\x05\x00")]);
    let names = read(&[attribute(PKCS9, &[&list])]).unwrap().alternative_names;
    assert!(matches!(&names[..], [AlternativeName::Invalid(_)]), "{names:?}");
}
