#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use v1::key_source::Source;

use super::*;
use crate::request::{DecryptData, EncryptData};

fn key_source(key: Vec<u8>) -> Option<v1::KeySource> {
    let mut source = v1::KeySource::default();
    source.source = Some(Source::RawKey(key));
    Some(source)
}

fn encrypt(change: impl FnOnce(&mut v1::EncryptDataRequest)) -> Result<EncryptData, FieldError> {
    let mut message = v1::EncryptDataRequest::default();
    message.key_source = key_source(vec![1; 16]);
    message.encrypt_metadata = Some(v1::EncryptMetadata { nonce: vec![2; 12], aad: None });
    change(&mut message);
    EncryptData::parse(&mut message, &Limits::default())
}

fn decrypt(change: impl FnOnce(&mut v1::DecryptDataRequest)) -> Result<DecryptData, FieldError> {
    let metadata = v1::DecryptMetadata { nonce: vec![2; 12], aad: None, tag: Some(vec![3; 16]) };
    let mut message = v1::DecryptDataRequest {
        key_source: key_source(vec![1; 16]),
        decrypt_metadata: Some(metadata),
        ..v1::DecryptDataRequest::default()
    };
    change(&mut message);
    DecryptData::parse(&mut message, &Limits::default())
}

fn wrong(field: &'static str, length: usize, expected: &[usize]) -> FieldError {
    FieldError { field, kind: FieldErrorKind::WrongLength { length, expected: expected.to_vec() } }
}

fn too_long(field: &'static str, length: usize, limit: usize) -> FieldError {
    FieldError { field, kind: FieldErrorKind::TooLong { length, limit } }
}

fn missing(field: &'static str) -> FieldError {
    FieldError { field, kind: FieldErrorKind::Missing }
}

#[test]
fn rejects_keys_of_wrong_length() {
    for length in 1..=33 {
        let expected = match length {
            16 | 24 | 32 => None,
            33 => Some(too_long("key_source", 33, 32)),
            _ => Some(wrong("key_source", length, &[16, 24, 32])),
        };
        let key = || key_source(vec![1; length]);
        assert_eq!(encrypt(|message| message.key_source = key()).err(), expected);
        assert_eq!(decrypt(|message| message.key_source = key()).err(), expected);
    }
    for key in [None, key_source(vec![])] {
        assert_eq!(encrypt(|message| message.key_source = key).err(), Some(missing("key_source")));
    }
    let text = encrypt(|message| message.key_source = key_source(vec![1; 17])).unwrap_err().to_string();
    assert_eq!(text, "key_source: is 17 bytes long; expected 16, 24 or 32");
}

#[test]
fn encryption_accepts_only_96_bit_or_empty_nonces() {
    let field = "encrypt_metadata.nonce";
    for length in 0..=32 {
        let nonce = vec![2; length];
        let parsed = encrypt(|message| message.encrypt_metadata.as_mut().unwrap().nonce = nonce);
        match length {
            0 => assert_eq!(parsed.unwrap().nonce, None),
            12 => assert_eq!(parsed.unwrap().nonce, Some([2; 12])),
            _ => assert_eq!(parsed.unwrap_err(), wrong(field, length, &[12])),
        }
    }
    assert_eq!(encrypt(|message| message.encrypt_metadata = None).unwrap().nonce, None);
    let text = wrong(field, 11, &[12]).to_string();
    assert_eq!(text, "encrypt_metadata.nonce: is 11 bytes long; expected 12");
}

#[test]
fn decryption_requires_nonce_and_tag() {
    for length in (0..=32).filter(|length| *length != 12) {
        let nonce = vec![2; length];
        let parsed = decrypt(|message| message.decrypt_metadata.as_mut().unwrap().nonce = nonce);
        assert_eq!(parsed.unwrap_err(), wrong("decrypt_metadata.nonce", length, &[12]));
    }
    let parsed = decrypt(|message| message.decrypt_metadata.as_mut().unwrap().tag = None);
    assert_eq!(parsed.unwrap_err(), missing("decrypt_metadata.tag"));
    let parsed = decrypt(|message| message.decrypt_metadata = None);
    assert_eq!(parsed.unwrap_err(), wrong("decrypt_metadata.nonce", 0, &[12]));
    // The profile determines the length of the tag, so parsing accepts any.
    for length in [0, 1, 12, 16, 17, 1000] {
        let tag = Some(vec![3; length]);
        let parsed = decrypt(|message| message.decrypt_metadata.as_mut().unwrap().tag = tag).unwrap();
        assert_eq!(parsed.tag.len(), length);
    }
}

#[test]
fn limits_texts_and_associated_data() {
    let limits = Limits::default();
    let (full, data) = (limits.plaintext, limits.associated_data);
    for (length, error) in [(0, false), (full, false), (full + 1, true)] {
        let parsed = encrypt(|message| message.plaintext = vec![0; length]);
        assert_eq!(parsed.err(), error.then(|| too_long("plaintext", length, full)));
        let parsed = decrypt(|message| message.ciphertext = vec![0; length]);
        assert_eq!(parsed.err(), error.then(|| too_long("ciphertext", length, full)));
    }
    for (length, error) in [(0, false), (data, false), (data + 1, true)] {
        let aad = || Some(vec![0; length]);
        let parsed = encrypt(|message| message.encrypt_metadata.as_mut().unwrap().aad = aad());
        assert_eq!(
            parsed.as_ref().err(),
            error.then(|| too_long("encrypt_metadata.aad", length, data)).as_ref()
        );
        if let Ok(request) = parsed {
            assert_eq!(request.associated_data, aad(), "absent associated data differs from empty");
        }
        let parsed = decrypt(|message| message.decrypt_metadata.as_mut().unwrap().aad = aad());
        assert_eq!(parsed.err(), error.then(|| too_long("decrypt_metadata.aad", length, data)));
    }
    assert_eq!(encrypt(|_| ()).unwrap().associated_data, None);
}

#[test]
fn secrets_are_neither_copied_nor_printed() {
    let plaintext = b"plaintext that must not be printed".to_vec();
    let address = plaintext.as_ptr();
    let request = encrypt(|message| message.plaintext = plaintext).unwrap();
    assert_eq!(request.plaintext.expose().as_ptr(), address);
    let printed = format!("{request:?}");
    assert!(!printed.contains("112, 108, 97") && !printed.contains("1, 1, 1"), "{printed}");
    let ciphertext = vec![5; 27];
    let address = ciphertext.as_ptr();
    let request = decrypt(|message| message.ciphertext = ciphertext).unwrap();
    assert_eq!(request.ciphertext.expose().as_ptr(), address);
}
