//! `encrypt-data` and `decrypt-data`.

use bytes::Bytes;
use clap::{Args, ValueHint};

use super::{DEFAULT_PROFILE, Force, values::hexadecimal};
use crate::place::Place;

/// `encrypt-data`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker encrypt-data --profile FIPS-140-3-256bit --key aes.key --nonce 000102030405060708090a0b \\
    --in letter.txt --out letter.enc
  cryptobroker encrypt-data --profile PQC-ML-DSA-65 --key aes.key --in letter.txt --out letter.enc --nonce-out letter.nonce

A nonce must never be used twice with the same key.")]
pub(crate) struct EncryptData {
    /// The profile that chooses algorithm, key size and tag length
    #[arg(long, value_name = "NAME", default_value = DEFAULT_PROFILE)]
    pub(crate) profile: String,
    /// The bytes of the key; `-` reads standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key: Place,
    /// The nonce, 12 bytes; none under a profile whose nonces the broker makes
    #[arg(long, value_name = "HEX", value_parser = hexadecimal)]
    pub(crate) nonce: Option<Bytes>,
    /// Associated data: authenticated, not encrypted, needed again to decrypt; `-` reads standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) aad: Option<Place>,
    /// What is encrypted; `-` reads standard input
    #[arg(long = "in", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) input: Place,
    /// Write the ciphertext to this file, replacing it, and the tag behind it unless --tag-out is given; `-` is standard
    /// output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Place,
    /// Write the tag's bytes to this file, replacing it, instead of behind the ciphertext
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) tag_out: Option<Place>,
    /// Write the nonce's bytes to this file too, replacing it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) nonce_out: Option<Place>,
}

/// `decrypt-data`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker decrypt-data --profile FIPS-140-3-256bit --key aes.key --nonce 000102030405060708090a0b \\
    --in letter.enc --out letter.txt
  cryptobroker decrypt-data --profile PQC-ML-DSA-65 --key aes.key --nonce-file letter.nonce --in letter.enc --out -")]
pub(crate) struct DecryptData {
    /// The profile that chooses algorithm, key size and tag length
    #[arg(long, value_name = "NAME", default_value = DEFAULT_PROFILE)]
    pub(crate) profile: String,
    /// The bytes of the key; `-` reads standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key: Place,
    /// The nonce
    #[arg(long, value_name = "HEX", value_parser = hexadecimal, required_unless_present = "nonce_file")]
    pub(crate) nonce: Option<Bytes>,
    /// The nonce's bytes in a file; `-` reads standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with = "nonce")]
    pub(crate) nonce_file: Option<Place>,
    /// The associated data that was given when it was encrypted; `-` reads standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) aad: Option<Place>,
    /// The tag [default: the end of the input]
    #[arg(long, value_name = "HEX", value_parser = hexadecimal)]
    pub(crate) tag: Option<Bytes>,
    /// The tag's bytes in a file; `-` reads standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with = "tag")]
    pub(crate) tag_file: Option<Place>,
    /// The ciphertext; `-` reads standard input
    #[arg(long = "in", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) input: Place,
    /// Write the plaintext to this file, mode 0600; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Place,
    #[command(flatten)]
    pub(crate) force: Force,
}
