//! `API.SignData`.

use super::{
    data::allow_seed,
    keys::key_constraints,
    read::{Field, Section},
    report::Report,
    scheme,
    tree::Value,
};
use crate::{
    algorithm::{Composite, DataScheme, SignatureScheme},
    policy::profile::{KeyConstraints, SignDataRule, SignatureFormat, SigningMode},
};

const MODES: [SigningMode; 3] = [SigningMode::Legacy, SigningMode::PostQuantum, SigningMode::Hybrid];
const FORMATS: [SignatureFormat; 4] =
    [SignatureFormat::Raw, SignatureFormat::Der, SignatureFormat::Pem, SignatureFormat::Cms];

/// Reads `SignData`.
pub(super) fn sign_data(field: &Field<'_>, report: &mut Report) -> Option<SignDataRule> {
    let keys = ["SigningMode", "SignAlg", "HashAlg", "SignatureFormat", "KeyConstraints", "AllowSeed"];
    let section = field.section(&keys, report)?;
    let mode = section.require("SigningMode", report).cloned();
    let mode = mode.and_then(|field| field.choice(&MODES.map(|mode| (mode.name(), mode)), report));
    let scheme = match mode {
        Some(SigningMode::Hybrid) => composite(&section, report).map(DataScheme::Composite),
        _ => single(&section, mode, report).map(DataScheme::Single),
    };
    let format = section.require("SignatureFormat", report).cloned();
    let format =
        format.and_then(|field| field.choice(&FORMATS.map(|format| (format.name(), format)), report));
    if let (Some(SigningMode::Hybrid), Some(SignatureFormat::Cms), Some(field)) =
        (mode, format, section.get("SignatureFormat"))
    {
        field.wrong(
            "composite signatures in CMS are of a draft of their own (draft-ietf-lamps-cms-composite-sigs), which is \
             not served; the choices are RAW, DER, PEM",
            report,
        );
    }
    let keys_field = section.require("KeyConstraints", report).cloned();
    let keys = keys_field.as_ref().and_then(|field| key_constraints(field, report));
    if let (Some(keys), Some(scheme), Some(field)) = (&keys, scheme, &keys_field) {
        usable(keys, scheme, field, report);
    }
    let allow_seed = allow_seed(&section, report);
    if let (Some(true), Some(scheme), Some(field)) = (allow_seed, scheme, section.get("AllowSeed"))
        && !has_seed(scheme)
    {
        field.wrong(
            format!("no standard makes keys of SignAlg {} from a seed; take the key away", scheme.name()),
            report,
        );
    }
    Some(SignDataRule {
        mode: mode?,
        scheme: scheme?,
        format: format?,
        keys: keys?,
        allow_seed: allow_seed?,
        line: section.at.line,
    })
}

/// Whether the section is of the Go broker's time before signing modes. Its released versions read such a section and
/// never served it.
pub(super) fn is_without_mode(field: &Field<'_>) -> bool {
    matches!(field.node.value, Value::Map(_)) && field.key("SigningMode").is_none()
}

/// `SignAlg` and `HashAlg` of a mode with one key.
fn single(section: &Section<'_>, mode: Option<SigningMode>, report: &mut Report) -> Option<SignatureScheme> {
    let field = section.get("SignAlg");
    if let Some(field) = field
        && names_composite(field)
    {
        field.wrong("a composite needs SigningMode `hybrid`", report);
        return None;
    }
    let scheme = scheme::scheme(section, &scheme::DATA, report)?;
    let post_quantum = matches!(scheme, SignatureScheme::MlDsa(_));
    match (mode, field) {
        (Some(SigningMode::Legacy), Some(field)) if post_quantum => {
            field.wrong("a post-quantum algorithm needs SigningMode `post-quantum`", report);
        }
        (Some(SigningMode::PostQuantum), Some(field)) if !post_quantum => {
            field.wrong("SigningMode `post-quantum` needs ml-dsa-44, ml-dsa-65 or ml-dsa-87", report);
        }
        _ => {}
    }
    Some(scheme)
}

/// `SignAlg` of the mode `hybrid`, which settles every hash.
fn composite(section: &Section<'_>, report: &mut Report) -> Option<Composite> {
    if let Some(field) = section.get("HashAlg") {
        field.misplaced("a composite brings its hashes with it; take the key away", report);
    }
    let names = Composite::ALL.map(|composite| (composite.name(), composite));
    section.require("SignAlg", report)?.algorithm(&names, report)
}

fn names_composite(field: &Field<'_>) -> bool {
    let is_name = |text: &str| Composite::ALL.iter().any(|one| one.name().eq_ignore_ascii_case(text));
    matches!(&field.node.value, Value::Text(text) if is_name(text))
}

/// Takes note of constraints under which nothing could be signed.
fn usable(keys: &KeyConstraints, scheme: DataScheme, field: &Field<'_>, report: &mut Report) {
    let missing = match scheme {
        DataScheme::Single(single) if keys.have_entry_for(single) => return,
        DataScheme::Single(single) => format!("the keys of SignAlg {}", single.name()),
        // A composite takes one size of a key and no other.
        DataScheme::Composite(composite) => {
            let missing: Vec<String> = composite
                .keys()
                .into_iter()
                .filter(|key| !keys.allow(*key))
                .map(|key| key.to_string())
                .collect();
            if missing.is_empty() {
                return;
            }
            format!("{}, of which SignAlg {} is made", missing.join(" and "), composite.name())
        }
    };
    field.misplaced(format!("has no entry for {missing}, so nothing could be signed"), report);
}

fn has_seed(scheme: DataScheme) -> bool {
    matches!(scheme, DataScheme::Single(SignatureScheme::Ed25519 | SignatureScheme::MlDsa(_)))
}
