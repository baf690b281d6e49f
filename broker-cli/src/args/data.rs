//! `hash-data`, `sign-data` and `verify-data`.

use std::convert::Infallible;

use clap::{Args, ValueEnum, ValueHint};

use super::{DEFAULT_PROFILE, Repeat, complete::profile_names, values};
use crate::{
    error::Failure,
    place::{Place, Source, is_piped_in},
};

/// `--in`: where a command reads its data.
#[derive(Args, Clone, Debug)]
pub(crate) struct Input {
    /// Read this file; `-` is standard input, which is also read where data is piped in and nothing else is named
    #[arg(id = "in", long = "in", alias = "file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<Place>,
}

impl Input {
    /// Where the data comes from.
    ///
    /// # Errors
    /// Fails where nothing is named and nothing is piped in.
    pub(crate) fn place(self) -> Result<Place, Failure> {
        self.file.or_else(piped_in).ok_or_else(|| {
            Failure::usage("nothing to read: name a file with --in FILE, or pipe the data in".to_owned())
        })
    }
}

fn piped_in() -> Option<Place> {
    is_piped_in().then_some(Place::Standard)
}

/// `--in` or `--text`: the data of a command that also takes it as an argument.
#[derive(Args, Clone, Debug)]
pub(crate) struct Message {
    #[command(flatten)]
    input: Input,
    /// Take this text, as its UTF-8 bytes. Other processes can see it, so nothing secret belongs here
    #[arg(long, value_name = "TEXT", conflicts_with = "in")]
    text: Option<String>,
    /// Refuses a bare argument with advice: other programs take a file there, and some a text.
    #[arg(value_name = "DATA", hide = true, value_parser = values::no_bare_data)]
    bare: Option<Infallible>,
}

impl Message {
    /// What the data is.
    ///
    /// # Errors
    /// Fails where nothing is named and nothing is piped in.
    pub(crate) fn source(self) -> Result<Source, Failure> {
        source(self.input, self.text)
    }
}

fn source(input: Input, text: Option<String>) -> Result<Source, Failure> {
    match (text, input.file.or_else(piped_in)) {
        (Some(text), _) => Ok(Source::Text(text)),
        (None, Some(place)) => Ok(Source::Place(place)),
        (None, None) => Err(Failure::usage(
            "nothing to read: name a file with --in FILE, give a text with --text TEXT, or pipe the data in"
                .to_owned(),
        )),
    }
}

/// `hash-data`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Past 1 MiB the input is sent in parts, in constant memory, with a progress bar on a terminal.

Examples:
  cryptobroker hash-data --text \"Hello, broker\"
  cryptobroker hash-data --profile KSA-MODERATE-2020 --in disk.img
  tar c folder | cryptobroker hash-data")]
pub(crate) struct HashData {
    #[command(flatten)]
    input: Input,
    /// Take this text, as its UTF-8 bytes. Other processes can see it, so nothing secret belongs here
    #[arg(long, value_name = "TEXT", conflicts_with = "in")]
    text: Option<String>,
    /// The text without --text, as the Go command line takes it. Refused where there is a file of that name; `-` is
    /// standard input
    #[arg(value_name = "TEXT", conflicts_with_all = ["in", "text"], value_parser = values::bare_text)]
    bare: Option<String>,
    /// The profile that chooses the algorithm
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    pub(crate) profile: String,
    /// Hexadecimal text, or the bytes themselves
    #[arg(long, alias = "output-format", value_name = "FORMAT", default_value = "hex")]
    pub(crate) format: HashFormat,
    /// Write the digest to this file, replacing it, whole or not at all [default: standard output]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<Place>,
    #[command(flatten)]
    pub(crate) repeat: Repeat,
}

impl HashData {
    /// What is hashed.
    ///
    /// # Errors
    /// Fails where nothing is named and nothing is piped in.
    pub(crate) fn source(&self) -> Result<Source, Failure> {
        match self.bare.as_deref() {
            Some("-") => Ok(Source::Place(Place::Standard)),
            Some(text) => Ok(Source::Text(text.to_owned())),
            None => source(self.input.clone(), self.text.clone()),
        }
    }
}

/// How a digest is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HashFormat {
    /// Lower-case hexadecimal.
    Hex,
    /// The bytes; base64 in JSON.
    Raw,
}

/// `sign-data`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Past 1 MiB the input is sent in parts, in constant memory, with a progress bar on a terminal. Ed25519 cannot do that,
except in the format CMS.

Examples:
  cryptobroker sign-data --key sign.key --in report.pdf --out report.sig
  cryptobroker sign-data --profile Hybrid-PQC-2026 --key ec.key --second-key ml-dsa.key --format pem --text \"Hello, broker\" --out -")]
pub(crate) struct SignData {
    #[command(flatten)]
    pub(crate) message: Message,
    /// The private key, PEM or DER: PKCS#8, SEC1 or PKCS#1, not encrypted; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key: Place,
    /// For a composite the ML-DSA key; --key is then the traditional one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) second_key: Option<Place>,
    /// The profile that decides about key, algorithm and format
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    pub(crate) profile: String,
    /// How the signature is written [default: what the profile says]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<SignatureFormat>,
    /// Write the signature to this file, replacing it; `-` is standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Place,
}

/// `verify-data`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
The exit code is 0 for a valid signature and 4 for one that is not.

Examples:
  cryptobroker verify-data --public-key sign.pub --in report.pdf --signature report.sig
  cryptobroker verify-data --public-key cert.pem --format cms --signature text.p7s --text \"Hello, broker\"")]
pub(crate) struct VerifyData {
    #[command(flatten)]
    pub(crate) message: Message,
    /// The public key (SubjectPublicKeyInfo) or a certificate, PEM or DER; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) public_key: Place,
    /// For a composite the ML-DSA key; --public-key is then the traditional one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) second_public_key: Option<Place>,
    /// The signature; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) signature: Place,
    /// The profile that decides about key, algorithm and format
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
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
