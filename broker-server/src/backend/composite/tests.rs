#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use base64ct::{Base64, Encoding as _};
use const_oid::ObjectIdentifier;
use serde::Deserialize;

use super::*;
use crate::algorithm::{KeyForm, MlDsa};

#[derive(Deserialize)]
struct Vectors {
    m: String,
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    #[serde(rename = "tcId")]
    name: String,
    oid: String,
    pk: String,
    sk: String,
    s: String,
}

fn decode(text: &str) -> Vec<u8> {
    Base64::decode_vec(text).unwrap()
}

fn vectors() -> (Vec<u8>, Vec<(Composite, Vector)>) {
    let text = include_str!("../../../tests/fixtures/composite/testvectors.json");
    let vectors: Vectors = serde_json::from_str(text).unwrap();
    let named = |vector: Vector| {
        let mut all = Composite::ALL.into_iter();
        (all.find(|algorithm| vector.name.strip_prefix("id-") == Some(algorithm.name())).unwrap(), vector)
    };
    (decode(&vectors.m), vectors.tests.into_iter().map(named).collect())
}

/// Encodes a value as DER.
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len();
    let mut out = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..0x100 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    out.extend_from_slice(value);
    out
}

fn spki(algorithm: &[&str], key: &[u8]) -> PublicKey {
    let mut identifier = Vec::new();
    for oid in algorithm {
        match *oid {
            "NULL" => identifier.extend([5, 0]),
            oid => identifier.extend(tlv(6, ObjectIdentifier::new_unwrap(oid).as_bytes())),
        }
    }
    let bits = [&[0][..], key].concat();
    PublicKey::from_spki(&tlv(0x30, &[tlv(0x30, &identifier), tlv(3, &bits)].concat())).unwrap()
}

/// Takes a composite public key apart (section 4.1), into keys as the draft's Component Algorithm Reference names them.
fn public_keys(algorithm: Composite, pk: &[u8]) -> [PublicKey; 2] {
    let (length, set) = match algorithm.ml_dsa() {
        MlDsa::MlDsa44 => (1312, "2.16.840.1.101.3.4.3.17"),
        MlDsa::MlDsa65 => (1952, "2.16.840.1.101.3.4.3.18"),
        MlDsa::MlDsa87 => (2592, "2.16.840.1.101.3.4.3.19"),
    };
    let (ml_dsa, traditional) = pk.split_at(length);
    let identifier: &[&str] = match algorithm.keys()[0].to_string().as_str() {
        "ECDSA 256" => &["1.2.840.10045.2.1", "1.2.840.10045.3.1.7"],
        "ECDSA 384" => &["1.2.840.10045.2.1", "1.3.132.0.34"],
        "ECDSA 521" => &["1.2.840.10045.2.1", "1.3.132.0.35"],
        "Ed25519" => &["1.3.101.112"],
        _ => &["1.2.840.113549.1.1.1", "NULL"],
    };
    [spki(identifier, traditional), spki(&[set], ml_dsa)]
}

/// Takes a composite private key apart (section 4.2).
fn private_keys(algorithm: Composite, sk: &[u8]) -> [PrivateKey; 2] {
    let (seed, traditional) = sk.split_at(32);
    let [kind, ml_dsa] = algorithm.keys();
    let traditional = match kind {
        KeyType::Rsa { .. } => PrivateKey::from_der(KeyForm::Pkcs1, traditional),
        KeyType::Ec(_) => PrivateKey::from_der(KeyForm::Sec1, traditional),
        KeyType::Ed25519 | KeyType::MlDsa(_) => PrivateKey::from_seed(kind, traditional.try_into().unwrap()),
    };
    [traditional.unwrap(), PrivateKey::from_seed(ml_dsa, seed.try_into().unwrap()).unwrap()]
}

fn verify(algorithm: Composite, keys: [PublicKey; 2], m: &[u8], s: &[u8]) -> Result<(), EvpError> {
    let mut verifier = CompositeVerifier::new(algorithm, keys)?;
    m.chunks(7).for_each(|part| verifier.update(part));
    verifier.finish(s)
}

fn sign(algorithm: Composite, keys: [PrivateKey; 2], m: &[u8]) -> Result<Vec<u8>, EvpError> {
    let mut signer = CompositeSigner::new(algorithm, keys)?;
    m.chunks(5).for_each(|part| signer.update(part));
    signer.finish()
}

#[test]
fn vectors_cover_every_algorithm() {
    let (_, vectors) = vectors();
    let names: Vec<_> = vectors.iter().map(|(algorithm, _)| *algorithm).collect();
    assert_eq!(names, Composite::ALL);
    for (algorithm, vector) in vectors {
        assert_eq!(vector.oid, algorithm.oid(), "{}", algorithm.name());
    }
}

