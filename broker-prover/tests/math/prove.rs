//! Provers against ark-groth16, and the verification of every proof.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use ark_bls12_381::Bls12_381;
use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{One, UniformRand, Zero};
use ark_std::rand::{CryptoRng, RngCore, SeedableRng, rngs::StdRng};
use broker_prover::{
    assignment::{Assignment, AssignmentError},
    constraint_system::Unsatisfied,
    curve::Curve,
    interrupt::{Interrupt, Interrupted, Never},
    kernel::Kernel,
    key::{CircuitKey, MalformedKey},
    proof::Proof,
    prove::{Arkworks, Blinding, Estimate, ProveError, Prover, ProverError, SelfVerified, Tier},
    setup,
};

use crate::{
    circuits::{self, Circuit},
    reference::ReferenceKey,
};

fn key<E: Curve>(circuit: &Circuit<E::ScalarField>) -> Arc<CircuitKey<E>> {
    let mut rng = StdRng::seed_from_u64(30);
    Arc::new(setup::single_party(circuit.constraints.clone(), &mut rng, &Never).unwrap())
}

/// All provers.
fn provers<E: Curve>(key: &Arc<CircuitKey<E>>) -> Vec<Box<dyn Prover<E>>> {
    let mut tiers = vec![
        Tier::Arkworks,
        Tier::Shifted { copies: usize::MAX },
        Tier::Shifted { copies: 3 },
        Tier::Buckets,
    ];
    // Tables of many bases would take most of the tests' time.
    match key.constraints.constraints() {
        0..10 => tiers.extend([3, 8].map(|width| Tier::Tables { width })),
        10..300 => tiers.push(Tier::Tables { width: 4 }),
        _ => (),
    }
    let kernels = [Kernel::PORTABLE, Kernel::detect()];
    let provers = kernels
        .into_iter()
        .flat_map(|kernel| tiers.iter().map(move |tier| tier.prover(key, kernel, &Never).unwrap()));
    provers.collect()
}

fn arkworks<E: Curve>(key: &Arc<CircuitKey<E>>) -> Box<dyn Prover<E>> {
    Box::new(Arkworks::new(Arc::clone(key)).unwrap())
}

/// For the same randomness, every prover gives the proof of ark-groth16.
fn agrees<E: Curve>(name: &str, circuit: &Circuit<E::ScalarField>) {
    let key = key::<E>(circuit);
    let reference = ReferenceKey::new(&key);
    let mut rng = StdRng::seed_from_u64(38);
    let (r, s) = (E::ScalarField::rand(&mut rng), E::ScalarField::rand(&mut rng));
    let expected = reference.prove(r, s, &circuit.values);
    for prover in provers(&key) {
        let blinding = Blinding::random(&mut StdRng::seed_from_u64(38));
        let proof = prover.prove(&circuit.assignment(), &blinding, &Never).unwrap();
        assert_eq!(proof, expected, "{name} by {}", prover.name());
    }
}

fn all_agree<E: Curve>() {
    let mut rng = StdRng::seed_from_u64(31);
    for (name, circuit) in [
        ("an empty circuit", circuits::empty()),
        ("multiply", circuits::multiply(&mut rng)),
        ("cube_root", circuits::cube_root(&mut rng)),
        ("a full domain", circuits::chain(14, &mut rng)),
        ("bits", circuits::bits_and_chain(128, 100, &mut rng)),
    ] {
        agrees::<E>(name, &circuit);
    }
    for number in 0..12 {
        agrees::<E>(&format!("random circuit {number}"), &circuits::random(&mut rng));
    }
}

#[test]
fn provers_agree_with_ark_groth16_on_bn254() {
    all_agree::<Bn254>();
}

#[test]
fn provers_agree_with_ark_groth16_on_bls12_381() {
    all_agree::<Bls12_381>();
}

