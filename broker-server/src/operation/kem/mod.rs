//! `KemService`: key pairs, shared secrets in and out of ciphertexts.

mod encoding;
mod key_pair;

pub use self::key_pair::generate_key_pair;
use crate::{
    algorithm::Kem,
    backend::{
        Backend,
        kem::{self as backend_kem, Encapsulated, Mechanism, PrivatePart},
    },
    policy::{Permit, permit},
    request::{DecapsulationKey, FieldError, FieldErrorKind},
    secret::{SecretBytes, SecretKey},
    telemetry::audit::KeyUse,
};

/// Why there is no shared secret or no key pair.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KemError {
    /// A field is not what the profile's mechanism needs.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The key has the right form and fails a check.
    #[error("key_source: {0}")]
    BadKey(&'static str),
    /// Nothing that the caller sent explains it.
    #[error("the crypto library failed")]
    Internal,
}

impl KemError {
    /// For google.rpc.ErrorInfo.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Field(error) => error.kind.reason(),
            Self::BadKey(_) => "BAD_KEY",
            Self::Internal => "INTERNAL",
        }
    }

    /// The wire field at fault.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Field(error) => Some(error.field),
            Self::BadKey(_) => Some("key_source"),
            Self::Internal => None,
        }
    }
}

/// Makes a shared secret for the holder of the decapsulation key.
// The permit is taken by value so that it is used once, though only its parts are read.
#[allow(clippy::needless_pass_by_value)]
pub fn encapsulate(
    permit: Permit<permit::Encapsulate>,
    backend: &Backend,
    key_use: &KeyUse,
) -> Result<Encapsulated, KemError> {
    let key = permit.request().key.octets();
    key_use.identify(|| Some(key.to_vec()));
    mechanism(backend, permit.rule().algorithm)?.encapsulate(key).map_err(|error| match error {
        backend_kem::KemError::Modulus => KemError::BadKey(
            "the encapsulation key fails the modulus check (FIPS 203 7.2): a number in it is not below 3329",
        ),
        _ => KemError::Internal,
    })
}

/// Takes the shared secret out of the ciphertext; out of one that was tampered with another one.
#[allow(clippy::needless_pass_by_value)] // as above
pub fn decapsulate(
    permit: Permit<permit::Decapsulate>,
    backend: &Backend,
    key_use: &KeyUse,
) -> Result<SecretBytes, KemError> {
    let (request, algorithm) = (permit.request(), permit.rule().algorithm);
    exact("ciphertext", &request.ciphertext, algorithm.ciphertext_length())?;
    let key = parts(&request.key, key_use)?;
    let done = mechanism(backend, algorithm)?.decapsulate(&key, &request.ciphertext).map_err(|error| match error {
        backend_kem::KemError::Hash => KemError::BadKey(
            "the expanded decapsulation key fails the hash check (FIPS 203 7.3): the hash in it is not that of the \
             encapsulation key in it",
        ),
        backend_kem::KemError::Modulus => KemError::BadKey(
            "the encapsulation key inside the expanded decapsulation key fails the modulus check (FIPS 203 7.2)",
        ),
        backend_kem::KemError::Mismatch => KemError::BadKey(
            "the parts of the decapsulation key (seed, expanded key, public key) do not belong together (RFC 9935 8)",
        ),
        backend_kem::KemError::Length | backend_kem::KemError::Failed => KemError::Internal,
    })?;
    key_use.identify(|| Some(done.encapsulation_key));
    Ok(done.shared_secret)
}

/// Its mechanism in the profile's library. A profile whose library lacks it was refused at load.
fn mechanism(backend: &Backend, algorithm: Kem) -> Result<&'static dyn Mechanism, KemError> {
    backend.kem.mechanism(algorithm).ok_or(KemError::Internal)
}

fn parts<'a>(
    key: &'a DecapsulationKey,
    key_use: &KeyUse,
) -> Result<backend_kem::DecapsulationKey<'a>, KemError> {
    let exposed = |key: Option<&'a SecretKey>| key.map(|key| key.expose(key_use));
    let private = match (exposed(key.seed()), exposed(key.expanded())) {
        (Some(seed), Some(expanded)) => PrivatePart::Both { seed, expanded },
        (Some(seed), None) => PrivatePart::Seed(seed),
        (None, Some(expanded)) => PrivatePart::Expanded(expanded),
        (None, None) => return Err(KemError::Internal),
    };
    Ok(backend_kem::DecapsulationKey { private, public: key.public() })
}

fn exact(field: &'static str, bytes: &[u8], wanted: usize) -> Result<(), FieldError> {
    if bytes.len() == wanted {
        return Ok(());
    }
    Err(FieldError {
        field,
        kind: FieldErrorKind::WrongLength { length: bytes.len(), expected: vec![wanted] },
    })
}
