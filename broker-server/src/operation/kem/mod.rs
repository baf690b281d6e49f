//! Executes `GenerateKeyPair`, `Encapsulate` and `Decapsulate` of `KemService`.

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

/// Why an operation of a key encapsulation mechanism failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KemError {
    /// A field does not fit the profile's mechanism.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The key is well formed but fails a check.
    #[error("key_source: {0}")]
    BadKey(&'static str),
    /// The crypto library failed for a reason that the caller did not cause.
    #[error("the crypto library failed")]
    Internal,
}

impl KemError {
    /// Returns the reason for google.rpc.ErrorInfo.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Field(error) => error.kind.reason(),
            Self::BadKey(_) => "BAD_KEY",
            Self::Internal => "INTERNAL",
        }
    }

    /// Returns the wire field that caused the error.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Field(error) => Some(error.field),
            Self::BadKey(_) => Some("key_source"),
            Self::Internal => None,
        }
    }
}

/// Generates a shared secret and encapsulates it for the holder of the decapsulation key.
// The permit is taken by value so that it is used only once.
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
            "the encapsulation key fails the modulus check (FIPS 203 7.2): it contains a number that is not below 3329",
        ),
        _ => KemError::Internal,
    })
}

/// Decapsulates the shared secret. A tampered ciphertext yields another secret instead of an error (FIPS 203 6.3).
#[allow(clippy::needless_pass_by_value)] // as above
pub fn decapsulate(
    permit: Permit<permit::Decapsulate>,
    backend: &Backend,
    key_use: &KeyUse,
) -> Result<SecretBytes, KemError> {
    let (request, algorithm) = (permit.request(), permit.rule().algorithm);
    check_length("ciphertext", &request.ciphertext, algorithm.ciphertext_length())?;
    let key = parts(&request.key, key_use)?;
    let decapsulated = mechanism(backend, algorithm)?.decapsulate(&key, &request.ciphertext).map_err(|error| match error {
        backend_kem::KemError::Hash => KemError::BadKey(
            "the expanded decapsulation key fails the hash check (FIPS 203 7.3): it contains a hash that does not match \
             its encapsulation key",
        ),
        backend_kem::KemError::Modulus => KemError::BadKey(
            "the encapsulation key inside the expanded decapsulation key fails the modulus check (FIPS 203 7.2)",
        ),
        backend_kem::KemError::Mismatch => KemError::BadKey(
            "the parts of the decapsulation key (seed, expanded key, public key) do not belong together (RFC 9935 8)",
        ),
        backend_kem::KemError::Length | backend_kem::KemError::Failed => KemError::Internal,
    })?;
    key_use.identify(|| Some(decapsulated.encapsulation_key));
    Ok(decapsulated.shared_secret)
}

/// Returns the mechanism from the profile's library. A profile whose library lacks it is rejected when it is loaded.
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

fn check_length(field: &'static str, bytes: &[u8], expected: usize) -> Result<(), FieldError> {
    if bytes.len() == expected {
        return Ok(());
    }
    Err(FieldError {
        field,
        kind: FieldErrorKind::WrongLength { length: bytes.len(), expected: vec![expected] },
    })
}
