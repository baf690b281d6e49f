//! Signatures over streamed messages, compared with those over complete messages; ML-DSA with a context.

use proptest::prelude::*;

use super::{generate::schemes, *};

fn sign_in_parts(key: &PrivateKey, scheme: SignatureScheme, parts: &[&[u8]]) -> Vec<u8> {
    let mut signer = Signer::new(key, scheme, b"").unwrap();
    for part in parts {
        signer.update(part).unwrap();
    }
    signer.finish().unwrap()
}

fn verify_in_parts(
    key: &PublicKey,
    scheme: SignatureScheme,
    parts: &[&[u8]],
    signature: &[u8],
) -> Result<(), EvpError> {
    let mut verifier = Verifier::new(key, scheme, b"").unwrap();
    for part in parts {
        verifier.update(part).unwrap();
    }
    verifier.finish(signature)
}

/// Splits `message` at the given positions.
fn parts<'a>(message: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut positions: Vec<_> = cuts.iter().map(|cut| cut.index(message.len() + 1)).collect();
    positions.extend([0, message.len()]);
    positions.sort_unstable();
    positions.windows(2).map(|pair| &message[pair[0]..pair[1]]).collect()
}

fn keys() -> Vec<(PrivateKey, PublicKey)> {
    [
        KeyType::Rsa { bits: 2048 },
        KeyType::Ec(Curve::P224),
        KeyType::Ec(Curve::P256),
        KeyType::Ec(Curve::P384),
        KeyType::Ec(Curve::P521),
        KeyType::MlDsa(MlDsa::MlDsa44),
        KeyType::MlDsa(MlDsa::MlDsa65),
        KeyType::MlDsa(MlDsa::MlDsa87),
    ]
    .into_iter()
    .map(|kind| {
        let private = PrivateKey::generate(kind).unwrap();
        let public = private.public().unwrap();
        (private, public)
    })
    .collect()
}

#[test]
fn streamed_and_complete_signatures_are_interchangeable() {
    let keys = keys();
    let message = prop::collection::vec(any::<u8>(), 0..3000);
    let cuts = || prop::collection::vec(any::<prop::sample::Index>(), 0..9);
    proptest!(ProptestConfig::with_cases(12), |(message in message, one in cuts(), two in cuts())| {
        for (private, public) in &keys {
            for scheme in schemes(private.key_type().unwrap()) {
                let complete = private.sign(scheme, &message).unwrap();
                let streamed = sign_in_parts(private, scheme, &parts(&message, &one));
                if let SignatureScheme::RsaPkcs1(_) = scheme {
                    prop_assert_eq!(&complete, &streamed);
                }
                prop_assert_eq!(public.verify(scheme, &message, &streamed), Ok(()));
                prop_assert_eq!(verify_in_parts(public, scheme, &parts(&message, &two), &complete), Ok(()));
                prop_assert_eq!(verify_in_parts(public, scheme, &parts(&message, &two), &streamed), Ok(()));
                let more = [parts(&message, &two), vec![b"."]].concat();
                let wrong = Err(EvpError::BadSignature);
                prop_assert_eq!(verify_in_parts(public, scheme, &more, &streamed), wrong);
                prop_assert_eq!(verify_in_parts(public, scheme, &[&message], &streamed[1..]), wrong);
                prop_assert_eq!(verify_in_parts(public, scheme, &[&message], b""), wrong);
            }
        }
        prop_assert!(error_queue_is_empty());
    });
}

#[test]
fn ed25519_is_not_streamable() {
    let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
    let scheme = SignatureScheme::Ed25519;
    assert_eq!(Signer::new(&key, scheme, b"").err(), Some(EvpError::NotStreamable));
    assert_eq!(Verifier::new(&key.public().unwrap(), scheme, b"").err(), Some(EvpError::NotStreamable));
}

#[test]
fn rejects_scheme_of_another_key_before_the_first_part() {
    let key = PrivateKey::generate(KeyType::Ec(Curve::P256)).unwrap();
    let public = key.public().unwrap();
    for scheme in [
        SignatureScheme::RsaPkcs1(SignatureHash::Sha256),
        SignatureScheme::rsa_pss(SignatureHash::Sha256),
        SignatureScheme::Ed25519,
        SignatureScheme::MlDsa(MlDsa::MlDsa65),
    ] {
        assert_eq!(Signer::new(&key, scheme, b"").err(), Some(EvpError::BadKey));
        assert_eq!(Verifier::new(&public, scheme, b"").err(), Some(EvpError::BadKey));
    }
}

#[test]
fn signer_moves_to_another_thread_and_outlives_its_key() {
    fn movable<T: Send>() {}
    movable::<Signer>();
    movable::<Verifier>();
    for (private, public) in keys() {
        let scheme = schemes(private.key_type().unwrap())[0];
        let mut signer = Signer::new(&private, scheme, b"").unwrap();
        let mut verifier = Verifier::new(&public, scheme, b"").unwrap();
        drop((private, public));
        std::thread::spawn(move || {
            signer.update(MESSAGE).unwrap();
            verifier.update(MESSAGE).unwrap();
            assert_eq!(verifier.finish(&signer.finish().unwrap()), Ok(()));
            assert!(error_queue_is_empty());
        })
        .join()
        .unwrap();
    }
}

