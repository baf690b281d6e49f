//! A signature is valid only with its own context, its own pre-hash and its own data, whether it is made and verified in one
//! message, in a stream or in a pipeline.

use broker_proto::v1::{pipeline_request::Operation, pipeline_response::Result as Answer};

use super::{
    broker,
    calls::{Case, Clients},
    profile,
    support::{pipeline::Pipeline, signing::key_pair},
};

const CONTEXTS: [&[u8]; 6] = [b"", b"a", b"b", b"a\0", &[0; 254], &[0; 255]];

#[tokio::test]
async fn signature_is_valid_under_its_own_context_and_hash_only() {
    let broker = broker("");
    let mut clients = Clients::new(&broker).await;
    let profiles =
        ["", "sha-384", "sha-512", "sha3-512", "shake-256"].map(|pre_hash| profile("native", "65", pre_hash));
    let pair = key_pair(&broker, &profiles[0], None, 0).await.unwrap();
    let cases: Vec<Case<'_>> = profiles
        .iter()
        .flat_map(|profile| CONTEXTS.map(|context| Case::new(profile, context, b"message")))
        .collect();
    for (index, signed) in cases.iter().enumerate() {
        // Half of the signatures are made, and the other half verified, in streams.
        let signature = match index % 2 {
            0 => clients.sign(&pair.private_key, *signed).await.unwrap().signature,
            _ => clients.sign_stream(&pair.private_key, *signed).await.unwrap().signature,
        };
        for (other, verified) in cases.iter().enumerate() {
            let valid = match index % 2 {
                0 => clients.verify_stream(&pair.public_key, *verified, &signature).await.unwrap(),
                _ => clients.verify(&pair.public_key, *verified, &signature).await.unwrap(),
            };
            let what = format!("signed {index}, verified {other}");
            assert_eq!(valid, index == other, "{what}");
        }
        let wrong = Case { message: b"messagf", ..*signed };
        assert!(!clients.verify(&pair.public_key, wrong, &signature).await.unwrap(), "{index}");
    }
}

/// The boundary between context and message is part of what is signed.
#[tokio::test]
async fn bytes_do_not_move_between_context_and_message() {
    let broker = broker("");
    let mut clients = Clients::new(&broker).await;
    for pre_hash in ["", "sha-512"] {
        let name = profile("aws-lc", "65", pre_hash);
        let pair = key_pair(&broker, &name, None, 0).await.unwrap();
        let all = b"context and message";
        let case = |cut: usize| Case::new(&name, &all[..cut], &all[cut..]);
        let signature = clients.sign(&pair.private_key, case(7)).await.unwrap().signature;
        for cut in 0..=all.len() {
            let valid = clients.verify(&pair.public_key, case(cut), &signature).await.unwrap();
            assert_eq!(valid, cut == 7, "{name}: {cut}");
        }
    }
}

#[tokio::test]
async fn absent_and_empty_context_are_the_same() {
    let broker = broker("");
    let mut clients = Clients::new(&broker).await;
    for pre_hash in ["", "shake-256"] {
        let name = profile("native", "87", pre_hash);
        let pair = key_pair(&broker, &name, None, 0).await.unwrap();
        let empty = Case::new(&name, b"", b"message");
        let absent = Case { context: None, ..empty };
        for (signed, verified) in [(empty, absent), (absent, empty)] {
            let signature = clients.sign(&pair.private_key, signed).await.unwrap().signature;
            assert!(clients.verify(&pair.public_key, verified, &signature).await.unwrap(), "{name}");
        }
    }
}

#[tokio::test]
async fn pipeline_items_have_contexts() {
    let broker = broker("");
    let name = profile("native", "44", "sha-256");
    let pair = key_pair(&broker, &name, None, 0).await.unwrap();
    let mut pipeline = Pipeline::open(&broker).await;
    let case = Case::new(&name, b"a", b"message");
    let item = Operation::SignData(case.sign_request(&pair.private_key));
    let Answer::SignData(signed) = pipeline.call(1, item).await else { panic!("no signature") };
    for (sequence, context) in [(2, b"a"), (3, b"b")] {
        let case = Case { context: Some(context), ..case };
        let item = Operation::VerifyData(case.verify_request(&pair.public_key, &signed.signature));
        let Answer::VerifyData(verified) = pipeline.call(sequence, item).await else { panic!("no verdict") };
        assert_eq!(verified.valid, sequence == 2);
    }
}
