#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use super::{Diagnostic, DocumentError, MAX_BYTES, parse};
use crate::{
    operation::CAPABILITIES,
    policy::{
        Capabilities, Need, Unsupported,
        profile::{CryptoLibrary, Section},
    },
};

mod go;
mod yaml;

/// A sound document whose lines the tests below replace.
const SOUND: &str = "\
Settings: { CryptoLibrary: native }
Profiles:
  - Name: One
    API:
      HashData:
        HashAlg: sha-512
      SignCertificate:
        SignAlg: ecdsa
        HashAlg: sha-384
        Validity: { ValidNotBeforeOffset: -30m, ValidNotAfterOffset: 2160h }
        KeyConstraints:
          Subject: { RSA: { MinKeySize: 3072, MaxKeySize: 8192 } }
          Issuer: { ECDSA: { MinKeySize: 384, MaxKeySize: 521 } }
        KeyUsage: [digitalSignature]
        BasicConstraints: { CA: false }
";

fn mistakes(text: &str) -> Vec<Diagnostic> {
    match parse("p.yaml", text, CAPABILITIES) {
        Ok(_) => panic!("the document loads:\n{text}"),
        Err(error) => error.mistakes().to_vec(),
    }
}

/// The only mistake of a document.
fn only(text: &str) -> Diagnostic {
    let mut all = mistakes(text);
    assert_eq!(all.len(), 1, "{all:#?}\n{text}");
    all.remove(0)
}

/// `SOUND` with line `number` (from 1) replaced.
fn with_line(number: usize, line: &str) -> String {
    let mut lines: Vec<&str> = SOUND.lines().collect();
    lines[number - 1] = line;
    lines.join("\n")
}

#[track_caller]
fn refused(number: usize, line: &str, at: (u32, u32), path: &str, message: &str, suggestion: Option<&str>) {
    let mistake = only(&with_line(number, line));
    assert_eq!((mistake.line, mistake.column), at, "{mistake}");
    assert_eq!(mistake.path, path, "{mistake}");
    assert!(mistake.message.contains(message), "{mistake}");
    assert_eq!(mistake.suggestion.as_deref(), suggestion, "{mistake}");
}

#[test]
fn the_sound_document_is_sound() {
    assert!(parse("p.yaml", SOUND, CAPABILITIES).is_ok());
}

