//! Why a setup is not verified.

use super::step::Step;
use crate::{
    file::{FileError, Place, Section, r1cs::Mismatch},
    interrupt::Interrupted,
    key::{KeyError, KeyPoint},
    point::PointError,
};

/// The binary logarithm of the largest number of iterations that are computed, of all beacons of a file together.
pub const MAX_LOG_ITERATIONS: u8 = 32;

/// What else another hash of a large circuit can mean.
const OWN_SIZE: &str = "; but the key may also be from a .ptau of just the circuit's size, for which snarkjs hashes bytes that \
    are no point: verify with the very .ptau of the setup";

/// Why a setup is not verified.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CeremonyError {
    /// The `.zkey` is malformed.
    #[error("the .zkey: {0}")]
    Zkey(FileError),
    /// The `.r1cs` is malformed, or over another curve.
    #[error("the .r1cs: {0}")]
    R1cs(FileError),
    /// The `.ptau` is malformed, not prepared, or over another curve.
    #[error("the .ptau: {0}")]
    Ptau(FileError),
    /// A beacon takes too long to compute.
    #[error(
        "contribution {contribution} is a beacon of 2^{log_iterations} iterations; at most 2^{MAX_LOG_ITERATIONS} are computed"
    )]
    BeaconIterations {
        /// The number of the contribution, from 1.
        contribution: usize,
        /// The binary logarithm of the number of iterations.
        log_iterations: u8,
    },
    /// All beacons together take too long to compute.
    #[error(
        "the beacons up to contribution {contribution} have more than 2^{MAX_LOG_ITERATIONS} iterations together; at most so \
         many are computed"
    )]
    TotalIterations {
        /// The number of the contribution that exceeds the limit, from 1.
        contribution: usize,
    },
    /// The hash of the circuit cannot be computed. For circuits of more than 2^14 rows snarkjs hashes one power of tau more
    /// than a `.ptau` of the circuit's own size has, and so the bytes that follow.
    #[error(
        "the .ptau is just large enough for the circuit, and for more than 16384 rows snarkjs then hashes bytes that are no \
         point: the hash of the circuit cannot be verified; only keys from a .ptau of twice the size, or more, can"
    )]
    SurplusPoint,
    /// The files are well-formed, and the key is not the result of a setup by its contributions.
    #[error(transparent)]
    Flaw(#[from] Flaw),
    /// The caller ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl CeremonyError {
    /// A key that can be read and is unsound is a flaw; everything else about the file is an error.
    pub(super) fn zkey(error: FileError) -> Self {
        match error {
            FileError::Key(error) => Flaw::Key(error).into(),
            FileError::Point { place, reason: reason @ (PointError::OffCurve | PointError::Subgroup) } => {
                Flaw::Outside { place, reason }.into()
            }
            FileError::Interrupted(interrupted) => interrupted.into(),
            error => Self::Zkey(error),
        }
    }

    pub(super) fn r1cs(error: FileError) -> Self {
        match error {
            FileError::Interrupted(interrupted) => interrupted.into(),
            error => Self::R1cs(error),
        }
    }

    pub(super) fn ptau(error: FileError) -> Self {
        match error {
            FileError::Interrupted(interrupted) => interrupted.into(),
            error => Self::Ptau(error),
        }
    }
}

