//! Generates private keys from the library's random numbers or from a seed.

use std::{
    ffi::c_int,
    ptr::{NonNull, null_mut},
};

use super::{ErrorQueue, EvpError, PrivateKey, ffi, key::Key, key_context::KeyContext};
use crate::algorithm::{Curve, KeyType, MlDsa};

impl PrivateKey {
    /// Generates a key. RSA keys have the public exponent 65537 and a modulus of 2048 to 16384 bits in steps of 128,
    /// because the library would round down other lengths; fails with `BadKey` for these. Keys of 4096 bits and more
    /// take seconds.
    pub fn generate(kind: KeyType) -> Result<Self, EvpError> {
        let _errors = ErrorQueue;
        let context = KeyContext::for_kind(match kind {
            KeyType::Rsa { .. } => ffi::EVP_PKEY_RSA,
            KeyType::Ec(_) => ffi::EVP_PKEY_EC,
            KeyType::Ed25519 => ffi::EVP_PKEY_ED25519,
            KeyType::MlDsa(_) => ffi::EVP_PKEY_PQDSA,
        })
        .ok_or(EvpError::Failed)?;
        // SAFETY: The context is new.
        if 1 != unsafe { ffi::EVP_PKEY_keygen_init(context.as_ptr()) } {
            return Err(EvpError::Failed);
        }
        // SAFETY: The context is initialized for the kind whose parameter is set.
        let parameters = unsafe {
            match kind {
                KeyType::Rsa { bits } => {
                    let bits = rsa_bits(bits).ok_or(EvpError::BadKey)?;
                    ffi::EVP_PKEY_CTX_set_rsa_keygen_bits(context.as_ptr(), bits)
                }
                KeyType::Ec(curve) => {
                    ffi::EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.as_ptr(), curve_nid(curve))
                }
                KeyType::Ed25519 => 1,
                KeyType::MlDsa(set) => ffi::EVP_PKEY_CTX_pqdsa_set_params(context.as_ptr(), ml_dsa_nid(set)),
            }
        };
        if parameters != 1 {
            return Err(EvpError::Failed);
        }
        let mut key = null_mut();
        // SAFETY: The context is ready; `key` receives a reference that this function owns.
        if 1 != unsafe { ffi::EVP_PKEY_keygen(context.as_ptr(), &mut key) } {
            return Err(EvpError::Failed);
        }
        Self::of_kind(kind, NonNull::new(key).map(Key::owned))
    }

    /// Derives a key from a seed: Ed25519 (RFC 8032 5.1.5), ML-DSA (xi of FIPS 204 algorithm 6). Fails with `BadKey` for
    /// kinds without seeds.
    pub fn from_seed(kind: KeyType, seed: &[u8; 32]) -> Result<Self, EvpError> {
        let _errors = ErrorQueue;
        // SAFETY: The slice is readable for its length; this function owns the returned reference.
        let key = unsafe {
            match kind {
                KeyType::Ed25519 => ffi::EVP_PKEY_new_raw_private_key(
                    ffi::EVP_PKEY_ED25519,
                    null_mut(),
                    seed.as_ptr(),
                    seed.len(),
                ),
                KeyType::MlDsa(set) => {
                    ffi::EVP_PKEY_pqdsa_new_raw_private_key(ml_dsa_nid(set), seed.as_ptr(), seed.len())
                }
                KeyType::Rsa { .. } | KeyType::Ec(_) => return Err(EvpError::BadKey),
            }
        };
        Self::of_kind(kind, NonNull::new(key).map(Key::owned))
    }

    fn of_kind(kind: KeyType, key: Option<Key>) -> Result<Self, EvpError> {
        let key = Self::checked(key.ok_or(EvpError::Failed)?).map_err(|_| EvpError::Failed)?;
        if key.key_type() == Some(kind) { Ok(key) } else { Err(EvpError::Failed) }
    }
}

fn rsa_bits(bits: u32) -> Option<c_int> {
    let usable = (2048..=16384).contains(&bits) && bits.is_multiple_of(128);
    c_int::try_from(bits).ok().filter(|_| usable)
}

fn curve_nid(curve: Curve) -> c_int {
    match curve {
        Curve::P224 => ffi::NID_secp224r1,
        Curve::P256 => ffi::NID_X9_62_prime256v1,
        Curve::P384 => ffi::NID_secp384r1,
        Curve::P521 => ffi::NID_secp521r1,
    }
}

fn ml_dsa_nid(set: MlDsa) -> c_int {
    match set {
        MlDsa::MlDsa44 => ffi::NID_MLDSA44,
        MlDsa::MlDsa65 => ffi::NID_MLDSA65,
        MlDsa::MlDsa87 => ffi::NID_MLDSA87,
    }
}
