//! `EncryptData` and `DecryptData` through the socket, with every setting of a profile and every error of a call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::HashSet;

use broker_proto::v1;
use proptest::prelude::*;
use support::{
    Broker,
    aead::{Client, NONCE, Shape, decrypt_request, details, encrypt_request, key_source, profiles, shapes},
    reason,
};
use tempfile::TempDir;
use tonic::{Code, Status};

fn start() -> (TempDir, Broker) {
    let profiles = profiles();
    let broker = Broker::start(&["--profiles-dir", profiles.path().to_str().unwrap()]);
    (profiles, broker)
}

fn chosen() -> Shape {
    shapes().into_iter().find(|shape| shape.nonce == "user-provided" && shape.tag_bits == 104).unwrap()
}

fn random() -> Shape {
    shapes().into_iter().find(|shape| shape.nonce == "random" && shape.key_bits == 256).unwrap()
}

async fn encrypt(
    client: &mut Client,
    request: v1::EncryptDataRequest,
) -> Result<v1::EncryptDataResponse, Status> {
    Ok(client.encrypt_data(request).await?.into_inner())
}

async fn decrypt(client: &mut Client, request: v1::DecryptDataRequest) -> Result<Vec<u8>, Status> {
    let mut answer = client.decrypt_data(request).await?.into_inner();
    // Padding follows the plaintext in the message, so that none of it stays in a buffer that is kept.
    assert_eq!(answer.padding, [0; 256]);
    Ok(std::mem::take(&mut answer.plaintext))
}

/// Returns code, reason and field of an error.
fn refusal(status: &Status) -> (Code, String, String) {
    (status.code(), reason(status), details(status).remove("field").unwrap_or_default())
}

/// A key that the broker generates has the profile's size, is another each time, and encrypts under the profile.
#[tokio::test]
async fn generated_keys_fit_the_profile() {
    let (_profiles, broker) = start();
    let mut client = broker.crypto().await;
    let mut keys = v1::symmetric_key_service_client::SymmetricKeyServiceClient::new(broker.channel().await);
    let mut seen = HashSet::new();
    for shape in shapes() {
        let request = v1::GenerateKeyRequest { profile: shape.profile(), metadata: None };
        let generated = keys.generate_key(request).await.unwrap().into_inner();
        assert_eq!(generated.key.len(), shape.key().len(), "{}", shape.profile());
        assert_eq!(generated.padding, [0; 256]);
        let descriptor = generated.descriptor.clone().unwrap();
        assert_eq!((&*descriptor.profile, &*descriptor.operation), (&*shape.profile(), "GenerateKey"));
        assert!(seen.insert(generated.key.clone()));
        let nonce: &[u8] = if shape.nonce == "random" { &[] } else { &NONCE };
        let request = encrypt_request(&shape.profile(), &generated.key, nonce, None, b"text");
        assert_eq!(encrypt(&mut client, request).await.unwrap().ciphertext.len(), 4);
    }
    let request = v1::GenerateKeyRequest { profile: "no such profile".into(), metadata: None };
    assert_eq!(keys.generate_key(request).await.unwrap_err().code(), Code::NotFound);
}

/// A profile without the section EncryptData generates no key.
#[tokio::test]
async fn keys_need_the_section() {
    let broker = Broker::start(&[]);
    let mut keys = v1::symmetric_key_service_client::SymmetricKeyServiceClient::new(broker.channel().await);
    let request = v1::GenerateKeyRequest { profile: "Default".into(), metadata: None };
    let error = keys.generate_key(request).await.unwrap_err();
    assert_eq!((error.code(), reason(&error)), (Code::FailedPrecondition, "OPERATION_NOT_ALLOWED".into()));
}

