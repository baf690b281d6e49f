//! Verification of one proof and of batches.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use ark_bls12_381::Bls12_381;
use ark_bn254::{Bn254, Fr};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{Field, One};
use ark_std::rand::{RngCore, SeedableRng, rngs::StdRng};
use broker_prover::{
    curve::Curve,
    interrupt::{Interrupted, Never},
    key::{CircuitKey, VerifyingKey},
    proof::Proof,
    prove::{Arkworks, Blinding, Prover},
    setup,
    verify::{BatchError, BatchItem, BatchLimits, KeyWithoutPoints, PreparedVerifyingKey, PublicInputsError},
};

use crate::{
    circuits::{self, Circuit},
    reference::ReferenceKey,
};

struct Statements<E: Curve> {
    key: PreparedVerifyingKey<E>,
    reference: ReferenceKey<E>,
    items: Vec<(Proof<E>, Vec<E::ScalarField>)>,
}

impl<E: Curve> Statements<E> {
    /// `count` proofs of the same statement, each with randomness of its own.
    fn new(circuit: &Circuit<E::ScalarField>, count: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(20);
        let key: CircuitKey<E> = setup::single_party(circuit.constraints.clone(), &mut rng, &Never).unwrap();
        let key = Arc::new(key);
        let prover = Arkworks::new(Arc::clone(&key)).unwrap();
        let assignment = circuit.assignment();
        let items = (0..count)
            .map(|_| {
                let proof = prover.prove(&assignment, &Blinding::random(&mut rng), &Never).unwrap();
                (proof, circuit.public().to_vec())
            })
            .collect();
        Self {
            reference: ReferenceKey::new(&key),
            key: PreparedVerifyingKey::new(key.proving.verifying.clone()).unwrap(),
            items,
        }
    }

    fn batch(&self, limits: BatchLimits) -> Result<Vec<bool>, BatchError> {
        self.batch_with(limits, &mut StdRng::seed_from_u64(21))
    }

    fn batch_with(&self, limits: BatchLimits, rng: &mut StdRng) -> Result<Vec<bool>, BatchError> {
        let items: Vec<_> = self.items.iter().map(|(proof, public)| BatchItem { proof, public }).collect();
        self.key.verify_batch(&items, limits, rng, &Never)
    }

    /// Makes a proof wrong without making it malformed.
    fn spoil(&mut self, index: usize) {
        let (proof, _) = &mut self.items[index];
        proof.c = (proof.c + E::G1::generator()).into_affine();
    }
}

fn agrees<E: Curve>() {
    let mut rng = StdRng::seed_from_u64(22);
    let mut statements = Statements::<E>::new(&circuits::bits_and_chain(64, 3, &mut rng), 2);
    statements.spoil(1);
    for (index, (proof, public)) in statements.items.iter().enumerate() {
        assert_eq!(statements.key.verify(proof, public), Ok(index == 0));
        assert_eq!(statements.reference.verify(proof, public), index == 0);
    }
    let (proof, public) = &statements.items[0];
    let other = [public[0] + E::ScalarField::one()];
    assert_eq!(statements.key.verify(proof, &other), Ok(false));
    let minus_a = (-proof.a.into_group()).into_affine();
    for part in [Proof { a: minus_a, ..*proof }, Proof { c: E::G1Affine::zero(), ..*proof }] {
        assert_eq!(statements.key.verify(&part, public), Ok(false));
    }
    let zero = Proof { a: E::G1Affine::zero(), b: E::G2Affine::zero(), c: E::G1Affine::zero() };
    assert_eq!(statements.key.verify(&zero, public), Ok(false));
}

#[test]
fn verdicts_are_those_of_ark_groth16() {
    agrees::<Bn254>();
    agrees::<Bls12_381>();
}

