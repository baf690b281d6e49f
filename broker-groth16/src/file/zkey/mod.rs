//! Proving keys: `.zkey`, version 1, as snarkjs makes them for Groth16.
//!
//! | section | contents |
//! |---|---|
//! | 1 | the proof system (u32): 1 is Groth16 |
//! | 2 | length (u32) and modulus of the base field, the same of the scalar field, the numbers of signals, of public signals and of elements of the domain (u32 each), α in G1, β in G1 and G2, γ in G2, δ in G1 and G2 |
//! | 3 | IC: one point in G1 for the constant 1 and for each public signal |
//! | 4 | the number of coefficients (u32), then for each the matrix (0 is A, 1 is B), row and column (u32 each), and the value multiplied by R² |
//! | 5, 6, 7 | A(τ) in G1, B(τ) in G1, B(τ) in G2: one point for each signal |
//! | 8 | C: one point in G1 for each private signal |
//! | 9 | H: one point in G1 for each element of the domain |
//! | 10 | the hash of the circuit and the contributions to the setup |
//!
//! Points are affine coordinates in Montgomery form, and the identity element is all zeros. R is 2 to the power of
//! eight times the length of a scalar in bytes.

mod coefficients;
pub(crate) mod contributions;
mod write;

use std::{panic::resume_unwind, thread};

use ark_ff::FftField;

use self::contributions::Contributions;
pub use self::{contributions::Beacon, write::write};
use super::{
    FileError, Format, Section,
    container::{Container, Cursor},
    points::{self, FilePoint, Points},
    section::place,
};
use crate::{
    constraint_system::ConstraintSystem,
    curve::{Curve, CurveName},
    interrupt::Interrupt,
    key::{CircuitKey, ProvingKey, VerifyingKey},
};

/// The format.
pub const FORMAT: Format = Format { magic: "zkey", version: 1 };
/// The number of Groth16 in section 1.
const GROTH16: u32 = 1;

const PROTOCOL: Section = Section { number: 1, name: "proof system" };
const HEADER: Section = Section { number: 2, name: "header" };
pub(crate) const IC: Section = Section { number: 3, name: "IC" };
const COEFFICIENTS: Section = Section { number: 4, name: "coefficients" };
pub(crate) const A: Section = Section { number: 5, name: "A in G1" };
pub(crate) const B_G1: Section = Section { number: 6, name: "B in G1" };
pub(crate) const B_G2: Section = Section { number: 7, name: "B in G2" };
pub(crate) const C: Section = Section { number: 8, name: "C" };
pub(crate) const H: Section = Section { number: 9, name: "H" };
const CONTRIBUTIONS: Section = Section { number: 10, name: "contributions" };

/// The length in bytes of B in G2 and H from which on a pinned key is read by two threads.
const TWO_THREADS: usize = 256 << 10;

/// A `.zkey` whose layout and verifying key have been checked. The large parts are still bytes.
#[derive(Clone, Debug)]
pub struct Zkey<'a, E: Curve> {
    header: Header<E>,
    coefficients: &'a [u8],
    a: &'a [u8],
    b_g1: &'a [u8],
    b_g2: &'a [u8],
    c: &'a [u8],
    h: &'a [u8],
    contributions: Option<&'a [u8]>,
}

/// Which curve a `.zkey` is for.
///
/// # Errors
///
/// [`FileError`] if the file is none, or for another proof system or curve.
pub fn curve(bytes: &[u8]) -> Result<CurveName, FileError> {
    let container = Container::open(bytes, &FORMAT)?;
    protocol(&container)?;
    super::curve(&mut container.cursor(HEADER)?, "modulus of the base field", super::is_base_modulus)
}

/// Section 10 of a `.zkey`, of which nothing else is read. The points need not be on their curves.
pub(crate) fn contributions<E: Curve>(bytes: &[u8]) -> Result<Contributions<E>, FileError> {
    let container = Container::open(bytes, &FORMAT)?;
    protocol(&container)?;
    Contributions::read(container.section(CONTRIBUTIONS)?)
}

