//! `--format` of random bytes and symmetric keys.

use clap::ValueEnum;
use zeroize::Zeroizing;

use crate::json;

/// `--format` of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ByteFormat {
    /// Lower-case hexadecimal.
    Hex,
    /// Base64 with padding (RFC 4648 4).
    Base64,
    /// The bytes themselves; base64 in JSON.
    Raw,
}

impl ByteFormat {
    /// Returns the bytes as a file has them: text ends with a newline.
    pub(super) fn encode(self, bytes: &[u8]) -> Zeroizing<Vec<u8>> {
        let text = match self {
            Self::Hex => hex::encode(bytes),
            Self::Base64 => json::base64_text(bytes),
            Self::Raw => return Zeroizing::new(bytes.to_vec()),
        };
        let mut text = Zeroizing::new(text.into_bytes());
        text.push(b'\n');
        text
    }
}
