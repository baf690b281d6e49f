//! Proofs to verify.

use broker_groth16::loaded::{self, ProofFormat};
use broker_proto::v1;

use super::{
    inputs::{NamedInput, borrowed, named_inputs},
    proof_format,
};
use crate::request::{FieldError, FieldErrorKind, Limits, error::at_most};

/// A proof, and what it is supposed to prove.
#[derive(Debug)]
pub struct ProofItem {
    proof: Vec<u8>,
    format: ProofFormat,
    public: Vec<String>,
    expected: Vec<NamedInput>,
}

impl ProofItem {
    /// Reads a proof.
    pub(super) fn parse(item: v1::ProofItem, limits: &Limits) -> Result<Self, FieldError> {
        let v1::ProofItem { proof, proof_format: format, public_signals, expect } = item;
        if proof.is_empty() {
            return Err(FieldError { field: "proof", kind: FieldErrorKind::Missing });
        }
        at_most("proof", proof.len(), limits.proof)?;
        Ok(Self {
            proof,
            format: proof_format("proof_format", format)?,
            public: public_signals,
            expected: named_inputs("expect", expect, limits)?,
        })
    }

    /// Calls `work` with the proof as the proof library takes it.
    pub fn with<T>(&self, work: impl FnOnce(loaded::Item<'_>) -> T) -> T {
        work(self.borrowed(&borrowed(&self.expected)))
    }

    /// Calls `work` with proofs as the proof library takes them.
    pub fn with_all<T>(items: &[Self], work: impl FnOnce(&[loaded::Item<'_>]) -> T) -> T {
        let expected: Vec<_> = items.iter().map(|item| borrowed(&item.expected)).collect();
        let items: Vec<_> =
            items.iter().zip(&expected).map(|(item, expected)| item.borrowed(expected)).collect();
        work(&items)
    }

    fn borrowed<'a>(&'a self, expected: &'a [(&'a str, loaded::InputValue<'a>)]) -> loaded::Item<'a> {
        loaded::Item { proof: &self.proof, format: self.format, public: &self.public, expected }
    }
}
