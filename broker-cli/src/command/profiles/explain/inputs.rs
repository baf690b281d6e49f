//! The facts that policy judges in keys, requests and certificates, read without a broker by the broker's own parsers.

use std::fmt::Display;

use broker_server::{
    algorithm::{Aead, Kem, KeyType},
    request::{
        CaCertificate, Csr, DecapsulationKey, EncapsulationKey, FieldErrorKind, KemKeyKind, Limits, Name,
        SigningKey, VerificationKey, crl_distribution_points,
    },
    secret::SecretBytes,
};

use crate::{
    error::{Failure, Refusal},
    input,
    location::Location,
    pem::BlockKind,
    private_key::KeyPassword,
};

/// Reads a certification request. Its subject is not checked where another one replaces it.
pub(super) fn csr(location: &Location, subject_is_replaced: bool) -> Result<Csr, Failure> {
    let text = input::pem(location, BlockKind::Request)?;
    parse(location, text.len(), Limits::default().csr, || {
        let csr = Csr::from_pem(&text)?;
        if !subject_is_replaced {
            csr.check_subject()?;
        }
        Ok(csr)
    })
}

/// Reads the name that replaces the subject of a certification request.
pub(super) fn subject(text: &str) -> Result<Name, Failure> {
    parse("--subject", text.len(), Limits::default().subject, || Name::from_text(text))
}

/// Reads the CRL distribution points.
pub(super) fn crl_urls(urls: &[String]) -> Result<Vec<String>, Failure> {
    let read = crl_distribution_points(urls.to_vec(), &Limits::default());
    read.map_err(|problem| refused("--crl-url", &problem))
}

/// Reads the issuer's certificate.
pub(super) fn certificate(location: &Location) -> Result<CaCertificate, Failure> {
    let text = input::pem(location, BlockKind::Certificate)?;
    parse(location, text.len(), Limits::default().ca_cert, || CaCertificate::from_pem(&text))
}

/// Reads the type of the issuer's private key.
pub(super) fn issuer_key(location: &Location, password: &KeyPassword) -> Result<KeyType, Failure> {
    let text = password.read_key_text(location)?;
    let read = || SigningKey::from_pem(&text).map(|key| key.key_type());
    parse(location, text.len(), Limits::default().ca_private_key, read)
}

/// Reads the type of a private key that signs data.
pub(super) fn signing_key(location: &Location, password: &KeyPassword) -> Result<KeyType, Failure> {
    let bytes = private_key(location, password)?;
    let length = bytes.expose().len();
    let read = || SigningKey::from_bytes(bytes).map(|key| key.key_type());
    parse(location, length, Limits::default().signature_key, read)
}

/// Reads the type of a public key that verifies data.
pub(super) fn verification_key(location: &Location) -> Result<KeyType, Failure> {
    let bytes = secret(location)?;
    let read = || VerificationKey::from_bytes(bytes.expose()).map(|key| key.key_type());
    parse(location, bytes.expose().len(), Limits::default().signature_key, read)
}

/// Reads the length of a key that encrypts and decrypts.
pub(super) fn data_key(location: &Location) -> Result<usize, Failure> {
    let length = secret(location)?.expose().len();
    parse(location, length, Limits::default().aead_part, || match Aead::KEYS.contains(&length) {
        true => Ok(length),
        false => Err(FieldErrorKind::WrongLength { length, expected: Aead::KEYS.to_vec() }),
    })
}

/// Reads the mechanism of an encapsulation key.
pub(super) fn encapsulation_key(location: &Location) -> Result<KemKeyKind, Failure> {
    let bytes = secret(location)?;
    let read = || EncapsulationKey::from_bytes(bytes.expose()).map(|key| key.kind());
    parse(location, bytes.expose().len(), Limits::default().kem_key, read)
}

/// Reads the mechanism of a decapsulation key.
pub(super) fn decapsulation_key(location: &Location, password: &KeyPassword) -> Result<KemKeyKind, Failure> {
    let bytes = private_key(location, password)?;
    let read = || DecapsulationKey::from_bytes(&bytes).map(|key| key.kind());
    parse(location, bytes.expose().len(), Limits::default().kem_key, read)
}

fn private_key(location: &Location, password: &KeyPassword) -> Result<SecretBytes, Failure> {
    let mut bytes = password.read_key(location)?;
    Ok(SecretBytes::new(std::mem::take(&mut *bytes)))
}

/// Reads any key file as a secret: the wrong file may contain one.
fn secret(location: &Location) -> Result<SecretBytes, Failure> {
    let mut bytes = input::secret(location)?;
    Ok(SecretBytes::new(std::mem::take(&mut *bytes)))
}

/// Parses the type of a key that encrypts: `aes-128`, `aes-192`, `aes-256`, `chacha20-poly1305`. Returns its length in bytes.
pub(super) fn data_key_type(text: &str) -> Result<usize, Failure> {
    match text.to_ascii_lowercase().as_str() {
        "aes-128" => Ok(16),
        "aes-192" => Ok(24),
        "aes-256" | "chacha20-poly1305" => Ok(32),
        _ => Err(Failure::usage(format!(
            "`{text}` is not a key that encrypts; write aes-128, aes-192, aes-256 or chacha20-poly1305"
        ))),
    }
}

/// Parses the name of a key encapsulation mechanism.
pub(super) fn kem_type(text: &str) -> Result<KemKeyKind, Failure> {
    let name = text.to_ascii_lowercase();
    let kem = Kem::ALL.into_iter().find(|kem| kem.name() == name);
    kem.map(KemKeyKind::Of).ok_or_else(|| {
        let names = Kem::ALL.map(Kem::name).join(", ");
        Failure::usage(format!("`{text}` is not a key encapsulation mechanism; write one of {names}"))
    })
}

/// Parses an input as the broker parses the field that it is for, with the same limits and errors.
fn parse<T>(
    location: impl Display,
    length: usize,
    limit: usize,
    read: impl FnOnce() -> Result<T, FieldErrorKind>,
) -> Result<T, Failure> {
    let parsed = match length {
        0 => Err(FieldErrorKind::Missing),
        length if length > limit => Err(FieldErrorKind::TooLong { length, limit }),
        _ => read(),
    };
    parsed.map_err(|problem| refused(location, &problem))
}

/// Returns the error with which a broker refuses the field that an input is for.
fn refused(location: impl Display, problem: &FieldErrorKind) -> Failure {
    Failure::Refused(Box::new(Refusal {
        code: "INVALID_ARGUMENT".to_owned(),
        reason: problem.reason().to_owned(),
        message: match problem {
            FieldErrorKind::Missing => format!("{location}: is empty"),
            other => format!("{location}: {other}"),
        },
        ..Refusal::default()
    }))
}
