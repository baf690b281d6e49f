//! Certificates of other kinds and ages, and errors that say what cannot be read.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::request::{asn1::encode, material::OpenSsl};

fn ca() -> Vec<u8> {
    let openssl = OpenSsl::new();
    openssl.ca("ca", "ec:P-256");
    openssl.run("x509 -in ca.crt -outform DER")
}

/// Returns the DER of the parts of a certificate's tbsCertificate.
fn fields(certificate: &[u8]) -> Vec<Vec<u8>> {
    let mut outer = Tlv::only(certificate).unwrap().inside(Tag::Sequence).unwrap();
    let mut tbs = outer.sequence().unwrap();
    let mut fields = Vec::new();
    while !tbs.is_empty() {
        fields.push(tbs.any().unwrap().raw.to_vec());
    }
    fields
}

/// Returns the certificate with other parts in its tbsCertificate, and its old signature.
fn rebuilt(certificate: &[u8], fields: &[Vec<u8>]) -> Vec<u8> {
    let mut outer = Tlv::only(certificate).unwrap().inside(Tag::Sequence).unwrap();
    outer.any().unwrap();
    let rest = [outer.any().unwrap().raw, outer.any().unwrap().raw].concat();
    let tbs = encode(Tag::Sequence, &fields.concat()).unwrap();
    encode(Tag::Sequence, &[tbs, rest].concat()).unwrap()
}

fn error(der: &[u8]) -> String {
    CaCertificate::from_der(der).unwrap_err().to_string()
}

/// The indices of the fields in a certificate of version 3.
const VERSION: usize = 0;
const SERIAL: usize = 1;
const SIGNATURE: usize = 2;
const ISSUER: usize = 3;
const VALIDITY: usize = 4;
const SUBJECT: usize = 5;
const PUBLIC_KEY: usize = 6;
const EXTENSIONS: usize = 7;

#[test]
fn certificates_of_any_age_are_read() {
    let der = ca();
    let mut fields = fields(&der);
    for (not_before, not_after, seconds) in [
        (&b"\x17\x0d600101000000Z"[..], &b"\x17\x0d610101000000Z"[..], (-315_619_200, -283_996_800)),
        (b"\x18\x0f00010101000000Z", b"\x18\x0f99991231235959Z", (-62_135_596_800, 253_402_300_799)),
        (b"\x18\x0f19500101000000Z", b"\x17\x0d491231235959Z", (-631_152_000, 2_524_607_999)),
    ] {
        fields[VALIDITY] = encode(Tag::Sequence, &[not_before, not_after].concat()).unwrap();
        let ca = CaCertificate::from_der(&rebuilt(&der, &fields)).unwrap();
        assert_eq!((ca.not_before(), ca.not_after()), seconds);
        assert!(subject_key(&rebuilt(&der, &fields)).is_ok());
    }
}

/// Well-formed DER that is not a certificate of a known kind is not called malformed DER.
#[test]
fn errors_name_what_cannot_be_read() {
    let der = ca();
    let original = fields(&der);
    let sequence = |content: &[u8]| encode(Tag::Sequence, content).unwrap();
    let extension = |oid: &[u8], value: &[u8]| {
        let parts = [encode(Tag::ObjectIdentifier, oid).unwrap(), encode(Tag::OctetString, value).unwrap()];
        encode(context(3, true), &sequence(&sequence(&parts.concat()))).unwrap()
    };
    for (field, value, text) in [
        (VERSION, b"\xa0\x03\x02\x01\x03".to_vec(), "has versions 1 to 3"),
        (VERSION, b"\xa0\x02\x05\x00".to_vec(), "its version is not"),
        (SERIAL, sequence(b""), "its serialNumber"),
        (SIGNATURE, sequence(b"\x06\x01\x2a"), "not its signatureAlgorithm"),
        (ISSUER, b"\x05\x00".to_vec(), "its issuer"),
        (VALIDITY, sequence(b"\x17\x0d600101000000Z"), "two times"),
        (
            VALIDITY,
            sequence(b"\x17\x0b6001010000Z\x17\x0d600101000000Z"),
            "notBefore that is not in the form YYMM",
        ),
        (
            VALIDITY,
            sequence(b"\x17\x0d600101000000Z\x18\x0d600101000000Z"),
            "notAfter that is not in the form YYYY",
        ),
        (VALIDITY, sequence(b"\x17\x0d600001000000Z\x17\x0d600101000000Z"), "calendar"),
        (SUBJECT, sequence(b""), "empty subject"),
        (SUBJECT, sequence(b"\x05\x00"), "its subject"),
        (PUBLIC_KEY, b"\x05\x00".to_vec(), "its subjectPublicKeyInfo"),
        (EXTENSIONS, b"\x05\x00".to_vec(), "that RFC 5280 does not define"),
        (
            EXTENSIONS,
            extension(b"\x55\x1d\x13", b"\x30\x06\x01\x01\xff\x02\x01\xff"),
            "negative pathLenConstraint",
        ),
        (EXTENSIONS, extension(b"\x55\x1d\x13", b"\x30\x02\x05\x00"), "malformed basicConstraints"),
        (EXTENSIONS, extension(b"\x55\x1d\x0f", b"\x05\x00"), "malformed keyUsage"),
        (EXTENSIONS, extension(b"\x55\x1d\x0e", b"\x05\x00"), "malformed subjectKeyIdentifier"),
    ] {
        let mut fields = original.clone();
        fields[field] = value;
        let error = error(&rebuilt(&der, &fields));
        assert!(error.contains(text) && !error.contains("well-formed"), "{text}: {error}");
    }
    assert!(error(b"\x05\x00").contains("not one SEQUENCE"));
    assert!(error(&original[SUBJECT]).contains("tbsCertificate is not a SEQUENCE"));
}