/// With r and s of 0 and 1, and a witness of zeros, points are at infinity and additions are doublings.
#[test]
fn provers_agree_with_edge_values() {
    struct Constant(u64);

    impl RngCore for Constant {
        fn next_u32(&mut self) -> u32 {
            self.next_u64() as u32
        }

        fn next_u64(&mut self) -> u64 {
            self.0
        }

        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0 as u8);
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), ark_std::rand::Error> {
            self.fill_bytes(bytes);
            Ok(())
        }
    }

    impl CryptoRng for Constant {}

    let mut rng = StdRng::seed_from_u64(39);
    let mut zeros = circuits::multiply::<Fr>(&mut rng);
    zeros.values[1..].fill(Fr::zero());
    let mut ones = circuits::cube_root::<Fr>(&mut rng);
    ones.values.fill(Fr::one());
    for circuit in [zeros, ones, circuits::payment_like(&mut rng)] {
        let key = key::<Bn254>(&circuit);
        let reference = ReferenceKey::new(&key);
        for word in [0, 1] {
            let random = Fr::rand(&mut Constant(word));
            let expected = reference.prove(random, random, &circuit.values);
            for prover in provers(&key) {
                let blinding = Blinding::random(&mut Constant(word));
                let proof = prover.prove(&circuit.assignment(), &blinding, &Never).unwrap();
                assert_eq!(proof, expected, "{} with {random}", prover.name());
            }
        }
    }
}

/// A base that occurs twice, its opposite, and points at infinity where setup makes none. The proof verifies nothing, but
/// it is the same by all provers.
#[test]
fn provers_agree_on_keys_with_repeated_opposite_and_infinite_points() {
    let mut rng = StdRng::seed_from_u64(42);
    let circuit = circuits::bits_and_chain::<Fr>(64, 20, &mut rng);
    let mut key = CircuitKey::clone(&key::<Bn254>(&circuit));
    let proving = &mut key.proving;
    let generator = G1Projective::generator().into_affine();
    for query in [&mut proving.a_query, &mut proving.b_g1_query, &mut proving.l_query, &mut proving.h_query] {
        for (index, point) in query.iter_mut().enumerate() {
            match index % 5 {
                0 | 1 => *point = generator,
                2 => *point = -generator,
                3 => *point = G1Affine::zero(),
                _ => (),
            }
        }
    }
    for (index, point) in proving.b_g2_query.iter_mut().enumerate() {
        match index % 3 {
            0 => *point = G2Projective::generator().into_affine(),
            1 => *point = G2Affine::zero(),
            _ => (),
        }
    }
    // δ is a base like the others.
    proving.delta_g1 = generator;
    let key = Arc::new(key);
    let expected = ReferenceKey::new(&key);
    for witness in [circuit.values.clone(), vec![Fr::one(); circuit.values.len()]] {
        let mut seed = StdRng::seed_from_u64(38);
        let (r, s) = (Fr::rand(&mut seed), Fr::rand(&mut seed));
        let expected = expected.prove(r, s, &witness);
        for prover in provers(&key) {
            let assignment = Assignment::new(witness.clone(), witness.len()).unwrap();
            let blinding = Blinding::random(&mut StdRng::seed_from_u64(38));
            let proof = prover.prove(&assignment, &blinding, &Never).unwrap();
            assert_eq!(proof, expected, "{}", prover.name());
        }
    }
}

/// One prover serves many threads, and a scheduler may keep it where it likes.
#[test]
fn a_prover_is_used_by_many_threads() {
    let mut rng = StdRng::seed_from_u64(43);
    let circuit = circuits::multiply(&mut rng);
    let key = key::<Bn254>(&circuit);
    let prover =
        Tier::choose(&key, 64 << 20, Kernel::detect()).prover(&key, Kernel::detect(), &Never).unwrap();
    let prover = Arc::new(SelfVerified::new(prover, &key).unwrap());
    let threads: Vec<_> = (0..4)
        .map(|seed| {
            let (prover, assignment) = (Arc::clone(&prover), circuit.assignment());
            thread::spawn(move || prover.prove(&assignment, &mut StdRng::seed_from_u64(seed), &Never))
        })
        .collect();
    for thread in threads {
        let proven = thread.join().unwrap().unwrap();
        assert_eq!(prover.verifying_key().verify(&proven.proof, circuit.public()), Ok(true));
    }
}

/// A slower tier has a larger estimate, and so has a larger circuit.
#[test]
fn estimates_tell_fast_tiers_from_slow_ones() {
    let mut rng = StdRng::seed_from_u64(44);
    let mut before = Duration::ZERO;
    for circuit in [
        circuits::multiply(&mut rng),
        circuits::chain(30, &mut rng),
        circuits::chain(300, &mut rng),
        circuits::chain(1_000, &mut rng),
    ] {
        let key = key::<Bn254>(&circuit);
        let times: Vec<_> = [64 << 20, 1 << 20, 0]
            .map(|budget| Tier::choose(&key, budget, Kernel::detect()).estimate(&key, Kernel::detect()).time)
            .into();
        assert!(times.is_sorted(), "{times:?}");
        assert!(times.last() <= Some(&Tier::Arkworks.estimate(&key, Kernel::detect()).time));
        assert!(times[0] > before);
        before = times[0];
    }
}

