//! The checks of `API.SignData`.

use super::{
    Denial, DenialKind, Facts,
    check::{self, CheckInput},
    collector::DenialCollector,
    decide::{Check, Decide},
    facts::FactName,
    permit::{
        GenerateSignatureKeyPair, KeyPairParameters, Operation as _, SignData, SignStream,
        SignatureParameters, VerifyData, VerifyStream,
    },
    profile::{Profile, SignDataRule},
};
use crate::{
    algorithm::{Composite, Curve, DataScheme, KeyType, SignatureFormat, SignatureScheme},
    request::{self, Keys, SigningKey, VerificationKey, context_not_in_format},
};

/// Implements [`Decide`] for operations that sign or verify. They differ in the type of their keys and in their
/// checks.
macro_rules! decide_signatures {
    ($($operation:ident($key:ty): [$($check:ident),+];)+) => {$(
        impl Decide for $operation {
            const CHECKS: &'static [Check<Self>] = &[$($check),+];

            fn facts(request: &Self::Request, now: i64) -> Facts<'_> {
                let keys = request.keys.map(<$key>::key_type);
                let has_context = !request.context.is_empty();
                Facts { signature_keys: Some(keys), format: request.format, has_context, ..Facts::new(now) }
            }

            fn parameters(_: &Profile, rule: &SignDataRule, facts: &Facts<'_>) -> Result<SignatureParameters, Denial> {
                Ok(SignatureParameters { format: effective_format(rule, facts) })
            }
        }
    )+};
}

decide_signatures! {
    SignData(SigningKey): [keys, format, context];
    VerifyData(VerificationKey): [keys, format, context];
    SignStream(SigningKey): [keys, format, context, streamable];
    VerifyStream(VerificationKey): [keys, format, context, streamable];
}

impl Decide for GenerateSignatureKeyPair {
    const CHECKS: &'static [Check<Self>] = &[seed];

    fn facts(request: &request::GenerateKeyPair, now: i64) -> Facts<'_> {
        Facts { has_seed: request.seed.is_some(), ..Facts::new(now) }
    }

    fn parameters(
        profile: &Profile,
        rule: &SignDataRule,
        facts: &Facts<'_>,
    ) -> Result<KeyPairParameters, Denial> {
        key_type_to_generate(&CheckInput { profile, rule, facts })
    }
}

/// Returns the requested format, or the format of the profile where the request names none.
fn effective_format(rule: &SignDataRule, facts: &Facts<'_>) -> SignatureFormat {
    facts.format.unwrap_or(rule.format)
}

/// Checks that the keys fit the profile's signature scheme and its constraints.
fn keys(input: &CheckInput<'_, SignDataRule>, collector: &mut DenialCollector) -> Result<(), Denial> {
    let Some(keys) = collector.require(FactName::Key, input.facts.signature_keys)? else { return Ok(()) };
    collector.record(keys_allowed(input, keys))
}

fn keys_allowed(input: &CheckInput<'_, SignDataRule>, keys: Keys<KeyType>) -> Result<(), Denial> {
    let profile = &input.profile.name;
    let constraints = &input.rule.keys;
    if let (Some(scheme), Keys::One(key)) = (input.rule.scheme.single(), keys)
        && scheme.accepts_key(key)
    {
        if constraints.allows(key) {
            return Ok(());
        }
        let message = format!("the key is {key}; profile {profile} allows {constraints}");
        return Err(key_denial(input, scheme, message));
    }
    let mismatch = match (input.rule.scheme, keys) {
        // The document reader made sure that the constraints have an entry for each of these keys.
        (DataScheme::Composite(composite), Keys::Components(keys)) if keys == composite.keys() => {
            return Ok(());
        }
        (scheme, Keys::One(key)) => {
            let message = format!("the key is {key}; profile {profile} signs with {}", scheme.name());
            match scheme {
                DataScheme::Single(_) | DataScheme::HashMlDsa(_) => message,
                DataScheme::Composite(composite) => format!("{message}: {}", expected_keys(composite)),
            }
        }
        (DataScheme::Composite(composite), Keys::Components([first, second])) => {
            let name = composite.name();
            let order = if [second, first] == composite.keys() { " in this order" } else { "" };
            let expected = expected_keys(composite);
            format!(
                "the keys are {first} and {second}; profile {profile} signs with {name}: {expected}{order}"
            )
        }
        (scheme @ (DataScheme::Single(_) | DataScheme::HashMlDsa(_)), Keys::Components(_)) => {
            let name = scheme.name();
            format!(
                "the request has two keys; profile {profile} signs with {name}: send one key in the field single"
            )
        }
    };
    Err(input.denial(DenialKind::AlgorithmMismatch, "API.SignData.SignAlg", input.rule.line, mismatch))
}

fn expected_keys(composite: Composite) -> String {
    let [traditional, ml_dsa] = composite.keys();
    format!("send {traditional} and {ml_dsa} in component_keys")
}

