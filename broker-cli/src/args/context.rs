//! `--context` and `--context-hex`: the context of a signature.

use bytes::Bytes;
use clap::Args;

use super::values::hexadecimal;

/// The context of an ML-DSA signature (FIPS 204 5.2), as text or in hexadecimal.
#[derive(Args, Clone, Debug)]
pub(crate) struct SignatureContext {
    /// The context of an ML-DSA signature, as the UTF-8 bytes of this text: at most 255, under a profile with AllowContext
    #[arg(long, value_name = "TEXT")]
    context: Option<String>,
    /// The context as bytes
    #[arg(long, value_name = "HEX", value_parser = hexadecimal, conflicts_with = "context")]
    context_hex: Option<Bytes>,
}

impl SignatureContext {
    /// Returns the bytes, where one of the options is given.
    pub(crate) fn into_bytes(self) -> Option<Vec<u8>> {
        self.context.map(String::into_bytes).or_else(|| self.context_hex.map(Vec::from))
    }

    /// Returns the option that is given, for errors.
    pub(crate) const fn option(&self) -> &'static str {
        if self.context_hex.is_some() { "--context-hex" } else { "--context" }
    }
}
