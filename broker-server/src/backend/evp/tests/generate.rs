//! Generation and encoding of keys.

use super::*;

pub(super) const KINDS: [KeyType; 9] = [
    KeyType::Rsa { bits: 2048 },
    KeyType::Ec(Curve::P224),
    KeyType::Ec(Curve::P256),
    KeyType::Ec(Curve::P384),
    KeyType::Ec(Curve::P521),
    KeyType::Ed25519,
    KeyType::MlDsa(MlDsa::MlDsa44),
    KeyType::MlDsa(MlDsa::MlDsa65),
    KeyType::MlDsa(MlDsa::MlDsa87),
];

pub(super) fn schemes(kind: KeyType) -> Vec<SignatureScheme> {
    let hashes = SignatureHash::ALL.into_iter();
    match kind {
        KeyType::Rsa { .. } => hashes
            .flat_map(|hash| [SignatureScheme::RsaPkcs1(hash), SignatureScheme::rsa_pss(hash)])
            .collect(),
        KeyType::Ec(_) => hashes.map(SignatureScheme::Ecdsa).collect(),
        KeyType::Ed25519 => vec![SignatureScheme::Ed25519],
        KeyType::MlDsa(set) => vec![SignatureScheme::MlDsa(set)],
    }
}

#[test]
fn every_kind_survives_its_encodings() {
    for kind in KINDS {
        let generated = PrivateKey::generate(kind).unwrap();
        assert_eq!(generated.key_type(), Some(kind));
        let spki = generated.public().unwrap().to_spki().unwrap();
        let public = public(&spki);
        assert_eq!(public.key_type(), Some(kind));
        let read = pkcs8(generated.to_pkcs8().unwrap().expose());
        assert_eq!(read.key_type(), Some(kind));
        assert!(generated.matches(&public) && read.matches(&public));
        for scheme in schemes(kind) {
            for key in [&generated, &read] {
                verify_and_corrupt(&public, scheme, &key.sign(scheme, MESSAGE).unwrap());
            }
        }
        let other = PrivateKey::generate(kind).unwrap();
        assert!(!other.matches(&public), "{kind}: generated the same key twice");
        assert!(error_queue_is_empty());
    }
}

#[test]
fn openssl_reads_encoded_keys() {
    let openssl = OpenSsl::new();
    for kind in KINDS.into_iter().filter(|kind| !matches!(kind, KeyType::MlDsa(_))) {
        let generated = PrivateKey::generate(kind).unwrap();
        openssl.put("key.der", generated.to_pkcs8().unwrap().expose());
        let spki = generated.public().unwrap().to_spki().unwrap();
        openssl.run("pkey -in key.der -inform DER -check -noout");
        openssl.run("pkey -in key.der -inform DER -pubout -outform DER -out public.der");
        assert_eq!(openssl.get("public.der"), spki, "{kind}");
    }
}

#[test]
fn rsa_public_exponent_is_65537() {
    let openssl = OpenSsl::new();
    let generated = PrivateKey::generate(KeyType::Rsa { bits: 2048 }).unwrap();
    openssl.put("key.der", generated.to_pkcs8().unwrap().expose());
    let text = openssl.try_run("rsa -in key.der -inform DER -noout -text").stdout;
    assert!(String::from_utf8(text).unwrap().contains("publicExponent: 65537 (0x10001)"));
}

#[test]
fn rejects_unsupported_rsa_lengths() {
    for bits in [0, 1, 512, 1024, 2047, 2049, 2056, 2176 + 64, 16385, 16512, 1 << 31, u32::MAX] {
        assert_eq!(PrivateKey::generate(KeyType::Rsa { bits }).unwrap_err(), EvpError::BadKey, "{bits}");
    }
    assert_eq!(
        PrivateKey::generate(KeyType::Rsa { bits: 2176 }).unwrap().key_type().unwrap().to_string(),
        "RSA 2176"
    );
}

