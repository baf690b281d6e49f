//! Items of a pipeline that stays open and idle.

use broker_proto::v1::{self, pipeline_request::Operation, pipeline_response::Result as Answer};

use crate::{
    Leaks, secret,
    support::{
        Broker,
        aead::{decrypt_request, encrypt_request, key_source, profiles, shapes},
        pipeline::{Pipeline, hash},
        pki, signing,
    },
};

#[tokio::test]
async fn keys_and_plaintexts_of_items_leave_no_copy() {
    let profiles = profiles();
    let broker = Broker::start(&["--dev", "--profiles-dir", profiles.path().to_str().unwrap()]);
    let (mut leaks, mut pipelines) = (Leaks::default(), Vec::new());
    let key = secret(201, 32);
    leaks.bytes("the key", &key);
    for length in [16, 64, 200, 255, 256, 300, 1000, 16_100, 16_384, 16_500, 70_000, 500_000, 1 << 20] {
        let mut pipeline = Pipeline::open(&broker).await;
        let text = secret(300 + length as u64, length);
        leaks.bytes(&format!("{length} bytes"), &text);
        for shape in shapes().iter().filter(|shape| shape.tag_bits == 128) {
            let (profile, key) = (shape.profile(), &key[..shape.key_bits / 8]);
            let nonce: &[u8] = if shape.nonce == "random" { &[] } else { &[9; 12] };
            let request = encrypt_request(&profile, key, nonce, Some(b"data"), &text);
            let Answer::EncryptData(sealed) = pipeline.call(1, Operation::EncryptData(request)).await else {
                panic!()
            };
            let request = decrypt_request(&profile, key, &sealed);
            let Answer::DecryptData(opened) = pipeline.call(2, Operation::DecryptData(request)).await else {
                panic!()
            };
            assert!(opened.plaintext == text);
        }
        pipelines.push(pipeline);
    }
    leaks.assert_gone(&broker, "chacha20-poly1305 256 128 random");
}

/// The last item on each connection has a secret and is rejected.
#[tokio::test]
async fn refused_items_leave_no_copy() {
    let profiles = profiles();
    let broker = Broker::start(&["--dev", "--profiles-dir", profiles.path().to_str().unwrap()]);
    let (mut leaks, mut pipelines) = (Leaks::default(), Vec::new());
    let key = secret(202, 64);
    leaks.bytes("the key", &key[..32]);
    for length in [100, 70_000, (1 << 20) + 1, 3 << 20] {
        let mut pipeline = Pipeline::open(&broker).await;
        let text = secret(400 + length as u64, length);
        leaks.bytes(&format!("{length} bytes"), &text);
        for profile in ["no profile", "None", "native aes-gcm 128 128 random"] {
            let request = encrypt_request(profile, &key[..32], &[], None, &text);
            assert!(matches!(pipeline.call(1, Operation::EncryptData(request)).await, Answer::Error(_)));
        }
        pipelines.push(pipeline);
    }
    leaks.assert_gone(&broker, "chacha20-poly1305 256 128 random");
}

#[tokio::test]
async fn many_keys_at_once_leave_no_copy() {
    let (broker, folder) = signing::broker("", &["--dev"]);
    let (mut leaks, mut pipelines) = (Leaks::default(), Vec::new());
    for kind in ["p-256", "ed25519"] {
        signing::key(folder.path(), kind);
        let text = std::fs::read_to_string(folder.path().join(format!("{kind}.key"))).unwrap();
        leaks.pem(kind, &text);
        let profile = if kind == "p-256" { "native ecdsa sha-256" } else { "native ed25519" };
        let pipeline = Pipeline::open(&broker).await;
        for sequence in 0..500 {
            let request = v1::SignDataRequest {
                profile: profile.to_owned(),
                key_source: signing::source(text.as_bytes()),
                input: vec![1; sequence as usize].into(),
                signature_format: 0,
                metadata: None,
                context: None,
            };
            assert!(pipeline.send(sequence, Operation::SignData(request)));
        }
        let mut pipeline = pipeline;
        for _ in 0..500 {
            assert!(matches!(pipeline.next().await.1, Answer::SignData(_)));
        }
        pipelines.push(pipeline);
    }
    leaks.assert_gone(&broker, "native ecdsa sha-384");
}

#[tokio::test]
async fn shared_secrets_and_new_keys_leave_no_copy() {
    let broker = Broker::start(&["--dev"]);
    let (mut leaks, mut pipelines) = (Leaks::default(), Vec::new());
    for round in 0..20 {
        let mut pipeline = Pipeline::open(&broker).await;
        let mut request = v1::GenerateKeyPairRequest::default();
        request.profile = "PQC-ML-DSA-65".into();
        let Answer::GenerateKemKeyPair(pair) = pipeline.call(1, Operation::GenerateKemKeyPair(request)).await
        else {
            panic!()
        };
        leaks.bytes("a decapsulation key", &pair.private_key);
        let request = v1::GenerateKeyRequest { profile: "PQC-ML-DSA-65".into(), metadata: None };
        let Answer::GenerateKey(generated) = pipeline.call(4, Operation::GenerateKey(request)).await else {
            panic!()
        };
        leaks.bytes("a symmetric key", &generated.key);
        let mut request = v1::EncapsulateRequest::default();
        request.profile = "PQC-ML-DSA-65".into();
        request.key_source = key_source(&pair.public_key);
        let Answer::Encapsulate(sent) = pipeline.call(2, Operation::Encapsulate(request)).await else {
            panic!()
        };
        leaks.bytes("a shared secret", &sent.shared_secret);
        if round % 2 == 0 {
            let mut request = v1::DecapsulateRequest::default();
            request.profile = "PQC-ML-DSA-65".into();
            request.key_source = key_source(&pair.private_key);
            request.ciphertext = sent.ciphertext.clone();
            let answer = pipeline.call(3, Operation::Decapsulate(request)).await;
            assert!(
                matches!(&answer, Answer::Decapsulate(received) if received.shared_secret == sent.shared_secret)
            );
        }
        pipelines.push(pipeline);
    }
    // Only public data may stay in the buffers of these connections.
    leaks.assert_gone(&broker, "FIPS-140-3-128bit");
}

/// The client disconnects while items with a secret are in flight.
#[tokio::test]
async fn dropped_pipeline_leaves_no_copy() {
    let (broker, ca) = (Broker::start(&["--dev", "--compute-threads", "1"]), pki::Ca::new("p-384"));
    let csr = pki::csr(ca.folder.path(), "p-256");
    let mut leaks = Leaks::default();
    leaks.pem("the key", &ca.key);
    for round in 0..10 {
        let mut pipeline = Pipeline::open(&broker).await;
        for sequence in 0..50 {
            assert!(pipeline.send(sequence, Operation::SignCertificate(ca.request("Default", &csr))));
        }
        for _ in 0..round {
            pipeline.next().await;
        }
    }
    let mut other = Pipeline::open(&broker).await;
    assert!(matches!(other.call(1, hash("Default", b"")).await, Answer::HashData(_)));
    assert!(matches!(
        other.call(2, Operation::SignCertificate(ca.request("Default", &csr))).await,
        Answer::SignCertificate(_)
    ));
    leaks.assert_gone(&broker, "KSA-ADVANCED-2020");
}
