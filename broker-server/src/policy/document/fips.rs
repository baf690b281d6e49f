//! `Settings: { Fips: required }`, which makes everything an error that is not an approved service of the FIPS 140-3
//! module.
//!
//! The module is AWS-LC FIPS 4. Its approved services are those that its service indicator reports (FIPS 140-3
//! IG 2.4.C), and a test of the build with the module compares the two. The following are approved and
//! therefore not checked here: SHA-2, SHA-3 and SHAKE (FIPS 180-4, 202); RSA, ECDSA on every curve that a
//! profile allows, and Ed25519 (FIPS 186-5); ML-DSA (FIPS 204); ML-KEM (FIPS 203). The hash of a subject key
//! identifier identifies a key and protects nothing (RFC 5280 4.2.1.2), so it may be sha-1, and RustCrypto may
//! compute it.

use super::{
    read::{Field, FieldMap},
    report::Report,
};
use crate::{
    algorithm::{Aead, DataScheme, Kem},
    policy::profile::{
        self, CryptoLibrary, EncryptDataRule, KemRule, KeyConstraints, NonceStrategy, Profile, SignDataRule,
        SigningMode,
    },
};

/// The smallest RSA modulus in bits whose signatures are approved (FIPS 186-5 5.1, SP 800-131A).
const MIN_RSA_BITS: u32 = 2048;

/// Reports everything in `profile` that is not approved. `section` is the section of the profile, and `api` is
/// its `API`.
pub(super) fn report_unapproved(
    profile: &Profile,
    section: &FieldMap<'_>,
    api: &FieldMap<'_>,
    report: &mut Report,
) {
    if profile.library != CryptoLibrary::AwsLc {
        let message = "with Fips `required` the library must be aws-lc: `native` uses hashes and ML-KEM of \
                       RustCrypto, which is outside the module";
        match section.field("CryptoLibrary").or(section.field("Settings")) {
            Some(field) => field.error(message, report),
            None => report.error(section.at, &section.path, message),
        }
    }
    for section in profile.sections() {
        let Some(field) = api.field(section.name()) else { continue };
        match section {
            profile::Section::HashData(_) => {}
            profile::Section::SignCertificate(rule) => {
                check_rsa(&rule.subject_keys, &["KeyConstraints", "Subject", "RSA"], field, report);
                check_rsa(&rule.issuer_keys, &["KeyConstraints", "Issuer", "RSA"], field, report);
            }
            profile::Section::SignData(rule) => check_sign_data(rule, field, report),
            profile::Section::EncryptData(rule) => check_encrypt_data(rule, field, report),
            profile::Section::Kem(rule) => check_kem(rule, field, report),
            profile::Section::Groth16(_) => {
                field.key_error("proofs are not an approved service; Fips is `required`", report);
            }
        }
    }
}

fn check_sign_data(rule: &SignDataRule, field: &Field<'_>, report: &mut Report) {
    if rule.mode == SigningMode::Hybrid {
        report_unapproved_value(
            field,
            "SigningMode",
            "composite signatures are not an approved service",
            report,
        );
    }
    if matches!(rule.scheme, DataScheme::HashMlDsa(_)) {
        report_unapproved_value(
            field,
            "PreHash",
            "the module has pure ML-DSA only: HashML-DSA is not one of its services",
            report,
        );
    }
    check_rsa(&rule.keys, &["KeyConstraints", "RSA"], field, report);
    check_seed(rule.allow_seed, field, report);
}

fn check_encrypt_data(rule: &EncryptDataRule, field: &Field<'_>, report: &mut Report) {
    if rule.algorithm == Aead::ChaCha20Poly1305 {
        report_unapproved_value(
            field,
            "EncryptAlg",
            "chacha20-poly1305 is not an approved algorithm",
            report,
        );
        return;
    }
    if rule.nonce == NonceStrategy::UserProvided {
        let message = "AES-GCM encryption is approved only with nonces that the module generates \
                       (SP 800-38D 8.2.2): set `random`";
        report_unapproved_value(field, "NonceStrategy", message, report);
    }
    if rule.key_size == 192 {
        let message = "the module generates nonces only for AES-GCM keys of 128 and 256 bits";
        report_unapproved_value(field, "KeySize", message, report);
    }
}

fn check_kem(rule: &KemRule, field: &Field<'_>, report: &mut Report) {
    if rule.algorithm == Kem::XWing {
        report_unapproved_value(
            field,
            "KemAlg",
            "x-wing is not an approved algorithm; only ML-KEM is",
            report,
        );
    }
    check_seed(rule.allow_seed, field, report);
}

