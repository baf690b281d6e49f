//! What provers keep and what a proof takes is what they say. The allocator of this test counts the bytes in use.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "math/circuits.rs"]
#[allow(dead_code)]
mod circuits;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use ark_bls12_381::Bls12_381;
use ark_bn254::Bn254;
use ark_std::rand::{SeedableRng, rngs::StdRng};
use broker_prover::{
    curve::Curve,
    interrupt::Never,
    kernel::Kernel,
    prove::{Blinding, Tier},
    setup,
};

use crate::circuits::Circuit;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: Every call is passed on to the system's allocator. `realloc` is the trait's own: it allocates, copies, and
// frees.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let before = IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
        MOST.fetch_max(before + layout.size(), Ordering::Relaxed);
        // SAFETY: The caller's promise is the one that is needed.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: The caller's promise is the one that is needed.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Bytes that no estimate counts: the prover itself, and short vectors.
const SLACK: usize = 16 << 10;

fn check<E: Curve>(name: &str, circuit: &Circuit<E::ScalarField>, tiers: &[Tier]) {
    let mut rng = StdRng::seed_from_u64(60);
    let key = Arc::new(setup::single_party::<E>(circuit.constraints.clone(), &mut rng, &Never).unwrap());
    let kernels = [Kernel::PORTABLE, Kernel::detect()];
    for (tier, kernel) in tiers.iter().flat_map(|tier| kernels.map(|kernel| (tier, kernel))) {
        let name = format!("{name} by {tier:?}, {}", kernel.name());
        let before = IN_USE.load(Ordering::Relaxed);
        let prover = tier.prover(&key, kernel, &Never).unwrap();
        let kept = IN_USE.load(Ordering::Relaxed) - before;
        assert!(prover.bytes().abs_diff(kept) <= SLACK, "{name}: {kept} and not {}", prover.bytes());
        let announced = tier.bytes(&key, kernel);
        assert!(prover.bytes() <= announced, "{name}: {} and not {announced}", prover.bytes());
        assert_eq!(prover.estimate(), tier.estimate(&key, kernel), "{name}");

        let assignment = circuit.assignment();
        let before = IN_USE.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        prover.prove(&assignment, &Blinding::random(&mut rng), &Never).unwrap();
        let taken = MOST.load(Ordering::Relaxed) - before;
        let estimate = prover.estimate().bytes;
        assert!(taken <= estimate + SLACK, "{name}: {taken} and not {estimate}");
        assert!(estimate <= 2 * taken + SLACK, "{name}: {taken} and not {estimate}");
    }
}

#[test]
fn provers_say_what_they_keep_and_what_a_proof_takes() {
    let mut rng = StdRng::seed_from_u64(61);
    let tables = [3, 8].map(|width| Tier::Tables { width });
    let shifted = [2, usize::MAX].map(|copies| Tier::Shifted { copies });
    let others = [Tier::Arkworks, Tier::Buckets];
    let all = [&tables[..], &shifted, &others].concat();
    let large = [&shifted[..], &others].concat();
    check::<Bn254>("multiply", &circuits::multiply(&mut rng), &all);
    check::<Bn254>("a chain of 30", &circuits::chain(30, &mut rng), &all);
    check::<Bn254>("a chain of 1,500", &circuits::chain(1_500, &mut rng), &large);
    check::<Bls12_381>("multiply", &circuits::multiply(&mut rng), &all);
    check::<Bls12_381>("a chain of 500", &circuits::chain(500, &mut rng), &large);
}
