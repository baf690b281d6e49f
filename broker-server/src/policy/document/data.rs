//! `API.EncryptData` and `API.KEM`.

use super::{
    read::{Field, Section},
    report::Report,
};
use crate::{
    algorithm::{Aead, Kem},
    policy::profile::{EncryptDataRule, KemRule, NonceStrategy},
};

const NONCES: [NonceStrategy; 2] = [NonceStrategy::UserProvided, NonceStrategy::Random];

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
    // The Go broker's first EncryptData had neither key: nonces came from the caller, tags were whole.
    let nonce = match section.expect("NonceStrategy", report) {
        Some(field) => field.choice(&NONCES.map(|nonce| (nonce.name(), nonce)), report),
        None => Some(NonceStrategy::UserProvided),
    };
    let tag_length = match section.expect("TagLength", report) {
        Some(field) => field.one_of(tags, report),
        None => Some(128),
    };
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

/// Reads `AllowSeed`.
pub(super) fn allow_seed(section: &Section<'_>, report: &mut Report) -> Option<bool> {
    match section.get("AllowSeed") {
        Some(field) => field.boolean(report),
        None => Some(false),
    }
}