#[tokio::test]
async fn libraries_interoperate_and_reject_every_change() {
    let (_profiles, broker) = start();
    let mut client = broker.crypto().await;
    for shape in shapes() {
        let (profile, key) = (shape.profile(), shape.key());
        let nonce: &[u8] = if shape.nonce == "random" { &[] } else { &NONCE };
        for (text, aad) in [(&b""[..], None), (b"short", Some(&b""[..])), (&[3; 5000], Some(b"data"))] {
            let request = encrypt_request(&profile, &key, nonce, aad, text);
            let sealed = encrypt(&mut client, request).await.unwrap();
            let cipher = sealed.cipher_metadata.clone().unwrap();
            assert_eq!(sealed.ciphertext.len(), text.len(), "{profile}");
            assert_eq!(cipher.tag.as_ref().unwrap().len() * 8, shape.tag_bits, "{profile}");
            assert_eq!((cipher.key_id, cipher.aad.as_deref()), (None, aad), "{profile}");
            match shape.nonce {
                "random" => assert_eq!(cipher.nonce.len(), 12, "{profile}"),
                _ => assert_eq!(cipher.nonce, NONCE, "{profile}"),
            }
            let descriptor = sealed.descriptor.clone().unwrap();
            assert_eq!(
                [descriptor.profile.as_str(), &descriptor.operation, &descriptor.algorithm],
                [profile.as_str(), "EncryptData", shape.algorithm]
            );
            let other = shape.other_library().profile();
            let opened = decrypt(&mut client, decrypt_request(&other, &key, &sealed)).await.unwrap();
            assert_eq!(opened, text, "{profile}");
            rejects_every_change(&mut client, &other, &key, &sealed).await;
        }
    }
}

async fn rejects_every_change(
    client: &mut Client,
    profile: &str,
    key: &[u8],
    sealed: &v1::EncryptDataResponse,
) {
    fn flip(bytes: &mut [u8]) {
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
    }
    type Change = fn(&mut v1::DecryptDataRequest);
    let changes: [(&str, Change); 6] = [
        ("ciphertext", |request| match request.ciphertext.as_mut_slice() {
            [] => request.ciphertext.push(0),
            text => flip(text),
        }),
        ("tag's end", |request| flip(request.decrypt_metadata.as_mut().unwrap().tag.as_mut().unwrap())),
        ("tag's start", |request| request.decrypt_metadata.as_mut().unwrap().tag.as_mut().unwrap()[0] ^= 128),
        ("aad", |request| request.decrypt_metadata.as_mut().unwrap().aad = Some(b"other".to_vec())),
        ("nonce", |request| flip(&mut request.decrypt_metadata.as_mut().unwrap().nonce)),
        ("key", |request| {
            let mut key = match request.key_source.take().unwrap().source.take().unwrap() {
                v1::key_source::Source::RawKey(key) => key,
                v1::key_source::Source::KeyId(_) => panic!("a raw key was sent"),
            };
            flip(&mut key);
            request.key_source = key_source(&key);
        }),
    ];
    for (what, change) in changes {
        let mut request = decrypt_request(profile, key, sealed);
        change(&mut request);
        let status = decrypt(client, request).await.unwrap_err();
        let expected = (Code::InvalidArgument, "AUTHENTICATION_FAILED".to_owned(), String::new());
        assert_eq!(refusal(&status), expected, "{profile}: {what}");
    }
}

