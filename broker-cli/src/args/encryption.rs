//! `encrypt-data` and `decrypt-data`.

use bytes::Bytes;
use clap::{ArgGroup, Args, ValueHint};

use super::{
    DEFAULT_PROFILE, Force,
    complete::profile_names,
    data::{Input, Message},
    values::hexadecimal,
};
use crate::place::Place;

/// `encrypt-data`.
#[derive(Args, Clone, Debug)]
// Whoever makes the nonce, it is kept: without it nothing can be decrypted.
#[command(group = ArgGroup::new("nonce kept").args(["nonce", "nonce_out", "framed"]).required(true).multiple(true))]
#[command(after_help = "\
Either the nonce is given (--nonce), under a profile that says so, or the broker makes it, and then it must go somewhere:
--framed writes nonce, ciphertext and tag into one file, --nonce-out writes the nonce into a file of its own.

Examples:
  cryptobroker encrypt-data --profile PQC-ML-DSA-65 --key aes.key --framed --in letter.txt --out letter.enc
  cryptobroker encrypt-data --profile FIPS-140-3-256bit --key aes.key --nonce 000102030405060708090a0b \\
    --in letter.txt --out letter.enc
  cryptobroker encrypt-data --profile PQC-ML-DSA-65 --key aes.key --in letter.txt --out letter.enc --nonce-out letter.nonce

A nonce must never be used twice with the same key.")]
pub(crate) struct EncryptData {
    /// The profile that chooses algorithm, key size and tag length
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    pub(crate) profile: String,
    /// The bytes of the key; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key: Place,
    /// The nonce, 12 bytes; none under a profile whose nonces the broker makes
    #[arg(long, value_name = "HEX", value_parser = hexadecimal)]
    pub(crate) nonce: Option<Bytes>,
    /// Associated data: authenticated, not encrypted, needed again to decrypt; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) aad: Option<Place>,
    #[command(flatten)]
    pub(crate) message: Message,
    /// Write the ciphertext to this file, replacing it, and the tag behind it unless --tag-out is given; `-` is standard
    /// output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Place,
    /// Write the tag's bytes to this file, replacing it, instead of behind the ciphertext
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) tag_out: Option<Place>,
    /// Write the nonce's bytes to this file, replacing it. Needed where the broker makes the nonce, unless --framed is given
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) nonce_out: Option<Place>,
    /// Write one file that holds nonce, ciphertext and tag, for `decrypt-data --framed`
    #[arg(long, conflicts_with_all = ["tag_out", "nonce_out"])]
    pub(crate) framed: bool,
}

/// `decrypt-data`.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("nonce given").args(["nonce", "nonce_file", "framed"]).required(true))]
#[command(after_help = "\
Where authentication fails nothing is written, and a file that is there stays as it is.

Examples:
  cryptobroker decrypt-data --profile PQC-ML-DSA-65 --key aes.key --framed --in letter.enc --out letter.txt
  cryptobroker decrypt-data --profile FIPS-140-3-256bit --key aes.key --nonce 000102030405060708090a0b \\
    --in letter.enc --out letter.txt
  cryptobroker decrypt-data --profile PQC-ML-DSA-65 --key aes.key --nonce-file letter.nonce --in letter.enc --out -")]
pub(crate) struct DecryptData {
    /// The profile that chooses algorithm, key size and tag length
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    pub(crate) profile: String,
    /// The bytes of the key; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key: Place,
    /// The nonce
    #[arg(long, value_name = "HEX", value_parser = hexadecimal)]
    pub(crate) nonce: Option<Bytes>,
    /// The nonce's bytes in a file; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) nonce_file: Option<Place>,
    /// The input is what `encrypt-data --framed` wrote, with nonce and tag in it
    #[arg(long, conflicts_with_all = ["tag", "tag_file"])]
    pub(crate) framed: bool,
    /// The associated data that was given when it was encrypted; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) aad: Option<Place>,
    /// The tag [default: the end of the input]
    #[arg(long, value_name = "HEX", value_parser = hexadecimal)]
    pub(crate) tag: Option<Bytes>,
    /// The tag's bytes in a file; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with = "tag")]
    pub(crate) tag_file: Option<Place>,
    #[command(flatten)]
    pub(crate) input: Input,
    /// Write the plaintext to this file, mode 0600; `-` is standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Place,
    #[command(flatten)]
    pub(crate) force: Force,
}
