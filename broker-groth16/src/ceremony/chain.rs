//! The contributions: each proves that its contributor knew a secret x, and multiplies δ by it.

use ark_ec::AffineRepr;
use ark_ff::Zero;
use sha2::{Digest, Sha256};

use super::{
    error::{CeremonyError, Flaw, MAX_LOG_ITERATIONS},
    hash::Hasher,
    random::Stream,
    ratio,
};
use crate::{
    curve::Curve,
    file::zkey::contributions::{Beacon, Contribution, Contributions},
    interrupt::{Interrupt, Interrupted},
    key::ProvingKey,
    point::Point,
};

/// After how many iterations of a beacon the work tells its progress, and looks whether it should stop.
const STRIDE: u64 = 1 << 16;

/// Verifies the contributions, and that the last one leads to δ of the key, of which δ in both groups is known to be the
/// same. `progress` is told how much of how much is done: each contribution counts as 1, and as 1 more for each [`STRIDE`]
/// iterations of a beacon.
pub(super) fn verify<E: Curve>(
    contributions: &Contributions<E>,
    key: &ProvingKey<E>,
    interrupt: &dyn Interrupt,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(), CeremonyError> {
    let all = contributions.list.len() + strides(check_iterations(contributions)?);
    let mut done = 0;
    let mut hasher = Hasher::new();
    hasher.bytes(&contributions.circuit_hash);
    let mut delta = E::G1Affine::generator();
    let mut is_secret = false;
    progress(done, all);
    for (contribution, number) in contributions.list.iter().zip(1..) {
        interrupt.check()?;
        check_points(contribution, number)?;

        let mut transcript = hasher.clone();
        transcript.point(&contribution.g1_s);
        transcript.point(&contribution.g1_sx);
        if transcript.finish() != contribution.transcript {
            return Err(Flaw::Transcript { contribution: number }.into());
        }
        let secret = (challenge::<E>(&contribution.transcript), contribution.g2_spx);
        if !ratio::same::<E>((contribution.g1_s, contribution.g1_sx), secret) {
            return Err(Flaw::PublicKey { contribution: number }.into());
        }
        if !ratio::same::<E>((delta, contribution.delta_after), secret) {
            return Err(Flaw::DeltaAfter { contribution: number }.into());
        }
        if let Some(beacon) = &contribution.beacon {
            check_beacon(contribution, beacon, number, &mut |iterations| {
                progress(done + strides(iterations), all);
                interrupt.check()
            })?;
            done += strides(iterations(beacon));
        }
        hasher.contribution(contribution);
        // Everybody knows the secret of a beacon, and the secrets 1 and −1.
        let after = contribution.delta_after;
        let is_known =
            contribution.beacon.is_some() || after == delta || (after.into_group() + delta).is_zero();
        is_secret |= !is_known;
        delta = after;
        done += 1;
        progress(done, all);
    }
    if delta != key.delta_g1 {
        return Err(Flaw::LastDelta.into());
    }
    // δ is then a product of known numbers: A = α, B = β, C = −L·γ/δ is a proof of any statement. This finds mistakes, not
    // liars: no hash covers the type of a contribution, so a beacon can be written down as a contribution.
    if !is_secret {
        return Err(Flaw::NoContributor.into());
    }
    Ok(())
}

fn check_points<E: Curve>(contribution: &Contribution<E>, number: usize) -> Result<(), Flaw> {
    let flaw = |point| move |reason| Flaw::Point { contribution: number, point, reason };
    contribution.delta_after.check_element().map_err(flaw("delta"))?;
    contribution.g1_s.check_element().map_err(flaw("s in G1"))?;
    contribution.g1_sx.check_element().map_err(flaw("s·x in G1"))?;
    contribution.g2_spx.check_element().map_err(flaw("s'·x in G2"))
}

/// The point in G2 by which a contributor proves knowledge of the secret. Nobody knows its discrete logarithm.
fn challenge<E: Curve>(transcript: &[u8; 64]) -> E::G2Affine {
    let seed = transcript.first_chunk().copied().unwrap_or_default();
    Stream::new(seed).point()
}

/// Checks that the iterations of all beacons can be computed, and returns their number.
fn check_iterations<E: Curve>(contributions: &Contributions<E>) -> Result<u64, CeremonyError> {
    let mut sum = 0;
    for (contribution, number) in contributions.list.iter().zip(1..) {
        let Some(beacon) = &contribution.beacon else { continue };
        let log_iterations = beacon.log_iterations;
        if log_iterations > MAX_LOG_ITERATIONS {
            return Err(CeremonyError::BeaconIterations { contribution: number, log_iterations });
        }
        sum += iterations(beacon);
        if sum > 1 << MAX_LOG_ITERATIONS {
            return Err(CeremonyError::TotalIterations { contribution: number });
        }
    }
    Ok(sum)
}

/// The number of iterations of a beacon of at most 2^[`MAX_LOG_ITERATIONS`].
const fn iterations(beacon: &Beacon) -> u64 {
    1 << beacon.log_iterations
}

/// For how much of the progress these iterations count.
fn strides(iterations: u64) -> usize {
    usize::try_from(iterations / STRIDE).unwrap_or(usize::MAX)
}

/// Verifies that s and the secret of a beacon follow from its value. `stride` is told the number of iterations that are
/// done, and ends the work by its error.
fn check_beacon<E: Curve>(
    contribution: &Contribution<E>,
    beacon: &Beacon,
    number: usize,
    stride: &mut dyn FnMut(u64) -> Result<(), Interrupted>,
) -> Result<(), CeremonyError> {
    let mut stream = Stream::new(iterated(&beacon.value, iterations(beacon), stride)?);
    let secret: E::ScalarField = stream.element();
    let g1_s: E::G1Affine = stream.point();
    if contribution.g1_s != g1_s || contribution.g1_sx != (g1_s * secret).into() {
        return Err(Flaw::Beacon { contribution: number }.into());
    }
    Ok(())
}

/// SHA-256, applied `count` times.
fn iterated(
    value: &[u8],
    count: u64,
    stride: &mut dyn FnMut(u64) -> Result<(), Interrupted>,
) -> Result<[u8; 32], Interrupted> {
    let mut hash: [u8; 32] = Sha256::digest(value).into();
    for iteration in 1..count {
        if iteration.is_multiple_of(STRIDE) {
            stride(iteration)?;
        }
        hash = Sha256::digest(hash).into();
    }
    Ok(hash)
}
