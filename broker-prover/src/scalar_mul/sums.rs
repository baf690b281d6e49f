//! Sums of groups of affine points.
//!
//! An affine addition needs an inverse and 3 multiplications, and the inverses of many values cost one inversion and 3
//! multiplications each. With one inversion for all additions of a level, an addition therefore takes 6 multiplications,
//! where one in projective (XYZZ) coordinates takes 10.

use ark_ec::VariableBaseMSM;
use zeroize::Zeroizing;

use crate::kernel::{AddPairs, Coordinates, Kernel, KernelPoint, Pair};

/// Points in groups, of which each is to be added up. The points tell the scalars that chose them, so they are wiped.
pub(crate) struct Sums<A: KernelPoint> {
    /// The points, of which the first `count` are in use.
    points: Zeroizing<Vec<Coordinates<A>>>,
    count: usize,
    /// The groups' labels and numbers of points, in the order of the points.
    groups: Zeroizing<Vec<(u32, u32)>>,
    /// The number of points that belong to no group yet.
    open: u32,
    /// Made for the first addition.
    level: Option<Level<A>>,
    kernel: Kernel,
}

/// What the additions of a level need.
struct Level<A: KernelPoint> {
    /// Room for the sums, which then become the points.
    next: Zeroizing<Vec<Coordinates<A>>>,
    pairs: Zeroizing<Vec<Pair>>,
    adder: Box<dyn AddPairs<A>>,
}

impl<A: KernelPoint> Sums<A> {
    /// The number of points that are added up together, so that they stay in the caches and an inversion is for many.
    pub(crate) const BLOCK: usize = (1 << 20) / size_of::<Coordinates<A>>();

    /// With fewer additions than this in a level, an inversion costs more than it saves: it takes as long as about 250
    /// multiplications of the prime field.
    const LEVEL: usize = if size_of::<A::BaseField>() > 64 { 20 } else { 60 };

    /// The same, if the kernel has a sum of many points.
    const FEW: usize = 512;

    /// The points that [`Sums::reduce`] leaves are at most so many more than there are groups.
    pub(crate) const LEFT: usize = 2 * Self::LEVEL;

    /// Room for `capacity` points, and for [`Sums::BLOCK`] at most.
    pub(crate) fn with_capacity(capacity: usize, kernel: Kernel) -> Self {
        let capacity = capacity.clamp(1, Self::BLOCK);
        Self {
            points: Zeroizing::new(vec![Coordinates::INFINITY; capacity]),
            count: 0,
            groups: Zeroizing::new(Vec::with_capacity(capacity)),
            open: 0,
            level: None,
            kernel,
        }
    }

    /// The memory that [`Sums::with_capacity`] takes, in bytes.
    pub(crate) fn bytes_for(capacity: usize) -> usize {
        let capacity = capacity.clamp(1, Self::BLOCK);
        let each = 2 * size_of::<Coordinates<A>>() + size_of::<(u32, u32)>();
        capacity * each + capacity / 2 * size_of::<Pair>() + A::pairs_bytes(capacity / 2)
    }

    /// The memory that [`Sums::totals`] takes, in bytes.
    pub(crate) fn bytes_for_totals(capacity: usize, kernel: Kernel) -> usize {
        let level = !A::has_sum(kernel) || capacity / 2 >= Self::FEW;
        if level {
            Self::bytes_for(capacity)
        } else {
            capacity * (size_of::<Coordinates<A>>() + size_of::<(u32, u32)>())
        }
    }

    /// Whether there is no room for another point.
    pub(crate) fn is_full(&self) -> bool {
        self.count >= self.points.len()
    }

    /// Adds a point to the open group. If there is no room, the groups are reduced first, which makes room unless they
    /// are almost as many as the points.
    pub(crate) fn push(&mut self, point: Coordinates<A>) {
        if self.is_full() {
            self.reduce();
        }
        debug_assert!(!self.is_full(), "there are as many groups as points");
        if let Some(place) = self.points.get_mut(self.count) {
            *place = point;
            self.count += 1;
            self.open += 1;
        }
    }

    /// Ends the open group, unless it is empty.
    pub(crate) fn end_group(&mut self, label: u32) {
        if self.open != 0 {
            self.groups.push((label, self.open));
            self.open = 0;
        }
    }