/// Whoever has a proof can make others of the same statement, so no proof identifies anything.
#[test]
fn a_second_proof_is_made_from_the_first_without_the_witness() {
    let circuit = circuits::multiply(&mut StdRng::seed_from_u64(19));
    let statements = Statements::<Bn254>::new(&circuit, 1);
    let (first, public) = &statements.items[0];
    let factor = Fr::from(7);
    let second = Proof {
        a: (first.a * factor).into_affine(),
        b: (first.b * factor.inverse().unwrap()).into_affine(),
        c: first.c,
    };
    assert_ne!(second, *first);
    assert_eq!(statements.key.verify(&second, public), Ok(true));
}

/// The rule that ark-groth16 does not have: it takes missing public inputs for zeros and ignores surplus ones.
#[test]
fn the_number_of_public_inputs_is_exact() {
    let mut rng = StdRng::seed_from_u64(23);
    let mut circuit = circuits::multiply::<Fr>(&mut rng);
    circuit.values[1..].fill(Fr::from(0));
    let statements = Statements::<Bn254>::new(&circuit, 1);
    let (proof, public) = &statements.items[0];
    assert_eq!(statements.key.verify(proof, public), Ok(true));
    assert!(
        statements.reference.verify(proof, &[]),
        "ark-groth16 has learnt to count; the ADR says otherwise"
    );
    let surplus = [public.as_slice(), &[Fr::from(7)]].concat();
    for wrong in [&[][..], &surplus] {
        let error = PublicInputsError { found: wrong.len(), expected: 1 };
        assert_eq!(statements.key.verify(proof, wrong), Err(error));
        let item = BatchItem { proof, public: wrong };
        let right = BatchItem { proof, public };
        let result = statements.key.verify_batch(&[right, item], BatchLimits::default(), &mut rng, &Never);
        assert_eq!(result, Err(BatchError::PublicInputs { index: 1, error }));
    }
}

#[test]
fn one_wrong_proof_among_64_is_named() {
    let circuit = circuits::multiply(&mut StdRng::seed_from_u64(24));
    let mut statements = Statements::<Bn254>::new(&circuit, 64);
    assert_eq!(statements.batch(BatchLimits::default()), Ok(vec![true; 64]));
    statements.spoil(41);
    let expected: Vec<_> = (0..64).map(|index| index != 41).collect();
    for parts in [0, 1, 2, 3, 32] {
        let limits = BatchLimits { parts, ..BatchLimits::default() };
        assert_eq!(statements.batch(limits), Ok(expected.clone()), "{parts} parts");
    }
}

#[test]
fn every_set_of_wrong_items_is_named() {
    let circuit = circuits::cube_root(&mut StdRng::seed_from_u64(25));
    for wrong in [&[0][..], &[10], &[4, 5], &[0, 3, 9], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]] {
        let mut statements = Statements::<Bn254>::new(&circuit, 11);
        wrong.iter().for_each(|index| statements.spoil(*index));
        let expected: Vec<_> = (0..11).map(|index| !wrong.contains(&index)).collect();
        for parts in [0, 2, 32] {
            let limits = BatchLimits { parts, ..BatchLimits::default() };
            assert_eq!(statements.batch(limits), Ok(expected.clone()), "{wrong:?}, {parts} parts");
        }
    }
}

/// Two errors that cancel each other out are found, because each item has a coefficient of its own.
#[test]
fn errors_that_add_up_to_nothing_are_found() {
    let circuit = circuits::multiply(&mut StdRng::seed_from_u64(26));
    let mut statements = Statements::<Bls12_381>::new(&circuit, 3);
    statements.spoil(0);
    let (proof, _) = &mut statements.items[2];
    proof.c = (proof.c - <Bls12_381 as ark_ec::pairing::Pairing>::G1::generator()).into_affine();
    assert_eq!(statements.batch(BatchLimits::default()), Ok(vec![false, true, false]));
}