#[tokio::test]
async fn encryption_errors_identify_the_field() {
    let (_profiles, broker) = start();
    let mut client = broker.crypto().await;
    let (chosen, random) = (chosen(), random());
    let (profile, key, random_profile) = (chosen.profile(), chosen.key(), random.profile());
    let request = |profile: &str, key: &[u8], nonce: &[u8]| encrypt_request(profile, key, nonce, None, b"x");
    let mut long_aad = request(&profile, &key, &NONCE);
    long_aad.encrypt_metadata.as_mut().unwrap().aad = Some(vec![0; (64 << 10) + 1]);
    let mut long_text = request(&profile, &key, &NONCE);
    long_text.plaintext = vec![0; (1 << 20) + 1];
    let mut no_key = request(&profile, &key, &NONCE);
    no_key.key_source = None;
    let mut named_key = request(&profile, &key, &NONCE);
    named_key.key_source.as_mut().unwrap().source = Some(v1::key_source::Source::KeyId("key-1".into()));
    let mut no_metadata = request(&profile, &key, &NONCE);
    no_metadata.encrypt_metadata = None;
    let invalid = Code::InvalidArgument;
    let cases = [
        (
            request(&profile, &key, &NONCE[..11]),
            invalid,
            "FIELD_WRONG_LENGTH",
            "encrypt_metadata.nonce",
            "12",
        ),
        (request(&profile, &key, &[0; 13]), invalid, "FIELD_WRONG_LENGTH", "encrypt_metadata.nonce", "12"),
        (request(&profile, &key, &[]), invalid, "FIELD_WRONG_LENGTH", "encrypt_metadata.nonce", "12"),
        (no_metadata, invalid, "FIELD_WRONG_LENGTH", "encrypt_metadata.nonce", "12"),
        (request(&profile, &[1; 15], &NONCE), invalid, "FIELD_WRONG_LENGTH", "key_source", "16,24,32"),
        (request(&profile, &[1; 33], &NONCE), invalid, "FIELD_TOO_LONG", "key_source", ""),
        (request(&profile, &[], &NONCE), invalid, "FIELD_MISSING", "key_source", ""),
        (no_key, invalid, "FIELD_MISSING", "key_source", ""),
        (named_key, invalid, "FIELD_UNSUPPORTED", "key_source", ""),
        (long_aad, invalid, "FIELD_TOO_LONG", "encrypt_metadata.aad", ""),
        (long_text, invalid, "FIELD_TOO_LONG", "plaintext", ""),
        (request(&profile, &[1; 32], &NONCE), Code::FailedPrecondition, "KEY_NOT_ALLOWED", "", ""),
        (request(&random_profile, &[1; 32], &NONCE), Code::FailedPrecondition, "NONCE_NOT_ALLOWED", "", ""),
        (request("None", &key, &NONCE), Code::FailedPrecondition, "OPERATION_NOT_ALLOWED", "", ""),
        (request("Nobody", &key, &NONCE), Code::NotFound, "UNKNOWN_PROFILE", "", ""),
    ];
    for (request, code, reason, field, expected_bytes) in cases {
        let case = format!("{request:?}").chars().take(300).collect::<String>();
        let status = encrypt(&mut client, request).await.unwrap_err();
        assert_eq!(refusal(&status), (code, reason.to_owned(), field.to_owned()), "{case}");
        let expected = details(&status).remove("expected_bytes").unwrap_or_default();
        assert_eq!(expected, expected_bytes, "{case}");
        if code == Code::FailedPrecondition {
            let details = details(&status);
            assert!(details["rule"].starts_with("API.EncryptData"), "{details:?}");
            assert!(details["line"].parse::<u32>().unwrap() > 0);
        }
    }
    // Later calls still succeed.
    encrypt(&mut client, request(&profile, &key, &NONCE)).await.unwrap();
}

#[tokio::test]
async fn decryption_errors_identify_the_field() {
    let (_profiles, broker) = start();
    let mut client = broker.crypto().await;
    let shape = chosen();
    let (profile, key) = (shape.profile(), shape.key());
    let sealed = encrypt(&mut client, encrypt_request(&profile, &key, &NONCE, None, b"text")).await.unwrap();
    type Change = fn(&mut v1::DecryptMetadata);
    let (length, missing) = ("FIELD_WRONG_LENGTH", "FIELD_MISSING");
    let cases: [(Change, &str, &str, &str); 9] = [
        (|metadata| metadata.tag = None, missing, "decrypt_metadata.tag", ""),
        (|metadata| metadata.tag = Some(vec![]), length, "decrypt_metadata.tag", "13"),
        (|metadata| metadata.tag.as_mut().unwrap().truncate(12), length, "decrypt_metadata.tag", "13"),
        (|metadata| metadata.tag.as_mut().unwrap().push(0), length, "decrypt_metadata.tag", "13"),
        (|metadata| metadata.tag = Some(vec![0; 100]), length, "decrypt_metadata.tag", "13"),
        (|metadata| metadata.nonce.truncate(11), length, "decrypt_metadata.nonce", "12"),
        (|metadata| metadata.nonce.push(0), length, "decrypt_metadata.nonce", "12"),
        (|metadata| metadata.nonce.clear(), length, "decrypt_metadata.nonce", "12"),
        (
            |metadata| metadata.aad = Some(vec![0; (64 << 10) + 1]),
            "FIELD_TOO_LONG",
            "decrypt_metadata.aad",
            "",
        ),
    ];
    for (change, reason, field, expected_bytes) in cases {
        let mut request = decrypt_request(&profile, &key, &sealed);
        change(request.decrypt_metadata.as_mut().unwrap());
        let status = decrypt(&mut client, request).await.unwrap_err();
        assert_eq!(refusal(&status), (Code::InvalidArgument, reason.to_owned(), field.to_owned()));
        let expected = details(&status).remove("expected_bytes").unwrap_or_default();
        assert_eq!(expected, expected_bytes, "{status}");
    }
    let mut long = decrypt_request(&profile, &key, &sealed);
    long.ciphertext = vec![0; (1 << 20) + 1];
    let status = decrypt(&mut client, long).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::InvalidArgument, "FIELD_TOO_LONG".into(), "ciphertext".into()));
    let status = decrypt(&mut client, decrypt_request(&profile, &[1; 24], &sealed)).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::FailedPrecondition, "KEY_NOT_ALLOWED".into(), String::new()));
    let status = decrypt(&mut client, decrypt_request("None", &key, &sealed)).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(details(&status)["rule"], "API.EncryptData");
    assert_eq!(decrypt(&mut client, decrypt_request(&profile, &key, &sealed)).await.unwrap(), b"text");
}

