//! Points in Montgomery form.

use ark_ff::{AdditiveGroup, BigInteger, Field};

use super::{FileError, Section, section::place};
use crate::{
    field::{self, Montgomery},
    interrupt::Interrupt,
    point::{Point, PointError},
};

/// After how many points the reader looks whether it should stop, and tells how far it is.
const STRIDE: usize = 256;

/// A point in affine coordinates over a field whose elements are in Montgomery form.
pub(crate) trait FilePoint: Point<BaseField: Field<BasePrimeField: Montgomery>> {}

impl<P: Point<BaseField: Field<BasePrimeField: Montgomery>>> FilePoint for P {}

/// The size of a point in bytes.
pub(super) fn size<P: FilePoint>() -> usize {
    2 * coordinate_size::<P::BaseField>()
}

fn coordinate_size<F: Field<BasePrimeField: Montgomery>>() -> usize {
    element_size::<F::BasePrimeField>() * F::extension_degree() as usize
}

fn element_size<F: Montgomery>() -> usize {
    F::BigInt::NUM_LIMBS * size_of::<u64>()
}

/// Reads a point that need not be on its curve.
pub(super) fn point<P: FilePoint>(bytes: &[u8]) -> Result<P, PointError> {
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(P::zero());
    }
    let (x, y) = bytes.split_at_checked(coordinate_size::<P::BaseField>()).ok_or(PointError::Encoding)?;
    Ok(P::from_coordinates(coordinate(x)?, coordinate(y)?))
}

fn coordinate<F: Field<BasePrimeField: Montgomery>>(bytes: &[u8]) -> Result<F, PointError> {
    let mut canonical = true;
    let elements = bytes.chunks_exact(element_size::<F::BasePrimeField>()).map(|bytes| {
        field::from_montgomery_le_bytes(bytes).unwrap_or_else(|_| {
            canonical = false;
            F::BasePrimeField::ZERO
        })
    });
    let coordinate = F::from_base_prime_field_elems(elements).ok_or(PointError::Encoding)?;
    if canonical { Ok(coordinate) } else { Err(PointError::NotCanonical) }
}

/// Reads sections of points.
pub(super) struct Points<'p, I> {
    interrupt: &'p I,
    /// Who is told how many points have been checked. Without it they are not checked.
    progress: Option<&'p mut dyn FnMut(usize)>,
    done: usize,
}

impl<'p, I: Interrupt> Points<'p, I> {
    /// Points are checked to be on their curve and in the group of prime order.
    pub(super) fn checked(interrupt: &'p I, progress: &'p mut dyn FnMut(usize)) -> Self {
        Self { interrupt, progress: Some(progress), done: 0 }
    }

    /// Points are converted, and need not be on their curve.
    pub(super) fn unchecked(interrupt: &'p I) -> Self {
        Self { interrupt, progress: None, done: 0 }
    }

    pub(super) fn interrupt(&self) -> &'p I {
        self.interrupt
    }

    /// Reads a section that consists of points.
    pub(super) fn read<P: FilePoint>(&mut self, section: Section, bytes: &[u8]) -> Result<Vec<P>, FileError> {
        let size = size::<P>();
        let mut points = Vec::with_capacity(bytes.len() / size);
        for chunk in bytes.chunks(size.saturating_mul(STRIDE)) {
            self.interrupt.check()?;
            for bytes in chunk.chunks_exact(size) {
                let read = point::<P>(bytes).and_then(|point| {
                    if self.progress.is_some() {
                        point.check_group()?;
                    }
                    Ok(point)
                });
                let at = points.len();
                points.push(read.map_err(|reason| FileError::Point { place: place(section, at), reason })?);
            }
            self.done += chunk.len() / size;
            if let Some(progress) = &mut self.progress {
                progress(self.done);
            }
        }
        Ok(points)
    }
}
