//! Pippenger's algorithm with signed windows: points with the same digit are collected in a bucket, and each bucket is
//! multiplied by its digit once.

use std::ops::Range;

use ark_ec::CurveGroup;
use ark_ff::PrimeField;
use zeroize::{Zeroize, Zeroizing};

use super::{Sums, Windows, digits::magnitude};
use crate::{
    interrupt::{Interrupt, Interrupted},
    kernel::{Coordinates, Kernel, KernelPoint},
};

/// Scalars that are cut into digits between two questions to the [`Interrupt`].
const SCALARS: usize = 1 << 13;

/// A point is brought into the cache so many points before it is read.
const AHEAD: usize = 16;

/// The cost of additions in buckets and of the additions that close one, in multiplications. [`Sums`] are fast if there
/// are many points, but for their inversions.
const ADDITION: usize = 6;
const ADDITION_OF_FEW: usize = 10;
const FEW: usize = 128;
const CLOSING: usize = 24;
const CLOSING_OF_MANY: usize = 2 * ADDITION;

/// Points to multiply, each in one or more shifted copies.
pub(crate) trait Bases<A: KernelPoint> {
    /// The point 2^(`copy`·shift)·base.
    fn get(&self, base: usize, copy: usize) -> Coordinates<A>;

    /// Brings a point that will be read soon into the cache.
    fn prefetch(&self, base: usize, copy: usize);
}

/// How scalars are cut: into windows, and these into sets of buckets. A base that exists in several copies serves as
/// many windows of one set. With as many copies as windows there is one set of buckets and no doubling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(super) windows: Windows,
    pub(super) copies: usize,
    pub(super) sets: usize,
}

impl Cut {
    /// The fastest cut for `bases` bases with up to `copies` copies each.
    pub(crate) fn choose<F: PrimeField>(bases: usize, copies: usize) -> Self {
        // A digit is kept in 16 bits.
        let cuts = (2..=15).map(|width| {
            let windows = Windows::new::<F>(width);
            let sets = windows.count().div_ceil(copies.max(1));
            Self { windows, copies: windows.count().div_ceil(sets), sets }
        });
        let first = Self { windows: Windows::new::<F>(8), copies: 1, sets: Windows::new::<F>(8).count() };
        cuts.min_by_key(|cut| cut.cost(bases)).unwrap_or(first)
    }

    /// The cost for random scalars, in multiplications.
    pub(crate) fn cost(self, bases: usize) -> usize {
        let points = bases.saturating_mul(self.copies);
        let few = points.min(FEW);
        let additions = (points - few).saturating_mul(ADDITION).saturating_add(few * ADDITION_OF_FEW);
        let half = self.windows.half();
        let closing = if half < ROWS {
            half * CLOSING
        } else {
            half * CLOSING_OF_MANY + ((2 * CLOSING) << (self.windows.width() / 2))
        };
        additions.saturating_add(closing).saturating_mul(self.sets)
    }

    /// The memory that a sum over `bases` bases takes, in bytes.
    pub(crate) fn bytes<A: KernelPoint>(self, bases: usize) -> usize {
        let points = bases.saturating_mul(self.copies);
        bases
            .saturating_mul(size_of::<u32>() + self.windows.count() * size_of::<i16>())
            .saturating_add(points.saturating_mul(size_of::<Entry>()))
            .saturating_add((self.windows.half() + 1) * size_of::<u32>())
            .saturating_add(Sums::<A>::bytes_for(points.max(BucketSums::<A>::groups(self.windows))))
            .saturating_add(BucketSums::<A>::bytes_for(self.windows, points))
    }

    /// The number of bits by which one copy is shifted from the next.
    pub(super) fn shift(self) -> usize {
        self.windows.width() as usize * self.sets
    }
}

