//! The setup against ark-groth16's generator.

use ark_bls12_381::Bls12_381;
use ark_bn254::Bn254;
use ark_ec::{AffineRepr, PrimeGroup};
use ark_ff::{One, UniformRand};
use ark_groth16::Groth16;
use ark_std::rand::{SeedableRng, rngs::StdRng};
use broker_prover::{
    constraint_system::MalformedConstraints,
    curve::Curve,
    interrupt::{Interrupted, Never},
    key::CircuitKey,
    setup::{self, SetupError},
};

use crate::{
    circuits::{self, Circuit},
    reference::{self, CircomReduction, ReferenceKey, Synthesizer},
};

type Circuits<F> = Vec<(&'static str, Circuit<F>)>;

fn circuits<E: Curve>() -> Circuits<E::ScalarField> {
    let mut rng = StdRng::seed_from_u64(10);
    vec![
        ("multiply", circuits::multiply(&mut rng)),
        ("cube_root", circuits::cube_root(&mut rng)),
        ("a full domain", circuits::chain(14, &mut rng)),
        ("bits", circuits::bits_and_chain(64, 40, &mut rng)),
    ]
}

/// The same secrets give the same key, point by point.
fn agrees<E: Curve>() {
    for (name, circuit) in circuits::<E>() {
        let ours: CircuitKey<E> =
            setup::single_party(circuit.constraints.clone(), &mut StdRng::seed_from_u64(11), &Never).unwrap();
        let mut rng = StdRng::seed_from_u64(11);
        let [alpha, beta, delta] = [(); 3].map(|()| E::ScalarField::rand(&mut rng));
        let theirs = Groth16::<E, CircomReduction>::generate_parameters_with_qap(
            Synthesizer(&circuit.constraints),
            alpha,
            beta,
            E::ScalarField::one(),
            delta,
            E::G1::generator(),
            E::G2::generator(),
            &mut rng,
        )
        .unwrap();
        assert!(ours.proving == reference::from_reference(theirs), "{name}");
        ours.validate().unwrap();
    }
}

#[test]
fn the_same_secrets_give_the_key_of_ark_groth16() {
    agrees::<Bn254>();
    agrees::<Bls12_381>();
}

fn reference_proves<E: Curve>() {
    for (name, circuit) in circuits::<E>() {
        let mut rng = StdRng::seed_from_u64(12);
        let key: CircuitKey<E> = setup::single_party(circuit.constraints.clone(), &mut rng, &Never).unwrap();
        let reference = ReferenceKey::new(&key);
        let (r, s) = (E::ScalarField::rand(&mut rng), E::ScalarField::rand(&mut rng));
        let proof = reference.prove(r, s, &circuit.values);
        assert!(reference.verify(&proof, circuit.public()), "{name}");
        let mut wrong = circuit.values.clone();
        *wrong.last_mut().unwrap() += E::ScalarField::one();
        let proof = reference.prove(r, s, &wrong);
        assert!(!reference.verify(&proof, circuit.public()), "{name}");
    }
}

#[test]
fn ark_groth16_proves_and_verifies_with_our_keys() {
    reference_proves::<Bn254>();
    reference_proves::<Bls12_381>();
}

#[test]
fn a_key_has_no_point_that_a_reader_of_keys_refuses() {
    for (name, circuit) in circuits::<Bn254>() {
        let mut rng = StdRng::seed_from_u64(13);
        let key: CircuitKey<Bn254> = setup::single_party(circuit.constraints, &mut rng, &Never).unwrap();
        let verifying = &key.proving.verifying;
        let generator = <Bn254 as ark_ec::pairing::Pairing>::G2Affine::generator();
        assert_eq!(verifying.gamma_g2, generator);
        assert_ne!(verifying.delta_g2, generator);
        assert!(verifying.gamma_abc_g1.iter().all(|point| !point.is_zero()), "{name}");
        assert!(
            !verifying.alpha_g1.is_zero() && !verifying.beta_g2.is_zero() && !verifying.delta_g2.is_zero()
        );
    }
}

#[test]
fn constraints_that_do_not_belong_together_are_refused() {
    let mut rng = StdRng::seed_from_u64(14);
    let right = circuits::multiply::<ark_bn254::Fr>(&mut rng).constraints;
    let mut without_c = right.clone();
    without_c.c = None;
    let mut unknown_signal = right.clone();
    unknown_signal.signals = 3;
    let mut short_c = right.clone();
    short_c.c = Some(broker_prover::matrix::Matrix::default());
    let mut public = right;
    public.public = 4;
    for (constraints, error) in [
        (without_c, SetupError::UnknownC),
        (unknown_signal, MalformedConstraints::Signal { constraint: 0, signals: 3 }.into()),
        (short_c, MalformedConstraints::Rows { found: 0, expected: 1 }.into()),
        (public, MalformedConstraints::Public { public: 4, signals: 4 }.into()),
    ] {
        let result = setup::single_party::<Bn254>(constraints, &mut rng, &Never);
        assert_eq!(result.err(), Some(error));
    }
}

#[test]
fn an_interrupt_ends_a_setup() {
    let mut rng = StdRng::seed_from_u64(15);
    let circuit = circuits::multiply::<ark_bn254::Fr>(&mut rng);
    let result = setup::single_party::<Bn254>(circuit.constraints, &mut rng, &|| true);
    assert_eq!(result.err(), Some(SetupError::Interrupted(Interrupted)));
}
