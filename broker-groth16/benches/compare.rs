//! Every prover beside ark-groth16: rounds of one proof by each, on one thread, with the same witness, key and domain.
//! A proof includes the check of the constraints and not its verification. Prints medians in milliseconds of the
//! thread's own time, so that other programs disturb little, and how many times faster than ark-groth16 each is. Then
//! the same for verification, and for reading the key from a `.zkey` whose hash is known.
//!
//! `cargo bench -p broker-groth16 --bench compare -- CIRCUIT… [--rounds N] [--profile tables|shifted|buckets]`
#![allow(clippy::indexing_slicing, clippy::unwrap_used, missing_docs)]

#[path = "../../broker-prover/tests/math/circuits.rs"]
#[allow(dead_code)]
mod circuits;
#[path = "../../broker-prover/tests/math/reference.rs"]
#[allow(dead_code)]
mod reference;

use std::{
    hint::black_box,
    sync::{Arc, Mutex},
    time::Duration,
};

use ark_bn254::{Bn254, Fr};
use ark_ff::UniformRand;
use ark_std::rand::{SeedableRng, rngs::StdRng};
use broker_groth16::{
    circuit::{BuiltIn, CircuitCurve, Value},
    file::zkey::{self, Zkey},
    interrupt::{Interrupt, Never},
    kernel::Kernel,
    key::CircuitKey,
    prove::{Blinding, Prover, Tier},
    setup,
    verify::{BatchItem, BatchLimits, PreparedVerifyingKey},
};
use rustix::time::{ClockId, clock_gettime};
use sha2::{Digest, Sha256};

use crate::{circuits::Circuit, reference::ReferenceKey};

/// The memory that the tiers may take, in bytes.
const BUDGET: usize = 64 << 20;

fn main() {
    let mut rounds = None;
    let mut profile = None;
    let mut names = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => (),
            "--rounds" => rounds = Some(arguments.next().unwrap().parse().unwrap()),
            "--profile" => profile = arguments.next(),
            name => names.push(name.to_owned()),
        }
    }
    if names.is_empty() {
        names = ["multiply", "cube_root", "10", "30", "100", "300", "payment", "1000"].map(Into::into).into();
    }
    for name in names {
        match &profile {
            Some(prover) => repeat(&name, prover, rounds.unwrap_or(100)),
            None => compare(&name, rounds),
        }
    }
}

/// Proofs by one prover alone, for a profiler.
fn repeat(name: &str, prover: &str, rounds: usize) {
    let mut rng = StdRng::seed_from_u64(1);
    let circuit = circuit(name, &mut rng);
    let assignment = circuit.assignment();
    let key = Arc::new(setup::single_party::<Bn254>(circuit.constraints.clone(), &mut rng, &Never).unwrap());
    let tier = match prover {
        "tables" => Tier::Tables { width: 8 },
        "shifted" => Tier::Shifted { copies: 64 },
        _ => Tier::Buckets,
    };
    let prover = tier.prover(&key, Kernel::detect(), &Never).unwrap();
    let times = (0..rounds).map(|_| {
        let blinding = Blinding::random(&mut rng);
        time(|| {
            black_box(prover.prove(&assignment, &blinding, &Never).unwrap());
        })
    });
    println!("{name}, {}: {:.3} ms", prover.name(), median(times.collect()));
}

fn circuit(name: &str, rng: &mut StdRng) -> Circuit<Fr> {
    match name {
        "multiply" => circuits::multiply(rng),
        "cube_root" => circuits::cube_root(rng),
        "payment" => payment(),
        "payment-like" => circuits::payment_like(rng),
        count => circuits::chain(count.parse().unwrap(), rng),
    }
}

/// The built-in circuit with a witness as a caller would give it.
fn payment() -> Circuit<Fr> {
    let payment = Bn254::circuit(BuiltIn::Payment).unwrap();
    let mut inputs = payment.inputs();
    for (name, value) in [
        ("minAmount", "25000"),
        ("recipient", "text:merchant-0042"),
        ("maxAge", "3600"),
        ("currentTime", "1790000000"),
        ("context", "text:GET /reports/2026-11"),
        ("amount", "31999"),
        ("sender", "text:0x52908400098527886E0F7030069857D2E4169EE7"),
        ("transaction", "text:5f1c2b0a9e8d7c6b5a49382716051423"),
        ("paymentTime", "1789999123"),
        ("secret", "1743987136548713469814365189736451987364519873645198736451987"),
        ("salt", "9823746598237465982374659823746598237465982374659823746598237"),
    ] {
        inputs.set(name, Value::from(value)).unwrap();
    }
    Circuit { values: inputs.assign().unwrap().values().to_vec(), constraints: payment.constraints().system }
}