#[test]
fn each_refusal_names_its_place_and_rule() {
    let one = "Profiles[One]";
    let hash = "Profiles[One].API.HashData";
    let sign = "Profiles[One].API.SignCertificate";
    let path = |rest: &str| format!("{sign}.{rest}");
    refused(1, "Setings: {}", (1, 1), "Setings", "no such key", Some("Settings"));
    refused(
        1,
        "Settings: { EnforceSunset: yes }",
        (1, 28),
        "Settings.EnforceSunset",
        "must be `true` or `false`",
        None,
    );
    refused(1, "Settings: { Fips: on }", (1, 19), "Settings.Fips", "not known", None);
    refused(
        1,
        "Settings: { CryptoLibrary: nativ }",
        (1, 28),
        "Settings.CryptoLibrary",
        "not known",
        Some("native"),
    );
    refused(1, "KMS: { Client: vault, Config: a }", (1, 16), "KMS.Client", "not known", None);
    refused(3, "  - Name: 2026", (3, 11), "Profiles[0].Name", "put it in quotes", None);
    refused(3, "  - Name: \"\"", (3, 11), "Profiles[0].Name", "must not be empty", None);
    refused(3, "  - Name: \" a\"", (3, 11), "Profiles[ a].Name", "space", None);
    let long = format!("  - Name: {}", "n".repeat(65));
    refused(3, &long, (3, 11), "Profiles[0].Name", "65 bytes long", None);
    refused(3, "  - Name: One\n    <<: {}", (4, 5), &format!("{one}.<<"), "merge keys", None);
    refused(3, "  - Name: One\n    Name: Two", (4, 5), &format!("{one}.Name"), "first in line 3", None);
    refused(
        3,
        "  - Name: One\n    Deprecation: { RemoveAfter: 2028-13-01 }",
        (4, 33),
        &format!("{one}.Deprecation.RemoveAfter"),
        "no date",
        None,
    );
    refused(6, "        HashAlg: sha512", (6, 18), &format!("{hash}.HashAlg"), "not known", Some("sha-512"));
    refused(6, "        HashAlg: [a]", (6, 18), &format!("{hash}.HashAlg"), "is a list", None);
    refused(6, "        HashAlg:", (6, 9), &format!("{hash}.HashAlg"), "empty", None);
    refused(
        6,
        "        HashAlg: sha-512\n        OutputLength: 64",
        (7, 9),
        &format!("{hash}.OutputLength"),
        "only shake-128",
        None,
    );
    for length in ["0", "65537", "-1", "99999999999999999999"] {
        let line = format!("        HashAlg: shake-256\n        OutputLength: {length}");
        let mistake = only(&with_line(6, &line));
        assert_eq!((mistake.line, mistake.column), (7, 23), "{mistake}");
    }
    refused(8, "        SignAlg: dsa", (8, 18), &path("SignAlg"), "not known", Some("rsa"));
    refused(9, "", (7, 7), sign, "`HashAlg` is missing", None);
    refused(9, "        HashAlg: sha-1", (9, 18), &path("HashAlg"), "not known", Some("sha-512"));
    refused(
        9,
        "        HashAlg: sha-384\n        SKIHashAlg: md5",
        (10, 21),
        &path("SKIHashAlg"),
        "md5",
        None,
    );
    refused(
        10,
        "        Validity: { ValidNotBeforeOffset: 1d, ValidNotAfterOffset: 1h }",
        (10, 43),
        &path("Validity.ValidNotBeforeOffset"),
        "unit other than",
        None,
    );
    refused(
        10,
        "        Validity: { ValidNotBeforeOffset: 30, ValidNotAfterOffset: 1h }",
        (10, 43),
        &path("Validity.ValidNotBeforeOffset"),
        "needs a unit",
        None,
    );
    refused(
        10,
        "        Validity: { ValidNotBeforeOffset: 2h, ValidNotAfterOffset: 1h }",
        (10, 68),
        &path("Validity.ValidNotAfterOffset"),
        "lies before notBefore",
        None,
    );
    refused(
        10,
        "        Validity: { ValidNotBeforeOffset: -876000h, ValidNotAfterOffset: 1h }",
        (10, 43),
        &path("Validity.ValidNotBeforeOffset"),
        "before the year 1970",
        None,
    );
    refused(
        12,
        "          Subject: { RSA: { MinKeySize: 4096, MaxKeySize: 2048 } }",
        (12, 41),
        &path("KeyConstraints.Subject.RSA.MinKeySize"),
        "larger than MaxKeySize",
        None,
    );
    refused(
        12,
        "          Subject: { RAS: { MinKeySize: 1, MaxKeySize: 2 } }",
        (12, 22),
        &path("KeyConstraints.Subject"),
        "no kind of key",
        Some("RSA"),
    );
    refused(
        12,
        "          Subject: { ECDSA: { MinKeySize: 257, MaxKeySize: 383 } }",
        (12, 22),
        &path("KeyConstraints.Subject.ECDSA"),
        "no curve",
        None,
    );
    refused(12, "          Subject: {}", (12, 20), &path("KeyConstraints.Subject"), "at least one", None);
    refused(
        12,
        "          Subject: { Ed25519: { MinKeySize: 1 } }",
        (12, 31),
        &path("KeyConstraints.Subject.Ed25519"),
        "no sizes",
        None,
    );
    refused(
        12,
        "          Subject: { ml-dsa-65: {}, ML-DSA-65: {} }",
        (12, 37),
        &path("KeyConstraints.Subject.ML-DSA-65"),
        "second time",
        None,
    );
    refused(
        13,
        "          Issuer: { RSA: { MinKeySize: 3072, MaxKeySize: 4096 } }",
        (13, 11),
        &path("KeyConstraints.Issuer"),
        "no entry for ECDSA",
        None,
    );
    refused(
        14,
        "        KeyUsage: [digitalSignatur]",
        (14, 20),
        &path("KeyUsage[0]"),
        "not known",
        Some("digitalSignature"),
    );
    refused(14, "        KeyUsage: [crlSign]", (14, 20), &path("KeyUsage[0]"), "not known", Some("cRLSign"));
    refused(
        14,
        "        KeyUsage: [nonRepudiation, contentCommitment]",
        (14, 36),
        &path("KeyUsage[1]"),
        "already",
        None,
    );
    refused(14, "        KeyUsage: [encipherOnly]", (14, 19), &path("KeyUsage"), "keyAgreement", None);
    refused(14, "        KeyUsage: [keyCertSign]", (14, 19), &path("KeyUsage"), "CA: true", None);
    refused(
        15,
        "        BasicConstraints: { CA: true, PathLenConstraint: 0 }",
        (15, 39),
        &path("BasicConstraints.PathLenConstraint"),
        "keyCertSign",
        None,
    );
    refused(
        15,
        "        BasicConstraints: { CA: false, PathLenConstraint: 0 }",
        (15, 40),
        &path("BasicConstraints.PathLenConstraint"),
        "CA: true",
        None,
    );
    refused(
        15,
        "        SubjectAlternativeNames: { Allow: [dns], Suffixes: [svc.example] }",
        (15, 61),
        &path("SubjectAlternativeNames.Suffixes[0]"),
        "no DNS suffix",
        Some(".svc.example"),
    );
    refused(
        15,
        "        SubjectAlternativeNames: { Allow: [ip], Suffixes: [.a] }",
        (15, 49),
        &path("SubjectAlternativeNames.Suffixes"),
        "does not have dns",
        None,
    );
    refused(
        15,
        "        IssuerChecks: { RequireCa: true }",
        (15, 25),
        &path("IssuerChecks.RequireCa"),
        "no such key",
        Some("RequireCA"),
    );
}

