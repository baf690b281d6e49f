//! The library's key object, with parsing, checks and ownership.

use std::ptr::{NonNull, null, null_mut};

use super::{EvpError, cursor, ffi};
use crate::algorithm::{Curve, KeyType, MlDsa};

/// An owned `EVP_PKEY`.
pub(super) struct Key(NonNull<ffi::EVP_PKEY>);

// SAFETY: AWS-LC allows using and freeing a key on any thread: its reference count is atomic, and nothing in it is
// bound to a thread.
unsafe impl Send for Key {}
// SAFETY: After construction this module calls only functions that `openssl/evp.h` documents as not mutating the key for
// purposes of thread safety (sign, verify, compare, size, marshal, raw octets). The key's own lock protects the values that
// they cache inside an RSA key.
unsafe impl Sync for Key {}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: `self` owns one reference, which is released only here.
        unsafe { ffi::EVP_PKEY_free(self.as_ptr()) }
    }
}

impl Key {
    pub(super) fn as_ptr(&self) -> *mut ffi::EVP_PKEY {
        self.0.as_ptr()
    }

    /// Takes ownership of the caller's reference.
    pub(super) fn owned(key: NonNull<ffi::EVP_PKEY>) -> Self {
        Self(key)
    }

    /// Returns another reference to the same key.
    pub(super) fn share(&self) -> Self {
        // SAFETY: The pointer is a live key; its count increases for the returned reference. The function cannot fail.
        unsafe { ffi::EVP_PKEY_up_ref(self.as_ptr()) };
        Self(self.0)
    }

    fn new() -> Option<Self> {
        // SAFETY: The function has no preconditions, and its caller owns the returned reference.
        NonNull::new(unsafe { ffi::EVP_PKEY_new() }).map(Self)
    }