    /// The sum of each group, with its label.
    pub(crate) fn totals(&mut self) -> impl Iterator<Item = (u32, A::Group)> {
        self.reduce_to(if A::has_sum(self.kernel) { Self::FEW } else { Self::LEVEL });
        self.groups().map(|(label, points)| {
            let total = A::sum(self.kernel, points).unwrap_or_else(|| {
                let mut total = A::Group::ZERO_BUCKET;
                points.iter().for_each(|point| total += &point.to_affine());
                total.into()
            });
            (label, total)
        })
    }

    /// Adds up the points of each group, until few points are left.
    pub(crate) fn reduce(&mut self) {
        self.reduce_to(Self::LEVEL);
    }

    /// Adds up the points of each group, until a level has fewer additions than `least`.
    fn reduce_to(&mut self, least: usize) {
        // The open group is one like the others meanwhile.
        let open = self.open != 0;
        self.end_group(0);
        while self.groups.iter().map(|(_, points)| *points as usize / 2).sum::<usize>() >= least {
            self.reduce_once();
        }
        if open {
            self.open = self.groups.pop().map_or(0, |(_, points)| points);
        }
    }

    /// The groups' labels and what is left of their points, in order.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (u32, &[Coordinates<A>])> {
        let mut rest = self.points.as_slice();
        self.groups.iter().map(move |(label, points)| {
            let (group, after) = rest.split_at_checked(*points as usize).unwrap_or_default();
            rest = after;
            (*label, group)
        })
    }

    /// Forgets all points.
    pub(crate) fn clear(&mut self) {
        self.count = 0;
        self.groups.clear();
        self.open = 0;
    }

    /// Replaces neighbours in each group by their sums.
    fn reduce_once(&mut self) {
        let capacity = self.points.len();
        let Level { next, pairs, adder } = self.level.get_or_insert_with(|| Level {
            next: Zeroizing::new(vec![Coordinates::INFINITY; capacity]),
            pairs: Zeroizing::new(Vec::with_capacity(capacity / 2)),
            adder: A::pairs(self.kernel, capacity / 2),
        });
        pairs.clear();
        let (mut first, mut sum) = (0, 0);
        for (_, points) in self.groups.iter_mut() {
            for _ in 0..*points / 2 {
                pairs.push(Pair { first, sum });
                first += 2;
                sum += 1;
            }
            if *points % 2 == 1 {
                let odd = self.points.get(first as usize).copied();
                if let (Some(odd), Some(place)) = (odd, next.get_mut(sum as usize)) {
                    *place = odd;
                }
                first += 1;
                sum += 1;
            }
            *points = points.div_ceil(2);
        }
        adder.add(&self.points, pairs, next);
        self.count = sum as usize;
        std::mem::swap(&mut self.points, next);
    }
}

#[cfg(test)]
mod tests {
    use ark_bls12_381::Bls12_381;
    use ark_bn254::Bn254;
    use ark_ec::{AffineRepr, CurveGroup, pairing::Pairing};
    use ark_ff::{Field, UniformRand, Zero};
    use ark_std::rand::{Rng, SeedableRng, rngs::StdRng};

    use super::*;

    /// Few points that are often equal, opposite or at infinity.
    fn adds_up<A: KernelPoint>() {
        adds_up_with::<A>(Kernel::PORTABLE);
        adds_up_with::<A>(Kernel::detect());
    }

    fn adds_up_with<A: KernelPoint>(kernel: Kernel) {
        let mut rng = StdRng::seed_from_u64(4);
        let points: Vec<A> = (0..3).map(|_| A::rand(&mut rng)).collect();
        for round in 0..20 {
            let mut sums = Sums::<A>::with_capacity(600, kernel);
            let mut expected = Vec::new();
            for label in 0..40 {
                let mut sum = A::Group::default();
                for _ in 0..rng.gen_range(0..=2 * label) {
                    if sums.is_full() {
                        break;
                    }
                    let point = match rng.gen_range(0..5) {
                        0 => A::zero(),
                        index => points.get(index % 3).copied().unwrap(),
                    };
                    let negative = rng.r#gen();
                    sums.push(Coordinates::from(point).negate_if(negative));
                    if negative { sum -= point } else { sum += point }
                }
                expected.push((label, sum));
                sums.end_group(label);
                if round % 3 == 0 {
                    sums.reduce();
                }
            }
            sums.reduce();
            assert!(sums.count <= 40 + 2 * Sums::<A>::LEVEL);
            let mut found = sums.groups();
            for (label, sum) in expected {
                let group: A::Group = match sums.groups.iter().any(|(found, _)| *found == label) {
                    true => {
                        let (found, points) = found.next().unwrap();
                        assert_eq!(found, label);
                        points.iter().map(|point| point.to_affine()).sum()
                    }
                    false => A::Group::default(),
                };
                assert_eq!(group.into_affine(), sum.into_affine(), "group {label}");
            }
            assert!(found.next().is_none());
        }
    }

