//! `--format` of certificates and certification requests.

use clap::ValueEnum;

/// The encoding of a certificate or a certification request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CertificateFormat {
    /// RFC 7468 text.
    Pem,
    /// The bytes.
    Der,
}
