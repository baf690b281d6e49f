#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::{
    backend::{AWS_LC, NATIVE},
    caller::Caller,
    operation::CAPABILITIES,
    policy::{Catalogue, decide},
    secret::SecretKey,
};

const CALLER: Caller = Caller { uid: 1000, gid: 1000, pid: Some(1) };
const KEY: [u8; 32] = [9; 32];

fn profiles() -> Catalogue {
    let profile = |name: &str, algorithm: &str, nonce: &str, tag: u32| {
        format!(
            "- Name: {name}\n  API:\n    EncryptData: {{ EncryptAlg: {algorithm}, KeySize: 256, NonceStrategy: {nonce}, \
             TagLength: {tag} }}\n"
        )
    };
    let text = [
        profile("Chosen", "aes-gcm", "user-provided", 104),
        profile("Random", "aes-gcm", "random", 128),
        profile("ChaCha", "chacha20-poly1305", "random", 128),
    ]
    .concat();
    Catalogue::parse("p.yaml", &text, CAPABILITIES).unwrap_or_else(|error| panic!("{error}"))
}

fn ledger() -> NonceLedger {
    NonceLedger::with_bounds(3, 8).unwrap()
}

fn encrypt(
    profile: &str,
    nonce: Option<[u8; 12]>,
    data: Option<&[u8]>,
    text: &[u8],
    ledger: &NonceLedger,
) -> Result<Encrypted, AeadError> {
    let request = request::EncryptData {
        key: SecretKey::new(SecretBytes::new(KEY.to_vec())),
        plaintext: SecretBytes::new(text.to_vec()),
        nonce,
        associated_data: data.map(<[u8]>::to_vec),
    };
    let permit = decide::<EncryptData>(&CALLER, profiles().profile(profile).unwrap(), request, 0).unwrap();
    encrypt_data(permit, &NATIVE, ledger, &KeyUse::for_test())
}

fn decrypt(profile: &str, sealed: Encrypted) -> Result<SecretBytes, AeadError> {
    let request = request::DecryptData {
        key: SecretKey::new(SecretBytes::new(KEY.to_vec())),
        ciphertext: SecretBytes::new(sealed.ciphertext),
        nonce: sealed.nonce,
        associated_data: sealed.associated_data,
        tag: sealed.tag,
    };
    let permit = decide::<DecryptData>(&CALLER, profiles().profile(profile).unwrap(), request, 0).unwrap();
    decrypt_data(permit, &AWS_LC, &KeyUse::for_test())
}

#[test]
fn decryption_reverses_encryption() {
    let ledger = ledger();
    for data in [None, Some(&b""[..]), Some(b"data")] {
        for text in [&b""[..], b"x", &[7; 5000]] {
            let sealed = encrypt("Chosen", Some([4; 12]), data, text, &ledger).unwrap();
            assert_eq!((sealed.ciphertext.len(), sealed.tag.len()), (text.len(), 13));
            assert_eq!((sealed.nonce, sealed.associated_data.as_deref()), ([4; 12], data));
            assert_eq!(decrypt("Chosen", sealed).unwrap().expose(), text);
        }
    }
}

#[test]
fn rejects_missing_nonce_where_the_caller_must_send_it() {
    let error = encrypt("Chosen", None, None, b"x", &ledger()).unwrap_err();
    assert_eq!((error.reason(), error.field()), ("FIELD_WRONG_LENGTH", Some("encrypt_metadata.nonce")));
    assert_eq!(error.to_string(), "encrypt_metadata.nonce: is 0 bytes long; expected 12");
}

#[test]
fn random_nonces_differ_and_are_counted_for_each_algorithm() {
    let ledger = ledger();
    let mut nonces: Vec<_> = ["Random", "ChaCha", "Random"]
        .map(|profile| encrypt(profile, None, None, b"x", &ledger).unwrap().nonce)
        .to_vec();
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), 3);
    for profile in ["Random", "ChaCha"] {
        let error = encrypt(profile, None, None, b"x", &ledger).unwrap_err();
        assert_eq!(error, AeadError::KeyExhausted);
        assert_eq!((error.reason(), error.field()), ("KEY_EXHAUSTED", Some("key_source")));
    }
    // The ledger does not count nonces that the caller sends.
    encrypt("Chosen", Some([0; 12]), None, b"x", &ledger).unwrap();
}

#[test]
fn rejects_tag_of_other_length() {
    let seal = || encrypt("Chosen", Some([4; 12]), None, b"text", &ledger()).unwrap();
    for length in (0..=20).filter(|length| *length != 13) {
        let mut sealed = seal();
        sealed.tag.resize(length, 0);
        let error = decrypt("Chosen", sealed).unwrap_err();
        let kind = FieldErrorKind::WrongLength { length, expected: vec![13] };
        assert_eq!(error, FieldError { field: "decrypt_metadata.tag", kind }.into());
    }
    decrypt("Chosen", seal()).unwrap();
}

#[test]
fn rejects_tampered_message() {
    let seal = || encrypt("Chosen", Some([4; 12]), Some(b"data"), b"text", &ledger()).unwrap();
    let tamper: [fn(&mut Encrypted); 5] = [
        |sealed| sealed.ciphertext[0] ^= 1,
        |sealed| sealed.tag[12] ^= 0x80,
        |sealed| sealed.nonce[11] ^= 1,
        |sealed| sealed.associated_data = Some(b"other".to_vec()),
        |sealed| sealed.associated_data = None,
    ];
    for change in tamper {
        let mut sealed = seal();
        change(&mut sealed);
        let error = decrypt("Chosen", sealed).unwrap_err();
        assert_eq!(error, AeadError::AuthenticationFailed);
        assert_eq!((error.reason(), error.field()), ("AUTHENTICATION_FAILED", None));
    }
}
