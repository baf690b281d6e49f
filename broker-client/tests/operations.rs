//! Keys, encapsulation, signatures and encryption: the fields of requests on the wire, and how responses are decoded.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use broker_client::{
    Client, DecapsulateRequest, DecryptDataRequest, EncapsulateRequest, EncryptDataRequest, Error, ErrorKind,
    GenerateKeyPairRequest, GenerateKeyRequest, KeyEncoding, SignDataRequest, SignatureFormat,
    VerifyDataRequest,
};
use broker_proto::v1;
use common::{Lane, Step, answers::raw_key, start_broker_on};
use tonic::Status;

on_both_lanes! {
    each_service_generates_its_key_pairs
    generates_a_symmetric_key
    key_encodings_and_signature_formats_match_the_protocol
    encapsulates_and_decapsulates_a_secret
    signs_and_verifies_data
    composite_sends_traditional_key_first
    encrypts_and_decrypts_data
    returns_nonce_of_broker_and_no_aad_without_either
    permanent_refusals_are_not_retried
    empty_response_is_a_protocol_error
    empty_response_is_never_valid
    incomplete_response_is_a_protocol_error
    debug_output_of_responses_hides_secrets
}

/// Returns whether the keys are those of a composite, and their bytes.
fn keys(source: Option<v1::SignKeySource>) -> (bool, Vec<Vec<u8>>) {
    match source.unwrap().source.unwrap() {
        v1::sign_key_source::Source::Single(key) => (false, vec![raw_key(Some(key))]),
        v1::sign_key_source::Source::ComponentKeys(keys) => {
            (true, keys.keys.into_iter().map(|key| raw_key(Some(key))).collect())
        }
    }
}

async fn each_service_generates_its_key_pairs(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let pair = broker
        .client
        .generate_kem_key_pair(GenerateKeyPairRequest::new().profile("P").id("a"))
        .await
        .unwrap();
    assert_eq!((&b"encapsulation key"[..], &b"random"[..]), (&*pair.public_key, &**pair.private_key));
    assert_eq!(("P", "identity", "a"), (pair.profile(), pair.algorithm(), &*pair.id));
    assert_eq!("GenerateKeyPair", pair.descriptor.operation);
    let sent: v1::GenerateKeyPairRequest = broker.fake.last();
    assert_eq!(("P", &None), (&*sent.profile, &sent.seed));
    assert_eq!(v1::KeyEncoding::Unspecified, sent.key_encoding());

    let request = GenerateKeyPairRequest::new().profile("Old").seed([7; 32]).encoding(KeyEncoding::Pem);
    let pair = broker.client.generate_signature_key_pair(request).await.unwrap();
    assert_eq!((&b"verification key"[..], &[7; 32][..]), (&*pair.public_key, &**pair.private_key));
    assert_eq!(Some("New"), pair.deprecation.unwrap().replaced_by.as_deref());
    let sent: v1::GenerateKeyPairRequest = broker.fake.last();
    assert_eq!(("Old", Some([7; 32].to_vec())), (&*sent.profile, sent.seed.clone()));
    assert_eq!(v1::KeyEncoding::Pem, sent.key_encoding());
}

async fn generates_a_symmetric_key(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let key = broker.client.generate_key(GenerateKeyRequest::new().profile("Old").id("a")).await.unwrap();
    assert_eq!((&b"random key"[..], "Old", "a"), (&**key.key, key.profile(), &*key.id));
    assert_eq!(Some("New"), key.deprecation.as_ref().unwrap().replaced_by.as_deref());
    assert_eq!("Old", broker.fake.last::<v1::GenerateKeyRequest>().profile);
    assert!(!format!("{key:?}").contains("random key") && format!("{key:?}").contains("[redacted]"));
}

async fn key_encodings_and_signature_formats_match_the_protocol(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    for (encoding, wire) in [
        (KeyEncoding::Raw, v1::KeyEncoding::Raw),
        (KeyEncoding::Der, v1::KeyEncoding::Der),
        (KeyEncoding::Pem, v1::KeyEncoding::Pem),
    ] {
        let request = GenerateKeyPairRequest::new().profile("P").encoding(encoding);
        broker.client.generate_kem_key_pair(request).await.unwrap();
        assert_eq!(wire, broker.fake.last::<v1::GenerateKeyPairRequest>().key_encoding());
    }
    for (format, wire) in [
        (SignatureFormat::Raw, v1::SignatureFormat::Raw),
        (SignatureFormat::Der, v1::SignatureFormat::Der),
        (SignatureFormat::Pem, v1::SignatureFormat::Pem),
        (SignatureFormat::Cms, v1::SignatureFormat::Cms),
    ] {
        broker.client.sign_data(SignDataRequest::new("key", "x").profile("P").format(format)).await.unwrap();
        assert_eq!(wire, broker.fake.last::<v1::SignDataRequest>().signature_format());
    }
}

