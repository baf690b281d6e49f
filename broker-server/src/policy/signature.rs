//! The checks of `API.SignData`.

use super::{
    Denial, DenialKind, Facts, check,
    decide::{Check, Decide},
    denial::denial,
    facts::Fact,
    findings::Findings,
    permit::{
        GenerateSignatureKeyPair, Operation as _, SignData, SignStream, SignatureGrant, SignatureKeyGrant,
        VerifyData, VerifyStream,
    },
    profile::{Profile, SignDataRule},
};
use crate::{
    algorithm::{Composite, Curve, DataScheme, KeyType, SignatureFormat, SignatureScheme},
    request::{self, Keys, SigningKey, VerificationKey},
};

/// The checks of what signs or verifies a message that is there as a whole, and of one that comes in parts.
const WHOLE: [Check<SignData>; 2] = [keys, format];
const IN_PARTS: [Check<SignStream>; 3] = [keys, format, in_parts];

impl Decide for SignData {
    const CHECKS: &'static [Check<Self>] = &WHOLE;

    fn facts(request: &request::SignData, now: i64) -> Facts<'_> {
        let keys = request.keys.map(SigningKey::key_type);
        Facts { signature_keys: Some(keys), format: request.format, ..Facts::new(now) }
    }

    fn grant(_: &Profile, rule: &SignDataRule, facts: &Facts<'_>) -> Result<SignatureGrant, Denial> {
        Ok(granted(rule, facts))
    }
}

impl Decide for VerifyData {
    const CHECKS: &'static [Check<Self>] = &WHOLE;

    fn facts(request: &request::VerifyData, now: i64) -> Facts<'_> {
        let keys = request.keys.map(VerificationKey::key_type);
        Facts { signature_keys: Some(keys), format: request.format, ..Facts::new(now) }
    }

    fn grant(_: &Profile, rule: &SignDataRule, facts: &Facts<'_>) -> Result<SignatureGrant, Denial> {
        Ok(granted(rule, facts))
    }
}

impl Decide for SignStream {
    const CHECKS: &'static [Check<Self>] = &IN_PARTS;

    fn facts(request: &request::SignStream, now: i64) -> Facts<'_> {
        let keys = request.keys.map(SigningKey::key_type);
        Facts { signature_keys: Some(keys), format: request.format, ..Facts::new(now) }
    }

    fn grant(_: &Profile, rule: &SignDataRule, facts: &Facts<'_>) -> Result<SignatureGrant, Denial> {
        Ok(granted(rule, facts))
    }
}

impl Decide for VerifyStream {
    const CHECKS: &'static [Check<Self>] = &IN_PARTS;

    fn facts(request: &request::VerifyStream, now: i64) -> Facts<'_> {
        let keys = request.keys.map(VerificationKey::key_type);
        Facts { signature_keys: Some(keys), format: request.format, ..Facts::new(now) }
    }

    fn grant(_: &Profile, rule: &SignDataRule, facts: &Facts<'_>) -> Result<SignatureGrant, Denial> {
        Ok(granted(rule, facts))
    }
}

impl Decide for GenerateSignatureKeyPair {
    const CHECKS: &'static [Check<Self>] = &[seed];

    fn facts(request: &request::GenerateKeyPair, now: i64) -> Facts<'_> {
        Facts { seed: request.seed.is_some(), ..Facts::new(now) }
    }

    fn grant(profile: &Profile, rule: &SignDataRule, _: &Facts<'_>) -> Result<SignatureKeyGrant, Denial> {
        new_key(profile, rule)
    }
}

/// Returns the format asked for, or the profile's.
fn granted(rule: &SignDataRule, facts: &Facts<'_>) -> SignatureGrant {
    SignatureGrant { format: facts.format.unwrap_or(rule.format) }
}

/// Refuses keys that do not make and verify the profile's signatures, or that lie outside its constraints.
fn keys(
    profile: &Profile,
    rule: &SignDataRule,
    facts: &Facts<'_>,
    findings: &mut Findings,
) -> Result<(), Denial> {
    let Some(keys) = findings.known(Fact::Key, facts.signature_keys)? else { return Ok(()) };
    findings.add(fit(profile, rule, keys))
}

/// Fails where keys of these kinds do not make and verify the profile's signatures, or lie outside its constraints.
fn fit(profile: &Profile, rule: &SignDataRule, keys: Keys<KeyType>) -> Result<(), Denial> {
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

/// Refuses a format that the profile's signatures do not have.
fn format(
    profile: &Profile,
    rule: &SignDataRule,
    facts: &Facts<'_>,
    findings: &mut Findings,
) -> Result<(), Denial> {
    let (DataScheme::Composite(composite), SignatureFormat::Cms) = (rule.scheme, granted(rule, facts).format)
    else {
        return Ok(());
    };
    let message = format!(
        "profile {} signs with the composite {}, whose signatures have the formats RAW, DER and PEM here",
        profile.name,
        composite.name()
    );
    let kind = DenialKind::FormatNotAllowed;
    findings.refuse(denial(profile, kind, "API.SignData.SigningMode", rule.line, message))
}

/// Refuses signatures that cannot be made and verified over data that comes in parts.
fn in_parts(
    profile: &Profile,
    rule: &SignDataRule,
    facts: &Facts<'_>,
    findings: &mut Findings,
) -> Result<(), Denial> {
    if rule.scheme != DataScheme::Single(SignatureScheme::Ed25519)
        || granted(rule, facts).format == SignatureFormat::Cms
    {
        return Ok(());
    }
    let message = format!(
        "profile {} signs with ed25519, which reads its message twice (RFC 8032 5.1.6), so the message cannot be a \
         stream; use SignData and VerifyData, or the format CMS",
        profile.name
    );
    findings.refuse(denial(profile, DenialKind::NotStreamable, "API.SignData.SignAlg", rule.line, message))
}

/// Refuses a seed that `AllowSeed` does not allow.
fn seed(
    profile: &Profile,
    rule: &SignDataRule,
    facts: &Facts<'_>,
    findings: &mut Findings,
) -> Result<(), Denial> {
    findings.add(check::seed(profile, GenerateSignatureKeyPair::SECTION, rule.allow_seed, rule.line, facts))
}

/// Returns the smallest key that the profile allows for its signatures, or fails where the broker makes none such.
fn new_key(profile: &Profile, rule: &SignDataRule) -> Result<SignatureKeyGrant, Denial> {
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

/// Makes the denial of a key outside the constraints, with the line of the entry for the profile's kind of key.
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
