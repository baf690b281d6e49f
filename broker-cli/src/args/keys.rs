//! `keygen` and `kem …`.

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::{DEFAULT_PROFILE, Force, complete::profile_names};
use crate::place::Place;

/// `kem …`.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Kem {
    /// Make a key pair: an encapsulation key to give away and a decapsulation key to keep
    Keygen(KemKeygen),
    /// Make a shared secret, and the ciphertext that tells it to the holder of the private key
    Encapsulate(Encapsulate),
    /// Take the shared secret out of a ciphertext
    Decapsulate(Decapsulate),
}

/// `kem keygen`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker kem keygen --profile PQC-ML-DSA-65 --public-out kem.pub --private-out kem.key
  cryptobroker kem keygen --profile PQC-ML-DSA-65 --format pem --public-out kem.pem --private-out kem-key.pem")]
pub(crate) struct KemKeygen {
    #[command(flatten)]
    pub(crate) pair: Pair,
    /// How the keys are written
    #[arg(long, alias = "encoding", value_name = "FORMAT", default_value = "raw")]
    pub(crate) format: KeyEncoding,
}

/// `keygen`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker keygen --public-out sign.pub --private-out sign.key
  cryptobroker keygen --profile PQC-ML-DSA-65 --public-out sign.pub --private-out sign.key")]
pub(crate) struct Keygen {
    #[command(flatten)]
    pub(crate) pair: Pair,
    /// How the keys are written
    #[arg(long, alias = "encoding", value_name = "FORMAT", default_value = "pem")]
    pub(crate) format: KeyEncoding,
}

/// What both kinds of key pair take.
#[derive(Args, Clone, Debug)]
pub(crate) struct Pair {
    /// The profile that chooses the algorithm
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    pub(crate) profile: String,
    /// Write the public key to this file, replacing it; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) public_out: Place,
    /// Write the private key to this file, mode 0600; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) private_out: Place,
    /// Make the pair from this seed, where the profile allows it: the same seed gives the same pair; `-` is standard
    /// input [default: the system's randomness]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) seed_file: Option<Place>,
    #[command(flatten)]
    pub(crate) force: Force,
}

/// How keys are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyEncoding {
    /// The standard's own bytes. RSA and ECDSA have no such form, and sign-data takes none.
    Raw,
    /// SubjectPublicKeyInfo and PKCS#8.
    Der,
    /// The same as text.
    Pem,
}

/// `kem encapsulate`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Example:
  cryptobroker kem encapsulate --profile PQC-ML-DSA-65 --public-key kem.pub --ciphertext-out kem.ct \\
    --secret-out secret.bin")]
pub(crate) struct Encapsulate {
    /// The profile that chooses the algorithm
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    pub(crate) profile: String,
    /// The encapsulation key: raw, DER or PEM; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) public_key: Place,
    /// Write the ciphertext to this file, replacing it; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ciphertext_out: Place,
    /// Write the shared secret to this file, mode 0600; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) secret_out: Place,
    #[command(flatten)]
    pub(crate) force: Force,
}

/// `kem decapsulate`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
A ciphertext that was tampered with gives another secret and no error (FIPS 203, implicit rejection).

Example:
  cryptobroker kem decapsulate --profile PQC-ML-DSA-65 --private-key kem.key --ciphertext kem.ct --secret-out secret.bin")]
pub(crate) struct Decapsulate {
    /// The profile that chooses the algorithm
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    pub(crate) profile: String,
    /// The decapsulation key: raw, DER or PEM; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) private_key: Place,
    /// The ciphertext; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ciphertext: Place,
    /// Write the shared secret to this file, mode 0600; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) secret_out: Place,
    #[command(flatten)]
    pub(crate) force: Force,
}
