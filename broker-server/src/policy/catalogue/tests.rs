#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use super::{BUNDLED, Catalogue, FILE_NAME};
use crate::{
    algorithm::{
        Aead, Composite, DataScheme, HashAlgorithm, Kem, SignatureFormat, SignatureHash, SignatureScheme,
    },
    operation::CAPABILITIES,
    policy::{
        DenialKind, DocumentError,
        profile::{KeyUsage, NonceStrategy},
    },
};

mod groth16;

const SMALL: &str = "\
Settings: { CryptoLibrary: native }
Profiles:
  - Name: A
    API: { HashData: { HashAlg: shake-128 } }
  - Name: B
    API:
      SignCertificate:
        SignAlg: ecdsa
        HashAlg: sha-384
        Validity: { ValidNotBeforeOffset: -90m, ValidNotAfterOffset: 24h }
        KeyConstraints:
          Subject: { RSA: { MinKeySize: 3072, MaxKeySize: 8192 }, ML-DSA-44: {}, ML-DSA-65: {} }
          Issuer: { ECDSA: { MinKeySize: 384, MaxKeySize: 521 } }
        KeyUsage: [digitalSignature, keyAgreement]
";

/// The same rules in the older form, in another order, with explicit defaults and with algorithms in capital
/// letters.
const SAME: &str = "\
# B comes first here
- API:
    SignCertificate:
        KeyConstraints:
          Issuer: { ecdsa: { MaxKeySize: 521, MinKeySize: 384 } }
          Subject: { ml-dsa-65: {}, ML-DSA-44: {}, Rsa: { MinKeySize: 3072, MaxKeySize: 8192 } }
        IssuerChecks: { RequireCA: false, AllowExpired: true }
        SKIHashAlg: SHA-1
        BasicConstraints: { CA: false }
        KeyUsage: [keyAgreement, digitalSignature]
        ExtendedKeyUsage: []
        Validity: { ValidNotAfterOffset: 1440m, ValidNotBeforeOffset: -1.5h }
        HashAlg: SHA-384
        SignAlg: ECDSA
  Name: B
  CryptoLibrary: native
- { Name: A, API: { HashData: { OutputLength: 16, HashAlg: SHAKE-128 } } }
";