#[test]
fn verifies_the_drafts_signatures_and_rejects_changed_ones() {
    let (m, vectors) = vectors();
    for (algorithm, vector) in vectors {
        let name = algorithm.name();
        let (pk, s) = (decode(&vector.pk), decode(&vector.s));
        let verdict = |m: &[u8], s: &[u8]| verify(algorithm, public_keys(algorithm, &pk), m, s);
        assert_eq!(verdict(&m, &s), Ok(()), "{name}");
        let wrong = Err(EvpError::BadSignature);
        assert_eq!(verdict(&m[1..], &s), wrong, "{name}");
        assert_eq!(verdict(b"", &s), wrong, "{name}");
        // Each half alone, the halves in reverse order, each half corrupted.
        let (first, second) = algorithm.halves(&s).unwrap();
        assert_eq!(verdict(&m, first), wrong, "{name}");
        assert_eq!(verdict(&m, second), wrong, "{name}");
        assert_eq!(verdict(&m, &[second, first].concat()), wrong, "{name}");
        for position in [0, first.len() - 1, first.len(), s.len() / 2, s.len() - 1] {
            let mut corrupted = s.clone();
            corrupted[position] ^= 1;
            assert_eq!(verdict(&m, &corrupted), wrong, "{name} {position}");
        }
        assert_eq!(verdict(&m, &[&s[..], &[0]].concat()), wrong, "{name}");
        assert_eq!(verdict(&m, b""), wrong, "{name}");
        // Another algorithm with the same kinds of keys.
        for other in Composite::ALL.into_iter().filter(|other| *other != algorithm) {
            if other.keys() == algorithm.keys() {
                assert_eq!(verify(other, public_keys(algorithm, &pk), &m, &s), wrong, "{name}");
            }
        }
    }
}

#[test]
fn signatures_with_the_drafts_keys_verify() {
    let (m, vectors) = vectors();
    for (algorithm, vector) in vectors {
        let (pk, sk) = (decode(&vector.pk), decode(&vector.sk));
        let [traditional, ml_dsa] = public_keys(algorithm, &pk);
        let private = private_keys(algorithm, &sk);
        assert!(private[0].matches(&traditional) && private[1].matches(&ml_dsa));
        let s = sign(algorithm, private, &m).unwrap();
        assert_eq!(verify(algorithm, [traditional, ml_dsa], &m, &s), Ok(()), "{}", algorithm.name());
        // Neither half is a valid signature of its own, and the ML-DSA half is not valid without its context.
        let [traditional, ml_dsa] = public_keys(algorithm, &pk);
        let (first, second) = algorithm.halves(&s).unwrap();
        let mut message = Message::new(algorithm);
        message.hash.update(&m);
        let representative = message.representative();
        let wrong = Err(EvpError::BadSignature);
        let scheme = crate::algorithm::SignatureScheme::MlDsa(algorithm.ml_dsa());
        assert_eq!(ml_dsa.verify(scheme, &m, first), wrong);
        assert_eq!(ml_dsa.verify(scheme, &representative, first), wrong);
        assert_eq!(traditional.verify(algorithm.traditional(), &m, second), wrong);
    }
}

#[test]
fn rejects_keys_of_other_kinds_and_in_reverse_order() {
    let (m, vectors) = vectors();
    let keys: Vec<_> = vectors
        .iter()
        .map(|(algorithm, vector)| (*algorithm, decode(&vector.pk), decode(&vector.sk)))
        .collect();
    for algorithm in Composite::ALL {
        for (owner, pk, sk) in &keys {
            let fits = owner.keys() == algorithm.keys();
            let outcome = CompositeSigner::new(algorithm, private_keys(*owner, sk));
            assert_eq!(outcome.is_ok(), fits);
            let outcome = CompositeVerifier::new(algorithm, public_keys(*owner, pk));
            assert_eq!(outcome.is_ok(), fits);
            let [traditional, ml_dsa] = private_keys(*owner, sk);
            assert_eq!(sign(algorithm, [ml_dsa, traditional], &m), Err(EvpError::BadKey));
            let [traditional, ml_dsa] = public_keys(*owner, pk);
            assert_eq!(verify(algorithm, [ml_dsa, traditional], &m, b""), Err(EvpError::BadKey));
        }
    }
}

/// Uses the first of the draft's Message Representative Examples; the second has a context, which the broker never uses.
#[test]
fn representative_equals_the_drafts_example() {
    let mut message = Message::new(Composite::MlDsa65EcdsaP256Sha512);
    message.hash.update(&hex::decode("0001020304").unwrap());
    message.hash.update(&hex::decode("0506070809").unwrap());
    assert_eq!(
        hex::encode(message.representative()),
        "436f6d706f73697465416c676f726974686d5369676e6174757265733230323\
         5434f4d505349472d4d4c44534136352d45434453412d503235362d534841353132\
         000f89ee1fcb7b0a4f7809d1267a029719004c5a5e5ec323a7c3523a20974f9a3f2\
         02f56fadba4cd9e8d654ab9f2e96dc5c795ea176fa20ede8d854c342f903533"
    );
}
