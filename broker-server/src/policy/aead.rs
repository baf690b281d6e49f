//! The checks of `EncryptData` and `DecryptData`.

use super::{
    Denial, DenialKind, Facts,
    check::Case,
    decide::{Check, Decide},
    facts::Fact,
    findings::Findings,
    permit::{DecryptData, EncryptData},
    profile::{EncryptDataRule, NonceStrategy, Profile},
};
use crate::request;

impl Decide for EncryptData {
    const CHECKS: &'static [Check<Self>] = &[key_size, nonce];

    fn facts(request: &request::EncryptData, now: i64) -> Facts<'_> {
        let key_length = request.key.len();
        Facts { data_key_length: Some(key_length), nonce: request.nonce.is_some(), ..Facts::new(now) }
    }

    fn parameters(_: &Profile, _: &EncryptDataRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

impl Decide for DecryptData {
    const CHECKS: &'static [Check<Self>] = &[key_size];

    fn facts(request: &request::DecryptData, now: i64) -> Facts<'_> {
        Facts { data_key_length: Some(request.key.len()), nonce: true, ..Facts::new(now) }
    }

    fn parameters(_: &Profile, _: &EncryptDataRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

/// Checks that the key has the size of `KeySize`.
fn key_size(case: &Case<'_, EncryptDataRule>, findings: &mut Findings) -> Result<(), Denial> {
    let Some(length) = findings.require(Fact::Key, case.facts.data_key_length)? else { return Ok(()) };
    let expected = case.rule.key_length();
    if length == expected {
        return Ok(());
    }
    let message = format!(
        "the key has {} bits; profile {} takes keys of {} bits ({expected} bytes)",
        length * 8,
        case.profile.name,
        case.rule.key_size
    );
    let path = "API.EncryptData.KeySize";
    findings.deny(case.denial(DenialKind::KeyNotAllowed, path, case.rule.line, message))
}

/// Checks that the request has no nonce where the broker generates it. A nonce that is missing is left to the
/// operation, whose error names the field.
fn nonce(case: &Case<'_, EncryptDataRule>, findings: &mut Findings) -> Result<(), Denial> {
    if !case.facts.nonce || case.rule.nonce == NonceStrategy::UserProvided {
        return Ok(());
    }
    let message = format!(
        "profile {} generates the nonce; omit it and use the nonce in the response",
        case.profile.name
    );
    let path = "API.EncryptData.NonceStrategy";
    findings.deny(case.denial(DenialKind::NonceNotAllowed, path, case.rule.line, message))
}

#[cfg(test)]
mod tests;
