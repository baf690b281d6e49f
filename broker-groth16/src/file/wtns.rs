//! Witnesses: `.wtns`, version 2.
//!
//! | section | contents |
//! |---|---|
//! | 1 | the length of a value in bytes (u32), the scalar field's modulus, the number of values (u32) |
//! | 2 | the values, as integers below the modulus |

use zeroize::Zeroizing;

use super::{FileError, Format, Section, container::Container, section::place};
use crate::{
    assignment::{Assignment, AssignmentError},
    curve::Curve,
    field,
};

/// The format.
pub const FORMAT: Format = Format { magic: "wtns", version: 2 };
const HEADER: Section = Section { number: 1, name: "header" };
const VALUES: Section = Section { number: 2, name: "values" };

/// Returns the length in bytes of the file with the witness of a circuit with `signals` signals, as circom and snarkjs write
/// it: without other sections.
#[must_use]
pub const fn length<E: Curve>(signals: usize) -> usize {
    const MAGIC_VERSION_SECTIONS: usize = 3 * 4;
    const NUMBER_AND_LENGTH: usize = 4 + 8;
    let header = 4 + E::SCALAR_FIELD_BYTES + 4;
    (MAGIC_VERSION_SECTIONS + 2 * NUMBER_AND_LENGTH + header)
        .saturating_add(signals.saturating_mul(E::SCALAR_FIELD_BYTES))
}

/// Reads a witness of a circuit with `signals` signals, the constant 1 included. `bytes` are as secret as the witness,
/// and the caller wipes them.
///
/// # Errors
///
/// [`FileError`], which contains no value of the witness. Values that have been read are wiped.
pub fn read<E: Curve>(bytes: &[u8], signals: usize) -> Result<Assignment<E::ScalarField>, FileError> {
    let container = Container::open(bytes, &FORMAT)?;
    let mut header = container.cursor(HEADER)?;
    super::scalar_field::<E>(&mut header)?;
    let count = header.u32("number of values")? as usize;
    header.end()?;
    let content = container.elements(VALUES, count, E::SCALAR_FIELD_BYTES)?;
    if count != signals {
        return Err(AssignmentError::Length { found: count, expected: signals }.into());
    }
    // The vector never grows, so no copy of a value stays behind.
    let mut values = Zeroizing::new(Vec::with_capacity(count));
    for (index, value) in content.chunks_exact(E::SCALAR_FIELD_BYTES).enumerate() {
        let value = field::from_le_bytes(value);
        values.push(value.map_err(|_| FileError::NotCanonical { place: place(VALUES, index) })?);
    }
    Ok(Assignment::new(std::mem::take(&mut *values), signals)?)
}
