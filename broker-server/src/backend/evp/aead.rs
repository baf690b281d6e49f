//! AES-GCM and ChaCha20-Poly1305. The safe API of `aws-lc-rs` supports only tags of 128 bits; this interface sets the
//! length of the tag together with the key, and verifies only tags of exactly that length.

use std::{
    fmt,
    ptr::{NonNull, null},
};

use aws_lc_rs::rand;

use super::{ErrorQueue, ffi};
use crate::algorithm::Aead;

/// Why an encryption or decryption failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// The algorithm has no keys of this length.
    #[error("the algorithm does not support keys of this length")]
    KeyLength,
    /// The algorithm has no tags of this length.
    #[error("the algorithm does not support tags of this length")]
    TagLength,
    /// Key, nonce, associated data, ciphertext and tag do not belong together.
    #[error("authentication failed")]
    Authentication,
    /// The crypto library failed for a reason that the caller did not cause.
    #[error("the crypto library failed")]
    Failed,
}

/// A key with its algorithm and tag length. The key is wiped when the context is dropped.
pub struct AeadContext {
    context: NonNull<ffi::EVP_AEAD_CTX>,
    tag_length: usize,
}

impl AeadContext {
    /// Creates a context. AES-GCM supports keys of 16, 24 and 32 bytes and tags of 12 to 16 bytes (SP 800-38D 5.2.1.2,
    /// without the short tags for special uses). ChaCha20-Poly1305 supports keys of 32 and tags of 16 bytes (RFC 8439 2.8).
    pub fn new(algorithm: Aead, key: &[u8], tag_length: usize) -> Result<Self, CipherError> {
        let _errors = ErrorQueue;
        tag_fits(algorithm, tag_length)?;
        // SAFETY: The functions have no preconditions and return pointers to statics.
        let cipher = unsafe {
            match (algorithm, key.len()) {
                (Aead::AesGcm, 16) => ffi::EVP_aead_aes_128_gcm(),
                (Aead::AesGcm, 24) => ffi::EVP_aead_aes_192_gcm(),
                (Aead::AesGcm, 32) => ffi::EVP_aead_aes_256_gcm(),
                (Aead::ChaCha20Poly1305, 32) => ffi::EVP_aead_chacha20_poly1305(),
                _ => return Err(CipherError::KeyLength),
            }
        };
        Self::of(cipher, key, tag_length)
    }

    fn of(cipher: *const ffi::EVP_AEAD, key: &[u8], tag_length: usize) -> Result<Self, CipherError> {
        // SAFETY: `cipher` is one of the library's statics; `key` is readable for its length and is copied into the
        // context, which this function owns.
        let context = unsafe { ffi::EVP_AEAD_CTX_new(cipher, key.as_ptr(), key.len(), tag_length) };
        let context = NonNull::new(context).ok_or(CipherError::Failed)?;
        Ok(Self { context, tag_length })
    }

    /// Encrypts `text` in place with a random nonce, and returns the nonce and the tag. The arguments are those of
    /// [`Self::new`] and [`Self::seal`]. The library itself generates the nonces of AES-GCM with keys of 16 and 32 bytes,
    /// because a FIPS module approves no others (SP 800-38D 8.2.2, FIPS 140-3 IG C.H).
    pub fn seal_random(
        algorithm: Aead,
        key: &[u8],
        tag_length: usize,
        associated_data: &[u8],
        text: &mut [u8],
    ) -> Result<([u8; Aead::NONCE], Vec<u8>), CipherError> {
        let _errors = ErrorQueue;
        tag_fits(algorithm, tag_length)?;
        // SAFETY: The functions have no preconditions and return pointers to statics.
        let cipher = unsafe {
            match (algorithm, key.len()) {
                (Aead::AesGcm, 16) => ffi::EVP_aead_aes_128_gcm_randnonce(),
                (Aead::AesGcm, 32) => ffi::EVP_aead_aes_256_gcm_randnonce(),
                _ => {
                    let mut nonce = [0; Aead::NONCE];
                    rand::fill(&mut nonce).map_err(|_| CipherError::Failed)?;
                    let tag = Self::new(algorithm, key, tag_length)?.seal(&nonce, associated_data, text)?;
                    return Ok((nonce, tag));
                }
            }
        };
        // These ciphers append the nonce to the tag and include it in the tag length.
        let context = Self::of(cipher, key, tag_length + Aead::NONCE)?;
        let mut tag = context.seal_under(&[], associated_data, text)?;
        let nonce = *tag.last_chunk().ok_or(CipherError::Failed)?;
        tag.truncate(tag_length);
        Ok((nonce, tag))
    }

