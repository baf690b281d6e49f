//! Executes `HashData` and `HashStream`.

use std::fmt;

use bytes::Bytes;

use crate::{
    backend::{Backend, hash::Hasher},
    policy::{
        Permit,
        permit::{HashData, HashStream},
        profile::HashDataRule,
    },
    request::HashFormat,
};

/// The length in bytes of the longest digest that is computed without the heap. Every hash of fixed length fits.
pub const MAX_DIGEST: usize = 64;

/// A digest in the format of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashValue {
    /// Lower-case hexadecimal text.
    Hex(String),
    /// The bytes of the digest.
    Raw(Bytes),
}

/// Hashes the permit's input. The digest has the algorithm's own length or, for an extendable-output function, the
/// rule's. Allocates only the result.
// The permit is taken by value so that it is used only once.
#[allow(clippy::needless_pass_by_value)]
pub fn hash_data(permit: Permit<HashData>, backend: &Backend) -> HashValue {
    let (request, rule) = (permit.request(), permit.rule());
    let digest = |output: &mut [u8]| backend.hash.digest(rule.algorithm, &request.input, output);
    hash_value(length(rule), request.format, digest)
}

/// The hash of a stream in progress. The result equals that of [`hash_data`] over the concatenated parts.
pub struct Hashing {
    permit: Permit<HashStream>,
    hasher: Box<dyn Hasher>,
}

impl Hashing {
    /// Starts the hash of an empty stream.
    pub fn start(permit: Permit<HashStream>, backend: &Backend) -> Self {
        let hasher = backend.hash.start(permit.rule().algorithm);
        Self { permit, hasher }
    }

    /// Hashes the next part of the data.
    pub fn update(&mut self, data: &[u8]) {
        self.hasher.update(data);
    }

    /// Returns the digest of all parts.
    pub fn finish(self) -> HashValue {
        let Self { permit, hasher } = self;
        hash_value(length(permit.rule()), permit.request().format, |output| hasher.finish(output))
    }
}

impl fmt::Debug for Hashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hashing").field("permit", &self.permit).finish_non_exhaustive()
    }
}

fn length(rule: &HashDataRule) -> usize {
    if rule.algorithm.is_extendable() { rule.output_length } else { rule.algorithm.default_output_length() }
}

/// Returns a digest of `length` bytes, which `digest` writes into the buffer that it receives.
fn hash_value(length: usize, format: HashFormat, digest: impl FnOnce(&mut [u8])) -> HashValue {
    match format {
        HashFormat::Raw => {
            let mut output = vec![0; length];
            digest(&mut output);
            HashValue::Raw(output.into())
        }
        HashFormat::Hex => {
            let (mut short, mut long) = ([0; MAX_DIGEST], Vec::new());
            let output = if let Some(short) = short.get_mut(..length) {
                short
            } else {
                long.resize(length, 0);
                long.as_mut_slice()
            };
            digest(output);
            HashValue::Hex(hex_text(output))
        }
    }
}

/// Encodes a digest in hexadecimal with a single allocation.
fn hex_text(digest: &[u8]) -> String {
    let mut text = vec![0; digest.len() * 2];
    for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(digest) {
        // The table has an entry for every byte, so the default is never used.
        *pair = PAIRS.get(usize::from(*byte)).copied().unwrap_or_default();
    }
    // The digits are ASCII, so this cannot fail; the slower fallback returns the same text.
    String::from_utf8(text).unwrap_or_else(|_| hex::encode(digest))
}

