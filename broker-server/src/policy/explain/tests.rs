//! Checks that explanations and decisions agree, for random profiles and requests of every operation.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use std::sync::Arc;

use bytes::Bytes;
use proptest::{prelude::*, test_runner::TestCaseError};

use self::material::{CATALOGUE, CSRS, ISSUERS, KEYS};
use super::{Explanation, OperationInfo, explain};
use crate::{
    algorithm::{Aead, Kem, KeyType, MlDsa, MlKem, SignatureFormat},
    caller::Caller,
    operation::CAPABILITIES,
    policy::{Catalogue, Decide, DenialKind, FactName, Facts, decide, permit, profile::Profile},
    request::{
        CaCertificate, CertificateFormat, Csr, Decapsulate, DecapsulationKey, DecryptData, Encapsulate,
        EncapsulationKey, EncryptData, GenerateKeyPair, HashData, HashFormat, HashStream, KemKeyKind, Keys,
        Limits, SignCertificate, SignData, SignStream, SigningKey, VerifyData, VerifyStream,
    },
    secret::{SecretBytes, SecretKey},
};

mod material;

/// 2027-01-15T08:00:00Z.
const NOW: i64 = 1_800_000_000;
const CALLER: Caller = Caller { uid: 1000, gid: 1000, pid: Some(1) };

/// Random numbers, each of which selects an alternative, modulo the number of alternatives.
type Choice = [usize; 6];

/// Decides on a request, explains what the test knows about it, and compares the results.
fn agree<O: Decide>(
    operation: OperationInfo,
    profile: &Arc<Profile>,
    request: O::Request,
    described: &Facts<'_>,
) -> Result<(), TestCaseError> {
    let decided = decide::<O>(&CALLER, profile, request, NOW).err();
    let explained = explain(profile, operation.name, described);
    prop_assert_eq!(explained.denials.first(), decided.as_ref());
    prop_assert_eq!(&explained.missing_facts, &[]);
    explain_without_facts(operation, profile, described, &explained)
}

/// Checks that an explanation without one of the facts has no additional denials, and that it reports the fact
/// as missing where it has fewer.
fn explain_without_facts(
    operation: OperationInfo,
    profile: &Profile,
    described: &Facts<'_>,
    full: &Explanation,
) -> Result<(), TestCaseError> {
    type Hide = for<'a> fn(Facts<'a>) -> Facts<'a>;
    let hidden: [(FactName, Hide); 7] = [
        (FactName::SubjectKey, |facts| Facts { subject_key: None, ..facts }),
        (FactName::IssuerKey, |facts| Facts { issuer_key: None, ..facts }),
        (FactName::CaCertificate, |facts| Facts { ca: None, ..facts }),
        (FactName::Subject, |facts| Facts { subject: None, ..facts }),
        (FactName::Names, |facts| Facts { names: None, ..facts }),
        (FactName::Key, |facts| Facts {
            signature_keys: None,
            data_key_length: None,
            kem_key: None,
            ..facts
        }),
        (FactName::Circuit, |facts| Facts { circuit: None, ..facts }),
    ];
    for (fact, hide) in hidden {
        let less = explain(profile, operation.name, &hide(*described));
        let mut rest = full.denials.iter();
        prop_assert!(
            less.denials.iter().all(|denial| rest.any(|other| other == denial)),
            "{less:?} {full:?}"
        );
        if less.denials.len() < full.denials.len() {
            prop_assert_eq!(&less.missing_facts, &[fact]);
        }
    }
    Ok(())
}

