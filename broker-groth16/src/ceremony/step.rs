//! The parts of a verification.

/// A part of the verification. They are done in the order of [`Step::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The verifying key cannot be used by everybody to forge proofs, and all points are in their groups.
    Key,
    /// Each contribution follows from the one before, and beacons from their values.
    Contributions,
    /// The constraints of the `.zkey` are those of the `.r1cs`.
    Constraints,
    /// α, β and γ are those of the powers of tau.
    PowersOfTau,
    /// IC (section 3) follows from the constraints and the powers of tau.
    Ic,
    /// C (section 8) is the initial one divided by δ.
    C,
    /// A (section 5).
    A,
    /// B in G1 (section 6).
    BG1,
    /// B in G2 (section 7).
    BG2,
    /// H (section 9) is the initial one divided by δ.
    H,
    /// The contributions were made for this initial key.
    CircuitHash,
}

impl Step {
    /// All parts, in their order.
    pub const ALL: [Self; 11] = [
        Self::Key,
        Self::Contributions,
        Self::Constraints,
        Self::PowersOfTau,
        Self::Ic,
        Self::C,
        Self::A,
        Self::BG1,
        Self::BG2,
        Self::H,
        Self::CircuitHash,
    ];

    /// The name in results for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Contributions => "contributions",
            Self::Constraints => "constraints",
            Self::PowersOfTau => "powers-of-tau",
            Self::Ic => "ic",
            Self::C => "c",
            Self::A => "a",
            Self::BG1 => "b-g1",
            Self::BG2 => "b-g2",
            Self::H => "h",
            Self::CircuitHash => "circuit-hash",
        }
    }

    /// What is shown if the part succeeds.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Key => "the verifying key is sound, and its points are in their groups",
            Self::Contributions => {
                "each contribution follows from the one before, and delta from the last one"
            }
            Self::Constraints => "the key has the matrices A and B of the constraints",
            Self::PowersOfTau => "alpha, beta and gamma are those of the powers of tau",
            Self::Ic => "IC follows from the constraints and the powers of tau",
            Self::C => "C follows from them and from delta",
            Self::A => "A follows from them",
            Self::BG1 => "B in G1 follows from them",
            Self::BG2 => "B in G2 follows from them",
            Self::H => "H follows from the powers of tau and delta",
            Self::CircuitHash => "the contributions were made for these constraints and powers of tau",
        }
    }
}

/// How far a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The part that is being done; those before it have succeeded.
    pub step: Step,
    /// How many of `all` are done in this part.
    pub done: usize,
    /// The number of things that the part looks at.
    pub all: usize,
}
