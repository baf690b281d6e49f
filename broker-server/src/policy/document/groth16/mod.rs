//! `API.Groth16`.

mod circuit;
mod file;
mod hexadecimal;
mod limits;
mod provenance;

use std::{collections::HashMap, path::Path, sync::Arc};

use broker_groth16::curve::CurveName;

use self::circuit::{Rules, circuit};
use super::{
    read::{Field, FieldMap},
    report::Report,
};
use crate::policy::profile::{
    CeremonyRequirement, CircuitRule, CircuitSource, Groth16Rule, PinnedFile, ProofLimits, SetupRule,
};

const KEYS: [&str; 7] =
    ["Curve", "Setup", "RequireCeremony", "Circuits", "AllowCallerKey", "Limits", "Threads"];

/// Reads `Groth16`. Relative paths are below `folder`. The Go broker has no such section, so that a misspelt key in it is
/// an error in a lenient reading too: ignored, it could mean that no ceremony is required.
pub(super) fn groth16(field: &Field<'_>, folder: &Path, report: &mut Report) -> Option<Groth16Rule> {
    report.strictly(|report| section(field, folder, report))
}

fn section(field: &Field<'_>, folder: &Path, report: &mut Report) -> Option<Groth16Rule> {
    let section = field.field_map(&KEYS, report)?;
    let curves = CurveName::ALL.map(|curve| (curve.as_str(), curve));
    let curve =
        section.require("Curve", report).and_then(|field| field.choice_ignoring_case(&curves, report));
    let setup = match section.field("Setup") {
        Some(field) => field.choice(&SetupRule::ALL.map(|setup| (setup.name(), setup)), report),
        None => Some(SetupRule::default()),
    };
    let ceremonies = CeremonyRequirement::ALL.map(|ceremony| (ceremony.name(), ceremony));
    let ceremony = match section.field("RequireCeremony") {
        Some(field) => field.choice(&ceremonies, report),
        None => Some(CeremonyRequirement::default()),
    };
    let allow_caller_key = section.flag("AllowCallerKey", report);
    let limits = match section.field("Limits") {
        Some(field) => limits::limits(field, report),
        None => Some(ProofLimits::default()),
    };
    let threads = match section.field("Threads") {
        Some(field) => threads(field, report),
        None => Some(1),
    };
    let rules = Rules { folder, curve, setup, ceremony };
    let circuits = section.require("Circuits", report).and_then(|field| circuits(field, &rules, report));
    if let Some(ceremony) = ceremony {
        check_ceremony(&section, ceremony, setup, allow_caller_key, report);
    }
    if let (Some(setup), Some(circuits)) = (setup, &circuits) {
        check_setup(&section, setup, circuits, report);
    }
    Some(Groth16Rule {
        curve: curve?,
        setup: setup?,
        require_ceremony: ceremony?,
        circuits: circuits?,
        allow_caller_key: allow_caller_key?,
        limits: limits?,
        threads: threads?,
        line: section.at.line,
    })
}

/// Reads `Threads`. A document that gives a proof more than one core would promise what the broker does not do.
fn threads(field: &Field<'_>, report: &mut Report) -> Option<u32> {
    let threads = field.integer_in(1..=u32::MAX, report)?;
    if threads != 1 {
        let message =
            format!("{threads} is not supported: a proof uses one core; write 1, or remove the key");
        field.error(message, report);
        return None;
    }
    Some(threads)
}

/// Reads `Circuits`.
fn circuits(field: &Field<'_>, rules: &Rules<'_>, report: &mut Report) -> Option<Vec<Arc<CircuitRule>>> {
    let mut circuits: Vec<Arc<CircuitRule>> = Vec::new();
    let mut files = HashMap::new();
    let mut valid = true;
    let entries = field.list(report)?;
    if entries.is_empty() {
        field.error("must have at least one circuit", report);
        valid = false;
    }
    for entry in entries {
        let Some(circuit) = circuit(&entry, rules, report) else {
            valid = false;
            continue;
        };
        if let Some(first) = circuits.iter().find(|other| other.name == circuit.name) {
            let message =
                format!("duplicate name; the first circuit with this name is in line {}", first.line);
            entry.error(message, report);
        }
        for (key, file) in circuit.files() {
            check_one_hash(&entry, key, file, &mut files, report);
        }
        circuits.push(Arc::new(circuit));
    }
    valid.then_some(circuits)
}

/// Checks that a file has the same hash wherever the section names it. `files` has the hash and the line of each file before.
fn check_one_hash(
    entry: &Field<'_>,
    key: &str,
    file: &PinnedFile,
    files: &mut HashMap<String, ([u8; 32], u32)>,
    report: &mut Report,
) {
    let (sha256, line) = *files.entry(file.written.clone()).or_insert((file.sha256, file.line));
    if sha256 != file.sha256 {
        let message = format!("the same file has another Sha256 in line {line}; write that of its contents");
        entry.raw_entry(key).as_ref().unwrap_or(entry).key_error(message, report);
    }
}

/// Checks that nothing allows keys that `RequireCeremony` refuses.
fn check_ceremony(
    section: &FieldMap<'_>,
    ceremony: CeremonyRequirement,
    setup: Option<SetupRule>,
    allow_caller_key: Option<bool>,
    report: &mut Report,
) {
    if ceremony.minimum().is_none() {
        return;
    }
    let name = ceremony.name();
    if let Some(field) = section.field("Setup")
        && setup.is_some_and(|setup| setup != SetupRule::Never)
    {
        let message = format!(
            "a key that the broker sets up is single-party, which `RequireCeremony: {name}` refuses; write `never` and a \
             `Key` for each built-in circuit, or `RequireCeremony: none`"
        );
        field.error(message, report);
    }
    if let Some(field) = section.field("AllowCallerKey")
        && allow_caller_key == Some(true)
    {
        let message = format!(
            "nothing is known about the setup of a caller's key, which `RequireCeremony: {name}` refuses; remove one of the \
             two keys"
        );
        field.error(message, report);
    }
}

/// Checks that there is a circuit whose key the broker could set up.
fn check_setup(section: &FieldMap<'_>, setup: SetupRule, circuits: &[Arc<CircuitRule>], report: &mut Report) {
    let needs_setup =
        |circuit: &Arc<CircuitRule>| matches!(circuit.source, CircuitSource::BuiltIn { key: None, .. });
    if let Some(field) = section.field("Setup")
        && setup != SetupRule::Never
        && !circuits.iter().any(needs_setup)
    {
        let message = format!(
            "`{}` has no circuit to set up: each has its key in a file; write `never`, or remove the key",
            setup.name()
        );
        field.error(message, report);
    }
}
