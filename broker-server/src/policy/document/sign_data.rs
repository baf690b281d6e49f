//! `API.SignData`.

use super::{
    keys::key_constraints,
    read::{Field, FieldMap},
    report::Report,
    scheme::{self, SignAlg},
    tree::Value,
};
use crate::{
    algorithm::{Composite, DataScheme, HashAlgorithm, HashMlDsa, SignatureFormat, SignatureScheme},
    policy::profile::{KeyConstraints, SignDataRule, SigningMode},
};

/// Reads `SignData`.
pub(super) fn sign_data(field: &Field<'_>, report: &mut Report) -> Option<SignDataRule> {
    let keys = [
        "SigningMode",
        "SignAlg",
        "HashAlg",
        "PreHash",
        "SignatureFormat",
        "KeyConstraints",
        "AllowSeed",
        "AllowContext",
    ];
    let section = field.field_map(&keys, report)?;
    let modes = SigningMode::ALL.map(|mode| (mode.name(), mode));
    let mode = section.require("SigningMode", report).and_then(|field| field.choice(&modes, report));
    let scheme = match mode {
        Some(SigningMode::Hybrid) => composite(&section, report).map(DataScheme::Composite),
        _ => single(&section, mode, report).map(DataScheme::Single),
    };
    let scheme = match section.field("PreHash") {
        Some(field) => pre_hash(field, scheme, report),
        None => scheme,
    };
    let formats = SignatureFormat::ALL.map(|format| (format.name(), format));
    let format = section.require("SignatureFormat", report).and_then(|field| field.choice(&formats, report));
    if let (Some(SigningMode::Hybrid), Some(SignatureFormat::Cms), Some(field)) =
        (mode, format, section.field("SignatureFormat"))
    {
        field.error(
            "composite signatures in CMS are defined by another draft (draft-ietf-lamps-cms-composite-sigs), which is \
             not supported; the choices are RAW, DER, PEM",
            report,
        );
    }
    if let (Some(DataScheme::HashMlDsa(_)), Some(format), Some(field)) =
        (scheme, format, section.field("SignatureFormat"))
        && format != SignatureFormat::Raw
    {
        let message = "certificates and CMS have no HashML-DSA (RFC 9881, RFC 9882); with PreHash the only choice is RAW";
        field.error(message, report);
    }
    let keys_field = section.require("KeyConstraints", report);
    let keys = keys_field.and_then(|field| key_constraints(field, report));
    if let (Some(keys), Some(scheme), Some(field)) = (&keys, scheme, keys_field) {
        check_keys_can_sign(keys, scheme, field, report);
    }
    let allow_seed = section.flag("AllowSeed", report);
    if let (Some(true), Some(scheme), Some(field)) = (allow_seed, scheme, section.field("AllowSeed"))
        && !has_seed(scheme)
    {
        let name = scheme.name();
        let message =
            format!("no standard defines how to derive keys of SignAlg {name} from a seed; remove the key");
        field.error(message, report);
    }
    let allow_context = section.flag("AllowContext", report);
    if let (Some(true), Some(scheme), Some(field)) = (allow_context, scheme, section.field("AllowContext"))
        && !scheme.has_context()
    {
        let message = format!(
            "only ML-DSA has contexts that a caller can choose (FIPS 204 5.2), and SignAlg is {}; remove the key",
            scheme.name()
        );
        field.error(message, report);
    }
    Some(SignDataRule {
        mode: mode?,
        scheme: scheme?,
        format: format?,
        keys: keys?,
        allow_seed: allow_seed?,
        allow_context: allow_context?,
        line: section.at.line,
    })
}

/// Reports whether the section predates the signing modes. The releases of the Go broker read such a section
/// and did not serve it.
pub(super) fn is_without_mode(field: &Field<'_>) -> bool {
    matches!(field.node.value, Value::Map(_)) && field.raw_entry("SigningMode").is_none()
}

