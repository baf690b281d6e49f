//! Sections of operations that are not served yet: their mistakes count all the same.

use super::{read::Field, report::Report};
use crate::policy::profile::Groth16Rule;

/// Longest name of a circuit in bytes.
const MAX_CIRCUIT: usize = 64;

/// Reads `Groth16`.
pub(super) fn groth16(field: &Field<'_>, report: &mut Report) -> Option<Groth16Rule> {
    let section = field.section(&["Curve", "Circuits"], report)?;
    let curve = section.require("Curve", report).cloned();
    let curve = curve.and_then(|field| field.algorithm(&[("bn254", ())], report));
    let field = section.require("Circuits", report)?;
    let mut circuits: Vec<String> = Vec::new();
    let entries = field.list(report)?;
    if entries.is_empty() {
        field.wrong("needs at least one circuit", report);
    }
    for entry in entries {
        match entry.word(MAX_CIRCUIT, report) {
            Some(name) if circuits.iter().any(|other| other == name) => {
                entry.wrong("stands in this list already", report);
            }
            Some(name) => circuits.push(name.to_owned()),
            None => {}
        }
    }
    curve?;
    Some(Groth16Rule { circuits, line: section.at.line })
}
