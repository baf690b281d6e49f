//! The comparison of a key with the initial one, which follows from the constraints and the powers of tau.

use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{AdditiveGroup, Field, PrimeField, Zero};
use ark_std::rand::{CryptoRng, RngCore};

use super::{
    columns::Columns,
    error::{CeremonyError, Flaw},
    hash::Hasher,
    ratio,
    step::Step,
};
use crate::{
    curve::Curve,
    file::{
        Section,
        points::FilePoint,
        ptau::{Powers, Ptau},
        zkey::{A, B_G1, B_G2, C, H, IC},
    },
    interrupt::Interrupt,
    key::{CircuitKey, KeyPoint},
    qap::root_of_unity,
};

/// How many points are computed or added up between two questions whether to stop.
const BLOCK: usize = 1 << 10;

/// snarkjs hashes the points of H in blocks of this size. If there is more than one block, each has this size, so that one
/// point too many is hashed.
const HASH_BLOCK: usize = 1 << 14;

/// Verifies that `key`, with its matrix C, is the initial key of its constraints and `ptau`, but for δ, and that
/// `circuit_hash` is the hash of that key.
pub(super) fn verify<E: Curve>(
    key: &CircuitKey<E>,
    ptau: &Ptau<'_, E>,
    circuit_hash: [u8; 64],
    rng: &mut (impl RngCore + CryptoRng),
    interrupt: &dyn Interrupt,
    progress: &mut dyn FnMut(Step, usize, usize),
) -> Result<(), CeremonyError> {
    let log_size = key.constraints.domain_size().trailing_zeros();
    let all = ptau.points(log_size);
    progress(Step::PowersOfTau, 0, all);
    if log_size > ptau.power() {
        return Err(Flaw::FewPowers { found: ptau.power(), needed: log_size }.into());
    }
    if hashes_surplus(key.constraints.domain_size()) && log_size == ptau.power() {
        return Err(CeremonyError::SurplusPoint);
    }
    let stop = || interrupt.is_requested();
    let mut tell = |done| progress(Step::PowersOfTau, done, all);
    let powers = ptau.powers(log_size, &stop, &mut tell).map_err(CeremonyError::ptau)?;
    compare_header(key, &powers)?;

    let mut hasher = Hasher::new();
    hasher.point(&powers.alpha_g1);
    hasher.point(&powers.beta_g1);
    hasher.point(&powers.beta_g2);
    hasher.point(&E::G2Affine::generator());
    hasher.point(&E::G1Affine::generator());
    hasher.point(&E::G2Affine::generator());

    let mut work = Work { hasher, interrupt, progress };
    let (constraints, proving) = (&key.constraints, &key.proving);
    let signals = constraints.signals;
    let rows = constraints.constraints();
    let public = constraints.public + 1;
    let a = Columns::new(&constraints.a, signals);
    let b = Columns::new(&constraints.b, signals);
    // The caller has added C; without it, no circuit with entries in C would be accepted.
    let c = constraints.c.as_ref().map(|c| Columns::new(c, signals)).unwrap_or_default();
    // The row after the constraints that the constant 1 and each public signal have in A.
    let add_row = |sum: &mut E::G1, signal: usize, points: &[E::G1Affine]| {
        if signal < public
            && let Some(point) = points.get(rows + signal)
        {
            *sum += point;
        }
    };
    let combined = |signal: usize| {
        let mut sum = E::G1::zero();
        a.add(&mut sum, signal, &powers.lagrange_beta_g1);
        b.add(&mut sum, signal, &powers.lagrange_alpha_g1);
        c.add(&mut sum, signal, &powers.lagrange_g1);
        add_row(&mut sum, signal, &powers.lagrange_beta_g1);
        sum
    };

    work.section::<E::G1>(Step::Ic, IC, &proving.verifying.gamma_abc_g1, &combined)?;
    work.hash_h(&powers)?;
    let initial_c = work.points::<E::G1>(Step::C, signals - public, &|index| combined(public + index))?;
    let delta = proving.verifying.delta_g2;
    work.divided::<E>(Step::C, C, &initial_c, &proving.l_query, delta, rng)?;
    work.section::<E::G1>(Step::A, A, &proving.a_query, &|signal| {
        let mut sum = E::G1::zero();
        a.add(&mut sum, signal, &powers.lagrange_g1);
        add_row(&mut sum, signal, &powers.lagrange_g1);
        sum
    })?;
    work.section::<E::G1>(Step::BG1, B_G1, &proving.b_g1_query, &|signal| {
        let mut sum = E::G1::zero();
        b.add(&mut sum, signal, &powers.lagrange_g1);
        sum
    })?;
    work.section::<E::G2>(Step::BG2, B_G2, &proving.b_g2_query, &|signal| {
        let mut sum = E::G2::zero();
        b.add(&mut sum, signal, &powers.lagrange_g2);
        sum
    })?;

    work.divided::<E>(Step::H, H, &powers.odd_lagrange_g1, &proving.h_query, delta, rng)?;
    if !h_belongs_to_powers::<E>(&proving.h_query, &powers.tau_g1, delta, rng, interrupt)? {
        return Err(Flaw::Ratio { section: H }.into());
    }

    (work.progress)(Step::CircuitHash, 0, 1);
    let large = hashes_surplus(key.constraints.domain_size());
    if work.hasher.finish() == circuit_hash { Ok(()) } else { Err(Flaw::CircuitHash { large }.into()) }
}

