//! Writing a `.zkey` that snarkjs accepts.

use std::io::{self, Write};

use ark_ff::{BigInteger, Field, Zero};

use super::super::{
    Section,
    points::{self, FilePoint},
};
use super::{A, B_G1, B_G2, C, COEFFICIENTS, CONTRIBUTIONS, FORMAT, GROTH16, H, HEADER, IC, PROTOCOL};
use crate::{curve::Curve, field::Montgomery, key::CircuitKey};

/// Writes a key as a `.zkey`. Its verifying key can then be exported, and proofs made, by snarkjs.
///
/// `contributions` becomes section 10: the hash of the circuit and the contributions to the setup. Without it snarkjs
/// can neither add contributions nor verify the setup.
///
/// # Errors
///
/// The writer's, and [`io::ErrorKind::InvalidInput`] if the key does not fit the format, whose numbers have 32 bits.
pub fn write<E: Curve>(
    key: &CircuitKey<E>,
    contributions: Option<&[u8]>,
    output: &mut impl Write,
) -> io::Result<()> {
    let (proving, verifying) = (&key.proving, &key.proving.verifying);
    output.write_all(FORMAT.magic.as_bytes())?;
    number(FORMAT.version as usize, output)?;
    number(if contributions.is_some() { 10 } else { 9 }, output)?;

    section(PROTOCOL, 4, output)?;
    number(GROTH16 as usize, output)?;

    let fields = 2 * 4 + E::BASE_FIELD_BYTES + E::SCALAR_FIELD_BYTES;
    let header_points = 3 * points::size::<E::G1Affine>() + 3 * points::size::<E::G2Affine>();
    section(HEADER, fields + 3 * 4 + header_points, output)?;
    modulus::<E::BaseField>(output)?;
    modulus::<E::ScalarField>(output)?;
    number(key.constraints.signals, output)?;
    number(key.constraints.public, output)?;
    number(proving.h_query.len(), output)?;
    point(&verifying.alpha_g1, output)?;
    point(&proving.beta_g1, output)?;
    point(&verifying.beta_g2, output)?;
    point(&verifying.gamma_g2, output)?;
    point(&proving.delta_g1, output)?;
    point(&verifying.delta_g2, output)?;

    points_section(IC, &verifying.gamma_abc_g1, output)?;
    coefficients(key, output)?;
    points_section(A, &proving.a_query, output)?;
    points_section(B_G1, &proving.b_g1_query, output)?;
    points_section(B_G2, &proving.b_g2_query, output)?;
    points_section(C, &proving.l_query, output)?;
    points_section(H, &proving.h_query, output)?;
    if let Some(contributions) = contributions {
        section(CONTRIBUTIONS, contributions.len(), output)?;
        output.write_all(contributions)?;
    }
    Ok(())
}

/// Section 4, in snarkjs' order: for each constraint the rows of A and of B, then the rows of the public signals.
fn coefficients<E: Curve>(key: &CircuitKey<E>, output: &mut impl Write) -> io::Result<()> {
    let constraints = &key.constraints;
    let count = constraints.a.entries() + constraints.b.entries() + constraints.public + 1;
    section(COEFFICIENTS, 4 + count * (12 + E::SCALAR_FIELD_BYTES), output)?;
    number(count, output)?;
    // The Montgomery form of value·R is value·R².
    let r = E::ScalarField::from(2_u64).pow([8 * E::SCALAR_FIELD_BYTES as u64]);
    let mut coefficient = |matrix, row, column, value: E::ScalarField| {
        number(matrix, output)?;
        number(row, output)?;
        number(column, output)?;
        element(value * r, output)
    };
    for (row, (a, b)) in constraints.a.iter().zip(constraints.b.iter()).enumerate() {
        for (matrix, entries) in [a, b].into_iter().enumerate() {
            for (column, value) in entries.entries() {
                coefficient(matrix, row, column, value)?;
            }
        }
    }
    for signal in 0..=constraints.public {
        coefficient(0, constraints.constraints() + signal, signal, E::ScalarField::ONE)?;
    }
    Ok(())
}

fn points_section<P: FilePoint>(name: Section, all: &[P], output: &mut impl Write) -> io::Result<()> {
    section(name, all.len() * points::size::<P>(), output)?;
    all.iter().try_for_each(|each| point(each, output))
}

fn section(section: Section, length: usize, output: &mut impl Write) -> io::Result<()> {
    output.write_all(&section.number.to_le_bytes())?;
    output.write_all(&(length as u64).to_le_bytes())
}

fn number(value: usize, output: &mut impl Write) -> io::Result<()> {
    let value = u32::try_from(value).map_err(|_| io::ErrorKind::InvalidInput)?;
    output.write_all(&value.to_le_bytes())
}

fn modulus<F: Montgomery>(output: &mut impl Write) -> io::Result<()> {
    let modulus = F::MODULUS.to_bytes_le();
    number(modulus.len(), output)?;
    output.write_all(&modulus)
}

fn point<P: FilePoint>(point: &P, output: &mut impl Write) -> io::Result<()> {
    let (x, y) = point.xy().unwrap_or((P::BaseField::zero(), P::BaseField::zero()));
    for coordinate in [x, y] {
        for part in coordinate.to_base_prime_field_elements() {
            element(part, output)?;
        }
    }
    Ok(())
}

fn element<F: Montgomery>(element: F, output: &mut impl Write) -> io::Result<()> {
    output.write_all(&element.into_montgomery().to_bytes_le())
}
