//! The checks of `API.SignData`.

use super::{
    Denial, DenialKind,
    denial::denial,
    permit::SignatureKeyGrant,
    profile::{Profile, SignDataRule},
};
use crate::{
    algorithm::{Composite, Curve, DataScheme, KeyType, SignatureFormat, SignatureScheme},
    request::Keys,
};

/// Whether keys of these kinds make and verify the profile's signatures, and lie inside its constraints.
pub(super) fn keys(profile: &Profile, rule: &SignDataRule, keys: Keys<KeyType>) -> Result<(), Denial> {
    let mismatch = match (rule.scheme, keys) {
        (DataScheme::Single(scheme), Keys::One(key)) if scheme.fits(key) => {
            if rule.keys.allow(key) {
                return Ok(());
            }
            let message = format!("the key is {key}; profile {} allows {}", profile.name, rule.keys);
            return Err(outside(profile, rule, scheme, message));
        }
        // The profile was read with an entry for each of these.
        (DataScheme::Composite(composite), Keys::Components(keys)) if keys == composite.keys() => {
            return Ok(());
        }
        (scheme, Keys::One(key)) => {
            let message = format!("the key is {key}; profile {} signs with {}", profile.name, scheme.name());
            match scheme {
                DataScheme::Single(_) => message,
                DataScheme::Composite(composite) => format!("{message}: {}", wanted(composite)),
            }
        }
        (DataScheme::Composite(composite), Keys::Components([first, second])) => {
            let name = composite.name();
            let order = if [second, first] == composite.keys() { " in this order" } else { "" };
            let wanted = wanted(composite);
            format!(
                "the keys are {first} and {second}; profile {} signs with {name}: {wanted}{order}",
                profile.name
            )
        }
        (DataScheme::Single(scheme), Keys::Components(_)) => {
            let name = scheme.name();
            format!("the keys are two; profile {} signs with {name} and one key, in single", profile.name)
        }
    };
    let kind = DenialKind::AlgorithmMismatch;
    Err(denial(profile, kind, "API.SignData.SignAlg", rule.line, mismatch))
}

fn wanted(composite: Composite) -> String {
    let [traditional, ml_dsa] = composite.keys();
    format!("send {traditional} and {ml_dsa} in component_keys")
}

/// The format asked for, or the profile's.
pub(super) fn format(
    profile: &Profile,
    rule: &SignDataRule,
    asked: Option<SignatureFormat>,
) -> Result<SignatureFormat, Denial> {
    let format = asked.unwrap_or(rule.format);
    match (rule.scheme, format) {
        (DataScheme::Composite(composite), SignatureFormat::Cms) => {
            let message = format!(
                "profile {} signs with the composite {}, whose signatures have the formats RAW, DER and PEM here",
                profile.name,
                composite.name()
            );
            let kind = DenialKind::FormatNotAllowed;
            Err(denial(profile, kind, "API.SignData.SigningMode", rule.line, message))
        }
        _ => Ok(format),
    }
}

/// Whether signatures over data that comes in parts can be made and verified.
pub(super) fn in_parts(
    profile: &Profile,
    rule: &SignDataRule,
    format: SignatureFormat,
) -> Result<(), Denial> {
    if rule.scheme != DataScheme::Single(SignatureScheme::Ed25519) || format == SignatureFormat::Cms {
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
pub(super) fn new_key(profile: &Profile, rule: &SignDataRule) -> Result<SignatureKeyGrant, Denial> {
    let allowed = |key: &KeyType| rule.keys.allow(*key);
    let scheme = match rule.scheme {
        DataScheme::Single(scheme) => scheme,
        DataScheme::Composite(composite) => {
            let message = format!(
                "profile {} signs with the composite {}, whose keys are made one by one, under profiles of their own \
                 kinds",
                profile.name,
                composite.name()
            );
            let kind = DenialKind::KeyNotAllowed;
            return Err(denial(profile, kind, "API.SignData.SigningMode", rule.line, message));
        }
    };
    let smallest = match scheme {
        SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss { .. } => {
            // Below, NIST SP 800-57 part 1 table 2 has no security left; above, it takes longer than a caller waits. The
            // library makes moduli in steps of 128 bits.
            (2048..=4096).step_by(128).map(|bits| KeyType::Rsa { bits }).find(allowed)
        }
        SignatureScheme::Ecdsa(_) => Curve::ALL.map(KeyType::Ec).into_iter().find(allowed),
        SignatureScheme::Ed25519 => Some(KeyType::Ed25519).filter(allowed),
        SignatureScheme::MlDsa(set) => Some(KeyType::MlDsa(set)).filter(allowed),
    };
    let key_type = smallest.ok_or_else(|| {
        let message = format!(
            "profile {} allows {}, and the broker makes RSA keys of 2048 to 4096 bits only; make the key elsewhere \
             (openssl genpkey)",
            profile.name, rule.keys
        );
        outside(profile, rule, scheme, message)
    })?;
    Ok(SignatureKeyGrant { key_type, scheme })
}

/// A refusal by the line of the constraints that the profile's kind of key stands in.
fn outside(profile: &Profile, rule: &SignDataRule, scheme: SignatureScheme, message: String) -> Denial {
    let (suffix, line) = match scheme {
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
