//! What is no key, no ciphertext, or not of one piece.

use sha3::{Digest as _, Sha3_256};

use super::*;
use crate::algorithm::MlKem;

const SETS: [MlKem; 3] = MlKem::ALL;

/// The parts of an expanded key: where its encapsulation key starts, and where its hash and z do.
fn places(set: MlKem) -> (usize, usize, usize) {
    let length = set.decapsulation_key_length();
    (length - 64 - set.encapsulation_key_length(), length - 64, length - 32)
}

/// The expanded key of a seed, from AWS-LC.
fn expanded(set: MlKem, seed: &[u8]) -> Vec<u8> {
    crate::backend::evp::KemKey::from_seed(set, seed).unwrap().expanded().unwrap().expose().to_vec()
}

/// An expanded key whose hash is that of the encapsulation key in it.
fn rehashed(set: MlKem, mut key: Vec<u8>) -> Vec<u8> {
    let (public, hash, z) = places(set);
    let digest = Sha3_256::digest(&key[public..hash]);
    key[hash..z].copy_from_slice(&digest);
    key
}

fn both<'a>(seed: &'a [u8], expanded: &'a [u8]) -> DecapsulationKey<'a> {
    seeded(PrivatePart::Both { seed, expanded })
}

/// Both libraries answer this.
#[track_caller]
fn answer(kem: Kem, key: &DecapsulationKey<'_>, ciphertext: &[u8], wanted: Result<&[u8], KemError>) {
    for (library, _) in pairs(kem) {
        let found = library.decapsulate(key, ciphertext);
        assert_eq!(
            found.as_ref().map(|done| done.shared_secret.expose()),
            wanted.as_ref().map(|secret| *secret),
            "{library:?}"
        );
    }
}

#[test]
fn encapsulation_keys_are_reduced() {
    for kem in Kem::ALL {
        for (library, _) in pairs(kem) {
            let good = library.encapsulation_key(&bytes("seed", kem.seed_length())).unwrap();
            library.encapsulate(&good).unwrap();
            let numbers = match kem {
                Kem::MlKem(set) => set.encapsulation_key_length() - 32,
                Kem::XWing => 1184 - 32,
            };
            // The number q, and the largest of 12 bits, in the first and the last place, even and odd.
            for place in [0, numbers - 3] {
                for pair in [[0x01, 0x0d, 0x00], [0x00, 0x10, 0xd0], [0xff, 0x0f, 0x00], [0x00, 0xf0, 0xff]] {
                    let mut bad = good.clone();
                    bad[place..place + 3].copy_from_slice(&pair);
                    assert_eq!(
                        library.encapsulate(&bad).unwrap_err(),
                        KemError::Modulus,
                        "{kem:?} {place} {pair:x?}"
                    );
                }
                let mut least = good.clone();
                least[place..place + 3].copy_from_slice(&[0x00, 0x0d, 0xd0]);
                library.encapsulate(&least).unwrap();
            }
        }
    }
}

#[test]
fn lengths_are_exact() {
    for kem in Kem::ALL {
        let seed = bytes("seed", kem.seed_length());
        for (library, _) in pairs(kem) {
            let key = library.encapsulation_key(&seed).unwrap();
            let ciphertext = library.encapsulate(&key).unwrap().ciphertext;
            for wrong in [&[][..], &key[1..], &[&key[..], &[0]].concat()] {
                assert_eq!(library.encapsulate(wrong).unwrap_err(), KemError::Length, "{kem:?}");
            }
            for wrong in [&[][..], &ciphertext[1..], &[&ciphertext[..], &[0]].concat()] {
                let found = library.decapsulate(&seeded(PrivatePart::Seed(&seed)), wrong);
                assert_eq!(found.unwrap_err(), KemError::Length, "{kem:?}");
            }
            for wrong in [&[][..], &seed[1..], &[&seed[..], &[0]].concat()] {
                assert_eq!(library.encapsulation_key(wrong).unwrap_err(), KemError::Length, "{kem:?}");
                let found = library.decapsulate(&seeded(PrivatePart::Seed(wrong)), &ciphertext);
                assert_eq!(found.unwrap_err(), KemError::Length, "{kem:?}");
                let found = library.decapsulate(&seeded(PrivatePart::Expanded(wrong)), &ciphertext);
                assert_eq!(found.unwrap_err(), KemError::Length, "{kem:?}");
            }
        }
    }
}

