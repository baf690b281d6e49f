//! How much work and memory a proof takes.

use std::time::Duration;

use ark_ff::PrimeField;

use super::finish;
use crate::{
    curve::Curve,
    kernel::{Kernel, KernelPoint},
    key::CircuitKey,
    qap::Domain,
    scalar_mul::{Cut, Sums, Windows},
};

/// Multiplications for an addition from a table. It is more than in a bucket, because tables are larger than caches.
const TABLE_ADDITION: usize = 8;

/// Multiplications for a doubling and for an addition in projective coordinates.
const DOUBLING: usize = 7;
const PROJECTIVE_ADDITION: usize = 11;

/// Multiplications for an inversion.
const INVERSION: usize = 250;

/// What an operation in G2 takes, in those of G1.
const G2: usize = 3;

/// What a multiplication takes on one core of a server of 2.5 GHz, in picoseconds for each pair of 64-bit limbs: 27 ns on
/// BN254 and 61 ns on BLS12-381.
const PICOSECONDS: usize = 1_700;

/// How many times faster a kernel makes sums and transforms, with what is around the arithmetic.
const VECTORS: usize = 3;

/// What one proof takes: an estimate for private signals with random values, on one core. Small values take less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The time from the assignment to the proof, without the check of the constraints and without the verification.
    /// It tells microseconds from milliseconds and these from seconds; processors differ by a factor of two.
    pub time: Duration,
    /// The most memory that is in use at a time, in bytes, without the assignment, the key, and what the prover keeps.
    pub bytes: usize,
}

/// The sizes of a key on which the work depends. Bases at infinity are not counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) a: usize,
    pub(super) b_g1: usize,
    pub(super) b_g2: usize,
    pub(super) l: usize,
    pub(super) h: usize,
    domain: usize,
    /// The entries of the matrices.
    entries: usize,
    kernel: Kernel,
}

impl Sizes {
    pub(super) fn new<E: Curve>(key: &CircuitKey<E>, kernel: Kernel) -> Self {
        let CircuitKey { proving, constraints } = key;
        Self {
            a: finish::finite(&proving.a_query),
            b_g1: finish::finite(&proving.b_g1_query),
            b_g2: finish::finite(&proving.b_g2_query),
            l: finish::finite(&proving.l_query),
            h: finish::finite(&proving.h_query),
            domain: constraints.domain_size(),
            entries: constraints.a.entries() + constraints.b.entries(),
            kernel,
        }
    }

    /// The same for the portable code.
    pub(super) fn portable(self) -> Self {
        Self { kernel: Kernel::PORTABLE, ..self }
    }

    /// The numbers of bases in G1 that are added up together: of A, of B, and of L and H.
    pub(super) fn g1(&self) -> [usize; 3] {
        [self.a, self.b_g1, self.l + self.h]
    }

    /// Multiplications for sums over all bases, if `each` are for a sum in G1.
    fn sums(&self, each: impl Fn(usize) -> usize) -> usize {
        let g1: usize = self.g1().into_iter().map(&each).sum();
        g1.saturating_add(each(self.b_g2).saturating_mul(G2))
    }

    /// The most bytes that one of the sums takes.
    fn largest(&self, g1: impl Fn(usize) -> usize, g2: impl Fn(usize) -> usize) -> usize {
        self.g1().into_iter().map(g1).max().unwrap_or(0).max(g2(self.b_g2))
    }
}

/// The work and memory of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Effort {
    /// In the base field of G1.
    multiplications: usize,
    bytes: usize,
}

impl Effort {
    /// Of a proof with arkworks' multi-scalar multiplication on `chunk` bases at a time.
    pub(super) fn of_arkworks<E: Curve>(sizes: &Sizes, chunk: usize) -> Self {
        // arkworks' own choice of windows.
        let width = |bases: usize| if bases < 32 { 3 } else { bases.ilog2() * 69 / 100 + 2 };
        let windows = |bases: usize| E::ScalarField::MODULUS_BIT_SIZE.div_ceil(width(bases)) as usize;
        let chunks = |bases: usize| (bases / chunk, bases % chunk);
        let one = |bases: usize| (bases * 10 + (24 << (width(bases) - 1))).saturating_mul(windows(bases));
        let sum = |bases: usize| {
            let (whole, rest) = chunks(bases);
            whole.saturating_mul(one(chunk)).saturating_add(one(rest))
        };
        // The bases and integers are copied, and the digits of 64 bits are in a vector that doubles as it grows. A bucket
        // has four coordinates, and each window a sum like a bucket.
        let bytes = |coordinate: usize| {
            move |bases: usize| {
                let bases = bases.min(chunk);
                let each = 2 * size_of::<E::ScalarField>() + 2 * coordinate + 24 * windows(bases);
                bases * each + 4 * coordinate * (windows(bases) + (1 << width(bases)))
            }
        };
        let base_field = size_of::<E::BaseField>();
        // L and H are added up one after the other.
        let g1 = [sizes.a, sizes.b_g1, sizes.l, sizes.h].into_iter().max().unwrap_or(0);
        let largest = bytes(base_field)(g1).max(bytes(2 * base_field)(sizes.b_g2));
        Self::of_parts::<E>(sizes, sizes.sums(sum), blinding(true) + multiples_of_a_and_b(), largest)
    }