/// Σ scalar·base. The scalars' digits, and the points in the order of the digits, are wiped.
pub(crate) fn sum_in_buckets<G: CurveGroup<Affine: KernelPoint>>(
    bases: &impl Bases<G::Affine>,
    cut: Cut,
    scalars: impl ExactSizeIterator<Item = G::ScalarField>,
    kernel: Kernel,
    interrupt: &dyn Interrupt,
) -> Result<G, Interrupted> {
    let Cut { windows, copies, sets } = cut;
    let digits = Digits::new(bases, windows, scalars, interrupt)?;
    let points = digits.bases.len().saturating_mul(copies);
    let mut sorted = Entries::with_capacity(windows.half(), points);
    let mut sums = Sums::with_capacity(points.max(BucketSums::<G::Affine>::groups(windows)), kernel);
    let mut bucket_sums = BucketSums::with_capacity(windows, points);

    let mut total = G::zero();
    for set in (0..sets).rev() {
        interrupt.check()?;
        for _ in 0..windows.width() {
            total.double_in_place();
        }
        sorted.sort(&digits, set, sets, copies);
        for (bucket, entries) in sorted.buckets() {
            for index in entries {
                if let Some((base, copy, _)) = sorted.get(index + AHEAD, copies) {
                    bases.prefetch(base, copy);
                }
                let Some((base, copy, negative)) = sorted.get(index, copies) else { continue };
                if sums.is_full() {
                    sums.end_group(bucket);
                    interrupt.check()?;
                    bucket_sums.take(&mut sums);
                }
                sums.push(bases.get(base, copy).negate_if(negative));
            }
            sums.end_group(bucket);
        }
        bucket_sums.take(&mut sums);
        interrupt.check()?;
        total += bucket_sums.close::<G>(&mut sums, interrupt)?;
    }
    Ok(total)
}

/// The digits of all scalars that are not 0 and whose bases are not at infinity.
struct Digits {
    bases: Zeroizing<Vec<u32>>,
    /// For each window a row of as many digits as there were scalars, of which those of the bases are the first.
    digits: Zeroizing<Vec<i16>>,
    row: usize,
}

impl Digits {
    fn new<A: KernelPoint, F: PrimeField>(
        bases: &impl Bases<A>,
        windows: Windows,
        scalars: impl ExactSizeIterator<Item = F>,
        interrupt: &dyn Interrupt,
    ) -> Result<Self, Interrupted> {
        let row = scalars.len();
        let mut numbers = Zeroizing::new(Vec::with_capacity(row));
        let mut digits = Zeroizing::new(vec![0_i16; row.saturating_mul(windows.count())]);
        for (number, scalar) in (0_u32..).zip(scalars) {
            if (number as usize).is_multiple_of(SCALARS) {
                interrupt.check()?;
            }
            if scalar.is_zero() || bases.get(number as usize, 0).is_infinity() {
                continue;
            }
            let (mut magnitude, negative) = magnitude(&scalar);
            let column = digits.iter_mut().skip(numbers.len()).step_by(row);
            for (place, digit) in column.zip(windows.digits(magnitude.as_ref())) {
                *place = if negative { -digit as i16 } else { digit as i16 };
            }
            numbers.push(number);
            magnitude.zeroize();
        }
        Ok(Self { bases: numbers, digits, row })
    }

    /// Takes base, copy and digit of each digit of the set that is not 0.
    fn for_each_of_set(&self, set: usize, sets: usize, mut take: impl FnMut(u32, u32, i16)) {
        let rows = self.digits.chunks_exact(self.row.max(1));
        for (copy, row) in (0..).zip(rows.skip(set).step_by(sets)) {
            for (base, digit) in self.bases.iter().zip(row).filter(|(_, digit)| **digit != 0) {
                take(*base, copy, *digit);
            }
        }
    }
}

/// A base, its copy, and its sign. There is room for 2^31 points, which take 128 GiB.
#[derive(Clone, Copy, Default)]
struct Entry(u32);

impl Entry {
    fn new(base: u32, copy: u32, copies: u32, negative: bool) -> Self {
        Self((base * copies + copy) << 1 | u32::from(negative))
    }

    fn unpack(self, copies: usize) -> (usize, usize, bool) {
        let point = (self.0 >> 1) as usize;
        (point / copies, point % copies, self.0 & 1 == 1)
    }
}