/// Reads `SignAlg` and `HashAlg` of a mode with one key.
fn single(section: &FieldMap<'_>, mode: Option<SigningMode>, report: &mut Report) -> Option<SignatureScheme> {
    let field = section.field("SignAlg");
    if let Some(field) = field
        && is_composite_name(field)
    {
        field.error("a composite needs SigningMode `hybrid`", report);
        return None;
    }
    let scheme = scheme::scheme(section, &SignAlg::DATA, report)?;
    let post_quantum = matches!(scheme, SignatureScheme::MlDsa(_));
    match (mode, field) {
        (Some(SigningMode::Legacy), Some(field)) if post_quantum => {
            field.error("a post-quantum algorithm needs SigningMode `post-quantum`", report);
        }
        (Some(SigningMode::PostQuantum), Some(field)) if !post_quantum => {
            field.error("SigningMode `post-quantum` needs ml-dsa-44, ml-dsa-65 or ml-dsa-87", report);
        }
        _ => {}
    }
    Some(scheme)
}

/// Reads `PreHash`, which makes HashML-DSA of ML-DSA. An invalid scheme has been reported already.
fn pre_hash(field: &Field<'_>, scheme: Option<DataScheme>, report: &mut Report) -> Option<DataScheme> {
    let set = match scheme {
        Some(DataScheme::Single(SignatureScheme::MlDsa(set))) => Some(set),
        Some(scheme) => {
            let message =
                format!("only ML-DSA has a pre-hash, and SignAlg is {}; remove the key", scheme.name());
            field.key_error(message, report);
            None
        }
        None => None,
    };
    let pre_hash = field.choice_ignoring_case(&HashAlgorithm::ALL.map(|hash| (hash.name(), hash)), report)?;
    let set = set?;
    let algorithm = HashMlDsa::new(set, pre_hash);
    if algorithm.is_none() {
        let strong = HashMlDsa::ALL.into_iter().filter(|algorithm| algorithm.set() == set);
        let strong: Vec<&str> = strong.map(|algorithm| algorithm.pre_hash().name()).collect();
        let message = format!(
            "collisions of {} have a strength of {} bits, and {} needs {} (FIPS 204 5.4); the choices are {}",
            pre_hash.name(),
            HashMlDsa::collision_strength(pre_hash),
            set.name(),
            set.collision_strength(),
            strong.join(", ")
        );
        field.error(message, report);
    }
    algorithm.map(DataScheme::HashMlDsa)
}

/// Reads `SignAlg` of the mode `hybrid`, which fixes all hashes.
fn composite(section: &FieldMap<'_>, report: &mut Report) -> Option<Composite> {
    if let Some(field) = section.field("HashAlg") {
        field.key_error("a composite has fixed hashes; remove the key", report);
    }
    let names = Composite::ALL.map(|composite| (composite.name(), composite));
    section.require("SignAlg", report)?.choice_ignoring_case(&names, report)
}

/// Reports whether the value is the name of a composite.
fn is_composite_name(field: &Field<'_>) -> bool {
    let is_name =
        |text: &str| Composite::ALL.iter().any(|composite| composite.name().eq_ignore_ascii_case(text));
    matches!(&field.node.value, Value::Text(text) if is_name(text))
}

/// Checks that the constraints allow the keys that the scheme signs with.
fn check_keys_can_sign(keys: &KeyConstraints, scheme: DataScheme, field: &Field<'_>, report: &mut Report) {
    let missing = match scheme {
        DataScheme::Single(_) | DataScheme::HashMlDsa(_) => {
            if scheme.single().is_some_and(|single| keys.has_entry_for(single.key_kind())) {
                return;
            }
            format!("the keys of SignAlg {}", scheme.name())
        }
        // A composite needs keys of exactly these sizes.
        DataScheme::Composite(composite) => {
            let missing: Vec<String> = composite
                .keys()
                .into_iter()
                .filter(|key| !keys.allows(*key))
                .map(|key| key.to_string())
                .collect();
            if missing.is_empty() {
                return;
            }
            format!("{}, which SignAlg {} needs", missing.join(" and "), composite.name())
        }
    };
    field.key_error(format!("has no entry for {missing}, so that nothing could be signed"), report);
}

fn has_seed(scheme: DataScheme) -> bool {
    matches!(scheme.single(), Some(SignatureScheme::Ed25519 | SignatureScheme::MlDsa(_)))
}
