//! An explanation and a decision agree, for profiles and requests drawn at random, of every operation.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use proptest::{prelude::*, test_runner::TestCaseError};

use super::{AnyOperation, Explanation, explain};
use crate::{
    algorithm::{Aead, Curve, Kem, KeyType, MlDsa, MlKem, SignatureFormat},
    backend::evp::PrivateKey,
    caller::Caller,
    operation::CAPABILITIES,
    policy::{
        CaFacts, Catalogue, Decide, DenialKind, Fact, Facts, decide, permit,
        profile::{KeyUsage, Profile},
    },
    request::{
        AlternativeName, CaCertificate, CertificateFormat, Csr, Decapsulate, DecapsulationKey, DecryptData,
        Encapsulate, EncapsulationKey, EncryptData, GenerateKeyPair, HashData, HashFormat, HashStream,
        KemKeyKind, Keys, SignCertificate, SignData, SignStream, SigningKey, VerificationKey, VerifyData,
        VerifyStream,
    },
    secret::{SecretBytes, SecretKey},
};

/// 2027-01-15T08:00:00Z.
const NOW: i64 = 1_800_000_000;
const CALLER: Caller = Caller { uid: 1000, gid: 1000, pid: Some(1) };

/// Sections such that each rule of the language is there and is not, each in a profile of its own.
fn sections() -> Vec<String> {
    let mut sections = vec!["HashData: { HashAlg: sha-256 }".to_owned()];
    let ecdsa = "ECDSA: { MinKeySize: 256, MaxKeySize: 256 }";
    let any = "ECDSA: { MinKeySize: 224, MaxKeySize: 521 }, Ed25519: {}, RSA: { MinKeySize: 2048, MaxKeySize: 4096 }";
    for (mode, algorithm, keys, seeds) in [
        ("legacy", "rsa, HashAlg: sha-256", "RSA: { MinKeySize: 2048, MaxKeySize: 4096 }", false),
        ("legacy", "rsa-pss, HashAlg: sha-256", "RSA: { MinKeySize: 4224, MaxKeySize: 8192 }", false),
        ("legacy", "ecdsa, HashAlg: sha-256", ecdsa, false),
        ("legacy", "ecdsa, HashAlg: sha-384", any, false),
        ("legacy", "ed25519", "Ed25519: {}", true),
        ("post-quantum", "ml-dsa-65", "ML-DSA-65: {}", true),
        (
            "hybrid",
            "MLDSA65-ECDSA-P384-SHA512",
            "ECDSA: { MinKeySize: 384, MaxKeySize: 384 }, ML-DSA-65: {}",
            false,
        ),
    ] {
        for format in ["RAW", "CMS"] {
            for seed in if seeds { &["", ", AllowSeed: true"][..] } else { &[""] } {
                // A profile whose own format is CMS has no composite.
                let format = if mode == "hybrid" { "DER" } else { format };
                sections.push(format!(
                    "SignData: {{ SigningMode: {mode}, SignAlg: {algorithm}, SignatureFormat: {format}, \
                     KeyConstraints: {{ {keys} }}{seed} }}"
                ));
            }
        }
    }
    for size in [128, 256] {
        for nonce in ["random", "user-provided"] {
            sections.push(format!(
                "EncryptData: {{ EncryptAlg: aes-gcm, KeySize: {size}, NonceStrategy: {nonce}, TagLength: 128 }}"
            ));
        }
    }
    for kem in Kem::ALL {
        for seed in [true, false] {
            sections.push(format!("KEM: {{ KemAlg: {}, AllowSeed: {seed} }}", kem.name()));
        }
    }
    let names = ["", "SubjectAlternativeNames: { Allow: [dns], Suffixes: [.svc.example] }, "];
    let checks = ["", "IssuerChecks: { RequireCA: true }, ", "IssuerChecks: { NestValidity: true }, "];
    for (subjects, issuers) in [(ecdsa, ecdsa), (any, any)] {
        for more in names.iter().flat_map(|names| checks.map(|checks| format!("{names}{checks}"))) {
            sections.push(format!(
                "SignCertificate: {{ SignAlg: ecdsa, HashAlg: sha-256, {more}Validity: {{ ValidNotBeforeOffset: -1h, \
                 ValidNotAfterOffset: 24h }}, KeyConstraints: {{ Subject: {{ {subjects} }}, Issuer: {{ {issuers} }} }} }}"
            ));
        }
    }
    sections
}

/// Each section in a profile that is served, and in one that is past its sunset.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut text = "Settings: { EnforceSunset: true }\nProfiles:\n".to_owned();
    for retired in ["", "    Deprecation: { RemoveAfter: \"2026-01-01\" }\n"] {
        for section in sections() {
            let number = text.lines().count();
            text += &format!("  - Name: P{number}\n{retired}    API: {{ {section} }}\n");
        }
    }
    Catalogue::parse("p.yaml", &text, CAPABILITIES).unwrap_or_else(|error| panic!("{error}"))
});

