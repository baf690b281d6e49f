//! An entry of `Circuits`: the name of a built-in circuit, or a section.

use std::path::Path;

use broker_groth16::curve::CurveName;

use super::{file, hexadecimal, provenance};
use crate::policy::{
    document::{
        read::{Field, FieldMap, quote},
        report::Report,
        suggest::most_similar,
        tree::Value,
    },
    profile::{
        BuiltIn, CeremonyRequirement, CircuitRule, CircuitSource, PinnedFile, Provenance, SetupClass,
        SetupRule,
    },
};

/// The longest name of a circuit in bytes.
const MAX_NAME: usize = 64;

const KEYS: [&str; 8] = ["Name", "Key", "Zkey", "R1cs", "Wasm", "Sym", "Fingerprint", "Provenance"];

/// The rules of the section that concern each circuit; `None` for an invalid one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    pub(super) folder: &'a Path,
    pub(super) curve: Option<CurveName>,
    pub(super) setup: Option<SetupRule>,
    pub(super) ceremony: Option<CeremonyRequirement>,
}

/// The keys of an entry that are valid, apart from its name.
#[derive(Debug, Default)]
struct Parts {
    key: Option<PinnedFile>,
    zkey: Option<PinnedFile>,
    r1cs: Option<PinnedFile>,
    wasm: Option<PinnedFile>,
    sym: Option<PinnedFile>,
    fingerprint: Option<[u8; 32]>,
    provenance: Option<Provenance>,
}

/// Reads an entry.
pub(super) fn circuit(entry: &Field<'_>, rules: &Rules<'_>, report: &mut Report) -> Option<CircuitRule> {
    if !matches!(entry.node.value, Value::Map(_)) {
        let circuit = built_in(entry, report)?;
        check_curve(circuit, entry, rules, report);
        check_key_of_ceremony(entry, rules, report);
        return Some(CircuitRule {
            name: circuit.name().to_owned(),
            source: CircuitSource::BuiltIn { circuit, key: None },
            fingerprint: None,
            provenance: None,
            line: entry.at.line,
        });
    }
    let section = entry.field_map(&KEYS, report)?;
    let name = section.require("Name", report).and_then(|field| Some((name(field, report)?, field)));
    let parts = parts(&section, rules, report);
    let ((name, name_field), parts) = (name?, parts?);
    let found = BuiltIn::ALL.into_iter().find(|circuit| circuit.name() == name);
    let (source, fingerprint, provenance) = match found {
        Some(circuit) => {
            check_curve(circuit, name_field, rules, report);
            check_built_in(&section, entry, &parts, rules, report)?;
            (CircuitSource::BuiltIn { circuit, key: parts.key }, parts.fingerprint, parts.provenance)
        }
        None => operator(name, name_field, &section, parts, report)?,
    };
    let circuit = CircuitRule { name: name.to_owned(), source, fingerprint, provenance, line: entry.at.line };
    check_files_differ(&section, &circuit, report);
    check_class(&section, entry, &circuit, rules, report);
    Some(circuit)
}

/// Reads the name of a built-in circuit.
fn built_in(field: &Field<'_>, report: &mut Report) -> Option<BuiltIn> {
    let text = field.text(report)?;
    let found = BuiltIn::ALL.into_iter().find(|circuit| circuit.name() == text);
    if found.is_none() {
        let names = BuiltIn::ALL.map(BuiltIn::name);
        let message = format!(
            "{} is not a built-in circuit, which are {}; an operator's circuit is a section with `Name` and `Zkey`",
            quote(text),
            names.join(", ")
        );
        report.error_with_suggestion(field.node.at, &field.path, message, most_similar(text, names));
    }
    found
}

fn name<'a>(field: &Field<'a>, report: &mut Report) -> Option<&'a str> {
    let text = field.text(report)?;
    let well_formed = text.len() <= MAX_NAME
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if !well_formed {
        let message = format!(
            "{} is not a name of a circuit: 1 to {MAX_NAME} ASCII letters, digits, `_` and `-`, of which the first is a letter \
             or a digit",
            quote(text)
        );
        field.error(message, report);
    }
    well_formed.then_some(text)
}