/// Checks that the profile's signatures can have the format.
fn format(input: &CheckInput<'_, SignDataRule>, collector: &mut DenialCollector) -> Result<(), Denial> {
    let profile = &input.profile.name;
    let (path, message) = match (input.rule.scheme, effective_format(input.rule, input.facts)) {
        (DataScheme::Composite(composite), SignatureFormat::Cms) => (
            "API.SignData.SigningMode",
            format!(
                "profile {profile} signs with the composite {}, whose signatures have the formats RAW, DER and PEM only",
                composite.name()
            ),
        ),
        (
            DataScheme::HashMlDsa(algorithm),
            SignatureFormat::Der | SignatureFormat::Pem | SignatureFormat::Cms,
        ) => (
            "API.SignData.PreHash",
            format!(
                "profile {profile} signs with {}, whose signatures have the format RAW only: certificates and CMS have no \
                 HashML-DSA (RFC 9881, RFC 9882)",
                algorithm.name()
            ),
        ),
        _ => return Ok(()),
    };
    collector.add(input.denial(DenialKind::FormatNotAllowed, path, input.rule.line, message))
}

/// Checks that the request has no context, unless the profile allows one and the signature's format can have one.
fn context(input: &CheckInput<'_, SignDataRule>, collector: &mut DenialCollector) -> Result<(), Denial> {
    if !input.facts.has_context {
        return Ok(());
    }
    let profile = &input.profile.name;
    if !input.rule.allow_context {
        let name = input.rule.scheme.data_algorithm_name();
        let path = "API.SignData.AllowContext";
        let message = if input.rule.scheme.has_context() {
            format!(
                "profile {profile} signs with the empty context because {path} is not true; omit the context"
            )
        } else {
            format!(
                "profile {profile} signs with {name}, and only ML-DSA has contexts (FIPS 204 5.2); omit the context"
            )
        };
        return collector.add(input.denial(DenialKind::ContextNotAllowed, path, input.rule.line, message));
    }
    match effective_format(input.rule, input.facts) {
        SignatureFormat::Raw => Ok(()),
        format => {
            let message = format!("the context {}", context_not_in_format(format));
            let path = "API.SignData.SignatureFormat";
            collector.add(input.denial(DenialKind::ContextNotAllowed, path, input.rule.line, message))
        }
    }
}

/// Checks that the profile's signatures can be made and verified over a message that arrives in chunks.
fn streamable(input: &CheckInput<'_, SignDataRule>, collector: &mut DenialCollector) -> Result<(), Denial> {
    if input.rule.scheme != DataScheme::Single(SignatureScheme::Ed25519)
        || effective_format(input.rule, input.facts) == SignatureFormat::Cms
    {
        return Ok(());
    }
    let message = format!(
        "profile {} signs with ed25519, which reads its message twice (RFC 8032 5.1.6), so the message cannot be a \
         stream; use SignData and VerifyData, or the format CMS",
        input.profile.name
    );
    collector.add(input.denial(DenialKind::NotStreamable, "API.SignData.SignAlg", input.rule.line, message))
}

/// Checks that the request has no seed, unless `AllowSeed` allows one.
fn seed(input: &CheckInput<'_, SignDataRule>, collector: &mut DenialCollector) -> Result<(), Denial> {
    let section = GenerateSignatureKeyPair::SECTION;
    collector.record(check::seed(input, section, input.rule.allow_seed, input.rule.line))
}

/// Returns the type of the key pair to generate: the smallest key that the profile allows for its signatures and that the
/// broker can generate.
///
/// # Errors
/// Fails where the broker does not generate keys that the profile allows.
fn key_type_to_generate(input: &CheckInput<'_, SignDataRule>) -> Result<KeyPairParameters, Denial> {
    let allowed = |key: &KeyType| input.rule.keys.allows(*key);
    let scheme = match input.rule.scheme {
        DataScheme::Single(scheme) => scheme,
        DataScheme::HashMlDsa(algorithm) => SignatureScheme::MlDsa(algorithm.set()),
        DataScheme::Composite(composite) => {
            let message = format!(
                "profile {} signs with the composite {}, whose keys are generated one by one, each under a profile for \
                 its own algorithm",
                input.profile.name,
                composite.name()
            );
            let path = "API.SignData.SigningMode";
            return Err(input.denial(DenialKind::KeyNotAllowed, path, input.rule.line, message));
        }
    };
    let smallest = match scheme {
        SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss { .. } => {
            // Shorter keys have no security strength left (NIST SP 800-57 part 1 table 2), and longer ones take
            // longer to generate than a caller waits. The library generates moduli in steps of 128 bits.
            (2048..=4096).step_by(128).map(|bits| KeyType::Rsa { bits }).find(allowed)
        }
        SignatureScheme::Ecdsa(_) => Curve::ALL.map(KeyType::Ec).into_iter().find(allowed),
        SignatureScheme::Ed25519 => Some(KeyType::Ed25519).filter(allowed),
        SignatureScheme::MlDsa(set) => Some(KeyType::MlDsa(set)).filter(allowed),
    };
    let key_type = smallest.ok_or_else(|| {
        let message = format!(
            "profile {} allows {}, and the broker generates RSA keys of 2048 to 4096 bits only; generate the key \
             elsewhere (openssl genpkey)",
            input.profile.name, input.rule.keys
        );
        key_denial(input, scheme, message)
    })?;
    Ok(KeyPairParameters { key_type, scheme })
}

/// Returns the denial of a key for `scheme` that is outside the constraints.
fn key_denial(input: &CheckInput<'_, SignDataRule>, scheme: SignatureScheme, message: String) -> Denial {
    let path = "API.SignData.KeyConstraints";
    input.key_denial(DenialKind::KeyNotAllowed, path, &input.rule.keys, scheme.key_kind(), message)
}
