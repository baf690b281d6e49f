//! Why inputs or a statement are refused.

use std::fmt;

use super::description::{Input, Kind};
use crate::{field::FieldError, shown};

/// Why an input is refused. The value is not part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// The circuit has no input of this name.
    #[error("the circuit `{circuit}` has no input `{name}`, but {known}", known = Names(.known))]
    Unknown {
        /// The circuit's name.
        circuit: &'static str,
        /// The name that was given, of which at most 64 characters are kept.
        name: String,
        /// The names that there are.
        known: &'static [Input],
    },
    /// An input is given twice.
    #[error("the input `{name}` is given twice")]
    Duplicate {
        /// The input's name.
        name: &'static str,
    },
    /// An input is not given.
    #[error("the input `{name}` is missing")]
    Missing {
        /// The input's name.
        name: &'static str,
    },
    /// The value is not a number.
    #[error("the input `{name}`: {}", FieldError::Syntax)]
    NotANumber {
        /// The input's name.
        name: &'static str,
    },
    /// The number is too large.
    #[error("the input `{name}` must be less than {}", bound(*.kind))]
    OutOfRange {
        /// The input's name.
        name: &'static str,
        /// The input's kind, which sets the bound.
        kind: Kind,
    },
    /// The input takes numbers alone.
    #[error("the input `{name}` takes a number, not text or bytes")]
    NotText {
        /// The input's name.
        name: &'static str,
    },
    /// The bytes are not written in pairs of hexadecimal digits.
    #[error("the input `{name}`: `hex:` takes pairs of hexadecimal digits")]
    NotHex {
        /// The input's name.
        name: &'static str,
    },
}

impl InputError {
    pub(super) fn unknown(circuit: &'static str, known: &'static [Input], name: &str) -> Self {
        Self::Unknown { circuit, name: shown::name(name), known }
    }
}

const fn bound(kind: Kind) -> &'static str {
    match kind {
        Kind::Uint64 => "2^64",
        Kind::Field | Kind::Text => "the modulus of the field",
    }
}

struct Names<'a>(&'a [Input]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(index, input)| {
            formatter.write_str(if index == 0 { "" } else { ", " })?;
            formatter.write_str(input.name)
        })
    }
}

/// Why there is no witness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// An input is refused.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The inputs do not satisfy a constraint.
    #[error("the inputs do not satisfy the constraint `{circuit}: {constraint}`")]
    Unsatisfied {
        /// The circuit's name.
        circuit: &'static str,
        /// The constraint's index.
        index: usize,
        /// The constraint's name.
        constraint: &'static str,
    },
}

/// Why there is no statement to verify.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// A value is missing or refused.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The circuit's statement must be the verifier's own.
    #[error(
        "a proof of the circuit `{circuit}` is verified against the verifier's own values, and not as given"
    )]
    VerifiersOwn {
        /// The circuit's name.
        circuit: &'static str,
    },
    /// The circuit's statement is verified as given.
    #[error("the statement of the circuit `{circuit}` is verified as given")]
    AsGiven {
        /// The circuit's name.
        circuit: &'static str,
    },
    /// The number of the prover's public signals is wrong.
    #[error(
        "{found} public signals are given: a payment needs all 7, or `currentTime` and `nullifier`, which come from the prover"
    )]
    ProverCount {
        /// The number of values.
        found: usize,
    },
    /// The number of public signals is wrong.
    #[error("{found} public signals are given, and the circuit has {expected}")]
    Count {
        /// The circuit's number of public signals.
        expected: usize,
        /// The number of values.
        found: usize,
    },
    /// The verifier cannot expect what the prover chooses.
    #[error("`{name}` comes from the prover and cannot be expected")]
    FromProver {
        /// The name.
        name: &'static str,
    },
    /// The proof's time is too far from the verifier's.
    #[error("`currentTime` is {current_time}, which is more than {skew} s from the verifier's time {now}")]
    Skew {
        /// The proof's time.
        current_time: u64,
        /// The verifier's time.
        now: u64,
        /// The difference that is allowed, in seconds.
        skew: u64,
    },
}
