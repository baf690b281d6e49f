//! The checks of `EncryptData`.

use super::{
    Denial, DenialKind,
    denial::denial,
    profile::{EncryptDataRule, NonceStrategy, Profile},
};
use crate::secret::SecretKey;

/// Whether the key is as long as `KeySize` says.
pub(super) fn key(profile: &Profile, rule: &EncryptDataRule, key: &SecretKey) -> Result<(), Denial> {
    let (found, wanted) = (key.len(), rule.key_length());
    if found == wanted {
        return Ok(());
    }
    let message = format!(
        "the key has {} bits; profile {} takes keys of {} bits ({wanted} bytes)",
        found * 8,
        profile.name,
        rule.key_size
    );
    Err(denial(profile, DenialKind::KeyNotAllowed, "API.EncryptData.KeySize", rule.line, message))
}

/// Whether a nonce of the caller's is wanted. That one is missing is no refusal: the operation says which field lacks it.
pub(super) fn nonce(profile: &Profile, rule: &EncryptDataRule, brought: bool) -> Result<(), Denial> {
    if !brought || rule.nonce == NonceStrategy::UserProvided {
        return Ok(());
    }
    let message =
        format!("profile {} makes the nonce itself; leave it out and take it from the answer", profile.name);
    let path = "API.EncryptData.NonceStrategy";
    Err(denial(profile, DenialKind::NonceNotAllowed, path, rule.line, message))
}

#[cfg(test)]
mod tests;
