//! Rejected input: the code, reason, field or rule, and message of each error.

use broker_proto::v1;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::{
    keys::{Example, pkcs8, spki},
    service::{LIBRARIES, MECHANISMS, Service, pem, raw, tlv},
};

/// Checks that the result is INVALID_ARGUMENT with this field and reason, and that the message contains all of these texts.
#[track_caller]
fn assert_invalid<T>(result: Result<T, Status>, field: &str, reason: &str, texts: &[&str]) {
    let Err(status) = result else { panic!("{field}: accepted, expected {reason}: {texts:?}") };
    let info = status.get_error_details().error_info().cloned().unwrap();
    let found = (status.code(), info.reason.as_str(), info.metadata.get("field").map(String::as_str));
    assert_eq!(found, (Code::InvalidArgument, reason, Some(field)), "{status}");
    for text in texts {
        assert!(status.message().contains(text), "`{text}`: {}", status.message());
    }
}

/// Checks that the result is FAILED_PRECONDITION with this rule, its line and this reason.
#[track_caller]
fn assert_denied<T>(result: Result<T, Status>, rule: &str, reason: &str, texts: &[&str]) {
    let Err(status) = result else { panic!("{rule}: allowed") };
    let info = status.get_error_details().error_info().cloned().unwrap();
    let found = (status.code(), info.reason.as_str(), info.metadata.get("rule").map(String::as_str));
    assert_eq!(found, (Code::FailedPrecondition, reason, Some(rule)), "{status}");
    assert!(info.metadata["line"].parse::<u32>().unwrap() > 1, "{status}");
    for text in texts {
        assert!(status.message().contains(text), "`{text}`: {}", status.message());
    }
}

const KEY: &str = "key_source";
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

#[tokio::test]
async fn rejects_seeds() {
    let service = Service::start().await;
    for mechanism in &MECHANISMS {
        let expected = mechanism.seed;
        for library in LIBRARIES {
            let (plain, seeded) = (mechanism.profile(library), mechanism.seeded(library));
            for length in [0, 1, 8, 31, 32, 33, 63, 64, 65, 128] {
                let seed = vec![7; length];
                assert_denied(
                    service.generate(&plain, Some(&seed), 0).await,
                    "API.KEM.AllowSeed",
                    "SEED_NOT_ALLOWED",
                    &[&plain, "system's randomness"],
                );
                if length != mechanism.seed {
                    let texts = [&format!("is {length} bytes long; expected {expected}")[..]];
                    assert_invalid(
                        service.generate(&seeded, Some(&seed), 0).await,
                        "seed",
                        "FIELD_WRONG_LENGTH",
                        &texts,
                    );
                }
            }
            assert_invalid(
                service.generate(&seeded, None, 4).await,
                "key_encoding",
                "FIELD_UNKNOWN_VALUE",
                &["4"],
            );
        }
    }
}

#[tokio::test]
async fn rejects_profiles_without_kem() {
    let service = Service::start().await;
    let key = &Example::all()[1];
    let (no_kem, rule, reason) = ("no-kem", "API.KEM", "OPERATION_NOT_ALLOWED");
    assert_denied(service.generate(no_kem, None, 0).await, rule, reason, &[]);
    assert_denied(service.encapsulate(no_kem, &key.public).await, rule, reason, &[]);
    assert_denied(service.decapsulate(no_kem, &key.seed, &[1]).await, rule, reason, &[]);
    let codes = [
        service.generate("nobody", None, 0).await.map(drop),
        service.encapsulate("nobody", &key.public).await.map(drop),
        service.decapsulate("nobody", &key.seed, &[1]).await.map(drop),
    ];
    assert!(codes.into_iter().all(|result| result.unwrap_err().code() == Code::NotFound));
}

