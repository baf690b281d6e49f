//! Authenticated encryption with associated data (RFC 5116).

/// An algorithm that `EncryptAlg` can name. Both take nonces of [`Aead::NONCE`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aead {
    /// AES-GCM (NIST SP 800-38D) with a key of 128, 192 or 256 bits.
    AesGcm,
    /// ChaCha20-Poly1305 (RFC 8439) with a key of 256 bits.
    ChaCha20Poly1305,
}

impl Aead {
    /// Every algorithm.
    pub const ALL: [Self; 2] = [Self::AesGcm, Self::ChaCha20Poly1305];
    /// The length of a nonce in bytes.
    pub const NONCE: usize = 12;
    /// The key lengths that at least one algorithm takes, in bytes.
    pub const KEYS: [usize; 3] = [16, 24, 32];

    /// The name in profiles and descriptors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesGcm => "aes-gcm",
            Self::ChaCha20Poly1305 => "chacha20-poly1305",
        }
    }
}
