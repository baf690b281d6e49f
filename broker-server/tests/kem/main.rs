//! `KemService` through the socket, on both libraries.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

mod audit;
mod keys;
mod refused;
mod service;
#[path = "../support/mod.rs"]
mod support;

use service::{LIBRARIES, MECHANISMS, Service};

#[tokio::test]
async fn libraries_interoperate() {
    let service = Service::start().await;
    for mechanism in MECHANISMS {
        for generator in LIBRARIES {
            let pair = service.generate(&mechanism.profile(generator), None, 0).await.unwrap();
            assert_eq!(pair.public_key.len(), mechanism.public, "{}", mechanism.name);
            assert_eq!(pair.private_key.len(), mechanism.seed, "{}", mechanism.name);
            for encapsulator in LIBRARIES {
                let encapsulated =
                    service.encapsulate(&mechanism.profile(encapsulator), &pair.public_key).await.unwrap();
                assert_eq!(encapsulated.ciphertext.len(), mechanism.ciphertext, "{}", mechanism.name);
                assert_eq!(encapsulated.shared_secret.len(), 32);
                for decapsulator in LIBRARIES {
                    let profile = mechanism.profile(decapsulator);
                    let decapsulated = service
                        .decapsulate(&profile, &pair.private_key, &encapsulated.ciphertext)
                        .await
                        .unwrap();
                    assert_eq!(
                        decapsulated.shared_secret, encapsulated.shared_secret,
                        "{profile}, encapsulated by {encapsulator}"
                    );
                    let descriptor = decapsulated.descriptor.clone().unwrap();
                    assert_eq!(
                        [descriptor.profile, descriptor.operation, descriptor.algorithm],
                        [&profile, "Decapsulate", mechanism.name]
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn tampered_ciphertext_yields_another_secret() {
    let service = Service::start().await;
    for mechanism in MECHANISMS {
        let pair = service.generate(&mechanism.profile("native"), None, 0).await.unwrap();
        let encapsulated = service.encapsulate(&mechanism.profile("native"), &pair.public_key).await.unwrap();
        for position in [0, mechanism.ciphertext / 2, mechanism.ciphertext - 1] {
            let mut tampered = encapsulated.ciphertext.clone();
            tampered[position] ^= 1;
            let mut secrets = Vec::new();
            for library in LIBRARIES {
                let decapsulated =
                    service.decapsulate(&mechanism.profile(library), &pair.private_key, &tampered).await;
                secrets.push(decapsulated.unwrap().shared_secret.clone());
            }
            assert_ne!(secrets[0], encapsulated.shared_secret, "{} {position}", mechanism.name);
            assert_eq!(secrets[0], secrets[1], "{} {position}", mechanism.name);
        }
    }
}

#[tokio::test]
async fn seed_determines_the_pair() {
    let service = Service::start().await;
    for mechanism in MECHANISMS {
        let seed: Vec<u8> = (0..mechanism.seed).map(|index| index as u8).collect();
        let mut pairs = Vec::new();
        for library in LIBRARIES {
            let profile = mechanism.seeded(library);
            for _ in 0..2 {
                let pair = service.generate(&profile, Some(&seed), 1).await.unwrap();
                assert_eq!(pair.private_key, seed);
                pairs.push(pair.public_key.clone());
            }
            let random = service.generate(&profile, None, 1).await.unwrap();
            assert_ne!(random.public_key, pairs[0]);
            let other = service.generate(&profile, None, 1).await.unwrap();
            assert_ne!(random.private_key, other.private_key);
        }
        assert!(pairs.iter().all(|pair| *pair == pairs[0]), "{}", mechanism.name);
    }
}

#[tokio::test]
async fn secret_responses_are_padded_and_echo_metadata() {
    use broker_proto::v1;

    let service = Service::start().await;
    let mechanism = &MECHANISMS[1];
    let profile = mechanism.profile("native");
    let metadata = v1::Metadata { id: "call-7".into(), ..Default::default() };
    let mut request = v1::GenerateKeyPairRequest::default();
    request.profile.clone_from(&profile);
    request.metadata = Some(metadata.clone());
    let pair = service.client().generate_key_pair(request).await.unwrap().into_inner();
    assert_eq!(pair.metadata.as_ref(), Some(&metadata));
    let descriptor = pair.descriptor.clone().unwrap();
    assert_eq!(
        [descriptor.profile, descriptor.operation, descriptor.algorithm],
        [profile.as_str(), "GenerateKeyPair", "ml-kem-768"]
    );
    let request = v1::EncapsulateRequest {
        profile: profile.clone(),
        key_source: service::raw(&pair.public_key),
        metadata: Some(metadata.clone()),
    };
    let encapsulated = service.client().encapsulate(request).await.unwrap().into_inner();
    assert_eq!(encapsulated.metadata.as_ref(), Some(&metadata));
    assert_eq!(encapsulated.descriptor.clone().unwrap().operation, "Encapsulate");
    let request = v1::DecapsulateRequest {
        profile,
        key_source: service::raw(&pair.private_key),
        ciphertext: encapsulated.ciphertext.clone(),
        metadata: Some(metadata.clone()),
    };
    let decapsulated = service.client().decapsulate(request).await.unwrap().into_inner();
    assert_eq!(decapsulated.metadata.as_ref(), Some(&metadata));
    assert_eq!(decapsulated.padding, [0; 256]);
}