#[tokio::test]
async fn rejects_missing_named_and_malformed_keys() {
    let service = Service::start().await;
    let profile = MECHANISMS[1].profile("native");
    let mut named = v1::KeySource::default();
    named.source = Some(v1::key_source::Source::KeyId("my-key".into()));
    for (source, reason) in [
        (None, "FIELD_MISSING"),
        (Some(v1::KeySource::default()), "FIELD_MISSING"),
        (raw(&[]), "FIELD_MISSING"),
        (Some(named), "FIELD_UNSUPPORTED"),
        (raw(&[0; (16 << 10) + 1]), "FIELD_TOO_LONG"),
    ] {
        let (profile, key_source) = (profile.clone(), source.clone());
        let request = v1::EncapsulateRequest { profile: profile.clone(), key_source, metadata: None };
        assert_invalid(service.client().encapsulate(request).await, KEY, reason, &[]);
        let request =
            v1::DecapsulateRequest { profile, key_source: source, ciphertext: vec![7; 1088], metadata: None };
        assert_invalid(service.client().decapsulate(request).await, KEY, reason, &[]);
    }
    for length in [1, 31, 33, 63, 65, 767, 799, 801, 1183, 1185, 1215, 1567, 1569, 1631, 2401, 3167, 3169] {
        for first in [0x00, 0x30] {
            let mut key = vec![0x55; length];
            key[0] = first;
            let length = format!("is {length} bytes long");
            let texts = [&length, "800", "1184", "1568", "1216", "SubjectPublicKeyInfo"];
            assert_invalid(service.encapsulate(&profile, &key).await, KEY, "FIELD_MALFORMED", &texts);
            let texts = [&length, "64", "32", "1632", "2400", "3168", "PKCS#8"];
            assert_invalid(
                service.decapsulate(&profile, &key, &[7; 1088]).await,
                KEY,
                "FIELD_MALFORMED",
                &texts,
            );
        }
    }
}

#[tokio::test]
async fn keys_of_another_mechanism() {
    let service = Service::start().await;
    let (rule, reason) = ("API.KEM.KemAlg", "ALGORITHM_MISMATCH");
    let examples = Example::all();
    for library in LIBRARIES {
        for (mine, example) in MECHANISMS.iter().zip(&examples) {
            let profile = mine.profile(library);
            let ciphertext = vec![7; mine.ciphertext];
            for other in examples.iter().filter(|other| other.mechanism.name != mine.name) {
                let texts = [other.mechanism.name, mine.name];
                for key in [other.public.clone(), other.spki(), pem("PUBLIC KEY", &other.spki())] {
                    assert_denied(service.encapsulate(&profile, &key).await, rule, reason, &texts);
                }
                let mut private = vec![other.pkcs8(&other.seed_form())];
                if !other.expanded.is_empty() {
                    private.push(other.expanded.clone());
                    private.push(other.pkcs8(&other.expanded_form()));
                    private.push(other.pkcs8(&other.both_form()));
                }
                for key in private {
                    assert_denied(
                        service.decapsulate(&profile, &key, &ciphertext).await,
                        rule,
                        reason,
                        &texts,
                    );
                }
            }
            // A raw seed does not identify its parameter set.
            let wrong = vec![7; if example.seed.len() == 32 { 64 } else { 32 }];
            assert_denied(
                service.decapsulate(&profile, &wrong, &ciphertext).await,
                rule,
                reason,
                &[mine.name],
            );
        }
    }
}

#[tokio::test]
async fn rejects_encapsulation_keys_that_are_not_reduced() {
    let service = Service::start().await;
    for example in Example::all() {
        for library in LIBRARIES {
            let profile = example.mechanism.profile(library);
            let mut key = example.public.clone();
            // The first number is q.
            key[0] = 0x01;
            key[1] = key[1] & 0xf0 | 0x0d;
            for key in [spki(example.identifier, &key), key] {
                let texts = ["modulus check", "FIPS 203 7.2"];
                assert_invalid(service.encapsulate(&profile, &key).await, KEY, "BAD_KEY", &texts);
            }
        }
    }
}

