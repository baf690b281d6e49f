//! Setup frees no memory that tells the toxic waste, and provers none that tells the assignment or the randomness of a
//! proof.
//!
//! The allocator of this test looks in every block that is freed for these values, for the digits of which they are
//! added up, and for the points that the digits select. It must be `unsafe`, because that is the only way to see freed
//! memory; it reads blocks in full before they are given back. arkworks' own multi-scalar multiplication frees its
//! scalars unwiped, which shows that the search finds something.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "math/circuits.rs"]
#[allow(dead_code)]
mod circuits;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, BigInteger, FftField, Field, PrimeField, UniformRand};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ark_std::rand::{SeedableRng, rngs::StdRng};
use broker_prover::{
    interrupt::Never,
    kernel::Kernel,
    key::CircuitKey,
    prove::{Blinding, Tier},
    qap::{self, Domain},
    setup,
};

use crate::circuits::Circuit;

/// What is searched for.
#[derive(Clone, Copy)]
enum Search {
    Setup,
    Proof,
}

/// For each [`Search`], 16 bytes of each secret, sorted.
static SECRETS: OnceLock<[Vec<[u8; 16]>; 2]> = OnceLock::new();
/// No search, or one more than its number.
static SEARCHING: AtomicUsize = AtomicUsize::new(0);
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
        let search = SEARCHING.load(Ordering::Relaxed).checked_sub(1);
        if let Some(secrets) = search.and_then(|search| SECRETS.get()?.get(search)) {
            // SAFETY: The block is allocated, has been cleared, and is not used by others any more.
            let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            SEARCHED.fetch_add(bytes.len(), Ordering::Relaxed);
            // Digits of 16 bits may begin at any even address.
            let found = bytes.windows(16).step_by(2).filter(|window| {
                let window: &[u8; 16] = (*window).try_into().unwrap();
                secrets.binary_search(window).is_ok()
            });
            FOUND.fetch_add(found.count(), Ordering::Relaxed);
        }
        // SAFETY: The caller's promise is the one that is needed.
        unsafe { System.dealloc(block, layout) }
    }
}

/// The secrets that were found in memory that `work` freed.
fn found(search: Search, work: impl FnOnce()) -> usize {
    FOUND.store(0, Ordering::Relaxed);
    SEARCHED.store(0, Ordering::Relaxed);
    SEARCHING.store(search as usize + 1, Ordering::Relaxed);
    work();
    SEARCHING.store(0, Ordering::Relaxed);
    assert_ne!(SEARCHED.load(Ordering::Relaxed), 0);
    FOUND.load(Ordering::Relaxed)
}

/// The first 16 bytes of integers of 64-bit limbs.
fn limbs(limbs: &[u64]) -> [u8; 16] {
    bytes(limbs[..2].iter().map(|limb| limb.to_ne_bytes()))
}

fn bytes<const N: usize>(parts: impl Iterator<Item = [u8; N]>) -> [u8; 16] {
    parts.flatten().collect::<Vec<_>>().try_into().unwrap()
}

/// A scalar in Montgomery's form, as an integer, and as the absolute value of this, unless it is a small number.
fn scalar(value: Fr) -> Vec<[u8; 16]> {
    let forms = [value.0.0, value.into_bigint().0, (-value).into_bigint().0];
    forms.iter().filter(|form| form[1] > 1 << 32).map(|form| limbs(form)).collect()
}

/// The signed digits of a scalar in windows of each width, as the provers keep them: in 16 bits, and for windows of
/// 4 bits in 32. Any 16 bytes in succession are searched for, if they are more than a few ones.
fn digits(value: Fr) -> Vec<[u8; 16]> {
    let mut found = Vec::new();
    for width in 4..=15 {
        for value in [value, -value] {
            let integer = value.into_bigint();
            let mut carry = 0;
            let digits = (0..254_usize.div_ceil(width)).map(|position| {
                let bits = (0..width).map(|bit| i32::from(integer.get_bit(position * width + bit)) << bit);
                let digit = bits.sum::<i32>() + carry;
                carry = i32::from(digit > 1 << (width - 1));
                digit - (carry << width)
            });
            for digits in [digits.collect::<Vec<_>>()] {
                for sign in [1, -1] {
                    let half = |digit: &i32| ((sign * digit) as i16).to_ne_bytes();
                    let whole = |digit: &i32| (sign * digit).to_ne_bytes();
                    let plain = |digits: &&[i32]| digits.iter().filter(|digit| digit.abs() > 1).count() > 2;
                    found
                        .extend(digits.windows(8).filter(plain).map(|digits| bytes(digits.iter().map(half))));
                    if width == 4 {
                        let windows = digits.windows(4).filter(plain);
                        found.extend(windows.map(|digits| bytes(digits.iter().map(whole))));
                    }
                }
            }
        }
    }
    found
}

