//! Hash functions from RustCrypto and from AWS-LC.

use aws_lc_rs::digest as aws;
use sha2::Digest;
use shake::{ExtendableOutput, Update, XofReader};

use super::evp;
use crate::algorithm::{HashAlgorithm, SkiHash};

/// One hash function of one library.
#[derive(Debug)]
struct Function {
    /// Writes the digest of the first argument into the second. The second has the function's own length or, for an
    /// extendable-output function, any length.
    digest: fn(&[u8], &mut [u8]),
    /// Starts a digest of input that arrives in parts.
    start: fn() -> Box<dyn Hasher>,
}

/// A digest of input that arrives in parts. It equals the digest of the concatenated parts.
pub trait Hasher: Send {
    /// Hashes the next part.
    fn update(&mut self, input: &[u8]);

    /// Writes the digest into `output`, which has the same length as for [`HashTable::digest`].
    ///
    /// # Panics
    /// Panics like [`HashTable::digest`].
    fn finish(self: Box<Self>, output: &mut [u8]);
}

/// The hash functions of one library.
#[derive(Debug)]
pub struct HashTable {
    sha256: Function,
    sha384: Function,
    sha512: Function,
    sha512_256: Function,
    sha3_256: Function,
    sha3_384: Function,
    sha3_512: Function,
    shake128: Function,
    shake256: Function,
}

impl HashTable {
    /// Hashes `input` into `output`, whose length in bytes is the algorithm's own
    /// ([`HashAlgorithm::default_output_length`]) or, for SHAKE, any length.
    ///
    /// # Panics
    /// Panics if `output` of a fixed-length algorithm has another length, because a truncated digest has different security
    /// properties. No request can cause this.
    pub fn digest(&self, algorithm: HashAlgorithm, input: &[u8], output: &mut [u8]) {
        (self.function(algorithm).digest)(input, output);
    }

    /// Starts a digest of input that arrives in parts.
    pub fn start(&self, algorithm: HashAlgorithm) -> Box<dyn Hasher> {
        (self.function(algorithm).start)()
    }

    const fn function(&self, algorithm: HashAlgorithm) -> &Function {
        match algorithm {
            HashAlgorithm::Sha256 => &self.sha256,
            HashAlgorithm::Sha384 => &self.sha384,
            HashAlgorithm::Sha512 => &self.sha512,
            HashAlgorithm::Sha512_256 => &self.sha512_256,
            HashAlgorithm::Sha3_256 => &self.sha3_256,
            HashAlgorithm::Sha3_384 => &self.sha3_384,
            HashAlgorithm::Sha3_512 => &self.sha3_512,
            HashAlgorithm::Shake128 => &self.shake128,
            HashAlgorithm::Shake256 => &self.shake256,
        }
    }
}

/// RustCrypto.
pub static NATIVE: HashTable = HashTable {
    sha256: fixed::<sha2::Sha256>(),
    sha384: fixed::<sha2::Sha384>(),
    sha512: fixed::<sha2::Sha512>(),
    sha512_256: fixed::<sha2::Sha512_256>(),
    sha3_256: fixed::<sha3::Sha3_256>(),
    sha3_384: fixed::<sha3::Sha3_384>(),
    sha3_512: fixed::<sha3::Sha3_512>(),
    shake128: extendable::<shake::Shake128>(),
    shake256: extendable::<shake::Shake256>(),
};

/// Creates the entry of a hash function of AWS-LC.
macro_rules! aws_lc {
    ($algorithm:ident) => {
        Function {
            digest: |input, output| {
                output.copy_from_slice(aws::digest(&aws::$algorithm, input).as_ref());
            },
            start: || Box::new(aws::Context::new(&aws::$algorithm)),
        }
    };
}

/// AWS-LC.
pub static AWS_LC: HashTable = HashTable {
    sha256: aws_lc!(SHA256),
    sha384: aws_lc!(SHA384),
    sha512: aws_lc!(SHA512),
    sha512_256: aws_lc!(SHA512_256),
    sha3_256: aws_lc!(SHA3_256),
    sha3_384: aws_lc!(SHA3_384),
    sha3_512: aws_lc!(SHA3_512),
    shake128: Function { digest: evp::shake128, start: || Box::new(evp::Shake::shake128()) },
    shake256: Function { digest: evp::shake256, start: || Box::new(evp::Shake::shake256()) },
};

/// Returns the complete digest for a subject key identifier (RFC 5280 4.2.1.2 method 1, RFC 7093); the caller
/// truncates it to 20 bytes. Method 1 requires SHA-1, which only identifies a key here and protects nothing.
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

const fn fixed<D: Digest + Send + 'static>() -> Function {
    Function {
        digest: |input, output| output.copy_from_slice(&D::digest(input)),
        start: || Box::new(Fixed(D::new())),
    }
}

const fn extendable<D: Default + Update + ExtendableOutput + Send + 'static>() -> Function {
    Function {
        digest: |input, output| {
            let mut hasher = D::default();
            hasher.update(input);
            hasher.finalize_xof().read(output);
        },
        start: || Box::new(Extendable(D::default())),
    }
}

struct Fixed<D>(D);

impl<D: Digest + Send> Hasher for Fixed<D> {
    fn update(&mut self, input: &[u8]) {
        self.0.update(input);
    }

    fn finish(self: Box<Self>, output: &mut [u8]) {
        output.copy_from_slice(&self.0.finalize());
    }
}

struct Extendable<D>(D);

impl<D: Update + ExtendableOutput + Send> Hasher for Extendable<D> {
    fn update(&mut self, input: &[u8]) {
        self.0.update(input);
    }

    fn finish(self: Box<Self>, output: &mut [u8]) {
        self.0.finalize_xof().read(output);
    }
}

impl Hasher for aws::Context {
    fn update(&mut self, input: &[u8]) {
        Self::update(self, input);
    }

    fn finish(self: Box<Self>, output: &mut [u8]) {
        output.copy_from_slice((*self).finish().as_ref());
    }
}

impl Hasher for evp::Shake {
    fn update(&mut self, input: &[u8]) {
        Self::update(self, input);
    }

    fn finish(self: Box<Self>, output: &mut [u8]) {
        Self::finish(*self, output);
    }
}

#[cfg(test)]
mod tests;
