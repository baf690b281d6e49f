//! Errors in `SignData`, `EncryptData`, `KEM` and `Groth16`.

use super::*;

#[test]
fn validates_sign_encrypt_kem_and_groth16_sections() {
    let section = |text: &str| format!("- Name: One\n  API:\n    {text}\n");
    for valid in [
        "SignData: { SigningMode: legacy, SignAlg: RSA-PSS, HashAlg: sha-256, SignatureFormat: PEM, KeyConstraints: { RSA: { MinKeySize: 3072, MaxKeySize: 4096 } } }",
        "SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-87, SignatureFormat: RAW, KeyConstraints: { ML-DSA-87: {} } }",
        "SignData: { SigningMode: hybrid, SignAlg: mldsa44-ed25519-sha512, SignatureFormat: PEM, KeyConstraints: { Ed25519: {}, ML-DSA-44: {} } }",
        "SignData: { SigningMode: hybrid, SignAlg: MLDSA65-RSA3072-PSS-SHA512, SignatureFormat: DER, KeyConstraints: { RSA: { MinKeySize: 2048, MaxKeySize: 4096 }, ML-DSA-65: {} } }",
        "SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-65, SignatureFormat: CMS, KeyConstraints: { ML-DSA-65: {} }, AllowContext: true }",
        "SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-44, PreHash: SHA-256, SignatureFormat: RAW, KeyConstraints: { ML-DSA-44: {} } }",
        "SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-87, PreHash: shake-256, SignatureFormat: RAW, KeyConstraints: { ML-DSA-87: {} }, AllowContext: true, AllowSeed: true }",
        "SignData: { SigningMode: legacy, SignAlg: ed25519, SignatureFormat: RAW, KeyConstraints: { Ed25519: {} }, AllowContext: false }",
        "EncryptData: { EncryptAlg: AES-GCM, KeySize: 256, NonceStrategy: random, TagLength: 120 }",
        "KEM: { KemAlg: ml-kem-1024, AllowSeed: true }",
        "Groth16: { Curve: bn254, Circuits: [multiply, cube_root] }",
    ] {
        assert!(parse("p.yaml", &section(valid), CAPABILITIES).is_ok(), "{valid}");
    }
    for (invalid, message) in [
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
            "has a fixed hash",
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
            "fixed hashes",
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
            "has no entry for ML-DSA-44, which SignAlg MLDSA44-Ed25519-SHA512 needs",
        ),
        (
            "SignData: { SigningMode: hybrid, SignAlg: MLDSA65-ECDSA-P384-SHA512, SignatureFormat: DER, KeyConstraints: { ECDSA: { MinKeySize: 256, MaxKeySize: 256 } } }",
            "has no entry for ECDSA 384 and ML-DSA-65",
        ),
        (
            "SignData: { SigningMode: legacy, SignAlg: ed25519, SignatureFormat: RAW, KeyConstraints: { Ed25519: {} }, AllowContext: true }",
            "only ML-DSA has contexts that a caller can choose (FIPS 204 5.2), and SignAlg is ed25519",
        ),
        (
            "SignData: { SigningMode: hybrid, SignAlg: MLDSA44-Ed25519-SHA512, SignatureFormat: RAW, AllowContext: true, KeyConstraints: { Ed25519: {}, ML-DSA-44: {} } }",
            "only ML-DSA has contexts",
        ),
        (
            "SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-65, SignatureFormat: RAW, KeyConstraints: { ML-DSA-65: {} }, AllowContext: maybe }",
            "must be `true` or `false`",
        ),
        (
            "SignData: { SigningMode: legacy, SignAlg: ecdsa, HashAlg: sha-256, PreHash: sha-256, SignatureFormat: RAW, KeyConstraints: { ECDSA: { MinKeySize: 256, MaxKeySize: 256 } } }",
            "only ML-DSA has a pre-hash, and SignAlg is ecdsa",
        ),
        (
            "SignData: { SigningMode: hybrid, SignAlg: MLDSA44-Ed25519-SHA512, PreHash: sha-512, SignatureFormat: RAW, KeyConstraints: { Ed25519: {}, ML-DSA-44: {} } }",
            "only ML-DSA has a pre-hash",
        ),
        (
            "SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-65, PreHash: sha3-256, SignatureFormat: RAW, KeyConstraints: { ML-DSA-65: {} } }",
            "collisions of sha3-256 have a strength of 128 bits, and ml-dsa-65 needs 192 (FIPS 204 5.4); the choices are sha-384, sha-512, sha3-384, sha3-512, shake-256",
        ),
        (
            "SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-87, PreHash: shake-128, SignatureFormat: RAW, KeyConstraints: { ML-DSA-87: {} } }",
            "the choices are sha-512, sha3-512, shake-256",
        ),
        (
            "SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-65, PreHash: sha-224, SignatureFormat: RAW, KeyConstraints: { ML-DSA-65: {} } }",
            "not known",
        ),
        (
            "SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-65, PreHash: sha-512, SignatureFormat: CMS, KeyConstraints: { ML-DSA-65: {} } }",
            "with PreHash the only choice is RAW",
        ),
        (
            "SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-65, PreHash: sha-512, SignatureFormat: RAW, KeyConstraints: { ML-DSA-44: {} } }",
            "no entry for the keys of SignAlg ml-dsa-65",
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
        ("Groth16: { Curve: bls12-377, Circuits: [multiply] }", "not known"),
        ("Groth16: { Curve: bn254, Circuits: [a] }", "not a built-in circuit"),
    ] {
        let error = only_error(&section(invalid));
        assert_eq!(error.line, 3, "{error}");
        assert!(error.message.contains(message), "{error}");
    }
}
