//! Setup frees no memory that tells the toxic waste, and provers none that tells the assignment or the randomness of a
//! proof.
//!
//! The allocator of this test looks for these values in every block that is freed. It must be `unsafe`, because that is
//! the only way to see freed memory; it reads blocks in full before they are given back. arkworks' own multi-scalar
//! multiplication frees its scalars unwiped, which shows that the search finds something.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "math/circuits.rs"]
#[allow(dead_code)]
mod circuits;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use ark_bn254::{Bn254, Fr, G1Affine};
use ark_ec::AffineRepr;
use ark_ff::{Field, PrimeField, UniformRand};
use ark_std::rand::{SeedableRng, rngs::StdRng};
use broker_groth16::{
    interrupt::Never,
    prove::{Blinding, Tier},
    qap::{self, Domain},
    setup,
};

/// The first 64 bits of each secret, sorted.
static SECRETS: OnceLock<Vec<u64>> = OnceLock::new();
static SEARCHING: AtomicBool = AtomicBool::new(false);
static FOUND: AtomicUsize = AtomicUsize::new(0);
static SEARCHED: AtomicUsize = AtomicUsize::new(0);

struct Searching;

#[global_allocator]
static ALLOCATOR: Searching = Searching;

// SAFETY: Every call is passed on to the system's allocator. `realloc` is the trait's own: it allocates, copies, and
// frees.
unsafe impl GlobalAlloc for Searching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Memory is cleared, because a block is searched in full and need not have been written in full.
        // SAFETY: The caller's promise is the one that is needed.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if SEARCHING.load(Ordering::Relaxed) && layout.align() >= 4 {
            let secrets = SECRETS.get().map_or(&[][..], Vec::as_slice);
            // SAFETY: The block is allocated, has been cleared, and is not used by others any more.
            let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            SEARCHED.fetch_add(bytes.len(), Ordering::Relaxed);
            let words = bytes.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().unwrap()));
            let found = words.filter(|word| secrets.binary_search(word).is_ok()).count();
            FOUND.fetch_add(found, Ordering::Relaxed);
        }
        // SAFETY: The caller's promise is the one that is needed.
        unsafe { System.dealloc(block, layout) }
    }
}

/// The secrets that were found in memory that `work` freed.
fn found(work: impl FnOnce()) -> usize {
    FOUND.store(0, Ordering::Relaxed);
    SEARCHED.store(0, Ordering::Relaxed);
    SEARCHING.store(true, Ordering::Relaxed);
    work();
    SEARCHING.store(false, Ordering::Relaxed);
    assert_ne!(SEARCHED.load(Ordering::Relaxed), 0);
    FOUND.load(Ordering::Relaxed)
}

#[test]
fn nothing_that_is_freed_tells_a_secret() {
    let mut rng = StdRng::seed_from_u64(50);
    let circuit = circuits::chain::<Fr>(20, &mut rng);
    let setup = || {
        let mut rng = StdRng::seed_from_u64(52);
        setup::single_party::<Bn254>(circuit.constraints.clone(), &mut rng, &Never).unwrap()
    };
    let key = Arc::new(setup());
    // What setup draws, of which α is one, and what it divides by.
    let mut drawn = StdRng::seed_from_u64(52);
    let drawn: Vec<_> = (0..6).map(|_| Fr::rand(&mut drawn)).collect();
    let alpha = key.proving.verifying.alpha_g1;
    assert!(drawn.iter().any(|value| G1Affine::generator() * value == alpha));

    let [r, s] = {
        let mut rng = StdRng::seed_from_u64(51);
        [(); 2].map(|()| Fr::rand(&mut rng))
    };

    let domain = Domain::new(key.constraints.domain_size()).unwrap();
    let h = qap::witness_map(&domain, &key.constraints, &circuit.assignment(), &Never).unwrap();
    let mut secrets = vec![r, s, r * s];
    for value in circuit.values[1 + key.constraints.public..].iter().chain(h.iter()) {
        secrets.extend([*value, *value * r, *value * s]);
    }
    for value in drawn {
        secrets.extend([value, value.inverse().unwrap()]);
    }
    // In Montgomery's form, as integers, and as the absolute values of these.
    let mut words: Vec<u64> = secrets
        .iter()
        .flat_map(|secret| [secret.0.0, secret.into_bigint().0, (-*secret).into_bigint().0])
        .map(|limbs| limbs[0])
        .filter(|word| *word > 1 << 32)
        .collect();
    words.sort_unstable();
    SECRETS.set(words).unwrap();

    assert_eq!(found(|| drop(setup())), 0, "setup");
    let prove = |tier: Tier| {
        let prover = tier.prover(&key, &Never).unwrap();
        let assignment = circuit.assignment();
        found(|| {
            let blinding = Blinding::random(&mut StdRng::seed_from_u64(51));
            prover.prove(&assignment, &blinding, &Never).unwrap();
            drop(assignment);
        })
    };
    assert_ne!(prove(Tier::Arkworks), 0, "the search finds what arkworks leaves");
    for tier in [
        Tier::Tables { width: 8 },
        Tier::Tables { width: 3 },
        Tier::Shifted { copies: usize::MAX },
        Tier::Shifted { copies: 2 },
        Tier::Buckets,
    ] {
        assert_eq!(prove(tier), 0, "{tier:?}");
    }
}
