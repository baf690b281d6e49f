//! Rejected input: invalid keys and ciphertexts, and keys whose parts do not match.

use sha3::{Digest as _, Sha3_256};

use super::*;
use crate::algorithm::MlKem;

const SETS: [MlKem; 3] = MlKem::ALL;

/// Returns the offsets in an expanded key of the encapsulation key, its hash and z.
fn offsets(set: MlKem) -> (usize, usize, usize) {
    let length = set.decapsulation_key_length();
    (length - 64 - set.encapsulation_key_length(), length - 64, length - 32)
}

/// Expands a seed with AWS-LC.
fn expanded(set: MlKem, seed: &[u8]) -> Vec<u8> {
    crate::backend::evp::KemKey::from_seed(set, seed).unwrap().expanded().unwrap().expose().to_vec()
}

/// Replaces the hash in an expanded key by that of its encapsulation key.
fn rehashed(set: MlKem, mut key: Vec<u8>) -> Vec<u8> {
    let (public, hash, z) = offsets(set);
    let digest = Sha3_256::digest(&key[public..hash]);
    key[hash..z].copy_from_slice(&digest);
    key
}

fn both<'a>(seed: &'a [u8], expanded: &'a [u8]) -> DecapsulationKey<'a> {
    private_only(PrivatePart::Both { seed, expanded })
}

/// Checks that decapsulation with each library has the expected result.
#[track_caller]
fn assert_result(kem: Kem, key: &DecapsulationKey<'_>, ciphertext: &[u8], expected: Result<&[u8], KemError>) {
    for (library, _) in pairs(kem) {
        let found = library.decapsulate(key, ciphertext);
        assert_eq!(
            found.as_ref().map(|decapsulated| decapsulated.shared_secret.expose()),
            expected.as_ref().map(|secret| *secret),
            "{library:?}"
        );
    }
}

#[test]
fn rejects_encapsulation_keys_that_are_not_reduced() {
    for kem in Kem::ALL {
        for (library, _) in pairs(kem) {
            let good = library.encapsulation_key(&bytes("seed", kem.seed_length())).unwrap();
            library.encapsulate(&good).unwrap();
            let numbers = match kem {
                Kem::MlKem(set) => set.encapsulation_key_length() - 32,
                Kem::XWing => 1184 - 32,
            };
            // Encode q and the largest 12-bit number in the first and the last triple, at even and odd positions.
            for position in [0, numbers - 3] {
                for pair in [[0x01, 0x0d, 0x00], [0x00, 0x10, 0xd0], [0xff, 0x0f, 0x00], [0x00, 0xf0, 0xff]] {
                    let mut bad = good.clone();
                    bad[position..position + 3].copy_from_slice(&pair);
                    assert_eq!(
                        library.encapsulate(&bad).unwrap_err(),
                        KemError::Modulus,
                        "{kem:?} {position} {pair:x?}"
                    );
                }
                let mut largest = good.clone();
                largest[position..position + 3].copy_from_slice(&[0x00, 0x0d, 0xd0]);
                library.encapsulate(&largest).unwrap();
            }
        }
    }
}

#[test]
fn rejects_inputs_of_other_lengths() {
    for kem in Kem::ALL {
        let seed = bytes("seed", kem.seed_length());
        for (library, _) in pairs(kem) {
            let key = library.encapsulation_key(&seed).unwrap();
            let ciphertext = library.encapsulate(&key).unwrap().ciphertext;
            for wrong in [&[][..], &key[1..], &[&key[..], &[0]].concat()] {
                assert_eq!(library.encapsulate(wrong).unwrap_err(), KemError::Length, "{kem:?}");
            }
            for wrong in [&[][..], &ciphertext[1..], &[&ciphertext[..], &[0]].concat()] {
                let found = library.decapsulate(&private_only(PrivatePart::Seed(&seed)), wrong);
                assert_eq!(found.unwrap_err(), KemError::Length, "{kem:?}");
            }
            for wrong in [&[][..], &seed[1..], &[&seed[..], &[0]].concat()] {
                assert_eq!(library.encapsulation_key(wrong).unwrap_err(), KemError::Length, "{kem:?}");
                let found = library.decapsulate(&private_only(PrivatePart::Seed(wrong)), &ciphertext);
                assert_eq!(found.unwrap_err(), KemError::Length, "{kem:?}");
                let found = library.decapsulate(&private_only(PrivatePart::Expanded(wrong)), &ciphertext);
                assert_eq!(found.unwrap_err(), KemError::Length, "{kem:?}");
            }
        }
    }
}

