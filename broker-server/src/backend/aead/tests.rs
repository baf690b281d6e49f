#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod vectors;
mod wycheproof;

use super::*;
use crate::backend;

const TABLES: [(&str, &AeadTable); 2] = [("native", backend::NATIVE.aead), ("aws-lc", backend::AWS_LC.aead)];
const NONCE: [u8; 12] = [7; 12];

/// Returns every combination of algorithm, key length and tag length in bytes.
fn shapes() -> Vec<(Aead, usize, usize)> {
    let mut shapes = vec![(Aead::ChaCha20Poly1305, 32, 16)];
    for key in [16, 24, 32] {
        shapes.extend((12..=16).map(|tag| (Aead::AesGcm, key, tag)));
    }
    shapes
}

fn cipher(algorithm: Aead, key: &[u8], tag_length: usize) -> Cipher<'_> {
    Cipher { algorithm, key, tag_length }
}

#[test]
fn rejects_every_changed_bit_and_every_other_length_of_tag() {
    for (library, table) in TABLES {
        for (algorithm, key_length, tag_length) in shapes() {
            let key = vec![9; key_length];
            let cipher = cipher(algorithm, &key, tag_length);
            let case = format!("{library} {} {key_length} {tag_length}", algorithm.name());
            let mut sealed = b"thirty-two bytes and some more.".to_vec();
            let tag = table.seal(&cipher, &NONCE, b"data", &mut sealed).unwrap();
            assert_eq!(tag.len(), tag_length, "{case}");
            let open = |tag: &[u8]| {
                let mut text = sealed.clone();
                let opened = table.open(&cipher, &NONCE, b"data", &mut text, tag);
                (opened, text)
            };
            let (opened, text) = open(&tag);
            assert_eq!(
                (opened, text.as_slice()),
                (Ok(()), &b"thirty-two bytes and some more."[..]),
                "{case}"
            );
            let refused = (Err(CipherError::Authentication), vec![0; sealed.len()]);
            for bit in 0..8 * tag_length {
                let mut wrong = tag.clone();
                wrong[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(open(&wrong), refused, "{case}: bit {bit}");
            }
            for length in 0..tag_length {
                assert_eq!(open(&tag[..length]), refused, "{case}: {length} bytes");
            }
            for extra in 1..=16 {
                assert_eq!(
                    open(&[tag.clone(), vec![0; extra]].concat()),
                    refused,
                    "{case}: {extra} extra bytes"
                );
            }
        }
    }
}

#[test]
fn rejects_tag_sealed_with_another_tag_length() {
    let table = backend::NATIVE.aead;
    let key = [1; 16];
    let mut text = b"text".to_vec();
    let short = table.seal(&cipher(Aead::AesGcm, &key, 12), &NONCE, b"", &mut text).unwrap();
    let mut again = b"text".to_vec();
    let long = table.seal(&cipher(Aead::AesGcm, &key, 16), &NONCE, b"", &mut again).unwrap();
    // The tag consists of the leftmost bits of one block (SP 800-38D 7.1).
    assert_eq!((&text, &short[..]), (&again, &long[..12]));
    for (tag_length, tag) in [(12, &long), (16, &short)] {
        let opened = table.open(&cipher(Aead::AesGcm, &key, tag_length), &NONCE, b"", &mut text.clone(), tag);
        assert_eq!(opened, Err(CipherError::Authentication));
    }
}

#[test]
fn seal_random_equals_seal_with_the_same_nonce() {
    for (library, table) in TABLES {
        for (algorithm, key_length, tag_length) in shapes() {
            let key = vec![9; key_length];
            let cipher = cipher(algorithm, &key, tag_length);
            let case = format!("{library} {} {key_length} {tag_length}", algorithm.name());
            for text in [&b""[..], b"x", &[7; 5000]] {
                let (mut random, mut chosen) = (text.to_vec(), text.to_vec());
                let (nonce, tag) = table.seal_random(&cipher, b"data", &mut random).unwrap();
                let same = table.seal(&cipher, &nonce, b"data", &mut chosen).unwrap();
                assert_eq!((&random, &tag), (&chosen, &same), "{case}");
                let (other, _) = table.seal_random(&cipher, b"data", &mut chosen).unwrap();
                assert_ne!(nonce, other, "{case}");
            }
        }
        for (key, tag, error) in [(16, 11, CipherError::TagLength), (15, 16, CipherError::KeyLength)] {
            let key = vec![9; key];
            let cipher = cipher(Aead::AesGcm, &key, tag);
            assert_eq!(table.seal_random(&cipher, b"", &mut [0; 4]).map(|_| ()), Err(error), "{library}");
        }
    }
}

#[test]
fn authenticates_every_part() {
    for (algorithm, key_length, tag_length) in shapes() {
        let table = backend::AWS_LC.aead;
        let key = vec![9; key_length];
        let mut sealed = vec![3; 100];
        let tag = table.seal(&cipher(algorithm, &key, tag_length), &NONCE, &[1; 20], &mut sealed).unwrap();
        let open = |key: &[u8], nonce: &Nonce, data: &[u8], text: &[u8]| {
            let mut text = text.to_vec();
            let opened = table.open(&cipher(algorithm, key, tag_length), nonce, data, &mut text, &tag);
            assert!(opened.is_ok() || text.iter().all(|byte| *byte == 0));
            opened
        };
        assert_eq!(open(&key, &NONCE, &[1; 20], &sealed), Ok(()));
        let flipped = |bytes: &[u8], at: usize| {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= 1;
            bytes
        };
        let refused = Err(CipherError::Authentication);
        for at in [0, 50, 99] {
            assert_eq!(open(&key, &NONCE, &[1; 20], &flipped(&sealed, at)), refused);
        }
        assert_eq!(open(&key, &NONCE, &[1; 20], &sealed[..99]), refused);
        assert_eq!(open(&key, &NONCE, &[1; 20], &[&sealed[..], &[0]].concat()), refused);
        assert_eq!(open(&key, &NONCE, &flipped(&[1; 20], 19), &sealed), refused);
        assert_eq!(open(&key, &NONCE, &[1; 19], &sealed), refused);
        assert_eq!(open(&key, &flipped(&NONCE, 11).try_into().unwrap(), &[1; 20], &sealed), refused);
        assert_eq!(open(&flipped(&key, key_length - 1), &NONCE, &[1; 20], &sealed), refused);
    }
}

#[test]
fn rejects_nonstandard_lengths() {
    let table = backend::NATIVE.aead;
    let seal = |algorithm, key_length, tag_length| {
        let key = vec![0; key_length];
        table.seal(&cipher(algorithm, &key, tag_length), &NONCE, b"", &mut [0; 4]).map(|_| ())
    };
    for key_length in (0..=64).filter(|length| ![16, 24, 32].contains(length)) {
        assert_eq!(seal(Aead::AesGcm, key_length, 16), Err(CipherError::KeyLength), "{key_length}");
    }
    for key_length in (0..=64).filter(|length| *length != 32) {
        assert_eq!(seal(Aead::ChaCha20Poly1305, key_length, 16), Err(CipherError::KeyLength), "{key_length}");
    }
    for tag_length in (0..=32).filter(|length| !(12..=16).contains(length)) {
        assert_eq!(seal(Aead::AesGcm, 16, tag_length), Err(CipherError::TagLength), "{tag_length}");
    }
    for tag_length in (0..=32).filter(|length| *length != 16) {
        assert_eq!(seal(Aead::ChaCha20Poly1305, 32, tag_length), Err(CipherError::TagLength));
    }
}

#[test]
fn debug_output_has_no_key() {
    let key = [0xab; 16];
    let printed = format!("{:?}", cipher(Aead::AesGcm, &key, 16));
    assert!(!printed.contains("171") && !printed.contains("ab"), "{printed}");
    let context = AeadContext::new(Aead::AesGcm, &key, 16).unwrap();
    assert_eq!(format!("{context:?}"), "AeadContext([redacted])");
}
