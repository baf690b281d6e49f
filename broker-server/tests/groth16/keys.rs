//! Where keys come from, and how long they live.

use broker_proto::v1::ProofFormat::Arkworks;
use tonic::Code;

use crate::{
    service::{PROFILES, Service, proof_item, reason},
    support::private_folder,
};

const INPUTS: [(&str, &str); 2] = [("a", "3"), ("b", "11")];

#[tokio::test]
async fn a_key_is_made_only_as_the_profile_says() {
    let service = Service::start().await;
    for profile in ["by-request", "never"] {
        let error = service.prove(profile, "multiply", &INPUTS, Arkworks).await.unwrap_err();
        assert_eq!(
            (error.code(), reason(&error).as_str()),
            (Code::FailedPrecondition, "NO_KEY"),
            "{profile}"
        );
    }
    let error = service.setup("never", "multiply").await.unwrap_err();
    assert_eq!(reason(&error), "SETUP_NOT_ALLOWED");
    // No proof can fit a key that is made for its verification.
    let item = proof_item(&[0; 128], Arkworks, &["33"]);
    for profile in ["bn254", "by-request", "never"] {
        let error = service.verify(profile, "multiply", item.clone()).await.unwrap_err();
        assert_eq!(reason(&error), "NO_KEY", "{profile}: {error}");
    }
    let first = service.setup("by-request", "multiply").await.unwrap();
    assert!(first.created && first.key.as_ref().unwrap().ephemeral);
    let second = service.setup("by-request", "multiply").await.unwrap();
    assert!(!second.created);
    assert_eq!(second.key, first.key);
    // A circuit has one key for each curve, which profiles share.
    let proof = service.prove("never", "multiply", &INPUTS, Arkworks).await.unwrap();
    assert_eq!(proof.key, first.key);
}

#[tokio::test]
async fn many_first_requests_make_one_key() {
    let service = Service::start().await;
    let calls = (0..200).map(|_| service.prove("bn254", "multiply", &INPUTS, Arkworks));
    let keys: Vec<_> =
        futures_util::future::join_all(calls).await.into_iter().map(|proof| proof.unwrap().key).collect();
    assert!(keys.iter().all(|key| key.is_some() && *key == keys[0]));
}

#[tokio::test]
async fn the_store_keeps_keys_over_a_restart() {
    let folder = private_folder();
    let store = folder.path().join("keys");
    let arguments = ["--key-store", store.to_str().unwrap()];
    let first = Service::with(PROFILES, &arguments).await;
    let proof = first.prove("bn254", "multiply", &INPUTS, Arkworks).await.unwrap();
    let key = proof.key.clone().unwrap();
    assert!(!key.ephemeral);
    // Killed, not stopped; and a second broker at the same time shares the key.
    let second = Service::with(PROFILES, &arguments).await;
    first.broker.signal("KILL");
    let again = second.prove("never", "multiply", &INPUTS, Arkworks).await.unwrap();
    assert_eq!(again.key.unwrap(), key);
    let verified = second.verify("bn254", "multiply", proof_item(&proof.proof, Arkworks, &["33"])).await;
    assert!(verified.unwrap().valid);
    assert!(!second.setup("bn254", "multiply").await.unwrap().created);
}

#[tokio::test]
async fn a_damaged_key_in_the_store_is_an_error_and_never_replaced() {
    let folder = private_folder();
    let store = folder.path().join("keys");
    let arguments = ["--key-store", store.to_str().unwrap()];
    let first = Service::with(PROFILES, &arguments).await;
    first.setup("bn254", "multiply").await.unwrap();
    drop(first);
    let key = std::fs::read_dir(store.join("keys")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&key).unwrap();
    bytes[500] ^= 1;
    std::fs::write(&key, &bytes).unwrap();
    let second = Service::with(PROFILES, &arguments).await;
    let error = second.prove("bn254", "multiply", &INPUTS, Arkworks).await.unwrap_err();
    assert_eq!((error.code(), reason(&error).as_str()), (Code::FailedPrecondition, "KEY_STORE_UNAVAILABLE"));
    assert_eq!(std::fs::read_dir(store.join("keys")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_request_can_name_the_key_that_it_expects() {
    let service = Service::start().await;
    let key = service.setup("bn254", "multiply").await.unwrap().key.unwrap();
    let request = |fingerprint: Vec<u8>| {
        let mut request = broker_proto::v1::ProveRequest::default();
        request.profile = "bn254".into();
        request.circuit = "multiply".into();
        request.inputs = crate::service::numbers(&INPUTS);
        request.expected_fingerprint = fingerprint;
        request
    };
    assert!(service.client().prove(request(key.fingerprint)).await.is_ok());
    let error = service.client().prove(request(vec![0; 32])).await.unwrap_err();
    assert_eq!((error.code(), reason(&error).as_str()), (Code::FailedPrecondition, "FINGERPRINT_MISMATCH"));
    let error = service.client().prove(request(vec![0; 31])).await.unwrap_err();
    assert_eq!(reason(&error), "FIELD_WRONG_LENGTH");
}

/// More memory than there is will not be there later: the client must not try again.
#[tokio::test]
async fn a_proof_that_never_fits_into_memory_is_no_shortage() {
    let service = Service::with(PROFILES, &["--groth16-memory", "1MiB"]).await;
    let error = service.prove("bn254", "multiply", &INPUTS, Arkworks).await.unwrap_err();
    assert_eq!((error.code(), reason(&error).as_str()), (Code::FailedPrecondition, "PROOF_MEMORY_EXHAUSTED"));
    assert_eq!(crate::service::field(&error), "");
    assert!(error.message().contains("--groth16-memory"), "{}", error.message());
}
