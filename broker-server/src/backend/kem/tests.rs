#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod refused;
mod vectors;

use proptest::prelude::*;

use super::{AWS_LC, DecapsulationKey, KemError, KemTable, Mechanism, NATIVE, PrivatePart};
use crate::{algorithm::Kem, backend::evp::shake256};

/// Returns the mechanisms of both libraries, in both orders.
fn pairs(kem: Kem) -> [(&'static dyn Mechanism, &'static dyn Mechanism); 2] {
    let [native, aws_lc] = [&NATIVE, &AWS_LC].map(|table: &KemTable| table.mechanism(kem).unwrap());
    [(native, aws_lc), (aws_lc, native)]
}

fn private_only(private: PrivatePart<'_>) -> DecapsulationKey<'_> {
    DecapsulationKey { private, public: None }
}

/// Returns bytes that depend on the label.
fn bytes(label: &str, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    shake256(label.as_bytes(), &mut bytes);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn libraries_interoperate(seed in any::<[u8; 32]>(), other in any::<[u8; 32]>(), flip in any::<(usize, u8)>()) {
        let bytes = [seed, other].concat();
        for kem in Kem::ALL {
            let seed = &bytes[..kem.seed_length()];
            for (one, two) in pairs(kem) {
                let key = one.encapsulation_key(seed).unwrap();
                prop_assert_eq!(key.len(), kem.encapsulation_key_length());
                prop_assert_eq!(&key, &two.encapsulation_key(seed).unwrap());
                let encapsulated = one.encapsulate(&key).unwrap();
                prop_assert_eq!(encapsulated.ciphertext.len(), kem.ciphertext_length());
                let key = private_only(PrivatePart::Seed(seed));
                let decapsulated = two.decapsulate(&key, &encapsulated.ciphertext).unwrap().shared_secret;
                prop_assert_eq!(decapsulated.expose().len(), 32);
                prop_assert_eq!(decapsulated.expose(), encapsulated.shared_secret.expose());
                // Implicit rejection returns the same secret in both libraries.
                let mut tampered = encapsulated.ciphertext;
                let position = flip.0 % tampered.len();
                tampered[position] ^= flip.1 | 1;
                let [here, there] = [one, two].map(|library| library.decapsulate(&key, &tampered).unwrap().shared_secret);
                prop_assert_eq!(here.expose(), there.expose());
                prop_assert_ne!(here.expose(), decapsulated.expose());
            }
        }
    }
}

#[test]
fn ciphertext_depends_only_on_key_and_randomness() {
    for kem in Kem::ALL {
        let randomness = bytes("randomness", if kem == Kem::XWing { 64 } else { 32 });
        for (one, two) in pairs(kem) {
            let key = one.encapsulation_key(&bytes("seed", kem.seed_length())).unwrap();
            let [here, there] =
                [one, two].map(|library| library.encapsulate_with(&key, &randomness).unwrap());
            assert_eq!(here.ciphertext, there.ciphertext, "{kem:?}");
            assert_eq!(here.shared_secret.expose(), there.shared_secret.expose(), "{kem:?}");
            let [here, there] = [(); 2].map(|()| one.encapsulate(&key).unwrap());
            assert_ne!(here.ciphertext, there.ciphertext, "{kem:?}");
            assert_ne!(here.shared_secret.expose(), there.shared_secret.expose(), "{kem:?}");
        }
    }
}

#[test]
fn both_libraries_offer_every_mechanism() {
    for kem in Kem::ALL {
        assert!(NATIVE.offers(kem) && AWS_LC.offers(kem), "{kem:?}");
    }
    assert!(!KemTable(&[]).offers(Kem::XWing));
}
