//! A private key that signs on this machine.

use broker_server::{
    algorithm::{Curve, KeyType, SignatureHash, SignatureScheme},
    backend::evp::{EvpError, PrivateKey},
    request::SigningKey,
    secret::SecretBytes,
};
use zeroize::Zeroizing;

use crate::{error::Failure, location::Location, pem::BlockKind, pem_block, private_key::KeyPassword};

/// A private key with its type.
pub(crate) struct LocalKey {
    key: PrivateKey,
    key_type: KeyType,
}

impl LocalKey {
    /// Reads a key in PKCS#8, SEC1 or PKCS#1, PEM or DER, which may be encrypted PKCS#8.
    ///
    /// # Errors
    /// Fails where the file cannot be read or decrypted, and with the broker's error where it refuses the key.
    pub(crate) fn read(location: &Location, password: &KeyPassword) -> Result<Self, Failure> {
        let bytes = password.read_key(location)?;
        let read = SigningKey::from_bytes(SecretBytes::new(bytes.to_vec()));
        let form = read.map_err(|error| Failure::invalid(format!("{location}: {error}")))?.form();
        let refused = |_: EvpError| {
            Failure::invalid(format!("{location}: is a private key that the crypto library cannot use"))
        };
        let der = der(bytes);
        let key = PrivateKey::from_der(form, &der).map_err(refused)?;
        let key_type = key.key_type().ok_or(EvpError::BadKey).map_err(refused)?;
        Ok(Self { key, key_type })
    }

    /// Makes a key.
    ///
    /// # Errors
    /// Fails where the library does not make keys of this type.
    pub(crate) fn generate(key_type: KeyType) -> Result<Self, Failure> {
        let key = PrivateKey::generate(key_type).map_err(failed)?;
        Ok(Self { key, key_type })
    }

    /// Returns kind and size.
    pub(crate) fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// Returns the SubjectPublicKeyInfo.
    pub(crate) fn public_key_info(&self) -> Result<Vec<u8>, Failure> {
        self.key.spki().map_err(failed)
    }

    /// Returns the key as PKCS#8 in PEM.
    pub(crate) fn to_pem(&self) -> Result<Zeroizing<String>, Failure> {
        Ok(pem_block::encode("PRIVATE KEY", self.key.to_pkcs8().map_err(failed)?.expose()))
    }

    /// Returns the scheme that the key signs with where no profile says it: the hash is as strong as the key (SP 800-57
    /// part 1, table 2 and table 3).
    pub(crate) fn default_scheme(&self) -> SignatureScheme {
        match self.key_type {
            KeyType::Rsa { bits: ..=3072 } => SignatureScheme::RsaPkcs1(SignatureHash::Sha256),
            KeyType::Rsa { bits: ..=7680 } => SignatureScheme::RsaPkcs1(SignatureHash::Sha384),
            KeyType::Rsa { .. } => SignatureScheme::RsaPkcs1(SignatureHash::Sha512),
            KeyType::Ec(Curve::P224 | Curve::P256) => SignatureScheme::Ecdsa(SignatureHash::Sha256),
            KeyType::Ec(Curve::P384) => SignatureScheme::Ecdsa(SignatureHash::Sha384),
            KeyType::Ec(Curve::P521) => SignatureScheme::Ecdsa(SignatureHash::Sha512),
            KeyType::Ed25519 => SignatureScheme::Ed25519,
            KeyType::MlDsa(set) => SignatureScheme::MlDsa(set),
        }
    }

    /// Signs, and verifies the signature before it is used.
    ///
    /// # Errors
    /// Fails where the scheme does not fit the key.
    pub(crate) fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let signature = self.key.sign(scheme, message).map_err(failed)?;
        let public = self.key.public().map_err(failed)?;
        public.verify(scheme, message, &signature).map_err(failed)?;
        Ok(signature)
    }
}

/// Returns the DER of the private key in a file that the broker's parser has accepted.
fn der(bytes: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    let mut blocks = pem_block::blocks(&bytes).into_iter();
    let block = blocks.find(|block| block.kind() == BlockKind::PrivateKey);
    match block.map(|block| block.der) {
        Some(Ok(der)) => der,
        _ => bytes,
    }
}

fn failed(error: EvpError) -> Failure {
    Failure::local("the key cannot be used", error)
}
