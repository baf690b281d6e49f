//! `SignatureKeyService` through the socket.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use support::{pki::openssl, signing::*};
use tonic::Code;

/// Profiles with unusual minimum key sizes.
const SIZES: &str = "  - Name: ec
    API: { SignData: { SigningMode: legacy, SignAlg: ecdsa, HashAlg: sha-256, SignatureFormat: RAW, KeyConstraints: { ECDSA: { MinKeySize: 257, MaxKeySize: 521 } } } }
  - Name: odd
    API: { SignData: { SigningMode: legacy, SignAlg: rsa, HashAlg: sha-256, SignatureFormat: RAW, KeyConstraints: { RSA: { MinKeySize: 2500, MaxKeySize: 16384 } } } }
  - Name: narrow
    API: { SignData: { SigningMode: legacy, SignAlg: rsa, HashAlg: sha-256, SignatureFormat: RAW, KeyConstraints: { RSA: { MinKeySize: 2100, MaxKeySize: 2150 } } } }
  - Name: small
    API: { SignData: { SigningMode: legacy, SignAlg: rsa, HashAlg: sha-256, SignatureFormat: RAW, KeyConstraints: { RSA: { MinKeySize: 512, MaxKeySize: 1024 } } } }
  - Name: large
    API: { SignData: { SigningMode: legacy, SignAlg: rsa-pss, HashAlg: sha-256, SignatureFormat: RAW, KeyConstraints: { RSA: { MinKeySize: 4097, MaxKeySize: 8192 } } } }
  - Name: no seed
    API: { SignData: { SigningMode: legacy, SignAlg: ed25519, SignatureFormat: RAW, KeyConstraints: { Ed25519: {} } } }
";

