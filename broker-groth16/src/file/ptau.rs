//! Powers of tau, the first phase of a setup: `.ptau`, version 1, as snarkjs makes them.
//!
//! | section | contents |
//! |---|---|
//! | 1 | length (u32) and modulus of the base field, the power p of this file and that of its ceremony (u32 each) |
//! | 2 | τⁱ in G1: 2^(p+1) − 1 points |
//! | 3 | τⁱ in G2: 2^p points |
//! | 4, 5 | α·τⁱ and β·τⁱ in G1: 2^p points each |
//! | 6 | β in G2 |
//! | 7 | the contributions, which are not read |
//! | 12 | the Lagrange polynomials at τ in G1, for the domains of 1, 2, 4, … 2^(p+1) elements, one after the other |
//! | 13 | the same in G2, up to 2^p elements |
//! | 14, 15 | the same multiplied by α and by β in G1, up to 2^p elements |
//!
//! Only a prepared file has sections 12 to 15. For the domain of 2^(p+1) elements the highest power, which the file does
//! not have, counts as zero.

use ark_ff::FftField;

use super::{
    FileError, Format, Section,
    container::{Container, Cursor},
    points::{self, FilePoint, Points},
    section::place,
};
use crate::{
    curve::{Curve, CurveName},
    interrupt::Interrupt,
};

/// The format.
pub const FORMAT: Format = Format { magic: "ptau", version: 1 };
const HEADER: Section = Section { number: 1, name: "header" };
const TAU_G1: Section = Section { number: 2, name: "powers of tau in G1" };
const TAU_G2: Section = Section { number: 3, name: "powers of tau in G2" };
const ALPHA_TAU_G1: Section = Section { number: 4, name: "alpha times the powers of tau in G1" };
const BETA_TAU_G1: Section = Section { number: 5, name: "beta times the powers of tau in G1" };
const BETA_G2: Section = Section { number: 6, name: "beta in G2" };
const LAGRANGE_G1: Section = Section { number: 12, name: "Lagrange polynomials in G1" };
const LAGRANGE_G2: Section = Section { number: 13, name: "Lagrange polynomials in G2" };
const LAGRANGE_ALPHA_G1: Section = Section { number: 14, name: "alpha times the Lagrange polynomials in G1" };
const LAGRANGE_BETA_G1: Section = Section { number: 15, name: "beta times the Lagrange polynomials in G1" };

/// A prepared `.ptau` whose layout has been checked. The points are still bytes.
#[derive(Clone, Debug)]
pub struct Ptau<'a, E: Curve> {
    power: u32,
    tau_g1: &'a [u8],
    alpha_tau_g1: &'a [u8],
    beta_tau_g1: &'a [u8],
    beta_g2: E::G2Affine,
    lagrange_g1: &'a [u8],
    lagrange_g2: &'a [u8],
    lagrange_alpha_g1: &'a [u8],
    lagrange_beta_g1: &'a [u8],
}

/// The points of one domain, and what else the second phase takes from a `.ptau`.
#[derive(Clone, Debug)]
pub(crate) struct Powers<E: Curve> {
    pub(crate) alpha_g1: E::G1Affine,
    pub(crate) beta_g1: E::G1Affine,
    pub(crate) beta_g2: E::G2Affine,
    /// τⁱ for the exponents below 2n, where n is the size of the domain, or below 2n − 1 if the file has no more.
    pub(crate) tau_g1: Vec<E::G1Affine>,
    /// The Lagrange polynomials of the domain.
    pub(crate) lagrange_g1: Vec<E::G1Affine>,
    pub(crate) lagrange_g2: Vec<E::G2Affine>,
    pub(crate) lagrange_alpha_g1: Vec<E::G1Affine>,
    pub(crate) lagrange_beta_g1: Vec<E::G1Affine>,
    /// Those of the domain of twice the size that belong to its odd elements.
    pub(crate) odd_lagrange_g1: Vec<E::G1Affine>,
}

/// Which curve a `.ptau` is for.
///
/// # Errors
///
/// [`FileError`] if the file is no `.ptau`, or is for another curve.
pub fn curve(bytes: &[u8]) -> Result<CurveName, FileError> {
    let container = Container::open(bytes, &FORMAT)?;
    curve_of(&mut container.cursor(HEADER)?)
}

fn curve_of(cursor: &mut Cursor<'_>) -> Result<CurveName, FileError> {
    super::curve(cursor, "modulus of the base field", super::is_base_modulus)
}

