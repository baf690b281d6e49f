//! The operation HashData.

use std::fmt::Write as _;

use broker_proto::v1;
use bytes::Bytes;

use crate::{
    error::Error,
    message::{
        Data, Deprecation, Descriptor, OperationRequest, OperationResponse, Options, common_options,
        descriptor_accessors, hash_format_options, split_metadata,
    },
};

operation! {
    /// Hashes bytes.
    hash_data(HashDataRequest) -> HashDataResponse {
        path: "/cryptobroker.v1.CryptoService/HashData",
        pipeline_item: 3,
        key_use: Keyless,
    }
}

/// Requests the hash of bytes, by the algorithm of the profile.
///
/// The bytes may be a password, so they are not printed. They are shared with the transport and not copied, so they are
/// not wiped.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct HashDataRequest {
    input: Data<Bytes>,
    format: v1::HashOutputFormat,
    options: Options,
}

impl HashDataRequest {
    /// Creates a request for the hash as hex; [`raw`](Self::raw) requests bytes. The input may be empty, and by default
    /// has at most 1 MiB.
    pub fn new(input: impl Into<Bytes>) -> Self {
        Self { input: Data(input.into()), format: v1::HashOutputFormat::Hex, options: Options::default() }
    }

    hash_format_options!();
    common_options!();
}

impl OperationRequest for HashDataRequest {
    type Message = v1::HashDataRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::HashDataRequest {
        v1::HashDataRequest {
            profile,
            input: self.input.0,
            metadata: Some(metadata),
            output_format: self.format.into(),
        }
    }
}

/// A hash, in the form that was requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HashValue {
    /// Lower-case hex.
    Hex(String),
    /// The bytes.
    Raw(Bytes),
}

impl HashValue {
    /// Returns the hash as lower-case hex, whichever form was requested.
    pub fn to_hex(&self) -> String {
        match self {
            Self::Hex(text) => text.clone(),
            Self::Raw(bytes) => {
                bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "{byte:02x}");
                    text
                })
            }
        }
    }
}

/// The response to a [`HashDataRequest`] or a [`HashStreamRequest`](crate::HashStreamRequest).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HashDataResponse {
    /// The hash.
    pub value: HashValue,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl HashDataResponse {
    descriptor_accessors!();
}

impl OperationResponse for HashDataResponse {
    type Message = v1::HashDataResponse;

    fn from_message(message: v1::HashDataResponse) -> Result<Self, Error> {
        use v1::hash_data_response::HashValue as Wire;
        let value = match message.hash_value {
            Some(Wire::HashValueHex(text)) => HashValue::Hex(text),
            Some(Wire::HashValueRaw(bytes)) => HashValue::Raw(bytes),
            None => return Err(Error::protocol("HashDataResponse without a hash")),
        };
        let (id, deprecation) = split_metadata(message.metadata);
        Ok(Self { value, descriptor: Descriptor::from_message(message.descriptor), id, deprecation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_input() {
        let text = format!("{:?}", HashDataRequest::new("PASSWORD").profile("Default"));
        assert!(text.contains("[8 bytes]") && !text.contains("PASSWORD"), "{text}");
    }
}
