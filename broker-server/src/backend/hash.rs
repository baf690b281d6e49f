//! Hash functions, once from RustCrypto and once from AWS-LC.
use crate::algorithm::{HashAlgorithm, SkiHash};

/// The hash functions of one library.
#[derive(Debug)]
pub struct HashTable {}

impl HashTable {
    /// Hashes `input` into `output`, whose length is the algorithm's own (or, for SHAKE, any).
    pub fn digest(&self, algorithm: HashAlgorithm, input: &[u8], output: &mut [u8]) {
        todo!()
    }
}

/// RustCrypto.
pub static NATIVE: HashTable = HashTable {};
/// AWS-LC.
pub static AWS_LC: HashTable = HashTable {};

/// The whole digest for a subject key identifier; the caller cuts it to 20 bytes.
pub fn ski_digest(algorithm: SkiHash, input: &[u8]) -> Vec<u8> {
    todo!()
}