#[test]
fn sections_of_later_operations_are_judged_too() {
    let section = |text: &str| format!("- Name: One\n  API:\n    {text}\n");
    for sound in [
        "SignData: { SigningMode: legacy, SignAlg: RSA-PSS, HashAlg: sha-256, SignatureFormat: PEM, KeyConstraints: { RSA: { MinKeySize: 3072, MaxKeySize: 4096 } } }",
        "SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-87, SignatureFormat: RAW, KeyConstraints: { ML-DSA-87: {} } }",
        "SignData: { SigningMode: hybrid, SignAlg: mldsa44-ed25519-sha512, SignatureFormat: PEM, KeyConstraints: { Ed25519: {}, ML-DSA-44: {} } }",
        "SignData: { SigningMode: hybrid, SignAlg: MLDSA65-RSA3072-PSS-SHA512, SignatureFormat: DER, KeyConstraints: { RSA: { MinKeySize: 2048, MaxKeySize: 4096 }, ML-DSA-65: {} } }",
        "EncryptData: { EncryptAlg: AES-GCM, KeySize: 256, NonceStrategy: random, TagLength: 120 }",
        "KEM: { KemAlg: ml-kem-1024, AllowSeed: true }",
        "Groth16: { Curve: bn254, Circuits: [multiply, cube_root] }",
    ] {
        assert!(parse("p.yaml", &section(sound), CAPABILITIES).is_ok(), "{sound}");
    }
    for (wrong, message) in [
        (
            "SignData: { SigningMode: legacy, SignAlg: ml-dsa-44, SignatureFormat: DER, KeyConstraints: { ML-DSA-44: {} } }",
            "post-quantum",
        ),
        (
            "SignData: { SigningMode: post-quantum, SignAlg: rsa, HashAlg: sha-256, SignatureFormat: DER, KeyConstraints: { RSA: { MinKeySize: 1, MaxKeySize: 2 } } }",
            "ml-dsa-44",
        ),
        (
            "SignData: { SigningMode: legacy, SignAlg: ed25519, HashAlg: sha-256, SignatureFormat: DER, KeyConstraints: { Ed25519: {} } }",
            "hashes by itself",
        ),
        (
            "SignData: { SigningMode: legacy, SignAlg: ed25519, SignatureFormat: der, KeyConstraints: { Ed25519: {} } }",
            "not known",
        ),
        (
            "SignData: { SigningMode: legacy, SignAlg: ed25519, SignatureFormat: DER, KeyConstraints: { ML-DSA-44: {} } }",
            "no entry",
        ),
        (
            "SignData: { SigningMode: hybrid, SignAlg: ml-dsa-44, SignatureFormat: DER, KeyConstraints: { ML-DSA-44: {} } }",
            "`ml-dsa-44` is not known; the choices are MLDSA44-RSA2048-PSS-SHA256, MLDSA44-RSA2048-PKCS15-SHA256, ",
        ),
        (
            "SignData: { SigningMode: hybrid, SignAlg: id-MLDSA44-Ed25519-SHA512, SignatureFormat: DER, KeyConstraints: { ML-DSA-44: {} } }",
            "not known",
        ),
        (
            "SignData: { SigningMode: hybrid, SignAlg: MLDSA87-Ed448-SHAKE256, SignatureFormat: DER, KeyConstraints: { ML-DSA-87: {} } }",
            "not known",
        ),
        (
            "SignData: { SigningMode: legacy, SignAlg: MLDSA44-Ed25519-SHA512, SignatureFormat: DER, KeyConstraints: { Ed25519: {}, ML-DSA-44: {} } }",
            "a composite needs SigningMode `hybrid`",
        ),
        (
            "SignData: { SigningMode: post-quantum, SignAlg: MLDSA44-Ed25519-SHA512, SignatureFormat: DER, KeyConstraints: { Ed25519: {}, ML-DSA-44: {} } }",
            "a composite needs SigningMode `hybrid`",
        ),
        (
            "SignData: { SigningMode: hybrid, SignAlg: MLDSA44-Ed25519-SHA512, HashAlg: sha-512, SignatureFormat: DER, KeyConstraints: { Ed25519: {}, ML-DSA-44: {} } }",
            "brings its hashes with it",
        ),
        (
            "SignData: { SigningMode: hybrid, SignAlg: MLDSA44-Ed25519-SHA512, SignatureFormat: CMS, KeyConstraints: { Ed25519: {}, ML-DSA-44: {} } }",
            "draft-ietf-lamps-cms-composite-sigs",
        ),
        (
            "SignData: { SigningMode: hybrid, SignAlg: MLDSA44-Ed25519-SHA512, SignatureFormat: DER, AllowSeed: true, KeyConstraints: { Ed25519: {}, ML-DSA-44: {} } }",
            "from a seed",
        ),
        (
            "SignData: { SigningMode: hybrid, SignAlg: MLDSA44-Ed25519-SHA512, SignatureFormat: DER, KeyConstraints: { Ed25519: {}, ML-DSA-65: {} } }",
            "has no entry for ML-DSA-44, of which SignAlg MLDSA44-Ed25519-SHA512 is made",
        ),
        (
            "SignData: { SigningMode: hybrid, SignAlg: MLDSA65-ECDSA-P384-SHA512, SignatureFormat: DER, KeyConstraints: { ECDSA: { MinKeySize: 256, MaxKeySize: 256 } } }",
            "has no entry for ECDSA 384 and ML-DSA-65",
        ),
        (
            "EncryptData: { EncryptAlg: aes-gcm, KeySize: 512, NonceStrategy: random, TagLength: 120 }",
            "128, 192, 256",
        ),
        (
            "EncryptData: { EncryptAlg: aes-gcm, KeySize: 256, NonceStrategy: random, TagLength: 64 }",
            "96, 104",
        ),
        (
            "EncryptData: { EncryptAlg: aes-gcm, KeySize: 256, NonceStrategy: counter, TagLength: 96 }",
            "user-provided",
        ),
        ("KEM: { KemAlg: ml-kem-769 }", "not known"),
        ("Groth16: { Curve: bn254, Circuits: [] }", "at least one circuit"),
        ("Groth16: { Curve: bls12-381, Circuits: [a] }", "not known"),
    ] {
        let mistake = only(&section(wrong));
        assert_eq!(mistake.line, 3, "{mistake}");
        assert!(mistake.message.contains(message), "{mistake}");
    }
}