/// Whether snarkjs hashes one point of H too many for a domain of this size.
const fn hashes_surplus(size: usize) -> bool {
    size > HASH_BLOCK + 1
}

fn compare_header<E: Curve>(key: &CircuitKey<E>, powers: &Powers<E>) -> Result<(), Flaw> {
    let (proving, verifying) = (&key.proving, &key.proving.verifying);
    let equal = [
        (KeyPoint::Alpha, verifying.alpha_g1 == powers.alpha_g1),
        (KeyPoint::BetaG1, proving.beta_g1 == powers.beta_g1),
        (KeyPoint::Beta, verifying.beta_g2 == powers.beta_g2),
    ];
    if let Some((point, _)) = equal.into_iter().find(|(_, equal)| !equal) {
        return Err(Flaw::PowersOfTau(point));
    }
    if verifying.gamma_g2 == E::G2Affine::generator() { Ok(()) } else { Err(Flaw::Gamma) }
}

/// What all parts of the comparison need.
struct Work<'a> {
    hasher: Hasher,
    interrupt: &'a dyn Interrupt,
    progress: &'a mut dyn FnMut(Step, usize, usize),
}

impl Work<'_> {
    /// Computes `count` points, and hashes their number and them.
    fn points<G: CurveGroup<Affine: FilePoint>>(
        &mut self,
        step: Step,
        count: usize,
        point: &dyn Fn(usize) -> G,
    ) -> Result<Vec<G::Affine>, CeremonyError> {
        self.hasher.count(count);
        let mut points = Vec::with_capacity(count);
        while points.len() < count {
            self.interrupt.check()?;
            (self.progress)(step, points.len(), count);
            let end = count.min(points.len() + BLOCK);
            let block: Vec<G> = (points.len()..end).map(point).collect();
            let block = G::normalize_batch(&block);
            block.iter().for_each(|point| self.hasher.point(point));
            points.extend(block);
        }
        Ok(points)
    }

    /// Compares a section with the points that it must have.
    fn section<G: CurveGroup<Affine: FilePoint>>(
        &mut self,
        step: Step,
        section: Section,
        found: &[G::Affine],
        point: &dyn Fn(usize) -> G,
    ) -> Result<(), CeremonyError> {
        let expected = self.points(step, found.len(), point)?;
        match expected.iter().zip(found).position(|(expected, found)| expected != found) {
            Some(index) => Err(Flaw::Element { section, index }.into()),
            None => Ok(()),
        }
    }

    /// Hashes (τⁿ − 1)·τⁱ for the exponents below n − 1, and for n − 1 where snarkjs does it.
    fn hash_h<E: Curve>(&mut self, powers: &Powers<E>) -> Result<(), CeremonyError> {
        let size = powers.lagrange_g1.len();
        self.hasher.count(size - 1);
        let count = if hashes_surplus(size) { size } else { size - 1 };
        let mut done = 0;
        while done < count {
            self.interrupt.check()?;
            let end = count.min(done + BLOCK);
            let mut block = Vec::with_capacity(BLOCK);
            for index in done..end {
                let low = powers.tau_g1.get(index).copied().unwrap_or_default();
                let high = powers.tau_g1.get(index + size).ok_or(CeremonyError::SurplusPoint)?;
                block.push(high.into_group() - low);
            }
            E::G1::normalize_batch(&block).iter().for_each(|point| self.hasher.point(point));
            done = end;
        }
        Ok(())
    }

    /// Compares random combinations of `initial` and of `found`, whose ratio must be δ.
    fn divided<E: Curve>(
        &mut self,
        step: Step,
        section: Section,
        initial: &[E::G1Affine],
        found: &[E::G1Affine],
        delta: E::G2Affine,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(), CeremonyError> {
        let (mut before, mut after) = (E::G1::zero(), E::G1::zero());
        let mut done = 0;
        for (initial, found) in initial.chunks(BLOCK).zip(found.chunks(BLOCK)) {
            self.interrupt.check()?;
            (self.progress)(step, done, found.len());
            // 128 bits make an error that cancels out as improbable as a forged signature.
            let scalars: Vec<E::ScalarField> = initial
                .iter()
                .map(|_| u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64()))
                .map(E::ScalarField::from)
                .collect();
            before += E::G1::msm_unchecked(initial, &scalars);
            after += E::G1::msm_unchecked(found, &scalars);
            done += found.len();
        }
        // All points of a section may be the identity element, as those of a circuit whose private signals are not used.
        let empty = before.is_zero() && after.is_zero();
        let generator = E::G2Affine::generator();
        if empty || ratio::same::<E>((after.into(), before.into()), (generator, delta)) {
            Ok(())
        } else {
            Err(Flaw::Ratio { section }.into())
        }
    }
}

