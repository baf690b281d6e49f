#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod vectors;

use std::{
    io::Write,
    process::{Command, Stdio},
};

use super::*;
use vectors::{VECTORS, messages};

const TABLES: [(&str, &HashTable); 2] = [("native", &NATIVE), ("aws-lc", &AWS_LC)];

fn digest(table: &HashTable, algorithm: HashAlgorithm, input: &[u8], length: usize) -> Vec<u8> {
    let mut output = vec![0; length];
    table.digest(algorithm, input, &mut output);
    output
}

/// Returns the digest that the `openssl` command computes.
fn openssl(name: &str, length: Option<usize>, input: &[u8]) -> String {
    let mut command = Command::new("openssl");
    command.args(["dgst", "-r", &format!("-{name}")]);
    if let Some(length) = length {
        command.args(["-xoflen", &length.to_string()]);
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl dgst -{name}");
    String::from_utf8(output.stdout).unwrap().split_whitespace().next().unwrap().to_owned()
}

fn openssl_name(algorithm: HashAlgorithm) -> &'static str {
    match algorithm {
        HashAlgorithm::Sha256 => "sha256",
        HashAlgorithm::Sha384 => "sha384",
        HashAlgorithm::Sha512 => "sha512",
        HashAlgorithm::Sha512_256 => "sha512-256",
        HashAlgorithm::Sha3_256 => "sha3-256",
        HashAlgorithm::Sha3_384 => "sha3-384",
        HashAlgorithm::Sha3_512 => "sha3-512",
        HashAlgorithm::Shake128 => "shake128",
        HashAlgorithm::Shake256 => "shake256",
    }
}

/// Returns lengths around the boundaries of blocks and padding (rates 136, 104, 72, 168; blocks 64, 128), and 1 MiB.
fn lengths() -> Vec<usize> {
    let mut lengths = vec![0, 1, 2, 3, 55, 56, 57, 111, 112, 113, 1 << 20];
    for block in [64, 72, 104, 128, 136, 168] {
        for blocks in 1..=3 {
            lengths.extend([block * blocks - 1, block * blocks, block * blocks + 1]);
        }
    }
    lengths
}

/// Returns bytes without a short period, so that swapped blocks change the digest.
fn message(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i.wrapping_mul(i).wrapping_add(i >> 7) % 251) as u8).collect()
}

#[test]
fn every_hash_matches_published_vectors() {
    let messages = messages();
    assert_eq!(VECTORS.map(|(algorithm, _)| algorithm), HashAlgorithm::ALL);
    for (library, table) in TABLES {
        for (algorithm, digests) in VECTORS {
            for (message, expected) in messages.iter().zip(digests) {
                let got = digest(table, algorithm, message, algorithm.default_output_length());
                let length = message.len();
                assert_eq!(hex::encode(got), expected, "{library} {} of {length} bytes", algorithm.name());
            }
        }
    }
}

#[test]
fn libraries_agree_around_block_boundaries() {
    for length in lengths() {
        let message = message(length);
        for algorithm in HashAlgorithm::ALL {
            let size = algorithm.default_output_length();
            assert_eq!(
                digest(&NATIVE, algorithm, &message, size),
                digest(&AWS_LC, algorithm, &message, size),
                "{} of {length} bytes",
                algorithm.name()
            );
        }
    }
}

#[test]
fn hashes_equal_openssl() {
    for algorithm in HashAlgorithm::ALL {
        let size = algorithm.default_output_length();
        for length in [0, 1, 63, 64, 65, 71, 72, 73, 127, 128, 135, 136, 137, 167, 168, 169, 1 << 20] {
            let message = message(length);
            let expected =
                openssl(openssl_name(algorithm), algorithm.is_extendable().then_some(size), &message);
            let got = hex::encode(digest(&NATIVE, algorithm, &message, size));
            assert_eq!(got, expected, "{} of {length} bytes", algorithm.name());
        }
    }
}

#[test]
fn shorter_shake_output_is_prefix_of_longer() {
    let input = message(200);
    for algorithm in [HashAlgorithm::Shake128, HashAlgorithm::Shake256] {
        let longest = digest(&NATIVE, algorithm, &input, 1021);
        assert_eq!(hex::encode(&longest), openssl(openssl_name(algorithm), Some(1021), &input));
        for (library, table) in TABLES {
            for length in [0, 1, 7, 16, 31, 33, 64, 135, 136, 137, 167, 168, 169, 336, 1021] {
                let got = digest(table, algorithm, &input, length);
                assert_eq!(got, longest[..length], "{library} {} {length}", algorithm.name());
            }
        }
    }
}

#[test]
fn subject_key_identifier_hashes_equal_openssl() {
    for algorithm in SkiHash::ALL {
        let name = match algorithm {
            SkiHash::Sha1 => "sha1",
            SkiHash::Sha256 => "sha256",
            SkiHash::Sha384 => "sha384",
            SkiHash::Sha512 => "sha512",
            SkiHash::Sha512_256 => "sha512-256",
            SkiHash::Sha3_256 => "sha3-256",
            SkiHash::Sha3_384 => "sha3-384",
            SkiHash::Sha3_512 => "sha3-512",
        };
        for input in [&b""[..], b"abc", &message(300)] {
            assert_eq!(hex::encode(ski_digest(algorithm, input)), openssl(name, None, input), "{name}");
        }
    }
    // The example of FIPS 180-4.
    assert_eq!(hex::encode(ski_digest(SkiHash::Sha1, b"abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
}
