//! Keys, encapsulation, signatures and encryption: the fields of each request on the wire, and what becomes of answers.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use broker_client::{
    Client, DecapsulateRequest, DecryptDataRequest, EncapsulateRequest, EncryptDataRequest, Error, ErrorKind,
    GenerateKeyPairRequest, KeyEncoding, SignDataRequest, SignatureFormat, VerifyDataRequest,
};
use broker_proto::v1;
use common::{Lane, Step, answers::raw_key, broker_on};
use tonic::Status;

on_both_lanes! {
    each_service_makes_its_own_key_pairs
    key_encodings_and_signature_formats_have_their_numbers
    a_secret_is_encapsulated_and_decapsulated
    data_is_signed_and_verified
    the_traditional_key_of_a_composite_comes_first
    data_is_encrypted_and_decrypted
    without_a_nonce_the_broker_s_comes_back_and_absent_aad_stays_absent
    each_refusal_that_would_come_again_is_final
    an_empty_answer_is_a_protocol_error
    an_empty_answer_never_says_valid
    half_an_answer_is_a_protocol_error
    no_debug_of_an_answer_shows_its_secret
}

/// The bytes of the keys that sign or verify, and whether they are a composite's.
fn keys(source: Option<v1::SignKeySource>) -> (bool, Vec<Vec<u8>>) {
    match source.unwrap().source.unwrap() {
        v1::sign_key_source::Source::Single(key) => (false, vec![raw_key(Some(key))]),
        v1::sign_key_source::Source::ComponentKeys(keys) => {
            (true, keys.keys.into_iter().map(|key| raw_key(Some(key))).collect())
        }
    }
}

async fn each_service_makes_its_own_key_pairs(lane: Lane) {
    let it = broker_on(lane, 1).await;
    let pair =
        it.client.generate_kem_key_pair(GenerateKeyPairRequest::new().profile("P").id("a")).await.unwrap();
    assert_eq!((&b"encapsulation key"[..], &b"random"[..]), (&*pair.public_key, &**pair.private_key));
    assert_eq!(("P", "identity", "a"), (pair.profile(), pair.algorithm(), &*pair.id));
    assert_eq!("GenerateKeyPair", pair.descriptor.operation);
    let sent: v1::GenerateKeyPairRequest = it.fake.last();
    assert_eq!(("P", &None), (&*sent.profile, &sent.seed));
    assert_eq!(v1::KeyEncoding::Unspecified, sent.key_encoding());

    let request = GenerateKeyPairRequest::new().profile("Old").seed([7; 32]).encoding(KeyEncoding::Pem);
    let pair = it.client.generate_signature_key_pair(request).await.unwrap();
    assert_eq!((&b"verification key"[..], &[7; 32][..]), (&*pair.public_key, &**pair.private_key));
    assert_eq!(Some("New"), pair.deprecation.unwrap().replaced_by.as_deref());
    let sent: v1::GenerateKeyPairRequest = it.fake.last();
    assert_eq!(("Old", Some([7; 32].to_vec())), (&*sent.profile, sent.seed.clone()));
    assert_eq!(v1::KeyEncoding::Pem, sent.key_encoding());
}

async fn key_encodings_and_signature_formats_have_their_numbers(lane: Lane) {
    let it = broker_on(lane, 1).await;
    for (encoding, wire) in [
        (KeyEncoding::Raw, v1::KeyEncoding::Raw),
        (KeyEncoding::Der, v1::KeyEncoding::Der),
        (KeyEncoding::Pem, v1::KeyEncoding::Pem),
    ] {
        let request = GenerateKeyPairRequest::new().profile("P").encoding(encoding);
        it.client.generate_kem_key_pair(request).await.unwrap();
        assert_eq!(wire, it.fake.last::<v1::GenerateKeyPairRequest>().key_encoding());
    }
    for (format, wire) in [
        (SignatureFormat::Raw, v1::SignatureFormat::Raw),
        (SignatureFormat::Der, v1::SignatureFormat::Der),
        (SignatureFormat::Pem, v1::SignatureFormat::Pem),
        (SignatureFormat::Cms, v1::SignatureFormat::Cms),
    ] {
        it.client.sign_data(SignDataRequest::new("key", "x").profile("P").format(format)).await.unwrap();
        assert_eq!(wire, it.fake.last::<v1::SignDataRequest>().signature_format());
    }
}

async fn a_secret_is_encapsulated_and_decapsulated(lane: Lane) {
    let it = broker_on(lane, 1).await;
    let request = EncapsulateRequest::new(b"public").profile("P").id("a");
    let made = it.client.encapsulate(request).await.unwrap();
    assert_eq!((&b"for public"[..], &b"for public"[..]), (&*made.ciphertext, &**made.shared_secret));
    assert_eq!(("Encapsulate", "a"), (&*made.descriptor.operation, &*made.id));
    let sent: v1::EncapsulateRequest = it.fake.last();
    assert_eq!(("P", b"public".to_vec()), (&*sent.profile, raw_key(sent.key_source.clone())));

    let request = DecapsulateRequest::new(made.shared_secret.clone(), made.ciphertext).profile("Old");
    let found = it.client.decapsulate(request).await.unwrap();
    assert_eq!(made.shared_secret, found.shared_secret);
    assert_eq!(("Decapsulate", true), (&*found.descriptor.operation, found.deprecation.is_some()));
    let sent: v1::DecapsulateRequest = it.fake.last();
    assert_eq!(("Old", &b"for public"[..]), (&*sent.profile, &*sent.ciphertext));
    assert_eq!(b"for public".to_vec(), raw_key(sent.key_source));
}

