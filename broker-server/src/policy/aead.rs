//! The checks of `EncryptData` and `DecryptData`.

use super::{
    Denial, DenialKind, Facts,
    decide::{Check, Decide},
    denial::denial,
    facts::Fact,
    findings::Findings,
    permit::{DecryptData, EncryptData},
    profile::{EncryptDataRule, NonceStrategy, Profile},
};
use crate::request;

impl Decide for EncryptData {
    const CHECKS: &'static [Check<Self>] = &[key, nonce];

    fn facts(request: &request::EncryptData, now: i64) -> Facts<'_> {
        let key = request.key.len();
        Facts { data_key_length: Some(key), nonce: request.nonce.is_some(), ..Facts::new(now) }
    }

    fn grant(_: &Profile, _: &EncryptDataRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

impl Decide for DecryptData {
    const CHECKS: &'static [Check<Self>] = &[key];

    fn facts(request: &request::DecryptData, now: i64) -> Facts<'_> {
        Facts { data_key_length: Some(request.key.len()), nonce: true, ..Facts::new(now) }
    }

    fn grant(_: &Profile, _: &EncryptDataRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

/// Refuses a key that is not as long as `KeySize` says.
fn key(
    profile: &Profile,
    rule: &EncryptDataRule,
    facts: &Facts<'_>,
    findings: &mut Findings,
) -> Result<(), Denial> {
    let Some(found) = findings.known(Fact::Key, facts.data_key_length)? else { return Ok(()) };
    let wanted = rule.key_length();
    if found == wanted {
        return Ok(());
    }
    let message = format!(
        "the key has {} bits; profile {} takes keys of {} bits ({wanted} bytes)",
        found * 8,
        profile.name,
        rule.key_size
    );
    findings.refuse(denial(profile, DenialKind::KeyNotAllowed, "API.EncryptData.KeySize", rule.line, message))
}

/// Refuses a nonce of the caller's where the broker makes it. A nonce that is missing is not refused here: the operation
/// says which field lacks it.
fn nonce(
    profile: &Profile,
    rule: &EncryptDataRule,
    facts: &Facts<'_>,
    findings: &mut Findings,
) -> Result<(), Denial> {
    if !facts.nonce || rule.nonce == NonceStrategy::UserProvided {
        return Ok(());
    }
    let message =
        format!("profile {} makes the nonce itself; leave it out and take it from the answer", profile.name);
    let path = "API.EncryptData.NonceStrategy";
    findings.refuse(denial(profile, DenialKind::NonceNotAllowed, path, rule.line, message))
}

#[cfg(test)]
mod tests;
