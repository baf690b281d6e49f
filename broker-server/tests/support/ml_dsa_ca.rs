//! Turns a CA certificate by OpenSSL, which need not know ML-DSA, into one of an ML-DSA-65 CA with the same fields and
//! extensions, signed by RustCrypto's `ml-dsa`. The tests of the command line use this file, too.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    unreachable_pub,
    missing_docs
)]

use der::{
    Decode as _, Encode as _, Reader as _, SliceReader, Tag, Tagged as _,
    asn1::{AnyRef, BitStringRef, ContextSpecific, ObjectIdentifier, OctetStringRef},
};
use ml_dsa::{EncodedSignature, ExpandedSigningKey, MlDsa65, Signature};

const SEED: [u8; 32] = [3; 32];

fn key() -> ExpandedSigningKey<MlDsa65> {
    ExpandedSigningKey::from_seed(&SEED.into())
}

/// Returns the elements of a SEQUENCE.
pub fn elements(sequence: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = SliceReader::new(AnyRef::from_der(sequence).unwrap().value()).unwrap();
    let mut elements = Vec::new();
    while !reader.is_finished() {
        elements.push(AnyRef::decode(&mut reader).unwrap().to_der().unwrap());
    }
    elements
}

fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    AnyRef::new(Tag::Sequence, &elements.concat()).unwrap().to_der().unwrap()
}

fn bit_string(octets: &[u8]) -> Vec<u8> {
    BitStringRef::from_bytes(octets).unwrap().to_der().unwrap()
}

/// The AlgorithmIdentifier of id-ml-dsa-65 (RFC 9881 2).
fn algorithm() -> Vec<u8> {
    sequence(&[ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18").to_der().unwrap()])
}

/// Returns the fields of a certificate's TBSCertificate from the serial number on, whether or not it has a version.
pub fn fields(certificate: &[u8]) -> Vec<Vec<u8>> {
    let mut fields = elements(&elements(certificate)[0]);
    if AnyRef::from_der(&fields[0]).unwrap().tag() != Tag::Integer {
        fields.remove(0);
    }
    fields
}

/// Returns the certificate (DER) with the ML-DSA key and signature in place of its own.
pub fn certificate(original: &[u8]) -> Vec<u8> {
    let mut tbs = elements(&elements(original)[0]);
    let serial = tbs.len() - fields(original).len();
    tbs[serial + 1] = algorithm();
    tbs[serial + 5] = sequence(&[algorithm(), bit_string(&key().verifying_key().encode())]);
    let tbs = sequence(&tbs);
    let signature = key().sign_deterministic(&tbs, b"").unwrap().encode();
    sequence(&[tbs, algorithm(), bit_string(&signature)])
}

/// Returns the private key as PKCS #8 with its seed (RFC 9881 6).
pub fn private_key() -> Vec<u8> {
    let seed = ContextSpecific {
        tag_number: der::TagNumber(0),
        tag_mode: der::TagMode::Implicit,
        value: OctetStringRef::new(&SEED).unwrap().to_owned(),
    };
    let seed = seed.to_der().unwrap();
    sequence(&[0_u8.to_der().unwrap(), algorithm(), OctetStringRef::new(&seed).unwrap().to_der().unwrap()])
}

/// Reports whether a certificate (DER) has the signature of the CA.
pub fn has_issued(certificate: &[u8]) -> bool {
    let parts = elements(certificate);
    let signature = BitStringRef::from_der(&parts[2]).unwrap();
    let encoded = EncodedSignature::<MlDsa65>::try_from(signature.raw_bytes()).unwrap();
    let signature = Signature::<MlDsa65>::decode(&encoded).unwrap();
    parts[1] == algorithm() && key().verifying_key().verify_with_context(&parts[0], b"", &signature)
}

/// Returns the certificate (DER) with a key of the composite MLDSA65-ECDSA-P256-SHA512, which certificates cannot be issued
/// with.
pub fn composite_certificate(original: &[u8]) -> Vec<u8> {
    let mut tbs = elements(&elements(original)[0]);
    let serial = tbs.len() - fields(original).len();
    let composite = sequence(&[ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.6.45").to_der().unwrap()]);
    tbs[serial + 1].clone_from(&composite);
    tbs[serial + 5] = sequence(&[composite.clone(), bit_string(&[4; 1952 + 65])]);
    sequence(&[sequence(&tbs), composite, bit_string(&[0; 3309 + 70])])
}