#[test]
fn digest_ignores_spelling_order_and_layout() {
    let small = Catalogue::parse("a", SMALL, CAPABILITIES).unwrap();
    let same = Catalogue::parse("b", SAME, CAPABILITIES).unwrap();
    assert_eq!(small.canonical(), same.canonical());
    assert_eq!(small.digest(), same.digest());
    assert_eq!(small.digest().len(), 64);
    assert!(small.digest().bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
}

#[test]
fn digest_changes_with_every_rule() {
    let digest = |text: &str| Catalogue::parse("a", text, CAPABILITIES).unwrap().digest().to_owned();
    let before = digest(SMALL);
    for (from, to) in [
        ("CryptoLibrary: native", "CryptoLibrary: aws-lc"),
        ("CryptoLibrary: native", "EnforceSunset: true"),
        ("Settings: { CryptoLibrary: native }", "KMS: { Client: openbao, Config: o.yaml }"),
        ("Name: A", "Name: C"),
        ("shake-128", "shake-128, OutputLength: 17"),
        ("sha-384", "sha-512"),
        ("-90m", "-91m"),
        ("24h", "25h"),
        ("3072", "3073"),
        ("ML-DSA-44: {}, ", ""),
        ("[digitalSignature, keyAgreement]", "[digitalSignature]"),
        ("KeyUsage", "IssuerChecks: { RequireCA: true }\n        KeyUsage"),
        ("KeyUsage", "IssuerChecks: {}\n        KeyUsage"),
        ("KeyUsage", "SubjectAlternativeNames: { Allow: [] }\n        KeyUsage"),
        ("KeyUsage", "SubjectAlternativeNames: { Allow: [dns], Suffixes: [.a] }\n        KeyUsage"),
        ("KeyUsage", "SubjectAlternativeNames: { Allow: [dns], AllowUnderscore: true }\n        KeyUsage"),
        ("KeyUsage", "UnknownExtensions: refuse\n        KeyUsage"),
        ("KeyUsage", "ExtendedKeyUsage: [serverAuth]\n        KeyUsage"),
        ("KeyUsage", "SKIHashAlg: sha-256\n        KeyUsage"),
        ("KeyUsage", "BasicConstraints: { Critical: true }\n        KeyUsage"),
        ("KeyUsage", "BasicConstraints: { Omit: true }\n        KeyUsage"),
        ("KeyUsage", "Subject: { Allow: [CN] }\n        KeyUsage"),
        ("KeyUsage", "MaxSubjectLength: 64\n        KeyUsage"),
        ("KeyUsage", "CRLDistributionPoints: [http://a.example/]\n        KeyUsage"),
        ("KeyUsage", "AuthorityInformationAccess: { OCSP: [http://a.example/] }\n        KeyUsage"),
        ("KeyUsage", "CertificatePolicies: [1.2.3.4]\n        KeyUsage"),
        ("- Name: A", "- Name: A\n    Deprecation: {}"),
        ("API: { HashData", "API: { KEM: { KemAlg: ml-kem-512 }, HashData"),
        ("API: { HashData", "API: { Groth16: { Curve: bn254, Circuits: [multiply] }, HashData"),
    ] {
        let changed = SMALL.replacen(from, to, 1);
        assert_ne!(changed, SMALL, "{from}");
        assert_ne!(digest(&changed), before, "{from} -> {to}");
    }
}

#[test]
fn digest_changes_with_every_rule_of_subjects_and_extensions() {
    let start: Vec<&str> = SMALL.lines().take(13).collect();
    let before = "        ExtendedKeyUsage: [serverAuth]
        SubjectAlternativeNames: { Allow: [dns] }
        Subject: { Allow: [CN, O], Require: [CN], Values: { O: [A, B] }, CommonName: { Suffixes: [.a] } }
        CRLDistributionPoints: [http://a.example/, http://b.example/]
        AuthorityInformationAccess: { OCSP: [http://a.example/], CAIssuers: [http://b.example/] }
        CertificatePolicies: [1.2.3.4, { OID: 1.2.3.5, CPS: http://a.example/ }]
";
    let digest = |lines: &str| {
        let text = format!("{}\n{lines}", start.join("\n"));
        let catalogue = Catalogue::parse("a", &text, CAPABILITIES).unwrap_or_else(|error| panic!("{error}"));
        catalogue.digest().to_owned()
    };
    let same = before
        .replace("[CN, O]", "[O, 2.5.4.3]")
        .replace("[A, B]", "[B, A]")
        .replace("serverAuth]", "serverAuth]\n        ExtendedKeyUsageCritical: false")
        .replace("[dns]", "[dns], FromCommonName: false")
        .replace(" 1.2.3.4,", " { OID: 1.2.3.4 },");
    assert_eq!(digest(&same), digest(before));
    for (from, to) in [
        ("serverAuth]", "serverAuth]\n        ExtendedKeyUsageCritical: true"),
        ("Allow: [dns]", "Allow: [dns], FromCommonName: true"),
        ("Allow: [CN, O], Req", "Req"),
        ("[CN, O]", "[CN, O, OU]"),
        ("Require: [CN]", "Require: [CN, O]"),
        ("[A, B]", "[A]"),
        ("O: [A, B]", "CN: [A, B]"),
        (", CommonName: { Suffixes: [.a] }", ""),
        ("[.a]", "[.b]"),
        ("[.a]", "[.a], MatchSubjectAlternativeName: true"),
        ("http://a.example/, http://b.example/", "http://b.example/, http://a.example/"),
        ("OCSP: [http://a.example/], CAIssuers: [http://b.example/]", "CAIssuers: [http://b.example/]"),
        ("OCSP: [http://a.example/], CAIssuers", "OCSP: [http://b.example/], CAIssuers"),
        ("CAIssuers: [http://b", "CAIssuers: [http://c"),
        ("[1.2.3.4,", "[1.2.3.6,"),
        ("CPS: http://a", "CPS: http://b"),
        (", CPS: http://a.example/", ""),
    ] {
        let changed = before.replacen(from, to, 1);
        assert_ne!(changed, before, "{from}");
        assert_ne!(digest(&changed), digest(before), "{from} -> {to}");
    }
}

#[test]
fn digest_changes_with_every_rule_of_signatures() {
    let digest = |more: &str| {
        let text = format!(
            "- Name: A\n  API: {{ SignData: {{ SigningMode: post-quantum, SignAlg: ml-dsa-65, SignatureFormat: RAW, \
             KeyConstraints: {{ ML-DSA-65: {{}} }}{more} }} }}"
        );
        Catalogue::parse("a", &text, CAPABILITIES).unwrap().digest().to_owned()
    };
    assert_eq!(digest(""), digest(", AllowContext: false, AllowSeed: false"));
    assert_eq!(digest(", PreHash: sha-512"), digest(", PreHash: SHA-512"));
    let digests = [
        "",
        ", AllowContext: true",
        ", AllowSeed: true",
        ", PreHash: sha-512",
        ", PreHash: sha3-512",
        ", PreHash: sha3-512, AllowContext: true",
    ]
    .map(digest);
    for (index, one) in digests.iter().enumerate() {
        assert!(!digests[..index].contains(one), "{index}");
    }
}

#[test]
fn canonical_form_is_stable() {
    let catalogue =
        Catalogue::parse("a", "- Name: A\n  API: { HashData: { HashAlg: sha-256 } }", CAPABILITIES).unwrap();
    assert_eq!(
        catalogue.canonical(),
        "crypto-broker-catalogue=1\nSettings.EnforceSunset=false\nSettings.Fips=off\nProfile=\"A\"\nCryptoLibrary=native\n\
         HashData.HashAlg=sha-256\nHashData.OutputLength=32\n"
    );
    let small = Catalogue::parse("a", SMALL, CAPABILITIES).unwrap();
    let keys: Vec<&str> = small
        .canonical()
        .lines()
        .filter(|line| line.contains(".Subject.") || line.contains(".Issuer."))
        .collect();
    assert_eq!(
        keys,
        [
            "SignCertificate.Subject.RSA=3072-8192",
            "SignCertificate.Subject.ML-DSA-44=true",
            "SignCertificate.Subject.ML-DSA-65=true",
            "SignCertificate.Issuer.ECDSA=384-521",
        ]
    );
}

#[test]
fn bundled_catalogue_matches_the_documentation() {
    use HashAlgorithm::{Sha3_512, Sha256, Sha384, Sha512};
    use SignatureScheme::{Ecdsa, RsaPkcs1};
    let catalogue = Catalogue::bundled(CAPABILITIES).unwrap();
    let both = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
    let rows = [
        ("Default", Sha3_512, Ecdsa(SignatureHash::Sha512), 8760, both, None),
        ("KSA-MODERATE-2020", Sha384, RsaPkcs1(SignatureHash::Sha384), 26280, both, None),
        ("KSA-ADVANCED-2020", Sha3_512, Ecdsa(SignatureHash::Sha512), 43800, both, None),
        ("FIPS-140-3-128bit", Sha256, RsaPkcs1(SignatureHash::Sha256), 8760, both, Some((128, 96))),
        ("FIPS-140-3-192bit", Sha384, Ecdsa(SignatureHash::Sha384), 8760, both, Some((192, 112))),
        (
            "FIPS-140-3-256bit",
            Sha512,
            Ecdsa(SignatureHash::Sha512),
            4380,
            KeyUsage::DIGITAL_SIGNATURE,
            Some((256, 128)),
        ),
    ];
    for (name, hash, scheme, hours, usage, encryption) in rows {
        let profile = catalogue.profile(name).unwrap();
        assert_eq!(profile.hash_data.as_ref().unwrap().algorithm, hash, "{name}");
        let rule = profile.sign_certificate.as_ref().unwrap();
        assert_eq!(rule.scheme, scheme, "{name}");
        assert_eq!((rule.not_before_offset, rule.not_after_offset), (-3600, hours * 3600), "{name}");
        assert_eq!(rule.key_usage, KeyUsage(usage), "{name}");
        assert_eq!(rule.subject_alternative_names, None, "{name}");
        let found = profile.encrypt_data.as_ref().map(|rule| (rule.key_size, rule.tag_length));
        assert_eq!(found, encryption, "{name}");
    }
    let hybrid = catalogue.profile("Hybrid-PQC-2026").unwrap();
    assert_eq!(hybrid.hash_data.as_ref().unwrap().algorithm, Sha3_512);
    assert!(hybrid.sign_certificate.is_none());
    let rule = hybrid.sign_data.as_ref().unwrap();
    assert_eq!(rule.scheme, DataScheme::Composite(Composite::MlDsa65EcdsaP384Sha512));
    assert_eq!(
        (rule.format, rule.keys.to_string()),
        (SignatureFormat::Raw, "ECDSA 384 and ML-DSA-65".into())
    );
    assert_eq!(hybrid.kem.as_ref().unwrap().algorithm, Kem::XWing);
    let rule = hybrid.encrypt_data.as_ref().unwrap();
    assert_eq!((rule.algorithm, rule.nonce), (Aead::ChaCha20Poly1305, NonceStrategy::Random));
    assert_eq!((rule.key_size, rule.tag_length), (256, 128));
    assert_eq!(catalogue.profiles().len(), 8);
    assert!(catalogue.profile("PQC-ML-DSA-65").unwrap().kem.is_some());
}

#[test]
fn unknown_profile_is_denied_with_the_nearest_name() {
    let catalogue = Catalogue::bundled(CAPABILITIES).unwrap();
    let denial = catalogue.profile("default").unwrap_err();
    assert_eq!(denial.kind, DenialKind::UnknownProfile);
    assert_eq!(denial.message, "unknown profile `default`; did you mean `Default`?");
    let denial = catalogue.profile("zzzzzzzz\n").unwrap_err();
    assert!(denial.message.contains("`zzzzzzzz\\n`"), "{denial}");
    assert!(catalogue.profile("").is_err());
}

#[test]
fn load_fails_on_missing_and_invalid_files() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(FILE_NAME);
    assert!(matches!(Catalogue::load(directory.path(), CAPABILITIES), Err(DocumentError::Io { .. })));
    std::fs::write(&file, BUNDLED).unwrap();
    let loaded = Catalogue::load(directory.path(), CAPABILITIES).unwrap();
    assert_eq!(loaded.digest(), Catalogue::bundled(CAPABILITIES).unwrap().digest());
    std::fs::write(&file, b"Profiles:\n\xff\n").unwrap();
    let error = Catalogue::load(directory.path(), CAPABILITIES).unwrap_err();
    assert!(error.to_string().contains("not UTF-8"), "{error}");
    std::fs::write(&file, vec![b'\xc3'; (1 << 20) + 10]).unwrap();
    assert!(Catalogue::load(directory.path(), CAPABILITIES).is_err());
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let error = Catalogue::load(directory.path(), CAPABILITIES).unwrap_err();
    assert!(error.to_string().contains("regular file"), "{error}");
    assert!(error.diagnostics().is_empty());
}

#[test]
fn examples_of_the_documentation_load() {
    let reference = include_str!("../../../../docs/profiles.md");
    let examples = reference.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let catalogues: Vec<Catalogue> = examples
        .map(|text| {
            Catalogue::parse("docs/profiles.md", text, CAPABILITIES).unwrap_or_else(|error| panic!("{error}"))
        })
        .collect();
    let first: Vec<_> = catalogues.iter().map(|catalogue| &catalogue.profiles()[0]).collect();
    assert_eq!(
        first.iter().map(|profile| profile.name.as_ref()).collect::<Vec<_>>(),
        ["Proofs-Dev", "Example-2026"]
    );
    assert!(first[1].deprecation.as_ref().unwrap().enforce_sunset);
}

/// A document that the Go broker accepts without a warning.
const GO: &str = "\
- Name: Go
  Owner: somebody
  Settings: { CryptoLibrary: native, Cache: true }
  API:
    HashData: { HashAlg: sha-256, Salt: none }
    SignCertificate:
      SignAlg: ecdsa
      HashAlg: sha-512
      Validity: { ValidNotBeforeOffset: -1h, ValidNotAfterOffset: 8760h }
      KeyConstraints:
        Subject: { ECDSA: { MinKeySize: 256, MaxKeySize: 521 } }
        Issuer: { ECDSA: { MinKeySize: 256, MaxKeySize: 521 } }
      KeyUsage: [keyCertSign, encipherOnly]
      BasicConstraints: { CA: false }
";

/// Writes a document into a temporary directory.
fn directory_with(text: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(FILE_NAME), text).unwrap();
    directory
}

#[test]
fn lenient_reading_warns_where_the_go_broker_accepts() {
    let directory = directory_with(GO);
    let strict = Catalogue::load(directory.path(), CAPABILITIES).unwrap_err();
    let lenient = Catalogue::load_lenient(directory.path(), CAPABILITIES).unwrap();
    assert_eq!(strict.diagnostics(), lenient.warnings());
    let lines: Vec<u32> = lenient.warnings().iter().map(|warning| warning.line).collect();
    assert_eq!(lines, [2, 3, 5, 13, 13]);
    assert!(lenient.profile("Go").is_ok());
}

#[test]
fn lenient_reading_rejects_invalid_rules() {
    for invalid in [
        GO.replace("sha-256", "sha256"),
        GO.replace("8760h", "forever"),
        GO.replace("CA: false", "CA: false, PathLenConstraint: 1"),
        GO.replace("  Owner: somebody", "  Name: Again"),
    ] {
        assert!(Catalogue::load_lenient(directory_with(&invalid).path(), CAPABILITIES).is_err(), "{invalid}");
    }
}