/// The two digits of each byte. The crate `hex` takes twice as many instructions, a tenth of those of a small hash.
#[allow(clippy::indexing_slicing, reason = "computed by the compiler")]
const PAIRS: [[u8; 2]; 256] = {
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    pairs
};
const DIGITS: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use std::sync::{Arc, LazyLock};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        algorithm::HashAlgorithm,
        backend, operation,
        policy::{
            Catalogue,
            profile::{CryptoLibrary, Profile},
        },
        request,
    };

    const BACKENDS: [&Backend; 2] = [&backend::NATIVE, &backend::AWS_LC];

    fn rule(algorithm: HashAlgorithm, output_length: usize) -> HashDataRule {
        HashDataRule { algorithm, output_length, line: 1 }
    }

    fn profile() -> Arc<Profile> {
        static CATALOGUE: LazyLock<Catalogue> =
            LazyLock::new(|| Catalogue::bundled(operation::CAPABILITIES).unwrap());
        Arc::clone(CATALOGUE.profile("Default").unwrap())
    }

    fn hash(backend: &Backend, rule: &HashDataRule, format: HashFormat, input: &[u8]) -> HashValue {
        let request = request::HashData { input: Bytes::copy_from_slice(input), format };
        hash_data(Permit::for_test(request, (), Arc::new(rule.clone()), profile()), backend)
    }

    fn stream(backend: &Backend, rule: &HashDataRule, format: HashFormat, parts: &[Vec<u8>]) -> HashValue {
        let request = request::HashStream { format };
        let permit = Permit::for_test(request, (), Arc::new(rule.clone()), profile());
        let mut hashing = Hashing::start(permit, backend);
        parts.iter().for_each(|part| hashing.update(part));
        hashing.finish()
    }

    #[test]
    fn hex_and_raw_encode_the_same_digest() {
        for backend in BACKENDS {
            for algorithm in HashAlgorithm::ALL {
                let rule = rule(algorithm, algorithm.default_output_length());
                let HashValue::Raw(raw) = hash(backend, &rule, HashFormat::Raw, b"abc") else {
                    panic!("expected raw bytes")
                };
                assert_eq!(raw.len(), rule.output_length, "{}", algorithm.name());
                let text = hash(backend, &rule, HashFormat::Hex, b"abc");
                assert_eq!(text, HashValue::Hex(hex::encode(&raw)), "{}", algorithm.name());
            }
        }
    }

    #[test]
    fn shake_output_has_length_of_the_rule() {
        for length in [1, 16, 63, 64, 65, 1000] {
            for algorithm in [HashAlgorithm::Shake128, HashAlgorithm::Shake256] {
                let rule = rule(algorithm, length);
                let native = hash(&backend::NATIVE, &rule, HashFormat::Hex, b"");
                let aws_lc = hash(&backend::AWS_LC, &rule, HashFormat::Hex, b"");
                let HashValue::Hex(text) = &native else { panic!("expected hexadecimal text") };
                assert_eq!(text.len(), 2 * length);
                assert_eq!(native, aws_lc);
            }
        }
    }

    #[test]
    fn fixed_length_hash_ignores_length_of_the_rule() {
        let value = hash(&backend::NATIVE, &rule(HashAlgorithm::Sha256, 7), HashFormat::Raw, b"");
        let HashValue::Raw(raw) = value else { panic!("expected raw bytes") };
        assert_eq!(raw.len(), 32);
    }

    #[test]
    fn profile_selects_the_library() {
        assert!(std::ptr::eq(operation::backend(CryptoLibrary::Native), &backend::NATIVE));
        assert!(std::ptr::eq(operation::backend(CryptoLibrary::AwsLc), &backend::AWS_LC));
    }

    proptest! {
        #[test]
        fn stream_hash_equals_hash_of_concatenated_parts(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..12),
            length in 1_usize..200,
        ) {
            let input = parts.concat();
            for backend in BACKENDS {
                for algorithm in HashAlgorithm::ALL {
                    let rule = rule(algorithm, length);
                    for format in [HashFormat::Hex, HashFormat::Raw] {
                        prop_assert_eq!(
                            stream(backend, &rule, format, &parts),
                            hash(backend, &rule, format, &input),
                            "{}", algorithm.name()
                        );
                    }
                }
            }
        }
    }
}
