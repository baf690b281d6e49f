//! `API.SignData`, `API.EncryptData` and `API.KEM`.

use super::{
    keys::key_constraints,
    read::{Field, Report, Section},
    scheme,
};
use crate::{
    algorithm::{Aead, Kem, SignatureScheme},
    policy::profile::{EncryptDataRule, KemRule, NonceStrategy, SignDataRule, SignatureFormat, SigningMode},
};

const MODES: [SigningMode; 3] = [SigningMode::Legacy, SigningMode::PostQuantum, SigningMode::Hybrid];
const FORMATS: [SignatureFormat; 4] =
    [SignatureFormat::Raw, SignatureFormat::Der, SignatureFormat::Pem, SignatureFormat::Cms];
const NONCES: [NonceStrategy; 2] = [NonceStrategy::UserProvided, NonceStrategy::Random];

/// Reads `SignData`.
pub(super) fn sign_data(field: &Field<'_>, report: &mut Report) -> Option<SignDataRule> {
    let keys = ["SigningMode", "SignAlg", "HashAlg", "SignatureFormat", "KeyConstraints", "AllowSeed"];
    let section = field.section(&keys, report)?;
    let mode = section.require("SigningMode", report).cloned();
    let mode = mode.and_then(|field| field.choice(&MODES.map(|mode| (mode.name(), mode)), report));
    let scheme = scheme::scheme(&section, &scheme::DATA, report);
    if let (Some(mode), Some(scheme), Some(field)) = (mode, scheme, section.get("SignAlg")) {
        let post_quantum = matches!(scheme, SignatureScheme::MlDsa(_));
        match mode {
            SigningMode::Legacy if post_quantum => {
                field.wrong("a post-quantum algorithm needs SigningMode `post-quantum`", report);
            }
            SigningMode::PostQuantum if !post_quantum => {
                field.wrong("SigningMode `post-quantum` needs ml-dsa-44, ml-dsa-65 or ml-dsa-87", report);
            }
            _ => {}
        }
    }
    let format = section.require("SignatureFormat", report).cloned();
    let format =
        format.and_then(|field| field.choice(&FORMATS.map(|format| (format.name(), format)), report));
    let keys_field = section.require("KeyConstraints", report).cloned();
    let keys = keys_field.as_ref().and_then(|field| key_constraints(field, report));
    if let (Some(keys), Some(scheme), Some(mode), Some(field)) = (&keys, scheme, mode, &keys_field)
        && mode != SigningMode::Hybrid
        && !keys.have_entry_for(scheme)
    {
        field.misplaced(
            format!("has no entry for the keys of SignAlg {}, so nothing could be signed", scheme.name()),
            report,
        );
    }
    let allow_seed = allow_seed(&section, report);
    if let (Some(true), Some(scheme), Some(field)) = (allow_seed, scheme, section.get("AllowSeed"))
        && !matches!(scheme, SignatureScheme::Ed25519 | SignatureScheme::MlDsa(_))
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

/// Reads `EncryptData`.
pub(super) fn encrypt_data(field: &Field<'_>, report: &mut Report) -> Option<EncryptDataRule> {
    let section = field.section(&["EncryptAlg", "KeySize", "NonceStrategy", "TagLength"], report)?;
    let algorithm = section.require("EncryptAlg", report).cloned();
    let algorithm = algorithm
        .and_then(|field| field.algorithm(&Aead::ALL.map(|algorithm| (algorithm.name(), algorithm)), report));
    // RFC 8439 knows one length of each.
    let (sizes, tags): (&[u32], &[u32]) = match algorithm {
        Some(Aead::ChaCha20Poly1305) => (&[256], &[128]),
        _ => (&[128, 192, 256], &[96, 104, 112, 120, 128]),
    };
    let key_size = section.require("KeySize", report).cloned();
    let key_size = key_size.and_then(|field| field.one_of(sizes, report));
    let nonce = section.require("NonceStrategy", report).cloned();
    let nonce = nonce.and_then(|field| field.choice(&NONCES.map(|nonce| (nonce.name(), nonce)), report));
    let tag_length = section.require("TagLength", report).cloned();
    let tag_length = tag_length.and_then(|field| field.one_of(tags, report));
    Some(EncryptDataRule {
        algorithm: algorithm?,
        key_size: key_size?,
        tag_length: tag_length?,
        nonce: nonce?,
        line: section.at.line,
    })
}

/// Reads `KEM`.
pub(super) fn kem(field: &Field<'_>, report: &mut Report) -> Option<KemRule> {
    let section = field.section(&["KemAlg", "AllowSeed"], report)?;
    let algorithm = section.require("KemAlg", report).cloned();
    // The hybrid has two names: its own, and what it is made of.
    let mut names = Kem::ALL.map(|kem| (kem.name(), kem)).to_vec();
    names.push(("x25519-ml-kem-768", Kem::XWing));
    let algorithm = algorithm.and_then(|field| field.algorithm(&names, report));
    let allow_seed = allow_seed(&section, report);
    Some(KemRule { algorithm: algorithm?, allow_seed: allow_seed?, line: section.at.line })
}

fn allow_seed(section: &Section<'_>, report: &mut Report) -> Option<bool> {
    match section.get("AllowSeed") {
        Some(field) => field.boolean(report),
        None => Some(false),
    }
}
