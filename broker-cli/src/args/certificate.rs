//! `sign-certificate`.

use clap::{Args, ValueEnum, ValueHint};

use super::{DEFAULT_PROFILE, Repeat, complete::profile_names, values::instant};
use crate::place::Place;

/// `sign-certificate`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker sign-certificate --csr app.csr --ca-cert ca.pem --ca-key ca.key --out app.pem
  cryptobroker sign-certificate --csr app.csr --ca-cert ca.pem --ca-key ca.key --not-after 90d")]
pub(crate) struct SignCertificate {
    /// The certification request, PEM; `-` is standard input
    #[arg(long, alias = "in", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) csr: Place,
    /// The issuer's certificate, PEM; `-` is standard input
    #[arg(long, alias = "caCert", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca_cert: Place,
    /// The issuer's private key, PEM, not encrypted; `-` is standard input
    #[arg(long, alias = "caKey", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca_key: Place,
    /// The profile that decides about keys, lifetime and signature
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    pub(crate) profile: String,
    /// PEM text or DER bytes (base64 in JSON)
    #[arg(long, alias = "encoding", value_name = "FORMAT", default_value = "pem")]
    pub(crate) format: Encoding,
    /// Replace the request's subject: `CN=…, O=…` with C, ST, O, OU, L and CN
    #[arg(long, value_name = "SUBJECT")]
    pub(crate) subject: Option<String>,
    /// A CRL distribution point, http or https; may be repeated
    #[arg(long = "crl-url", value_name = "URL")]
    pub(crate) crl_urls: Vec<String>,
    /// Start of validity: Unix seconds, RFC 3339, or from now on such as 90d [default: the profile's earliest]
    #[arg(long, value_name = "TIME", value_parser = instant, allow_hyphen_values = true)]
    pub(crate) not_before: Option<u64>,
    /// End of validity: Unix seconds, RFC 3339, or from now on such as 90d [default: the profile's latest]
    #[arg(long, value_name = "TIME", value_parser = instant, allow_hyphen_values = true)]
    pub(crate) not_after: Option<u64>,
    /// Write the certificate to this file, replacing it, whole or not at all [default: standard output]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<Place>,
    #[command(flatten)]
    pub(crate) repeat: Repeat,
}

/// How a certificate is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Encoding {
    /// RFC 7468 text.
    Pem,
    /// The bytes.
    Der,
}