async fn encapsulates_and_decapsulates_a_secret(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let request = EncapsulateRequest::new(b"public").profile("P").id("a");
    let made = broker.client.encapsulate(request).await.unwrap();
    assert_eq!((&b"for public"[..], &b"for public"[..]), (&*made.ciphertext, &**made.shared_secret));
    assert_eq!(("Encapsulate", "a"), (&*made.descriptor.operation, &*made.id));
    let sent: v1::EncapsulateRequest = broker.fake.last();
    assert_eq!(("P", b"public".to_vec()), (&*sent.profile, raw_key(sent.key_source.clone())));

    let request = DecapsulateRequest::new(made.shared_secret.clone(), made.ciphertext).profile("Old");
    let found = broker.client.decapsulate(request).await.unwrap();
    assert_eq!(made.shared_secret, found.shared_secret);
    assert_eq!(("Decapsulate", true), (&*found.descriptor.operation, found.deprecation.is_some()));
    let sent: v1::DecapsulateRequest = broker.fake.last();
    assert_eq!(("Old", &b"for public"[..]), (&*sent.profile, &*sent.ciphertext));
    assert_eq!(b"for public".to_vec(), raw_key(sent.key_source));
}

async fn signs_and_verifies_data(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let request = SignDataRequest::new("private", "text").profile("P").id("a").correlation_id("order-7");
    let signed = broker.client.sign_data(request).await.unwrap();
    assert_eq!((&b"text!"[..], "SignData"), (&*signed.signature, &*signed.descriptor.operation));
    assert_eq!(("a", false), (&*signed.id, signed.deprecation.is_some()));
    let sent: v1::SignDataRequest = broker.fake.last();
    assert_eq!(("P", &b"text"[..]), (&*sent.profile, &*sent.input));
    assert_eq!(v1::SignatureFormat::Unspecified, sent.signature_format());
    assert_eq!((false, vec![b"private".to_vec()]), keys(sent.key_source));
    assert_eq!("order-7", sent.metadata.unwrap().trace_context.unwrap().correlation_id);

    let request = VerifyDataRequest::new("public", "text", signed.signature).profile("Old");
    let verified = broker.client.verify_data(request.clone().format(SignatureFormat::Der)).await.unwrap();
    assert!(verified.valid && verified.deprecation.is_some());
    let sent: v1::VerifyDataRequest = broker.fake.last();
    assert_eq!(("Old", v1::SignatureFormat::Der), (&*sent.profile, sent.signature_format()));
    assert_eq!((&b"text"[..], &b"text!"[..]), (&*sent.input, &*sent.signature));
    assert_eq!((false, vec![b"public".to_vec()]), keys(sent.key_source));

    // A signature that does not match is a response.
    let request = VerifyDataRequest::new("public", "text", "text?").profile("P").id("b");
    let verified = broker.client.verify_data(request).await.unwrap();
    assert_eq!((false, "b"), (verified.valid, &*verified.id));
}

async fn composite_sends_traditional_key_first(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let request = SignDataRequest::composite("traditional", "ml-dsa", "text").profile("P");
    broker.client.sign_data(request).await.unwrap();
    let expected = (true, vec![b"traditional".to_vec(), b"ml-dsa".to_vec()]);
    assert_eq!(expected, keys(broker.fake.last::<v1::SignDataRequest>().key_source));
    let request = VerifyDataRequest::composite("traditional", "ml-dsa", "text", "text!").profile("P");
    assert!(broker.client.verify_data(request).await.unwrap().valid);
    let sent: v1::VerifyDataRequest = broker.fake.last();
    assert_eq!((&b"text"[..], &b"text!"[..]), (&*sent.input, &*sent.signature));
    assert_eq!(expected, keys(sent.key_source));
}

