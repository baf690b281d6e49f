//! What `Fips: required` lets through is what the module's service indicator counts.

use super::{
    super::indicator::watch,
    made::{KINDS, schemes},
    *,
};
use crate::{
    algorithm::{Aead, HashAlgorithm, Kem},
    backend::{
        self,
        aead::Cipher,
        kem::{DecapsulationKey, PrivatePart},
    },
};

#[test]
fn every_hash_of_the_module_and_none_of_rustcrypto_is_approved() {
    for algorithm in HashAlgorithm::ALL {
        let mut output = vec![0; algorithm.default_output_length()];
        assert!(watch(|| backend::AWS_LC.hash.digest(algorithm, MESSAGE, &mut output)).1, "{algorithm:?}");
        assert!(!watch(|| backend::NATIVE.hash.digest(algorithm, MESSAGE, &mut output)).1, "{algorithm:?}");
    }
}

#[test]
fn every_key_that_is_made_and_every_signature_is_approved() {
    for kind in KINDS {
        let (key, made) = watch(|| PrivateKey::generate(kind).unwrap());
        assert!(made, "{kind}");
        let public = key.public().unwrap();
        for scheme in schemes(kind) {
            let (signature, signed) = watch(|| key.sign(scheme, MESSAGE).unwrap());
            let ((), verified) = watch(|| public.verify(scheme, MESSAGE, &signature).unwrap());
            assert!(signed && verified, "{kind} {scheme:?}");
            if scheme == SignatureScheme::Ed25519 {
                continue; // has no signature in parts
            }
            let (signature, signed) = watch(|| {
                let mut signer = Signer::new(&key, scheme).unwrap();
                signer.update(MESSAGE).unwrap();
                signer.finish().unwrap()
            });
            let ((), verified) = watch(|| {
                let mut verifier = Verifier::new(&public, scheme).unwrap();
                verifier.update(MESSAGE).unwrap();
                verifier.finish(&signature).unwrap();
            });
            assert!(signed && verified, "in parts: {kind} {scheme:?}");
        }
    }
}

#[test]
fn aes_gcm_is_approved_with_keys_of_128_and_256_bits_and_nonces_of_the_module() {
    let aead = backend::AWS_LC.aead;
    for (algorithm, key, expected) in [
        (Aead::AesGcm, &[9; 16][..], true),
        (Aead::AesGcm, &[9; 32], true),
        (Aead::AesGcm, &[9; 24], false),
        (Aead::ChaCha20Poly1305, &[9; 32], false),
    ] {
        for tag_length in if algorithm == Aead::AesGcm { 12..=16 } else { 16..=16 } {
            let cipher = Cipher { algorithm, key, tag_length };
            let mut text = MESSAGE.to_vec();
            let ((nonce, tag), sealed) = watch(|| aead.seal_random(&cipher, b"", &mut text).unwrap());
            let ((), opened) = watch(|| aead.open(&cipher, &nonce, b"", &mut text, &tag).unwrap());
            // Where the nonce is drawn before, its random bits are counted and the encryption is not.
            assert!(sealed, "{cipher:?} {}", key.len());
            assert_eq!(opened, expected, "{cipher:?} {}", key.len());
            let ((), chosen) = watch(|| drop(aead.seal(&cipher, &nonce, b"", &mut text).unwrap()));
            assert!(!chosen, "{cipher:?} {}: the caller's nonce", key.len());
        }
    }
}

#[test]
fn ml_kem_is_approved() {
    for kem in Kem::ALL.into_iter().filter(|kem| *kem != Kem::XWing) {
        let mechanism = backend::AWS_LC.kem.mechanism(kem).unwrap();
        let seed = vec![5; kem.seed_length()];
        let public = mechanism.encapsulation_key(&seed).unwrap();
        let (made, encapsulated) = watch(|| mechanism.encapsulate(&public).unwrap());
        let key = DecapsulationKey { private: PrivatePart::Seed(&seed), public: None };
        let (secret, decapsulated) = watch(|| mechanism.decapsulate(&key, &made.ciphertext).unwrap());
        assert!(encapsulated && decapsulated, "{kem:?}");
        assert_eq!(secret.shared_secret.expose(), made.shared_secret.expose());
    }
}