async fn data_is_signed_and_verified(lane: Lane) {
    let it = broker_on(lane, 1).await;
    let request = SignDataRequest::new("private", "text").profile("P").id("a").correlation_id("order-7");
    let signed = it.client.sign_data(request).await.unwrap();
    assert_eq!((&b"text!"[..], "SignData"), (&*signed.signature, &*signed.descriptor.operation));
    assert_eq!(("a", false), (&*signed.id, signed.deprecation.is_some()));
    let sent: v1::SignDataRequest = it.fake.last();
    assert_eq!(("P", &b"text"[..]), (&*sent.profile, &*sent.input));
    assert_eq!(v1::SignatureFormat::Unspecified, sent.signature_format());
    assert_eq!((false, vec![b"private".to_vec()]), keys(sent.key_source));
    assert_eq!("order-7", sent.metadata.unwrap().trace_context.unwrap().correlation_id);

    let request = VerifyDataRequest::new("public", "text", signed.signature).profile("Old");
    let verified = it.client.verify_data(request.clone().format(SignatureFormat::Der)).await.unwrap();
    assert!(verified.valid && verified.deprecation.is_some());
    let sent: v1::VerifyDataRequest = it.fake.last();
    assert_eq!(("Old", v1::SignatureFormat::Der), (&*sent.profile, sent.signature_format()));
    assert_eq!((&b"text"[..], &b"text!"[..]), (&*sent.input, &*sent.signature));
    assert_eq!((false, vec![b"public".to_vec()]), keys(sent.key_source));

    // A signature that does not match is an answer.
    let request = VerifyDataRequest::new("public", "text", "text?").profile("P").id("b");
    let verified = it.client.verify_data(request).await.unwrap();
    assert_eq!((false, "b"), (verified.valid, &*verified.id));
}

async fn the_traditional_key_of_a_composite_comes_first(lane: Lane) {
    let it = broker_on(lane, 1).await;
    let request = SignDataRequest::composite("traditional", "ml-dsa", "text").profile("P");
    it.client.sign_data(request).await.unwrap();
    let expected = (true, vec![b"traditional".to_vec(), b"ml-dsa".to_vec()]);
    assert_eq!(expected, keys(it.fake.last::<v1::SignDataRequest>().key_source));
    let request = VerifyDataRequest::composite("traditional", "ml-dsa", "text", "text!").profile("P");
    assert!(it.client.verify_data(request).await.unwrap().valid);
    let sent: v1::VerifyDataRequest = it.fake.last();
    assert_eq!((&b"text"[..], &b"text!"[..]), (&*sent.input, &*sent.signature));
    assert_eq!(expected, keys(sent.key_source));
}

async fn data_is_encrypted_and_decrypted(lane: Lane) {
    let it = broker_on(lane, 1).await;
    let request = EncryptDataRequest::new([1; 16], "abc").profile("P").nonce([2; 12]).aad("header").id("a");
    let sealed = it.client.encrypt_data(request).await.unwrap();
    assert_eq!((&b"cba"[..], &[2; 12][..]), (&*sealed.ciphertext, &*sealed.nonce));
    assert_eq!((Some(&b"header"[..]), &b"sixteen bytes..."[..]), (sealed.aad.as_deref(), &*sealed.tag));
    assert_eq!(("EncryptData", "a"), (&*sealed.descriptor.operation, &*sealed.id));
    let sent: v1::EncryptDataRequest = it.fake.last();
    assert_eq!(("P", &b"abc"[..]), (&*sent.profile, &*sent.plaintext));
    assert_eq!([1; 16].to_vec(), raw_key(sent.key_source.clone()));
    let metadata = sent.encrypt_metadata.clone().unwrap();
    assert_eq!((&[2; 12][..], Some(&b"header"[..])), (&*metadata.nonce, metadata.aad.as_deref()));

    let request =
        DecryptDataRequest::new([1; 16], sealed.ciphertext, sealed.nonce, sealed.tag).profile("Old");
    let opened = it.client.decrypt_data(request.clone().aad("header")).await.unwrap();
    assert_eq!(b"abc", &**opened.plaintext);
    assert_eq!(36, opened.id.len());
    assert!(opened.deprecation.is_some());
    let sent: v1::DecryptDataRequest = it.fake.last();
    assert_eq!(("Old", &b"cba"[..]), (&*sent.profile, &*sent.ciphertext));
    assert_eq!([1; 16].to_vec(), raw_key(sent.key_source));
    let metadata = sent.decrypt_metadata.unwrap();
    assert_eq!((&[2; 12][..], Some(&b"header"[..])), (&*metadata.nonce, metadata.aad.as_deref()));
    assert_eq!(Some(&b"sixteen bytes..."[..]), metadata.tag.as_deref());
}

