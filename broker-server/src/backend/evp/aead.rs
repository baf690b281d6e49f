//! AES-GCM and ChaCha20-Poly1305. The safe API of `aws-lc-rs` fixes the tag at 128 bits; this interface takes the length
//! of the tag with the key, and verifies a tag of exactly that length.

use std::{
    fmt,
    ptr::{NonNull, null},
};

use super::{ErrorQueue, ffi};
use crate::algorithm::Aead;

/// Why the library did not encrypt or decrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// The algorithm has no key of that length.
    #[error("the key has a length that the algorithm does not have")]
    KeyLength,
    /// The algorithm has no tag of that length.
    #[error("the tag has a length that the algorithm does not have")]
    TagLength,
    /// Key, nonce, associated data, ciphertext and tag do not belong together.
    #[error("authentication failed")]
    Authentication,
    /// Nothing that the caller sent explains it.
    #[error("the crypto library failed")]
    Failed,
}

/// A key with its algorithm and the length of its tags; wiped when dropped.
pub struct AeadContext {
    context: NonNull<ffi::EVP_AEAD_CTX>,
    tag_length: usize,
}

impl AeadContext {
    /// `key` of 16, 24 or 32 bytes for AES-GCM, with tags of 12 to 16 bytes (SP 800-38D 5.2.1.2, without the short tags
    /// that are for special uses); of 32 for ChaCha20-Poly1305, with tags of 16 (RFC 8439 2.8).
    pub fn new(algorithm: Aead, key: &[u8], tag_length: usize) -> Result<Self, CipherError> {
        let _errors = ErrorQueue;
        let tags = match algorithm {
            Aead::AesGcm => 12..=16,
            Aead::ChaCha20Poly1305 => 16..=16,
        };
        // The library would take 0 for its own choice.
        if !tags.contains(&tag_length) {
            return Err(CipherError::TagLength);
        }
        // SAFETY: the functions have no preconditions and return pointers to statics.
        let cipher = unsafe {
            match (algorithm, key.len()) {
                (Aead::AesGcm, 16) => ffi::EVP_aead_aes_128_gcm(),
                (Aead::AesGcm, 24) => ffi::EVP_aead_aes_192_gcm(),
                (Aead::AesGcm, 32) => ffi::EVP_aead_aes_256_gcm(),
                (Aead::ChaCha20Poly1305, 32) => ffi::EVP_aead_chacha20_poly1305(),
                _ => return Err(CipherError::KeyLength),
            }
        };
        // SAFETY: `cipher` is one of the library's statics; `key` is readable for its length and is copied into the
        // context, which is ours.
        let context = unsafe { ffi::EVP_AEAD_CTX_new(cipher, key.as_ptr(), key.len(), tag_length) };
        let context = NonNull::new(context).ok_or(CipherError::Failed)?;
        Ok(Self { context, tag_length })
    }

    /// Encrypts `text` in place and returns the tag. Where it fails `text` is zeros.
    pub fn seal(
        &self,
        nonce: &[u8; Aead::NONCE],
        associated_data: &[u8],
        text: &mut [u8],
    ) -> Result<Vec<u8>, CipherError> {
        let _errors = ErrorQueue;
        let mut tag = vec![0; self.tag_length];
        let mut written = 0;
        let (length, text) = (text.len(), text.as_mut_ptr());
        // SAFETY: the context is live. `text` is readable and writable for `length` bytes, and input and output may be
        // the same buffer; `tag` is another, writable for its length; `nonce` and `associated_data` are readable for
        // theirs. There is no extra input.
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

    /// Authenticates everything and decrypts `text` in place. `Authentication` where it does not match, and where the
    /// tag has another length than this context's: then `text` is zeros.
    pub fn open(
        &self,
        nonce: &[u8; Aead::NONCE],
        associated_data: &[u8],
        text: &mut [u8],
        tag: &[u8],
    ) -> Result<(), CipherError> {
        let _errors = ErrorQueue;
        let (length, text) = (text.len(), text.as_mut_ptr());
        // SAFETY: as in `seal`; `tag` is only read.
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

impl Drop for AeadContext {
    fn drop(&mut self) {
        // SAFETY: `self` is the only owner. The library wipes the key with the memory that it frees.
        unsafe { ffi::EVP_AEAD_CTX_free(self.context.as_ptr()) }
    }
}

impl fmt::Debug for AeadContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AeadContext([redacted])")
    }
}
