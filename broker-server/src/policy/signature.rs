//! The checks of `API.SignData`.

use super::{
    Denial, DenialKind,
    check::denial,
    profile::{Profile, SignDataRule},
};
use crate::algorithm::{Curve, KeyType, SignatureFormat, SignatureScheme};

/// Whether keys of the kind `key` make and verify the profile's signatures, and lie inside its constraints.
pub(super) fn key(profile: &Profile, rule: &SignDataRule, key: KeyType) -> Result<(), Denial> {
    if !rule.scheme.fits(key) {
        let message = format!("the key is {key}; profile {} signs with {}", profile.name, rule.scheme.name());
        let kind = DenialKind::AlgorithmMismatch;
        return Err(denial(profile, kind, "API.SignData.SignAlg", rule.line, message));
    }
    if rule.keys.allow(key) {
        return Ok(());
    }
    let message = format!("the key is {key}; profile {} allows {}", profile.name, rule.keys);
    Err(outside(profile, rule, message))
}

/// Whether signatures over data that comes in parts can be made and verified.
pub(super) fn in_parts(
    profile: &Profile,
    rule: &SignDataRule,
    format: SignatureFormat,
) -> Result<(), Denial> {
    if rule.scheme != SignatureScheme::Ed25519 || format == SignatureFormat::Cms {
        return Ok(());
    }
    let message = format!(
        "profile {} signs with ed25519, which reads its message twice (RFC 8032 5.1.6), so the message cannot be a \
         stream; use SignData and VerifyData, or the format CMS",
        profile.name
    );
    Err(denial(profile, DenialKind::NotStreamable, "API.SignData.SignAlg", rule.line, message))
}

/// The smallest key that the profile allows for its signatures.
pub(super) fn new_key(profile: &Profile, rule: &SignDataRule) -> Result<KeyType, Denial> {
    let allowed = |key: &KeyType| rule.keys.allow(*key);
    let smallest = match rule.scheme {
        SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss { .. } => {
            // Below, NIST SP 800-57 part 1 table 2 has no security left; above, it takes longer than a caller waits. The
            // library makes moduli in steps of 128 bits.
            (2048..=4096).step_by(128).map(|bits| KeyType::Rsa { bits }).find(allowed)
        }
        SignatureScheme::Ecdsa(_) => Curve::ALL.map(KeyType::Ec).into_iter().find(allowed),
        SignatureScheme::Ed25519 => Some(KeyType::Ed25519).filter(allowed),
        SignatureScheme::MlDsa(set) => Some(KeyType::MlDsa(set)).filter(allowed),
    };
    smallest.ok_or_else(|| {
        let message = format!(
            "profile {} allows {}, and the broker makes RSA keys of 2048 to 4096 bits only; make the key elsewhere \
             (openssl genpkey)",
            profile.name, rule.keys
        );
        outside(profile, rule, message)
    })
}

/// A refusal by the line of the constraints that the profile's kind of key stands in.
fn outside(profile: &Profile, rule: &SignDataRule, message: String) -> Denial {
    let (suffix, line) = match rule.scheme {
        SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss { .. } => {
            (".RSA", rule.keys.rsa.map(|range| range.line))
        }
        SignatureScheme::Ecdsa(_) => (".ECDSA", rule.keys.ecdsa.map(|range| range.line)),
        SignatureScheme::Ed25519 | SignatureScheme::MlDsa(_) => ("", None),
    };
    let path = match line {
        Some(_) => format!("API.SignData.KeyConstraints{suffix}"),
        None => "API.SignData.KeyConstraints".to_owned(),
    };
    denial(profile, DenialKind::KeyNotAllowed, &path, line.unwrap_or(rule.keys.line), message)
}