impl<'a, E: Curve> Zkey<'a, E> {
    /// Finds the parts of a `.zkey`, and checks their lengths and the verifying key. This takes time for the public
    /// signals alone, so that limits can be applied before the key is loaded.
    ///
    /// # Errors
    ///
    /// [`FileError`], which names the section. [`FileError::Key`] if the setup was never finished, as in snarkjs'
    /// `circuit_0000.zkey`.
    pub fn open(bytes: &'a [u8]) -> Result<Self, FileError> {
        let container = Container::open(bytes, &FORMAT)?;
        protocol(&container)?;
        let header = Header::<E>::read(&container)?;
        let (signals, public) = (header.signals, header.verifying.public());
        let private = signals.saturating_sub(public).saturating_sub(1);
        let zkey = Self {
            coefficients: coefficients::section::<E>(&container)?,
            a: container.elements(A, signals, points::size::<E::G1Affine>())?,
            b_g1: container.elements(B_G1, signals, points::size::<E::G1Affine>())?,
            b_g2: container.elements(B_G2, signals, points::size::<E::G2Affine>())?,
            c: container.elements(C, private, points::size::<E::G1Affine>())?,
            h: container.elements(H, header.domain_size, points::size::<E::G1Affine>())?,
            contributions: container.optional(CONTRIBUTIONS),
            header,
        };
        zkey.header.verifying.check(public)?;
        Ok(zkey)
    }

    /// The number of signals, the constant 1 included.
    #[must_use]
    pub fn signals(&self) -> usize {
        self.header.signals
    }

    /// The number of public signals, without the constant 1.
    #[must_use]
    pub fn public(&self) -> usize {
        self.header.verifying.public()
    }

    /// The size of the evaluation domain, which is larger than the number of constraints.
    #[must_use]
    pub fn domain_size(&self) -> usize {
        self.header.domain_size
    }

    /// The verifying key.
    #[must_use]
    pub fn verifying_key(&self) -> &VerifyingKey<E> {
        &self.header.verifying
    }

    /// Section 10: the hash of the circuit and the contributions to the setup, as they are in the file.
    #[must_use]
    pub fn contributions(&self) -> Option<&'a [u8]> {
        self.contributions
    }

    /// Section 10, read. The points need not be on their curves.
    ///
    /// # Errors
    ///
    /// [`FileError`]; [`FileError::SectionMissing`] if the file has none.
    pub(crate) fn read_contributions(&self) -> Result<Contributions<E>, FileError> {
        let section = self.contributions.ok_or(FileError::SectionMissing { section: CONTRIBUTIONS })?;
        Contributions::read(section)
    }

    /// The number of points that [`Zkey::load_checked`] checks.
    #[must_use]
    pub fn points(&self) -> usize {
        let g1 =
            [self.a, self.b_g1, self.c, self.h].map(|section| section.len() / points::size::<E::G1Affine>());
        g1.iter().sum::<usize>() + self.b_g2.len() / points::size::<E::G2Affine>()
    }

    /// Loads the key, and checks that each of its points is on its curve and in the group of prime order. That takes
    /// long (seconds for 100,000 constraints), so do it once, when the file is registered. `progress` is told how many
    /// of the [points](Zkey::points) have been checked.
    ///
    /// It is not known then whether the key was made for its matrices; only the verification of the ceremony shows that.
    ///
    /// # Errors
    ///
    /// [`FileError`], which names the section and the element, or [`FileError::Interrupted`].
    pub fn load_checked(
        &self,
        interrupt: &impl Interrupt,
        progress: &mut dyn FnMut(usize),
    ) -> Result<CircuitKey<E>, FileError> {
        let points = &mut Points::checked(interrupt, progress);
        let key = self.key(self.first_half(points)?, self.second_half(points)?);
        key.proving.check_pairs()?;
        Ok(key)
    }

    /// Loads the key without checking that the points are on their curves and in the groups of prime order. Two threads read a
    /// large one.
    ///
    /// Use it only for bytes whose hash is the one of a file that [`Zkey::load_checked`] has accepted.
    ///
    /// # Errors
    ///
    /// [`FileError`], which names the section and the element, or [`FileError::Interrupted`].
    pub fn load_pinned(&self, interrupt: &impl Interrupt) -> Result<CircuitKey<E>, FileError> {
        let first = || self.first_half(&mut Points::unchecked(interrupt));
        let second = || self.second_half(&mut Points::unchecked(interrupt));
        if self.b_g2.len() + self.h.len() < TWO_THREADS {
            return Ok(self.key(first()?, second()?));
        }
        thread::scope(|scope| {
            // Without a thread this one reads both.
            let reading = thread::Builder::new().name("circuit-read".into()).spawn_scoped(scope, second);
            let first = first()?;
            let second = match reading {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                Err(_) => second(),
            };
            Ok(self.key(first, second?))
        })
    }

    fn first_half(&self, points: &mut Points<'_, impl Interrupt>) -> Result<FirstHalf<E>, FileError> {
        let shape = coefficients::Shape {
            public: self.public(),
            signals: self.signals(),
            domain_size: self.domain_size(),
        };
        Ok(FirstHalf {
            matrices: coefficients::read::<E>(self.coefficients, shape, points.interrupt())?,
            a: points.read(A, self.a)?,
            b_g1: points.read(B_G1, self.b_g1)?,
            l: points.read(C, self.c)?,
        })
    }

    fn second_half(&self, points: &mut Points<'_, impl Interrupt>) -> Result<SecondHalf<E>, FileError> {
        Ok(SecondHalf { b_g2: points.read(B_G2, self.b_g2)?, h: points.read(H, self.h)? })
    }

    fn key(&self, first: FirstHalf<E>, second: SecondHalf<E>) -> CircuitKey<E> {
        let (a, b) = first.matrices;
        let constraints = ConstraintSystem { public: self.public(), signals: self.signals(), a, b, c: None };
        let proving = ProvingKey {
            verifying: self.header.verifying.clone(),
            beta_g1: self.header.beta_g1,
            delta_g1: self.header.delta_g1,
            a_query: first.a,
            b_g1_query: first.b_g1,
            b_g2_query: second.b_g2,
            l_query: first.l,
            h_query: second.h,
        };
        CircuitKey { proving, constraints }
    }
}

