//! Decrypts EncryptedPrivateKeyInfo (RFC 5958 3) with PBES2 (RFC 8018 6.2): PBKDF2 or scrypt, and AES-CBC.
//!
//! The costs that the file states are bounded before any work is done, so that a hostile file cannot occupy the program.

use std::num::NonZeroU32;

use aws_lc_rs::{
    cipher::{
        AES_128, AES_192, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey,
    },
    iv::FixedLength,
    pbkdf2,
};
use der::{
    Choice, Decode as _, DecodeValue, Reader as _, Sequence,
    asn1::{AnyRef, ObjectIdentifier, OctetStringRef},
};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

/// The maximum number of iterations of PBKDF2, which take a few seconds.
const MAX_ITERATIONS: u32 = 10_000_000;
/// The maximum number of bytes that scrypt may use: 128 N r (RFC 7914 2).
const MAX_SCRYPT_MEMORY: u64 = 256 << 20;
/// The maximum number of bytes that scrypt may process: 128 N r p.
const MAX_SCRYPT_WORK: u64 = 2 << 30;

/// The reason why a key cannot be decrypted.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("is not a well-formed EncryptedPrivateKeyInfo (RFC 5958 3)")]
    Malformed,
    #[error("is encrypted with {0}; convert it with `openssl pkcs8 -topk8 -v2 aes-256-cbc -in KEY -out NEW`")]
    Unsupported(String),
    #[error("has a key derivation that is too expensive: {0}")]
    Expensive(String),
    #[error("cannot be decrypted: the password is wrong, or the file is damaged")]
    WrongPassword,
}

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const SCRYPT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11591.4.11");

/// EncryptedPrivateKeyInfo.
#[derive(Sequence)]
struct EncryptedPrivateKeyInfo<'a> {
    algorithm: AlgorithmIdentifierRef<'a>,
    data: &'a OctetStringRef,
}

/// PBES2-params (RFC 8018 A.4).
#[derive(Sequence)]
struct Pbes2Parameters<'a> {
    key_derivation: AlgorithmIdentifierRef<'a>,
    encryption: AlgorithmIdentifierRef<'a>,
}

/// PBKDF2-params (RFC 8018 A.2).
#[derive(Sequence)]
struct Pbkdf2Parameters<'a> {
    salt: AnyRef<'a>,
    iterations: u64,
    key_length: Option<u64>,
    prf: Option<AlgorithmIdentifierRef<'a>>,
}

/// scrypt-params (RFC 7914 7.1).
#[derive(Sequence)]
struct ScryptParameters<'a> {
    salt: &'a OctetStringRef,
    cost: u64,
    block_size: u64,
    parallelization: u64,
    key_length: Option<u64>,
}

/// Reports whether the bytes are DER of an encrypted key: an algorithm of PKCS #5 or PKCS #12, and octets.
pub(super) fn looks_encrypted(bytes: &[u8]) -> bool {
    EncryptedPrivateKeyInfo::from_der(bytes).is_ok_and(|info| {
        let algorithm = info.algorithm.oid.to_string();
        algorithm.starts_with("1.2.840.113549.1.5.") || algorithm.starts_with("1.2.840.113549.1.12.1.")
    })
}

/// How a key is encrypted, and its ciphertext.
pub(super) struct Scheme {
    derivation: Derivation,
    cipher: &'static Algorithm,
    key_length: usize,
    iv: [u8; 16],
    ciphertext: Vec<u8>,
}

enum Derivation {
    Pbkdf2 { prf: pbkdf2::Algorithm, iterations: NonZeroU32, salt: Vec<u8> },
    Scrypt { parameters: scrypt::Params, salt: Vec<u8> },
}

