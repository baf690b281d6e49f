//! The EVP interface of AWS-LC: every public-key operation inside a certificate, and AWS-LC's SHAKE.
//!
//! This is the one module of the broker with `unsafe`. The safe API of `aws-lc-rs` signs only some pairings of curve and
//! hash (profiles need P-384 with SHA-512), verifies RSA only to 8192 bits (profiles allow 15380) and has no SHAKE; the
//! library below it has all three. One module does all of it, so that there is one path to review and not two
//! (`docs/adr/0003-evp-module.md`).
//!
//! The rules that keep it small: every pointer has one owner that frees it, a key is checked when it is loaded, a scheme
//! is compared with the key's kind before the library sees either, and the library's error queue is empty when a
//! function returns. AWS-LC wipes what it frees.
#![allow(unsafe_code)] // the reason is above
#![warn(clippy::undocumented_unsafe_blocks)]

use std::{
    alloc::Layout,
    ffi::{CStr, c_int},
    fmt,
    ptr::{NonNull, null, null_mut},
};

use aws_lc_sys as ffi;

use crate::algorithm::{Curve, KeyForm, KeyType, MlDsa, SignatureHash, SignatureScheme};

mod ml_dsa;
mod types;
mod xof;

pub use types::EvpError;
pub use xof::Xof;

#[cfg(test)]
mod tests;

/// A private key inside the library; wiped when dropped.
pub struct PrivateKey {
    key: Key,
    kind: Option<KeyType>,
}

impl PrivateKey {
    /// Loads and checks a key. `BadKey` when the DER is malformed or has bytes after its end, when an EC key has
    /// explicit parameters (RFC 5480 2.1.1) or a public half that is not its own, and when the numbers of an RSA key
    /// do not belong together. The primes of an RSA key are not tested for primality: that costs more than a signature.
    pub fn from_der(form: KeyForm, der: &[u8]) -> Result<Self, EvpError> {
        let _errors = ErrorQueue;
        if der.len() > MAX_PRIVATE_KEY_DER {
            return Err(EvpError::BadKey);
        }
        let key = match form {
            KeyForm::Pkcs8 => Key::from_pkcs8(der),
            KeyForm::Sec1 => Key::from_sec1(der),
            KeyForm::Pkcs1 => Key::from_pkcs1(der),
        }
        .ok_or(EvpError::BadKey)?;
        let kind = key.kind()?;
        let complete = match kind {
            Some(KeyType::Rsa { .. }) => key.has_rsa_factors(),
            Some(KeyType::MlDsa(_)) => ml_dsa::private_key_is_exact(der),
            _ => true,
        };
        if complete { Ok(Self { key, kind }) } else { Err(EvpError::BadKey) }
    }

    /// Kind and size; `None` for a kind that the broker does not use.
    pub fn key_type(&self) -> Option<KeyType> {
        self.kind
    }

    /// Whether this is the private half of `public`.
    pub fn matches(&self, public: &PublicKey) -> bool {
        let _errors = ErrorQueue;
        // SAFETY: both pointers are live keys; the function reads them.
        1 == unsafe { ffi::EVP_PKEY_cmp(self.key.as_ptr(), public.key.as_ptr()) }
    }