#[test]
fn expanded_keys_are_checked_and_parts_compared() {
    for set in SETS {
        let kem = Kem::MlKem(set);
        let seed = bytes("seed", 64);
        let library = NATIVE.mechanism(kem).unwrap();
        let public = library.encapsulation_key(&seed).unwrap();
        let made = library.encapsulate(&public).unwrap();
        let (ciphertext, secret) = (&made.ciphertext, made.shared_secret.expose());
        let good = expanded(set, &seed);
        let (start, hash, z) = places(set);
        assert_eq!(good[start..hash], public);
        answer(kem, &seeded(PrivatePart::Expanded(&good)), ciphertext, Ok(secret));
        answer(kem, &both(&seed, &good), ciphertext, Ok(secret));

        // FIPS 203 7.3: the hash, or what it is the hash of.
        for place in [hash, z - 1, start, hash - 1] {
            let mut bad = good.clone();
            bad[place] ^= 1;
            let wanted = Err(KemError::Hash);
            answer(kem, &seeded(PrivatePart::Expanded(&bad)), ciphertext, wanted);
            answer(kem, &both(&seed, &bad), ciphertext, Err(KemError::Mismatch));
        }
        // An encapsulation key that is not reduced, with its right hash.
        let mut bad = good.clone();
        bad[start..start + 2].copy_from_slice(&[0xff, 0xff]);
        answer(kem, &seeded(PrivatePart::Expanded(&rehashed(set, bad))), ciphertext, Err(KemError::Modulus));
        // RFC 9935 8: each part of the private key alone; the last place is in z, which no other check sees.
        for place in [0, start - 1, hash, z, good.len() - 1] {
            let mut bad = good.clone();
            bad[place] ^= 1;
            answer(kem, &both(&seed, &bad), ciphertext, Err(KemError::Mismatch));
        }
        answer(kem, &both(&seed, &good[1..]), ciphertext, Err(KemError::Mismatch));
        // A public part beside the private one.
        let other = library.encapsulation_key(&bytes("other", 64)).unwrap();
        for private in [
            PrivatePart::Seed(&seed),
            PrivatePart::Expanded(&good),
            PrivatePart::Both { seed: &seed, expanded: &good },
        ] {
            answer(kem, &DecapsulationKey { private, public: Some(&public) }, ciphertext, Ok(secret));
            for wrong in [&other[..], &public[1..], &[]] {
                let key = DecapsulationKey { private, public: Some(wrong) };
                answer(kem, &key, ciphertext, Err(KemError::Mismatch));
            }
        }
    }
}

#[test]
fn a_point_of_small_order_is_no_error_in_x_wing() {
    // RFC 7748 5 defines the function for every point; the draft asks for no check (4), so the secret is ML-KEM's.
    let seed = bytes("seed", 32);
    let mut secrets = Vec::new();
    for (one, two) in pairs(Kem::XWing) {
        let mut key = one.encapsulation_key(&seed).unwrap();
        let ciphertext = one.encapsulate_with(&key, &bytes("eseed", 64)).unwrap().ciphertext;
        key[1184..].fill(0);
        let [here, there] =
            [one, two].map(|library| library.encapsulate_with(&key, &bytes("eseed", 64)).unwrap());
        assert_eq!(here.shared_secret.expose(), there.shared_secret.expose());
        for point in [0, 1] {
            let mut ciphertext = ciphertext.clone();
            ciphertext[1088..].fill(0);
            ciphertext[1088] = point;
            let secret =
                two.decapsulate(&seeded(PrivatePart::Seed(&seed)), &ciphertext).unwrap().shared_secret;
            secrets.push((point, secret.expose().to_vec()));
        }
    }
    assert_eq!(secrets[0], secrets[2]);
    assert_eq!(secrets[1], secrets[3]);
    assert_ne!(secrets[0], secrets[1]);
}