#[test]
fn rejects_corrupted_expanded_keys_and_mismatched_parts() {
    for set in SETS {
        let kem = Kem::MlKem(set);
        let seed = bytes("seed", 64);
        let library = NATIVE.mechanism(kem).unwrap();
        let public = library.encapsulation_key(&seed).unwrap();
        let encapsulated = library.encapsulate(&public).unwrap();
        let (ciphertext, secret) = (&encapsulated.ciphertext, encapsulated.shared_secret.expose());
        let good = expanded(set, &seed);
        let (start, hash, z) = offsets(set);
        assert_eq!(good[start..hash], public);
        assert_result(kem, &private_only(PrivatePart::Expanded(&good)), ciphertext, Ok(secret));
        assert_result(kem, &both(&seed, &good), ciphertext, Ok(secret));

        // Corrupt the hash or the encapsulation key (FIPS 203 7.3).
        for position in [hash, z - 1, start, hash - 1] {
            let mut bad = good.clone();
            bad[position] ^= 1;
            let expected = Err(KemError::Hash);
            assert_result(kem, &private_only(PrivatePart::Expanded(&bad)), ciphertext, expected);
            assert_result(kem, &both(&seed, &bad), ciphertext, Err(KemError::Mismatch));
        }
        // An encapsulation key that is not reduced, with the matching hash.
        let mut bad = good.clone();
        bad[start..start + 2].copy_from_slice(&[0xff, 0xff]);
        assert_result(
            kem,
            &private_only(PrivatePart::Expanded(&rehashed(set, bad))),
            ciphertext,
            Err(KemError::Modulus),
        );
        // Corrupt each part of the expanded key (RFC 9935 8). The last position is in z, which no other check covers.
        for position in [0, start - 1, hash, z, good.len() - 1] {
            let mut bad = good.clone();
            bad[position] ^= 1;
            assert_result(kem, &both(&seed, &bad), ciphertext, Err(KemError::Mismatch));
        }
        assert_result(kem, &both(&seed, &good[1..]), ciphertext, Err(KemError::Mismatch));
        // Keys with a public part.
        let other = library.encapsulation_key(&bytes("other", 64)).unwrap();
        for private in [
            PrivatePart::Seed(&seed),
            PrivatePart::Expanded(&good),
            PrivatePart::Both { seed: &seed, expanded: &good },
        ] {
            assert_result(kem, &DecapsulationKey { private, public: Some(&public) }, ciphertext, Ok(secret));
            for wrong in [&other[..], &public[1..], &[]] {
                let key = DecapsulationKey { private, public: Some(wrong) };
                assert_result(kem, &key, ciphertext, Err(KemError::Mismatch));
            }
        }
    }
}

#[test]
fn x_wing_accepts_points_of_small_order() {
    // RFC 7748 5 defines X25519 for every point, and the draft requires no check (4): ML-KEM alone protects the secret.
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
                two.decapsulate(&private_only(PrivatePart::Seed(&seed)), &ciphertext).unwrap().shared_secret;
            secrets.push((point, secret.expose().to_vec()));
        }
    }
    assert_eq!(secrets[0], secrets[2]);
    assert_eq!(secrets[1], secrets[3]);
    assert_ne!(secrets[0], secrets[1]);
}
