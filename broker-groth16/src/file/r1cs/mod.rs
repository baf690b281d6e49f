//! Constraints: `.r1cs`, version 1.
//!
//! | section | contents |
//! |---|---|
//! | 1 | the length of a value in bytes (u32), the scalar field's modulus, the numbers of signals, of outputs, of public and of private inputs (u32 each), of labels (u64) and of constraints (u32) |
//! | 2 | for each constraint the rows of A, B and C: the number of entries (u32), then for each the signal (u32) and the value |
//! | 3 | the label of each signal (u64) |
//! | 4, 5 | custom gates and their uses, which Groth16 does not have |

use super::{
    FileError, Format, Section,
    container::{Container, Cursor},
    section::place,
};
pub use crate::key::Mismatch;
use crate::{constraint_system::ConstraintSystem, curve::Curve, field, interrupt::Interrupt, matrix::Matrix};

/// The format.
pub const FORMAT: Format = Format { magic: "r1cs", version: 1 };
const HEADER: Section = Section { number: 1, name: "header" };
const CONSTRAINTS: Section = Section { number: 2, name: "constraints" };
const LABELS: Section = Section { number: 3, name: "labels" };
const GATES: Section = Section { number: 4, name: "custom gates" };
const GATE_USES: Section = Section { number: 5, name: "uses of custom gates" };

/// After how many constraints the reader looks whether it should stop.
const STRIDE: usize = 1 << 12;

/// The constraints of a circuit, with the matrix C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct R1cs<E: Curve> {
    /// The number of outputs, which are the first public signals.
    pub outputs: usize,
    /// The number of public inputs, which are the other public signals.
    pub public_inputs: usize,
    /// The number of private inputs.
    pub private_inputs: usize,
    /// The constraints.
    pub constraints: ConstraintSystem<E::ScalarField>,
}

impl<E: Curve> R1cs<E> {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`FileError`], which names the section and the element, or [`FileError::Interrupted`].
    pub fn read(bytes: &[u8], interrupt: &impl Interrupt) -> Result<Self, FileError> {
        let container = Container::open(bytes, &FORMAT)?;
        refuse_custom_gates(&container)?;
        let header = Header::read::<E>(&container)?;
        check_labels(&container, &header)?;
        let cursor = container.cursor(CONSTRAINTS)?;
        let [a, b, c] = read_matrices::<E>(cursor, &header, interrupt)?;
        let public = header.outputs as usize + header.public_inputs as usize;
        Ok(Self {
            outputs: header.outputs as usize,
            public_inputs: header.public_inputs as usize,
            private_inputs: header.private_inputs as usize,
            constraints: ConstraintSystem { public, signals: header.signals as usize, a, b, c: Some(c) },
        })
    }
}

/// Section 1.
struct Header {
    signals: u32,
    outputs: u32,
    public_inputs: u32,
    private_inputs: u32,
    labels: u64,
    constraints: u32,
}

impl Header {
    fn read<E: Curve>(container: &Container<'_>) -> Result<Self, FileError> {
        let mut cursor = container.cursor(HEADER)?;
        super::scalar_field::<E>(&mut cursor)?;
        let header = Self {
            signals: cursor.u32("number of signals")?,
            outputs: cursor.u32("number of outputs")?,
            public_inputs: cursor.u32("number of public inputs")?,
            private_inputs: cursor.u32("number of private inputs")?,
            labels: cursor.u64("number of labels")?,
            constraints: cursor.u32("number of constraints")?,
        };
        cursor.end()?;
        let needed = 1
            + u64::from(header.outputs)
            + u64::from(header.public_inputs)
            + u64::from(header.private_inputs);
        if u64::from(header.signals) < needed {
            return Err(FileError::Header {
                section: HEADER,
                field: "number of signals",
                found: header.signals.into(),
                rule: "at least 1 and the numbers of outputs and inputs",
            });
        }
        Ok(header)
    }
}

/// Section 3, which other compilers than circom may leave out.
fn check_labels(container: &Container<'_>, header: &Header) -> Result<(), FileError> {
    if container.optional(LABELS).is_none() {
        return Ok(());
    }
    let labels = container.elements(LABELS, header.signals as usize, size_of::<u64>())?;
    for (index, label) in labels.as_chunks().0.iter().enumerate() {
        let label = u64::from_le_bytes(*label);
        if label >= header.labels {
            let place = place(LABELS, index);
            return Err(FileError::Index { place, field: "label", found: label, limit: header.labels });
        }
    }
    Ok(())
}

fn read_matrices<E: Curve>(
    mut cursor: Cursor<'_>,
    header: &Header,
    interrupt: &impl Interrupt,
) -> Result<[Matrix<E::ScalarField>; 3], FileError> {
    let count = header.constraints as usize;
    let entry_size = size_of::<u32>() + E::SCALAR_FIELD_BYTES;
    let row_sizes = count.saturating_mul(3 * size_of::<u32>());
    // Each constraint has at least the numbers of entries of its three rows, so the section bounds what is allocated.
    let Some(entries) = cursor.left().checked_sub(row_sizes) else {
        return Err(FileError::Truncated { section: CONSTRAINTS, field: "constraints" });
    };
    let mut matrices = [(); 3].map(|()| Matrix::with_capacity(count, entries / entry_size / 3));
    for constraint in 0..count {
        if constraint.is_multiple_of(STRIDE) {
            interrupt.check()?;
        }
        for matrix in &mut matrices {
            for entry in cursor.counted(entry_size, "entries of a row")?.chunks_exact(entry_size) {
                let (signal, value) = entry
                    .split_first_chunk()
                    .ok_or(FileError::Truncated { section: CONSTRAINTS, field: "entries of a row" })?;
                let signal = u32::from_le_bytes(*signal);
                let place = place(CONSTRAINTS, constraint);
                if signal >= header.signals {
                    let (found, limit) = (signal.into(), header.signals.into());
                    return Err(FileError::Index { place, field: "signal", found, limit });
                }
                let value = field::from_le_bytes(value).map_err(|_| FileError::NotCanonical { place })?;
                matrix.push(signal, value);
            }
            matrix.end_row();
        }
    }
    cursor.end()?;
    Ok(matrices)
}

/// Refuses circuits with custom gates. circom writes the sections, empty, for circuits without them too.
fn refuse_custom_gates(container: &Container<'_>) -> Result<(), FileError> {
    for section in [GATES, GATE_USES] {
        if container.optional(section).is_none() {
            continue;
        }
        let mut cursor = container.cursor(section)?;
        if cursor.u32("number of custom gates")? == 0 {
            cursor.end()?;
            continue;
        }
        let name = if section == GATES { template_name(&cursor) } else { "unnamed".to_owned() };
        return Err(FileError::CustomGate { name });
    }
    Ok(())
}

/// The name of the first template, which ends with a zero byte. Only what can be part of a circom identifier is kept.
fn template_name(cursor: &Cursor<'_>) -> String {
    const LONGEST: usize = 64;
    let bytes = cursor.rest().iter().take(LONGEST);
    bytes
        .map_while(|byte| (byte.is_ascii_alphanumeric() || b"_$".contains(byte)).then_some(char::from(*byte)))
        .collect()
}