    /// Of a proof with tables of windows of `width` bits.
    pub(super) fn of_tables<E: Curve>(sizes: &Sizes, width: u32, expanded: bool) -> Self {
        let windows = Windows::new::<E::ScalarField>(width).count();
        let sum = |bases: usize| bases.saturating_mul(windows).saturating_mul(TABLE_ADDITION);
        let [more, blinding] =
            if expanded { [sum(sizes.a + sizes.b_g1 + 4), 0] } else { [0, multiples_of_a_and_b()] };
        let g1: usize = sizes.g1().into_iter().sum();
        let kernel = sizes.kernel;
        let g1 = Sums::<E::G1Affine>::bytes_for_totals((2 * g1 + 6).saturating_mul(windows), kernel);
        let g2 = Sums::<E::G2Affine>::bytes_for_totals((sizes.b_g2 + 1).saturating_mul(windows), kernel);
        Self::of_parts::<E>(sizes, sizes.sums(sum) + more + sum(1 + G2), blinding, g1 + g2)
    }

    /// Of a proof with buckets and up to `copies` copies of each base, or none but the base itself.
    pub(super) fn of_buckets<E: Curve>(sizes: &Sizes, copies: usize) -> Self {
        let cut = |bases: usize| Cut::choose::<E::ScalarField>(bases, copies);
        let sum = |bases: usize| cut(bases).cost(bases);
        let g1 = |bases: usize| cut(bases).bytes::<E::G1Affine>(bases);
        let g2 = |bases: usize| cut(bases).bytes::<E::G2Affine>(bases);
        let blinding = blinding(copies <= 1) + multiples_of_a_and_b();
        Self::of_parts::<E>(sizes, sizes.sums(sum), blinding, sizes.largest(g1, g2))
    }

    fn of_parts<E: Curve>(sizes: &Sizes, sums: usize, blinding: usize, bytes: usize) -> Self {
        let Sizes { domain, entries, .. } = *sizes;
        // Six transforms, each of half a multiplication for each element and level, and what is between them.
        let transforms = domain.saturating_mul(3 * domain.ilog2() as usize + 5);
        let scalar_field = size_of::<E::ScalarField>();
        // Multiplications of the scalar field, by their cost.
        let transforms =
            transforms.saturating_add(entries) * pairs(scalar_field) / pairs(size_of::<E::BaseField>());
        let vector = domain.saturating_mul(scalar_field);
        let speed = if E::G1Affine::has_sum(sizes.kernel) { VECTORS } else { 1 };
        Self {
            multiplications: (sums.saturating_add(transforms) / speed)
                .saturating_add(blinding)
                .saturating_add(3 * INVERSION),
            // A, B and C on the domain; then what is left of them, and a sum.
            bytes: Domain::<E::ScalarField>::working_bytes(domain, sizes.kernel)
                .max(vector.saturating_add(bytes)),
        }
    }

    pub(super) fn estimate<E: Curve>(self) -> Estimate {
        let each = pairs(size_of::<E::BaseField>()) * PICOSECONDS;
        let nanoseconds = self.multiplications.saturating_mul(each) / 1_000;
        Estimate { time: Duration::from_nanos(nanoseconds as u64), bytes: self.bytes }
    }
}

/// Pairs of 64-bit limbs in a field element of so many bytes.
fn pairs(bytes: usize) -> usize {
    (bytes / 8).pow(2)
}

/// r·δ in G1 and s·δ in G2: 254 doublings and 64 additions each, or additions from tables.
fn blinding(doublings: bool) -> usize {
    let multiple =
        if doublings { 254 * DOUBLING + 64 * PROJECTIVE_ADDITION } else { 51 * PROJECTIVE_ADDITION };
    multiple * (1 + G2)
}

/// s·A + r·B: doublings in common, the first multiples, and additions.
fn multiples_of_a_and_b() -> usize {
    254 * DOUBLING + 2 * (8 + 64) * PROJECTIVE_ADDITION + INVERSION
}