fn compare(name: &str, rounds: Option<usize>) {
    let mut rng = StdRng::seed_from_u64(1);
    let circuit = circuit(name, &mut rng);
    let assignment = circuit.assignment();
    let key = Arc::new(setup::single_party::<Bn254>(circuit.constraints.clone(), &mut rng, &Never).unwrap());
    let reference = ReferenceKey::new(&key);
    let chosen = Tier::choose(&key, BUDGET, Kernel::detect());
    let domain = key.constraints.domain_size();
    let mut tiers = vec![Tier::Arkworks, Tier::Buckets];
    if domain <= 1 << 14 {
        tiers.extend([4, 64].map(|copies| Tier::Shifted { copies }));
    }
    if domain <= 256 {
        tiers.extend([6, 8].map(|width| Tier::Tables { width }));
    }
    if !tiers.contains(&chosen) {
        tiers.push(chosen);
    }
    println!("{name}: {} constraints, domain {domain}, chosen {chosen:?}", key.constraints.constraints());
    // The one that is chosen, and its like, also without vector instructions.
    let mut portable = vec![Tier::Buckets, Tier::choose(&key, BUDGET, Kernel::PORTABLE)];
    portable.dedup();
    let tiers: Vec<_> = tiers
        .into_iter()
        .map(|tier| (tier, Kernel::detect()))
        .chain(portable.into_iter().map(|tier| (tier, Kernel::PORTABLE)))
        .collect();
    let provers: Vec<_> = tiers
        .iter()
        .map(|(tier, kernel)| {
            let start = now();
            let prover = tier.prover(&key, *kernel, &Never).unwrap();
            (prover, now() - start)
        })
        .collect();

    let rounds = rounds.unwrap_or((1 << 20 >> domain.ilog2()).clamp(5, 301));
    let mut times = vec![Vec::new(); provers.len() + 1];
    for _ in 0..rounds {
        let (r, s) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
        times[0].push(time(|| {
            key.constraints.check(&assignment, &Never).unwrap();
            black_box(reference.prove(r, s, &circuit.values));
        }));
        for ((prover, _), times) in provers.iter().zip(&mut times[1..]) {
            let blinding = Blinding::random(&mut rng);
            times.push(time(|| {
                key.constraints.check(&assignment, &Never).unwrap();
                black_box(prover.prove(&assignment, &blinding, &Never).unwrap());
            }));
        }
    }
    let medians: Vec<f64> = times.into_iter().map(median).collect();
    println!("  {:34} {:9.3}", "ark-groth16", medians[0]);
    for (((prover, build), (tier, kernel)), median) in provers.iter().zip(&tiers).zip(&medians[1..]) {
        println!(
            "  {:34} {median:9.3}  x{:5.2}  estimate {:9.3}  {:8.2} MiB, made in {:8.1} ms, longest without a \
             question {:.1} ms",
            format!("{tier:?} {}", kernel.name()),
            medians[0] / median,
            prover.estimate().time.as_secs_f64() * 1e3,
            prover.bytes() as f64 / f64::from(1 << 20),
            build.as_secs_f64() * 1e3,
            longest_gap(&**prover, &circuit, &mut rng).as_secs_f64() * 1e3,
        );
    }
    verify(&key, &reference, &*provers[provers.len() - 1].0, &circuit, &mut rng);
    load(&key);
}

/// One proof, and each of a batch of 64.
fn verify(
    key: &CircuitKey<Bn254>,
    reference: &ReferenceKey<Bn254>,
    prover: &dyn Prover<Bn254>,
    circuit: &Circuit<Fr>,
    rng: &mut StdRng,
) {
    let proofs: Vec<_> = (0..4)
        .map(|_| prover.prove(&circuit.assignment(), &Blinding::random(rng), &Never).unwrap())
        .collect();
    let items: Vec<_> =
        proofs.iter().cycle().take(64).map(|proof| BatchItem { proof, public: circuit.public() }).collect();
    let prepared = PreparedVerifyingKey::new(key.proving.verifying.clone()).unwrap();
    let mut times = [(); 3].map(|()| Vec::new());
    for _ in 0..9 {
        times[0].push(time(|| assert!(reference.verify(&proofs[0], circuit.public()))));
        times[1].push(time(|| assert_eq!(prepared.verify(&proofs[0], circuit.public()), Ok(true))));
        times[2].push(time(|| {
            let verdicts = prepared.verify_batch(&items, BatchLimits::default(), rng, &Never).unwrap();
            assert!(verdicts.iter().all(|verdict| *verdict));
        }));
    }
    let [cold, single, batch] = times.map(median);
    let batch = batch / 64.0;
    println!(
        "  verify: ark-groth16 {cold:.3}, prepared {single:.3}, each of a batch of 64 {batch:.3}  x{:.2}",
        single / batch
    );
}

/// The key's `.zkey`, whose hash is compared with a known one and whose points are not checked.
fn load(key: &CircuitKey<Bn254>) {
    let mut bytes = Vec::new();
    zkey::write(key, None, &mut bytes).unwrap();
    let mut times = [(); 2].map(|()| Vec::new());
    for _ in 0..9 {
        times[0].push(time(|| {
            black_box(Sha256::digest(&bytes));
        }));
        times[1].push(time(|| {
            drop(black_box(Zkey::<Bn254>::open(&bytes).unwrap().load_pinned(&Never).unwrap()))
        }));
    }
    let [hash, load] = times.map(median);
    println!(
        "  load a .zkey of {:.2} MiB: hash {hash:.3}, key {load:.3}",
        bytes.len() as f64 / f64::from(1 << 20)
    );
}

/// The thread's time.
fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn time(work: impl FnOnce()) -> Duration {
    let start = now();
    work();
    now() - start
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}

/// The longest time in which the prover does not ask whether it should stop.
fn longest_gap(prover: &dyn Prover<Bn254>, circuit: &Circuit<Fr>, rng: &mut StdRng) -> Duration {
    struct Gaps(Mutex<(Duration, Duration)>);

    impl Interrupt for Gaps {
        fn is_requested(&self) -> bool {
            let (last, longest) = &mut *self.0.lock().unwrap();
            let now = now();
            *longest = (*longest).max(now - *last);
            *last = now;
            false
        }
    }

    let gaps = Gaps(Mutex::new((now(), Duration::ZERO)));
    prover.prove(&circuit.assignment(), &Blinding::random(rng), &gaps).unwrap();
    gaps.is_requested();
    gaps.0.into_inner().unwrap().1
}
