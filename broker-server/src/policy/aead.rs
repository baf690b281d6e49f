//! The checks of `EncryptData` and `DecryptData`.

use super::{
    Denial, DenialKind, Facts,
    check::CheckInput,
    collector::DenialCollector,
    decide::{Check, Decide},
    facts::FactName,
    permit::{DecryptData, EncryptData},
    profile::{EncryptDataRule, NonceStrategy, Profile},
};
use crate::request;

impl Decide for EncryptData {
    const CHECKS: &'static [Check<Self>] = &[key_size, nonce];

    fn facts(request: &request::EncryptData, now: i64) -> Facts<'_> {
        let key_length = request.key.len();
        Facts { data_key_length: Some(key_length), has_nonce: request.nonce.is_some(), ..Facts::new(now) }
    }

    fn parameters(_: &Profile, _: &EncryptDataRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

impl Decide for DecryptData {
    const CHECKS: &'static [Check<Self>] = &[key_size];

    fn facts(request: &request::DecryptData, now: i64) -> Facts<'_> {
        Facts { data_key_length: Some(request.key.len()), has_nonce: true, ..Facts::new(now) }
    }

    fn parameters(_: &Profile, _: &EncryptDataRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

/// Checks that the key has the size of `KeySize`.
fn key_size(input: &CheckInput<'_, EncryptDataRule>, collector: &mut DenialCollector) -> Result<(), Denial> {
    let Some(length) = collector.require(FactName::Key, input.facts.data_key_length)? else { return Ok(()) };
    let expected = input.rule.key_length();
    if length == expected {
        return Ok(());
    }
    let message = format!(
        "the key has {} bits; profile {} takes keys of {} bits ({expected} bytes)",
        length * 8,
        input.profile.name,
        input.rule.key_size
    );
    let path = "API.EncryptData.KeySize";
    collector.add(input.denial(DenialKind::KeyNotAllowed, path, input.rule.line, message))
}

/// Checks that the request has no nonce where the broker generates it. A nonce that is missing is left to the
/// operation, whose error names the field.
fn nonce(input: &CheckInput<'_, EncryptDataRule>, collector: &mut DenialCollector) -> Result<(), Denial> {
    if !input.facts.has_nonce || input.rule.nonce == NonceStrategy::UserProvided {
        return Ok(());
    }
    let message = format!(
        "profile {} generates the nonce; omit it and use the nonce in the response",
        input.profile.name
    );
    let path = "API.EncryptData.NonceStrategy";
    collector.add(input.denial(DenialKind::NonceNotAllowed, path, input.rule.line, message))
}

#[cfg(test)]
mod tests;
