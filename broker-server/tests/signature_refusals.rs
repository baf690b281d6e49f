//! Errors of `SignData` and `VerifyData`: their code, reason and field or rule, and their records in the audit log.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use broker_proto::v1;
use support::{
    pki::{openssl, try_openssl},
    private_folder,
    signing::*,
};
use tonic::Code;

/// Profiles with narrow constraints.
const NARROW: &str = "  - Name: large
    API:
      SignData:
        SigningMode: legacy
        SignAlg: ecdsa
        HashAlg: sha-384
        SignatureFormat: PEM
        KeyConstraints:
          ECDSA: { MinKeySize: 384, MaxKeySize: 521 }
  - Name: tiny
    API:
      SignData:
        SigningMode: legacy
        SignAlg: rsa
        HashAlg: sha-512
        SignatureFormat: RAW
        KeyConstraints:
          RSA: { MinKeySize: 512, MaxKeySize: 1024 }
  - Name: hashing
    API:
      HashData: { HashAlg: sha-256 }
";

fn invalid(reason: &str, field: &str) -> (Code, String, String) {
    (Code::InvalidArgument, reason.into(), field.into())
}

fn denied(reason: &str, rule: &str) -> (Code, String, String) {
    (Code::FailedPrecondition, reason.into(), rule.into())
}

