//! The EVP interface of AWS-LC.
#![allow(unsafe_code)]
use crate::algorithm::{KeyType, SignatureHash, SignatureScheme};

/// The library refused, for one of the reasons that can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum EvpError {
    #[error("the key cannot be used")]
    BadKey,
    #[error("the signature is wrong")]
    BadSignature,
    #[error("the crypto library failed")]
    Failed,
}

/// How a private key's DER is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum KeyEncoding {
    Pkcs8,
    Sec1,
    Pkcs1,
}

/// A private key inside the library; wiped when dropped.
pub struct PrivateKey {}
impl PrivateKey {
    /// Loads and checks a key.
    pub fn from_der(encoding: KeyEncoding, der: &[u8]) -> Result<Self, EvpError> {
        todo!()
    }
    /// Kind and size; `None` for a kind that the broker does not use.
    pub fn key_type(&self) -> Option<KeyType> {
        todo!()
    }
    /// Whether this is the private half of `public`.
    pub fn matches(&self, public: &PublicKey) -> bool {
        todo!()
    }
    /// Signs `message`. ECDSA as DER (Ecdsa-Sig-Value), RSA PKCS#1 v1.5, Ed25519 and ML-DSA pure with empty context.
    pub fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, EvpError> {
        todo!()
    }
}

/// How a signature is to be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Verification {
    RsaPkcs1(SignatureHash),
    RsaPss { hash: SignatureHash, salt_length: u32 },
    Ecdsa(SignatureHash),
    Ed25519,
    MlDsa,
}

/// A public key inside the library.
pub struct PublicKey {}
impl PublicKey {
    /// Loads and checks a SubjectPublicKeyInfo. RSA to 16384 bits.
    pub fn from_spki(der: &[u8]) -> Result<Self, EvpError> {
        todo!()
    }
    /// Verifies; `BadSignature` when it does not match.
    pub fn verify(&self, how: Verification, message: &[u8], signature: &[u8]) -> Result<(), EvpError> {
        todo!()
    }
}
