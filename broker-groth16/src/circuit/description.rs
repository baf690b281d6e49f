//! What a circuit says of itself.

use std::fmt;

use crate::curve::CurveName;

/// What a built-in circuit says of itself. The figures belong to one version: whoever changes a constraint, an input or
/// their order makes a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// The name in profiles and requests.
    pub name: &'static str,
    /// The version. Keys of one version do not fit another.
    pub version: u32,
    /// What a proof says, in one sentence.
    pub statement: &'static str,
    /// The inputs: the public ones, in the order of a proof's public signals, then the private ones.
    pub inputs: &'static [Input],
    /// Who supplies the public signals to a verification.
    pub verification: Verification,
    /// The number of constraints.
    pub constraints: usize,
    /// The number of signals, with the constant 1.
    pub signals: usize,
    /// The curves over whose scalar fields the circuit is defined.
    pub curves: &'static [CurveName],
}

impl Description {
    /// The public inputs, in the order of a proof's public signals.
    pub fn public(&self) -> impl Iterator<Item = &'static Input> {
        self.inputs.iter().filter(|input| input.visibility == Visibility::Public)
    }
}

/// An input of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// The name.
    pub name: &'static str,
    /// The values that it takes.
    pub kind: Kind,
    /// Whether the verifier sees it.
    pub visibility: Visibility,
    /// Whether it may be left out, because it follows from the other inputs. If it is given, the circuit checks it.
    pub optional: bool,
    /// What it means.
    pub description: &'static str,
}

/// The values that an input takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A number below the modulus of the curve's scalar field.
    Field,
    /// A number below 2^64.
    Uint64,
    /// A number below the modulus, or text or bytes, which [`crate::text::to_field`] maps to one.
    Text,
}

impl Kind {
    /// The name in lists of circuits.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Uint64 => "uint64",
            Self::Text => "text",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Whether the verifier of a proof sees an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// The verifier sees it.
    Public,
    /// A proof does not reveal it.
    Private,
}

impl Visibility {
    /// The name in lists of circuits.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Who supplies the public signals to a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verification {
    /// The caller, all of them.
    AsGiven,
    /// The verifier all those that it must know itself, and the prover the rest: [`super::statement`].
    VerifiersOwn,
}
