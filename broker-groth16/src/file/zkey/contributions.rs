//! Section 10: the hash of the circuit and the contributions to the setup.
//!
//! The hash has 64 bytes. The number of contributions (u32) follows, then for each of them δ after it, s and s·x in G1,
//! s'·x in G2, the hash of the transcript (64 bytes), its type (u32: 0 is a contribution, 1 a beacon), and the length
//! (u32) of its parameters. Each parameter has its number (u8, ascending): 1 is the name, after its length (u8), 2 the
//! binary logarithm of a beacon's number of iterations (u8), 3 a beacon's value, after its length (u8).

use super::{
    super::{
        FileError,
        container::Cursor,
        points::{self, FilePoint},
        section::place,
    },
    CONTRIBUTIONS,
};
use crate::curve::Curve;

/// The length of a hash in bytes.
pub(crate) const HASH_BYTES: usize = 64;

const BEACON: u32 = 1;

/// Section 10.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contributions<E: Curve> {
    /// The hash of the circuit, which binds the contributions to it.
    pub(crate) circuit_hash: [u8; HASH_BYTES],
    /// The contributions, the first one first.
    pub(crate) list: Vec<Contribution<E>>,
}

/// One contribution. Its points need not be on their curves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contribution<E: Curve> {
    /// δ after the contribution.
    pub(crate) delta_after: E::G1Affine,
    /// A point whose discrete logarithm nobody knows.
    pub(crate) g1_s: E::G1Affine,
    /// The same multiplied by the contributor's secret x.
    pub(crate) g1_sx: E::G1Affine,
    /// The challenge multiplied by x.
    pub(crate) g2_spx: E::G2Affine,
    /// The hash of the circuit's hash, of all contributions before, and of s and s·x.
    pub(crate) transcript: [u8; HASH_BYTES],
    /// The name that the contributor gave.
    pub(crate) name: Option<String>,
    /// The random beacon, if the contribution is one.
    pub(crate) beacon: Option<Beacon>,
}

/// A public value of which nobody knew before the ceremony what it would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beacon {
    /// The value, 1 to 255 bytes.
    pub value: Vec<u8>,
    /// The binary logarithm of the number of times that SHA-256 is applied to it.
    pub log_iterations: u8,
}

impl<E: Curve> Contributions<E> {
    /// Reads the section.
    ///
    /// # Errors
    ///
    /// [`FileError`], which names the section and the contribution.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, FileError> {
        let mut cursor = Cursor::new(CONTRIBUTIONS, bytes);
        let circuit_hash = hash(&mut cursor, "hash of the circuit")?;
        let count = cursor.u32("number of contributions")?;
        // The vector grows with what is read, so the section bounds its size.
        let mut list = Vec::new();
        for index in 0..count as usize {
            list.push(contribution(&mut cursor, index)?);
        }
        cursor.end()?;
        Ok(Self { circuit_hash, list })
    }
}

fn contribution<E: Curve>(cursor: &mut Cursor<'_>, index: usize) -> Result<Contribution<E>, FileError> {
    let delta_after = point(cursor, index)?;
    let g1_s = point(cursor, index)?;
    let g1_sx = point(cursor, index)?;
    let g2_spx = point(cursor, index)?;
    let transcript = hash(cursor, "transcript of a contribution")?;
    let kind = cursor.u32("type of a contribution")?;
    if kind > BEACON {
        return Err(FileError::Header {
            section: CONTRIBUTIONS,
            field: "type of a contribution",
            found: kind.into(),
            rule: "0 or 1",
        });
    }
    let parameters = cursor.counted(1, "parameters of a contribution")?;
    let broken = |rule| FileError::Parameters { section: CONTRIBUTIONS, contribution: index + 1, rule };
    let parameters = Parameters::read(parameters).map_err(broken)?;
    let beacon = match (kind, parameters.beacon, parameters.log_iterations) {
        (BEACON, Some(value), Some(log_iterations)) if !value.is_empty() => {
            Some(Beacon { value: value.to_vec(), log_iterations })
        }
        (BEACON, ..) => return Err(broken("do not have the value and the iterations of the beacon")),
        (_, None, None) => None,
        _ => return Err(broken("are those of a beacon, which it is not")),
    };
    let name = parameters.name.map(|name| String::from_utf8_lossy(name).into_owned());
    Ok(Contribution { delta_after, g1_s, g1_sx, g2_spx, transcript, name, beacon })
}

#[derive(Default)]
struct Parameters<'a> {
    name: Option<&'a [u8]>,
    log_iterations: Option<u8>,
    beacon: Option<&'a [u8]>,
}

impl<'a> Parameters<'a> {
    fn read(mut bytes: &'a [u8]) -> Result<Self, &'static str> {
        const END: &str = "end within one of them";
        let mut found = Self::default();
        let mut last = 0;
        while let Some((number, rest)) = bytes.split_first() {
            if *number <= last {
                return Err("are not in ascending order");
            }
            last = *number;
            let (first, rest) = rest.split_first().ok_or(END)?;
            if *number == 2 {
                found.log_iterations = Some(*first);
                bytes = rest;
                continue;
            }
            let (value, rest) = rest.split_at_checked((*first).into()).ok_or(END)?;
            match number {
                1 => found.name = Some(value),
                3 => found.beacon = Some(value),
                _ => return Err("have a number that no parameter has"),
            }
            bytes = rest;
        }
        Ok(found)
    }
}

fn point<P: FilePoint>(cursor: &mut Cursor<'_>, index: usize) -> Result<P, FileError> {
    let bytes = cursor.bytes(points::size::<P>(), "points of a contribution")?;
    points::point(bytes).map_err(|reason| FileError::Point { place: place(CONTRIBUTIONS, index), reason })
}

fn hash(cursor: &mut Cursor<'_>, field: &'static str) -> Result<[u8; HASH_BYTES], FileError> {
    let bytes = cursor.bytes(HASH_BYTES, field)?.first_chunk();
    bytes.copied().ok_or(FileError::Truncated { section: CONTRIBUTIONS, field })
}