/// Who knows the coefficients can choose errors that cancel each other out. Here the first item's is multiplied by the
/// second coefficient, and the reverse. With all 128 bits of other coefficients, both are found.
#[test]
fn coefficients_are_128_bits_of_the_callers_randomness() {
    let circuit = circuits::multiply(&mut StdRng::seed_from_u64(30));
    let mut statements = Statements::<Bn254>::new(&circuit, 2);
    let rng = || StdRng::seed_from_u64(31);
    let mut same = rng();
    let [first, second] = [(); 2].map(|()| {
        let (high, low) = (same.next_u64(), same.next_u64());
        Fr::from(u128::from(high) << 64 | u128::from(low))
    });
    for (index, scalar) in [(0, second), (1, -first)] {
        let (proof, _) = &mut statements.items[index];
        proof.c = (proof.c + ark_bn254::G1Affine::generator() * scalar).into_affine();
    }
    assert_eq!(statements.batch_with(BatchLimits::default(), &mut rng()), Ok(vec![true; 2]));
    let other = &mut StdRng::seed_from_u64(32);
    assert_eq!(statements.batch_with(BatchLimits::default(), other), Ok(vec![false; 2]));
}

/// Coefficients are drawn when all items have been accepted, so that nothing can be learnt of them before.
#[test]
fn a_batch_that_is_refused_draws_nothing() {
    let circuit = circuits::multiply(&mut StdRng::seed_from_u64(33));
    let mut statements = Statements::<Bn254>::new(&circuit, 2);
    let mut rng = StdRng::seed_from_u64(34);
    let too_large = BatchLimits { items: 1, ..BatchLimits::default() };
    assert!(statements.batch_with(too_large, &mut rng).is_err());
    statements.items[1].1.clear();
    assert!(statements.batch_with(BatchLimits::default(), &mut rng).is_err());
    assert_eq!(rng.next_u64(), StdRng::seed_from_u64(34).next_u64());
}

#[test]
fn a_batch_may_be_empty_but_not_too_large() {
    let circuit = circuits::multiply(&mut StdRng::seed_from_u64(27));
    let mut statements = Statements::<Bn254>::new(&circuit, 3);
    let limits = BatchLimits { items: 2, ..BatchLimits::default() };
    assert_eq!(statements.batch(limits), Err(BatchError::TooManyItems { found: 3, limit: 2 }));
    statements.items.clear();
    assert_eq!(statements.batch(limits), Ok(Vec::new()));
}

#[test]
fn a_batch_can_be_interrupted_at_each_step() {
    let circuit = circuits::multiply(&mut StdRng::seed_from_u64(28));
    let mut statements = Statements::<Bn254>::new(&circuit, 6);
    statements.spoil(5);
    let items: Vec<_> = statements.items.iter().map(|(proof, public)| BatchItem { proof, public }).collect();
    let run = |allowed: usize| {
        let asked = AtomicUsize::new(0);
        let interrupt = || asked.fetch_add(1, Ordering::Relaxed) >= allowed;
        let mut rng = StdRng::seed_from_u64(29);
        let result = statements.key.verify_batch(&items, BatchLimits::default(), &mut rng, &interrupt);
        (result, asked.into_inner())
    };
    let (result, steps) = run(usize::MAX);
    assert_eq!(result, Ok(vec![true, true, true, true, true, false]));
    // Two groups, the whole batch, one half, and the two items of the other.
    assert_eq!(steps, 6);
    for allowed in 0..steps {
        assert_eq!(run(allowed).0, Err(BatchError::Interrupted(Interrupted)), "after {allowed} steps");
    }
}

#[test]
fn a_key_without_points_is_refused() {
    let generator = ark_bn254::G2Affine::generator();
    let key = VerifyingKey::<Bn254> {
        alpha_g1: ark_bn254::G1Affine::generator(),
        beta_g2: generator,
        gamma_g2: generator,
        delta_g2: generator,
        gamma_abc_g1: Vec::new(),
    };
    assert_eq!(PreparedVerifyingKey::new(key).err(), Some(KeyWithoutPoints));
}
