//! circom's files: proving keys (`.zkey`), constraints (`.r1cs`), powers of tau (`.ptau`), witnesses (`.wtns`), names of
//! signals (`.sym`).
//!
//! The binary formats share one [container](Format) of sections. Every count is compared with the length of its
//! section before anything is allocated for it, so the memory of a reader is bounded by the size of the file; every
//! index is compared with what it points to; and every integer must be less than its modulus.

use ark_ff::{BigInteger, PrimeField};

mod container;
mod error;
pub(crate) mod points;
pub mod ptau;
pub mod r1cs;
mod section;
pub mod sym;
pub mod wtns;
pub mod zkey;

use self::container::Cursor;
pub use self::{
    container::MAX_FILE_BYTES,
    error::FileError,
    section::{Format, Place, Section},
};
use crate::curve::{Curve, CurveName};

/// Reads the length and the modulus of a field, and finds the curve that has the field.
fn curve(
    cursor: &mut Cursor<'_>,
    field: &'static str,
    has: fn(CurveName, &[u8]) -> bool,
) -> Result<CurveName, FileError> {
    let section = cursor.section();
    let modulus = cursor.counted(1, field)?;
    CurveName::ALL.into_iter().find(|curve| has(*curve, modulus)).ok_or(FileError::Modulus { section, field })
}

/// Reads the length and the modulus of the scalar field, which must be that of `E`.
fn scalar_field<E: Curve>(cursor: &mut Cursor<'_>) -> Result<(), FileError> {
    let found = curve(cursor, "modulus of the scalar field", is_scalar_modulus)?;
    if found == E::NAME { Ok(()) } else { Err(FileError::Curve { found, expected: E::NAME }) }
}

fn is_scalar_modulus(curve: CurveName, bytes: &[u8]) -> bool {
    match curve {
        CurveName::Bn254 => is_modulus::<ark_bn254::Fr>(bytes),
        CurveName::Bls12381 => is_modulus::<ark_bls12_381::Fr>(bytes),
    }
}

fn is_base_modulus(curve: CurveName, bytes: &[u8]) -> bool {
    match curve {
        CurveName::Bn254 => is_modulus::<ark_bn254::Fq>(bytes),
        CurveName::Bls12381 => is_modulus::<ark_bls12_381::Fq>(bytes),
    }
}

/// Whether the bytes are the modulus of `F` in as many bytes as its limbs have.
fn is_modulus<F: PrimeField>(bytes: &[u8]) -> bool {
    F::MODULUS.to_bytes_le() == bytes
}
