//! Proofs to verify, with their statements.

use ark_bls12_381::Bls12_381;
use ark_bn254::Bn254;
use ark_serialize::Compress;

use super::{CircuitError, Item, ProofFormat, Verified, VerifierTime, values};
use crate::{
    circuit::{BuiltIn, Circuit, CircuitCurve},
    curve::CurveName,
    json,
    key::{Fingerprint, KeyError, VerifyingKey},
    proof::Proof,
    verify::PreparedVerifyingKey,
};

const NO_POINTS: CircuitError = CircuitError::Key(KeyError::Public { found: 0, expected: 1 });

/// Verifies a proof of a built-in circuit with the caller's verifying key, so that the circuit needs none of its own: snarkjs'
/// JSON, or arkworks' uncompressed bytes. Returns the fingerprint of the key, too.
///
/// # Errors
///
/// [`CircuitError`] if the proof, a value or the key is malformed.
pub fn verify_built_in(
    circuit: BuiltIn,
    curve: CurveName,
    item: &Item<'_>,
    key: &[u8],
    time: VerifierTime,
) -> Result<(Verified, Fingerprint), CircuitError> {
    match curve {
        CurveName::Bn254 => verify_over::<Bn254>(circuit, item, key, time),
        CurveName::Bls12381 => verify_over::<Bls12_381>(circuit, item, key, time),
    }
}

fn verify_over<E: CircuitCurve>(
    circuit: BuiltIn,
    item: &Item<'_>,
    key: &[u8],
    time: VerifierTime,
) -> Result<(Verified, Fingerprint), CircuitError> {
    let circuit = E::circuit(circuit).ok_or(CircuitError::Curve { curve: E::NAME })?;
    let public = circuit.description().public().count();
    Decoded::<E>::read(item, Some(&circuit), time)?.verify_with(key, public)
}

/// A proof, and the public signals for which it is verified.
pub(super) struct Decoded<E: CircuitCurve> {
    pub(super) proof: Proof<E>,
    pub(super) public: Vec<E::ScalarField>,
}

impl<E: CircuitCurve> Decoded<E> {
    /// Decodes an item, and makes the statement of a built-in circuit.
    pub(super) fn read(
        item: &Item<'_>,
        built_in: Option<&Circuit<E::ScalarField>>,
        time: VerifierTime,
    ) -> Result<Self, CircuitError> {
        let public = values::statement(built_in, item, time)?;
        let proof = match item.format {
            ProofFormat::SnarkjsJson => {
                json::proof::read::<E>(item.proof).map_err(CircuitError::ProofJson)?
            }
            ProofFormat::Arkworks => Proof::<E>::from_bytes(item.proof, Compress::Yes)?,
        };
        Ok(Self { proof, public })
    }

    /// Verifies the proof.
    pub(super) fn verify(&self, key: &PreparedVerifyingKey<E>) -> Result<Verified, CircuitError> {
        let valid = key.verify(&self.proof, &self.public)?;
        Ok(Verified { valid, public: values::decimal(&self.public) })
    }

    /// Verifies the proof with a key that the caller gives, for a circuit with so many public signals.
    pub(super) fn verify_with(
        &self,
        key: &[u8],
        public: usize,
    ) -> Result<(Verified, Fingerprint), CircuitError> {
        let key = read_key::<E>(key)?;
        key.check(public)?;
        let fingerprint = Fingerprint::from(&key);
        // A key that has been checked has a point for the constant 1.
        let prepared = PreparedVerifyingKey::new(key).map_err(|_| NO_POINTS)?;
        Ok((self.verify(&prepared)?, fingerprint))
    }
}

/// Reads a verifying key: JSON begins with a brace, which is not the beginning of a point that is likely to be met.
fn read_key<E: CircuitCurve>(bytes: &[u8]) -> Result<VerifyingKey<E>, CircuitError> {
    match bytes.trim_ascii_start().first() {
        Some(b'{') => json::verifying_key::read(bytes).map_err(CircuitError::KeyJson),
        _ => Ok(VerifyingKey::from_bytes(bytes, Compress::No)?),
    }
}