impl Scheme {
    /// Reads the parameters and checks the costs.
    ///
    /// # Errors
    /// Fails where the structure or an algorithm is not supported, and where the derivation is too expensive.
    pub(super) fn parse(der: &[u8]) -> Result<Self, Error> {
        let info = EncryptedPrivateKeyInfo::from_der(der).map_err(|_| Error::Malformed)?;
        if info.algorithm.oid != PBES2 {
            return Err(Error::Unsupported(outdated(info.algorithm.oid)));
        }
        let parameters: Pbes2Parameters<'_> = parameters(&info.algorithm)?;
        let (cipher, key_length) = cipher(parameters.encryption.oid)?;
        let iv = parameters.encryption.parameters.and_then(|iv| iv.decode_as::<&OctetStringRef>().ok());
        let iv = iv.and_then(|iv| <[u8; 16]>::try_from(iv.as_bytes()).ok()).ok_or(Error::Malformed)?;
        let derivation = match parameters.key_derivation.oid {
            PBKDF2 => pbkdf2(&parameters.key_derivation, key_length)?,
            SCRYPT => scrypt(&parameters.key_derivation, key_length)?,
            other => return Err(Error::Unsupported(format!("PBES2 and the unknown key derivation {other}"))),
        };
        Ok(Self { derivation, cipher, key_length, iv, ciphertext: info.data.as_bytes().to_vec() })
    }

    /// Returns the PrivateKeyInfo.
    ///
    /// # Errors
    /// Fails with [`Error::WrongPassword`] where the result is not a PrivateKeyInfo.
    pub(super) fn decrypt(self, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut key = Zeroizing::new(vec![0; self.key_length]);
        match &self.derivation {
            Derivation::Pbkdf2 { prf, iterations, salt } => {
                pbkdf2::derive(*prf, *iterations, salt, password, &mut key);
            }
            Derivation::Scrypt { parameters, salt } => {
                scrypt::scrypt(password, salt, parameters, &mut key).map_err(|_| Error::Malformed)?;
            }
        }
        let mut buffer = Zeroizing::new(self.ciphertext);
        let key = UnboundCipherKey::new(self.cipher, &key).and_then(PaddedBlockDecryptingKey::cbc_pkcs7);
        let iv = DecryptionContext::Iv128(FixedLength::from(&self.iv));
        let length = key
            .and_then(|key| key.decrypt(&mut buffer, iv).map(|plaintext| plaintext.len()))
            .map_err(|_| Error::WrongPassword)?;
        buffer.truncate(length);
        match is_private_key_info(&buffer) {
            true => Ok(buffer),
            false => Err(Error::WrongPassword),
        }
    }
}

/// Reports whether the bytes are DER that begins as OneAsymmetricKey does (RFC 5958 2). A wrong password leaves valid padding
/// in one of 256 cases.
fn is_private_key_info(bytes: &[u8]) -> bool {
    let Ok(info) = AnyRef::from_der(bytes) else { return false };
    info.sequence(|reader| {
        reader.decode::<u8>()?;
        reader.decode::<AlgorithmIdentifierRef<'_>>()?;
        reader.decode::<&OctetStringRef>()?;
        while !reader.is_finished() {
            reader.decode::<AnyRef<'_>>()?;
        }
        Ok::<_, der::Error>(())
    })
    .is_ok()
}

fn parameters<'a, T>(algorithm: &AlgorithmIdentifierRef<'a>) -> Result<T, Error>
where
    T: Choice<'a> + DecodeValue<'a, Error = der::Error>,
{
    algorithm.parameters.and_then(|any| any.decode_as().ok()).ok_or(Error::Malformed)
}

fn pbkdf2(algorithm: &AlgorithmIdentifierRef<'_>, key_length: usize) -> Result<Derivation, Error> {
    let found: Pbkdf2Parameters<'_> = parameters(algorithm)?;
    check_key_length(found.key_length, key_length)?;
    // The alternative, otherSource, has no algorithm (RFC 8018 A.2).
    let salt: &OctetStringRef = found.salt.decode_as().map_err(|_| Error::Malformed)?;
    if found.iterations > u64::from(MAX_ITERATIONS) {
        let text =
            format!("{} iterations of PBKDF2; at most {MAX_ITERATIONS} are accepted", found.iterations);
        return Err(Error::Expensive(text));
    }
    let iterations =
        u32::try_from(found.iterations).ok().and_then(NonZeroU32::new).ok_or(Error::Malformed)?;
    let prf = match found.prf.map(|prf| prf.oid.to_string()).as_deref() {
        // hmacWithSHA1 is the default.
        None | Some("1.2.840.113549.2.7") => pbkdf2::PBKDF2_HMAC_SHA1,
        Some("1.2.840.113549.2.9") => pbkdf2::PBKDF2_HMAC_SHA256,
        Some("1.2.840.113549.2.10") => pbkdf2::PBKDF2_HMAC_SHA384,
        Some("1.2.840.113549.2.11") => pbkdf2::PBKDF2_HMAC_SHA512,
        Some(other) => {
            // RFC 8018 B.1.2
            let name = match other {
                "1.2.840.113549.2.8" => "hmacWithSHA224",
                "1.2.840.113549.2.12" => "hmacWithSHA512-224",
                "1.2.840.113549.2.13" => "hmacWithSHA512-256",
                unknown => unknown,
            };
            let text = format!(
                "PBKDF2 and the pseudorandom function {name}; HMAC with SHA-1, SHA-256, SHA-384 and SHA-512 are supported"
            );
            return Err(Error::Unsupported(text));
        }
    };
    Ok(Derivation::Pbkdf2 { prf, iterations, salt: salt.as_bytes().to_vec() })
}

