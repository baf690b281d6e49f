//! The vocabulary that every room shares: algorithms by their standards' names. No logic, no library.

mod aead;
mod composite;
mod data_scheme;
mod hash;
mod kem;
mod signature;

pub use aead::Aead;
pub use composite::Composite;
pub use data_scheme::DataScheme;
pub use hash::{HashAlgorithm, SkiHash};
pub use kem::{Kem, MlKem};
pub use signature::{Curve, KeyForm, KeyType, MlDsa, SignatureFormat, SignatureHash, SignatureScheme};
