#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]
#![forbid(unsafe_code)]

#[cfg(feature = "fips")]
mod approved;
mod generate;
mod hostile;
mod keys;
mod post_quantum;
mod stream;
mod vectors;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use aws_lc_rs::signature as safe;
use tempfile::TempDir;

use super::*;
use crate::algorithm::{Curve, KeyForm, KeyType, MlDsa, SignatureHash, SignatureScheme};

const MESSAGE: &[u8] = b"to be signed";
const CURVES: [(Curve, &str); 4] = [
    (Curve::P224, "secp224r1"),
    (Curve::P256, "prime256v1"),
    (Curve::P384, "secp384r1"),
    (Curve::P521, "secp521r1"),
];

/// Runs the `openssl` command in a temporary folder.
struct OpenSsl(TempDir);

impl OpenSsl {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn get(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    fn try_run(&self, line: &str) -> Output {
        Command::new("openssl").args(line.split_whitespace()).current_dir(self.0.path()).output().unwrap()
    }

    fn run(&self, line: &str) {
        let output = self.try_run(line);
        assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Writes `key.der` (PKCS#8) and `public.der` (SPKI), and returns both.
    fn key(&self, options: &str) -> (Vec<u8>, Vec<u8>) {
        self.run(&format!("genpkey {options} -out key.pem"));
        self.run("pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.der");
        self.run("pkey -in key.der -inform DER -pubout -outform DER -out public.der");
        (self.get("key.der"), self.get("public.der"))
    }

    fn ec(&self, curve: &str) -> (Vec<u8>, Vec<u8>) {
        self.key(&format!("-algorithm EC -pkeyopt ec_paramgen_curve:{curve}"))
    }

    fn rsa(&self, bits: u32) -> (Vec<u8>, Vec<u8>) {
        self.key(&format!("-algorithm RSA -pkeyopt rsa_keygen_bits:{bits}"))
    }
}

fn pkcs8(der: &[u8]) -> PrivateKey {
    PrivateKey::from_der(KeyForm::Pkcs8, der).unwrap()
}

fn public(der: &[u8]) -> PublicKey {
    PublicKey::from_spki(der).unwrap()
}

fn openssl_hash(hash: SignatureHash) -> &'static str {
    match hash {
        SignatureHash::Sha256 => "sha256",
        SignatureHash::Sha384 => "sha384",
        SignatureHash::Sha512 => "sha512",
    }
}

/// Returns the safe API's verifier for a curve and hash, if it has one.
fn safe_ecdsa(curve: Curve, hash: SignatureHash) -> Option<&'static dyn safe::VerificationAlgorithm> {
    Some(match (curve, hash) {
        (Curve::P224, _) => return None,
        (Curve::P256, SignatureHash::Sha256) => &safe::ECDSA_P256_SHA256_ASN1,
        (Curve::P256, SignatureHash::Sha384) => &safe::ECDSA_P256_SHA384_ASN1,
        (Curve::P256, SignatureHash::Sha512) => &safe::ECDSA_P256_SHA512_ASN1,
        (Curve::P384, SignatureHash::Sha256) => &safe::ECDSA_P384_SHA256_ASN1,
        (Curve::P384, SignatureHash::Sha384) => &safe::ECDSA_P384_SHA384_ASN1,
        (Curve::P384, SignatureHash::Sha512) => &safe::ECDSA_P384_SHA512_ASN1,
        (Curve::P521, SignatureHash::Sha256) => &safe::ECDSA_P521_SHA256_ASN1,
        (Curve::P521, SignatureHash::Sha384) => &safe::ECDSA_P521_SHA384_ASN1,
        (Curve::P521, SignatureHash::Sha512) => &safe::ECDSA_P521_SHA512_ASN1,
    })
}

/// Verifies the signature and checks that other messages and changed signatures are rejected.
fn verify_and_corrupt(key: &PublicKey, scheme: SignatureScheme, signature: &[u8]) {
    assert_eq!(key.verify(scheme, MESSAGE, signature), Ok(()));
    assert_eq!(key.verify(scheme, b"another", signature), Err(EvpError::BadSignature));
    assert_eq!(key.verify(scheme, b"", signature), Err(EvpError::BadSignature));
    assert_eq!(key.verify(scheme, MESSAGE, b""), Err(EvpError::BadSignature));
    assert_eq!(key.verify(scheme, MESSAGE, &signature[..signature.len() - 1]), Err(EvpError::BadSignature));
    let mut corrupted = signature.to_vec();
    *corrupted.last_mut().unwrap() ^= 1;
    assert_eq!(key.verify(scheme, MESSAGE, &corrupted), Err(EvpError::BadSignature));
    let mut longer = signature.to_vec();
    longer.push(0);
    assert_eq!(key.verify(scheme, MESSAGE, &longer), Err(EvpError::BadSignature));
    assert!(error_queue_is_empty());
}

#[test]
fn every_curve_signs_with_every_hash() {
    let openssl = OpenSsl::new();
    openssl.put("message", MESSAGE);
    for (curve, name) in CURVES {
        let (private_der, public_der) = openssl.ec(name);
        let (private, public) = (pkcs8(&private_der), public(&public_der));
        assert_eq!(private.key_type(), Some(KeyType::Ec(curve)));
        assert_eq!(public.key_type(), Some(KeyType::Ec(curve)));
        assert!(private.matches(&public));
        for hash in SignatureHash::ALL {
            let signature = private.sign(SignatureScheme::Ecdsa(hash), MESSAGE).unwrap();
            verify_and_corrupt(&public, SignatureScheme::Ecdsa(hash), &signature);
            for other in SignatureHash::ALL.into_iter().filter(|other| *other != hash) {
                let wrong = public.verify(SignatureScheme::Ecdsa(other), MESSAGE, &signature);
                assert_eq!(wrong, Err(EvpError::BadSignature));
            }
            if let Some(verifier) = safe_ecdsa(curve, hash) {
                let point = &public_der[public_der.len() - 1 - 2 * curve.bits().div_ceil(8) as usize..];
                safe::UnparsedPublicKey::new(verifier, point).verify(MESSAGE, &signature).unwrap();
            }
            openssl.put("signature", &signature);
            let hash = openssl_hash(hash);
            openssl
                .run(&format!("dgst -{hash} -keyform DER -verify public.der -signature signature message"));
        }
    }
}

#[test]
fn rsa_signs_and_verifies_with_every_hash() {
    let openssl = OpenSsl::new();
    openssl.put("message", MESSAGE);
    let (private_der, public_der) = openssl.rsa(2048);
    let (private, public) = (pkcs8(&private_der), public(&public_der));
    assert_eq!(private.key_type(), Some(KeyType::Rsa { bits: 2048 }));
    assert!(private.matches(&public));
    for hash in SignatureHash::ALL {
        let signature = private.sign(SignatureScheme::RsaPkcs1(hash), MESSAGE).unwrap();
        assert_eq!(signature.len(), 256);
        verify_and_corrupt(&public, SignatureScheme::RsaPkcs1(hash), &signature);
        openssl.put("signature", &signature);
        let name = openssl_hash(hash);
        openssl.run(&format!("dgst -{name} -keyform DER -verify public.der -signature signature message"));

        for salt_length in [0, 20, 32, 64] {
            let scheme = SignatureScheme::RsaPss { hash, salt_length };
            let signature = private.sign(scheme, MESSAGE).unwrap();
            verify_and_corrupt(&public, scheme, &signature);
            openssl.put("signature", &signature);
            openssl.run(&format!(
                "dgst -{name} -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:{salt_length} \
                 -keyform DER -verify public.der -signature signature message"
            ));
            openssl.run(&format!(
                "dgst -{name} -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:{salt_length} \
                 -keyform DER -sign key.der -out signature message"
            ));
            let signature = openssl.get("signature");
            verify_and_corrupt(&public, SignatureScheme::RsaPss { hash, salt_length }, &signature);
            for wrong in [salt_length + 1, 255, 256, 257, 1 << 31, u32::MAX - 1, u32::MAX] {
                let scheme = SignatureScheme::RsaPss { hash, salt_length: wrong };
                assert_eq!(
                    public.verify(scheme, MESSAGE, &signature),
                    Err(EvpError::BadSignature),
                    "{wrong}"
                );
            }
            let scheme = SignatureScheme::RsaPkcs1(hash);
            assert_eq!(public.verify(scheme, MESSAGE, &signature), Err(EvpError::BadSignature));
        }
    }
}

#[test]
fn verifies_rsa_of_15380_bits() {
    let fixture = |name: &str| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/rsa15380/");
        fs::read_to_string(format!("{path}{name}")).unwrap()
    };
    let signature = |name: &str| {
        let text = fixture(name);
        pem::parse(format!("-----BEGIN S-----\n{text}-----END S-----\n")).unwrap().into_contents()
    };
    let key = public(pem::parse(fixture("public.pem")).unwrap().contents());
    assert_eq!(key.key_type(), Some(KeyType::Rsa { bits: 15380 }));
    let pkcs1 = signature("pkcs1-sha384.sig.b64");
    let scheme = SignatureScheme::RsaPkcs1(SignatureHash::Sha384);
    assert_eq!(key.verify(scheme, b"RSA 15380", &pkcs1), Ok(()));
    assert_eq!(key.verify(scheme, b"RSA 15381", &pkcs1), Err(EvpError::BadSignature));
    let pss = signature("pss-sha512-salt64.sig.b64");
    let scheme = SignatureScheme::RsaPss { hash: SignatureHash::Sha512, salt_length: 64 };
    assert_eq!(key.verify(scheme, b"RSA 15380", &pss), Ok(()));
    assert_eq!(key.verify(scheme, b"RSA 15381", &pss), Err(EvpError::BadSignature));
}