fn scrypt(algorithm: &AlgorithmIdentifierRef<'_>, key_length: usize) -> Result<Derivation, Error> {
    let found: ScryptParameters<'_> = parameters(algorithm)?;
    check_key_length(found.key_length, key_length)?;
    let (n, r, p) = (found.cost, found.block_size, found.parallelization);
    let memory = n.saturating_mul(r).saturating_mul(128);
    if memory > MAX_SCRYPT_MEMORY || memory.saturating_mul(p) > MAX_SCRYPT_WORK {
        let text = format!(
            "scrypt with N = {n}, r = {r} and p = {p}; at most {} MiB (128 N r) and {} MiB (128 N r p) are accepted",
            MAX_SCRYPT_MEMORY >> 20,
            MAX_SCRYPT_WORK >> 20
        );
        return Err(Error::Expensive(text));
    }
    if n < 2 || !n.is_power_of_two() {
        return Err(Error::Malformed);
    }
    let log_n = u8::try_from(n.ilog2()).map_err(|_| Error::Malformed)?;
    let (r, p) = (u32::try_from(r), u32::try_from(p));
    let (Ok(r), Ok(p)) = (r, p) else { return Err(Error::Malformed) };
    let parameters = scrypt::Params::new(log_n, r, p).map_err(|_| Error::Malformed)?;
    Ok(Derivation::Scrypt { parameters, salt: found.salt.as_bytes().to_vec() })
}

/// Checks the length that a derivation states, which must be the cipher's (RFC 8018 A.2).
fn check_key_length(stated: Option<u64>, expected: usize) -> Result<(), Error> {
    match stated {
        Some(length) if length != expected as u64 => Err(Error::Malformed),
        _ => Ok(()),
    }
}

/// Returns a cipher and the length of its key.
fn cipher(oid: ObjectIdentifier) -> Result<(&'static Algorithm, usize), Error> {
    Ok(match oid.to_string().as_str() {
        "2.16.840.1.101.3.4.1.2" => (&AES_128, 16),
        "2.16.840.1.101.3.4.1.22" => (&AES_192, 24),
        "2.16.840.1.101.3.4.1.42" => (&AES_256, 32),
        "1.2.840.113549.3.7" => return Err(Error::Unsupported(format!("Triple-DES, {WEAK}"))),
        "1.3.14.3.2.7" => return Err(Error::Unsupported(format!("DES, {WEAK}"))),
        "1.2.840.113549.3.2" => return Err(Error::Unsupported(format!("RC2, {WEAK}"))),
        other => {
            let text = format!("PBES2 and the cipher {other}; AES in CBC mode is supported");
            return Err(Error::Unsupported(text));
        }
    })
}

const WEAK: &str = "a cipher with blocks of 64 bits, which NIST has withdrawn (SP 800-131A)";

/// Describes a scheme that is not PBES2: PBES1 (RFC 8018 6.1) and that of PKCS #12 (RFC 7292 C) encrypt with DES, RC2 or RC4.
fn outdated(oid: ObjectIdentifier) -> String {
    match oid.to_string() {
        text if text.starts_with("1.2.840.113549.1.12.1.") => {
            format!("{text}, a scheme of PKCS #12 with RC2, RC4 or Triple-DES")
        }
        text => format!("{text}, a scheme of PBES1 with DES or RC2"),
    }
}

#[cfg(test)]
mod tests;
