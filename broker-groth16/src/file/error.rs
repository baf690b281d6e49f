//! Why a file is not accepted.

use super::section::{Place, Section};
use crate::{
    assignment::AssignmentError, curve::CurveName, interrupt::Interrupted, key::KeyError, point::PointError,
};

/// Why a file is not accepted. No variant contains a value of a witness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file has more bytes than any that is read.
    #[error("the file has {bytes} bytes, and at most {limit} are read")]
    TooLarge {
        /// The size of the file.
        bytes: usize,
        /// The largest size.
        limit: usize,
    },
    /// The first bytes are those of another format.
    #[error("the file does not begin with \"{expected}\"")]
    Magic {
        /// The first four bytes of the format.
        expected: &'static str,
    },
    /// The format has another version.
    #[error("the file has version {found}, and only version {expected} is read")]
    Version {
        /// The version in the file.
        found: u32,
        /// The version that is read.
        expected: u32,
    },
    /// Bytes follow the last section.
    #[error("{bytes} bytes follow the last section")]
    TrailingBytes {
        /// Their number.
        bytes: usize,
    },
    /// The file ends within a section.
    #[error("section {} has {length} bytes, but the file ends after {available}", section.number)]
    SectionEnd {
        /// The section.
        section: Section,
        /// Its length according to the table of sections.
        length: usize,
        /// The number of bytes that are left in the file.
        available: usize,
    },
    /// A section is there twice.
    #[error("section {number} is there twice")]
    SectionTwice {
        /// The section's number.
        number: u32,
    },
    /// A section is missing.
    #[error("{section} is missing")]
    SectionMissing {
        /// The section.
        section: Section,
    },
    /// A section is not as long as the header demands.
    #[error("{section} has {found} bytes, and {expected} are expected")]
    SectionLength {
        /// The section.
        section: Section,
        /// Its length in bytes.
        found: usize,
        /// The length in bytes that follows from the header.
        expected: usize,
    },
    /// A section ends within a field.
    #[error("{section} ends within the {field}")]
    Truncated {
        /// The section.
        section: Section,
        /// The field.
        field: &'static str,
    },
    /// Bytes follow the last field of a section.
    #[error("{bytes} bytes follow the last field of {section}")]
    SectionTrailing {
        /// The section.
        section: Section,
        /// Their number.
        bytes: usize,
    },
    /// The powers of tau are not prepared for the second phase of a setup.
    #[error(
        "{section} is missing: the powers of tau are not prepared for the second phase (`snarkjs powersoftau prepare phase2`)"
    )]
    Unprepared {
        /// The first of the sections that the preparation adds.
        section: Section,
    },
    /// The parameters of a contribution are not what the format demands.
    #[error("{section}: the parameters of contribution {contribution} {rule}")]
    Parameters {
        /// The section.
        section: Section,
        /// The number of the contribution, from 1.
        contribution: usize,
        /// The rule that they break.
        rule: &'static str,
    },
    /// The proving key is one of another proof system.
    #[error("the proving key is for {}, not for Groth16 (protocol 1)", protocol_name(*found))]
    Protocol {
        /// The protocol's number: 2 is PLONK, 10 FFLONK.
        found: u32,
    },
    /// The file is for another curve than the one that is asked for.
    #[error("the file is for the curve {found}, not for {expected}")]
    Curve {
        /// The file's curve.
        found: CurveName,
        /// The curve that is asked for.
        expected: CurveName,
    },
    /// A modulus or its length is not the one of a curve that is supported.
    #[error("the {field} in {section} is not the one of BN254 or BLS12-381")]
    Modulus {
        /// The section.
        section: Section,
        /// The field.
        field: &'static str,
    },
    /// Numbers in a header contradict each other.
    #[error("{section}: {field} is {found}, and must be {rule}")]
    Header {
        /// The section.
        section: Section,
        /// The field.
        field: &'static str,
        /// Its value.
        found: u64,
        /// What the value must be.
        rule: &'static str,
    },
    /// An index points beyond what it points to.
    #[error("{place}: the {field} is {found}, and must be less than {limit}")]
    Index {
        /// The place.
        place: Place,
        /// The kind of index.
        field: &'static str,
        /// The index.
        found: u64,
        /// The number of things to which such an index points.
        limit: u64,
    },
    /// An integer is not less than its modulus. Its value is not given, since it may be one of a witness.
    #[error("{place} is not less than the modulus of the field")]
    NotCanonical {
        /// The place.
        place: Place,
    },
    /// A point is not acceptable.
    #[error("{place} {reason}")]
    Point {
        /// The place.
        place: Place,
        /// What is wrong with it.
        reason: PointError,
    },
    /// The matrix A does not end with the rows that bind the constant 1 and the public signals.
    #[error(
        "{section}: row {row} of A must have the entry 1 for signal {signal} alone, since A ends with one such row for \
         the constant 1 and each public signal"
    )]
    PublicRow {
        /// The section.
        section: Section,
        /// The row.
        row: usize,
        /// The signal, from 0.
        signal: usize,
    },
    /// The circuit uses custom gates, which Groth16 does not have.
    #[error("the circuit uses the custom gate {name:?}, and Groth16 has none")]
    CustomGate {
        /// The name of the gate's template.
        name: String,
    },
    /// A line of a `.sym` file is not what it should be.
    #[error("line {line}: the {field} is not valid")]
    Line {
        /// The line, from 1.
        line: usize,
        /// The field.
        field: &'static str,
    },
    /// The verifying key within the file is not acceptable.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The values are not an assignment.
    #[error(transparent)]
    Assignment(#[from] AssignmentError),
    /// The reader was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

fn protocol_name(protocol: u32) -> String {
    match protocol {
        2 => "PLONK (protocol 2)".to_owned(),
        10 => "FFLONK (protocol 10)".to_owned(),
        other => format!("protocol {other}"),
    }
}