impl Zeroize for Entry {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// Entries sorted by bucket, the highest first.
struct Entries {
    entries: Zeroizing<Vec<Entry>>,
    /// For each bucket from 0, where its entries end.
    ends: Zeroizing<Vec<u32>>,
}

impl Entries {
    fn with_capacity(half: usize, entries: usize) -> Self {
        Self {
            entries: Zeroizing::new(vec![Entry::default(); entries]),
            ends: Zeroizing::new(vec![0; half + 1]),
        }
    }

    /// Sorts the entries of a set by counting.
    fn sort(&mut self, digits: &Digits, set: usize, sets: usize, copies: usize) {
        let ends = &mut self.ends;
        ends.fill(0);
        digits.for_each_of_set(set, sets, |_, _, digit| {
            if let Some(count) = ends.get_mut(usize::from(digit.unsigned_abs())) {
                *count += 1;
            }
        });
        let mut start = 0;
        for count in ends.iter_mut().rev() {
            let entries = *count;
            *count = start;
            start += entries;
        }
        let entries = &mut self.entries;
        digits.for_each_of_set(set, sets, |base, copy, digit| {
            let Some(end) = ends.get_mut(usize::from(digit.unsigned_abs())) else { return };
            if let Some(place) = entries.get_mut(*end as usize) {
                *place = Entry::new(base, copy, copies as u32, digit < 0);
            }
            *end += 1;
        });
    }

    /// Base, copy and sign of the entry at `index`.
    fn get(&self, index: usize, copies: usize) -> Option<(usize, usize, bool)> {
        self.entries.get(index).map(|entry| entry.unpack(copies))
    }

    /// The buckets that have entries, from the highest, with the indices of the entries.
    fn buckets(&self) -> impl Iterator<Item = (u32, Range<usize>)> {
        let mut start = 0;
        self.ends.iter().enumerate().rev().filter_map(move |(bucket, end)| {
            let entries = start as usize..*end as usize;
            start = *end;
            (!entries.is_empty()).then_some((bucket as u32, entries))
        })
    }
}

/// The sums of buckets, or what is left of their points, with the numbers of the buckets, the highest first.
struct BucketSums<A: KernelPoint> {
    points: Zeroizing<Vec<Coordinates<A>>>,
    buckets: Zeroizing<Vec<u32>>,
    /// The indices of points, in the order of the low bits of their buckets.
    order: Zeroizing<Vec<u32>>,
    windows: Windows,
}

/// With fewer buckets than this, they are closed one by one.
const ROWS: usize = 64;

/// Marks the label of a column.
const COLUMN: u32 = 1 << 31;

impl<A: KernelPoint> BucketSums<A> {
    /// Room for what [`Sums`] leaves of `points` points.
    fn with_capacity(windows: Windows, points: usize) -> Self {
        let capacity = Self::capacity(windows, points);
        Self {
            points: Zeroizing::new(Vec::with_capacity(capacity)),
            buckets: Zeroizing::new(Vec::with_capacity(capacity)),
            order: Zeroizing::new(Vec::with_capacity(capacity)),
            windows,
        }
    }

    /// The room that closing needs: for the groups of all rows and columns, and what is left of them.
    fn groups(windows: Windows) -> usize {
        let low_bits = Self::low_bits(windows);
        if low_bits == 0 { 0 } else { (windows.half() >> low_bits) + (1 << low_bits) + 2 * Sums::<A>::LEFT }
    }

    /// The bits of a bucket's number that are its column.
    fn low_bits(windows: Windows) -> u32 {
        if windows.half() < ROWS { 0 } else { windows.width() / 2 }
    }

    fn capacity(windows: Windows, points: usize) -> usize {
        // Each time, a few points are left, and a bucket may be begun that is not complete.
        let times = points / Sums::<A>::BLOCK + 2;
        windows.half().min(points) + times * (Sums::<A>::LEFT + 1)
    }

