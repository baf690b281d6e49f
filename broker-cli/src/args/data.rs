//! `hash-data`, `sign-data` and `verify-data`.

use clap::{Args, ValueEnum, ValueHint};

use super::{DEFAULT_PROFILE, Repeat};
use crate::place::Place;

/// `hash-data`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Past 1 MiB the input is sent in parts, in constant memory, with a progress bar on a terminal.

Examples:
  cryptobroker hash-data \"Hello, broker\"
  cryptobroker hash-data --profile KSA-MODERATE-2020 --file disk.img
  tar c folder | cryptobroker hash-data -")]
pub(crate) struct HashData {
    /// The text to hash, as its UTF-8 bytes; `-` reads standard input
    #[arg(value_name = "TEXT", required_unless_present = "file", conflicts_with = "file")]
    pub(crate) text: Option<String>,
    /// The file to hash
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<Place>,
    /// The profile that chooses the algorithm
    #[arg(long, value_name = "NAME", default_value = DEFAULT_PROFILE)]
    pub(crate) profile: String,
    /// Hexadecimal text, or the bytes themselves
    #[arg(long, value_name = "FORMAT", default_value = "hex")]
    pub(crate) output_format: HashFormat,
    #[command(flatten)]
    pub(crate) repeat: Repeat,
}

/// How a digest is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HashFormat {
    /// Lower-case hexadecimal.
    Hex,
    /// The bytes; base64 in JSON.
    Raw,
}

/// What is signed or verified.
#[derive(Args, Clone, Debug)]
pub(crate) struct Message {
    /// The text, as its UTF-8 bytes; `-` reads standard input
    #[arg(value_name = "TEXT", required_unless_present = "file", conflicts_with = "file")]
    pub(crate) text: Option<String>,
    /// The file
    #[arg(id = "file", long = "in", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<Place>,
}

impl Message {
    /// Where it comes from, if it is not the argument itself.
    pub(crate) fn place(&self) -> Option<Place> {
        match &self.text {
            Some(text) => (text == "-").then_some(Place::Standard),
            None => self.file.clone(),
        }
    }
}

/// `sign-data`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Past 1 MiB the input is sent in parts, in constant memory, with a progress bar on a terminal. Ed25519 cannot do that,
except in the format CMS.

Examples:
  cryptobroker sign-data --key sign.key --in report.pdf --out report.sig
  cryptobroker sign-data --profile Hybrid-PQC-2026 --key ec.key --second-key ml-dsa.key --format der \"Hello, broker\" --out -")]
pub(crate) struct SignData {
    #[command(flatten)]
    pub(crate) message: Message,
    /// The private key, PEM or DER: PKCS#8, SEC1 or PKCS#1, not encrypted; `-` reads standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key: Place,
    /// For a composite the ML-DSA key; --key is then the traditional one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) second_key: Option<Place>,
    /// The profile that decides about key, algorithm and format
    #[arg(long, value_name = "NAME", default_value = DEFAULT_PROFILE)]
    pub(crate) profile: String,
    /// How the signature is written [default: what the profile says]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<SignatureFormat>,
    /// Write the signature to this file, replacing it; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Place,
}

/// `verify-data`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
The exit code is 0 for a valid signature and 4 for one that is not.

Examples:
  cryptobroker verify-data --public-key sign.pub --in report.pdf --signature report.sig
  cryptobroker verify-data --public-key cert.pem --format cms --signature text.p7s \"Hello, broker\"")]
pub(crate) struct VerifyData {
    #[command(flatten)]
    pub(crate) message: Message,
    /// The public key (SubjectPublicKeyInfo) or a certificate, PEM or DER; `-` reads standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) public_key: Place,
    /// For a composite the ML-DSA key; --public-key is then the traditional one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) second_public_key: Option<Place>,
    /// The signature; `-` reads standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) signature: Place,
    /// The profile that decides about key, algorithm and format
    #[arg(long, value_name = "NAME", default_value = DEFAULT_PROFILE)]
    pub(crate) profile: String,
    /// How the signature is written [default: what the profile says]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<SignatureFormat>,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignatureFormat {
    /// The signature's own octets; of ECDSA r and s.
    Raw,
    /// What a certificate's signature field holds.
    Der,
    /// DER in a block SIGNATURE.
    Pem,
    /// Detached SignedData (RFC 5652).
    Cms,
}
