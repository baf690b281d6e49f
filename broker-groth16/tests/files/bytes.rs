//! Verifying keys and proofs as arkworks' bytes.

use crate::pieces::data;
use ark_bls12_381::Bls12_381;
use ark_bn254::{Bn254, Fq, Fr};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, Compress};
use broker_groth16::{
    bytes::ProofError,
    curve::Curve,
    file::zkey::Zkey,
    key::{Fingerprint, KeyError, KeyPoint, VerifyingKey},
    point::PointError,
    proof::Proof,
};
use sha2::{Digest, Sha256};

const BOTH: [Compress; 2] = [Compress::Yes, Compress::No];

fn key<E: Curve>(name: &str) -> VerifyingKey<E> {
    Zkey::open(&data(name)).unwrap().verifying_key().clone()
}

fn proof<E: Curve>() -> Proof<E> {
    let (one, two) = (E::G1Affine::generator(), E::G2Affine::generator());
    let multiple = |factor: u64| (one * E::ScalarField::from(factor)).into();
    Proof { a: multiple(3), b: (two * E::ScalarField::from(5_u64)).into(), c: multiple(7) }
}

#[test]
fn keys_and_proofs_have_the_bytes_of_arkworks() {
    fn check<E: Curve>(name: &str) {
        let (key, proof) = (key::<E>(name), proof::<E>());
        for compress in BOTH {
            let bytes = key.to_bytes(compress);
            let theirs = ark_groth16::VerifyingKey::<E>::deserialize_with_mode(
                &bytes[..],
                compress,
                ark_serialize::Validate::Yes,
            )
            .unwrap();
            assert_eq!((theirs.delta_g2, &theirs.gamma_abc_g1), (key.delta_g2, &key.gamma_abc_g1));
            assert_eq!(VerifyingKey::from_bytes(&bytes, compress), Ok(key.clone()));
            let theirs = ark_groth16::Proof::<E> { a: proof.a, b: proof.b, c: proof.c };
            let mut bytes = Vec::new();
            theirs.serialize_with_mode(&mut bytes, compress).unwrap();
            assert_eq!(bytes, proof.to_bytes(compress));
            assert_eq!(Proof::from_bytes(&bytes, compress), Ok(proof));
        }
    }
    check::<Bn254>("several.zkey");
    check::<Bls12_381>("several-bls.zkey");
}

/// A fingerprint says which curve it is for, and is no hash that another protocol may have of the same bytes.
#[test]
fn the_fingerprint_is_the_hash_of_domain_curve_and_key() {
    fn check<E: Curve>(name: &str, curve: &str) {
        let key = key::<E>(name);
        let hash = Sha256::new()
            .chain_update(b"cryptobroker-groth16-vk-v1")
            .chain_update(curve)
            .chain_update(key.to_bytes(Compress::No))
            .finalize();
        assert_eq!(Fingerprint::from(&key), Fingerprint::from(<[u8; 32]>::from(hash)), "{curve}");
    }
    check::<Bn254>("several.zkey", "bn254");
    check::<Bls12_381>("several-bls.zkey", "bls12-381");
    // Computed from the coordinates in multiply.vk.json without arkworks.
    let expected = "7464fe49b6b44d5e040967a42fd7775a4d7c699b0f7c8aeaaf8b58d1a33021a9";
    assert_eq!(Fingerprint::from(&key::<Bn254>("multiply.zkey")).to_string(), expected);
}

#[test]
fn every_truncation_and_surplus_is_refused() {
    fn check<E: Curve>(name: &str) {
        let (key, proof) = (key::<E>(name), proof::<E>());
        for compress in BOTH {
            let bytes = key.to_bytes(compress);
            for length in 0..bytes.len() {
                let error = VerifyingKey::<E>::from_bytes(&bytes[..length], compress).unwrap_err();
                assert!(matches!(error, KeyError::Truncated { .. }), "{length}: {error}");
            }
            let surplus = [bytes, vec![0; 3]].concat();
            let error = KeyError::TrailingBytes { bytes: 3 };
            assert_eq!(VerifyingKey::<E>::from_bytes(&surplus, compress), Err(error));
            let bytes = proof.to_bytes(compress);
            for length in 0..bytes.len() {
                let error = Proof::<E>::from_bytes(&bytes[..length], compress).unwrap_err();
                assert!(matches!(error, ProofError::Truncated { .. }), "{length}: {error}");
            }
            let surplus = [bytes, vec![0]].concat();
            let error = ProofError::TrailingBytes { bytes: 1 };
            assert_eq!(Proof::<E>::from_bytes(&surplus, compress), Err(error));
        }
    }
    check::<Bn254>("multiply.zkey");
    check::<Bls12_381>("several-bls.zkey");
}

#[test]
fn a_count_without_points_allocates_nothing() {
    for count in [3, 1 << 40, u64::MAX] {
        let mut bytes = key::<Bn254>("multiply.zkey").to_bytes(Compress::No);
        bytes[64 + 3 * 128..][..8].copy_from_slice(&count.to_le_bytes());
        let error = KeyError::Truncated { point: KeyPoint::Ic(2) };
        assert_eq!(VerifyingKey::<Bn254>::from_bytes(&bytes, Compress::No), Err(error));
    }
    let mut bytes = key::<Bn254>("multiply.zkey").to_bytes(Compress::No);
    bytes.truncate(64 + 3 * 128);
    bytes.extend([0; 8]);
    let error = KeyError::Public { found: 0, expected: 1 };
    assert_eq!(VerifyingKey::<Bn254>::from_bytes(&bytes, Compress::No), Err(error));
}

