//! `SignData`, `VerifyData`, both over streams, and the key pairs for them.

mod cms;
mod composite;
mod format;
mod key_pair;
mod sign;
mod verify;

pub use key_pair::{KeyPair, generate_key_pair};
pub use sign::{SignStream, sign_data};
pub use verify::{VerifyStream, verify_data};

use crate::{
    algorithm::{Composite, DataScheme, HashAlgorithm, SignatureHash, SignatureScheme},
    backend::{
        Backend,
        evp::{EvpError, PrivateKey, PublicKey},
    },
    request::{FieldError, KEY_SOURCE, Keys, SigningKey, VerificationKey},
    telemetry::audit::KeyUse,
};

/// Why nothing was signed, verified or made. A signature that does not match is no error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A field is not what the profile's algorithm and format make of it.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The crypto library refuses the key.
    #[error("{field}: {problem}")]
    BadKey {
        /// The wire field of the key.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// SignedData without signed attributes of a scheme that needs the whole message at once.
    #[error(
        "an Ed25519 signature over the content itself (RFC 8032 5.1.7) cannot be verified in parts; use VerifyData"
    )]
    NotStreamable,
    /// Nothing that the caller sent explains it.
    #[error("the crypto library failed")]
    Internal,
}

impl SignatureError {
    /// For google.rpc.ErrorInfo.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Field(error) => error.kind.reason(),
            Self::BadKey { .. } => "BAD_KEY",
            Self::NotStreamable => "NOT_STREAMABLE",
            Self::Internal => "INTERNAL",
        }
    }

    /// The wire field at fault.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Field(error) => Some(error.field),
            Self::BadKey { field, .. } => Some(field),
            Self::NotStreamable => Some("signature"),
            Self::Internal => None,
        }
    }
}

/// What goes wrong with a key is the key's fault, and all else the library's.
impl From<EvpError> for SignatureError {
    fn from(error: EvpError) -> Self {
        match error {
            EvpError::BadKey => {
                Self::BadKey { field: KEY_SOURCE, problem: "is not a key that can make such signatures" }
            }
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

/// The keys with what they sign by.
enum Matched<'a, K> {
    Single(SignatureScheme, &'a K),
    Composite(Composite, &'a [K; 2]),
}

/// Puts the keys and the scheme together. Policy permits only those that belong together.
fn matched<K>(scheme: DataScheme, keys: &Keys<K>) -> Result<Matched<'_, K>, SignatureError> {
    match (scheme, keys) {
        (DataScheme::Single(scheme), Keys::One(key)) => Ok(Matched::Single(scheme, key)),
        (DataScheme::Composite(algorithm), Keys::Components(keys)) => Ok(Matched::Composite(algorithm, keys)),
        _ => Err(SignatureError::Internal),
    }
}

/// Loads a private key for a use that is recorded; what the library finds must be what policy has decided on.
fn load(key: &SigningKey, field: &'static str, key_use: &KeyUse) -> Result<PrivateKey, SignatureError> {
    let loaded = PrivateKey::from_der(key.form(), key.der().expose(key_use));
    let problem = "is not a usable private key";
    let key = usable(loaded, |loaded| loaded.key_type() == Some(key.key_type()), field, problem)?;
    key_use.identify(|| key.spki().ok());
    Ok(key)
}

/// Loads a public key; what the library finds must be what policy has decided on.
fn load_public(key: &VerificationKey, field: &'static str) -> Result<PublicKey, SignatureError> {
    let loaded = PublicKey::from_spki(key.spki_der());
    let problem = "is not a usable public key";
    usable(loaded, |loaded| loaded.key_type() == Some(key.key_type()), field, problem)
}

fn usable<K>(
    loaded: Result<K, EvpError>,
    is_same: impl FnOnce(&K) -> bool,
    field: &'static str,
    problem: &'static str,
) -> Result<K, SignatureError> {
    match loaded {
        Ok(key) if is_same(&key) => Ok(key),
        Ok(_) | Err(EvpError::BadKey) => Err(SignatureError::BadKey { field, problem }),
        Err(error) => Err(error.into()),
    }
}

/// The hash of the message digest in CMS: the scheme's, or SHA-512 (RFC 8419 3, RFC 9882 3.3).
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

/// The digest of a message that is there as a whole.
fn message_digest(backend: &Backend, scheme: SignatureScheme, message: &[u8]) -> Vec<u8> {
    let algorithm = algorithm(message_hash(scheme));
    let mut digest = vec![0; algorithm.default_output_length()];
    backend.hash.digest(algorithm, message, &mut digest);
    digest
}