    /// The memory for what is left of `points` points, in bytes.
    fn bytes_for(windows: Windows, points: usize) -> usize {
        let each = size_of::<Coordinates<A>>() + 2 * size_of::<u32>();
        Self::capacity(windows, points).saturating_mul(each)
    }

    /// Takes groups labelled by buckets, in descending order, and clears them.
    fn take(&mut self, sums: &mut Sums<A>) {
        sums.reduce();
        for (bucket, points) in sums.groups() {
            for point in points {
                // A larger block would be allocated, and this one freed without being wiped.
                debug_assert!(
                    self.points.len() < self.points.capacity(),
                    "more points are left than expected"
                );
                self.points.push(*point);
                self.buckets.push(bucket);
            }
        }
        sums.clear();
    }

    /// Σ bucket·(sum of the bucket). The buckets are then empty, unless the interrupt is requested.
    ///
    /// If the number of a bucket is row·2^k + column, it is 2^k times the sum over the rows and the sum over the columns,
    /// and these are few. So each bucket takes two additions, which are made with those of all others.
    fn close<G: CurveGroup<Affine = A>>(
        &mut self,
        sums: &mut Sums<A>,
        interrupt: &dyn Interrupt,
    ) -> Result<G, Interrupted> {
        let half = self.windows.half();
        let low_bits = Self::low_bits(self.windows);
        let low_mask = (1_u32 << low_bits) - 1;
        let mut rows = Closing::<G>::new(half >> low_bits);
        let mut columns = Closing::<G>::new(low_mask as usize);
        let mut row = 0;
        for (point, bucket) in self.points.iter().zip(self.buckets.iter()) {
            if bucket >> low_bits != row {
                sums.end_group(row);
                row = bucket >> low_bits;
            }
            if row != 0 {
                sums.push(*point);
            }
        }
        sums.end_group(row);
        interrupt.check()?;
        if low_bits != 0 {
            self.order.clear();
            self.order.extend(0..self.points.len() as u32);
            let buckets = &self.buckets;
            let column = |index: u32| buckets.get(index as usize).map_or(0, |bucket| bucket & low_mask);
            self.order.sort_unstable_by_key(|index| std::cmp::Reverse(column(*index)));
            let mut last = 0;
            for index in self.order.iter().copied() {
                let column = column(index);
                if column != last {
                    sums.end_group(last | COLUMN);
                    last = column;
                }
                if let (true, Some(point)) = (column != 0, self.points.get(index as usize)) {
                    sums.push(*point);
                }
            }
            sums.end_group(last | COLUMN);
        }
        interrupt.check()?;
        sums.reduce();
        for (label, points) in sums.groups() {
            if label & COLUMN == 0 {
                rows.add(label, points);
            } else {
                columns.add(label & !COLUMN, points);
            }
        }
        sums.clear();
        self.points.clear();
        self.buckets.clear();
        let mut total = rows.finish();
        for _ in 0..low_bits {
            total.double_in_place();
        }
        Ok(total + columns.finish())
    }
}

/// Σ label·(sum of the group), as the sum of all partial sums from the highest label down.
struct Closing<G: CurveGroup> {
    partial: G::Bucket,
    total: G::Bucket,
    /// The label that the partial sum has reached, and has not been added for.
    label: u32,
}

impl<G: CurveGroup<Affine: KernelPoint>> Closing<G> {
    fn new(largest: usize) -> Self {
        Self { partial: G::ZERO_BUCKET, total: G::ZERO_BUCKET, label: largest as u32 }
    }

    /// Adds a group whose label is not above that of the one before.
    fn add(&mut self, label: u32, points: &[Coordinates<G::Affine>]) {
        self.descend_to(label);
        points.iter().for_each(|point| self.partial += &point.to_affine());
    }

    fn descend_to(&mut self, label: u32) {
        for _ in label..self.label {
            self.total += &self.partial;
        }
        self.label = label;
    }

    fn finish(mut self) -> G {
        self.descend_to(0);
        self.total.into()
    }
}

#[cfg(test)]
mod tests;
