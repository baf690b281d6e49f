//! Section 4: the matrices A and B.

use ark_ff::One;

use super::{
    super::{FileError, container::Container, section::place},
    COEFFICIENTS, HEADER,
};
use crate::{
    curve::Curve,
    field::{self, Montgomery},
    interrupt::Interrupt,
    matrix::Matrix,
};

/// After how many coefficients the reader looks whether it should stop.
const STRIDE: usize = 1 << 14;

/// What the header says about the matrices.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) public: usize,
    pub(super) signals: usize,
    pub(super) domain_size: usize,
}

/// A and B.
pub(super) type Matrices<F> = (Matrix<F>, Matrix<F>);

/// The coefficients of section 4, without their number.
pub(super) fn section<'a, E: Curve>(container: &Container<'a>) -> Result<&'a [u8], FileError> {
    let mut cursor = container.cursor(COEFFICIENTS)?;
    let coefficients = cursor.counted(size::<E>(), "coefficients")?;
    cursor.end()?;
    Ok(coefficients)
}

/// Reads the rows of A and B that are constraints. The coefficients may be in any order.
///
/// After the constraints, A must have one row for the constant 1 and one for each public signal, with the coefficient 1
/// of that signal alone. Without them, a public signal that no constraint uses could have any value in a proof.
pub(super) fn read<E: Curve>(
    bytes: &[u8],
    shape: Shape,
    interrupt: &impl Interrupt,
) -> Result<Matrices<E::ScalarField>, FileError> {
    let coefficients = Coefficients { bytes, size: size::<E>(), shape };
    let [a, b] = coefficients.by_row(interrupt)?;
    let constraints = constraints(&a, shape)?;
    if let Some(surplus) = b.order.get(b.end_before(constraints)..).and_then(<[u32]>::first) {
        let index = *surplus as usize;
        let found = coefficients.get(index)?.row.into();
        return Err(FileError::Index {
            place: place(COEFFICIENTS, index),
            field: "row of B",
            found,
            limit: constraints as u64,
        });
    }
    let public_rows =
        coefficients.matrix::<E::ScalarField>(&a, constraints..constraints + shape.public + 1, interrupt)?;
    for (signal, row) in public_rows.iter().enumerate() {
        let mut entries = row.entries();
        if entries.next() != Some((signal, E::ScalarField::one())) || entries.next().is_some() {
            return Err(FileError::PublicRow { section: COEFFICIENTS, row: constraints + signal, signal });
        }
    }
    Ok((
        coefficients.matrix(&a, 0..constraints, interrupt)?,
        coefficients.matrix(&b, 0..constraints, interrupt)?,
    ))
}

/// The number of constraints, which follows from the last row of A.
fn constraints(a: &ByRow, shape: Shape) -> Result<usize, FileError> {
    let rows = a.rows();
    let constraints = rows.checked_sub(shape.public + 1).ok_or(FileError::PublicRow {
        section: COEFFICIENTS,
        row: rows,
        signal: rows,
    })?;
    if rows.next_power_of_two() == shape.domain_size {
        Ok(constraints)
    } else {
        Err(FileError::Header {
            section: HEADER,
            field: "size of the domain",
            found: shape.domain_size as u64,
            rule: "the smallest power of two that holds the rows of A",
        })
    }
}

/// The size of a coefficient: matrix, row and column (u32 each), and the value.
const fn size<E: Curve>() -> usize {
    3 * size_of::<u32>() + E::SCALAR_FIELD_BYTES
}

/// One coefficient.
struct Coefficient<'a> {
    matrix: u32,
    row: u32,
    column: u32,
    value: &'a [u8],
}

/// The coefficients as they are in the file.
struct Coefficients<'a> {
    bytes: &'a [u8],
    size: usize,
    shape: Shape,
}

