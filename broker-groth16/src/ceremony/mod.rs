//! The verification of a setup by several parties, in the files of snarkjs.
//!
//! The first phase of such a setup does not depend on the circuit and ends with the powers of tau (`.ptau`). From them and
//! the constraints (`.r1cs`) anybody computes the initial `.zkey`, with δ = 1. In the second phase each contributor
//! multiplies δ by a secret and divides the points of C and H by it, and section 10 of the `.zkey` has a proof of each
//! contribution. False proofs can be made only by somebody who knows the secrets of all contributors of one phase.
//!
//! [`verify`] shows that a `.zkey` is the initial one of these constraints and these powers of tau, changed by its
//! contributions and by nothing else. It accepts what `snarkjs zkey verify` accepts, except for
//!
//! - keys without an effective contribution (δ is γ, the generator of G2, or its negation), which everybody can use to
//!   forge proofs, and keys whose contributions are beacons alone, for the same reason;
//! - points that are not in the groups of prime order;
//! - beacons that have more than 2^[`MAX_LOG_ITERATIONS`] iterations together;
//! - circuits of more than 2^14 rows whose key was made from a `.ptau` that is just large enough for them
//!   ([`CeremonyError::SurplusPoint`]).
//!
//! Unlike snarkjs it also accepts the coefficients of section 4 in any order, and circuits of which all points of C are the
//! identity element. H is compared with the Lagrange polynomials of the `.ptau`, too. Whether the powers of tau are those of
//! the ceremony that they are named after, the caller must find out by their hash; `snarkjs powersoftau verify` verifies that
//! ceremony.
//!
//! The formats, the hashes and the derivation of points are those of snarkjs 0.7.

mod chain;
mod columns;
mod error;
mod hash;
mod initial;
mod random;
mod ratio;
mod step;

use ark_bls12_381::Bls12_381;
use ark_bn254::Bn254;
use ark_std::rand::{CryptoRng, RngCore};

pub use self::{
    error::{CeremonyError, Flaw, MAX_LOG_ITERATIONS},
    step::{Progress, Step},
};
pub use crate::file::zkey::Beacon;
use crate::{
    curve::{Curve, CurveName},
    file::{
        FileError,
        ptau::Ptau,
        r1cs::R1cs,
        zkey::{self, Zkey, contributions::Contributions},
    },
    interrupt::Interrupt,
};

/// The files of a ceremony.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// The constraints.
    pub r1cs: &'a [u8],
    /// The powers of tau, prepared for the second phase.
    pub ptau: &'a [u8],
    /// The proving key.
    pub zkey: &'a [u8],
}

/// What section 10 of a `.zkey` says about its setup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceremony {
    /// The curve.
    pub curve: CurveName,
    /// The hash of the initial key (BLAKE2b, 64 bytes), which binds the contributions to the circuit.
    pub circuit_hash: [u8; 64],
    /// The contributions, the first one first.
    pub contributions: Vec<Contribution>,
}

/// A contribution to a setup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// The name that the contributor gave. It may have any characters.
    pub name: Option<String>,
    /// The hash of the contribution (BLAKE2b, 64 bytes), which contributors publish.
    pub hash: [u8; 64],
    /// The random beacon, if the contribution is one: everybody knows its secret, which nobody could choose.
    pub beacon: Option<Beacon>,
}

impl Ceremony {
    /// The number of contributions whose secret somebody chose, which are all but beacons.
    #[must_use]
    pub fn contributors(&self) -> usize {
        self.contributions.iter().filter(|contribution| contribution.beacon.is_none()).count()
    }

    /// The beacon with which the setup ends, if it does.
    #[must_use]
    pub fn final_beacon(&self) -> Option<&Beacon> {
        self.contributions.last()?.beacon.as_ref()
    }

    fn new<E: Curve>(contributions: &Contributions<E>) -> Self {
        let list = contributions.list.iter().map(|contribution| Contribution {
            name: contribution.name.clone(),
            hash: hash::contribution(contribution),
            beacon: contribution.beacon.clone(),
        });
        Self { curve: E::NAME, circuit_hash: contributions.circuit_hash, contributions: list.collect() }
    }
}

/// Reads the contributions of a `.zkey`, of which nothing is verified.
///
/// # Errors
///
/// [`FileError`]; [`FileError::SectionMissing`] if the file has no section 10.
pub fn read(zkey: &[u8]) -> Result<Ceremony, FileError> {
    fn over<E: Curve>(zkey: &[u8]) -> Result<Ceremony, FileError> {
        Ok(Ceremony::new::<E>(&zkey::contributions::<E>(zkey)?))
    }
    match zkey::curve(zkey)? {
        CurveName::Bn254 => over::<Bn254>(zkey),
        CurveName::Bls12381 => over::<Bls12_381>(zkey),
    }
}

/// Verifies the setup of a `.zkey`. `rng` chooses the combinations of points that are compared; whoever made the files must
/// not be able to foresee it. `progress` is told how far the verification is.
///
/// The time grows with the number of entries of the matrices: minutes for 100,000 constraints.
///
/// # Errors
///
/// [`CeremonyError::Flaw`] if the files are well-formed and the key is not the result of such a setup; the other variants of
/// [`CeremonyError`] if a file is not what it should be.
pub fn verify(
    files: Files<'_>,
    rng: &mut (impl RngCore + CryptoRng),
    interrupt: &dyn Interrupt,
    progress: &mut dyn FnMut(Progress),
) -> Result<Ceremony, CeremonyError> {
    match zkey::curve(files.zkey).map_err(CeremonyError::zkey)? {
        CurveName::Bn254 => verify_over::<Bn254>(files, rng, interrupt, progress),
        CurveName::Bls12381 => verify_over::<Bls12_381>(files, rng, interrupt, progress),
    }
}

fn verify_over<E: Curve>(
    files: Files<'_>,
    rng: &mut (impl RngCore + CryptoRng),
    interrupt: &dyn Interrupt,
    progress: &mut dyn FnMut(Progress),
) -> Result<Ceremony, CeremonyError> {
    let stop = || interrupt.is_requested();
    let zkey = Zkey::<E>::open(files.zkey).map_err(CeremonyError::zkey)?;
    let contributions = zkey.read_contributions().map_err(CeremonyError::zkey)?;
    // Mistakes in the other files are found before the long work.
    let constraints = R1cs::<E>::read(files.r1cs, &stop).map_err(CeremonyError::r1cs)?.constraints;
    let ptau = Ptau::<E>::open(files.ptau).map_err(CeremonyError::ptau)?;

    let mut tell = |step, done, all| progress(Progress { step, done, all });
    let all = zkey.points();
    tell(Step::Key, 0, all);
    let key = zkey.load_checked(&stop, &mut |done| tell(Step::Key, done, all));
    let mut key = key.map_err(CeremonyError::zkey)?;

    chain::verify(&contributions, &key.proving, interrupt, &mut |done, all| {
        tell(Step::Contributions, done, all);
    })?;

    tell(Step::Constraints, 0, 1);
    if constraints.domain_size() != zkey.domain_size() {
        let (zkey, r1cs) = (zkey.domain_size(), constraints.domain_size());
        return Err(Flaw::Domain { zkey, r1cs }.into());
    }
    key.add_c(constraints).map_err(Flaw::Constraints)?;

    initial::verify(&key, &ptau, contributions.circuit_hash, rng, interrupt, &mut tell)?;
    Ok(Ceremony::new(&contributions))
}