async fn encrypts_and_decrypts_data(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let request = EncryptDataRequest::new([1; 16], "abc").profile("P").nonce([2; 12]).aad("header").id("a");
    let sealed = broker.client.encrypt_data(request).await.unwrap();
    assert_eq!((&b"cba"[..], &[2; 12][..]), (&*sealed.ciphertext, &*sealed.nonce));
    assert_eq!((Some(&b"header"[..]), &b"sixteen bytes..."[..]), (sealed.aad.as_deref(), &*sealed.tag));
    assert_eq!(("EncryptData", "a"), (&*sealed.descriptor.operation, &*sealed.id));
    let sent: v1::EncryptDataRequest = broker.fake.last();
    assert_eq!(("P", &b"abc"[..]), (&*sent.profile, &*sent.plaintext));
    assert_eq!([1; 16].to_vec(), raw_key(sent.key_source.clone()));
    let metadata = sent.encrypt_metadata.clone().unwrap();
    assert_eq!((&[2; 12][..], Some(&b"header"[..])), (&*metadata.nonce, metadata.aad.as_deref()));

    let request =
        DecryptDataRequest::new([1; 16], sealed.ciphertext, sealed.nonce, sealed.tag).profile("Old");
    let opened = broker.client.decrypt_data(request.clone().aad("header")).await.unwrap();
    assert_eq!(b"abc", &**opened.plaintext);
    assert_eq!(36, opened.id.len());
    assert!(opened.deprecation.is_some());
    let sent: v1::DecryptDataRequest = broker.fake.last();
    assert_eq!(("Old", &b"cba"[..]), (&*sent.profile, &*sent.ciphertext));
    assert_eq!([1; 16].to_vec(), raw_key(sent.key_source));
    let metadata = sent.decrypt_metadata.unwrap();
    assert_eq!((&[2; 12][..], Some(&b"header"[..])), (&*metadata.nonce, metadata.aad.as_deref()));
    assert_eq!(Some(&b"sixteen bytes..."[..]), metadata.tag.as_deref());
}

async fn returns_nonce_of_broker_and_no_aad_without_either(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let sealed = broker.client.encrypt_data(EncryptDataRequest::new([1; 16], "").profile("P")).await.unwrap();
    assert_eq!((&b"made by the "[..], None), (&*sealed.nonce, sealed.aad));
    let metadata = broker.fake.last::<v1::EncryptDataRequest>().encrypt_metadata.clone().unwrap();
    assert_eq!((0, None), (metadata.nonce.len(), metadata.aad));
    let request = DecryptDataRequest::new([1; 16], "", sealed.nonce, sealed.tag).profile("P");
    assert!(broker.client.decrypt_data(request).await.unwrap().plaintext.is_empty());
    assert_eq!(None, broker.fake.last::<v1::DecryptDataRequest>().decrypt_metadata.unwrap().aad);
}

/// Makes every call that this file tests.
async fn call_each(client: &Client) -> Vec<(&'static str, Result<(), Error>)> {
    vec![
        (
            "generate_kem_key_pair",
            client.generate_kem_key_pair(GenerateKeyPairRequest::new().profile("P")).await.map(drop),
        ),
        (
            "generate_signature_key_pair",
            client.generate_signature_key_pair(GenerateKeyPairRequest::new().profile("P")).await.map(drop),
        ),
        ("generate_key", client.generate_key(GenerateKeyRequest::new().profile("P")).await.map(drop)),
        ("encapsulate", client.encapsulate(EncapsulateRequest::new("k").profile("P")).await.map(drop)),
        ("decapsulate", client.decapsulate(DecapsulateRequest::new("k", "c").profile("P")).await.map(drop)),
        ("sign_data", client.sign_data(SignDataRequest::new("k", "x").profile("P")).await.map(drop)),
        ("encrypt_data", client.encrypt_data(EncryptDataRequest::new("k", "x").profile("P")).await.map(drop)),
        (
            "decrypt_data",
            client.decrypt_data(DecryptDataRequest::new("k", "c", "n", "t").profile("P")).await.map(drop),
        ),
        (
            "verify_data",
            client.verify_data(VerifyDataRequest::new("k", "x", "s").profile("P")).await.map(drop),
        ),
    ]
}

async fn permanent_refusals_are_not_retried(lane: Lane) {
    let broker = start_broker_on(lane, 2).await;
    for _ in 0..9 {
        broker.fake.fail(Status::failed_precondition("no"));
    }
    for (call, answer) in call_each(&broker.client).await {
        assert!(matches!(answer, Err(Error { kind: ErrorKind::Refused(_), .. })), "{call}");
    }
    assert_eq!(9, broker.fake.calls());
}