impl<'a, E: Curve> Ptau<'a, E> {
    /// Finds the parts of a prepared `.ptau`, and checks their lengths.
    ///
    /// # Errors
    ///
    /// [`FileError`], which names the section; [`FileError::Unprepared`] if the file has only the powers.
    pub fn open(bytes: &'a [u8]) -> Result<Self, FileError> {
        let container = Container::open(bytes, &FORMAT)?;
        let power = read_header::<E>(&container)?;
        for section in [LAGRANGE_G1, LAGRANGE_G2, LAGRANGE_ALPHA_G1, LAGRANGE_BETA_G1] {
            if container.optional(section).is_none() {
                return Err(FileError::Unprepared { section });
            }
        }
        let count = 1_usize << power; // The header bounds the power.
        let g1 = |section, count| container.elements(section, count, points::size::<E::G1Affine>());
        let g2 = |section, count| container.elements(section, count, points::size::<E::G2Affine>());
        g2(TAU_G2, count)?;
        let beta_g2 = points::point(g2(BETA_G2, 1)?)
            .map_err(|reason| FileError::Point { place: place(BETA_G2, 0), reason })?;
        Ok(Self {
            power,
            tau_g1: g1(TAU_G1, 2 * count - 1)?,
            alpha_tau_g1: g1(ALPHA_TAU_G1, count)?,
            beta_tau_g1: g1(BETA_TAU_G1, count)?,
            beta_g2,
            lagrange_g1: g1(LAGRANGE_G1, 4 * count - 1)?,
            lagrange_g2: g2(LAGRANGE_G2, 2 * count - 1)?,
            lagrange_alpha_g1: g1(LAGRANGE_ALPHA_G1, 2 * count - 1)?,
            lagrange_beta_g1: g1(LAGRANGE_BETA_G1, 2 * count - 1)?,
        })
    }

    /// The binary logarithm of the largest domain for which the file has the Lagrange polynomials.
    #[must_use]
    pub fn power(&self) -> u32 {
        self.power
    }

    /// Reads what belongs to the domain of 2^`log_size` elements, which is at most [`Ptau::power`], and checks that the
    /// points are on their curve and in the group of prime order.
    pub(crate) fn powers(
        &self,
        log_size: u32,
        interrupt: &impl Interrupt,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Powers<E>, FileError> {
        let size = 1_usize << log_size.min(self.power);
        let powers = if log_size < self.power { 2 * size } else { 2 * size - 1 };
        let mut points = Points::checked(interrupt, progress);
        let double = level::<E::G1Affine>(self.lagrange_g1, 2 * size);
        Ok(Powers {
            alpha_g1: first(points.read(ALPHA_TAU_G1, start::<E::G1Affine>(self.alpha_tau_g1, 1))?),
            beta_g1: first(points.read(BETA_TAU_G1, start::<E::G1Affine>(self.beta_tau_g1, 1))?),
            beta_g2: self.beta_g2,
            tau_g1: points.read(TAU_G1, start::<E::G1Affine>(self.tau_g1, powers))?,
            lagrange_g1: points.read(LAGRANGE_G1, level::<E::G1Affine>(self.lagrange_g1, size))?,
            lagrange_g2: points.read(LAGRANGE_G2, level::<E::G2Affine>(self.lagrange_g2, size))?,
            lagrange_alpha_g1: points
                .read(LAGRANGE_ALPHA_G1, level::<E::G1Affine>(self.lagrange_alpha_g1, size))?,
            lagrange_beta_g1: points
                .read(LAGRANGE_BETA_G1, level::<E::G1Affine>(self.lagrange_beta_g1, size))?,
            odd_lagrange_g1: odd(points.read(LAGRANGE_G1, double)?),
        })
    }

    /// The number of points that [`Ptau::powers`] checks for the domain of 2^`log_size` elements.
    pub(crate) fn points(&self, log_size: u32) -> usize {
        2 + (8 << log_size.min(self.power)) - usize::from(log_size >= self.power)
    }
}

/// Section 1. Returns the power.
fn read_header<E: Curve>(container: &Container<'_>) -> Result<u32, FileError> {
    let mut cursor = container.cursor(HEADER)?;
    let found = curve_of(&mut cursor)?;
    if found != E::NAME {
        return Err(FileError::Curve { found, expected: E::NAME });
    }
    let power = cursor.u32("power")?;
    cursor.u32("power of the ceremony")?;
    cursor.end()?;
    // The domain of twice the size must have its roots of unity, too.
    if power >= E::ScalarField::TWO_ADICITY.min(usize::BITS - 3) {
        return Err(FileError::Header {
            section: HEADER,
            field: "power",
            found: power.into(),
            rule: "less than the two-adicity of the scalar field",
        });
    }
    Ok(power)
}

/// The points of the domain of `size` elements, before which those of all smaller domains stand.
fn level<P: FilePoint>(section: &[u8], size: usize) -> &[u8] {
    let point = points::size::<P>();
    section.get((size - 1) * point..(2 * size - 1) * point).unwrap_or_default()
}

fn start<P: FilePoint>(section: &[u8], count: usize) -> &[u8] {
    section.get(..count * points::size::<P>()).unwrap_or_default()
}

fn first<P: FilePoint>(points: Vec<P>) -> P {
    points.first().copied().unwrap_or_else(P::zero)
}

fn odd<P: Copy>(points: Vec<P>) -> Vec<P> {
    points.into_iter().skip(1).step_by(2).collect()
}
