//! The decision: a pure function of the caller, the profile, the request and the time.

use std::sync::Arc;

use super::{
    Denial, Facts, aead, check, kem,
    permit::{self, CertificateGrant, Operation, Permit, SignatureGrant},
    profile::{Profile, SignDataRule},
    signature,
};
use crate::{
    algorithm::{KeyType, SignatureFormat},
    caller::Caller,
    request::{self, KemKeyKind, Keys},
};

/// May `caller` hash this under `profile`? `now` in Unix seconds.
pub fn hash_data(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: request::HashData,
    now: i64,
) -> Result<Permit<permit::HashData>, Denial> {
    let rule = section::<permit::HashData>(profile, now)?;
    Ok(Permit::new(request, (), rule, Arc::clone(profile)))
}

/// May `caller` hash what it is going to send under `profile`? `now` in Unix seconds.
pub fn hash_stream(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: request::HashStream,
    now: i64,
) -> Result<Permit<permit::HashStream>, Denial> {
    let rule = section::<permit::HashStream>(profile, now)?;
    Ok(Permit::new(request, (), rule, Arc::clone(profile)))
}

/// May `caller` have this certificate under `profile`? `now` in Unix seconds, taken once per request. Checks, in this
/// order: sunset, section, subject key, issuer key, the issuer's fit to `SignAlg`, validity window, names, issuer checks.
pub fn sign_certificate(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: request::SignCertificate,
    now: i64,
) -> Result<Permit<permit::SignCertificate>, Denial> {
    let rule = section::<permit::SignCertificate>(profile, now)?;
    let grant = certificate(profile, &rule, &Facts::of(&request, now))?;
    Ok(Permit::new(request, grant, rule, Arc::clone(profile)))
}

/// May `caller` encrypt this under `profile`? `now` in Unix seconds. Checks, in this order: sunset, section, the key's
/// size, whose nonce it is.
pub fn encrypt_data(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: request::EncryptData,
    now: i64,
) -> Result<Permit<permit::EncryptData>, Denial> {
    let rule = section::<permit::EncryptData>(profile, now)?;
    aead::key(profile, &rule, &request.key)?;
    aead::nonce(profile, &rule, request.nonce.is_some())?;
    Ok(Permit::new(request, (), rule, Arc::clone(profile)))
}

/// May `caller` decrypt this under `profile`? `now` in Unix seconds. Checks, in this order: sunset, section, the key's
/// size.
pub fn decrypt_data(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: request::DecryptData,
    now: i64,
) -> Result<Permit<permit::DecryptData>, Denial> {
    let rule = section::<permit::DecryptData>(profile, now)?;
    aead::key(profile, &rule, &request.key)?;
    Ok(Permit::new(request, (), rule, Arc::clone(profile)))
}

/// May `caller` sign this with this key under `profile`? `now` in Unix seconds.
pub fn sign_data(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: request::SignData,
    now: i64,
) -> Result<Permit<permit::SignData>, Denial> {
    let rule = section::<permit::SignData>(profile, now)?;
    let grant = signature(profile, &rule, request.keys.map(|key| key.key_type()), request.format)?;
    Ok(Permit::new(request, grant, rule, Arc::clone(profile)))
}

/// May `caller` verify this with this key under `profile`? `now` in Unix seconds.
pub fn verify_data(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: request::VerifyData,
    now: i64,
) -> Result<Permit<permit::VerifyData>, Denial> {
    let rule = section::<permit::VerifyData>(profile, now)?;
    let grant = signature(profile, &rule, request.keys.map(|key| key.key_type()), request.format)?;
    Ok(Permit::new(request, grant, rule, Arc::clone(profile)))
}

/// May `caller` sign what comes in parts with this key under `profile`? `now` in Unix seconds.
pub fn sign_stream(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: request::SignStream,
    now: i64,
) -> Result<Permit<permit::SignStream>, Denial> {
    let rule = section::<permit::SignStream>(profile, now)?;
    let grant = signature(profile, &rule, request.keys.map(|key| key.key_type()), request.format)?;
    signature::in_parts(profile, &rule, grant.format)?;
    Ok(Permit::new(request, grant, rule, Arc::clone(profile)))
}

