//! Hash functions, once from RustCrypto and once from AWS-LC.

use aws_lc_rs::digest as aws;
use sha2::Digest;
use shake::{ExtendableOutput, Update, XofReader};

use super::evp;
use crate::algorithm::{HashAlgorithm, SkiHash};

/// Writes the digest of the first argument into the second, which has the function's own length or, for an
/// extendable-output function, any.
type HashFunction = fn(&[u8], &mut [u8]);

/// The hash functions of one library.
#[derive(Debug)]
pub struct HashTable {
    sha256: HashFunction,
    sha384: HashFunction,
    sha512: HashFunction,
    sha512_256: HashFunction,
    sha3_256: HashFunction,
    sha3_384: HashFunction,
    sha3_512: HashFunction,
    shake128: HashFunction,
    shake256: HashFunction,
}

impl HashTable {
    /// Hashes `input` into `output`, whose length in bytes is the algorithm's own
    /// ([`HashAlgorithm::default_output_length`]) or, for SHAKE, any.
    ///
    /// # Panics
    /// When `output` of a fixed-length algorithm has another length: a truncated digest is a different promise, and no
    /// request can cause it.
    pub fn digest(&self, algorithm: HashAlgorithm, input: &[u8], output: &mut [u8]) {
        let function = match algorithm {
            HashAlgorithm::Sha256 => self.sha256,
            HashAlgorithm::Sha384 => self.sha384,
            HashAlgorithm::Sha512 => self.sha512,
            HashAlgorithm::Sha512_256 => self.sha512_256,
            HashAlgorithm::Sha3_256 => self.sha3_256,
            HashAlgorithm::Sha3_384 => self.sha3_384,
            HashAlgorithm::Sha3_512 => self.sha3_512,
            HashAlgorithm::Shake128 => self.shake128,
            HashAlgorithm::Shake256 => self.shake256,
        };
        function(input, output);
    }
}

/// RustCrypto.
pub static NATIVE: HashTable = HashTable {
    sha256: fixed::<sha2::Sha256>,
    sha384: fixed::<sha2::Sha384>,
    sha512: fixed::<sha2::Sha512>,
    sha512_256: fixed::<sha2::Sha512_256>,
    sha3_256: fixed::<sha3::Sha3_256>,
    sha3_384: fixed::<sha3::Sha3_384>,
    sha3_512: fixed::<sha3::Sha3_512>,
    shake128: extendable::<shake::Shake128>,
    shake256: extendable::<shake::Shake256>,
};

/// AWS-LC.
pub static AWS_LC: HashTable = HashTable {
    sha256: |input, output| aws_lc(&aws::SHA256, input, output),
    sha384: |input, output| aws_lc(&aws::SHA384, input, output),
    sha512: |input, output| aws_lc(&aws::SHA512, input, output),
    sha512_256: |input, output| aws_lc(&aws::SHA512_256, input, output),
    sha3_256: |input, output| aws_lc(&aws::SHA3_256, input, output),
    sha3_384: |input, output| aws_lc(&aws::SHA3_384, input, output),
    sha3_512: |input, output| aws_lc(&aws::SHA3_512, input, output),
    shake128: evp::shake128,
    shake256: evp::shake256,
};

/// The whole digest for a subject key identifier (RFC 5280 4.2.1.2 method 1, RFC 7093); the caller cuts it to 20 bytes.
/// SHA-1 is here because method 1 names it: it identifies a key and protects nothing.
pub fn ski_digest(algorithm: SkiHash, input: &[u8]) -> Vec<u8> {
    match algorithm {
        SkiHash::Sha1 => sha1::Sha1::digest(input).to_vec(),
        SkiHash::Sha256 => sha2::Sha256::digest(input).to_vec(),
        SkiHash::Sha384 => sha2::Sha384::digest(input).to_vec(),
        SkiHash::Sha512 => sha2::Sha512::digest(input).to_vec(),
        SkiHash::Sha512_256 => sha2::Sha512_256::digest(input).to_vec(),
        SkiHash::Sha3_256 => sha3::Sha3_256::digest(input).to_vec(),
        SkiHash::Sha3_384 => sha3::Sha3_384::digest(input).to_vec(),
        SkiHash::Sha3_512 => sha3::Sha3_512::digest(input).to_vec(),
    }
}

fn fixed<D: Digest>(input: &[u8], output: &mut [u8]) {
    output.copy_from_slice(&D::digest(input));
}

fn extendable<D: Default + Update + ExtendableOutput>(input: &[u8], output: &mut [u8]) {
    let mut hasher = D::default();
    hasher.update(input);
    hasher.finalize_xof().read(output);
}

fn aws_lc(algorithm: &'static aws::Algorithm, input: &[u8], output: &mut [u8]) {
    output.copy_from_slice(aws::digest(algorithm, input).as_ref());
}

#[cfg(test)]
mod tests;