#[tokio::test]
async fn rejects_public_keys_that_violate_the_standards() {
    let service = Service::start().await;
    for example in Example::all() {
        let profile = example.mechanism.profile("native");
        let (name, good) = (example.mechanism.name, example.spki());
        let null = [example.identifier, b"\x05\x00"].concat();
        let with_bits =
            |bits: Vec<u8>| tlv(0x30, &[tlv(0x30, example.identifier), tlv(0x03, &bits)].concat());
        let text = String::from_utf8(pem("PUBLIC KEY", &good)).unwrap();
        let private = pem("PRIVATE KEY", &example.pkcs8(&example.seed_form()));
        let (malformed, unsupported) = ("FIELD_MALFORMED", "FIELD_UNSUPPORTED");
        for (key, reason, word) in [
            (spki(&null, &example.public), malformed, "parameters"),
            (spki(RSA, &example.public), unsupported, "1.2.840.113549.1.1.1"),
            (spki(example.identifier, &example.public[1..]), malformed, "; expected"),
            (spki(example.identifier, &[&example.public[..], &[0]].concat()), malformed, "; expected"),
            (with_bits([&[1], &example.public[1..], &[0]].concat()), malformed, "is DER, but not a valid"),
            (with_bits([&[1], &example.public[1..], &[1]].concat()), malformed, "X.690 11.2.1"),
            (tlv(0x30, &[&good[4..], &[5, 0]].concat()), malformed, "is DER, but not a valid"),
            (good[..good.len() - 1].to_vec(), malformed, "not an encapsulation key"),
            ([&good[..], &[0]].concat(), malformed, "not an encapsulation key"),
            (text.repeat(2).into_bytes(), malformed, "more than one"),
            (pem("PUBLIC KEY", &good[..good.len() - 1]), malformed, "not a well-formed DER"),
            (pem("CERTIFICATE", &good), malformed, "PUBLIC KEY"),
            (text.replace("-----END", "-----").into_bytes(), malformed, "no end line"),
            (private, unsupported, "private key"),
        ] {
            assert_invalid(service.encapsulate(&profile, &key).await, KEY, reason, &[word]);
        }
        service.encapsulate(&profile, &good).await.unwrap_or_else(|status| panic!("{name}: {status}"));
    }
}

#[tokio::test]
async fn rejects_private_keys_that_violate_the_standards() {
    let service = Service::start().await;
    for example in Example::all() {
        let profile = example.mechanism.profile("native");
        let (seed, good) = (example.seed_form(), example.pkcs8(&example.seed_form()));
        let ciphertext = service.encapsulate(&profile, &example.public).await.unwrap().ciphertext.clone();
        let null = [example.identifier, b"\x05\x00"].concat();
        let encrypted = tlv(0x30, &[tlv(0x30, RSA), tlv(0x04, &seed)].concat());
        let text = String::from_utf8(pem("PRIVATE KEY", &good)).unwrap();
        let (malformed, unsupported) = ("FIELD_MALFORMED", "FIELD_UNSUPPORTED");
        let mut cases = vec![
            (pkcs8(&null, &seed, &[]), malformed, "parameters"),
            (pkcs8(RSA, &seed, &[]), unsupported, "1.2.840.113549.1.1.1"),
            (tlv(0x30, &[&good[2..], &[5, 0]].concat()), malformed, "is DER, but not a valid"),
            (good[..good.len() - 1].to_vec(), malformed, "not a decapsulation key"),
            ([&good[..], &[0]].concat(), malformed, "not a decapsulation key"),
            (encrypted.clone(), unsupported, "encrypted"),
            (pem("ENCRYPTED PRIVATE KEY", &encrypted), unsupported, "encrypted"),
            (text.repeat(2).into_bytes(), malformed, "more than one"),
            (pem("PUBLIC KEY", &example.spki()), malformed, "PRIVATE KEY"),
            (example.spki(), malformed, "is DER, but not a valid"),
        ];
        if example.expanded.is_empty() {
            let public = tlv(0x81, &[&[0], &example.public[..]].concat());
            cases.push((pkcs8(example.identifier, &seed, &public), malformed, "publicKey"));
            cases.push((example.pkcs8(&tlv(0x04, &seed)), malformed, "34 bytes long"));
            cases.push((example.pkcs8(&seed[1..]), malformed, "31 bytes long"));
        } else {
            let unused = tlv(0x81, &[&[1], &example.public[..]].concat());
            let expanded = &example.expanded[1..];
            let swapped = tlv(0x30, &[tlv(0x04, &example.expanded), tlv(0x04, &example.seed)].concat());
            let third = tlv(0x30, &[&example.both_form()[4..], &[5, 0]].concat());
            cases.extend([
                (example.pkcs8(&example.seed), malformed, "ML-KEM-PrivateKey"),
                (example.pkcs8(&tlv(0x80, &example.seed[1..])), malformed, "63 bytes long"),
                (example.pkcs8(&tlv(0x81, &example.seed)), malformed, "ML-KEM-PrivateKey"),
                (example.pkcs8(&tlv(0x04, &example.seed)), malformed, "expanded key is 64 bytes long"),
                (example.pkcs8(&tlv(0x04, expanded)), malformed, "; expected"),
                (example.pkcs8(&swapped), malformed, "; expected"),
                (example.pkcs8(&third), malformed, "ML-KEM-PrivateKey"),
                (example.pkcs8(&[&seed[..], &[0]].concat()), malformed, "ML-KEM-PrivateKey"),
                (pkcs8(example.identifier, &seed, &unused), malformed, "publicKey"),
            ]);
        }
        for (key, reason, word) in cases {
            assert_invalid(service.decapsulate(&profile, &key, &ciphertext).await, KEY, reason, &[word]);
        }
        service.decapsulate(&profile, &good, &ciphertext).await.unwrap();
    }
}

