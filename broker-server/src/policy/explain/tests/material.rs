//! Profiles, keys, certification requests and CAs for the random requests.

use std::sync::LazyLock;

use const_oid::db::rfc5280::ID_KP_CLIENT_AUTH;

use crate::{
    algorithm::{Curve, Kem, KeyType, MlDsa},
    backend::evp::PrivateKey,
    operation::CAPABILITIES,
    policy::{CaFacts, Catalogue, profile::KeyUsage},
    request::{AlternativeName, CaCertificate, Name, Oid, SigningKey, VerificationKey},
    secret::SecretBytes,
};

/// Returns sections that cover each rule of the profile language, with and without it.
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
                // A composite profile cannot have the format CMS.
                let format = if mode == "hybrid" { "DER" } else { format };
                sections.push(format!(
                    "SignData: {{ SigningMode: {mode}, SignAlg: {algorithm}, SignatureFormat: {format}, \
                     KeyConstraints: {{ {keys} }}{seed} }}"
                ));
            }
        }
    }
    for (format, more) in [("RAW", ""), ("RAW", ", PreHash: sha-512"), ("CMS", "")] {
        sections.push(format!(
            "SignData: {{ SigningMode: post-quantum, SignAlg: ml-dsa-65, SignatureFormat: {format}, KeyConstraints: {{ \
             ML-DSA-65: {{}} }}, AllowContext: true{more} }}"
        ));
    }
    sections.push(
        "SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-87, PreHash: shake-256, SignatureFormat: RAW, \
         KeyConstraints: { ML-DSA-87: {} } }"
            .to_owned(),
    );
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
    let names = [
        "",
        "SubjectAlternativeNames: { Allow: [dns], Suffixes: [.svc.example] }, ",
        "SubjectAlternativeNames: { Allow: [dns, ip], FromCommonName: true }, Subject: { Allow: [CN, O], Require: [O], \
         Values: { O: [Example] }, CommonName: { Suffixes: [.svc.example], MatchSubjectAlternativeName: true } }, ",
        "KeyUsage: [keyAgreement], MaxSubjectLength: 20, CRLDistributionPoints: [\"http://a.example/\"], ",
    ];
    let checks = [
        "",
        "IssuerChecks: {}, ",
        "IssuerChecks: { RequireCA: true, AllowExpired: true }, ",
        "IssuerChecks: { RequireCA: true }, ExtendedKeyUsage: [serverAuth], ",
        "IssuerChecks: { NestValidity: true }, ",
    ];
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

/// A catalogue with each section in a profile that is served, and in one that is past its sunset.
pub(super) static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut text = "Settings: { EnforceSunset: true }\nProfiles:\n".to_owned();
    for retired in ["", "    Deprecation: { RemoveAfter: \"2026-01-01\" }\n"] {
        for section in sections() {
            let number = text.lines().count();
            text += &format!("  - Name: P{number}\n{retired}    API: {{ {section} }}\n");
        }
    }
    Catalogue::parse("p.yaml", &text, CAPABILITIES).unwrap_or_else(|error| panic!("{error}"))
});

/// A private key in PKCS #8, its public key, and their type.
pub(super) struct Material {
    pub(super) key_type: KeyType,
    private: Vec<u8>,
    public: Vec<u8>,
}