    /// Signs `message`. ECDSA as DER (Ecdsa-Sig-Value), RSA PKCS#1 v1.5, Ed25519 and ML-DSA pure with empty context.
    /// `BadKey` when the scheme is not this key's, or an RSA key is too short for the hash or not made of primes.
    pub fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, EvpError> {
        let _errors = ErrorQueue;
        let (digest, failure) = match (scheme, self.kind) {
            // RFC 8017 9.2: the shortest encoding of a SHA-2 digest is itself, 19 bytes before it and 11 of padding.
            (SignatureScheme::RsaPkcs1(hash), Some(KeyType::Rsa { bits })) => {
                if bits.div_ceil(8) < hash.length() + 19 + 11 {
                    return Err(EvpError::BadKey);
                }
                (digest(hash), EvpError::BadKey)
            }
            (SignatureScheme::Ecdsa(hash), Some(KeyType::Ec(_))) => (digest(hash), EvpError::Failed),
            (SignatureScheme::Ed25519, Some(KeyType::Ed25519)) => (null(), EvpError::Failed),
            (SignatureScheme::MlDsa(asked), Some(KeyType::MlDsa(set))) if asked == set => {
                (null(), EvpError::Failed)
            }
            _ => return Err(EvpError::BadKey),
        };
        // SAFETY: the pointer is a live key.
        let size = unsafe { ffi::EVP_PKEY_size(self.key.as_ptr()) };
        let mut signature = vec![0; usize::try_from(size).map_err(|_| EvpError::Failed)?];
        let mut length = signature.len();
        let context = DigestContext::new().ok_or(EvpError::Failed)?;
        // SAFETY: the context is fresh; `digest` is null or one of the library's statics; the key outlives the context,
        // which also counts its own reference to it. `length` holds the capacity of `signature` and receives what was
        // written; `message` is readable for its length.
        let signed = unsafe {
            1 == ffi::EVP_DigestSignInit(context.as_ptr(), null_mut(), digest, null_mut(), self.key.as_ptr())
                && 1 == ffi::EVP_DigestSign(
                    context.as_ptr(),
                    signature.as_mut_ptr(),
                    &mut length,
                    message.as_ptr(),
                    message.len(),
                )
        };
        if !signed {
            return Err(failure);
        }
        signature.truncate(length);
        Ok(signature)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?}, [redacted])", self.kind)
    }
}

/// A public key inside the library.
pub struct PublicKey {
    key: Key,
    kind: Option<KeyType>,
}

impl PublicKey {
    /// Loads and checks a SubjectPublicKeyInfo: RSA to 16384 bits with an odd exponent of at most 33 bits, EC on a named
    /// curve with a point on it that is not infinity, Ed25519, ML-DSA. `BadKey` otherwise, and for bytes after the end.
    pub fn from_spki(der: &[u8]) -> Result<Self, EvpError> {
        let _errors = ErrorQueue;
        let key = Key::from_spki(der).ok_or(EvpError::BadKey)?;
        let kind = key.kind()?;
        Ok(Self { key, kind })
    }

    /// Kind and size; `None` for a kind that the broker does not use.
    pub fn key_type(&self) -> Option<KeyType> {
        self.kind
    }

    /// Verifies; `BadSignature` when it does not match, `BadKey` when the scheme is not this key's.
    pub fn verify(&self, how: SignatureScheme, message: &[u8], signature: &[u8]) -> Result<(), EvpError> {
        let _errors = ErrorQueue;
        let (digest, salt_length) = match (how, self.kind) {
            (SignatureScheme::RsaPkcs1(hash), Some(KeyType::Rsa { .. })) => (digest(hash), None),
            (SignatureScheme::RsaPss { hash, salt_length }, Some(KeyType::Rsa { bits })) => {
                // A salt longer than the modulus cannot be; the library's own arithmetic wants a small number.
                if salt_length > bits / 8 {
                    return Err(EvpError::BadSignature);
                }
                (digest(hash), Some(c_int::try_from(salt_length).map_err(|_| EvpError::BadSignature)?))
            }
            (SignatureScheme::Ecdsa(hash), Some(KeyType::Ec(_))) => (digest(hash), None),
            (SignatureScheme::Ed25519, Some(KeyType::Ed25519)) => (null(), None),
            (SignatureScheme::MlDsa(asked), Some(KeyType::MlDsa(set))) if asked == set => (null(), None),
            _ => return Err(EvpError::BadKey),
        };
        let context = DigestContext::new().ok_or(EvpError::Failed)?;
        let mut parameters = null_mut();
        // SAFETY: as in `sign`; `parameters` receives a pointer that the context owns.
        let ready = unsafe {
            1 == ffi::EVP_DigestVerifyInit(
                context.as_ptr(),
                &mut parameters,
                digest,
                null_mut(),
                self.key.as_ptr(),
            )
        };
        if !ready {
            return Err(EvpError::Failed);
        }
        if let Some(salt_length) = salt_length {
            // SAFETY: `parameters` was set by the call that succeeded above and lives as long as `context`. MGF1 takes
            // the message's hash when none is set.
            let ready = unsafe {
                1 == ffi::EVP_PKEY_CTX_set_rsa_padding(parameters, ffi::RSA_PKCS1_PSS_PADDING)
                    && 1 == ffi::EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, salt_length)
            };
            if !ready {
                return Err(EvpError::Failed);
            }
        }
        // SAFETY: the context is initialised; both slices are readable for their lengths.
        let valid = unsafe {
            1 == ffi::EVP_DigestVerify(
                context.as_ptr(),
                signature.as_ptr(),
                signature.len(),
                message.as_ptr(),
                message.len(),
            )
        };
        if valid { Ok(()) } else { Err(EvpError::BadSignature) }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?})", self.kind)
    }
}