#[tokio::test]
async fn generated_pairs_sign_and_verify() {
    let (broker, folder) = broker("", &[]);
    let (mut client, folder) = (broker.crypto().await, folder.path());
    for library in LIBRARIES {
        for (scheme, hash, _) in SCHEMES.into_iter().filter(|(_, hash, _)| matches!(*hash, "" | "sha-256")) {
            let profile = profile(library, scheme, hash);
            for encoding in [2, 3] {
                let pair = key_pair(&broker, &profile, None, encoding).await.unwrap();
                let descriptor = pair.descriptor.clone().unwrap();
                let algorithm = if hash.is_empty() { scheme.into() } else { format!("{scheme}-with-{hash}") };
                assert_eq!(
                    [descriptor.profile, descriptor.operation, descriptor.algorithm],
                    [profile.clone(), "GenerateKeyPair".into(), algorithm]
                );
                let (private, public) = (&pair.private_key, &pair.public_key);
                let signature = sign(&mut client, &profile, private, b"x", 0).await.unwrap().signature;
                assert!(verify(&mut client, &profile, public, b"x", &signature, 0).await.unwrap());
                if scheme.starts_with("ml-dsa") {
                    continue;
                }
                fs::write(folder.join("private"), private).unwrap();
                fs::write(folder.join("public"), public).unwrap();
                let form = if encoding == 2 { "DER" } else { "PEM" };
                let found = openssl(folder, &format!("pkey -inform {form} -in private -pubout"));
                assert_eq!(found, openssl(folder, &format!("pkey -pubin -inform {form} -in public")));
                openssl(folder, &format!("pkey -inform {form} -in private -check -noout"));
                let text = openssl(folder, &format!("pkey -inform {form} -in private -text -noout"));
                let size = match scheme {
                    "rsa" | "rsa-pss" => "(2048 bit",
                    "ecdsa" => "(224 bit)",
                    _ => "ED25519",
                };
                assert!(text.contains(size), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn seed_gives_the_standards_key() {
    let (broker, folder) = broker("", &[]);
    let (mut client, folder) = (broker.crypto().await, folder.path());
    // RFC 8032 7.1, TEST 2.
    let seed = hex::decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
    let pair = key_pair(&broker, "native ed25519", Some(&seed), 1).await.unwrap();
    assert_eq!(pair.private_key, seed);
    assert_eq!(
        hex::encode(&pair.public_key),
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    );
    let der = key_pair(&broker, "native ed25519", Some(&seed), 2).await.unwrap();
    let signature =
        sign(&mut client, "native ed25519", &der.private_key, &[0x72], RAW).await.unwrap().signature;
    assert_eq!(
        hex::encode(signature),
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    );
    for (profile, length) in [
        ("native ed25519", 32),
        ("aws-lc ed25519", 32),
        ("native ml-dsa-44", 1312),
        ("aws-lc ml-dsa-65", 1952),
        ("native ml-dsa-87", 2592),
    ] {
        let raw = key_pair(&broker, profile, Some(&[7; 32]), 1).await.unwrap();
        assert_eq!((raw.private_key.clone(), raw.public_key.len()), (vec![7; 32], length), "{profile}");
        assert!(raw.padding.len() >= 256 && raw.padding.iter().all(|byte| *byte == 0));
        // An unspecified encoding selects DER, which the operations accept.
        let again = key_pair(&broker, profile, Some(&[7; 32]), 0).await.unwrap();
        let mut client = broker.crypto().await;
        let signed = sign(&mut client, profile, &again.private_key, b"x", 0).await.unwrap();
        assert!(verify(&mut client, profile, &again.public_key, b"x", &signed.signature, 0).await.unwrap());
        let der = key_pair(&broker, profile, Some(&[7; 32]), 2).await.unwrap();
        assert_eq!((&again.public_key, &again.private_key), (&der.public_key, &der.private_key));
        assert!(der.public_key.ends_with(&raw.public_key), "{profile}");
        assert!(der.private_key.windows(32).any(|part| part == [7; 32]), "{profile}");
        let random = key_pair(&broker, profile, None, 1).await.unwrap();
        assert_ne!(random.private_key, raw.private_key);
    }
    fs::write(folder.join("private"), &der.private_key).unwrap();
    let text = openssl(folder, "pkey -inform DER -in private -text -noout");
    assert!(text.contains("3d:40:17:c3:e8:43:89:5a:92:b7:0a:a7:4d:1b:7e"), "{text}");
}

#[tokio::test]
async fn generates_smallest_key_that_the_profile_allows() {
    let (broker, folder) = broker(SIZES, &[]);
    for (profile, text) in [("ec", "(384 bit)"), ("odd", "(2560 bit")] {
        let pair = key_pair(&broker, profile, None, 0).await.unwrap();
        fs::write(folder.path().join("private"), &pair.private_key).unwrap();
        let found = openssl(folder.path(), "pkey -inform DER -in private -text -noout");
        assert!(found.contains(text), "{found}");
    }
}

#[tokio::test]
async fn errors_have_code_reason_and_field() {
    let (broker, _folder) = broker(SIZES, &[]);
    let constraints = "API.SignData.KeyConstraints.RSA";
    let (no, yes): (Option<&[u8]>, _) = (None, Some(&[7; 32][..]));
    for (profile, seed, encoding, code, reason, at) in [
        ("narrow", no, 0, Code::FailedPrecondition, "KEY_NOT_ALLOWED", constraints),
        ("small", no, 0, Code::FailedPrecondition, "KEY_NOT_ALLOWED", constraints),
        ("large", no, 0, Code::FailedPrecondition, "KEY_NOT_ALLOWED", constraints),
        ("no seed", yes, 0, Code::FailedPrecondition, "SEED_NOT_ALLOWED", "API.SignData.AllowSeed"),
        ("ec", yes, 0, Code::FailedPrecondition, "SEED_NOT_ALLOWED", "API.SignData.AllowSeed"),
        ("ec", no, 1, Code::InvalidArgument, "FIELD_UNSUPPORTED", "key_encoding"),
        ("odd", no, 1, Code::InvalidArgument, "FIELD_UNSUPPORTED", "key_encoding"),
        ("ec", no, 4, Code::InvalidArgument, "FIELD_UNKNOWN_VALUE", "key_encoding"),
        ("nobody", yes, 0, Code::NotFound, "UNKNOWN_PROFILE", ""),
    ] {
        let status = key_pair(&broker, profile, seed, encoding).await.unwrap_err();
        assert_eq!(facts(&status), (code, reason.into(), at.into()), "{profile}: {status}");
    }
    let status = key_pair(&broker, "large", None, 0).await.unwrap_err();
    assert!(status.message().contains("generate the key elsewhere"), "{status}");
    for profile in ["native ed25519", "native ml-dsa-44", "aws-lc ml-dsa-87"] {
        for length in [0, 31, 33, 64] {
            let status = key_pair(&broker, profile, Some(&vec![7; length]), 0).await.unwrap_err();
            let expected = (Code::InvalidArgument, "FIELD_WRONG_LENGTH".into(), "seed".into());
            assert_eq!(facts(&status), expected);
            let text = format!("is {length} bytes long");
            assert!(
                status.message().contains(&text) && status.message().ends_with("expected 32"),
                "{status}"
            );
        }
    }
}
