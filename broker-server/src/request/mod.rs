//! What arrived as text and bytes becomes typed facts, without using a key. One file per operation.

mod asn1;
mod error;
mod hash_data;
mod key_pair;
mod key_source;
mod limits;
mod metadata;
mod pem;
mod public_key;
mod sign_certificate;
mod signing_key;

pub use error::{Problem, RequestError};
pub use hash_data::{HashData, HashFormat};
pub use key_pair::{GenerateKeyPair, KeyEncoding};
pub use limits::Limits;
pub use metadata::Metadata;
#[cfg(test)]
pub(crate) use sign_certificate::material;
pub use sign_certificate::{AlternativeName, CaCertificate, CertificateFormat, Csr, SignCertificate};
pub use signing_key::SigningKey;