#[test]
fn ed25519_signatures_equal_openssl() {
    let openssl = OpenSsl::new();
    openssl.put("message", MESSAGE);
    let (private_der, public_der) = openssl.key("-algorithm ED25519");
    let (private, public) = (pkcs8(&private_der), public(&public_der));
    assert_eq!(private.key_type(), Some(KeyType::Ed25519));
    assert!(private.matches(&public));
    let signature = private.sign(SignatureScheme::Ed25519, MESSAGE).unwrap();
    verify_and_corrupt(&public, SignatureScheme::Ed25519, &signature);
    openssl.run("pkeyutl -sign -rawin -keyform DER -inkey key.der -in message -out signature");
    assert_eq!(signature, openssl.get("signature"));
    safe::UnparsedPublicKey::new(&safe::ED25519, &public_der[12..]).verify(MESSAGE, &signature).unwrap();
    // An empty message can be signed, too.
    let signature = private.sign(SignatureScheme::Ed25519, b"").unwrap();
    assert_eq!(public.verify(SignatureScheme::Ed25519, b"", &signature), Ok(()));
}

#[test]
fn threads_share_one_key() {
    fn shareable<T: Send + Sync>() {}
    shareable::<PrivateKey>();
    shareable::<PublicKey>();
    let (private_der, public_der) = OpenSsl::new().rsa(2048);
    let (private, public) = (pkcs8(&private_der), public(&public_der));
    let scheme = SignatureScheme::RsaPkcs1(SignatureHash::Sha256);
    let expected = private.sign(scheme, MESSAGE).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..8 {
                    assert_eq!(private.sign(scheme, MESSAGE).unwrap(), expected);
                    let scheme = SignatureScheme::RsaPkcs1(SignatureHash::Sha256);
                    assert_eq!(public.verify(scheme, MESSAGE, &expected), Ok(()));
                }
            });
        }
    });
}

#[test]
fn reports_library_version() {
    assert!(library_version().contains("AWS-LC"), "{}", library_version());
}