#[test]
fn all_mistakes_come_at_once_and_in_order() {
    let text = SOUND
        .replace("sha-512", "sha512")
        .replace("-30m", "-30")
        .replace("Issuer:", "Isuer:")
        .replace("CA: false", "CA: no");
    let all = mistakes(&text);
    let lines: Vec<u32> = all.iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, [6, 10, 11, 13, 15], "{all:#?}");
    let printed = DocumentError::Mistakes(all).to_string();
    assert_eq!(printed.lines().count(), 5);
    assert_eq!(
        printed.lines().next().unwrap(),
        "p.yaml:6:18: Profiles[One].API.HashData.HashAlg: `sha512` is not known; the choices are sha-256, sha-384, \
         sha-512, sha-512/256, sha3-256, sha3-384, sha3-512, shake-128, shake-256 (did you mean `sha-512`?)"
    );
}

#[test]
fn two_profiles_of_one_name_are_refused() {
    let text = "- Name: A\n  API: { HashData: { HashAlg: sha-256 } }\n".repeat(2);
    let mistake = only(&text);
    assert_eq!((mistake.line, mistake.column), (3, 9));
    assert_eq!(mistake.path, "Profiles[A].Name");
    assert!(mistake.message.contains("starts in line 1"), "{mistake}");
}