/// Reads all keys but `Name`.
fn parts(section: &FieldMap<'_>, rules: &Rules<'_>, report: &mut Report) -> Option<Parts> {
    let mut pinned = |key| match section.field(key) {
        Some(field) => file::pinned_file(field, rules.folder, report).map(Some),
        None => Some(None),
    };
    let (key, zkey) = (pinned("Key"), pinned("Zkey"));
    let (r1cs, wasm, sym) = (pinned("R1cs"), pinned("Wasm"), pinned("Sym"));
    let fingerprint = match section.field("Fingerprint") {
        Some(field) => hexadecimal::sha256(field, report).map(Some),
        None => Some(None),
    };
    let provenance = match section.field("Provenance") {
        Some(field) => provenance::provenance(field, report).map(Some),
        None => Some(None),
    };
    Some(Parts {
        key: key?,
        zkey: zkey?,
        r1cs: r1cs?,
        wasm: wasm?,
        sym: sym?,
        fingerprint: fingerprint?,
        provenance: provenance?,
    })
}

/// Checks the keys of a built-in circuit.
fn check_built_in(
    section: &FieldMap<'_>,
    entry: &Field<'_>,
    parts: &Parts,
    rules: &Rules<'_>,
    report: &mut Report,
) -> Option<()> {
    let mut valid = true;
    for field in ["Zkey", "R1cs", "Wasm", "Sym"].into_iter().filter_map(|key| section.field(key)) {
        let message =
            "is for an operator's circuit, which needs another name; the key of a built-in circuit is `Key`";
        field.key_error(message, report);
        valid = false;
    }
    if !valid {
        return None;
    }
    if parts.key.is_some() {
        return Some(());
    }
    if let Some(field) = section.field("Provenance") {
        field.key_error(
            "describes a key, but the circuit has none; add `Key`, or remove `Provenance`",
            report,
        );
    }
    if let Some(field) = section.field("Fingerprint")
        && let Some(setup) = rules.setup.filter(|setup| *setup != SetupRule::Never)
    {
        let message = format!(
            "a key that the broker sets up has a fingerprint of its own; add `Key`, or write `never` in place of `Setup: {}`",
            setup.name()
        );
        field.key_error(message, report);
    }
    check_key_of_ceremony(entry, rules, report);
    Some(())
}

/// Reads an operator's circuit from the parts of its entry.
fn operator(
    name: &str,
    name_field: &Field<'_>,
    section: &FieldMap<'_>,
    parts: Parts,
    report: &mut Report,
) -> Option<(CircuitSource, Option<[u8; 32]>, Option<Provenance>)> {
    if let Some(field) = section.field("Key") {
        let message = format!(
            "is for a built-in circuit, and {} is none; the proving key of an operator's circuit is `Zkey`",
            quote(name)
        );
        report.error_with_suggestion(field.at, &field.path, message, suggested(name));
        return None;
    }
    let Some(zkey) = parts.zkey else {
        let message = format!(
            "{} is not a built-in circuit, which are {}; an operator's circuit needs `Zkey`",
            quote(name),
            BuiltIn::ALL.map(BuiltIn::name).join(", ")
        );
        report.error_with_suggestion(name_field.node.at, &name_field.path, message, suggested(name));
        return None;
    };
    if let (Some(field), None) = (section.field("Sym"), &parts.r1cs) {
        field.key_error(
            "names the signals of constraints, which only `R1cs` has; add it, or remove `Sym`",
            report,
        );
    }
    let source = CircuitSource::Operator { zkey, r1cs: parts.r1cs, wasm: parts.wasm, sym: parts.sym };
    Some((source, parts.fingerprint, parts.provenance))
}