#[tokio::test]
async fn accepts_largest_texts() {
    let (_profiles, broker) = start();
    let mut client = broker.crypto().await;
    let shape = random();
    let (profile, key) = (shape.profile(), shape.key());
    for length in [255, 256, (1 << 20) - 1, 1 << 20] {
        let text: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
        let mut request = encrypt_request(&profile, &key, &[], Some(&[1; 64 << 10]), &text);
        let metadata = v1::Metadata { id: "call-1".into(), ..v1::Metadata::default() };
        request.metadata = Some(metadata.clone());
        let sealed = encrypt(&mut client, request).await.unwrap();
        assert_eq!(sealed.metadata, Some(metadata));
        assert_eq!(decrypt(&mut client, decrypt_request(&profile, &key, &sealed)).await.unwrap(), text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_calls_with_one_key_have_distinct_nonces() {
    let (_profiles, broker) = start();
    let shape = random();
    let mut tasks = Vec::new();
    for connection in 0..8 {
        let client = broker.crypto().await;
        for call in 0..250_u32 {
            let (mut client, profile, key) = (client.clone(), shape.profile(), shape.key());
            tasks.push(tokio::spawn(async move {
                let text = format!("{connection} {call}");
                let request = encrypt_request(&profile, &key, &[], None, text.as_bytes());
                let sealed = encrypt(&mut client, request).await.unwrap();
                let opened = decrypt(&mut client, decrypt_request(&profile, &key, &sealed)).await.unwrap();
                assert_eq!(opened, text.as_bytes());
                sealed.cipher_metadata.unwrap().nonce
            }));
        }
    }
    let mut nonces = HashSet::new();
    for task in tasks {
        assert!(nonces.insert(task.await.unwrap()), "a nonce was repeated");
    }
    assert_eq!(nonces.len(), 2000);
}

#[test]
fn decryption_reverses_encryption() {
    let (_profiles, broker) = start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = runtime.block_on(broker.crypto());
    let shapes = shapes();
    let strategy = (
        proptest::sample::select(shapes),
        proptest::collection::vec(any::<u8>(), 32),
        any::<[u8; 12]>(),
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300)),
        proptest::collection::vec(any::<u8>(), 0..3000),
    );
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(200));
    let result = runner.run(&strategy, |(shape, key, nonce, aad, text)| {
        let (profile, key) = (shape.profile(), &key[..shape.key_bits / 8]);
        let nonce: &[u8] = if shape.nonce == "random" { &[] } else { &nonce };
        runtime.block_on(async {
            let mut client = client.clone();
            let request = encrypt_request(&profile, key, nonce, aad.as_deref(), &text);
            let sealed = encrypt(&mut client, request).await.unwrap();
            // With 16 bytes or more, they are equal by chance with a probability of at most 2^-128.
            prop_assert!(text.len() < 16 || sealed.ciphertext != text);
            let opened = decrypt(&mut client, decrypt_request(&profile, key, &sealed)).await.unwrap();
            prop_assert_eq!(opened, text);
            Ok(())
        })
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
