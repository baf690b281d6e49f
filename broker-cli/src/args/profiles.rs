//! `profiles …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DEFAULT_PROFILE, SignatureFormat, values::instant};

/// `profiles …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Profiles {
    /// Say everything that is wrong with a document; 0 when nothing is
    #[command(after_help = "Example:\n  cryptobroker profiles validate Profiles.yaml")]
    Validate {
        /// The document
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Read it as a broker with --profiles-lenient does: what the Go broker passes over is a warning
        #[arg(long = "profiles-lenient")]
        lenient: bool,
    },
    /// The profiles of the broker, or of a document
    #[command(after_help = "Examples:\n  cryptobroker profiles list\n  cryptobroker profiles list --bundled")]
    List {
        #[command(flatten)]
        source: Source,
    },
    /// What a profile of a document allows; no broker is asked
    #[command(after_help = "Example:\n  cryptobroker profiles show Default")]
    Show {
        /// The profile
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        source: Source,
    },
    /// Which rule, on which line, would refuse a request; no broker is asked
    Explain(Box<Explain>),
}

/// Where profiles come from.
#[derive(Args, Clone, Debug)]
pub(crate) struct Source {
    /// A profile document instead of the bundled one
    #[arg(long = "profiles", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Read that document as a broker with --profiles-lenient does
    #[arg(long = "profiles-lenient", requires = "file")]
    pub(crate) lenient: bool,
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
    #[arg(long, value_name = "NAME", default_value = DEFAULT_PROFILE)]
    pub(crate) profile: String,
    /// The operation, such as HashData, SignStream or GenerateKemKeyPair [default: SignData where --key or --key-type is
    /// given, else SignCertificate]
    #[arg(long, value_name = "NAME")]
    pub(crate) operation: Option<String>,
    /// A certification request, PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) csr: Option<PathBuf>,
    /// A subject key by its type instead of a request: rsa-3072, p-384, ed25519, ml-dsa-65
    #[arg(long, value_name = "TYPE", conflicts_with = "csr")]
    pub(crate) subject_key_type: Option<String>,
    /// The issuer's certificate, PEM
    #[arg(long, alias = "caCert", value_name = "FILE")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// The issuer's private key, PEM
    #[arg(long, alias = "caKey", value_name = "FILE")]
    pub(crate) ca_key: Option<PathBuf>,
    /// An issuer key by its type instead of a file
    #[arg(long, value_name = "TYPE", conflicts_with_all = ["ca_cert", "ca_key"])]
    pub(crate) issuer_key_type: Option<String>,
    /// The key that the operation uses, as its own command takes it: private to sign and to decapsulate, public to verify
    /// and to encapsulate, the bytes themselves to encrypt and to decrypt
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// That key by its type instead of a file: rsa-3072, p-384, ed25519, ml-dsa-65; aes-256; ml-kem-768, x-wing
    #[arg(long, value_name = "TYPE", conflicts_with = "key")]
    pub(crate) key_type: Option<String>,
    /// For a composite the ML-DSA key; --key is then the traditional one
    #[arg(long, value_name = "FILE", conflicts_with = "second_key_type")]
    pub(crate) second_key: Option<PathBuf>,
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
    /// Start of validity: Unix seconds or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) not_before: Option<u64>,
    /// End of validity: Unix seconds or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) not_after: Option<u64>,
    #[command(flatten)]
    pub(crate) source: Source,
}
