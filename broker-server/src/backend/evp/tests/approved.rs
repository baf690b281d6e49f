//! Checks that the module's service indicator approves the operations that `Fips: required` allows.

use super::{
    super::indicator::watch,
    generate::{KINDS, schemes},
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
fn approves_every_hash_of_the_module_and_none_of_rustcrypto() {
    for algorithm in HashAlgorithm::ALL {
        let mut output = vec![0; algorithm.default_output_length()];
        assert!(watch(|| backend::AWS_LC.hash.digest(algorithm, MESSAGE, &mut output)).1, "{algorithm:?}");
        assert!(!watch(|| backend::NATIVE.hash.digest(algorithm, MESSAGE, &mut output)).1, "{algorithm:?}");
    }
}

#[test]
fn approves_key_generation_and_signatures() {
    for kind in KINDS {
        let (key, generated) = watch(|| PrivateKey::generate(kind).unwrap());
        assert!(generated, "{kind}");
        let public = key.public().unwrap();
        for scheme in schemes(kind) {
            let (signature, signed) = watch(|| key.sign(scheme, MESSAGE).unwrap());
            let ((), verified) = watch(|| public.verify(scheme, MESSAGE, &signature).unwrap());
            assert!(signed && verified, "{kind} {scheme:?}");
            if scheme == SignatureScheme::Ed25519 {
                continue; // cannot be streamed
            }
            let (signature, signed) = watch(|| {
                let mut signer = Signer::new(&key, scheme, b"").unwrap();
                signer.update(MESSAGE).unwrap();
                signer.finish().unwrap()
            });
            let ((), verified) = watch(|| {
                let mut verifier = Verifier::new(&public, scheme, b"").unwrap();
                verifier.update(MESSAGE).unwrap();
                verifier.finish(&signature).unwrap();
            });
            assert!(signed && verified, "streamed: {kind} {scheme:?}");
        }
    }
}

#[test]
fn approves_aes_gcm_with_128_and_256_bit_keys_and_nonces_of_the_module() {
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
            // For the other ciphers only the generation of the random nonce counts as approved, not the encryption.
            assert!(sealed, "{cipher:?} {}", key.len());
            assert_eq!(opened, expected, "{cipher:?} {}", key.len());
            let ((), chosen) = watch(|| drop(aead.seal(&cipher, &nonce, b"", &mut text).unwrap()));
            assert!(!chosen, "{cipher:?} {}: the caller's nonce", key.len());
        }
    }
}

#[test]
fn approves_ml_kem() {
    for kem in Kem::ALL.into_iter().filter(|kem| *kem != Kem::XWing) {
        let mechanism = backend::AWS_LC.kem.mechanism(kem).unwrap();
        let seed = vec![5; kem.seed_length()];
        let public = mechanism.encapsulation_key(&seed).unwrap();
        let (encapsulation, encapsulated) = watch(|| mechanism.encapsulate(&public).unwrap());
        let key = DecapsulationKey { private: PrivatePart::Seed(&seed), public: None };
        let (secret, decapsulated) =
            watch(|| mechanism.decapsulate(&key, &encapsulation.ciphertext).unwrap());
        assert!(encapsulated && decapsulated, "{kem:?}");
        assert_eq!(secret.shared_secret.expose(), encapsulation.shared_secret.expose());
    }
}