    /// Encrypts `text` in place and returns the tag. After an error, `text` is all zeros.
    pub fn seal(
        &self,
        nonce: &[u8; Aead::NONCE],
        associated_data: &[u8],
        text: &mut [u8],
    ) -> Result<Vec<u8>, CipherError> {
        self.seal_under(nonce, associated_data, text)
    }

    fn seal_under(
        &self,
        nonce: &[u8],
        associated_data: &[u8],
        text: &mut [u8],
    ) -> Result<Vec<u8>, CipherError> {
        let _errors = ErrorQueue;
        let mut tag = vec![0; self.tag_length];
        let mut written = 0;
        let (length, text) = (text.len(), text.as_mut_ptr());
        // SAFETY: The context is live. `text` is readable and writable for `length` bytes, and input and output may be the
        // same buffer; `tag` is a different buffer, writable for its length; `nonce` and `associated_data` are readable for
        // their lengths. The extra input is null and has length 0.
        let sealed = unsafe {
            ffi::EVP_AEAD_CTX_seal_scatter(
                self.context.as_ptr(),
                text,
                tag.as_mut_ptr(),
                &mut written,
                tag.len(),
                nonce.as_ptr(),
                nonce.len(),
                text,
                length,
                null(),
                0,
                associated_data.as_ptr(),
                associated_data.len(),
            )
        };
        if sealed == 1 && written == tag.len() { Ok(tag) } else { Err(CipherError::Failed) }
    }

    /// Authenticates the message and decrypts `text` in place. Fails with `Authentication` if the message is not
    /// authentic or if the tag does not have the context's length. Then `text` is all zeros.
    pub fn open(
        &self,
        nonce: &[u8; Aead::NONCE],
        associated_data: &[u8],
        text: &mut [u8],
        tag: &[u8],
    ) -> Result<(), CipherError> {
        let _errors = ErrorQueue;
        let (length, text) = (text.len(), text.as_mut_ptr());
        // SAFETY: The conditions are those in `seal_under`; `tag` is only read.
        let opened = unsafe {
            ffi::EVP_AEAD_CTX_open_gather(
                self.context.as_ptr(),
                text,
                nonce.as_ptr(),
                nonce.len(),
                text,
                length,
                tag.as_ptr(),
                tag.len(),
                associated_data.as_ptr(),
                associated_data.len(),
            )
        };
        if opened == 1 { Ok(()) } else { Err(CipherError::Authentication) }
    }
}

fn tag_fits(algorithm: Aead, length: usize) -> Result<(), CipherError> {
    let tags = match algorithm {
        Aead::AesGcm => 12..=16,
        Aead::ChaCha20Poly1305 => 16..=16,
    };
    // The library would interpret 0 as its default.
    if tags.contains(&length) { Ok(()) } else { Err(CipherError::TagLength) }
}

impl Drop for AeadContext {
    fn drop(&mut self) {
        // SAFETY: `self` is the only owner. The library wipes the memory that it frees, including the key.
        unsafe { ffi::EVP_AEAD_CTX_free(self.context.as_ptr()) }
    }
}

impl fmt::Debug for AeadContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AeadContext([redacted])")
    }
}
