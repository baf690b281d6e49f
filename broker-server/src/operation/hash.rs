//! `HashData`.

use bytes::Bytes;

use crate::{
    algorithm::HashAlgorithm,
    backend::{Backend, hash::HashTable},
    policy::{Permit, permit::HashData},
    request::HashFormat,
};

/// Longest digest that an operation makes without the heap, in bytes: every hash of fixed length fits.
pub const MAX_DIGEST: usize = 64;

/// A digest as the request wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashValue {
    /// Lower-case hexadecimal text.
    Hex(String),
    /// The bytes.
    Raw(Bytes),
}

/// Hashes the permit's input. The digest has the algorithm's own length or, for an extendable-output function, the
/// rule's. Allocates nothing but the answer.
// The permit is taken by value so that it is used once, though only its parts are read.
#[allow(clippy::needless_pass_by_value)]
pub fn hash_data(permit: Permit<HashData>, backend: &Backend) -> HashValue {
    let (request, rule) = (permit.request(), permit.rule());
    answer(backend.hash, rule.algorithm, rule.output_length, request.format, &request.input)
}

fn answer(
    table: &HashTable,
    algorithm: HashAlgorithm,
    output_length: usize,
    format: HashFormat,
    input: &[u8],
) -> HashValue {
    let length = if algorithm.is_extendable() { output_length } else { algorithm.default_output_length() };
    match format {
        HashFormat::Raw => {
            let mut digest = vec![0; length];
            table.digest(algorithm, input, &mut digest);
            HashValue::Raw(digest.into())
        }
        HashFormat::Hex => {
            let (mut short, mut long) = ([0; MAX_DIGEST], Vec::new());
            let digest = if let Some(short) = short.get_mut(..length) {
                short
            } else {
                long.resize(length, 0);
                long.as_mut_slice()
            };
            table.digest(algorithm, input, digest);
            HashValue::Hex(hex_text(digest))
        }
    }
}

/// One allocation, filled in place.
fn hex_text(digest: &[u8]) -> String {
    let mut text = vec![0; digest.len() * 2];
    // Neither step can fail (the buffer has the right length, hex is ASCII); the slower way gives the same text.
    match hex::encode_to_slice(digest, &mut text) {
        Ok(()) => String::from_utf8(text).unwrap_or_else(|_| hex::encode(digest)),
        Err(_) => hex::encode(digest),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use super::*;
    use crate::{backend, operation, policy::profile::CryptoLibrary};

    #[test]
    fn hex_and_raw_are_the_same_digest() {
        for backend in [&backend::NATIVE, &backend::AWS_LC] {
            for algorithm in HashAlgorithm::ALL {
                let length = algorithm.default_output_length();
                let HashValue::Raw(raw) = answer(backend.hash, algorithm, length, HashFormat::Raw, b"abc")
                else {
                    panic!("raw was asked for")
                };
                assert_eq!(raw.len(), length, "{}", algorithm.name());
                let text = answer(backend.hash, algorithm, length, HashFormat::Hex, b"abc");
                assert_eq!(text, HashValue::Hex(hex::encode(&raw)), "{}", algorithm.name());
            }
        }
    }

    #[test]
    fn shake_has_the_length_of_the_rule_on_both_sides_of_the_buffer() {
        for length in [1, 16, 63, 64, 65, 1000] {
            for algorithm in [HashAlgorithm::Shake128, HashAlgorithm::Shake256] {
                let native = answer(backend::NATIVE.hash, algorithm, length, HashFormat::Hex, b"");
                let aws_lc = answer(backend::AWS_LC.hash, algorithm, length, HashFormat::Hex, b"");
                let HashValue::Hex(text) = &native else { panic!("hex was asked for") };
                assert_eq!(text.len(), 2 * length);
                assert_eq!(native, aws_lc);
            }
        }
    }

    #[test]
    fn a_fixed_hash_ignores_a_length_that_is_not_its_own() {
        let value = answer(backend::NATIVE.hash, HashAlgorithm::Sha256, 7, HashFormat::Raw, b"");
        let HashValue::Raw(raw) = value else { panic!("raw was asked for") };
        assert_eq!(raw.len(), 32);
    }

    #[test]
    fn the_profile_chooses_the_library() {
        assert!(std::ptr::eq(operation::backend(CryptoLibrary::Native), &backend::NATIVE));
        assert!(std::ptr::eq(operation::backend(CryptoLibrary::AwsLc), &backend::AWS_LC));
    }
}
