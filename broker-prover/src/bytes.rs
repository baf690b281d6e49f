//! arkworks' canonical bytes of verifying keys and proofs.

use ark_ec::AffineRepr;
use ark_serialize::{CanonicalSerialize, Compress, Validate};

use crate::{
    curve::Curve,
    key::{KeyError, KeyPoint, VerifyingKey},
    point::{Point, PointError},
    proof::Proof,
};

impl<E: Curve> VerifyingKey<E> {
    /// The canonical bytes, as arkworks' `VerifyingKey` has them: α, β, γ, δ, the number of points in IC as eight
    /// little-endian bytes, IC.
    #[must_use]
    pub fn to_bytes(&self, compress: Compress) -> Vec<u8> {
        to_bytes(self, compress)
    }

    /// Reads what [`VerifyingKey::to_bytes`] writes, and [checks](VerifyingKey::check) it. The number of public signals
    /// is whatever the bytes say, so compare it with the circuit's.
    ///
    /// # Errors
    ///
    /// [`KeyError`], which names the point.
    pub fn from_bytes(mut bytes: &[u8], compress: Compress) -> Result<Self, KeyError> {
        let bytes = &mut bytes;
        let alpha_g1 = take_key_point(bytes, KeyPoint::Alpha, compress)?;
        let beta_g2 = take_key_point(bytes, KeyPoint::Beta, compress)?;
        let gamma_g2 = take_key_point(bytes, KeyPoint::Gamma, compress)?;
        let delta_g2 = take_key_point(bytes, KeyPoint::Delta, compress)?;
        let truncated = KeyError::Truncated { point: KeyPoint::Ic(0) };
        let (count, rest) = bytes.split_first_chunk().ok_or(truncated)?;
        *bytes = rest;
        let count = usize::try_from(u64::from_le_bytes(*count)).map_err(|_| truncated)?;
        // The count is compared with the bytes that are there before anything is allocated for it.
        let available = rest.len() / size_of_point::<E::G1Affine>(compress);
        if count > available {
            return Err(KeyError::Truncated { point: KeyPoint::Ic(available) });
        }
        let gamma_abc_g1 = (0..count)
            .map(|index| take_key_point(bytes, KeyPoint::Ic(index), compress))
            .collect::<Result<_, _>>()?;
        if !bytes.is_empty() {
            return Err(KeyError::TrailingBytes { bytes: bytes.len() });
        }
        let key = Self { alpha_g1, beta_g2, gamma_g2, delta_g2, gamma_abc_g1 };
        key.check(key.public())?;
        Ok(key)
    }
}

impl<E: Curve> Proof<E> {
    /// The canonical bytes, as arkworks' `Proof` has them: A, B, C.
    #[must_use]
    pub fn to_bytes(&self, compress: Compress) -> Vec<u8> {
        to_bytes(self, compress)
    }

    /// Reads what [`Proof::to_bytes`] writes, and [checks](Proof::check) it.
    ///
    /// # Errors
    ///
    /// [`ProofError`], which names the point.
    pub fn from_bytes(mut bytes: &[u8], compress: Compress) -> Result<Self, ProofError> {
        let bytes = &mut bytes;
        let a = take_proof_point(bytes, "A", compress)?;
        let b = take_proof_point(bytes, "B", compress)?;
        let c = take_proof_point(bytes, "C", compress)?;
        if !bytes.is_empty() {
            return Err(ProofError::TrailingBytes { bytes: bytes.len() });
        }
        let proof = Self { a, b, c };
        proof.check()?;
        Ok(proof)
    }

    /// Checks that each point is on its curve, in the group of prime order and not the identity element. No prover
    /// makes the identity element, except with a probability that can be neglected.
    ///
    /// # Errors
    ///
    /// [`ProofError::Point`].
    pub fn check(&self) -> Result<(), ProofError> {
        let named = |point| move |reason| ProofError::Point { point, reason };
        self.a.check_element().map_err(named("A"))?;
        self.b.check_element().map_err(named("B"))?;
        self.c.check_element().map_err(named("C"))
    }
}

fn to_bytes(value: &impl CanonicalSerialize, compress: Compress) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(value.serialized_size(compress));
    // Serialisation fails only if the writer does, and a vector does not.
    let _infallible = value.serialize_with_mode(&mut bytes, compress);
    bytes
}

fn size_of_point<P: AffineRepr>(compress: Compress) -> usize {
    P::zero().serialized_size(compress).max(1)
}

fn take_key_point<P: Point>(bytes: &mut &[u8], point: KeyPoint, compress: Compress) -> Result<P, KeyError> {
    let encoding = take_encoding::<P>(bytes, compress).ok_or(KeyError::Truncated { point })?;
    decode(encoding, compress).map_err(|reason| KeyError::Point { point, reason })
}

fn take_proof_point<P: Point>(
    bytes: &mut &[u8],
    point: &'static str,
    compress: Compress,
) -> Result<P, ProofError> {
    let encoding = take_encoding::<P>(bytes, compress).ok_or(ProofError::Truncated { point })?;
    decode(encoding, compress).map_err(|reason| ProofError::Point { point, reason })
}

fn take_encoding<'a, P: Point>(bytes: &mut &'a [u8], compress: Compress) -> Option<&'a [u8]> {
    let (encoding, rest) = bytes.split_at_checked(size_of_point::<P>(compress))?;
    *bytes = rest;
    Some(encoding)
}

/// Decodes a point that may not be on the curve. arkworks accepts some bytes that it would not write, such as
/// coordinates beside the flag of the identity element, so the result is encoded again and compared.
fn decode<P: Point>(encoding: &[u8], compress: Compress) -> Result<P, PointError> {
    let point =
        P::deserialize_with_mode(encoding, compress, Validate::No).map_err(|_| PointError::Encoding)?;
    if to_bytes(&point, compress) == encoding { Ok(point) } else { Err(PointError::Encoding) }
}

/// Why a proof is not accepted, before anything is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The bytes end before the proof does.
    #[error("the proof ends within {point}")]
    Truncated {
        /// The point that is incomplete or missing.
        point: &'static str,
    },
    /// Bytes follow the proof.
    #[error("{bytes} bytes follow the proof")]
    TrailingBytes {
        /// Their number.
        bytes: usize,
    },
    /// A point is not acceptable.
    #[error("{point} of the proof {reason}")]
    Point {
        /// `A`, `B` or `C`.
        point: &'static str,
        /// What is wrong with it.
        reason: PointError,
    },
}