/// A private key in PKCS#8, its public key, and what it is.
struct Material {
    key_type: KeyType,
    private: Vec<u8>,
    public: Vec<u8>,
}

static KEYS: LazyLock<Vec<Material>> = LazyLock::new(|| {
    [
        KeyType::Rsa { bits: 2048 },
        KeyType::Ec(Curve::P256),
        KeyType::Ec(Curve::P384),
        KeyType::Ed25519,
        KeyType::MlDsa(MlDsa::MlDsa65),
        KeyType::MlDsa(MlDsa::MlDsa87),
    ]
    .into_iter()
    .map(|key_type| {
        let key = PrivateKey::generate(key_type).unwrap();
        Material {
            key_type,
            private: key.to_pkcs8().unwrap().expose().to_vec(),
            public: key.public().unwrap().to_spki().unwrap(),
        }
    })
    .collect()
});

impl Material {
    fn signing(&self) -> SigningKey {
        SigningKey::from_bytes(SecretBytes::new(self.private.clone())).unwrap()
    }

    fn verification(&self) -> VerificationKey {
        VerificationKey::from_bytes(&self.public).unwrap()
    }
}

/// A certification request, and what it asks for.
struct Wanted {
    pem: String,
    key_type: KeyType,
    names: Vec<AlternativeName>,
}

static WANTED: LazyLock<Vec<Wanted>> = LazyLock::new(|| {
    let mut wanted = Vec::new();
    for (key_type, algorithm) in kinds() {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        for names in [&[][..], &["a.svc.example"], &["evil.example"], &["a.svc.example", "10.0.0.1"]] {
            let texts: Vec<String> = names.iter().map(ToString::to_string).collect();
            let request = rcgen::CertificateParams::new(texts).unwrap().serialize_request(&key).unwrap();
            let names = names.iter().map(|name| match name.parse() {
                Ok(address) => AlternativeName::Ip(address),
                Err(_) => AlternativeName::Dns((*name).into()),
            });
            wanted.push(Wanted { pem: request.pem().unwrap(), key_type, names: names.collect() });
        }
    }
    wanted
});

/// A CA, and what its certificate says.
struct Issuer {
    certificate: String,
    key: String,
    key_type: KeyType,
    facts: CaFacts,
}

static ISSUERS: LazyLock<Vec<Issuer>> = LazyLock::new(|| {
    use rcgen::{BasicConstraints, IsCa, KeyUsagePurpose, date_time_ymd};
    let mut issuers = Vec::new();
    for (key_type, algorithm) in kinds() {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        for (is_ca, usage, wide) in [
            (IsCa::Ca(BasicConstraints::Unconstrained), None, true),
            (IsCa::Ca(BasicConstraints::Constrained(0)), Some(KeyUsagePurpose::KeyCertSign), true),
            (IsCa::Ca(BasicConstraints::Unconstrained), Some(KeyUsagePurpose::DigitalSignature), true),
            (IsCa::Ca(BasicConstraints::Unconstrained), None, false),
            (IsCa::NoCa, None, true),
        ] {
            let facts = CaFacts {
                is_ca: matches!(is_ca, IsCa::Ca(_)),
                path_len: matches!(is_ca, IsCa::Ca(BasicConstraints::Constrained(_))).then_some(0),
                key_usage: usage.map(|usage| match usage {
                    KeyUsagePurpose::KeyCertSign => KeyUsage::KEY_CERT_SIGN,
                    _ => KeyUsage::DIGITAL_SIGNATURE,
                }),
                // 2020-01-01, else 2027-01-15; 2040-01-01, else 2027-01-16.
                not_before: if wide { 1_577_836_800 } else { 1_799_971_200 },
                not_after: if wide { 2_208_988_800 } else { 1_800_057_600 },
            };
            let mut ca = rcgen::CertificateParams::default();
            ca.is_ca = is_ca;
            ca.key_usages = usage.into_iter().collect();
            ca.not_before = if wide { date_time_ymd(2020, 1, 1) } else { date_time_ymd(2027, 1, 15) };
            ca.not_after = if wide { date_time_ymd(2040, 1, 1) } else { date_time_ymd(2027, 1, 16) };
            let certificate = ca.self_signed(&key).unwrap().pem();
            issuers.push(Issuer { certificate, key: key.serialize_pem(), key_type, facts });
        }
    }
    issuers
});