/// SHAKE128 (FIPS 202) of `input`, as many bytes as `output` has.
pub fn shake128(input: &[u8], output: &mut [u8]) {
    // SAFETY: the function returns a pointer to a static, or null, which `extend` refuses.
    extend(unsafe { ffi::EVP_shake128() }, input, output);
}

/// SHAKE256 (FIPS 202) of `input`, as many bytes as `output` has.
pub fn shake256(input: &[u8], output: &mut [u8]) {
    // SAFETY: the function returns a pointer to a static, or null, which `extend` refuses.
    extend(unsafe { ffi::EVP_shake256() }, input, output);
}

/// The version string of the AWS-LC that is linked, such as `AWS-LC 5.12.0`, with whatever it says about itself.
pub fn library_version() -> String {
    // SAFETY: the function returns a pointer to a static string that ends with NUL, or null.
    let text = unsafe {
        let text = ffi::OpenSSL_version(ffi::OPENSSL_VERSION);
        if text.is_null() { c"AWS-LC" } else { CStr::from_ptr(text) }
    };
    text.to_string_lossy().into_owned()
}

/// Longest private key accepted, in bytes. RSA 16384 takes about 9.3 KiB; a bound before parsing keeps hostile exponents
/// from costing more than a signature does.
const MAX_PRIVATE_KEY_DER: usize = 16 * 1024;

/// An owned `EVP_PKEY`.
struct Key(NonNull<ffi::EVP_PKEY>);

// SAFETY: AWS-LC allows a key to be used and freed on any thread: its reference count is atomic and nothing in it is
// bound to a thread.
unsafe impl Send for Key {}
// SAFETY: after construction this module calls only functions that `openssl/evp.h` documents as not mutating the key for
// purposes of thread safety (sign, verify, compare, size); what they cache inside an RSA key is under the key's own lock.
unsafe impl Sync for Key {}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: `self` owns one reference, released here and nowhere else.
        unsafe { ffi::EVP_PKEY_free(self.as_ptr()) }
    }
}

impl Key {
    fn as_ptr(&self) -> *mut ffi::EVP_PKEY {
        self.0.as_ptr()
    }

    fn new() -> Option<Self> {
        // SAFETY: the function has no preconditions; the caller of it owns the reference that it returns.
        NonNull::new(unsafe { ffi::EVP_PKEY_new() }).map(Self)
    }

    fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let mut rest = cursor(der);
        // SAFETY: `rest` reads inside `der`, which outlives the call; the reference returned is ours.
        let key = NonNull::new(unsafe { ffi::EVP_parse_private_key(&mut rest) }).map(Self)?;
        (rest.len == 0).then_some(key)
    }

    fn from_spki(der: &[u8]) -> Option<Self> {
        let mut rest = cursor(der);
        // SAFETY: as in `from_pkcs8`.
        let key = NonNull::new(unsafe { ffi::EVP_parse_public_key(&mut rest) }).map(Self)?;
        (rest.len == 0).then_some(key)
    }

    fn from_sec1(der: &[u8]) -> Option<Self> {
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

    fn from_pkcs1(der: &[u8]) -> Option<Self> {
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

    /// Kind and size, `None` for kinds and curves that the broker does not use; checks an EC key.
    fn kind(&self) -> Result<Option<KeyType>, EvpError> {
        // SAFETY: the pointer is a live key; the functions read it.
        let (id, bits) = unsafe { (ffi::EVP_PKEY_id(self.as_ptr()), ffi::EVP_PKEY_bits(self.as_ptr())) };
        Ok(match id {
            ffi::EVP_PKEY_RSA => {
                Some(KeyType::Rsa { bits: u32::try_from(bits).map_err(|_| EvpError::BadKey)? })
            }
            ffi::EVP_PKEY_EC => self.curve()?.map(KeyType::Ec),
            ffi::EVP_PKEY_ED25519 => Some(KeyType::Ed25519),
            ffi::EVP_PKEY_PQDSA => {
                // SAFETY: the pointer is a live key of the kind that the function wants.
                match unsafe { ffi::EVP_PKEY_pqdsa_get_type(self.as_ptr()) } {
                    ffi::NID_MLDSA44 => Some(KeyType::MlDsa(MlDsa::MlDsa44)),
                    ffi::NID_MLDSA65 => Some(KeyType::MlDsa(MlDsa::MlDsa65)),
                    ffi::NID_MLDSA87 => Some(KeyType::MlDsa(MlDsa::MlDsa87)),
                    _ => None,
                }
            }
            _ => None,
        })
    }

    /// The curve of an EC key, after checking that the curve is named and that point and scalar are right for it.
    fn curve(&self) -> Result<Option<Curve>, EvpError> {
        // SAFETY: the pointer is a live EC key; `ec` and its group stay its own and live as long.
        let name = unsafe {
            let ec = ffi::EVP_PKEY_get0_EC_KEY(self.as_ptr());
            if ec.is_null()
                || ffi::EC_KEY_decoded_from_explicit_params(ec) != 0
                || ffi::EC_KEY_check_key(ec) != 1
            {
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
    fn has_rsa_factors(&self) -> bool {
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

/// An owned `EVP_MD_CTX`.
struct DigestContext(NonNull<ffi::EVP_MD_CTX>);

impl DigestContext {
    fn new() -> Option<Self> {
        // SAFETY: the function has no preconditions; what it returns is ours.
        NonNull::new(unsafe { ffi::EVP_MD_CTX_new() }).map(Self)
    }

    fn as_ptr(&self) -> *mut ffi::EVP_MD_CTX {
        self.0.as_ptr()
    }
}

impl Drop for DigestContext {
    fn drop(&mut self) {
        // SAFETY: `self` is the only owner.
        unsafe { ffi::EVP_MD_CTX_free(self.as_ptr()) }
    }
}

/// Empties the thread's error queue when the function that holds it returns, so that no error (which can name the
/// caller's data) waits for the next caller of the thread.
struct ErrorQueue;

impl Drop for ErrorQueue {
    fn drop(&mut self) {
        // SAFETY: the function has no preconditions.
        unsafe { ffi::ERR_clear_error() }
    }
}

#[cfg(test)]
fn error_queue_is_empty() -> bool {
    // SAFETY: the function has no preconditions.
    0 == unsafe { ffi::ERR_peek_error() }
}

/// A reader over `der`. The pointer is good for as long as the slice is.
fn cursor(der: &[u8]) -> ffi::CBS {
    ffi::CBS { data: der.as_ptr(), len: der.len() }
}

fn digest(hash: SignatureHash) -> *const ffi::EVP_MD {
    // SAFETY: the functions have no preconditions and return pointers to statics.
    unsafe {
        match hash {
            SignatureHash::Sha256 => ffi::EVP_sha256(),
            SignatureHash::Sha384 => ffi::EVP_sha384(),
            SignatureHash::Sha512 => ffi::EVP_sha512(),
        }
    }
}

/// The one way an extendable-output function can fail is that its state cannot be allocated, and that ends the process
/// as it does everywhere in Rust.
fn extend(function: *const ffi::EVP_MD, input: &[u8], output: &mut [u8]) {
    let _errors = ErrorQueue;
    let done = DigestContext::new().is_some_and(|context| {
        // SAFETY: the context is fresh; `function` is a static of the library or null; `input` is readable and `output`
        // writable for their lengths.
        unsafe {
            !function.is_null()
                && 1 == ffi::EVP_DigestInit_ex(context.as_ptr(), function, null_mut())
                && 1 == ffi::EVP_DigestUpdate(context.as_ptr(), input.as_ptr().cast(), input.len())
                && 1 == ffi::EVP_DigestFinalXOF(context.as_ptr(), output.as_mut_ptr(), output.len())
        }
    });
    if !done {
        std::alloc::handle_alloc_error(Layout::new::<ffi::EVP_MD_CTX>());
    }
}