#[tokio::test]
async fn rejects_private_keys_with_mismatched_parts() {
    let service = Service::start().await;
    for example in Example::all().iter().filter(|example| !example.expanded.is_empty()) {
        for library in LIBRARIES {
            let profile = example.mechanism.profile(library);
            let ciphertext = service.encapsulate(&profile, &example.public).await.unwrap().ciphertext.clone();
            let length = example.expanded.len();
            // Keys with one bit changed in z, in s, in the encapsulation key or in its hash.
            let changed = [length - 1, 0, length - 65, length - 40].map(|position| {
                let mut key = example.expanded.clone();
                key[position] ^= 1;
                key
            });
            for expanded in &changed {
                let both = tlv(0x30, &[tlv(0x04, &example.seed), tlv(0x04, expanded)].concat());
                let texts = ["belong together", "RFC 9935 8"];
                let key = example.pkcs8(&both);
                assert_invalid(
                    service.decapsulate(&profile, &key, &ciphertext).await,
                    KEY,
                    "BAD_KEY",
                    &texts,
                );
            }
            for expanded in &changed[2..] {
                for key in [expanded.clone(), example.pkcs8(&tlv(0x04, expanded))] {
                    let texts = ["hash check", "FIPS 203 7.3"];
                    assert_invalid(
                        service.decapsulate(&profile, &key, &ciphertext).await,
                        KEY,
                        "BAD_KEY",
                        &texts,
                    );
                }
            }
            let mut other = example.public.clone();
            *other.last_mut().unwrap() ^= 1;
            let public = tlv(0x81, &[&[0], &other[..]].concat());
            for form in [example.seed_form(), example.expanded_form(), example.both_form()] {
                let key = pkcs8(example.identifier, &form, &public);
                let texts = ["belong together"];
                assert_invalid(
                    service.decapsulate(&profile, &key, &ciphertext).await,
                    KEY,
                    "BAD_KEY",
                    &texts,
                );
            }
        }
    }
}

#[tokio::test]
async fn rejects_ciphertexts_of_other_length() {
    let service = Service::start().await;
    for example in Example::all() {
        let expected = example.mechanism.ciphertext;
        for library in LIBRARIES {
            let profile = example.mechanism.profile(library);
            let good = service.encapsulate(&profile, &example.public).await.unwrap();
            assert_invalid(
                service.decapsulate(&profile, &example.seed, &[]).await,
                "ciphertext",
                "FIELD_MISSING",
                &["required"],
            );
            for length in [1, 767, 768, 1088, 1120, 1568, expected - 1, expected + 1, 2048] {
                if length == expected {
                    continue;
                }
                let mut ciphertext = good.ciphertext.clone();
                ciphertext.resize(length, 0);
                let texts = [&format!("is {length} bytes long; expected {expected}")[..]];
                let found = service.decapsulate(&profile, &example.seed, &ciphertext).await;
                assert_invalid(found, "ciphertext", "FIELD_WRONG_LENGTH", &texts);
            }
            let found = service.decapsulate(&profile, &example.seed, &[0; 2049]).await;
            assert_invalid(found, "ciphertext", "FIELD_TOO_LONG", &["2048"]);
            // Later calls still succeed.
            let decapsulated = service.decapsulate(&profile, &example.seed, &good.ciphertext).await.unwrap();
            assert_eq!(decapsulated.shared_secret, good.shared_secret);
        }
    }
}