async fn without_a_nonce_the_broker_s_comes_back_and_absent_aad_stays_absent(lane: Lane) {
    let it = broker_on(lane, 1).await;
    let sealed = it.client.encrypt_data(EncryptDataRequest::new([1; 16], "").profile("P")).await.unwrap();
    assert_eq!((&b"made by the "[..], None), (&*sealed.nonce, sealed.aad));
    let metadata = it.fake.last::<v1::EncryptDataRequest>().encrypt_metadata.clone().unwrap();
    assert_eq!((0, None), (metadata.nonce.len(), metadata.aad));
    let request = DecryptDataRequest::new([1; 16], "", sealed.nonce, sealed.tag).profile("P");
    assert!(it.client.decrypt_data(request).await.unwrap().plaintext.is_empty());
    assert_eq!(None, it.fake.last::<v1::DecryptDataRequest>().decrypt_metadata.unwrap().aad);
}

/// Every call of one message that this file is about.
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

async fn each_refusal_that_would_come_again_is_final(lane: Lane) {
    let it = broker_on(lane, 2).await;
    for _ in 0..8 {
        it.fake.fail(Status::failed_precondition("no"));
    }
    for (call, answer) in call_each(&it.client).await {
        assert!(matches!(answer, Err(Error { kind: ErrorKind::Refused(_), .. })), "{call}");
    }
    assert_eq!(8, it.fake.calls());
}

async fn an_empty_answer_is_a_protocol_error(lane: Lane) {
    let it = broker_on(lane, 2).await;
    for _ in 0..8 {
        it.fake.then(Step::Empty);
    }
    for (call, answer) in call_each(&it.client).await {
        if call == "verify_data" {
            // On the wire false is nothing.
            answer.unwrap();
        } else {
            assert!(
                matches!(answer, Err(Error { kind: ErrorKind::Protocol { .. }, .. })),
                "{call}: {answer:?}"
            );
        }
    }
    assert_eq!(8, it.fake.calls());
}

async fn an_empty_answer_never_says_valid(lane: Lane) {
    let it = broker_on(lane, 1).await;
    it.fake.then(Step::Empty);
    let answer = it.client.verify_data(VerifyDataRequest::new("k", "x", "x!").profile("P")).await.unwrap();
    assert!(!answer.valid);
}

async fn half_an_answer_is_a_protocol_error(lane: Lane) {
    let it = broker_on(lane, 1).await;
    let pair = |public: &str, private: &str| {
        let mut answer = v1::GenerateKeyPairResponse::default();
        (answer.public_key, answer.private_key) = (public.into(), private.into());
        answer
    };
    for (answer, missing) in [(pair("public", ""), "private key"), (pair("", "private"), "public key")] {
        it.fake.answer(answer);
        let error =
            it.client.generate_kem_key_pair(GenerateKeyPairRequest::new().profile("P")).await.unwrap_err();
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
        it.fake.answer(answer);
        let error = it.client.encapsulate(EncapsulateRequest::new("k").profile("P")).await.unwrap_err();
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
        it.fake.answer(answer);
        let error =
            it.client.encrypt_data(EncryptDataRequest::new("k", "abc").profile("P")).await.unwrap_err();
        assert!(
            matches!(&error.kind, ErrorKind::Protocol { detail, .. } if detail.ends_with(wrong)),
            "{error}"
        );
    }
    let mut opened = v1::DecryptDataResponse::default();
    opened.plaintext = "SECRET".into();
    it.fake.answer(opened);
    let request = DecryptDataRequest::new("k", "abc", "n", "t").profile("P");
    let error = it.client.decrypt_data(request).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Protocol { .. }));
    assert!(!format!("{error} {error:?}").contains("SECRET"));
}

async fn no_debug_of_an_answer_shows_its_secret(lane: Lane) {
    let it = broker_on(lane, 1).await;
    let secret = "THE-SECRET";
    let key_pair = GenerateKeyPairRequest::new().profile("P").seed(secret);
    let texts = [
        format!("{:?}", it.client.generate_kem_key_pair(key_pair.clone()).await.unwrap()),
        format!("{:?}", it.client.generate_signature_key_pair(key_pair).await.unwrap()),
        format!("{:?}", it.client.encapsulate(EncapsulateRequest::new(secret).profile("P")).await.unwrap()),
        format!(
            "{:?}",
            it.client.decapsulate(DecapsulateRequest::new("k", secret).profile("P")).await.unwrap()
        ),
        format!("{:?}", {
            let request = DecryptDataRequest::new("k", "TERCES-EHT", "n", "t").profile("P");
            it.client.decrypt_data(request).await.unwrap()
        }),
    ];
    let bytes = format!("{:?}", secret.as_bytes());
    for text in texts {
        assert!(text.contains("[redacted]"), "{text}");
        assert!(!text.contains(secret) && !text.contains(bytes.trim_matches(['[', ']'])), "{text}");
    }
}