/// May `caller` verify what comes in parts with this key under `profile`? `now` in Unix seconds.
pub fn verify_stream(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: request::VerifyStream,
    now: i64,
) -> Result<Permit<permit::VerifyStream>, Denial> {
    let rule = section::<permit::VerifyStream>(profile, now)?;
    let grant = signature(profile, &rule, request.keys.map(|key| key.key_type()), request.format)?;
    signature::in_parts(profile, &rule, grant.format)?;
    Ok(Permit::new(request, grant, rule, Arc::clone(profile)))
}

/// May `caller` have a key pair for signatures made under `profile`? `now` in Unix seconds.
pub fn generate_signature_key_pair(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: request::GenerateKeyPair,
    now: i64,
) -> Result<Permit<permit::GenerateSignatureKeyPair>, Denial> {
    let rule = section::<permit::GenerateSignatureKeyPair>(profile, now)?;
    if request.seed.is_some() {
        check::seed(profile, permit::GenerateSignatureKeyPair::SECTION, rule.allow_seed, rule.line)?;
    }
    let grant = signature::new_key(profile, &rule)?;
    Ok(Permit::new(request, grant, rule, Arc::clone(profile)))
}

/// May `caller` have a key pair for key encapsulation made under `profile`? `now` in Unix seconds.
pub fn generate_kem_key_pair(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: request::GenerateKeyPair,
    now: i64,
) -> Result<Permit<permit::GenerateKemKeyPair>, Denial> {
    let rule = section::<permit::GenerateKemKeyPair>(profile, now)?;
    if request.seed.is_some() {
        check::seed(profile, permit::GenerateKemKeyPair::SECTION, rule.allow_seed, rule.line)?;
    }
    Ok(Permit::new(request, (), rule, Arc::clone(profile)))
}

/// May `caller` have a shared secret for the holder of this key under `profile`? `now` in Unix seconds.
pub fn encapsulate(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: request::Encapsulate,
    now: i64,
) -> Result<Permit<permit::Encapsulate>, Denial> {
    let rule = section::<permit::Encapsulate>(profile, now)?;
    kem::key(profile, &rule, KemKeyKind::Of(request.key.kem()))?;
    Ok(Permit::new(request, (), rule, Arc::clone(profile)))
}

/// May `caller` use this key for what is in this ciphertext under `profile`? `now` in Unix seconds.
pub fn decapsulate(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: request::Decapsulate,
    now: i64,
) -> Result<Permit<permit::Decapsulate>, Denial> {
    let rule = section::<permit::Decapsulate>(profile, now)?;
    kem::key(profile, &rule, request.key.kind())?;
    Ok(Permit::new(request, (), rule, Arc::clone(profile)))
}

/// The checks of the keys that sign or verify, and the format.
fn signature(
    profile: &Profile,
    rule: &SignDataRule,
    keys: Keys<KeyType>,
    format: Option<SignatureFormat>,
) -> Result<SignatureGrant, Denial> {
    signature::keys(profile, rule, keys)?;
    Ok(SignatureGrant { format: signature::format(profile, rule, format)? })
}

/// The sunset, and the section of the operation.
fn section<O: Operation>(profile: &Arc<Profile>, now: i64) -> Result<Arc<O::Rule>, Denial> {
    check::sunset(profile, now)?;
    O::rule(profile).cloned().ok_or_else(|| check::no_section(profile, O::SECTION))
}

/// The first check that refuses, or what the request is granted.
fn certificate(
    profile: &Profile,
    rule: &super::profile::SignCertificateRule,
    facts: &Facts<'_>,
) -> Result<CertificateGrant, Denial> {
    let mut denials = Vec::new();
    for check in check::SIGN_CERTIFICATE {
        check(profile, rule, facts, &mut denials);
        if !denials.is_empty() {
            return Err(denials.swap_remove(0));
        }
    }
    let (not_before, not_after) = check::granted(rule, facts);
    Ok(CertificateGrant { not_before, not_after, scheme: rule.scheme })
}

#[cfg(test)]
mod tests;