/// The tier that is chosen fits into its budget, and a larger budget never makes it worse.
#[test]
fn the_tier_depends_on_the_size_and_the_budget() {
    let mut rng = StdRng::seed_from_u64(40);
    let small = key::<Bn254>(&circuits::multiply(&mut rng));
    assert_eq!(Tier::choose(&small, 64 << 20, Kernel::detect()), Tier::Tables { width: 8 });
    assert_eq!(Tier::choose(&small, 0, Kernel::detect()), Tier::Buckets);
    let middle = key::<Bn254>(&circuits::payment_like(&mut rng));
    assert!(matches!(Tier::choose(&middle, 64 << 20, Kernel::detect()), Tier::Shifted { .. }));
    assert_eq!(Tier::choose(&middle, 0, Kernel::detect()), Tier::Buckets);
    for key in [small, key(&circuits::chain(30, &mut rng)), middle] {
        let kept = |tier: Tier| tier.prover(&key, Kernel::detect(), &Never).unwrap().bytes();
        let domain = kept(Tier::Buckets);
        for budget in [0, 20 << 10, 300 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20] {
            let tier = Tier::choose(&key, budget, Kernel::detect());
            let bytes = kept(tier) - domain;
            assert!(bytes <= budget, "{tier:?} keeps {bytes} bytes and may keep {budget}");
        }
    }
}

#[test]
fn tables_and_copies_can_be_interrupted() {
    let key = key::<Bn254>(&circuits::chain(20, &mut StdRng::seed_from_u64(41)));
    for tier in [Tier::Tables { width: 4 }, Tier::Shifted { copies: 64 }] {
        let result = tier.prover(&key, Kernel::detect(), &|| true);
        assert_eq!(result.err(), Some(ProverError::Interrupted(Interrupted)));
    }
}

/// A prover that makes well-formed but wrong proofs.
struct Planted<E: Curve>(Box<dyn Prover<E>>);

impl<E: Curve> Prover<E> for Planted<E> {
    fn name(&self) -> &'static str {
        "planted"
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }

    fn estimate(&self) -> Estimate {
        self.0.estimate()
    }

    fn prove(
        &self,
        assignment: &Assignment<E::ScalarField>,
        blinding: &Blinding<E::ScalarField>,
        interrupt: &dyn Interrupt,
    ) -> Result<Proof<E>, ProveError> {
        let proof = self.0.prove(assignment, blinding, interrupt)?;
        Ok(Proof { c: (proof.c + E::G1::generator()).into_affine(), ..proof })
    }
}

#[test]
fn a_wrong_prover_is_found_and_its_proof_is_not_released() {
    let mut rng = StdRng::seed_from_u64(32);
    let circuit = circuits::multiply(&mut rng);
    let key = key::<Bn254>(&circuit);
    let right = SelfVerified::new(arkworks(&key), &key).unwrap();
    let proven = right.prove(&circuit.assignment(), &mut rng, &Never).unwrap();
    assert!(ReferenceKey::new(&key).verify(&proven.proof, circuit.public()));

    let wrong = SelfVerified::new(Box::new(Planted(arkworks(&key))), &key).unwrap();
    let result = wrong.prove(&circuit.assignment(), &mut rng, &Never);
    assert_eq!(result.err(), Some(ProveError::Fault { prover: "planted" }));
}

#[test]
fn an_assignment_that_satisfies_nothing_has_no_proof() {
    let mut rng = StdRng::seed_from_u64(33);
    let mut circuit = circuits::chain(5, &mut rng);
    *circuit.values.last_mut().unwrap() += Fr::one();
    let key = key::<Bn254>(&circuit);
    for prover in [arkworks(&key), Box::new(Planted(arkworks(&key)))] {
        let prover = SelfVerified::new(prover, &key).unwrap();
        let result = prover.prove(&circuit.assignment(), &mut rng, &Never);
        assert_eq!(result.err(), Some(ProveError::WitnessUnsatisfied), "{}", prover.name());
    }
}