#[test]
fn seed_determines_the_key_and_can_be_extracted() {
    for kind in KINDS {
        let seeded = matches!(kind, KeyType::Ed25519 | KeyType::MlDsa(_));
        match PrivateKey::from_seed(kind, &[7; 32]) {
            Ok(key) if seeded => {
                assert_eq!(key.key_type(), Some(kind));
                assert_eq!(key.seed().unwrap().expose(), [7; 32]);
                let same = PrivateKey::from_seed(kind, &[7; 32]).unwrap();
                assert!(same.matches(&key.public().unwrap()));
                assert_eq!(same.to_pkcs8().unwrap().expose(), key.to_pkcs8().unwrap().expose());
                let generated = PrivateKey::generate(kind).unwrap();
                let again =
                    PrivateKey::from_seed(kind, generated.seed().unwrap().expose().try_into().unwrap());
                assert!(again.unwrap().matches(&generated.public().unwrap()));
            }
            outcome => {
                assert!(!seeded, "{kind}");
                assert_eq!(outcome.unwrap_err(), EvpError::BadKey);
                assert!(PrivateKey::generate(kind).unwrap().seed().is_none());
            }
        }
        assert!(error_queue_is_empty());
    }
}

#[test]
fn ml_dsa_key_without_seed_signs_but_cannot_be_encoded() {
    let kind = KeyType::MlDsa(MlDsa::MlDsa44);
    let pair = safe::PqdsaKeyPair::from_seed(&safe::ML_DSA_44_SIGNING, &[7; 32]).unwrap();
    let expanded = aws_lc_rs::encoding::AsRawBytes::as_raw_bytes(&pair.private_key()).unwrap();
    let expanded = post_quantum::tlv(0x04, expanded.as_ref());
    let seed_and_expanded =
        post_quantum::tlv(0x30, &[&post_quantum::tlv(0x04, &[7; 32])[..], &expanded].concat());
    let without = pkcs8(&post_quantum::envelope(0x11, &expanded));
    assert!(without.seed().is_none());
    assert_eq!(without.to_pkcs8().unwrap_err(), EvpError::BadKey);
    let with = pkcs8(&post_quantum::envelope(0x11, &seed_and_expanded));
    assert_eq!(with.seed().unwrap().expose(), [7; 32]);
    let public = PrivateKey::from_seed(kind, &[7; 32]).unwrap().public().unwrap();
    let scheme = SignatureScheme::MlDsa(MlDsa::MlDsa44);
    assert_eq!(public.verify(scheme, MESSAGE, &without.sign(scheme, MESSAGE).unwrap()), Ok(()));
    assert!(error_queue_is_empty());
}

#[test]
fn ml_dsa_key_is_encoded_as_its_seed() {
    for (set, arc) in [(MlDsa::MlDsa44, 0x11), (MlDsa::MlDsa65, 0x12), (MlDsa::MlDsa87, 0x13)] {
        let key = PrivateKey::from_seed(KeyType::MlDsa(set), &[7; 32]).unwrap();
        let expected = post_quantum::envelope(arc, &post_quantum::tlv(0x80, &[7; 32]));
        assert_eq!(key.to_pkcs8().unwrap().expose(), expected);
    }
}

#[test]
fn spki_ends_with_the_raw_public_key() {
    for kind in KINDS {
        let public = PrivateKey::generate(kind).unwrap().public().unwrap();
        let length = match kind {
            KeyType::Rsa { .. } | KeyType::Ec(_) => {
                assert_eq!(public.raw(), None);
                continue;
            }
            KeyType::Ed25519 => 32,
            KeyType::MlDsa(MlDsa::MlDsa44) => 1312, // FIPS 204 table 2
            KeyType::MlDsa(MlDsa::MlDsa65) => 1952,
            KeyType::MlDsa(MlDsa::MlDsa87) => 2592,
        };
        let raw = public.raw().unwrap();
        assert_eq!(raw.len(), length);
        assert!(public.to_spki().unwrap().ends_with(&raw));
    }
}

/// RFC 8032 7.1: TEST 1, 2 and 3.
#[test]
fn ed25519_matches_rfc_8032() {
    for (seed, public, message, signature) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
        let key = PrivateKey::from_seed(KeyType::Ed25519, &seed).unwrap();
        assert_eq!(hex::encode(key.public().unwrap().raw().unwrap()), public);
        let generated = key.sign(SignatureScheme::Ed25519, &hex::decode(message).unwrap()).unwrap();
        assert_eq!(hex::encode(generated), signature);
    }
}
