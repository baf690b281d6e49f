//! The library's key object: parsed, checked, owned once.

use std::ptr::{NonNull, null, null_mut};

use super::{EvpError, cursor, ffi};
use crate::algorithm::{Curve, KeyType, MlDsa};

/// An owned `EVP_PKEY`.
pub(super) struct Key(NonNull<ffi::EVP_PKEY>);

// SAFETY: AWS-LC allows a key to be used and freed on any thread: its reference count is atomic and nothing in it is
// bound to a thread.
unsafe impl Send for Key {}
// SAFETY: after construction this module calls only functions that `openssl/evp.h` documents as not mutating the key for
// purposes of thread safety (sign, verify, compare, size, marshal, raw octets); what they cache inside an RSA key is under the key's own lock.
unsafe impl Sync for Key {}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: `self` owns one reference, released here and nowhere else.
        unsafe { ffi::EVP_PKEY_free(self.as_ptr()) }
    }
}

impl Key {
    pub(super) fn as_ptr(&self) -> *mut ffi::EVP_PKEY {
        self.0.as_ptr()
    }

    /// Takes over the one reference that the caller has.
    pub(super) fn owned(key: NonNull<ffi::EVP_PKEY>) -> Self {
        Self(key)
    }

    /// Another reference to the same key.
    pub(super) fn share(&self) -> Self {
        // SAFETY: the pointer is a live key, whose count is raised by the reference that is returned. It cannot fail.
        unsafe { ffi::EVP_PKEY_up_ref(self.as_ptr()) };
        Self(self.0)
    }

    fn new() -> Option<Self> {
        // SAFETY: the function has no preconditions; the caller of it owns the reference that it returns.
        NonNull::new(unsafe { ffi::EVP_PKEY_new() }).map(Self)
    }

    pub(super) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let mut rest = cursor(der);
        // SAFETY: `rest` reads inside `der`, which outlives the call; the reference returned is ours.
        let key = NonNull::new(unsafe { ffi::EVP_parse_private_key(&mut rest) }).map(Self)?;
        (rest.len == 0).then_some(key)
    }

    pub(super) fn from_spki(der: &[u8]) -> Option<Self> {
        let mut rest = cursor(der);
        // SAFETY: as in `from_pkcs8`.
        let key = NonNull::new(unsafe { ffi::EVP_parse_public_key(&mut rest) }).map(Self)?;
        (rest.len == 0).then_some(key)
    }

    pub(super) fn from_sec1(der: &[u8]) -> Option<Self> {
        let key = Self::new()?;
        let mut rest = cursor(der);
        // SAFETY: `rest` reads inside `der`; a null group asks for the curve inside the DER. The EC key belongs to `key`
        // once the assignment succeeds, and is freed here when it does not (freeing null does nothing).
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
        // SAFETY: the slice is readable for its length, all of which the function wants used. Ownership as in
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

    /// How many bytes a signature of this private key has at most.
    pub(super) fn signature_capacity(&self) -> Result<usize, EvpError> {
        // SAFETY: the pointer is a live key.
        usize::try_from(unsafe { ffi::EVP_PKEY_size(self.as_ptr()) }).map_err(|_| EvpError::Failed)
    }

    /// The octets of an Ed25519 or ML-DSA public key; `None` for other kinds.
    pub(super) fn raw_public(&self) -> Option<Vec<u8>> {
        let mut length = 0;
        // SAFETY: the pointer is a live key; without a buffer the function writes the length that it wants.
        if 1 != unsafe { ffi::EVP_PKEY_get_raw_public_key(self.as_ptr(), null_mut(), &mut length) } {
            return None;
        }
        let mut octets = vec![0; length];
        // SAFETY: `length` holds the capacity of `octets` and receives what was written.
        let written =
            unsafe { ffi::EVP_PKEY_get_raw_public_key(self.as_ptr(), octets.as_mut_ptr(), &mut length) };
        (written == 1 && length == octets.len()).then_some(octets)
    }

    /// Kind and size, `None` for kinds and curves that the broker does not use; checks a public EC key.
    pub(super) fn kind(&self) -> Result<Option<KeyType>, EvpError> {
        // SAFETY: the pointer is a live key; the functions read it.
        let (id, bits) = unsafe { (ffi::EVP_PKEY_id(self.as_ptr()), ffi::EVP_PKEY_bits(self.as_ptr())) };
        Ok(match id {
            ffi::EVP_PKEY_RSA => {
                Some(KeyType::Rsa { bits: u32::try_from(bits).map_err(|_| EvpError::BadKey)? })
            }
            ffi::EVP_PKEY_EC => self.curve()?.map(KeyType::Ec),
            ffi::EVP_PKEY_ED25519 => Some(KeyType::Ed25519),
            // The FIPS module's library cannot be asked for the set; FIPS 204 table 2 has a signature length of each.
            // SAFETY: the pointer is a live key.
            ffi::EVP_PKEY_PQDSA => match unsafe { ffi::EVP_PKEY_size(self.as_ptr()) } {
                2420 => Some(KeyType::MlDsa(MlDsa::MlDsa44)),
                3309 => Some(KeyType::MlDsa(MlDsa::MlDsa65)),
                4627 => Some(KeyType::MlDsa(MlDsa::MlDsa87)),
                _ => None,
            },
            _ => None,
        })
    }

    /// The curve of an EC key, after checking that the curve is named and that a public point is right for it. A private
    /// key has had its scalar and point checked when it was parsed, at the price of making the point anew: once is enough.
    fn curve(&self) -> Result<Option<Curve>, EvpError> {
        // SAFETY: the pointer is a live EC key; `ec` and its group stay its own and live as long.
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

    /// Whether an RSA private key has its public exponent and primes. The library also accepts keys stripped of them,
    /// which it can neither check nor compare.
    pub(super) fn has_rsa_factors(&self) -> bool {
        let (mut p, mut q) = (null(), null());
        // SAFETY: the pointer is a live RSA key; the pointers received stay the key's.
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
