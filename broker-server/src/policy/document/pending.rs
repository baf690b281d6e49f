//! Sections of operations that are not served yet: their mistakes count all the same.

use super::{
    keys::key_constraints,
    read::{Field, Report},
};
use crate::{
    algorithm::{MlDsa, SignatureHash},
    policy::profile::{
        DataSignature, EncryptDataRule, Groth16Rule, KemRule, KeyConstraints, MlKem, NonceStrategy,
        SignDataRule, SignatureFormat, SigningMode,
    },
};

const MODES: [SigningMode; 3] = [SigningMode::Legacy, SigningMode::PostQuantum, SigningMode::Hybrid];
const FORMATS: [SignatureFormat; 4] =
    [SignatureFormat::Raw, SignatureFormat::Der, SignatureFormat::Pem, SignatureFormat::Cms];
const SIGNATURES: [DataSignature; 7] = [
    DataSignature::Rsa,
    DataSignature::RsaPss,
    DataSignature::Ecdsa,
    DataSignature::Ed25519,
    DataSignature::MlDsa(MlDsa::MlDsa44),
    DataSignature::MlDsa(MlDsa::MlDsa65),
    DataSignature::MlDsa(MlDsa::MlDsa87),
];
const KEMS: [MlKem; 3] = [MlKem::MlKem512, MlKem::MlKem768, MlKem::MlKem1024];
const NONCES: [NonceStrategy; 2] = [NonceStrategy::UserProvided, NonceStrategy::Random];

/// Longest name of a circuit in bytes.
const MAX_CIRCUIT: usize = 64;

/// Reads `SignData`.
pub(super) fn sign_data(field: &Field<'_>, report: &mut Report) -> Option<SignDataRule> {
    let keys = ["SigningMode", "SignAlg", "HashAlg", "SignatureFormat", "KeyConstraints"];
    let section = field.section(&keys, report)?;
    let mode = section.require("SigningMode", report).cloned();
    let mode = mode.and_then(|field| field.choice(&MODES.map(|mode| (mode.name(), mode)), report));
    let sign = section.require("SignAlg", report).cloned();
    let algorithm =
        sign.as_ref().and_then(|field| field.algorithm(&SIGNATURES.map(|alg| (alg.name(), alg)), report));
    if let (Some(mode), Some(algorithm), Some(field)) = (mode, algorithm, &sign) {
        let post_quantum = matches!(algorithm, DataSignature::MlDsa(_));
        match mode {
            SigningMode::Legacy if post_quantum => {
                field.wrong("a post-quantum algorithm needs SigningMode `post-quantum` or `hybrid`", report);
            }
            SigningMode::PostQuantum if !post_quantum => {
                field.wrong("SigningMode `post-quantum` needs ml-dsa-44, ml-dsa-65 or ml-dsa-87", report);
            }
            _ => {}
        }
    }
    let own_hash = matches!(algorithm, Some(DataSignature::Ed25519 | DataSignature::MlDsa(_)));
    let hash = signature_hash(&section, algorithm.map(|alg| (alg.name(), own_hash)), report);
    let format = section.require("SignatureFormat", report).cloned();
    let format =
        format.and_then(|field| field.choice(&FORMATS.map(|format| (format.name(), format)), report));
    let keys = section.require("KeyConstraints", report).cloned();
    let keys_field = keys.as_ref();
    let keys = keys_field.and_then(|field| key_constraints(field, report));
    if let (Some(keys), Some(algorithm), Some(mode), Some(field)) = (&keys, algorithm, mode, keys_field)
        && mode != SigningMode::Hybrid
        && !fits(keys, algorithm)
    {
        field.misplaced(
            format!("has no entry for the keys of SignAlg {}, so nothing could be signed", algorithm.name()),
            report,
        );
    }
    Some(SignDataRule {
        mode: mode?,
        algorithm: algorithm?,
        hash: hash?,
        format: format?,
        keys: keys?,
        line: section.at.line,
    })
}

/// `HashAlg` beside a `SignAlg`, given as its name and whether it hashes by itself: there for the others, absent for
/// those.
pub(super) fn signature_hash(
    section: &super::read::Section<'_>,
    sign: Option<(&str, bool)>,
    report: &mut Report,
) -> Option<Option<SignatureHash>> {
    let names = SignatureHash::ALL.map(|hash| (hash.name(), hash));
    match (sign, section.get("HashAlg")) {
        (Some((name, true)), Some(field)) => {
            field.misplaced(format!("{name} hashes by itself; take the key away"), report);
            None
        }
        (Some((_, true)), None) => Some(None),
        (None, None) => None,
        (_, Some(field)) => field.algorithm(&names, report).map(Some),
        (Some((_, false)), None) => {
            section.require("HashAlg", report)?;
            None
        }
    }
}

/// Reads `EncryptData`.
pub(super) fn encrypt_data(field: &Field<'_>, report: &mut Report) -> Option<EncryptDataRule> {
    let section = field.section(&["EncryptAlg", "KeySize", "NonceStrategy", "TagLength"], report)?;
    let algorithm = section.require("EncryptAlg", report).cloned();
    let algorithm = algorithm.and_then(|field| field.algorithm(&[("aes-gcm", ())], report));
    let key_size = section.require("KeySize", report).cloned();
    let key_size = key_size.and_then(|field| field.one_of(&[128, 192, 256], report));
    let nonce = section.require("NonceStrategy", report).cloned();
    let nonce = nonce.and_then(|field| field.choice(&NONCES.map(|nonce| (nonce.name(), nonce)), report));
    let tag_length = section.require("TagLength", report).cloned();
    let tag_length = tag_length.and_then(|field| field.one_of(&[96, 104, 112, 120, 128], report));
    algorithm?;
    Some(EncryptDataRule {
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
    let algorithm = algorithm.and_then(|field| field.algorithm(&KEMS.map(|kem| (kem.name(), kem)), report));
    let allow_seed = match section.get("AllowSeed") {
        Some(field) => field.boolean(report),
        None => Some(false),
    };
    Some(KemRule { algorithm: algorithm?, allow_seed: allow_seed?, line: section.at.line })
}

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

/// Whether the constraints have an entry for the keys of `algorithm`.
fn fits(keys: &KeyConstraints, algorithm: DataSignature) -> bool {
    match algorithm {
        DataSignature::Rsa | DataSignature::RsaPss => keys.rsa.is_some(),
        DataSignature::Ecdsa => keys.ecdsa.is_some(),
        DataSignature::Ed25519 => keys.ed25519.is_some(),
        DataSignature::MlDsa(set) => keys.ml_dsa.iter().any(|(allowed, _)| *allowed == set),
    }
}
