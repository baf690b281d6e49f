#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use super::{FieldErrorKind, VerificationKey};
use crate::{
    algorithm::{Curve, KeyType},
    request::{SigningKey, material::OpenSsl},
    secret::SecretBytes,
};

fn bytes(openssl: &OpenSsl, name: &str) -> Vec<u8> {
    std::fs::read(openssl.path().join(name)).unwrap()
}

#[test]
fn reads_keys_in_every_form() {
    let openssl = OpenSsl::new();
    let rsa = KeyType::Rsa { bits: 2048 };
    for (kind, key_type) in
        [("rsa:2048", rsa), ("ec:P-384", KeyType::Ec(Curve::P384)), ("ed25519", KeyType::Ed25519)]
    {
        openssl.ca("k", kind);
        openssl.run("pkey -in k.key -pubout -out k.pub");
        openssl.run("pkey -in k.key -pubout -outform DER -out k.pub.der");
        openssl.run("x509 -in k.crt -outform DER -out k.crt.der");
        let mut names = vec!["k.pub", "k.pub.der", "k.crt", "k.crt.der"];
        if key_type == rsa {
            openssl.run("rsa -in k.key -RSAPublicKey_out -out k.rsa");
            openssl.run("rsa -in k.key -RSAPublicKey_out -outform DER -out k.rsa.der");
            names.extend(["k.rsa", "k.rsa.der"]);
        }
        let spki = bytes(&openssl, "k.pub.der");
        for name in names {
            let key = VerificationKey::from_bytes(&bytes(&openssl, name)).unwrap();
            assert_eq!((key.key_type(), key.spki_der()), (key_type, &spki[..]), "{name}");
            assert!(spki.ends_with(key.public_key_bits()));
            assert_eq!(key.subject_key_id().is_some(), name.contains("crt"), "{name}");
        }
        openssl.run("pkey -in k.key -outform DER -out k.key.der");
        for name in ["k.key", "k.key.der"] {
            let key = SigningKey::from_bytes(SecretBytes::new(bytes(&openssl, name))).unwrap();
            assert_eq!(key.key_type(), key_type);
        }
    }
}

#[test]
fn reads_certificate_without_subject_and_extensions() {
    let openssl = OpenSsl::new();
    openssl.key("k", "ed25519");
    openssl.write("plain.cnf", b"[req]\ndistinguished_name=dn\nprompt=no\n[dn]\n");
    openssl.run_args(&[
        "req",
        "-x509",
        "-new",
        "-key",
        "k.key",
        "-config",
        "plain.cnf",
        "-subj",
        "/",
        "-out",
        "k.crt",
    ]);
    let key = VerificationKey::from_bytes(&bytes(&openssl, "k.crt")).unwrap();
    assert_eq!(key.key_type(), KeyType::Ed25519);
}

#[test]
fn rejects_unusable_public_keys_with_reason() {
    let openssl = OpenSsl::new();
    openssl.ca("k", "ec:P-256");
    openssl.run("pkey -in k.key -pubout -out k.pub");
    openssl.run("pkey -in k.key -pubout -outform DER -out k.pub.der");
    openssl.key("secp256k1", "ec:secp256k1");
    openssl.run("pkey -in secp256k1.key -pubout -out secp256k1.pub");
    openssl.key("x25519", "x25519");
    openssl.run("pkey -in x25519.key -pubout -out x25519.pub");
    openssl.run("ecparam -name P-256 -genkey -noout -conv_form compressed -out c.key");
    openssl.run("ec -in c.key -conv_form compressed -pubout -out c.pub");
    let spki = bytes(&openssl, "k.pub.der");
    let (public, certificate) = (bytes(&openssl, "k.pub"), bytes(&openssl, "k.crt"));
    for (name, bytes, text) in [
        ("private", bytes(&openssl, "k.key"), "holds a private key"),
        ("two keys", [&public[..], &public].concat(), "more than one"),
        ("a chain", [&certificate[..], &certificate].concat(), "more than one"),
        ("another curve", bytes(&openssl, "secp256k1.pub"), "curve 1.3.132.0.10"),
        ("X25519", bytes(&openssl, "x25519.pub"), "algorithm 1.3.101.110"),
        ("compressed", bytes(&openssl, "c.pub"), "compressed"),
        ("more bytes", [&spki[..], &[0]].concat(), "in PEM or DER"),
        ("fewer bytes", spki[..spki.len() - 1].to_vec(), "in PEM or DER"),
        ("no key", b"hello".to_vec(), "in PEM or DER"),
        ("another block", b"-----BEGIN X-----\nAAAA\n-----END X-----".to_vec(), "no PEM block `PUBLIC KEY`"),
        ("cut PEM", public[..public.len() - 10].to_vec(), "no end line"),
        ("an empty sequence", vec![0x30, 0], "in PEM or DER"),
        ("numbers", vec![0x30, 6, 2, 1, 3, 2, 1, 3], "exponent"),
    ] {
        let kind = VerificationKey::from_bytes(&bytes).unwrap_err();
        let is_expected_kind = matches!(kind, FieldErrorKind::Malformed(_) | FieldErrorKind::Unsupported(_));
        assert!(is_expected_kind && kind.to_string().contains(text), "{name}: {kind}");
    }
}

#[test]
fn rejects_encrypted_private_keys() {
    let openssl = OpenSsl::new();
    openssl.key("k", "ec:P-256");
    openssl.run("pkcs8 -topk8 -in k.key -passout pass:x -out e.key");
    openssl.run("pkcs8 -topk8 -in k.key -passout pass:x -outform DER -out e.der");
    openssl.run("ec -in k.key -aes128 -passout pass:x -out t.key");
    for name in ["e.key", "e.der", "t.key"] {
        let kind = SigningKey::from_bytes(SecretBytes::new(bytes(&openssl, name))).unwrap_err();
        assert!(kind.to_string().contains("openssl pkey -in KEY"), "{name}: {kind}");
    }
    let der = b"\x30\x03\x02\x01\x00".to_vec();
    let kind = SigningKey::from_bytes(SecretBytes::new(der)).unwrap_err();
    assert!(kind.to_string().contains("not a private key"), "{kind}");
}