/// Checks that keys come from an approved random bit generator, which is the module's own (SP 800-133 4).
fn check_seed(allowed: bool, field: &Field<'_>, report: &mut Report) {
    if allowed {
        report_unapproved_value(
            field,
            "AllowSeed",
            "the module does not generate keys from a caller's seed",
            report,
        );
    }
}

/// Checks the smallest RSA key of the constraints, whose entry is at `path` below `field`.
fn check_rsa(keys: &KeyConstraints, path: &[&'static str], field: &Field<'_>, report: &mut Report) {
    if let Some(range) = keys.rsa.filter(|range| range.min < MIN_RSA_BITS) {
        // The case of the entry is free, so an entry with another spelling is reported at the section around it.
        let entry = path.iter().fold(field.clone(), |field, key| field.raw_entry(key).unwrap_or(field));
        let message = format!(
            "RSA keys from {} bits are not approved; the minimum is {MIN_RSA_BITS} (FIPS 186-5)",
            range.min
        );
        entry.key_error(format!("{message}; Fips is `required`"), report);
    }
}

/// Reports that the value of `key` is not approved, and names the setting that demands approval.
fn report_unapproved_value(field: &Field<'_>, key: &str, message: &str, report: &mut Report) {
    field.raw_entry(key).as_ref().unwrap_or(field).error(format!("{message}; Fips is `required`"), report);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use crate::{
        operation::CAPABILITIES,
        policy::{Capabilities, Catalogue, document::parse},
    };

    const MODULE: Capabilities = Capabilities { fips: true, ..CAPABILITIES };

    /// A document of one profile whose `API` has this one section.
    fn document(section: &str) -> String {
        format!(
            "Settings: {{ CryptoLibrary: aws-lc, Fips: required }}\nProfiles:\n  - Name: One\n    API:\n      {section}\n"
        )
    }

    /// Returns every error of the document as `line: path below API: message`.
    fn errors(text: &str) -> Vec<String> {
        let Err(error) = parse("p.yaml", text, MODULE) else { return Vec::new() };
        let short =
            |path: &str| path.trim_start_matches("Profiles[One]").trim_start_matches(".API.").to_owned();
        error.diagnostics().iter().map(|e| format!("{}: {}: {}", e.line, short(&e.path), e.message)).collect()
    }

    const CERTIFICATE: &str = "SignCertificate: { SignAlg: rsa, HashAlg: sha-256, Validity: { ValidNotBeforeOffset: 0s, \
        ValidNotAfterOffset: 1h }, KeyConstraints: { Subject: { RSA: { MinKeySize: 1024, MaxKeySize: 4096 } }, \
        Issuer: { RSA: { MinKeySize: 2048, MaxKeySize: 4096 } } }, KeyUsage: [digitalSignature], \
        ExtendedKeyUsage: [clientAuth], BasicConstraints: { CA: false } }";

    #[test]
    fn accepts_approved_services() {
        let signing = |mode, algorithm: &str, keys| {
            format!(
                "SignData: {{ SigningMode: {mode}, SignAlg: {algorithm}, SignatureFormat: DER, KeyConstraints: {{ {keys} }} }}"
            )
        };
        let rsa = "RSA: { MinKeySize: 2048, MaxKeySize: 4096 }";
        for section in [
            "HashData: { HashAlg: sha-512/256 }".to_owned(),
            "HashData: { HashAlg: sha3-384 }".to_owned(),
            "HashData: { HashAlg: shake-256, OutputLength: 64 }".to_owned(),
            CERTIFICATE.replace("1024", "2048"),
            signing("legacy", "rsa, HashAlg: sha-256", rsa),
            signing("legacy", "rsa-pss, HashAlg: sha-384", rsa),
            signing("legacy", "ecdsa, HashAlg: sha-512", "ECDSA: { MinKeySize: 224, MaxKeySize: 521 }"),
            signing("legacy", "ed25519", "Ed25519: {}"),
            signing("post-quantum", "ml-dsa-65", "ML-DSA-65: {}"),
            signing("post-quantum", "ml-dsa-65, AllowContext: true", "ML-DSA-65: {}"),
            "EncryptData: { EncryptAlg: aes-gcm, KeySize: 128, NonceStrategy: random, TagLength: 96 }"
                .to_owned(),
            "EncryptData: { EncryptAlg: aes-gcm, KeySize: 256, NonceStrategy: random, TagLength: 128 }"
                .to_owned(),
            "KEM: { KemAlg: ml-kem-512 }".to_owned(),
            "KEM: { KemAlg: ml-kem-1024, AllowSeed: false }".to_owned(),
        ] {
            assert_eq!(errors(&document(&section)), [""; 0], "{section}");
        }
    }

    #[test]
    fn rejects_unapproved_services_with_line_and_reason() {
        let ed25519 = "SignData: { SigningMode: legacy, SignAlg: ed25519, SignatureFormat: RAW, \
                       KeyConstraints: { Ed25519: {} }, AllowSeed: true }";
        let small = "SignData: { SigningMode: legacy, SignAlg: ecdsa, HashAlg: sha-256, SignatureFormat: RAW, \
                     KeyConstraints: { ECDSA: { MinKeySize: 256, MaxKeySize: 256 }, \
                     rsa: { MinKeySize: 2047, MaxKeySize: 2048 } } }";
        for (section, expected) in [
            (CERTIFICATE, &["5: SignCertificate.KeyConstraints.Subject.RSA: RSA keys from 1024 bits"][..]),
            (small, &["5: SignData.KeyConstraints: RSA keys from 2047 bits"]),
            (ed25519, &["5: SignData.AllowSeed: the module does not generate keys"]),
            (
                "SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-65, PreHash: sha-512, SignatureFormat: RAW, \
                 KeyConstraints: { ML-DSA-65: {} } }",
                &["5: SignData.PreHash: the module has pure ML-DSA only"],
            ),
            (
                "EncryptData: { EncryptAlg: chacha20-poly1305, KeySize: 256, NonceStrategy: random, TagLength: 128 }",
                &["5: EncryptData.EncryptAlg: chacha20-poly1305"],
            ),
            (
                "EncryptData: { EncryptAlg: aes-gcm, KeySize: 192, NonceStrategy: user-provided, TagLength: 112 }",
                &["5: EncryptData.KeySize: the module", "5: EncryptData.NonceStrategy: AES-GCM"],
            ),
            ("KEM: { KemAlg: x-wing }", &["5: KEM.KemAlg: x-wing"]),
            (
                "KEM: { KemAlg: ml-kem-768, AllowSeed: true }",
                &["5: KEM.AllowSeed: the module does not generate keys"],
            ),
            ("Groth16: { Curve: bn254, Circuits: [multiply] }", &["5: Groth16: proofs"]),
        ] {
            let found = errors(&document(section));
            assert_eq!(found.len(), expected.len(), "{found:#?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.starts_with(expected) && found.ends_with("Fips is `required`"), "{found}");
            }
            let off = document(section).replace("required", "off");
            assert_eq!(errors(&off), [""; 0], "{section}");
        }
    }

    #[test]
    fn rejects_libraries_outside_the_module() {
        let valid = document("HashData: { HashAlg: sha-256 }");
        let expect = |text: &str, start: &str| {
            let found = errors(text);
            let [one] = found.as_slice() else { panic!("{found:#?}") };
            assert!(one.starts_with(start) && one.contains("outside the module"), "{one}");
        };
        expect(&valid.replace("aws-lc", "native"), "3: : ");
        expect(
            &valid.replace("Name: One\n", "Name: One\n    CryptoLibrary: native\n"),
            "4: .CryptoLibrary: ",
        );
        expect(
            &valid.replace("Name: One\n", "Name: One\n    Settings: { CryptoLibrary: native }\n"),
            "4: .Settings: ",
        );
    }

    #[test]
    fn accepts_fips_example_profiles() {
        let example = include_str!("../../../../profiles/FIPS-140-3-required.yaml");
        assert_eq!(errors(example), [""; 0]);
    }

    #[test]
    fn digest_depends_on_the_fips_setting() {
        let text = document("HashData: { HashAlg: sha-256 }");
        let digest = |text: &str| Catalogue::parse("p.yaml", text, MODULE).unwrap().digest().to_owned();
        assert_ne!(digest(&text), digest(&text.replace("required", "off")));
    }

    #[test]
    fn rejects_fips_required_without_module() {
        let text = document("HashData: { HashAlg: sha-256 }");
        let error = parse("p.yaml", &text, Capabilities { fips: false, ..CAPABILITIES }).unwrap_err();
        let [diagnostic] = error.diagnostics() else { panic!("{error}") };
        assert_eq!((diagnostic.line, diagnostic.column), (1, 42), "{diagnostic}");
        assert!(diagnostic.message.contains("no FIPS 140-3 module"), "{diagnostic}");
    }
}