/// The digits of neighbouring scalars in the same window, in windows of each width, as the buckets' provers keep them.
fn digits_of_windows(values: &[Fr]) -> Vec<[u8; 16]> {
    let mut found = Vec::new();
    for width in 4..=15 {
        let columns: Vec<Vec<i16>> = values
            .iter()
            .map(|value| {
                let negative = value.into_bigint() > Fr::MODULUS_MINUS_ONE_DIV_TWO;
                let integer = if negative { -*value } else { *value }.into_bigint();
                let mut carry = 0;
                let digits = (0..254_usize.div_ceil(width)).map(|position| {
                    let bits =
                        (0..width).map(|bit| i32::from(integer.get_bit(position * width + bit)) << bit);
                    let digit = bits.sum::<i32>() + carry;
                    carry = i32::from(digit > 1 << (width - 1));
                    let digit = digit - (carry << width);
                    if negative { -digit as i16 } else { digit as i16 }
                });
                digits.collect()
            })
            .collect();
        for window in 0..254_usize.div_ceil(width) {
            let row: Vec<i16> = columns.iter().map(|digits| digits[window]).collect();
            let plain = |digits: &&[i16]| digits.iter().filter(|digit| digit.abs() > 1).count() > 2;
            found.extend(
                row.windows(8).filter(plain).map(|d| bytes(d.iter().map(|digit| digit.to_ne_bytes()))),
            );
        }
    }
    found
}

/// The points that the lowest digit of a scalar in 8 bits may select from a table of the base.
fn multiples<A: AffineRepr>(base: A, coordinate: impl Fn(&A) -> [u8; 16]) -> Vec<[u8; 16]> {
    let mut multiple = A::Group::ZERO;
    let multiples: Vec<_> = (0..128)
        .map(|_| {
            multiple += base;
            multiple
        })
        .collect();
    let affine = A::Group::normalize_batch(&multiples);
    affine.iter().filter(|point| !point.is_zero()).map(coordinate).collect()
}

/// What setup draws, of which α is one, and what it divides by.
fn of_setup(key: &CircuitKey<Bn254>) -> Vec<[u8; 16]> {
    let mut rng = StdRng::seed_from_u64(52);
    let drawn: Vec<_> = (0..6).map(|_| Fr::rand(&mut rng)).collect();
    let alpha = key.proving.verifying.alpha_g1;
    assert!(drawn.iter().any(|value| G1Affine::generator() * value == alpha));
    drawn.into_iter().flat_map(|value| [value, value.inverse().unwrap()]).flat_map(scalar).collect()
}

