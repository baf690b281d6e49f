#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use super::{FieldErrorKind, Signature, SignatureFormat};
use crate::algorithm::{Curve, KeyType, MlDsa};

const P256: KeyType = KeyType::Ec(Curve::P256);

fn read(bytes: &[u8], format: SignatureFormat, key: KeyType) -> Result<Vec<u8>, FieldErrorKind> {
    match Signature::read(bytes, format, key)? {
        Signature::Plain(octets) => Ok(octets),
        Signature::Cms(_) => panic!("expected a plain signature"),
    }
}

/// Encodes the given contents as `INTEGER`s in a `SEQUENCE`, unchecked.
fn der(integers: &[&[u8]]) -> Vec<u8> {
    let mut content = Vec::new();
    for integer in integers {
        content.extend([2, integer.len() as u8]);
        content.extend(*integer);
    }
    [&[0x30, content.len() as u8], &content[..]].concat()
}

#[test]
fn accepts_only_canonical_ecdsa_sig_value() {
    // A number out of range makes a signature wrong, not malformed: zero, a negative number, one that is too long.
    for valid in [
        der(&[&[1], &[0x7f]]),
        der(&[&[0], &[0]]),
        der(&[&[0, 0x80], &[0x80]]),
        der(&[&[0xff], &[0xff, 0x7f]]),
        der(&[&[1; 40], &[1; 40]]),
    ] {
        assert_eq!(read(&valid, SignatureFormat::Der, P256).unwrap(), valid);
    }
    let long_form = [0x30, 0x81, 6, 2, 1, 1, 2, 1, 1];
    let indefinite = [0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0];
    let octets = [0x30, 6, 4, 1, 1, 4, 1, 1];
    let set = [0x31, 6, 2, 1, 1, 2, 1, 1];
    for wrong in [
        der(&[&[0, 1], &[1]]),
        der(&[&[1], &[0, 0x7f]]),
        der(&[&[0xff, 0x80], &[1]]),
        der(&[&[], &[1]]),
        der(&[&[1]]),
        der(&[&[1], &[1], &[1]]),
        [&der(&[&[1], &[1]])[..], &[0]].concat(),
        der(&[&[1], &[1]])[..7].to_vec(),
        long_form.to_vec(),
        indefinite.to_vec(),
        octets.to_vec(),
        set.to_vec(),
        vec![0x30],
    ] {
        let kind = read(&wrong, SignatureFormat::Der, P256).unwrap_err();
        assert!(
            matches!(&kind, FieldErrorKind::Malformed(text) if text.contains("Ecdsa-Sig-Value")),
            "{kind}"
        );
    }
}

#[test]
fn raw_signatures_require_exact_length() {
    for (key, length) in [
        (KeyType::Ec(Curve::P224), 56),
        (P256, 64),
        (KeyType::Ec(Curve::P384), 96),
        (KeyType::Ec(Curve::P521), 132),
        (KeyType::Rsa { bits: 2048 }, 256),
        (KeyType::Rsa { bits: 2049 }, 257),
        (KeyType::Ed25519, 64),
        (KeyType::MlDsa(MlDsa::MlDsa44), 2420),
        (KeyType::MlDsa(MlDsa::MlDsa65), 3309),
        (KeyType::MlDsa(MlDsa::MlDsa87), 4627),
    ] {
        let bytes = vec![1; length + 1];
        read(&bytes[..length], SignatureFormat::Raw, key).unwrap();
        for wrong in [length - 1, length + 1] {
            let kind = read(&bytes[..wrong], SignatureFormat::Raw, key).unwrap_err();
            let text = format!("is {wrong} bytes long; a signature of {key} has {length}");
            assert_eq!(kind, FieldErrorKind::Malformed(text));
        }
    }
}

#[test]
fn accepts_only_single_pem_block() {
    let base64 = "MAYCAQECAQE=";
    let block = format!("-----BEGIN SIGNATURE-----\n{base64}\n-----END SIGNATURE-----\n");
    for valid in [block.clone(), block.trim().to_owned(), format!("\r\n {}\n", block.replace('\n', "\r\n"))] {
        assert_eq!(read(valid.as_bytes(), SignatureFormat::Pem, P256).unwrap(), der(&[&[1], &[1]]));
    }
    for wrong in [
        block.replace("SIGNATURE", "CERTIFICATE"),
        format!("{block}{block}"),
        format!("a signature\n{block}"),
        format!("{block}a signature"),
        block.replace(base64, "A: b\n\nMAYCAQECAQE="),
        block.replace(base64, "MAYCAQECAQE"),
        block.replace(base64, ""),
        block.replace("END SIGNATURE", "END"),
        block.replace(base64, "MAYCAQECAQEA"),
        base64.to_owned(),
        "\u{fe}".to_owned(),
    ] {
        let kind = read(wrong.as_bytes(), SignatureFormat::Pem, P256).unwrap_err();
        assert!(matches!(kind, FieldErrorKind::Malformed(_)), "{wrong}: {kind}");
    }
    assert!(read(&[0xff, 0xfe], SignatureFormat::Pem, P256).is_err());
}
