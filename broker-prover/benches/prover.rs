//! Proofs by each prover and by ark-groth16, verification of one proof and of batches, and what is computed when a key
//! is loaded. All on one thread, BN254, with random witnesses; a proof includes the check of the constraints and not its
//! verification.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, missing_docs)]

#[path = "../tests/math/circuits.rs"]
#[allow(dead_code)]
mod circuits;
#[path = "../tests/math/reference.rs"]
#[allow(dead_code)]
mod reference;

use std::sync::Arc;

use ark_bn254::{Bn254, Fr};
use ark_ff::UniformRand;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use ark_std::rand::{SeedableRng, rngs::StdRng};
use broker_prover::{
    interrupt::Never,
    kernel::Kernel,
    key::CircuitKey,
    proof::Proof,
    prove::{Blinding, Tier},
    setup,
    verify::{BatchItem, BatchLimits, PreparedVerifyingKey},
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use crate::{circuits::Circuit, reference::ReferenceKey};

fn key(circuit: &Circuit<Fr>, rng: &mut StdRng) -> Arc<CircuitKey<Bn254>> {
    Arc::new(setup::single_party(circuit.constraints.clone(), rng, &Never).unwrap())
}

fn prove(criterion: &mut Criterion) {
    let mut rng = StdRng::seed_from_u64(1);
    let tables = Tier::Tables { width: 8 };
    let shifted = Tier::Shifted { copies: usize::MAX };
    for (name, circuit, tiers) in [
        ("multiply", circuits::multiply(&mut rng), vec![tables, shifted]),
        ("cube_root", circuits::cube_root(&mut rng), vec![tables, shifted]),
        ("chain-30", circuits::chain(30, &mut rng), vec![tables, shifted]),
        ("payment-like", circuits::payment_like(&mut rng), vec![shifted, Tier::Buckets]),
        ("chain-10000", circuits::chain(10_000, &mut rng), vec![shifted, Tier::Buckets]),
    ] {
        let mut group = criterion.benchmark_group(format!("prove/{name}"));
        group.sample_size(10);
        let key = key(&circuit, &mut rng);
        let assignment = circuit.assignment();
        let reference = ReferenceKey::new(&key);
        group.bench_function("ark-groth16", |bencher| {
            bencher.iter(|| {
                key.constraints.check(&assignment, &Never).unwrap();
                reference.prove(Fr::rand(&mut rng), Fr::rand(&mut rng), &circuit.values)
            });
        });
        for tier in [Tier::Arkworks].into_iter().chain(tiers) {
            let prover = tier.prover(&key, Kernel::detect(), &Never).unwrap();
            group.bench_function(prover.name(), |bencher| {
                bencher.iter(|| {
                    key.constraints.check(&assignment, &Never).unwrap();
                    prover.prove(&assignment, &Blinding::random(&mut rng), &Never).unwrap()
                });
            });
        }
    }
}

fn verify(criterion: &mut Criterion) {
    let mut rng = StdRng::seed_from_u64(2);
    let circuit = circuits::multiply(&mut rng);
    let key = key(&circuit, &mut rng);
    let prover =
        Tier::choose(&key, 64 << 20, Kernel::detect()).prover(&key, Kernel::detect(), &Never).unwrap();
    let proofs: Vec<Proof<Bn254>> = (0..64)
        .map(|_| prover.prove(&circuit.assignment(), &Blinding::random(&mut rng), &Never).unwrap())
        .collect();
    let prepared = PreparedVerifyingKey::new(key.proving.verifying.clone()).unwrap();

    let mut group = criterion.benchmark_group("verify");
    group.bench_function("cold", |bencher| {
        bencher.iter(|| {
            let prepared = PreparedVerifyingKey::new(key.proving.verifying.clone()).unwrap();
            assert_eq!(prepared.verify(&proofs[0], circuit.public()), Ok(true));
        });
    });
    group.bench_function("prepared", |bencher| {
        bencher.iter(|| assert_eq!(prepared.verify(&proofs[0], circuit.public()), Ok(true)));
    });
    let reference = ReferenceKey::new(&key);
    group.bench_function("ark-groth16 cold", |bencher| {
        bencher.iter(|| assert!(reference.verify(&proofs[0], circuit.public())));
    });
    let mut bytes = Vec::new();
    proofs[0].serialize_uncompressed(&mut bytes).unwrap();
    group.bench_function("decode and check a proof", |bencher| {
        bencher.iter(|| Proof::<Bn254>::deserialize_uncompressed(bytes.as_slice()).unwrap());
    });
    for count in [4, 16, 64] {
        let items: Vec<_> =
            proofs[..count].iter().map(|proof| BatchItem { proof, public: circuit.public() }).collect();
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("batch of {count}"), |bencher| {
            bencher.iter(|| {
                let verdicts =
                    prepared.verify_batch(&items, BatchLimits::default(), &mut rng, &Never).unwrap();
                assert!(verdicts.iter().all(|verdict| *verdict));
            });
        });
    }
}

fn load(criterion: &mut Criterion) {
    let mut rng = StdRng::seed_from_u64(3);
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    for (name, circuit, tier) in [
        ("multiply", circuits::multiply(&mut rng), Tier::Tables { width: 8 }),
        ("payment-like", circuits::payment_like(&mut rng), Tier::Shifted { copies: usize::MAX }),
        ("chain-10000", circuits::chain(10_000, &mut rng), Tier::Buckets),
    ] {
        let key = key(&circuit, &mut rng);
        group.bench_function(format!("{name} {tier:?}"), |bencher| {
            bencher.iter(|| tier.prover(&key, Kernel::detect(), &Never).unwrap().bytes());
        });
    }
}

criterion_group!(benches, prove, verify, load);
criterion_main!(benches);
