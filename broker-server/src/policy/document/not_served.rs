//! Sections that are not served yet, and are validated all the same.

use super::{
    read::{DUPLICATE_ENTRY, Field},
    report::Report,
};
use crate::policy::profile::Groth16Rule;

/// The longest name of a circuit in bytes.
const MAX_CIRCUIT: usize = 64;

/// Reads `Groth16`.
pub(super) fn groth16(field: &Field<'_>, report: &mut Report) -> Option<Groth16Rule> {
    let section = field.field_map(&["Curve", "Circuits"], report)?;
    let curve = section
        .require("Curve", report)
        .and_then(|field| field.choice_ignoring_case(&[(Groth16Rule::CURVE, ())], report));
    let field = section.require("Circuits", report)?;
    let mut circuits: Vec<String> = Vec::new();
    let entries = field.list(report)?;
    if entries.is_empty() {
        field.error("must have at least one circuit", report);
    }
    for entry in entries {
        match entry.printable_text(MAX_CIRCUIT, report) {
            Some(name) if circuits.iter().any(|other| other == name) => {
                entry.error(DUPLICATE_ENTRY, report);
            }
            Some(name) => circuits.push(name.to_owned()),
            None => {}
        }
    }
    curve?;
    Some(Groth16Rule { circuits, line: section.at.line })
}