pub(super) static KEYS: LazyLock<Vec<Material>> = LazyLock::new(|| {
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
    pub(super) fn signing(&self) -> SigningKey {
        SigningKey::from_bytes(SecretBytes::new(self.private.clone())).unwrap()
    }

    pub(super) fn verification(&self) -> VerificationKey {
        VerificationKey::from_bytes(&self.public).unwrap()
    }
}

/// A certification request, and its contents.
pub(super) struct Subject {
    pub(super) pem: String,
    pub(super) key_type: KeyType,
    pub(super) subject: Name,
    pub(super) names: Vec<AlternativeName>,
}

pub(super) static CSRS: LazyLock<Vec<Subject>> = LazyLock::new(|| {
    let mut requests = Vec::new();
    for (key_type, algorithm) in kinds() {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        for (text, names) in [
            ("CN=rcgen self signed cert", &[][..]),
            ("CN=a.svc.example", &["a.svc.example"]),
            ("O=Example,CN=a.svc.example", &[]),
            ("O=Other,CN=evil.example", &["evil.example"]),
            ("O=Example,CN=10.0.0.1", &["a.svc.example", "10.0.0.1"]),
            ("O=Example,OU=Unit", &["b.svc.example"]),
        ] {
            let texts: Vec<String> = names.iter().map(ToString::to_string).collect();
            let mut params = rcgen::CertificateParams::new(texts).unwrap();
            params.distinguished_name = distinguished_name(text);
            let request = params.serialize_request(&key).unwrap();
            let names = names.iter().map(|name| match name.parse() {
                Ok(address) => AlternativeName::Ip(address),
                Err(_) => AlternativeName::Dns((*name).into()),
            });
            let subject = Name::from_text(text).unwrap();
            requests.push(Subject { pem: request.pem().unwrap(), key_type, subject, names: names.collect() });
        }
    }
    requests
});

fn distinguished_name(text: &str) -> rcgen::DistinguishedName {
    let mut name = rcgen::DistinguishedName::new();
    for (key, value) in text.split(',').map(|component| component.split_once('=').unwrap()) {
        let kind = match key {
            "CN" => rcgen::DnType::CommonName,
            "O" => rcgen::DnType::OrganizationName,
            _ => rcgen::DnType::OrganizationalUnitName,
        };
        name.push(kind, value);
    }
    name
}

/// A CA, and the facts about its certificate.
pub(super) struct Issuer {
    pub(super) certificate: String,
    pub(super) key: String,
    pub(super) key_type: KeyType,
    facts: CaFacts<'static>,
    purposes: Option<Vec<Oid>>,
    /// Name constraints are compared as they have been read.
    read: CaCertificate,
}

impl Issuer {
    pub(super) fn facts(&self) -> CaFacts<'_> {
        CaFacts {
            extended_key_usage: self.purposes.as_deref(),
            name_constraints: self.read.name_constraints(),
            ..self.facts
        }
    }
}

/// 2020-01-01 to 2040-01-01, 2027-01-15 to 2027-01-16, and 2020-01-01 to 2021-01-01.
const VALIDITIES: [[(i32, u8, u8, i64); 2]; 3] = [
    [(2020, 1, 1, 1_577_836_800), (2040, 1, 1, 2_208_988_800)],
    [(2027, 1, 15, 1_799_971_200), (2027, 1, 16, 1_800_057_600)],
    [(2020, 1, 1, 1_577_836_800), (2021, 1, 1, 1_609_459_200)],
];

pub(super) static ISSUERS: LazyLock<Vec<Issuer>> = LazyLock::new(|| {
    use rcgen::{BasicConstraints, IsCa, KeyUsagePurpose, date_time_ymd};
    let any = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut issuers = Vec::new();
    for (key_type, algorithm) in kinds() {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        for (is_ca, usage, [not_before, not_after], purpose, is_constrained) in [
            (any, None, VALIDITIES[0], None, false),
            (
                IsCa::Ca(BasicConstraints::Constrained(0)),
                Some(KeyUsagePurpose::KeyCertSign),
                VALIDITIES[0],
                None,
                false,
            ),
            (any, Some(KeyUsagePurpose::DigitalSignature), VALIDITIES[0], None, true),
            (any, None, VALIDITIES[1], Some(rcgen::ExtendedKeyUsagePurpose::ClientAuth), false),
            (any, None, VALIDITIES[2], None, true),
            (IsCa::NoCa, None, VALIDITIES[0], None, false),
        ] {
            let facts = CaFacts {
                is_ca: matches!(is_ca, IsCa::Ca(_)),
                path_len: matches!(is_ca, IsCa::Ca(BasicConstraints::Constrained(_))).then_some(0),
                key_usage: usage.map(|usage| match usage {
                    KeyUsagePurpose::KeyCertSign => KeyUsage::KEY_CERT_SIGN,
                    _ => KeyUsage::DIGITAL_SIGNATURE,
                }),
                not_before: not_before.3,
                not_after: not_after.3,
                ..CaFacts::default()
            };
            let mut ca = rcgen::CertificateParams::default();
            ca.is_ca = is_ca;
            ca.key_usages = usage.into_iter().collect();
            ca.not_before = date_time_ymd(not_before.0, not_before.1, not_before.2);
            ca.not_after = date_time_ymd(not_after.0, not_after.1, not_after.2);
            let purposes = purpose.is_some().then(|| vec![Oid::from(ID_KP_CLIENT_AUTH)]);
            ca.extended_key_usages = purpose.into_iter().collect();
            ca.name_constraints = is_constrained.then(|| rcgen::NameConstraints {
                permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("svc.example".into())],
                excluded_subtrees: Vec::new(),
            });
            let certificate = ca.self_signed(&key).unwrap().pem();
            let read = CaCertificate::from_pem(&certificate).unwrap();
            issuers.push(Issuer { certificate, key: key.serialize_pem(), key_type, facts, purposes, read });
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
