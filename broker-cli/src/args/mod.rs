//! Arguments that several commands have in common. What only one command takes is in that command's file.

mod complete;
mod context;
mod global;
mod key_type;
mod message;
mod values;

use std::time::Duration;

use clap::{Args, ValueEnum};

#[cfg(feature = "bench")]
pub(crate) use self::values::duration_or_zero;
pub(crate) use self::{
    complete::profile_names,
    context::SignatureContext,
    global::{Color, Format, Global},
    key_type::{key_type, key_type_name},
    message::{Input, Message, Text},
    values::{duration, hexadecimal, instant},
};

/// The profile that a command uses when none is named.
pub(crate) const DEFAULT_PROFILE: &str = "Default";

/// `--loop`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Repeat {
    /// Repeat with this pause until interrupted, printing each result; a bare number is milliseconds
    #[arg(long = "loop", id = "pause", value_name = "TIME", value_parser = values::pause)]
    pub(crate) pause: Option<Duration>,
}

/// `--force`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Force {
    /// Replace existing files with secrets. Files with public content are always replaced
    #[arg(long)]
    pub(crate) force: bool,
}

/// `--format` of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignatureFormat {
    /// The signature's own octets; for ECDSA r and s.
    Raw,
    /// The content of a certificate's signature field.
    Der,
    /// DER in a block SIGNATURE.
    Pem,
    /// Detached SignedData (RFC 5652).
    Cms,
}

impl From<SignatureFormat> for broker_client::SignatureFormat {
    fn from(format: SignatureFormat) -> Self {
        match format {
            SignatureFormat::Raw => Self::Raw,
            SignatureFormat::Der => Self::Der,
            SignatureFormat::Pem => Self::Pem,
            SignatureFormat::Cms => Self::Cms,
        }
    }
}