/// Whether H agrees with the powers of tau themselves, and not only with the Lagrange polynomials of the file.
///
/// For a polynomial q of degree below n − 1, p = q·(xⁿ − 1) is zero on the domain and −2·q on its odd coset, so p(τ) is the
/// sum of −2·q(η²ʲ⁺¹) times the Lagrange polynomials of the coset, which are H multiplied by δ. q has the coefficients sⁱ
/// for a random s, so that its values are known without a transform.
fn h_belongs_to_powers<E: Curve>(
    h: &[E::G1Affine],
    tau: &[E::G1Affine],
    delta: E::G2Affine,
    rng: &mut (impl RngCore + CryptoRng),
    interrupt: &dyn Interrupt,
) -> Result<bool, CeremonyError> {
    let size = h.len();
    let (n, terms) = (size as u64, size.saturating_sub(1));
    if terms == 0 {
        return Ok(true);
    }
    let Some(root) = root_of_unity::<E::ScalarField>(2 * n) else { return Ok(false) };
    let one = E::ScalarField::ONE;
    let s = {
        let mut bytes = [0; 64];
        rng.fill_bytes(&mut bytes);
        E::ScalarField::from_le_bytes_mod_order(&bytes)
    };
    // q(x) = ((s·x)^(n − 1) − 1) / (s·x − 1)
    let mut x = s * root;
    let mut values = Vec::with_capacity(size);
    let mut denominators = Vec::with_capacity(size);
    let square = root.square();
    for _ in 0..size {
        values.push((one - x.pow([n - 1])).double());
        denominators.push(x - one);
        x *= square;
    }
    ark_ff::batch_inversion(&mut denominators);
    values.iter_mut().zip(&denominators).for_each(|(value, inverse)| *value *= inverse);

    let mut powers = Vec::with_capacity(terms);
    let mut power = one;
    for _ in 0..terms {
        powers.push(power);
        power *= s;
    }
    let mut after = E::G1::zero();
    for (points, scalars) in h.chunks(BLOCK).zip(values.chunks(BLOCK)) {
        interrupt.check()?;
        after += E::G1::msm_unchecked(points, scalars);
    }
    let mut before = E::G1::zero();
    let (low, high) = tau.split_at_checked(size).unwrap_or_default();
    for ((low, high), scalars) in low.chunks(BLOCK).zip(high.chunks(BLOCK)).zip(powers.chunks(BLOCK)) {
        interrupt.check()?;
        let (low, high) =
            (low.get(..scalars.len()).unwrap_or_default(), high.get(..scalars.len()).unwrap_or_default());
        before += E::G1::msm_unchecked(high, scalars) - E::G1::msm_unchecked(low, scalars);
    }
    Ok(ratio::same::<E>((after.into(), before.into()), (E::G2Affine::generator(), delta)))
}