    pub(super) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let mut rest = cursor(der);
        // SAFETY: `rest` points into `der`, which outlives the call; this function owns the returned reference.
        let key = NonNull::new(unsafe { ffi::EVP_parse_private_key(&mut rest) }).map(Self)?;
        (rest.len == 0).then_some(key)
    }

    pub(super) fn from_spki(der: &[u8]) -> Option<Self> {
        let mut rest = cursor(der);
        // SAFETY: The conditions are those in `from_pkcs8`.
        let key = NonNull::new(unsafe { ffi::EVP_parse_public_key(&mut rest) }).map(Self)?;
        (rest.len == 0).then_some(key)
    }

    pub(super) fn from_sec1(der: &[u8]) -> Option<Self> {
        let key = Self::new()?;
        let mut rest = cursor(der);
        // SAFETY: `rest` points into `der`; a null group selects the curve inside the DER. The EC key belongs to `key` once
        // the assignment succeeds, and is freed here otherwise (freeing null does nothing).
        unsafe {
            let ec = ffi::EC_KEY_parse_private_key(&mut rest, null());
            if ec.is_null() || 1 != ffi::EVP_PKEY_assign_EC_KEY(key.as_ptr(), ec) {
                ffi::EC_KEY_free(ec);
                return None;
            }
        }
        (rest.len == 0).then_some(key)
    }

    pub(super) fn from_pkcs1(der: &[u8]) -> Option<Self> {
        let key = Self::new()?;
        // SAFETY: The slice is readable for its length, and the function rejects trailing bytes. Ownership is as in
        // `from_sec1`.
        unsafe {
            let rsa = ffi::RSA_private_key_from_bytes(der.as_ptr(), der.len());
            if rsa.is_null() || 1 != ffi::EVP_PKEY_assign_RSA(key.as_ptr(), rsa) {
                ffi::RSA_free(rsa);
                return None;
            }
        }
        Some(key)
    }

    /// Returns the maximum length of this private key's signatures in bytes.
    pub(super) fn signature_capacity(&self) -> Result<usize, EvpError> {
        // SAFETY: The pointer is a live key.
        usize::try_from(unsafe { ffi::EVP_PKEY_size(self.as_ptr()) }).map_err(|_| EvpError::Failed)
    }

    /// Returns the octets of an Ed25519 or ML-DSA public key; `None` for other kinds.
    pub(super) fn raw_public(&self) -> Option<Vec<u8>> {
        let mut length = 0;
        // SAFETY: The pointer is a live key; without a buffer the function writes the required length.
        if 1 != unsafe { ffi::EVP_PKEY_get_raw_public_key(self.as_ptr(), null_mut(), &mut length) } {
            return None;
        }
        let mut octets = vec![0; length];
        // SAFETY: `length` holds the capacity of `octets` and receives the number of bytes written.
        let written =
            unsafe { ffi::EVP_PKEY_get_raw_public_key(self.as_ptr(), octets.as_mut_ptr(), &mut length) };
        (written == 1 && length == octets.len()).then_some(octets)
    }

    /// Returns the kind and size; `None` for kinds and curves that the broker does not use. Checks a public EC key.
    pub(super) fn kind(&self) -> Result<Option<KeyType>, EvpError> {
        // SAFETY: The pointer is a live key, which the functions only read.
        let (id, bits) = unsafe { (ffi::EVP_PKEY_id(self.as_ptr()), ffi::EVP_PKEY_bits(self.as_ptr())) };
        Ok(match id {
            ffi::EVP_PKEY_RSA => {
                Some(KeyType::Rsa { bits: u32::try_from(bits).map_err(|_| EvpError::BadKey)? })
            }
            ffi::EVP_PKEY_EC => self.curve()?.map(KeyType::Ec),
            ffi::EVP_PKEY_ED25519 => Some(KeyType::Ed25519),
            // The FIPS module's library does not report the parameter set, so the signature length identifies it (FIPS 204
            // table 2).
            // SAFETY: The pointer is a live key.
            ffi::EVP_PKEY_PQDSA => match unsafe { ffi::EVP_PKEY_size(self.as_ptr()) } {
                2420 => Some(KeyType::MlDsa(MlDsa::MlDsa44)),
                3309 => Some(KeyType::MlDsa(MlDsa::MlDsa65)),
                4627 => Some(KeyType::MlDsa(MlDsa::MlDsa87)),
                _ => None,
            },
            _ => None,
        })
    }

    /// Returns the curve of an EC key. Checks that the curve is named and that a public point is valid for it. Parsing has
    /// already checked the scalar and point of a private key by computing the point, which is too expensive to repeat.
    fn curve(&self) -> Result<Option<Curve>, EvpError> {
        // SAFETY: The pointer is a live EC key, which keeps ownership of `ec` and its group.
        let name = unsafe {
            let ec = ffi::EVP_PKEY_get0_EC_KEY(self.as_ptr());
            if ec.is_null() || ffi::EC_KEY_decoded_from_explicit_params(ec) != 0 {
                return Err(EvpError::BadKey);
            }
            if ffi::EC_KEY_get0_private_key(ec).is_null() && ffi::EC_KEY_check_key(ec) != 1 {
                return Err(EvpError::BadKey);
            }
            ffi::EC_GROUP_get_curve_name(ffi::EC_KEY_get0_group(ec))
        };
        Ok(match name {
            ffi::NID_secp224r1 => Some(Curve::P224),
            ffi::NID_X9_62_prime256v1 => Some(Curve::P256),
            ffi::NID_secp384r1 => Some(Curve::P384),
            ffi::NID_secp521r1 => Some(Curve::P521),
            _ => None,
        })
    }

    /// Reports whether an RSA private key has its public exponent and primes. The library also accepts keys without
    /// them, but can neither check nor compare such keys.
    pub(super) fn has_rsa_factors(&self) -> bool {
        let (mut p, mut q) = (null(), null());
        // SAFETY: The pointer is a live RSA key, which keeps ownership of the received pointers.
        unsafe {
            let rsa = ffi::EVP_PKEY_get0_RSA(self.as_ptr());
            if rsa.is_null() {
                return false;
            }
            ffi::RSA_get0_factors(rsa, &mut p, &mut q);
            !p.is_null() && !q.is_null() && !ffi::RSA_get0_e(rsa).is_null()
        }
    }
}
