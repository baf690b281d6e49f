//! Sums in buckets, compared with double-and-add.

use ark_bls12_381::Bls12_381;
use ark_bn254::Bn254;
use ark_ec::{AffineRepr, pairing::Pairing};
use ark_ff::{AdditiveGroup, Field, UniformRand};
use ark_std::rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::{interrupt::Never, scalar_mul::Shifted};

struct Plain<A>(Vec<A>);

impl<A: KernelPoint> Bases<A> for Plain<A> {
    fn get(&self, base: usize, _copy: usize) -> Coordinates<A> {
        Coordinates::from(*self.0.get(base).unwrap())
    }

    fn prefetch(&self, _base: usize, _copy: usize) {}
}

/// Sums in windows of each width and with several numbers of copies.
fn agrees<G: CurveGroup<Affine: KernelPoint>>(
    widths: &[u32],
    bases: &[G::Affine],
    scalars: &[G::ScalarField],
) {
    for kernel in [Kernel::PORTABLE, Kernel::detect()] {
        agrees_with::<G>(kernel, widths, bases, scalars);
    }
}

fn agrees_with<G: CurveGroup<Affine: KernelPoint>>(
    kernel: Kernel,
    widths: &[u32],
    bases: &[G::Affine],
    scalars: &[G::ScalarField],
) {
    let expected: G = bases.iter().zip(scalars).map(|(base, scalar)| *base * scalar).sum();
    let plain = Plain(bases.to_vec());
    for width in widths.iter().copied() {
        let windows = Windows::new::<G::ScalarField>(width);
        let cut = Cut { windows, copies: 1, sets: windows.count() };
        let sum: G = sum_in_buckets(&plain, cut, scalars.iter().copied(), kernel, &Never).unwrap();
        assert_eq!(sum, expected, "windows of {width} bits");
    }
    for copies in [1, 3, usize::MAX] {
        let shifted = Shifted::<G>::new(bases.iter(), copies, &Never).unwrap();
        let sum = shifted.sum(|index| *scalars.get(index).unwrap(), kernel, &Never).unwrap();
        assert_eq!(sum, expected, "{copies} copies");
        let finite = bases.iter().filter(|base| !base.is_zero()).count();
        assert!(shifted.bytes() >= Shifted::<G>::bytes_for(finite, copies));
    }
}

fn agrees_on<G: CurveGroup<Affine: KernelPoint>>() {
    let mut rng = StdRng::seed_from_u64(7);
    agrees::<G>(&[2], &[], &[]);
    // Equal, opposite and infinite bases with scalars that are equal, opposite, tiny, and at the edges of windows.
    let base = G::rand(&mut rng).into_affine();
    let bases = [base, base, -base, (base + base).into_affine(), G::Affine::zero()];
    let half = G::ScalarField::from(G::ScalarField::MODULUS_MINUS_ONE_DIV_TWO);
    let edges: Vec<_> = [0_u64, 1, 2, 127, 128, 129, 1 << 32]
        .into_iter()
        .map(G::ScalarField::from)
        .flat_map(|edge| [edge, -edge, half + edge, half - edge])
        .collect();
    for width in [2, 5, 8] {
        let count = rng.gen_range(1..60);
        let bases: Vec<_> = (0..count).map(|_| *bases.get(rng.gen_range(0..5)).unwrap()).collect();
        let scalars: Vec<_> =
            (0..count).map(|_| *edges.get(rng.gen_range(0..edges.len())).unwrap()).collect();
        agrees::<G>(&[width], &bases, &scalars);
    }
    let bases: Vec<_> = (0..150).map(|_| G::rand(&mut rng).into_affine()).collect();
    agrees::<G>(&[7], &bases, &[G::ScalarField::ONE; 150]);
    agrees::<G>(&[7], &bases, &[G::ScalarField::ZERO; 150]);
    let scalars: Vec<_> = (0..150).map(|_| G::ScalarField::rand(&mut rng)).collect();
    agrees::<G>(&[3, 12], &bases, &scalars);
    // More buckets than there is room for when they are closed.
    let bases: Vec<_> = (0..500).map(|_| G::rand(&mut rng).into_affine()).collect();
    let scalars: Vec<_> = (0..500).map(|_| G::ScalarField::rand(&mut rng)).collect();
    agrees::<G>(&[15], &bases, &scalars);
}

/// The widest windows, with the largest digits.
#[test]
fn windows_of_15_bits_have_room_in_16() {
    type G = <Bn254 as Pairing>::G1;
    let mut rng = StdRng::seed_from_u64(10);
    let bases: Vec<_> = (0..4).map(|_| G::rand(&mut rng).into_affine()).collect();
    let scalars = [1_u64 << 14, (1 << 14) + 1, 1 << 15, u64::MAX].map(ark_bn254::Fr::from);
    agrees::<G>(&[15], &bases, &scalars);
    agrees::<G>(&[15], &bases, &scalars.map(|scalar| -scalar));
}

#[test]
fn sums_agree_with_double_and_add_on_bn254() {
    agrees_on::<<Bn254 as Pairing>::G1>();
    agrees_on::<<Bn254 as Pairing>::G2>();
}

#[test]
fn sums_agree_with_double_and_add_on_bls12_381() {
    agrees_on::<<Bls12_381 as Pairing>::G1>();
    agrees_on::<<Bls12_381 as Pairing>::G2>();
}

/// More points in one bucket than are added up together.
#[test]
fn a_bucket_may_have_more_points_than_a_block() {
    type G = <Bn254 as Pairing>::G1;
    let count = 2 * Sums::<<G as CurveGroup>::Affine>::BLOCK + 77;
    let base = G::rand(&mut StdRng::seed_from_u64(8));
    let bases = Plain(vec![base.into_affine(); count]);
    let scalars = vec![<G as ark_ec::PrimeGroup>::ScalarField::ONE; count];
    let cut = Cut::choose::<<G as ark_ec::PrimeGroup>::ScalarField>(count, 1);
    let sum: G = sum_in_buckets(&bases, cut, scalars.into_iter(), Kernel::detect(), &Never).unwrap();
    assert_eq!(sum, base * <G as ark_ec::PrimeGroup>::ScalarField::from(count as u64));
}

#[test]
fn an_interrupt_ends_the_work() {
    type G = <Bn254 as Pairing>::G1;
    let bases = Plain(vec![G::rand(&mut StdRng::seed_from_u64(9)).into_affine()]);
    let cut = Cut::choose::<ark_bn254::Fr>(1, 1);
    let sum = sum_in_buckets::<G>(&bases, cut, [ark_bn254::Fr::ONE].into_iter(), Kernel::detect(), &|| true);
    assert_eq!(sum, Err(Interrupted));
}

#[test]
fn there_are_never_more_copies_than_windows() {
    for bases in [0, 1, 30, 1_000, 100_000] {
        for copies in 1..130 {
            let cut = Cut::choose::<ark_bn254::Fr>(bases, copies);
            assert!(cut.copies <= copies && cut.copies <= cut.windows.count());
            assert!(cut.copies * cut.sets >= cut.windows.count());
            assert!(cut.copies != cut.windows.count() || cut.sets == 1);
        }
        assert_eq!(Cut::choose::<ark_bn254::Fr>(bases, 1).copies, 1);
        assert_eq!(Cut::choose::<ark_bn254::Fr>(bases, usize::MAX).sets, 1);
    }
}