/// Issued certificates have nothing of these, but a verifier that requires a CA reads them.
#[test]
fn parts_that_are_not_copied_are_noted() {
    let der = ca();
    let original = fields(&der);
    let name = |value: &[u8]| encode(Tag::Sequence, &encode(Tag::Set, value).unwrap()).unwrap();
    for (field, value, expected) in [
        (ISSUER, name(b""), "has an issuer that"),
        (ISSUER, name(b"\x30\x08\x06\x03\x55\x04\x03\x02\x01\x01"), "has an issuer that"),
        (ISSUER, encode(Tag::Sequence, b"\x30\x00").unwrap(), "has an issuer that"),
        (SERIAL, b"\x02\x02\x00\x05".to_vec(), "has a serialNumber that"),
    ] {
        let mut fields = original.clone();
        fields[field] = value;
        let rebuilt = rebuilt(&der, &fields);
        let ca = CaCertificate::from_der(&rebuilt).unwrap();
        let [fault] = ca.malformed_parts() else { panic!("{:?}", ca.malformed_parts()) };
        assert!(fault.starts_with(expected), "{fault}");
        subject_key(&rebuilt).unwrap();
    }
    assert_eq!(CaCertificate::from_der(&der).unwrap().malformed_parts(), [""; 0]);
}

#[test]
fn only_version_3_has_a_ca() {
    let der = ca();
    let mut fields = fields(&der);
    assert!(CaCertificate::from_der(&rebuilt(&der, &fields)).unwrap().is_ca());
    fields[VERSION] = b"\xa0\x03\x02\x01\x01".to_vec();
    assert!(!CaCertificate::from_der(&rebuilt(&der, &fields)).unwrap().is_ca());
    fields.remove(VERSION);
    assert!(!CaCertificate::from_der(&rebuilt(&der, &fields)).unwrap().is_ca());
}

#[test]
fn extensions_for_verifiers_are_read_and_do_not_fail() {
    let openssl = OpenSsl::new();
    openssl.key("ca", "ec:P-256");
    let with = |extension: &str| {
        let arguments = ["req", "-x509", "-key", "ca.key", "-subj", "/CN=x", "-days", "1", "-out", "ca.crt"];
        openssl.run_args(&[&arguments[..], &["-addext", extension]].concat());
        CaCertificate::from_pem(&openssl.read("ca.crt")).unwrap()
    };
    let printed = |oids: &[Oid]| oids.iter().map(Oid::to_string).collect::<Vec<_>>();
    let ca = with("1.2.3.4=critical,ASN1:NULL");
    assert_eq!(printed(ca.unknown_critical_extensions()), ["1.2.3.4"]);
    assert_eq!(printed(with("1.2.3.4=ASN1:NULL").unknown_critical_extensions()), [""; 0]);
    let ca = with("extendedKeyUsage=critical,serverAuth,anyExtendedKeyUsage");
    assert_eq!(printed(ca.extended_key_usage().unwrap()), ["1.3.6.1.5.5.7.3.1", "2.5.29.37.0"]);
    assert_eq!(printed(ca.unknown_critical_extensions()), [""; 0]);
    let ca = with("nameConstraints=permitted;DNS:a.example,excluded;IP:10.0.0.0/255.0.0.0");
    let constraints = ca.name_constraints().unwrap();
    assert_eq!((constraints.permitted.len(), constraints.excluded.len()), (1, 1));
    for oid in ["2.5.29.17", "2.5.29.30", "2.5.29.31", "2.5.29.37"] {
        let ca = with(&format!("{oid}=DER:0500"));
        assert_eq!(ca.malformed_parts().len(), 1, "{oid}");
        assert!(ca.malformed_parts()[0].contains("malformed"), "{oid}");
        assert!(ca.name_constraints().is_none() && ca.extended_key_usage().is_none());
    }
}