#[test]
fn bytes_that_are_not_canonical_are_refused() {
    fn check<E: Curve>() {
        let proof = proof::<E>();
        for compress in BOTH {
            let bytes = proof.to_bytes(compress);
            // The flags are at one or the other end of a coordinate.
            for bit in (0..bytes.len() * 8).filter(|bit| !(8..120).contains(&(bit % 128))) {
                let mut changed = bytes.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                // Whatever is accepted is another proof, and is written as it was read.
                if let Ok(other) = Proof::<E>::from_bytes(&changed, compress) {
                    assert_ne!(other, proof, "bit {bit}");
                    assert_eq!(other.to_bytes(compress), changed, "bit {bit}");
                }
            }
        }
    }
    check::<Bn254>();
    check::<Bls12_381>();
    // x + q instead of x.
    let mut x = Fq::from(1).into_bigint();
    x.add_with_carry(&Fq::MODULUS);
    let mut bytes = proof::<Bn254>().to_bytes(Compress::No);
    bytes[..32].copy_from_slice(&x.to_bytes_le());
    let error = ProofError::Point { point: "A", reason: PointError::Encoding };
    assert_eq!(Proof::<Bn254>::from_bytes(&bytes, Compress::No), Err(error));
}

#[test]
fn points_must_be_in_their_groups_and_not_the_identity() {
    let good = proof::<Bn254>();
    let refused = |proof: Proof<Bn254>, point, reason, modes: &[Compress]| {
        for compress in modes {
            let error = Proof::<Bn254>::from_bytes(&proof.to_bytes(*compress), *compress);
            assert_eq!(error, Err(ProofError::Point { point, reason }));
        }
    };
    let (g1, g2) = (ark_bn254::G1Affine::identity(), ark_bn254::G2Affine::identity());
    refused(Proof { a: g1, ..good }, "A", PointError::Identity, &BOTH);
    refused(Proof { b: g2, ..good }, "B", PointError::Identity, &BOTH);
    refused(Proof { c: g1, ..good }, "C", PointError::Identity, &BOTH);
    for order in [10069, 5_864_401] {
        let small = crate::points::of_cofactor_order(order);
        refused(Proof { b: small, ..good }, "B", PointError::Subgroup, &BOTH);
        // The sum has a large order, and is not in the group either.
        let sum = (good.b + small).into();
        refused(Proof { b: sum, ..good }, "B", PointError::Subgroup, &BOTH);
    }
    let off_curve = ark_bn254::G1Affine::new_unchecked(Fq::from(1), Fq::from(3));
    refused(Proof { c: off_curve, ..good }, "C", PointError::OffCurve, &[Compress::No]);
}

#[test]
fn keys_with_which_anybody_can_forge_are_refused() {
    let good = key::<Bn254>("multiply.zkey");
    let refused = |key: VerifyingKey<Bn254>, error: KeyError| {
        for compress in BOTH {
            assert_eq!(
                VerifyingKey::<Bn254>::from_bytes(&key.to_bytes(compress), compress),
                Err(error),
                "{error}"
            );
        }
    };
    let generator = ark_bn254::G2Affine::generator();
    assert_eq!(good.gamma_g2, generator, "snarkjs sets gamma to the generator");
    let other = (generator * Fr::from(9)).into();
    refused(VerifyingKey { delta_g2: good.gamma_g2, ..good.clone() }, KeyError::GammaIsDelta);
    refused(VerifyingKey { gamma_g2: good.delta_g2, ..good.clone() }, KeyError::GammaIsDelta);
    refused(
        VerifyingKey { gamma_g2: other, delta_g2: generator, ..good.clone() },
        KeyError::DeltaIsGenerator,
    );
    let minus_generator = (-generator.into_group()).into();
    refused(
        VerifyingKey { gamma_g2: other, delta_g2: minus_generator, ..good.clone() },
        KeyError::DeltaIsGenerator,
    );
    let identity = ark_bn254::G2Affine::identity();
    let named = |point| KeyError::Point { point, reason: PointError::Identity };
    refused(VerifyingKey { beta_g2: identity, ..good.clone() }, named(KeyPoint::Beta));
    refused(VerifyingKey { gamma_g2: identity, ..good.clone() }, named(KeyPoint::Gamma));
    refused(VerifyingKey { delta_g2: identity, ..good.clone() }, named(KeyPoint::Delta));
    let identity = ark_bn254::G1Affine::identity();
    refused(VerifyingKey { alpha_g1: identity, ..good.clone() }, named(KeyPoint::Alpha));
    for index in 0..2 {
        let mut key = good.clone();
        key.gamma_abc_g1[index] = identity;
        refused(key, named(KeyPoint::Ic(index)));
    }
    assert_eq!(good.check(1), Ok(()));
    assert_eq!(good.check(0), Err(KeyError::Public { found: 2, expected: 1 }));
    assert_eq!(good.check(2), Err(KeyError::Public { found: 2, expected: 3 }));
}
