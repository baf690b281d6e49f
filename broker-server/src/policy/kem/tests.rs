#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;

use crate::{
    algorithm::{Kem, MlKem},
    caller::Caller,
    operation::CAPABILITIES,
    policy::{
        Catalogue, Denial, DenialKind, decide,
        permit::{self, GenerateKemKeyPair},
        profile::Profile,
    },
    request::{Decapsulate, Encapsulate, GenerateKeyPair, Limits},
    secret::{SecretBytes, SecretKey},
};

const CALLER: Caller = Caller { uid: 1000, gid: 1000, pid: Some(1) };
const NOW: i64 = 1_800_000_000;

fn profile(section: &str) -> Arc<Profile> {
    let text = format!("- Name: P\n  API:\n    {section}\n");
    Arc::clone(&Catalogue::parse("p.yaml", &text, CAPABILITIES).unwrap().profiles()[0])
}

fn source(key: Vec<u8>) -> Option<broker_proto::v1::KeySource> {
    let mut source = broker_proto::v1::KeySource::default();
    source.source = Some(broker_proto::v1::key_source::Source::RawKey(key));
    Some(source)
}

fn generate(section: &str, seed: Option<Vec<u8>>) -> Result<(), Denial> {
    let request = GenerateKeyPair { seed: seed.map(SecretBytes::new).map(SecretKey::new), encoding: None };
    decide::<GenerateKemKeyPair>(&CALLER, &profile(section), request, NOW).map(drop)
}

fn encapsulate(section: &str, length: usize) -> Result<(), Denial> {
    let mut message =
        broker_proto::v1::EncapsulateRequest { key_source: source(vec![7; length]), ..Default::default() };
    let request = Encapsulate::parse(&mut message, &Limits::default()).unwrap();
    decide::<permit::Encapsulate>(&CALLER, &profile(section), request, NOW).map(drop)
}

fn decapsulate(section: &str, length: usize) -> Result<(), Denial> {
    let mut message = broker_proto::v1::DecapsulateRequest {
        key_source: source(vec![7; length]),
        ciphertext: vec![7],
        ..Default::default()
    };
    let request = Decapsulate::parse(&mut message, &Limits::default()).unwrap();
    decide::<permit::Decapsulate>(&CALLER, &profile(section), request, NOW).map(drop)
}

#[test]
fn denies_seeds_of_any_length_without_allow_seed() {
    let plain = "KEM: { KemAlg: ml-kem-768 }";
    assert_eq!(generate(plain, None), Ok(()));
    for length in [0, 32, 64] {
        let denial = generate(plain, Some(vec![7; length])).unwrap_err();
        let found = (denial.kind, denial.rule.as_str(), denial.line);
        assert_eq!(found, (DenialKind::SeedNotAllowed, "API.KEM.AllowSeed", Some(3)));
        assert_eq!(
            generate("KEM: { KemAlg: ml-kem-768, AllowSeed: false }", Some(vec![7; length])),
            Err(denial)
        );
        assert_eq!(generate("KEM: { KemAlg: ml-kem-768, AllowSeed: true }", Some(vec![7; length])), Ok(()));
    }
}

#[test]
fn denies_keys_of_another_mechanism() {
    for kem in Kem::ALL {
        let section = format!("KEM: {{ KemAlg: {} }}", kem.name());
        for other in Kem::ALL {
            let found = encapsulate(&section, other.encapsulation_key_length()).map_err(|denial| denial.kind);
            let expected = if kem == other { Ok(()) } else { Err(DenialKind::AlgorithmMismatch) };
            assert_eq!(found, expected, "{kem:?} {other:?}");
        }
        let found = |length| decapsulate(&section, length).is_ok();
        assert_eq!(found(32), kem == Kem::XWing);
        assert_eq!(found(64), kem != Kem::XWing);
        for set in MlKem::ALL {
            assert_eq!(found(set.decapsulation_key_length()), kem == Kem::MlKem(set), "{kem:?} {set:?}");
        }
    }
    let denial = encapsulate("KEM: { KemAlg: x-wing }", 1184).unwrap_err();
    assert_eq!((denial.rule.as_str(), denial.line), ("API.KEM.KemAlg", Some(3)));
    let reason =
        "the key is raw and has the length of one for ml-kem-768; profile P encapsulates with x-wing";
    assert_eq!(denial.message, reason);
}

#[test]
fn denies_all_operations_without_the_section() {
    let other = "HashData: { HashAlg: sha-256 }";
    for found in [generate(other, None), encapsulate(other, 1184), decapsulate(other, 64)] {
        let denial = found.unwrap_err();
        assert_eq!((denial.kind, denial.rule.as_str()), (DenialKind::OperationNotAllowed, "API.KEM"));
    }
}
