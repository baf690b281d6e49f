#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use crate::{
    caller::Caller,
    operation::CAPABILITIES,
    policy::{
        Catalogue, Denial, DenialKind, decide,
        permit::{DecryptData, EncryptData},
    },
    request,
    secret::{SecretBytes, SecretKey},
};

const CALLER: Caller = Caller { uid: 1000, gid: 1000, pid: Some(1) };

fn profiles() -> Catalogue {
    let profile = |name: &str, section: &str| format!("- Name: {name}\n  API:\n    {section}\n");
    let encrypt = |size, nonce, tag| {
        format!(
            "EncryptData: {{ EncryptAlg: aes-gcm, KeySize: {size}, NonceStrategy: {nonce}, TagLength: {tag} }}"
        )
    };
    let text = [
        profile("P-128", &encrypt(128, "user-provided", 96)),
        profile("P-192", &encrypt(192, "user-provided", 112)),
        profile("P-256", &encrypt(256, "user-provided", 128)),
        profile("Random", &encrypt(256, "random", 128)),
        profile("None", "HashData: { HashAlg: sha-256 }"),
    ]
    .concat();
    Catalogue::parse("p.yaml", &text, CAPABILITIES).unwrap_or_else(|error| panic!("{error}"))
}

fn encrypt(profile: &str, key_length: usize, nonce: Option<[u8; 12]>) -> Result<(), Denial> {
    let request = request::EncryptData {
        key: SecretKey::new(SecretBytes::new(vec![1; key_length])),
        plaintext: SecretBytes::new(vec![2]),
        nonce,
        associated_data: None,
    };
    decide::<EncryptData>(&CALLER, profiles().profile(profile)?, request, 0).map(|_| ())
}

fn decrypt(profile: &str, key_length: usize) -> Result<(), Denial> {
    let request = request::DecryptData {
        key: SecretKey::new(SecretBytes::new(vec![1; key_length])),
        ciphertext: SecretBytes::new(vec![2]),
        nonce: [0; 12],
        associated_data: None,
        tag: Vec::new(),
    };
    decide::<DecryptData>(&CALLER, profiles().profile(profile)?, request, 0).map(|_| ())
}

#[test]
fn denies_keys_of_another_size_than_the_profile() {
    for (profile, size, line) in
        [("P-128", 128, 3), ("P-192", 192, 6), ("P-256", 256, 9), ("Random", 256, 12)]
    {
        for length in [16, 24, 32] {
            let nonce = (profile != "Random").then_some([0; 12]);
            for denied in [encrypt(profile, length, nonce), decrypt(profile, length)] {
                if length * 8 == size {
                    assert_eq!(denied, Ok(()), "{profile}");
                    continue;
                }
                let denial = denied.unwrap_err();
                assert_eq!(denial.kind, DenialKind::KeyNotAllowed);
                assert_eq!((denial.rule.as_str(), denial.line), ("API.EncryptData.KeySize", Some(line)));
                assert_eq!(
                    denial.message,
                    format!(
                        "the key has {} bits; profile {profile} takes keys of {size} bits ({} bytes)",
                        length * 8,
                        size / 8
                    )
                );
            }
        }
    }
}

#[test]
fn denies_nonces_of_the_caller_under_the_random_strategy() {
    assert_eq!(encrypt("Random", 32, None), Ok(()));
    let denial = encrypt("Random", 32, Some([0; 12])).unwrap_err();
    assert_eq!(denial.kind, DenialKind::NonceNotAllowed);
    assert_eq!((denial.rule.as_str(), denial.line), ("API.EncryptData.NonceStrategy", Some(12)));
    // Decryption always needs the nonce.
    assert_eq!(decrypt("Random", 32), Ok(()));
    // A missing nonce is left to the operation, whose error names the field.
    assert_eq!(encrypt("P-256", 32, None), Ok(()));
    assert_eq!(encrypt("P-256", 32, Some([0; 12])), Ok(()));
}

#[test]
fn denies_both_operations_without_the_section() {
    for denied in [encrypt("None", 32, None), decrypt("None", 32)] {
        let denial = denied.unwrap_err();
        assert_eq!(denial.kind, DenialKind::OperationNotAllowed);
        assert_eq!(denial.rule, "API.EncryptData");
    }
}
