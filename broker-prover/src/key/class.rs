//! Where a key comes from.

use std::fmt;

/// How far a key's setup can be trusted. Whoever knows the randomness of a setup can prove false statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SetupClass {
    /// One party made the setup, and knew its randomness.
    SingleParty,
    /// The operator says that several parties made the setup, each of which would have to cheat. Nobody checked it.
    CeremonyClaimed,
    /// The contributions of several parties were verified against the circuit and the powers of tau.
    CeremonyVerified,
}

impl SetupClass {
    /// All classes.
    pub const ALL: [Self; 3] = [Self::SingleParty, Self::CeremonyClaimed, Self::CeremonyVerified];

    /// The name in profiles and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SingleParty => "single-party",
            Self::CeremonyClaimed => "ceremony-claimed",
            Self::CeremonyVerified => "ceremony-verified",
        }
    }
}

impl fmt::Display for SetupClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
