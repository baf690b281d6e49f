//! `profiles …`.

use clap::{Args, Subcommand, ValueHint};

use super::{DEFAULT_PROFILE, SignatureFormat, complete::profile_names, values::instant};
use crate::place::Place;

/// `profiles …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Profiles {
    /// Say everything that is wrong with a document; 0 when nothing is
    Validate(Validate),
    /// The profiles of the broker, or of a document
    #[command(after_help = "Examples:\n  cryptobroker profiles list\n  cryptobroker profiles list --bundled")]
    List {
        #[command(flatten)]
        source: Source,
    },
    /// What a profile of a document allows; warns where the broker that runs has another document
    #[command(after_help = "Example:\n  cryptobroker profiles show Default")]
    Show {
        /// The profile
        #[arg(value_name = "NAME", add = profile_names())]
        name: String,
        #[command(flatten)]
        source: Source,
    },
    /// Which rule, on which line of a document, would refuse a request; warns where the broker that runs has another one
    Explain(Box<Explain>),
    /// What differs between two documents, defaults included; 0 when nothing does, 1 when something does
    Diff(Diff),
}

/// `profiles validate`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker profiles validate Profiles.yaml
  cryptobroker profiles validate --as-fips profiles/FIPS-140-3-required.yaml")]
pub(crate) struct Validate {
    /// The document, or the folder of Profiles.yaml; `-` is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) file: Place,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// How a document is read.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// Read it as a broker with --profiles-lenient does: what the Go broker passes over is a warning
    #[arg(long = "profiles-lenient")]
    pub(crate) lenient: bool,
    /// Read it as a broker of the FIPS build does, which can keep `Fips: required`
    #[arg(long)]
    pub(crate) as_fips: bool,
}

/// `profiles diff`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Documents are compared by what they say and not by how they are written: order of keys, comments and defaults that are
written out make no difference.

Example:
  cryptobroker profiles diff /etc/cryptobroker/Profiles.yaml Profiles.yaml")]
pub(crate) struct Diff {
    /// The older document, or its folder; `-` is standard input
    #[arg(value_name = "A", value_hint = ValueHint::AnyPath)]
    pub(crate) old: Place,
    /// The newer document, or its folder; `-` is standard input
    #[arg(value_name = "B", value_hint = ValueHint::AnyPath)]
    pub(crate) new: Place,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Where profiles come from.
#[derive(Args, Clone, Debug)]
pub(crate) struct Source {
    /// A profile document, or its folder, instead of the bundled one; `-` is standard input
    #[arg(long = "profiles", value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) file: Option<Place>,
    /// Read that document as a broker with --profiles-lenient does
    #[arg(long = "profiles-lenient", requires = "file")]
    pub(crate) lenient: bool,
    /// Read that document as a broker of the FIPS build does
    #[arg(long, requires = "file")]
    pub(crate) as_fips: bool,
    /// The document that is compiled into this program
    #[arg(long, conflicts_with = "file")]
    pub(crate) bundled: bool,
}

/// `profiles explain`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
What a request must have (keys, certificates) is not judged where it is not given, and the answer says so. What a request
may leave out (format, nonce, seed, validity) counts as left out.

Examples:
  cryptobroker profiles explain --csr app.csr --ca-cert ca.pem
  cryptobroker profiles explain --key-type rsa-3072 --format cms
  cryptobroker profiles explain --operation EncryptData --key-type aes-256 --nonce
  cryptobroker profiles explain --profile PQC-ML-DSA-65 --operation GenerateKemKeyPair --seed
  cryptobroker profiles explain --profile PQC-ML-DSA-65 --operation Encapsulate --key kem.pub")]
pub(crate) struct Explain {
    /// The profile
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    pub(crate) profile: String,
    /// The operation, such as HashData or hash-data, SignStream, GenerateKemKeyPair or kem-keygen [default: SignData where
    /// --key or --key-type is given, else SignCertificate]
    #[arg(long, value_name = "NAME")]
    pub(crate) operation: Option<String>,
    /// A certification request, PEM; `-` is standard input
    #[arg(long, alias = "in", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) csr: Option<Place>,
    /// A subject key by its type instead of a request: rsa-3072, p-384, ed25519, ml-dsa-65
    #[arg(long, value_name = "TYPE", conflicts_with = "csr")]
    pub(crate) subject_key_type: Option<String>,
    /// The issuer's certificate, PEM; `-` is standard input
    #[arg(long, alias = "caCert", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca_cert: Option<Place>,
    /// The issuer's private key, PEM; `-` is standard input
    #[arg(long, alias = "caKey", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca_key: Option<Place>,
    /// An issuer key by its type instead of a file
    #[arg(long, value_name = "TYPE", conflicts_with_all = ["ca_cert", "ca_key"])]
    pub(crate) issuer_key_type: Option<String>,
    /// The key that the operation uses, as its own command takes it: private to sign and to decapsulate, public to verify
    /// and to encapsulate, the bytes themselves to encrypt and to decrypt; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key: Option<Place>,
    /// That key by its type instead of a file: rsa-3072, p-384, ed25519, ml-dsa-65; aes-256; ml-kem-768, x-wing
    #[arg(long, value_name = "TYPE", conflicts_with = "key")]
    pub(crate) key_type: Option<String>,
    /// For a composite the ML-DSA key; --key is then the traditional one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "second_key_type")]
    pub(crate) second_key: Option<Place>,
    /// The same by its type
    #[arg(long, value_name = "TYPE")]
    pub(crate) second_key_type: Option<String>,
    /// The format that the request asks for of a signature [default: none, so that it is the profile's]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<SignatureFormat>,
    /// The request to encrypt brings a nonce
    #[arg(long)]
    pub(crate) nonce: bool,
    /// The request for a key pair brings a seed
    #[arg(long)]
    pub(crate) seed: bool,
    /// Start of validity: Unix seconds, RFC 3339, or from now on such as -1h
    #[arg(long, value_name = "TIME", value_parser = instant, allow_hyphen_values = true)]
    pub(crate) not_before: Option<u64>,
    /// End of validity: Unix seconds, RFC 3339, or from now on such as 90d
    #[arg(long, value_name = "TIME", value_parser = instant, allow_hyphen_values = true)]
    pub(crate) not_after: Option<u64>,
    #[command(flatten)]
    pub(crate) source: Source,
}