/// r, s, private signals, their products, the values of the matrices before and after each transform, and the points
/// that tell any of these.
fn of_proof(key: &CircuitKey<Bn254>, circuit: &Circuit<Fr>) -> Vec<[u8; 16]> {
    let CircuitKey { proving, constraints } = key;
    let mut rng = StdRng::seed_from_u64(51);
    let [r, s] = [(); 2].map(|()| Fr::rand(&mut rng));
    let domain = Domain::new(constraints.domain_size(), Kernel::detect()).unwrap();
    let h = qap::witness_map(&domain, constraints, &circuit.assignment(), &Never).unwrap();
    let rows = [&constraints.a, &constraints.b].map(|matrix| {
        let rows = matrix.iter().map(|row| row.evaluate(&circuit.values));
        rows.chain(std::iter::repeat(Fr::ZERO)).take(domain.size()).collect::<Vec<_>>()
    });
    let products = rows[0].iter().zip(&rows[1]).map(|(a, b)| a * b).collect();
    let mut intermediate = vec![r * s];
    let reference = Radix2EvaluationDomain::<Fr>::new(domain.size()).unwrap();
    let coset = reference.get_coset(Fr::get_root_of_unity(2 * domain.size() as u64).unwrap()).unwrap();
    for values in [rows[0].clone(), rows[1].clone(), products] {
        // The rows of A for public signals are missing here, so A is not in the form that the prover has.
        intermediate.extend(coset.fft(&reference.ifft(&values)));
        intermediate.extend(values);
    }
    let mut secrets: Vec<_> = intermediate.into_iter().flat_map(scalar).collect();
    secrets.extend([r, s].into_iter().flat_map(|value| [scalar(value), digits(value)]).flatten());
    for value in circuit.values[1 + constraints.public..].iter().chain(h.iter()) {
        let values = [*value, *value * r, *value * s];
        secrets.extend(values.into_iter().flat_map(|value| [scalar(value), digits(value)]).flatten());
    }

    secrets.extend(digits_of_windows(&circuit.values[1..]));
    secrets.extend(digits_of_windows(&circuit.values[1 + constraints.public..]));
    secrets.extend(digits_of_windows(&h));

    let g1 = |point: &G1Affine| limbs(&point.x.0.0);
    let g2 = |point: &G2Affine| limbs(&point.x.c0.0.0);
    let sum: G1Projective =
        proving.b_g1_query.iter().zip(&circuit.values).map(|(base, value)| *base * value).sum();
    secrets.extend(multiples((sum + proving.beta_g1).into_affine(), g1));
    for query in [&proving.a_query, &proving.b_g1_query, &proving.l_query, &proving.h_query] {
        // The first scalar is 1.
        secrets.extend(query[1..].iter().flat_map(|base| multiples(*base, g1)));
    }
    secrets.extend(proving.b_g2_query[1..].iter().flat_map(|base| multiples(*base, g2)));
    secrets.extend(multiples(proving.delta_g1, g1));
    secrets.extend(multiples(proving.verifying.delta_g2, g2));
    secrets
}

#[test]
fn nothing_that_is_freed_tells_a_secret() {
    let mut rng = StdRng::seed_from_u64(50);
    let small = circuits::multiply::<Fr>(&mut rng);
    // The domain has more than the 64 elements from which kernels have transforms.
    let large = circuits::chain::<Fr>(70, &mut rng);
    let setup = |circuit: &Circuit<Fr>| {
        let mut rng = StdRng::seed_from_u64(52);
        setup::single_party::<Bn254>(circuit.constraints.clone(), &mut rng, &Never).unwrap()
    };
    let circuits = [small, large].map(|circuit| (Arc::new(setup(&circuit)), circuit));
    let secrets: [Vec<_>; 2] = [
        circuits.iter().flat_map(|(key, _)| of_setup(key)).collect(),
        circuits.iter().flat_map(|(key, circuit)| of_proof(key, circuit)).collect(),
    ];
    let sorted = secrets.map(|mut secrets| {
        secrets.sort_unstable();
        secrets
    });
    SECRETS.set(sorted).unwrap();

    for (key, circuit) in &circuits {
        assert_eq!(found(Search::Setup, || drop(setup(circuit))), 0, "setup");
        let prove = |tier: Tier, kernel: Kernel| {
            let prover = tier.prover(key, kernel, &Never).unwrap();
            let assignment = circuit.assignment();
            found(Search::Proof, || {
                // In a box, because freed blocks are searched and the stack is not.
                let blinding = Box::new(Blinding::random(&mut StdRng::seed_from_u64(51)));
                prover.prove(&assignment, &blinding, &Never).unwrap();
                drop((assignment, blinding));
            })
        };
        assert_ne!(prove(Tier::Arkworks, Kernel::PORTABLE), 0, "the search finds what arkworks leaves");
        for tier in [
            Tier::Tables { width: 8 },
            Tier::Tables { width: 3 },
            Tier::Shifted { copies: usize::MAX },
            Tier::Shifted { copies: 2 },
            Tier::Buckets,
        ] {
            for kernel in [Kernel::PORTABLE, Kernel::detect()] {
                let found = prove(tier, kernel);
                assert_eq!(
                    found,
                    0,
                    "{tier:?}, {}, {} constraints",
                    kernel.name(),
                    key.constraints.constraints()
                );
            }
        }
    }
}
