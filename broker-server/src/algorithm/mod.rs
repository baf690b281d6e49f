//! The vocabulary that all modules share: the algorithms under the names of their standards. This module
//! depends on no crypto library and performs no cryptography.

mod aead;
mod composite;
mod data_scheme;
mod hash;
mod hash_ml_dsa;
mod kem;
mod request_scheme;
mod signature;

pub use aead::Aead;
pub use composite::Composite;
pub use data_scheme::DataScheme;
pub use hash::{HashAlgorithm, SkiHash};
pub use hash_ml_dsa::HashMlDsa;
pub use kem::{Kem, MlKem};
pub use request_scheme::RequestScheme;
pub use signature::{
    Curve, KeyForm, KeyKind, KeyType, MlDsa, SignatureFormat, SignatureHash, SignatureScheme,
};