impl Coefficients<'_> {
    fn get(&self, index: usize) -> Result<Coefficient<'_>, FileError> {
        let start = index.saturating_mul(self.size);
        let mut bytes = self.bytes.get(start..).and_then(|rest| rest.get(..self.size)).unwrap_or_default();
        let mut number = || {
            let (number, rest) = bytes.split_first_chunk()?;
            bytes = rest;
            Some(u32::from_le_bytes(*number))
        };
        match (number(), number(), number()) {
            (Some(matrix), Some(row), Some(column)) => Ok(Coefficient { matrix, row, column, value: bytes }),
            _ => Err(FileError::Truncated { section: COEFFICIENTS, field: "coefficients" }),
        }
    }

    /// Checks all indices, and sorts the coefficients of A and of B by their rows.
    fn by_row(&self, interrupt: &impl Interrupt) -> Result<[ByRow; 2], FileError> {
        let count = self.bytes.len() / self.size;
        let mut matrices = [ByRow::new(self.shape.domain_size), ByRow::new(self.shape.domain_size)];
        for index in 0..count {
            if index.is_multiple_of(STRIDE) {
                interrupt.check()?;
            }
            let coefficient = self.get(index)?;
            let check = |field, found: u32, limit: usize| {
                if (found as usize) < limit {
                    return Ok(());
                }
                let place = place(COEFFICIENTS, index);
                Err(FileError::Index { place, field, found: found.into(), limit: limit as u64 })
            };
            check("matrix", coefficient.matrix, matrices.len())?;
            check("row", coefficient.row, self.shape.domain_size)?;
            check("column", coefficient.column, self.shape.signals)?;
            if let Some(matrix) = matrices.get_mut(coefficient.matrix as usize) {
                matrix.count(coefficient.row);
            }
        }
        matrices.iter_mut().for_each(ByRow::add_up);
        for index in 0..count {
            let coefficient = self.get(index)?;
            if let Some(matrix) = matrices.get_mut(coefficient.matrix as usize) {
                matrix.place(coefficient.row, index);
            }
        }
        Ok(matrices)
    }

    /// Reads the values of some rows.
    fn matrix<F: Montgomery>(
        &self,
        by_row: &ByRow,
        rows: std::ops::Range<usize>,
        interrupt: &impl Interrupt,
    ) -> Result<Matrix<F>, FileError> {
        // The file has value·R², which is the Montgomery form of value·R; and 1 is the Montgomery form of 1/R.
        let inverse_of_r = F::from_montgomery(F::BigInt::from(1_u64)).unwrap_or_else(F::zero);
        let (first, last) = (by_row.end_before(rows.start), by_row.end_before(rows.end));
        let mut matrix = Matrix::with_capacity(rows.len(), last.saturating_sub(first));
        for row in rows {
            if row.is_multiple_of(STRIDE) {
                interrupt.check()?;
            }
            for index in by_row.row(row) {
                let index = *index as usize;
                let coefficient = self.get(index)?;
                let value: F = field::from_montgomery_le_bytes(coefficient.value)
                    .map_err(|_| FileError::NotCanonical { place: place(COEFFICIENTS, index) })?;
                matrix.push(coefficient.column, value * inverse_of_r);
            }
            matrix.end_row();
        }
        Ok(matrix)
    }
}

/// The indices of one matrix's coefficients, sorted by row. They are made by counting: [`ByRow::count`] each, then
/// [`ByRow::add_up`], then [`ByRow::place`] each.
struct ByRow {
    /// First the number of coefficients of each row, then where the row's part of `order` begins, then where it ends.
    bounds: Vec<u32>,
    order: Vec<u32>,
}

impl ByRow {
    fn new(rows: usize) -> Self {
        Self { bounds: vec![0; rows], order: Vec::new() }
    }

    fn count(&mut self, row: u32) {
        if let Some(count) = self.bounds.get_mut(row as usize) {
            *count += 1;
        }
    }

    fn add_up(&mut self) {
        let mut sum = 0;
        for bound in &mut self.bounds {
            let count = std::mem::replace(bound, sum);
            sum += count;
        }
        self.order = vec![0; sum as usize];
    }

    fn place(&mut self, row: u32, index: usize) {
        if let Some(bound) = self.bounds.get_mut(row as usize) {
            if let Some(slot) = self.order.get_mut(*bound as usize) {
                // There are fewer than 2^32 coefficients, since the container bounds the size of the file.
                *slot = index as u32;
            }
            *bound += 1;
        }
    }

    /// Where the part of `order` of the rows before `row` ends.
    fn end_before(&self, row: usize) -> usize {
        row.checked_sub(1).and_then(|row| self.bounds.get(row)).map_or(0, |end| *end as usize)
    }

    /// The coefficients of a row.
    fn row(&self, row: usize) -> &[u32] {
        self.order.get(self.end_before(row)..self.end_before(row + 1)).unwrap_or_default()
    }

    /// The number of rows up to the last one that has a coefficient.
    fn rows(&self) -> usize {
        self.bounds.partition_point(|end| (*end as usize) < self.order.len())
            + usize::from(!self.order.is_empty())
    }
}