#[test]
fn a_profile_may_choose_its_library() {
    use crate::policy::profile::CryptoLibrary::{AwsLc, Native};
    let load = |text: &str| parse("p.yaml", text, CAPABILITIES).unwrap().profiles[0].library;
    let api = "API: { HashData: { HashAlg: sha-256 } }";
    assert_eq!(load(&format!("- Name: A\n  {api}")), Native);
    assert_eq!(load(&format!("- Name: A\n  CryptoLibrary: aws-lc\n  {api}")), AwsLc);
    assert_eq!(load(&format!("- Name: A\n  Settings: {{ CryptoLibrary: aws-lc }}\n  {api}")), AwsLc);
    let settings = format!("Settings: {{ CryptoLibrary: aws-lc }}\nProfiles:\n  - Name: A\n    {api}");
    assert_eq!(load(&settings), AwsLc);
}

#[test]
fn what_a_library_does_not_have_is_a_mistake_at_its_key() {
    fn objection(need: &Need<'_>) -> Option<Unsupported> {
        match need {
            Need { library: CryptoLibrary::AwsLc, section: Section::SignCertificate(rule) } => {
                Some(Unsupported { key: "SignAlg", message: format!("has no {}", rule.scheme.name()) })
            }
            _ => None,
        }
    }
    let lacking = Capabilities { objection, ..CAPABILITIES };
    assert!(parse("p.yaml", SOUND, lacking).is_ok());
    let error = parse("p.yaml", &with_line(1, "Settings: { CryptoLibrary: aws-lc }"), lacking).unwrap_err();
    let [mistake] = error.mistakes() else { panic!("{error}") };
    assert_eq!((mistake.line, mistake.column), (8, 18), "{mistake}");
    assert_eq!(mistake.path, "Profiles[One].API.SignCertificate.SignAlg");
    assert_eq!(mistake.message, "has no ecdsa");
}