/// Why a key is not the result of a setup by its contributions, for these constraints and powers of tau.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// The verifying key is unsound.
    #[error(transparent)]
    Key(KeyError),
    /// A point of the key is not in its group.
    #[error("{place} {reason}")]
    Outside {
        /// The point.
        place: Place,
        /// What is wrong with it.
        reason: PointError,
    },
    /// A point of a contribution is not acceptable.
    #[error("{point} of contribution {contribution} {reason}")]
    Point {
        /// The number of the contribution, from 1.
        contribution: usize,
        /// The point.
        point: &'static str,
        /// What is wrong with it.
        reason: PointError,
    },
    /// The hash in a contribution is not that of what came before.
    #[error("the transcript of contribution {contribution} is not that of the contributions before it")]
    Transcript {
        /// The number of the contribution, from 1.
        contribution: usize,
    },
    /// A contribution does not prove knowledge of its secret.
    #[error("contribution {contribution} does not prove that its contributor knew the secret")]
    PublicKey {
        /// The number of the contribution, from 1.
        contribution: usize,
    },
    /// δ was not multiplied by the secret of the contribution.
    #[error("delta after contribution {contribution} is not the one before it multiplied by the secret")]
    DeltaAfter {
        /// The number of the contribution, from 1.
        contribution: usize,
    },
    /// A beacon is not what follows from its value.
    #[error("contribution {contribution} does not follow from the value of its beacon")]
    Beacon {
        /// The number of the contribution, from 1.
        contribution: usize,
    },
    /// The section lists nothing but beacons, whose secrets everybody can compute, and contributions that leave δ as it is
    /// or negate it.
    #[error(
        "no contribution but beacons, of which everybody can compute the secret, and such as change nothing, so anybody can \
         forge proofs"
    )]
    NoContributor,
    /// δ of the key is not the one after the last contribution.
    #[error("delta of the key is not the one after the last contribution")]
    LastDelta,
    /// The sizes of the domains differ.
    #[error(
        "the .zkey has a domain of {zkey} elements, and the .r1cs needs one of {r1cs}: they are of different circuits"
    )]
    Domain {
        /// The size in the `.zkey`.
        zkey: usize,
        /// The size that the constraints need.
        r1cs: usize,
    },
    /// The constraints differ.
    #[error(transparent)]
    Constraints(Mismatch),
    /// The powers of tau are too few for the circuit.
    #[error(
        "the circuit needs powers of tau for 2^{needed} constraints, and the .ptau has them for 2^{found}"
    )]
    FewPowers {
        /// The power of the `.ptau`.
        found: u32,
        /// The power that the circuit needs.
        needed: u32,
    },
    /// α or β is another than that of the powers of tau.
    #[error("{0} of the key is not that of the powers of tau")]
    PowersOfTau(KeyPoint),
    /// γ is not the generator.
    #[error("gamma of the key is not the generator of G2")]
    Gamma,
    /// A point is not the one that follows from the constraints and the powers of tau.
    #[error("element {index} of {section} does not follow from the constraints and the powers of tau")]
    Element {
        /// The section of the `.zkey`.
        section: Section,
        /// The index of the point, from 0.
        index: usize,
    },
    /// The points of a section are not the initial ones divided by δ.
    #[error("{section} is not what follows from the constraints and the powers of tau, divided by delta")]
    Ratio {
        /// The section of the `.zkey`.
        section: Section,
    },
    /// The hash of the circuit is another.
    #[error(
        "the hash of the circuit in section 10 is not that of these constraints and powers of tau{}",
        if *large { OWN_SIZE } else { "" }
    )]
    CircuitHash {
        /// Whether the circuit has more than 2^14 rows, so that the hash of a key from a `.ptau` of just the circuit's size is
        /// another, too ([`CeremonyError::SurplusPoint`]).
        large: bool,
    },
}

impl Flaw {
    /// The part of the verification that found it.
    #[must_use]
    pub const fn step(&self) -> Step {
        match self {
            Self::Key(_) | Self::Outside { .. } => Step::Key,
            Self::Point { .. }
            | Self::Transcript { .. }
            | Self::PublicKey { .. }
            | Self::DeltaAfter { .. }
            | Self::Beacon { .. }
            | Self::NoContributor
            | Self::LastDelta => Step::Contributions,
            Self::Domain { .. } | Self::Constraints(_) => Step::Constraints,
            Self::FewPowers { .. } | Self::PowersOfTau(_) | Self::Gamma => Step::PowersOfTau,
            Self::Element { section, .. } | Self::Ratio { section } => match section.number {
                3 => Step::Ic,
                5 => Step::A,
                6 => Step::BG1,
                7 => Step::BG2,
                8 => Step::C,
                _ => Step::H,
            },
            Self::CircuitHash { .. } => Step::CircuitHash,
        }
    }
}
