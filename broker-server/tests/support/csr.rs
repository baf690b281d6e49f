//! Certification requests that tools would not write: their subject and attributes are given as DER.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use der::{Encode as _, asn1::ObjectIdentifier};

/// The attribute with the requested extensions (RFC 2985 5.4.2).
pub const EXTENSION_REQUEST: &str = "1.2.840.113549.1.9.14";
/// Microsoft's attribute with the requested extensions.
pub const MICROSOFT_EXTENSION_REQUEST: &str = "1.3.6.1.4.1.311.2.1.14";
pub const COMMON_NAME: &str = "2.5.4.3";
pub const SUBJECT_ALT_NAME: &str = "2.5.29.17";

/// Encodes a value of any type.
pub fn tlv(identifier: u8, value: &[u8]) -> Vec<u8> {
    let mut der = der::asn1::AnyRef::new(der::Tag::OctetString, value).unwrap().to_der().unwrap();
    der[0] = identifier;
    der
}

pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

pub fn oid(text: &str) -> Vec<u8> {
    ObjectIdentifier::new_unwrap(text).to_der().unwrap()
}

/// Returns a name with one attribute, whose value has this identifier octet.
pub fn name(attribute_type: &str, identifier: u8, value: &[u8]) -> Vec<u8> {
    sequence(&[&tlv(0x31, &sequence(&[&oid(attribute_type), &tlv(identifier, value)]))])
}

pub fn extension(id: &str, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(id), &tlv(0x04, value)])
}

/// Returns a subjectAltName with names, each as its tag number and value.
pub fn alternative_names(names: &[(u8, &[u8])]) -> Vec<u8> {
    let names = names.iter().map(|(number, value)| tlv(0x80 | number, value));
    extension(SUBJECT_ALT_NAME, &tlv(0x30, &names.collect::<Vec<_>>().concat()))
}

/// Returns an attribute that requests extensions. `id` is its type.
pub fn extension_request(id: &str, extensions: &[Vec<u8>]) -> Vec<u8> {
    sequence(&[&oid(id), &tlv(0x31, &tlv(0x30, &extensions.concat()))])
}

/// Returns a request with a new P-256 key and a valid signature.
pub fn csr(subject: &[u8], attributes: &[Vec<u8>]) -> String {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref()).unwrap();
    let algorithm = sequence(&[&oid("1.2.840.10045.2.1"), &oid("1.2.840.10045.3.1.7")]);
    let bits = [&[0], key.public_key().as_ref()].concat();
    let info = sequence(&[
        &tlv(0x02, &[0]),
        subject,
        &sequence(&[&algorithm, &tlv(0x03, &bits)]),
        &tlv(0xa0, &attributes.concat()),
    ]);
    let signature = key.sign(&random, &info).unwrap();
    let bits = [&[0], signature.as_ref()].concat();
    let request = sequence(&[&info, &sequence(&[&oid("1.2.840.10045.4.3.2")]), &tlv(0x03, &bits)]);
    pem::encode(&pem::Pem::new("CERTIFICATE REQUEST", request))
}
