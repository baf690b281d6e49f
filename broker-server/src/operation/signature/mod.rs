//! Executes `SignData` and `VerifyData`, both over streams, and `GenerateKeyPair` of `SignatureKeyService`.

mod cms;
mod composite;
mod format;
mod hash_ml_dsa;
mod key_pair;
mod sign;
mod verify;

pub use key_pair::{KeyPair, generate_key_pair};
pub use sign::{SignStream, sign_data};
pub use verify::{VerifyStream, verify_data};

use crate::{
    algorithm::{Composite, DataScheme, HashAlgorithm, HashMlDsa, SignatureHash, SignatureScheme},
    backend::{
        Backend,
        evp::{EvpError, PrivateKey, PublicKey},
    },
    request::{FieldError, KEY_SOURCE, Keys, SigningKey, VerificationKey},
    telemetry::audit::KeyUse,
};

/// Why an operation failed. A signature that does not verify is not an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A field does not fit the profile's algorithm and format.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The crypto library rejected the key.
    #[error("{field}: {reason}")]
    BadKey {
        /// The wire field of the key.
        field: &'static str,
        /// Why the key cannot be used.
        reason: &'static str,
    },
    /// SignedData without signed attributes whose scheme requires the complete message at once.
    #[error(
        "an Ed25519 signature over the content itself (RFC 8032 5.1.7) cannot be verified over a stream; use VerifyData"
    )]
    NotStreamable,
    /// The crypto library failed for a reason that the caller did not cause.
    #[error("the crypto library failed")]
    Internal,
}

impl SignatureError {
    /// Returns the reason for google.rpc.ErrorInfo.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Field(error) => error.kind.reason(),
            Self::BadKey { .. } => "BAD_KEY",
            Self::NotStreamable => "NOT_STREAMABLE",
            Self::Internal => "INTERNAL",
        }
    }

    /// Returns the wire field that caused the error.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Field(error) => Some(error.field),
            Self::BadKey { field, .. } => Some(field),
            Self::NotStreamable => Some("signature"),
            Self::Internal => None,
        }
    }
}

/// Attributes errors of a key to the key and all others to the library.
impl From<EvpError> for SignatureError {
    fn from(error: EvpError) -> Self {
        match error {
            EvpError::BadKey => Self::BadKey {
                field: KEY_SOURCE,
                reason: "cannot be used with the profile's signature scheme",
            },
            EvpError::NotStreamable => Self::NotStreamable,
            EvpError::BadSignature | EvpError::Failed => Self::Internal,
        }
    }
}

impl From<der::Error> for SignatureError {
    fn from(_: der::Error) -> Self {
        Self::Internal
    }
}

/// The keys with their scheme.
enum Matched<'a, K> {
    Single(SignatureScheme, &'a K),
    HashMlDsa(HashMlDsa, &'a K),
    Composite(Composite, &'a [K; 2]),
}

/// Pairs the keys with the scheme. Policy permits only keys that fit the scheme.
fn matched<K>(scheme: DataScheme, keys: &Keys<K>) -> Result<Matched<'_, K>, SignatureError> {
    match (scheme, keys) {
        (DataScheme::Single(scheme), Keys::One(key)) => Ok(Matched::Single(scheme, key)),
        (DataScheme::HashMlDsa(algorithm), Keys::One(key)) => Ok(Matched::HashMlDsa(algorithm, key)),
        (DataScheme::Composite(algorithm), Keys::Components(keys)) => Ok(Matched::Composite(algorithm, keys)),
        _ => Err(SignatureError::Internal),
    }
}

/// Loads a private key for an audited use. The library must find the kind of key that policy has permitted.
fn load(key: &SigningKey, field: &'static str, key_use: &KeyUse) -> Result<PrivateKey, SignatureError> {
    let loaded = PrivateKey::from_der(key.form(), key.der().expose(key_use));
    let reason = "is not a usable private key";
    let key = usable(loaded, |loaded| loaded.key_type() == Some(key.key_type()), field, reason)?;
    key_use.identify(|| key.spki().ok());
    Ok(key)
}

/// Loads a public key. The library must find the kind of key that policy has permitted.
fn load_public(key: &VerificationKey, field: &'static str) -> Result<PublicKey, SignatureError> {
    let loaded = PublicKey::from_spki(key.spki_der());
    let reason = "is not a usable public key";
    usable(loaded, |loaded| loaded.key_type() == Some(key.key_type()), field, reason)
}

fn usable<K>(
    loaded: Result<K, EvpError>,
    is_permitted: impl FnOnce(&K) -> bool,
    field: &'static str,
    reason: &'static str,
) -> Result<K, SignatureError> {
    match loaded {
        Ok(key) if is_permitted(&key) => Ok(key),
        Ok(_) | Err(EvpError::BadKey) => Err(SignatureError::BadKey { field, reason }),
        Err(error) => Err(error.into()),
    }
}

/// Returns the hash of the message digest in CMS: the scheme's, or SHA-512 (RFC 8419 3, RFC 9882 3.3).
fn message_hash(scheme: SignatureScheme) -> SignatureHash {
    scheme.hash().unwrap_or(SignatureHash::Sha512)
}

const fn algorithm(hash: SignatureHash) -> HashAlgorithm {
    match hash {
        SignatureHash::Sha256 => HashAlgorithm::Sha256,
        SignatureHash::Sha384 => HashAlgorithm::Sha384,
        SignatureHash::Sha512 => HashAlgorithm::Sha512,
    }
}

/// Returns the digest of a complete message.
fn message_digest(backend: &Backend, scheme: SignatureScheme, message: &[u8]) -> Vec<u8> {
    let algorithm = algorithm(message_hash(scheme));
    let mut digest = vec![0; algorithm.default_output_length()];
    backend.hash.digest(algorithm, message, &mut digest);
    digest
}