    #[test]
    fn groups_with_equal_and_opposite_points_add_up() {
        adds_up::<<Bn254 as Pairing>::G1Affine>();
        adds_up::<<Bn254 as Pairing>::G2Affine>();
        adds_up::<<Bls12_381 as Pairing>::G1Affine>();
        adds_up::<<Bls12_381 as Pairing>::G2Affine>();
    }

    #[test]
    fn each_exceptional_pair_has_the_right_sum() {
        let mut rng = StdRng::seed_from_u64(5);
        type A = <Bn254 as Pairing>::G1Affine;
        let (p, q) = (A::rand(&mut rng), A::rand(&mut rng));
        let double = (p + p).into_affine();
        for (first, second) in
            [(p, q), (p, p), (p, -p), (p, A::zero()), (A::zero(), p), (A::zero(), A::zero()), (double, p)]
        {
            let [one, other] = [first, second].map(Coordinates::from);
            let denominator = one.denominator(&other);
            let sum = one.add(&other, &denominator.inverse().unwrap());
            assert_eq!(sum.to_affine(), (first + second).into_affine());
        }
    }

    /// A group that is larger than the block is reduced while it grows.
    #[test]
    fn a_group_may_be_larger_than_the_room() {
        type A = <Bn254 as Pairing>::G1Affine;
        let mut sums = Sums::<A>::with_capacity(300, Kernel::detect());
        let mut expected = <A as AffineRepr>::Group::default();
        let mut point = A::generator();
        for label in 0..3 {
            for _ in 0..1_000 {
                sums.push(Coordinates::from(point));
                expected += point;
                point = (point + A::generator()).into_affine();
            }
            sums.end_group(label);
        }
        sums.reduce();
        let sum: <A as AffineRepr>::Group =
            sums.groups().flat_map(|(_, points)| points).map(|point| point.to_affine()).sum();
        assert_eq!(sum, expected);
        assert_eq!(sums.groups().count(), 3);
    }

    /// Sums of whole groups, of all sizes; and of points that the kernel's formulas are not for.
    #[test]
    fn totals_agree_with_arkworks() {
        total_agrees::<<Bn254 as Pairing>::G1Affine>();
        total_agrees::<<Bn254 as Pairing>::G2Affine>();
        total_agrees::<<Bls12_381 as Pairing>::G1Affine>();
    }

    fn total_agrees<A: KernelPoint>() {
        let mut rng = StdRng::seed_from_u64(6);
        let random: Vec<A> = (0..40).map(|_| A::rand(&mut rng)).collect();
        let (p, q) = (random[0], random[1]);
        let mut groups: Vec<Vec<A>> = (0..=random.len()).map(|count| random[..count].to_vec()).collect();
        for exception in [p, -p, A::zero()] {
            for place in [1, 8, 15, 16, 19] {
                // The first lane has p, and the same lane or another has the exception.
                let mut group = random[..20].to_vec();
                group[place] = exception;
                groups.push(group);
            }
        }
        groups.push(vec![q; 16]);
        groups.push([p, -p].repeat(12));
        groups.push([p, -p].repeat(3_000));
        groups.push([p, q].repeat(3_000));
        for kernel in [Kernel::PORTABLE, Kernel::detect()] {
            for group in &groups {
                let mut sums = Sums::with_capacity(group.len(), kernel);
                group.iter().for_each(|point| sums.push(Coordinates::from(*point)));
                sums.end_group(7);
                let expected: A::Group = group.iter().sum();
                let total = sums.totals().next().map_or(A::Group::zero(), |(label, total)| {
                    assert_eq!(label, 7);
                    total
                });
                assert_eq!(total, expected, "{} points, {}", group.len(), kernel.name());
            }
        }
    }
}