/// The matrices and points that one thread reads while another one reads the [`SecondHalf`].
struct FirstHalf<E: Curve> {
    matrices: coefficients::Matrices<E::ScalarField>,
    a: Vec<E::G1Affine>,
    b_g1: Vec<E::G1Affine>,
    l: Vec<E::G1Affine>,
}

/// The other points, which take about as long to read.
struct SecondHalf<E: Curve> {
    b_g2: Vec<E::G2Affine>,
    h: Vec<E::G1Affine>,
}

fn protocol(container: &Container<'_>) -> Result<(), FileError> {
    let mut cursor = container.cursor(PROTOCOL)?;
    let found = cursor.u32("number of the proof system")?;
    if found != GROTH16 {
        return Err(FileError::Protocol { found });
    }
    cursor.end()
}

/// Sections 2 and 3.
#[derive(Clone, Debug)]
struct Header<E: Curve> {
    signals: usize,
    domain_size: usize,
    beta_g1: E::G1Affine,
    delta_g1: E::G1Affine,
    verifying: VerifyingKey<E>,
}

impl<E: Curve> Header<E> {
    fn read(container: &Container<'_>) -> Result<Self, FileError> {
        let mut cursor = container.cursor(HEADER)?;
        let found = super::curve(&mut cursor, "modulus of the base field", super::is_base_modulus)?;
        if found != E::NAME {
            return Err(FileError::Curve { found, expected: E::NAME });
        }
        super::scalar_field::<E>(&mut cursor)?;
        let signals = cursor.u32("number of signals")?;
        let public = cursor.u32("number of public signals")?;
        let domain_size = cursor.u32("size of the domain")?;
        let rule =
            |field, found: u32, rule| FileError::Header { section: HEADER, field, found: found.into(), rule };
        if public >= signals {
            return Err(rule("number of public signals", public, "less than the number of signals"));
        }
        // circom's reduction evaluates on the coset of a root of unity of twice the domain's order.
        if !domain_size.is_power_of_two() || domain_size.trailing_zeros() >= E::ScalarField::TWO_ADICITY {
            return Err(rule(
                "size of the domain",
                domain_size,
                "a power of two of which the field has a root of unity",
            ));
        }
        let alpha_g1 = header_point(&mut cursor, 0)?;
        let beta_g1 = header_point(&mut cursor, 1)?;
        let beta_g2 = header_point(&mut cursor, 2)?;
        let gamma_g2 = header_point(&mut cursor, 3)?;
        let delta_g1 = header_point(&mut cursor, 4)?;
        let delta_g2 = header_point(&mut cursor, 5)?;
        cursor.end()?;
        let count = (public as usize).saturating_add(1);
        let ic = container.elements(IC, count, points::size::<E::G1Affine>())?;
        let gamma_abc_g1 = Points::unchecked(&crate::interrupt::Never).read(IC, ic)?;
        Ok(Self {
            signals: signals as usize,
            domain_size: domain_size as usize,
            beta_g1,
            delta_g1,
            verifying: VerifyingKey { alpha_g1, beta_g2, gamma_g2, delta_g2, gamma_abc_g1 },
        })
    }
}

/// Reads the point of the header with this index. Whether it is on its curve is checked later.
fn header_point<P: FilePoint>(cursor: &mut Cursor<'_>, index: usize) -> Result<P, FileError> {
    let bytes = cursor.bytes(points::size::<P>(), "points")?;
    points::point(bytes).map_err(|reason| FileError::Point { place: place(HEADER, index), reason })
}