/// Makes a request for the operation from the random numbers, and compares the decision and the explanation.
fn compare(operation: OperationInfo, profile: &Arc<Profile>, choice: Choice) -> Result<(), TestCaseError> {
    let [one, two, three, four, five, _] = choice;
    let (first, second) = (&KEYS[one % KEYS.len()], &KEYS[two % KEYS.len()]);
    // Half of the requests have two keys, and half of these are in the order of a composite.
    let components = match three % 4 {
        0 | 1 => None,
        2 => Some([&KEYS[2], &KEYS[4]]),
        _ => Some([first, second]),
    };
    let keys = components.map_or(Keys::One(first), Keys::Components);
    let format = [
        None,
        Some(SignatureFormat::Raw),
        Some(SignatureFormat::Der),
        Some(SignatureFormat::Pem),
        Some(SignatureFormat::Cms),
    ][four % 5];
    let context = if five % 3 == 0 { b"context".to_vec() } else { Vec::new() };
    let signs = Facts {
        signature_keys: Some(keys.map(|key| key.key_type)),
        format,
        has_context: !context.is_empty(),
        ..Facts::new(NOW)
    };
    let circuit = ["multiply", "payment", "unknown"][one % 3].to_owned();
    let proves = Facts { circuit: Some(&circuit), ..Facts::new(NOW) };
    let witness_bytes = 1 + two % 2000;
    let signing = || keys.map(|key| key.signing());
    let verifying = || keys.map(|key| key.verification());
    let (input, signature) = (Bytes::new(), Bytes::from_static(b"x"));
    let key_length = Aead::KEYS[one % 3];
    let data_key = || SecretKey::new(SecretBytes::new(vec![7; key_length]));
    let encrypts = Facts { data_key_length: Some(key_length), ..Facts::new(NOW) };
    let seed = two % 2 == 1;
    let generates = Facts { has_seed: seed, ..Facts::new(NOW) };
    let generate = || GenerateKeyPair {
        seed: seed.then(|| SecretKey::new(SecretBytes::new(vec![7; 32]))),
        encoding: None,
    };

    match operation.name {
        "HashData" => {
            let request = HashData { input, format: HashFormat::Hex };
            agree::<permit::HashData>(operation, profile, request, &Facts::new(NOW))
        }
        "HashStream" => {
            let request = HashStream { format: HashFormat::Hex };
            agree::<permit::HashStream>(operation, profile, request, &Facts::new(NOW))
        }
        "SignCertificate" => {
            let (subject, issuer) = (&CSRS[one % CSRS.len()], &ISSUERS[two % ISSUERS.len()]);
            let times = [None, Some(NOW), Some(NOW - 3601), Some(NOW + 86_401), Some(NOW + 60)];
            let (not_before, not_after) = (times[three % 5], times[four % 5]);
            // The operation, not policy, compares the issuer's key and certificate, so policy can see a wrong pair.
            let signer = if five % 4 == 0 { &ISSUERS[five / 4 % ISSUERS.len()] } else { issuer };
            let points = [vec![], vec!["http://a.example/".to_owned()], vec!["http://b.example/".to_owned()]];
            let points = &points[five % 3];
            let request = SignCertificate {
                csr: Csr::from_pem(&subject.pem).unwrap(),
                issuer_key: SigningKey::from_pem(&signer.key).unwrap(),
                ca_certificate: CaCertificate::from_pem(&issuer.certificate).unwrap(),
                subject: None,
                not_before,
                not_after,
                crl_distribution_points: points.clone(),
                format: CertificateFormat::Pem,
            };
            let described = Facts {
                subject_key: Some(subject.key_type),
                issuer_key: Some(signer.key_type),
                ca: Some(issuer.facts()),
                subject: Some(&subject.subject),
                names: Some(&subject.names),
                crl_distribution_points: Some(points),
                not_before,
                not_after,
                ..Facts::new(NOW)
            };
            agree::<permit::SignCertificate>(operation, profile, request, &described)
        }
        "SignData" => {
            let request = SignData { keys: signing(), format, context, input };
            agree::<permit::SignData>(operation, profile, request, &signs)
        }
        "VerifyData" => {
            let request = VerifyData { keys: verifying(), format, context, signature, input };
            agree::<permit::VerifyData>(operation, profile, request, &signs)
        }
        "SignStream" => {
            let request = SignStream { keys: signing(), format, context };
            agree::<permit::SignStream>(operation, profile, request, &signs)
        }
        "VerifyStream" => {
            let request = VerifyStream { keys: verifying(), format, context, signature };
            agree::<permit::VerifyStream>(operation, profile, request, &signs)
        }
        "GenerateSignatureKeyPair" => {
            agree::<permit::GenerateSignatureKeyPair>(operation, profile, generate(), &generates)
        }
        "EncryptData" => {
            let nonce = seed;
            let request = EncryptData {
                key: data_key(),
                plaintext: SecretBytes::new(Vec::new()),
                nonce: nonce.then_some([0; Aead::NONCE]),
                associated_data: None,
            };
            agree::<permit::EncryptData>(operation, profile, request, &Facts { has_nonce: nonce, ..encrypts })
        }
        "DecryptData" => {
            let request = DecryptData {
                key: data_key(),
                ciphertext: SecretBytes::new(Vec::new()),
                nonce: [0; Aead::NONCE],
                associated_data: None,
                tag: vec![0; 16],
            };
            agree::<permit::DecryptData>(operation, profile, request, &encrypts)
        }
        "GenerateKey" => {
            agree::<permit::GenerateKey>(operation, profile, crate::request::GenerateKey, &Facts::new(NOW))
        }
        "GenerateKemKeyPair" => {
            agree::<permit::GenerateKemKeyPair>(operation, profile, generate(), &generates)
        }
        "Encapsulate" => {
            let kem = Kem::ALL[one % Kem::ALL.len()];
            let key = EncapsulationKey::from_bytes(&vec![7; kem.encapsulation_key_length()]).unwrap();
            let described = Facts { kem_key: Some(KemKeyKind::Raw(kem)), ..Facts::new(NOW) };
            agree::<permit::Encapsulate>(operation, profile, Encapsulate { key }, &described)
        }
        "Decapsulate" => {
            let of = |set| KemKeyKind::Raw(Kem::MlKem(set));
            let (length, kind) = [
                (32, KemKeyKind::Raw(Kem::XWing)),
                (64, KemKeyKind::AnyMlKem),
                (1632, of(MlKem::MlKem512)),
                (2400, of(MlKem::MlKem768)),
                (3168, of(MlKem::MlKem1024)),
            ][one % 5];
            let key = DecapsulationKey::from_bytes(&SecretBytes::new(vec![7; length])).unwrap();
            let described = Facts { kem_key: Some(kind), ..Facts::new(NOW) };
            let request = Decapsulate { key, ciphertext: vec![7] };
            agree::<permit::Decapsulate>(operation, profile, request, &described)
        }
        "ListCircuits" => {
            let request = crate::request::ListCircuits;
            agree::<permit::ListCircuits>(operation, profile, request, &Facts::new(NOW))
        }
        "GetVerifyingKey" => {
            let request = crate::request::GetVerifyingKey {
                circuit: circuit.clone(),
                format: crate::request::KeyFormat::SnarkjsJson,
            };
            agree::<permit::GetVerifyingKey>(operation, profile, request, &proves)
        }
        "SetupCircuit" => {
            let request = crate::request::SetupCircuit { circuit: circuit.clone() };
            agree::<permit::SetupCircuit>(operation, profile, request, &proves)
        }
        "Prove" => {
            let request = crate::request::Prove {
                circuit: circuit.clone(),
                witness: crate::request::Witness::File(SecretBytes::new(vec![7; witness_bytes])),
                format: broker_groth16::loaded::ProofFormat::Arkworks,
                fingerprint: None,
            };
            agree::<permit::Prove>(operation, profile, request, &Facts { witness_bytes, ..proves })
        }
        "ProveStream" => {
            let request = crate::request::ProveStream {
                circuit: circuit.clone(),
                length: witness_bytes,
                sha256: [7; 32],
                format: broker_groth16::loaded::ProofFormat::Arkworks,
                fingerprint: None,
            };
            agree::<permit::ProveStream>(operation, profile, request, &Facts { witness_bytes, ..proves })
        }
        "ProveMany" => {
            let request = crate::request::ProveMany {
                circuit: circuit.clone(),
                format: broker_groth16::loaded::ProofFormat::Arkworks,
                fingerprint: None,
            };
            agree::<permit::ProveMany>(operation, profile, request, &proves)
        }
        "CheckWitness" => {
            let witness = crate::request::Witness::File(SecretBytes::new(vec![7; witness_bytes]));
            let request = crate::request::CheckWitness { circuit: circuit.clone(), witness };
            agree::<permit::CheckWitness>(operation, profile, request, &Facts { witness_bytes, ..proves })
        }
        "VerifyProof" => {
            let message = || broker_proto::v1::ProofItem { proof: vec![1], ..Default::default() };
            let mut message = broker_proto::v1::VerifyProofRequest {
                circuit: circuit.clone(),
                item: Some(message()),
                verifying_key: vec![1; one % 2],
                ..Default::default()
            };
            let request = crate::request::VerifyProof::parse(&mut message, &Limits::default()).unwrap();
            let described = Facts { has_verifying_key: one % 2 == 1, ..proves };
            agree::<permit::VerifyProof>(operation, profile, request, &described)
        }
        "BatchVerify" => {
            let batch_items = 1 + two % 400;
            let item = broker_proto::v1::ProofItem { proof: vec![1], ..Default::default() };
            let mut message = broker_proto::v1::BatchVerifyRequest {
                circuit: circuit.clone(),
                items: vec![item; batch_items],
                ..Default::default()
            };
            let request = crate::request::BatchVerify::parse(&mut message, &Limits::default()).unwrap();
            agree::<permit::BatchVerify>(operation, profile, request, &Facts { batch_items, ..proves })
        }
        other => panic!("{other} has no request in this test"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn first_denial_of_an_explanation_is_the_decision(choice in any::<Choice>()) {
        let [.., profile] = choice;
        for operation in OperationInfo::all() {
            // Seven of eight requests name a profile that has the section of the operation.
            let profiles: Vec<&Arc<Profile>> = CATALOGUE
                .profiles()
                .iter()
                .filter(|candidate| profile % 8 == 0 || candidate.section_names().contains(&operation.section))
                .collect();
            compare(*operation, profiles[profile / 8 % profiles.len()], choice)?;
        }
    }
}

fn profile(section: &str) -> Arc<Profile> {
    let text = format!("- Name: P\n  API: {{ {section} }}\n");
    Arc::clone(&Catalogue::parse("p.yaml", &text, CAPABILITIES).unwrap().profiles()[0])
}

fn kinds_of(section: &str, operation: &str, facts: Facts<'_>) -> Vec<DenialKind> {
    explain(&profile(section), operation, &facts).denials.iter().map(|denial| denial.kind).collect()
}

#[test]
fn explains_streams_formats_keys_nonces_and_seeds() {
    let base = Facts::new(NOW);
    let ed25519 = "SignData: { SigningMode: legacy, SignAlg: ed25519, SignatureFormat: RAW, KeyConstraints: \
                   { Ed25519: {} } }";
    let key = Facts { signature_keys: Some(Keys::One(KeyType::Ed25519)), ..base };
    assert_eq!(kinds_of(ed25519, "SignData", key), []);
    for stream in ["SignStream", "VerifyStream"] {
        assert_eq!(kinds_of(ed25519, stream, key), [DenialKind::NotStreamable]);
        let cms = Facts { format: Some(SignatureFormat::Cms), ..key };
        assert_eq!(kinds_of(ed25519, stream, cms), []);
    }
    let seed = Facts { has_seed: true, ..base };
    assert_eq!(kinds_of(ed25519, "GenerateSignatureKeyPair", seed), [DenialKind::SeedNotAllowed]);
    assert_eq!(kinds_of(ed25519, "GenerateSignatureKeyPair", base), []);

    let hybrid = "SignData: { SigningMode: hybrid, SignAlg: MLDSA65-Ed25519-SHA512, SignatureFormat: RAW, \
                  KeyConstraints: { Ed25519: {}, ML-DSA-65: {} } }";
    let both = Keys::Components([KeyType::Ed25519, KeyType::MlDsa(MlDsa::MlDsa65)]);
    let cms = Facts { signature_keys: Some(both), format: Some(SignatureFormat::Cms), ..base };
    assert_eq!(kinds_of(hybrid, "SignData", cms), [DenialKind::FormatNotAllowed]);
    assert_eq!(kinds_of(hybrid, "GenerateSignatureKeyPair", base), [DenialKind::KeyNotAllowed]);

    let aes = "EncryptData: { EncryptAlg: aes-gcm, KeySize: 256, NonceStrategy: random, TagLength: 128 }";
    let short = Facts { data_key_length: Some(16), has_nonce: true, ..base };
    assert_eq!(kinds_of(aes, "EncryptData", short), [DenialKind::KeyNotAllowed, DenialKind::NonceNotAllowed]);
    assert_eq!(kinds_of(aes, "DecryptData", short), [DenialKind::KeyNotAllowed]);

    let kem = "KEM: { KemAlg: ml-kem-768 }";
    assert_eq!(kinds_of(kem, "GenerateKemKeyPair", seed), [DenialKind::SeedNotAllowed]);
    let other = Facts { kem_key: Some(KemKeyKind::Of(Kem::XWing)), ..base };
    for operation in ["Encapsulate", "Decapsulate"] {
        assert_eq!(kinds_of(kem, operation, other), [DenialKind::AlgorithmMismatch]);
        let unknown = explain(&profile(kem), operation, &base);
        assert_eq!((unknown.denials, unknown.missing_facts), (vec![], vec![FactName::Key]));
    }
}

#[test]
fn operation_names_are_unique() {
    let mut names: Vec<&str> = OperationInfo::all().iter().map(|operation| operation.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), OperationInfo::all().len());
}
