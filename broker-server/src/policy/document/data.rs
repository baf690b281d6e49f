//! `API.EncryptData` and `API.KEM`.

use super::{read::Field, report::Report};
use crate::{
    algorithm::{Aead, Kem},
    policy::profile::{EncryptDataRule, KemRule, NonceStrategy},
};

/// Reads `EncryptData`.
pub(super) fn encrypt_data(field: &Field<'_>, report: &mut Report) -> Option<EncryptDataRule> {
    let section = field.field_map(&["EncryptAlg", "KeySize", "NonceStrategy", "TagLength"], report)?;
    let algorithms = Aead::ALL.map(|algorithm| (algorithm.name(), algorithm));
    let algorithm = section
        .require("EncryptAlg", report)
        .and_then(|field| field.choice_ignoring_case(&algorithms, report));
    // RFC 8439 has one length of keys and one of tags.
    let (sizes, tags): (&[u32], &[u32]) = match algorithm {
        Some(Aead::ChaCha20Poly1305) => (&[256], &[128]),
        _ => (&[128, 192, 256], &[96, 104, 112, 120, 128]),
    };
    let key_size = section.require("KeySize", report).and_then(|field| field.integer_one_of(sizes, report));
    // The first releases of the Go broker had neither of these keys: callers chose the nonces, and tags had 128
    // bits.
    let nonce = match section.require_if_strict("NonceStrategy", report) {
        Some(field) => field.choice(&NonceStrategy::ALL.map(|nonce| (nonce.name(), nonce)), report),
        None => Some(NonceStrategy::UserProvided),
    };
    let tag_length = match section.require_if_strict("TagLength", report) {
        Some(field) => field.integer_one_of(tags, report),
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
    let section = field.field_map(&["KemAlg", "AllowSeed"], report)?;
    let mut names = Kem::ALL.map(|kem| (kem.name(), kem)).to_vec();
    // X-Wing may also be named after its components.
    names.push(("x25519-ml-kem-768", Kem::XWing));
    let algorithm =
        section.require("KemAlg", report).and_then(|field| field.choice_ignoring_case(&names, report));
    let allow_seed = section.flag("AllowSeed", report);
    Some(KemRule { algorithm: algorithm?, allow_seed: allow_seed?, line: section.at.line })
}