fn kinds() -> [(KeyType, &'static rcgen::SignatureAlgorithm); 3] {
    [
        (KeyType::Ec(Curve::P256), &rcgen::PKCS_ECDSA_P256_SHA256),
        (KeyType::Ec(Curve::P384), &rcgen::PKCS_ECDSA_P384_SHA384),
        (KeyType::Ed25519, &rcgen::PKCS_ED25519),
    ]
}

/// Numbers that choose, each with `%` among as many things as there are.
type Choice = [usize; 6];

/// Puts a request to the decision and what the test knows of it to the explanation, and compares.
fn agree<O: Decide>(
    operation: AnyOperation,
    profile: &Arc<Profile>,
    request: O::Request,
    described: &Facts<'_>,
) -> Result<(), TestCaseError> {
    let decided = decide::<O>(&CALLER, profile, request, NOW).err();
    let explained = explain(profile, operation.name, described);
    prop_assert_eq!(explained.denials.first(), decided.as_ref());
    prop_assert_eq!(&explained.not_judged, &[]);
    with_less_known(operation, profile, described, &explained)
}

/// Each fact that is hidden takes denials away, adds none, and is said to be missing where it does so.
fn with_less_known(
    operation: AnyOperation,
    profile: &Profile,
    described: &Facts<'_>,
    full: &Explanation,
) -> Result<(), TestCaseError> {
    type Hide = for<'a> fn(Facts<'a>) -> Facts<'a>;
    let hidden: [(Fact, Hide); 5] = [
        (Fact::SubjectKey, |facts| Facts { subject_key: None, ..facts }),
        (Fact::IssuerKey, |facts| Facts { issuer_key: None, ..facts }),
        (Fact::CaCertificate, |facts| Facts { ca: None, ..facts }),
        (Fact::Names, |facts| Facts { names: None, ..facts }),
        (Fact::Key, |facts| Facts { signature_keys: None, data_key_length: None, kem_key: None, ..facts }),
    ];
    for (fact, hide) in hidden {
        let less = explain(profile, operation.name, &hide(*described));
        let mut rest = full.denials.iter();
        prop_assert!(less.denials.iter().all(|denial| rest.any(|one| one == denial)), "{less:?} {full:?}");
        if less.denials.len() < full.denials.len() {
            prop_assert_eq!(&less.not_judged, &[fact]);
        }
    }
    Ok(())
}

