//! HashData.

use broker_proto::v1;
use bytes::Bytes;

use super::{Ask, Options, material::Data};

/// Asks for the hash of some bytes, by the profile's algorithm.
///
/// The bytes may be a password; they are not printed. They are shared with the transport and not copied, so they are
/// not wiped either.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct HashDataRequest {
    input: Data<Bytes>,
    format: v1::HashOutputFormat,
    options: Options,
}

impl HashDataRequest {
    /// The bytes may be empty, and by default at most 1 MiB. The answer is hex unless [`raw`](Self::raw) is said.
    pub fn new(input: impl Into<Bytes>) -> Self {
        Self { input: Data(input.into()), format: v1::HashOutputFormat::Hex, options: Options::default() }
    }

    hash_format!();
    options!();
}

impl Ask for HashDataRequest {
    type Message = v1::HashDataRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn message(self, profile: String, metadata: v1::Metadata) -> v1::HashDataRequest {
        v1::HashDataRequest {
            profile,
            input: self.input.0,
            metadata: Some(metadata),
            output_format: self.format.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_debug_shows_what_is_hashed() {
        let text = format!("{:?}", HashDataRequest::new("PASSWORD").profile("Default"));
        assert!(text.contains("[8 bytes]") && !text.contains("PASSWORD"), "{text}");
    }
}