fn suggested(name: &str) -> Option<&'static str> {
    most_similar(name, BuiltIn::ALL.map(BuiltIn::name))
}

fn check_curve(circuit: BuiltIn, field: &Field<'_>, rules: &Rules<'_>, report: &mut Report) {
    if let Some(curve) = rules.curve.filter(|curve| !circuit.supports(*curve)) {
        let curves: Vec<&str> = CurveName::ALL
            .into_iter()
            .filter(|curve| circuit.supports(*curve))
            .map(CurveName::as_str)
            .collect();
        let message = format!(
            "`{}` has no {curve}: write `Curve: {}`, or remove the circuit",
            circuit.name(),
            curves.join(" or ")
        );
        field.error(message, report);
    }
}

/// Checks that no file of a circuit has the hash of another one, whose format is different.
fn check_files_differ(section: &FieldMap<'_>, circuit: &CircuitRule, report: &mut Report) {
    let files: Vec<_> = circuit.files().collect();
    for (index, (key, file)) in files.iter().enumerate() {
        let same = files.iter().take(index).find(|(_, other)| other.sha256 == file.sha256);
        if let (Some((other, _)), Some(field)) = (same, section.field(key)) {
            field.key_error(format!("has the Sha256 of `{other}`; the files cannot be the same"), report);
        }
    }
}

/// Checks that a built-in circuit without `Key` is allowed: its key is one that a broker has set up.
fn check_key_of_ceremony(entry: &Field<'_>, rules: &Rules<'_>, report: &mut Report) {
    if let Some(ceremony) = rules.ceremony.filter(|ceremony| ceremony.minimum().is_some()) {
        let message = format!(
            "needs `Key` and `Provenance`: without a file the key is one that a broker has set up, which is single-party and \
             refused by `RequireCeremony: {}`",
            ceremony.name()
        );
        entry.error(message, report);
    }
}

/// Checks what is known at load of whether `RequireCeremony` refuses a key from a file.
fn check_class(
    section: &FieldMap<'_>,
    entry: &Field<'_>,
    circuit: &CircuitRule,
    rules: &Rules<'_>,
    report: &mut Report,
) {
    let (Some(ceremony), Some(class)) = (rules.ceremony, circuit.declared_class()) else { return };
    let Some(minimum) = ceremony.minimum() else { return };
    let ceremony = ceremony.name();
    let declared = section.field("Provenance");
    if class < minimum.min(SetupClass::CeremonyClaimed) {
        let message = format!(
            "the key is {}, which `RequireCeremony: {ceremony}` refuses; use a key from a ceremony and declare `Provenance: \
             {{ Class: ceremony-claimed }}`",
            class.as_str()
        );
        match declared.map(|field| field.raw_entry("Class").unwrap_or_else(|| field.clone())) {
            Some(field) => field.error(message, report),
            None => entry.error(format!("has no `Provenance`: {message}"), report),
        }
        return;
    }
    if minimum < SetupClass::CeremonyVerified {
        return;
    }
    if matches!(circuit.source, CircuitSource::BuiltIn { .. }) {
        let message = "is a built-in circuit, of which no profile names the constraints, so its ceremony is never verified, and \
            `RequireCeremony: verified` refuses its key; write `RequireCeremony: claimed`, or use an operator's circuit with \
            `Zkey` and `R1cs`";
        entry.error(message, report);
        return;
    }
    // The chain of contributions is verified from the powers of tau and the constraints (`snarkjs zkey verify`).
    if circuit.provenance.as_ref().is_some_and(|provenance| provenance.powers_of_tau.is_none()) {
        let message = "needs `PowersOfTau`, from which `RequireCeremony: verified` has the chain of contributions verified";
        declared.unwrap_or(entry).key_error(message, report);
    }
    if matches!(circuit.source, CircuitSource::Operator { r1cs: None, .. }) {
        let message =
            "needs `R1cs`, from which `RequireCeremony: verified` has the chain of contributions verified";
        entry.error(message, report);
    }
}