#[test]
fn each_attempt_has_randomness_of_its_own() {
    let mut rng = StdRng::seed_from_u64(34);
    let circuit = circuits::multiply(&mut rng);
    let key = key::<Bn254>(&circuit);
    let prover = SelfVerified::new(arkworks(&key), &key).unwrap();
    let [first, second] = [(); 2].map(|()| prover.prove(&circuit.assignment(), &mut rng, &Never).unwrap());
    assert_ne!(first.proof.a, second.proof.a);
    assert_ne!(first.proof.b, second.proof.b);
    assert_ne!(first.proof.c, second.proof.c);
}

#[test]
fn an_assignment_of_another_circuit_is_refused() {
    let mut rng = StdRng::seed_from_u64(35);
    let key = key::<Bn254>(&circuits::multiply(&mut rng));
    let other = circuits::chain(9, &mut rng);
    let error = AssignmentError::Length { found: other.values.len(), expected: 4 };
    for prover in provers(&key) {
        let result = prover.prove(&other.assignment(), &Blinding::random(&mut rng), &Never);
        assert_eq!(result, Err(error.into()), "{}", prover.name());
    }
}

#[test]
fn a_key_with_too_few_or_too_many_points_is_refused() {
    let mut rng = StdRng::seed_from_u64(36);
    let key = key::<Bn254>(&circuits::multiply(&mut rng));
    for (part, expected) in [
        ("gamma_abc_g1", 2),
        ("a_query", 4),
        ("b_g1_query", 4),
        ("b_g2_query", 4),
        ("l_query", 2),
        ("h_query", 4),
    ] {
        for more in [false, true] {
            let mut key = CircuitKey::clone(&key);
            let proving = &mut key.proving;
            let found = match part {
                "gamma_abc_g1" => resize(&mut proving.verifying.gamma_abc_g1, more),
                "a_query" => resize(&mut proving.a_query, more),
                "b_g1_query" => resize(&mut proving.b_g1_query, more),
                "b_g2_query" => resize(&mut proving.b_g2_query, more),
                "l_query" => resize(&mut proving.l_query, more),
                _ => resize(&mut proving.h_query, more),
            };
            let error = MalformedKey::Length { part, found, expected };
            assert_eq!(Arkworks::new(Arc::new(key)).err(), Some(ProverError::Key(error)));
        }
    }
}

fn resize<T: Clone>(points: &mut Vec<T>, more: bool) -> usize {
    if more {
        points.push(points[0].clone());
    } else {
        points.pop();
    }
    points.len()
}

/// Every question to the interrupt can end the work.
#[test]
fn a_proof_can_be_interrupted_at_each_step() {
    let mut rng = StdRng::seed_from_u64(37);
    let circuit = circuits::chain(70, &mut rng);
    let key = key::<Bn254>(&circuit);
    for prover in provers(&key) {
        let prover = SelfVerified::new(prover, &key).unwrap();
        let mut run = |allowed: usize| {
            let asked = AtomicUsize::new(0);
            let interrupt = || asked.fetch_add(1, Ordering::Relaxed) >= allowed;
            let result = prover.prove(&circuit.assignment(), &mut rng, &interrupt);
            (result.err(), asked.into_inner())
        };
        let (result, steps) = run(usize::MAX);
        assert_eq!(result, None);
        assert!(steps > 5, "{} asked {steps} times", prover.name());
        for allowed in 0..steps {
            assert_eq!(run(allowed).0, Some(Interrupted.into()), "{} after {allowed} steps", prover.name());
        }
    }
}

/// A check of constraints asks its interrupt again and again, and ends where it says so.
#[test]
fn a_check_of_constraints_can_be_interrupted() {
    let circuit = circuits::chain::<Fr>(5_000, &mut StdRng::seed_from_u64(38));
    let run = |allowed: usize| {
        let asked = AtomicUsize::new(0);
        let interrupt = || asked.fetch_add(1, Ordering::Relaxed) >= allowed;
        (circuit.constraints.check(&circuit.assignment(), &interrupt), asked.into_inner())
    };
    let (result, steps) = run(usize::MAX);
    assert_eq!(result, Ok(()));
    assert!(steps >= 3, "it asked {steps} times");
    for allowed in 0..steps {
        assert_eq!(run(allowed), (Err(Unsatisfied::Interrupted(Interrupted)), allowed + 1));
    }
}
