//! Authenticated encryption with associated data (RFC 5116), from AWS-LC.

use std::fmt;

use super::evp::AeadContext;
use crate::algorithm::Aead;

pub use super::evp::CipherError;

/// The algorithm, key and tag length to encrypt a message with.
#[derive(Clone, Copy)]
pub struct Cipher<'a> {
    /// The algorithm.
    pub algorithm: Aead,
    /// The key: 16, 24 or 32 bytes for AES-GCM, 32 for ChaCha20-Poly1305.
    pub key: &'a [u8],
    /// The length of the tag in bytes: 12 to 16 for AES-GCM, 16 for ChaCha20-Poly1305.
    pub tag_length: usize,
}

impl fmt::Debug for Cipher<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cipher")
            .field("algorithm", &self.algorithm)
            .field("tag_length", &self.tag_length)
            .finish_non_exhaustive()
    }
}

type Nonce = [u8; Aead::NONCE];
type Seal = fn(&Cipher<'_>, &Nonce, &[u8], &mut [u8]) -> Result<Vec<u8>, CipherError>;
type SealRandom = fn(&Cipher<'_>, &[u8], &mut [u8]) -> Result<(Nonce, Vec<u8>), CipherError>;
type Open = fn(&Cipher<'_>, &Nonce, &[u8], &mut [u8], &[u8]) -> Result<(), CipherError>;

/// The authenticated ciphers of one library.
#[derive(Debug)]
pub struct AeadTable {
    seal: Seal,
    seal_random: SealRandom,
    open: Open,
}

impl AeadTable {
    /// Encrypts `text` in place and returns the tag. After an error, `text` is not the ciphertext.
    pub fn seal(
        &self,
        cipher: &Cipher<'_>,
        nonce: &Nonce,
        associated_data: &[u8],
        text: &mut [u8],
    ) -> Result<Vec<u8>, CipherError> {
        (self.seal)(cipher, nonce, associated_data, text)
    }

    /// Encrypts `text` in place with a random nonce from the library, and returns the nonce and the tag. After an error,
    /// `text` is not the ciphertext.
    pub fn seal_random(
        &self,
        cipher: &Cipher<'_>,
        associated_data: &[u8],
        text: &mut [u8],
    ) -> Result<(Nonce, Vec<u8>), CipherError> {
        (self.seal_random)(cipher, associated_data, text)
    }

    /// Authenticates the message and decrypts `text` in place.
    ///
    /// # Errors
    /// Fails with [`CipherError::Authentication`] if the message is not authentic, or if `tag` does not have the length in
    /// `cipher`. Then `text` contains no part of the plaintext.
    pub fn open(
        &self,
        cipher: &Cipher<'_>,
        nonce: &Nonce,
        associated_data: &[u8],
        text: &mut [u8],
        tag: &[u8],
    ) -> Result<(), CipherError> {
        (self.open)(cipher, nonce, associated_data, text, tag)
    }
}

/// AWS-LC. Both libraries of the profile language use it.
pub static AWS_LC: AeadTable = AeadTable {
    seal: |cipher, nonce, associated_data, text| context(cipher)?.seal(nonce, associated_data, text),
    seal_random: |cipher, associated_data, text| {
        let Cipher { algorithm, key, tag_length } = *cipher;
        AeadContext::seal_random(algorithm, key, tag_length, associated_data, text)
    },
    open: |cipher, nonce, associated_data, text, tag| {
        context(cipher)?.open(nonce, associated_data, text, tag)
    },
};

fn context(cipher: &Cipher<'_>) -> Result<AeadContext, CipherError> {
    AeadContext::new(cipher.algorithm, cipher.key, cipher.tag_length)
}

#[cfg(test)]
mod tests;