async fn empty_response_is_a_protocol_error(lane: Lane) {
    let broker = start_broker_on(lane, 2).await;
    for _ in 0..9 {
        broker.fake.then(Step::Empty);
    }
    for (call, answer) in call_each(&broker.client).await {
        if call == "verify_data" {
            // The value false is absent on the wire, so this response is valid.
            answer.unwrap();
        } else {
            assert!(
                matches!(answer, Err(Error { kind: ErrorKind::Protocol { .. }, .. })),
                "{call}: {answer:?}"
            );
        }
    }
    assert_eq!(9, broker.fake.calls());
}

async fn empty_response_is_never_valid(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    broker.fake.then(Step::Empty);
    let answer =
        broker.client.verify_data(VerifyDataRequest::new("k", "x", "x!").profile("P")).await.unwrap();
    assert!(!answer.valid);
}

async fn incomplete_response_is_a_protocol_error(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let pair = |public: &str, private: &str| {
        let mut answer = v1::GenerateKeyPairResponse::default();
        (answer.public_key, answer.private_key) = (public.into(), private.into());
        answer
    };
    for (answer, missing) in [(pair("public", ""), "private key"), (pair("", "private"), "public key")] {
        broker.fake.answer(answer);
        let error = broker
            .client
            .generate_kem_key_pair(GenerateKeyPairRequest::new().profile("P"))
            .await
            .unwrap_err();
        assert!(
            matches!(&error.kind, ErrorKind::Protocol { detail, .. } if detail.ends_with(missing)),
            "{error}"
        );
    }
    let encapsulation = |ciphertext: &str, secret: &str| {
        let mut answer = v1::EncapsulateResponse::default();
        (answer.ciphertext, answer.shared_secret) = (ciphertext.into(), secret.into());
        answer
    };
    for (answer, missing) in
        [(encapsulation("c", ""), "shared secret"), (encapsulation("", "s"), "ciphertext")]
    {
        broker.fake.answer(answer);
        let error = broker.client.encapsulate(EncapsulateRequest::new("k").profile("P")).await.unwrap_err();
        assert!(
            matches!(&error.kind, ErrorKind::Protocol { detail, .. } if detail.ends_with(missing)),
            "{error}"
        );
    }
    let sealed = |ciphertext: &str, nonce: &str, tag: Option<&str>| v1::EncryptDataResponse {
        ciphertext: ciphertext.into(),
        cipher_metadata: Some(v1::CipherMetadata {
            nonce: nonce.into(),
            tag: tag.map(Into::into),
            ..Default::default()
        }),
        ..Default::default()
    };
    for (answer, wrong) in [
        (sealed("abc", "", Some("t")), "without a nonce"),
        (sealed("abc", "n", None), "without a tag"),
        (sealed("abc", "n", Some("")), "without a tag"),
        (sealed("ab", "n", Some("t")), "of another length"),
        (sealed("abcd", "n", Some("t")), "of another length"),
    ] {
        broker.fake.answer(answer);
        let error =
            broker.client.encrypt_data(EncryptDataRequest::new("k", "abc").profile("P")).await.unwrap_err();
        assert!(
            matches!(&error.kind, ErrorKind::Protocol { detail, .. } if detail.ends_with(wrong)),
            "{error}"
        );
    }
    let mut opened = v1::DecryptDataResponse::default();
    opened.plaintext = "SECRET".into();
    broker.fake.answer(opened);
    let request = DecryptDataRequest::new("k", "abc", "n", "t").profile("P");
    let error = broker.client.decrypt_data(request).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Protocol { .. }));
    assert!(!format!("{error} {error:?}").contains("SECRET"));
}

async fn debug_output_of_responses_hides_secrets(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let secret = "THE-SECRET";
    let key_pair = GenerateKeyPairRequest::new().profile("P").seed(secret);
    let texts = [
        format!("{:?}", broker.client.generate_kem_key_pair(key_pair.clone()).await.unwrap()),
        format!("{:?}", broker.client.generate_signature_key_pair(key_pair).await.unwrap()),
        format!(
            "{:?}",
            broker.client.encapsulate(EncapsulateRequest::new(secret).profile("P")).await.unwrap()
        ),
        format!(
            "{:?}",
            broker.client.decapsulate(DecapsulateRequest::new("k", secret).profile("P")).await.unwrap()
        ),
        format!("{:?}", {
            let request = DecryptDataRequest::new("k", "TERCES-EHT", "n", "t").profile("P");
            broker.client.decrypt_data(request).await.unwrap()
        }),
    ];
    let bytes = format!("{:?}", secret.as_bytes());
    for text in texts {
        assert!(text.contains("[redacted]"), "{text}");
        assert!(!text.contains(secret) && !text.contains(bytes.trim_matches(['[', ']'])), "{text}");
    }
}