#[test]
fn signature_depends_on_the_context() {
    for set in [MlDsa::MlDsa44, MlDsa::MlDsa65, MlDsa::MlDsa87] {
        let private = PrivateKey::generate(KeyType::MlDsa(set)).unwrap();
        let public = private.public().unwrap();
        let pure = SignatureScheme::MlDsa(set);
        for context in [&b""[..], b"a", b"another", &[9; 255]] {
            let signature = private.sign_with_context(context, MESSAGE).unwrap();
            assert_eq!(public.verify_with_context(context, MESSAGE, &signature), Ok(()));
            for wrong in [&b""[..], b"b", b"a\0"].into_iter().filter(|wrong| *wrong != context) {
                let verdict = public.verify_with_context(wrong, MESSAGE, &signature);
                assert_eq!(verdict, Err(EvpError::BadSignature));
            }
            // A signature without a context equals one with an empty context, in both directions.
            let verdict = public.verify(pure, MESSAGE, &signature);
            assert_eq!(verdict.is_ok(), context.is_empty());
            let signature = private.sign(pure, MESSAGE).unwrap();
            let verdict = public.verify_with_context(context, MESSAGE, &signature);
            assert_eq!(verdict.is_ok(), context.is_empty());
        }
        assert_eq!(private.sign_with_context(&[9; 256], MESSAGE), Err(EvpError::Failed));
        assert_eq!(public.verify_with_context(&[9; 256], MESSAGE, &[]), Err(EvpError::Failed));
    }
    let ed25519 = PrivateKey::generate(KeyType::Ed25519).unwrap();
    assert_eq!(ed25519.sign_with_context(b"", MESSAGE), Err(EvpError::BadKey));
    assert_eq!(ed25519.public().unwrap().verify_with_context(b"", MESSAGE, &[0; 64]), Err(EvpError::BadKey));
}

#[test]
fn streamed_signature_depends_on_the_context() {
    for (private, public) in keys() {
        let scheme = schemes(private.key_type().unwrap())[0];
        let signer = Signer::new(&private, scheme, b"a");
        let verifier = |context: &[u8]| Verifier::new(&public, scheme, context);
        if !matches!(scheme, SignatureScheme::MlDsa(_)) {
            assert_eq!(
                (signer.err(), verifier(b"a").err()),
                (Some(EvpError::Failed), Some(EvpError::Failed))
            );
            continue;
        }
        let mut signer = signer.unwrap();
        signer.update(MESSAGE).unwrap();
        let signature = signer.finish().unwrap();
        assert_eq!(public.verify_with_context(b"a", MESSAGE, &signature), Ok(()));
        for context in [&b""[..], b"a", b"b"] {
            let mut verifier = verifier(context).unwrap();
            verifier.update(MESSAGE).unwrap();
            assert_eq!(verifier.finish(&signature).is_ok(), context == b"a");
        }
        assert_eq!(Signer::new(&private, scheme, &[9; 256]).err(), Some(EvpError::Failed));
        assert_eq!(verifier(&[9; 256]).err(), Some(EvpError::Failed));
    }
}

#[test]
fn signatures_over_a_digest_and_over_a_message_are_separate() {
    let private = PrivateKey::generate(KeyType::MlDsa(MlDsa::MlDsa44)).unwrap();
    let public = private.public().unwrap();
    let (oid, digest) = ([6, 1, 42], [7; 32]);
    // The same bytes, as the message of pure ML-DSA and as the digest of HashML-DSA.
    let message = [&oid[..], &digest].concat();
    for context in [&b""[..], b"a"] {
        let signature = private.sign_digest(context, &oid, &digest).unwrap();
        assert_eq!(public.verify_digest(context, &oid, &digest, &signature), Ok(()));
        assert_eq!(public.verify_with_context(context, &message, &signature), Err(EvpError::BadSignature));
        for (context, oid, digest) in
            [(&b"b"[..], &oid, &digest), (context, &[6, 1, 43], &digest), (context, &oid, &[8; 32])]
        {
            assert_eq!(public.verify_digest(context, oid, digest, &signature), Err(EvpError::BadSignature));
        }
        let signature = private.sign_with_context(context, &message).unwrap();
        assert_eq!(public.verify_digest(context, &oid, &digest, &signature), Err(EvpError::BadSignature));
    }
    assert_eq!(private.sign_digest(&[9; 256], &oid, &digest), Err(EvpError::Failed));
    assert_eq!(public.verify_digest(&[9; 256], &oid, &digest, &[]), Err(EvpError::Failed));
    let ed25519 = PrivateKey::generate(KeyType::Ed25519).unwrap();
    assert_eq!(ed25519.sign_digest(b"", &oid, &digest), Err(EvpError::BadKey));
    assert_eq!(ed25519.public().unwrap().verify_digest(b"", &oid, &digest, &[]), Err(EvpError::BadKey));
}