/// Makes a request for the operation, by the choice, and compares.
fn compare(operation: AnyOperation, profile: &Arc<Profile>, choice: Choice) -> Result<(), TestCaseError> {
    let [one, two, three, four, five, _] = choice;
    let (first, second) = (&KEYS[one % KEYS.len()], &KEYS[two % KEYS.len()]);
    // Two keys as often as one, and as often in the order of a composite.
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
    let signs = Facts { signature_keys: Some(keys.map(|key| key.key_type)), format, ..Facts::new(NOW) };
    let signing = || keys.map(|key| key.signing());
    let verifying = || keys.map(|key| key.verification());
    let (input, signature) = (Bytes::new(), Bytes::from_static(b"x"));
    let key_length = Aead::KEYS[one % 3];
    let data_key = || SecretKey::new(SecretBytes::new(vec![7; key_length]));
    let encrypts = Facts { data_key_length: Some(key_length), ..Facts::new(NOW) };
    let seed = two % 2 == 1;
    let generates = Facts { seed, ..Facts::new(NOW) };
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
            let (wanted, issuer) = (&WANTED[one % WANTED.len()], &ISSUERS[two % ISSUERS.len()]);
            let times = [None, Some(NOW), Some(NOW - 3601), Some(NOW + 86_401), Some(NOW + 60)];
            let (not_before, not_after) = (times[three % 5], times[four % 5]);
            // A key of another kind than the certificate's is refused by the operation, so policy sees it.
            let signer = if five % 4 == 0 { &ISSUERS[five / 4 % ISSUERS.len()] } else { issuer };
            let request = SignCertificate {
                csr: Csr::from_pem(&wanted.pem).unwrap(),
                issuer_key: SigningKey::from_pem(&signer.key).unwrap(),
                ca_certificate: CaCertificate::from_pem(&issuer.certificate).unwrap(),
                subject: None,
                not_before,
                not_after,
                crl_distribution_points: Vec::new(),
                format: CertificateFormat::Pem,
            };
            let described = Facts {
                subject_key: Some(wanted.key_type),
                issuer_key: Some(signer.key_type),
                ca: Some(issuer.facts),
                names: Some(&wanted.names),
                not_before,
                not_after,
                ..Facts::new(NOW)
            };
            agree::<permit::SignCertificate>(operation, profile, request, &described)
        }
        "SignData" => {
            let request = SignData { keys: signing(), format, input };
            agree::<permit::SignData>(operation, profile, request, &signs)
        }
        "VerifyData" => {
            let request = VerifyData { keys: verifying(), format, signature, input };
            agree::<permit::VerifyData>(operation, profile, request, &signs)
        }
        "SignStream" => {
            let request = SignStream { keys: signing(), format };
            agree::<permit::SignStream>(operation, profile, request, &signs)
        }
        "VerifyStream" => {
            let request = VerifyStream { keys: verifying(), format, signature };
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
            agree::<permit::EncryptData>(operation, profile, request, &Facts { nonce, ..encrypts })
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
        "GenerateKemKeyPair" => {
            agree::<permit::GenerateKemKeyPair>(operation, profile, generate(), &generates)
        }
        "Encapsulate" => {
            let kem = Kem::ALL[one % Kem::ALL.len()];
            let key = EncapsulationKey::from_bytes(&vec![7; kem.encapsulation_key_length()]).unwrap();
            let described = Facts { kem_key: Some(KemKeyKind::Of(kem)), ..Facts::new(NOW) };
            agree::<permit::Encapsulate>(operation, profile, Encapsulate { key }, &described)
        }
        "Decapsulate" => {
            let of = |set| KemKeyKind::Of(Kem::MlKem(set));
            let (length, kind) = [
                (32, KemKeyKind::Of(Kem::XWing)),
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
        other => panic!("{other} has no request in this test"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn first_denial_explained_is_the_one_decided(choice in any::<Choice>()) {
        let [.., profile] = choice;
        for operation in AnyOperation::all() {
            // Seven times of eight a profile that has the section.
            let profiles: Vec<&Arc<Profile>> = CATALOGUE
                .profiles()
                .iter()
                .filter(|it| profile % 8 == 0 || it.operations().contains(&operation.section))
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
fn streams_formats_keys_nonces_and_seeds_are_judged() {
    let nothing = Facts::new(NOW);
    let ed25519 = "SignData: { SigningMode: legacy, SignAlg: ed25519, SignatureFormat: RAW, KeyConstraints: \
                   { Ed25519: {} } }";
    let key = Facts { signature_keys: Some(Keys::One(KeyType::Ed25519)), ..nothing };
    assert_eq!(kinds_of(ed25519, "SignData", key), []);
    for stream in ["SignStream", "VerifyStream"] {
        assert_eq!(kinds_of(ed25519, stream, key), [DenialKind::NotStreamable]);
        let cms = Facts { format: Some(SignatureFormat::Cms), ..key };
        assert_eq!(kinds_of(ed25519, stream, cms), []);
    }
    let seed = Facts { seed: true, ..nothing };
    assert_eq!(kinds_of(ed25519, "GenerateSignatureKeyPair", seed), [DenialKind::SeedNotAllowed]);
    assert_eq!(kinds_of(ed25519, "GenerateSignatureKeyPair", nothing), []);

    let hybrid = "SignData: { SigningMode: hybrid, SignAlg: MLDSA65-Ed25519-SHA512, SignatureFormat: RAW, \
                  KeyConstraints: { Ed25519: {}, ML-DSA-65: {} } }";
    let both = Keys::Components([KeyType::Ed25519, KeyType::MlDsa(MlDsa::MlDsa65)]);
    let cms = Facts { signature_keys: Some(both), format: Some(SignatureFormat::Cms), ..nothing };
    assert_eq!(kinds_of(hybrid, "SignData", cms), [DenialKind::FormatNotAllowed]);
    assert_eq!(kinds_of(hybrid, "GenerateSignatureKeyPair", nothing), [DenialKind::KeyNotAllowed]);

    let aes = "EncryptData: { EncryptAlg: aes-gcm, KeySize: 256, NonceStrategy: random, TagLength: 128 }";
    let short = Facts { data_key_length: Some(16), nonce: true, ..nothing };
    assert_eq!(kinds_of(aes, "EncryptData", short), [DenialKind::KeyNotAllowed, DenialKind::NonceNotAllowed]);
    assert_eq!(kinds_of(aes, "DecryptData", short), [DenialKind::KeyNotAllowed]);

    let kem = "KEM: { KemAlg: ml-kem-768 }";
    assert_eq!(kinds_of(kem, "GenerateKemKeyPair", seed), [DenialKind::SeedNotAllowed]);
    let other = Facts { kem_key: Some(KemKeyKind::Of(Kem::XWing)), ..nothing };
    for operation in ["Encapsulate", "Decapsulate"] {
        assert_eq!(kinds_of(kem, operation, other), [DenialKind::AlgorithmMismatch]);
        let unknown = explain(&profile(kem), operation, &nothing);
        assert_eq!((unknown.denials, unknown.not_judged), (vec![], vec![Fact::Key]));
    }
}

#[test]
fn names_of_operations_differ() {
    let mut names: Vec<&str> = AnyOperation::all().iter().map(|operation| operation.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), AnyOperation::all().len());
}
