//! Every operation as an item.

use broker_proto::v1::{self, pipeline_request::Operation, pipeline_response::Result as Answer};

use crate::{
    expected_hash,
    support::{
        self, Broker,
        aead::{decrypt_request, encrypt_request, profiles, shapes},
        pipeline::{Pipeline, hash, hex},
        pki, signing,
    },
};

#[tokio::test]
async fn inline_and_deferred_hashes_equal_openssl() {
    let broker = Broker::start(&[]);
    let mut pipeline = Pipeline::open(&broker).await;
    for (sequence, length) in [(0, 0), (1, 20), (u64::MAX, 16_384), (3, 16_385), (3, 1 << 20)] {
        let input = vec![length as u8; length];
        let answer = pipeline.call(sequence, hash("Default", &input)).await;
        assert_eq!(hex(&answer), expected_hash(&input));
        let Answer::HashData(response) = answer else { panic!() };
        assert_eq!(response.metadata.unwrap().id, "mine");
        let descriptor = response.descriptor.unwrap();
        assert_eq!(
            (descriptor.profile.as_str(), descriptor.operation.as_str(), descriptor.algorithm.as_str()),
            ("Default", "HashData", "sha3-512")
        );
    }
    let (rest, end) = pipeline.finish().await;
    assert!(rest.is_empty());
    end.unwrap();
}

#[tokio::test]
async fn issues_certificates() {
    let (broker, ca) = (Broker::start(&[]), pki::Ca::new("p-384"));
    let csr = pki::csr(ca.folder.path(), "p-256");
    let mut request = ca.request("Default", &csr);
    request.output_format = v1::SignOutputFormat::Pem.into();
    let mut pipeline = Pipeline::open(&broker).await;
    let Answer::SignCertificate(response) = pipeline.call(1, Operation::SignCertificate(request)).await
    else {
        panic!()
    };
    let Some(v1::sign_certificate_response::SignedCertificate::Pem(text)) = response.signed_certificate
    else {
        panic!()
    };
    ca.verify_strictly(&text);
}

#[tokio::test]
async fn signs_verifies_encrypts_and_decrypts() {
    let (broker, folder) = signing::broker("", &[]);
    let mut pipeline = Pipeline::open(&broker).await;
    for (scheme, hash_name, kind) in [("ecdsa", "sha-256", "p-256"), ("ed25519", "", "ed25519")] {
        signing::key(folder.path(), kind);
        let read = |name: &str| std::fs::read(folder.path().join(format!("{kind}.{name}"))).unwrap();
        let profile = signing::profile("aws-lc", scheme, hash_name);
        let request = v1::SignDataRequest {
            profile: profile.clone(),
            key_source: signing::source(&read("key")),
            input: b"a message"[..].into(),
            signature_format: signing::DER,
            metadata: None,
            context: None,
        };
        let Answer::SignData(signed) = pipeline.call(1, Operation::SignData(request)).await else { panic!() };
        for (input, valid) in [(&b"a message"[..], true), (b"another", false)] {
            let request = v1::VerifyDataRequest {
                profile: profile.clone(),
                key_source: signing::source(&read("pub")),
                input: input.into(),
                signature: signed.signature.clone().into(),
                signature_format: signing::DER,
                metadata: None,
                context: None,
            };
            let answer = pipeline.call(2, Operation::VerifyData(request)).await;
            assert!(matches!(answer, Answer::VerifyData(response) if response.valid == valid));
        }
    }
    let mut request = v1::GenerateKeyPairRequest::default();
    request.profile = "native ed25519".into();
    let Answer::GenerateSignatureKeyPair(pair) =
        pipeline.call(3, Operation::GenerateSignatureKeyPair(request)).await
    else {
        panic!()
    };
    let mut client = broker.crypto().await;
    let signature =
        signing::sign(&mut client, "native ed25519", &pair.private_key, b"x", 0).await.unwrap().signature;
    let fits = signing::verify(&mut client, "native ed25519", &pair.public_key, b"x", &signature, 0).await;
    assert!(fits.unwrap());

    let profiles = profiles();
    let broker = Broker::start(&["--profiles-dir", profiles.path().to_str().unwrap()]);
    let mut pipeline = Pipeline::open(&broker).await;
    for shape in shapes() {
        let (profile, key) = (shape.profile(), shape.key());
        let nonce: &[u8] = if shape.nonce == "random" { &[] } else { &[9; 12] };
        let request = encrypt_request(&profile, &key, nonce, Some(b"data"), b"a text");
        let Answer::EncryptData(sealed) = pipeline.call(4, Operation::EncryptData(request)).await else {
            panic!()
        };
        let request = decrypt_request(&profile, &key, &sealed);
        let Answer::DecryptData(opened) = pipeline.call(5, Operation::DecryptData(request)).await else {
            panic!()
        };
        assert_eq!(opened.plaintext, b"a text");
    }
}

#[tokio::test]
async fn generates_keys() {
    let broker = Broker::start(&[]);
    let mut pipeline = Pipeline::open(&broker).await;
    let request = v1::GenerateKeyRequest { profile: "FIPS-140-3-192bit".into(), metadata: None };
    let Answer::GenerateKey(generated) = pipeline.call(1, Operation::GenerateKey(request)).await else {
        panic!()
    };
    assert_eq!(generated.key.len(), 24);
}

#[tokio::test]
async fn encapsulates_and_decapsulates() {
    let broker = Broker::start(&[]);
    let mut pipeline = Pipeline::open(&broker).await;
    let mut request = v1::GenerateKeyPairRequest::default();
    request.profile = "PQC-ML-DSA-65".into();
    let Answer::GenerateKemKeyPair(pair) = pipeline.call(1, Operation::GenerateKemKeyPair(request)).await
    else {
        panic!()
    };
    let mut request = v1::EncapsulateRequest::default();
    request.profile = "PQC-ML-DSA-65".into();
    request.key_source = support::aead::key_source(&pair.public_key);
    let Answer::Encapsulate(sent) = pipeline.call(2, Operation::Encapsulate(request)).await else { panic!() };
    let mut request = v1::DecapsulateRequest::default();
    request.profile = "PQC-ML-DSA-65".into();
    request.key_source = support::aead::key_source(&pair.private_key);
    request.ciphertext = sent.ciphertext.clone();
    let Answer::Decapsulate(received) = pipeline.call(3, Operation::Decapsulate(request)).await else {
        panic!()
    };
    assert_eq!(sent.shared_secret, received.shared_secret);
    assert_eq!(sent.shared_secret.len(), 32);
}