#[tokio::test]
async fn rejects_unusable_keys() {
    let (broker, folder) = broker(NARROW, &[]);
    let (mut client, folder) = (broker.crypto().await, folder.path());
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    for kind in ["p-256", "ed25519"] {
        key(folder, kind);
    }
    openssl(folder, "pkcs8 -topk8 -in p-256.key -passout pass:x -out encrypted.key");
    openssl(folder, "pkey -in p-256.key -outform DER -out p-256.der");
    openssl(folder, "pkey -in p-256.key -pubout -outform DER -out p-256.pub.der");
    openssl(folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out k1.key");
    openssl(folder, "genpkey -algorithm X25519 -out x25519.key");
    openssl(folder, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:512 -out rsa-512.key");
    for name in ["k1", "x25519", "rsa-512"] {
        openssl(folder, &format!("pkey -in {name}.key -pubout -out {name}.pub"));
    }
    let mut off_curve = read("p-256.pub.der");
    *off_curve.last_mut().unwrap() ^= 1;
    // The public half is at the end of the PKCS#8 structure.
    let mut other_half = read("p-256.der");
    *other_half.last_mut().unwrap() ^= 1;
    let longer = [&read("p-256.der")[..], &[0]].concat();
    let ecdsa = "native ecdsa sha-256";
    for (profile, key, expected) in [
        (ecdsa, vec![], invalid("FIELD_MISSING", "key_source")),
        (ecdsa, vec![7; (64 << 10) + 1], invalid("FIELD_TOO_LONG", "key_source")),
        (ecdsa, b"no key".to_vec(), invalid("FIELD_MALFORMED", "key_source")),
        (ecdsa, longer, invalid("FIELD_MALFORMED", "key_source")),
        (ecdsa, read("p-256.pub"), invalid("FIELD_MALFORMED", "key_source")),
        (ecdsa, read("p-256.crt"), invalid("FIELD_MALFORMED", "key_source")),
        (ecdsa, read("encrypted.key"), invalid("FIELD_UNSUPPORTED", "key_source")),
        (ecdsa, read("k1.key"), invalid("FIELD_UNSUPPORTED", "key_source")),
        (ecdsa, read("x25519.key"), invalid("FIELD_UNSUPPORTED", "key_source")),
        (ecdsa, other_half, invalid("BAD_KEY", "key_source")),
        ("tiny", read("rsa-512.key"), invalid("BAD_KEY", "key_source")),
        (ecdsa, read("ed25519.key"), denied("ALGORITHM_MISMATCH", "API.SignData.SignAlg")),
        ("large", read("p-256.key"), denied("KEY_NOT_ALLOWED", "API.SignData.KeyConstraints.ECDSA")),
        ("hashing", read("p-256.key"), denied("OPERATION_NOT_ALLOWED", "API.SignData")),
        ("nobody", read("p-256.key"), (Code::NotFound, "UNKNOWN_PROFILE".into(), String::new())),
    ] {
        let status = sign(&mut client, profile, &key, b"x", 0).await.unwrap_err();
        assert_eq!(facts(&status), expected, "{status}");
    }
    for (profile, key, expected) in [
        (ecdsa, vec![], invalid("FIELD_MISSING", "key_source")),
        (ecdsa, b"no key".to_vec(), invalid("FIELD_MALFORMED", "key_source")),
        (ecdsa, read("p-256.key"), invalid("FIELD_UNSUPPORTED", "key_source")),
        (ecdsa, read("k1.pub"), invalid("FIELD_UNSUPPORTED", "key_source")),
        (ecdsa, read("x25519.pub"), invalid("FIELD_UNSUPPORTED", "key_source")),
        (ecdsa, off_curve, invalid("BAD_KEY", "key_source")),
        (ecdsa, read("ed25519.pub"), denied("ALGORITHM_MISMATCH", "API.SignData.SignAlg")),
        ("large", read("p-256.pub"), denied("KEY_NOT_ALLOWED", "API.SignData.KeyConstraints.ECDSA")),
        ("hashing", read("p-256.pub"), denied("OPERATION_NOT_ALLOWED", "API.SignData")),
    ] {
        // The policy decision precedes reading the signature.
        let signature = [0x30, 6, 2, 1, 1, 2, 1, 1];
        let status = verify(&mut client, profile, &key, b"x", &signature, DER).await.unwrap_err();
        assert_eq!(facts(&status), expected, "{status}");
    }
    // A policy error states what the profile allows and the line of the rule.
    let status = sign(&mut client, "large", &read("p-256.key"), b"x", 0).await.unwrap_err();
    assert_eq!(status.message(), "the key is ECDSA 256; profile large allows ECDSA 384 to 521");
    let details = tonic_types::StatusExt::get_details_error_info(&status).unwrap();
    let text = fs::read_to_string(folder.join("Profiles.yaml")).unwrap();
    let line: usize = details.metadata["line"].parse().unwrap();
    assert!(text.lines().nth(line - 1).unwrap().contains("MinKeySize: 384"));
}

#[tokio::test]
async fn rejects_invalid_fields() {
    let (broker, folder) = broker(NARROW, &[]);
    let (mut client, folder) = (broker.crypto().await, folder.path());
    key(folder, "p-384");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let request = |source: Option<v1::SignKeySource>, input: Vec<u8>, signature_format| v1::SignDataRequest {
        profile: "large".into(),
        key_source: source,
        input: input.into(),
        signature_format,
        metadata: None,
        context: None,
    };
    let mut by_name = v1::KeySource::default();
    by_name.source = Some(v1::key_source::Source::KeyId("a".into()));
    let key_source = |source| Some(v1::SignKeySource { source: Some(source) });
    let private = || source(&read("p-384.key"));
    for (request, expected) in [
        (request(None, vec![], 0), invalid("FIELD_MISSING", "key_source")),
        (request(Some(v1::SignKeySource::default()), vec![], 0), invalid("FIELD_MISSING", "key_source")),
        (
            request(key_source(v1::sign_key_source::Source::Single(by_name)), vec![], 0),
            invalid("FIELD_UNSUPPORTED", "key_source"),
        ),
        (
            request(
                key_source(v1::sign_key_source::Source::ComponentKeys(v1::ComponentKeys::default())),
                vec![],
                0,
            ),
            invalid("FIELD_MALFORMED", "key_source.component_keys"),
        ),
        (request(private(), vec![], 5), invalid("FIELD_UNKNOWN_VALUE", "signature_format")),
        (request(private(), vec![0; (1 << 20) + 1], 0), invalid("FIELD_TOO_LONG", "input")),
    ] {
        let status = client.sign_data(request).await.unwrap_err();
        assert_eq!(facts(&status), expected, "{status}");
    }
    let public = read("p-384.pub");
    for (signature, format, expected) in [
        (vec![], DER, invalid("FIELD_MISSING", "signature")),
        (vec![1; (128 << 10) + 1], DER, invalid("FIELD_TOO_LONG", "signature")),
        (vec![1; 95], RAW, invalid("FIELD_MALFORMED", "signature")),
        (vec![1; 97], RAW, invalid("FIELD_MALFORMED", "signature")),
        (vec![1; 96], DER, invalid("FIELD_MALFORMED", "signature")),
        (vec![1; 96], PEM, invalid("FIELD_MALFORMED", "signature")),
        (vec![1; 96], CMS, invalid("FIELD_MALFORMED", "signature")),
        (vec![1; 96], 5, invalid("FIELD_UNKNOWN_VALUE", "signature_format")),
    ] {
        let status = verify(&mut client, "large", &public, b"x", &signature, format).await.unwrap_err();
        assert_eq!(facts(&status), expected, "{status}");
    }
    // Well-formed numbers out of range make a signature invalid, not malformed. P-384's order is below 2^384.
    for signature in [vec![0; 96], vec![0xff; 96], [vec![1; 48], vec![0; 48]].concat()] {
        assert!(!verify(&mut client, "large", &public, b"x", &signature, RAW).await.unwrap());
    }
    // The largest and the empty message, in the profile's format.
    for input in [vec![], vec![9; 1 << 20]] {
        let signature = sign(&mut client, "large", &read("p-384.key"), &input, 0).await.unwrap().signature;
        assert!(signature.starts_with(b"-----BEGIN SIGNATURE-----\n"));
        assert!(verify(&mut client, "large", &public, &input, &signature, 0).await.unwrap());
    }
}

#[tokio::test]
async fn fixed_length_signatures_require_exact_length() {
    let (broker, folder) = broker("", &[]);
    let (mut client, folder) = (broker.crypto().await, folder.path());
    for kind in ["rsa-2048", "ed25519"] {
        key(folder, kind);
    }
    let pair = key_pair(&broker, "native ml-dsa-65", None, 3).await.unwrap();
    fs::write(folder.join("ml-dsa-65.pub"), &pair.public_key).unwrap();
    for (profile, kind, length) in [
        ("native rsa sha-256", "rsa-2048", 256),
        ("native rsa-pss sha-256", "rsa-2048", 256),
        ("native ed25519", "ed25519", 64),
        ("native ml-dsa-65", "ml-dsa-65", 3309),
    ] {
        let public = fs::read(folder.join(format!("{kind}.pub"))).unwrap();
        for format in [RAW, DER] {
            for wrong in [length - 1, length + 1] {
                let status =
                    verify(&mut client, profile, &public, b"x", &vec![1; wrong], format).await.unwrap_err();
                assert_eq!(facts(&status), invalid("FIELD_MALFORMED", "signature"), "{profile}");
                assert!(status.message().contains(&format!("is {wrong} bytes long")), "{status}");
            }
            assert!(!verify(&mut client, profile, &public, b"x", &vec![1; length], format).await.unwrap());
            assert!(!verify(&mut client, profile, &public, b"x", &vec![0xff; length], format).await.unwrap());
        }
    }
}

#[tokio::test]
async fn audit_records_signatures_and_refusals() {
    let log = private_folder();
    let file = log.path().join("audit.log");
    let (broker, folder) = broker(NARROW, &["--audit-log", file.to_str().unwrap()]);
    let (mut client, folder) = (broker.crypto().await, folder.path());
    key(folder, "p-384");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let signature = sign(&mut client, "large", &read("p-384.key"), b"x", 0).await.unwrap().signature;
    verify(&mut client, "large", &read("p-384.pub"), b"x", &signature, 0).await.unwrap();
    verify(&mut client, "native ed25519", &read("p-384.pub"), b"x", &signature, 0).await.unwrap_err();
    key_pair(&broker, "large", Some(&[7; 32]), 2).await.unwrap_err();
    // Records are written in order, and this call returns after its record.
    key_pair(&broker, "large", None, 2).await.unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found: Vec<[&str; 3]> = lines
        .iter()
        .map(|line| ["operation", "outcome", "algorithm"].map(|key| line[key].as_str().unwrap_or_default()))
        .collect();
    // A permitted verification has no record, because it uses no secret key.
    assert_eq!(
        found,
        [
            ["SignData", "success", "ecdsa-with-sha-384"],
            ["VerifyData", "refused", ""],
            ["GenerateKeyPair", "refused", ""],
            ["GenerateKeyPair", "success", "ecdsa-with-sha-384"],
        ],
        "{text}"
    );
    assert!(!text.contains("BEGIN"));
    assert_eq!(lines[2]["reason"], "SEED_NOT_ALLOWED");
}

/// Checks that `openssl`, which other tests rely on, rejects wrong signatures.
#[tokio::test]
async fn openssl_rejects_wrong_signatures() {
    let (broker, folder) = broker("", &[]);
    let (mut client, folder) = (broker.crypto().await, folder.path());
    key(folder, "p-256");
    let private = fs::read(folder.join("p-256.key")).unwrap();
    for (format, command) in [
        (DER, "dgst -sha256 -verify p-256.pub -signature signature data"),
        (
            CMS,
            "cms -verify -binary -inform DER -in signature -content data -certfile p-256.crt -noverify -out /dev/null",
        ),
    ] {
        let signature = sign(&mut client, "native ecdsa sha-256", &private, b"right", format).await.unwrap();
        fs::write(folder.join("signature"), &signature.signature).unwrap();
        fs::write(folder.join("data"), b"right").unwrap();
        openssl(folder, command);
        fs::write(folder.join("data"), b"wrong").unwrap();
        assert!(try_openssl(folder, command).is_err());
    }
}
