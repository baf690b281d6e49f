#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod refused;
mod vectors;

use proptest::prelude::*;

use super::{AWS_LC, DecapsulationKey, KemError, KemTable, Mechanism, NATIVE, PrivatePart};
use crate::{algorithm::Kem, backend::evp::shake256};

/// One library's mechanism and the other's.
fn pairs(kem: Kem) -> [(&'static dyn Mechanism, &'static dyn Mechanism); 2] {
    let [native, aws_lc] = [&NATIVE, &AWS_LC].map(|table: &KemTable| table.mechanism(kem).unwrap());
    [(native, aws_lc), (aws_lc, native)]
}

fn seeded(private: PrivatePart<'_>) -> DecapsulationKey<'_> {
    DecapsulationKey { private, public: None }
}

/// Bytes that differ from label to label.
fn bytes(label: &str, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    shake256(label.as_bytes(), &mut bytes);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_libraries_understand_each_other(seed in any::<[u8; 32]>(), other in any::<[u8; 32]>(), flip in any::<(usize, u8)>()) {
        let whole = [seed, other].concat();
        for kem in Kem::ALL {
            let seed = &whole[..kem.seed_length()];
            for (one, two) in pairs(kem) {
                let key = one.encapsulation_key(seed).unwrap();
                prop_assert_eq!(key.len(), kem.encapsulation_key_length());
                prop_assert_eq!(&key, &two.encapsulation_key(seed).unwrap());
                let made = one.encapsulate(&key).unwrap();
                prop_assert_eq!(made.ciphertext.len(), kem.ciphertext_length());
                let key = seeded(PrivatePart::Seed(seed));
                let taken = two.decapsulate(&key, &made.ciphertext).unwrap().shared_secret;
                prop_assert_eq!(taken.expose().len(), 32);
                prop_assert_eq!(taken.expose(), made.shared_secret.expose());
                // Implicit rejection is the same on both sides too.
                let mut tampered = made.ciphertext;
                let place = flip.0 % tampered.len();
                tampered[place] ^= flip.1 | 1;
                let [here, there] = [one, two].map(|library| library.decapsulate(&key, &tampered).unwrap().shared_secret);
                prop_assert_eq!(here.expose(), there.expose());
                prop_assert_ne!(here.expose(), taken.expose());
            }
        }
    }
}

#[test]
fn the_same_randomness_gives_the_same_ciphertext_and_no_other_does() {
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
fn both_libraries_have_every_mechanism_and_a_table_knows_what_it_lacks() {
    for kem in Kem::ALL {
        assert!(NATIVE.offers(kem) && AWS_LC.offers(kem), "{kem:?}");
    }
    assert!(!KemTable(&[]).offers(Kem::XWing));
}
