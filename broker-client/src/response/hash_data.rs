//! HashData and HashStream.

use std::fmt::Write as _;

use broker_proto::v1;
use bytes::Bytes;

use super::{Deprecation, Descriptor, metadata};
use crate::error::Error;

/// A hash, in the form that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HashValue {
    /// Lower-case hex.
    Hex(String),
    /// The bytes.
    Raw(Bytes),
}

impl HashValue {
    /// The hash as lower-case hex, whichever form it came in.
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

/// The answer to a `HashDataRequest` or a `HashStreamRequest`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HashDataResponse {
    /// The hash.
    pub value: HashValue,
    /// What was done.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// Set when the profile is going to disappear.
    pub deprecation: Option<Deprecation>,
}

impl HashDataResponse {
    pub(crate) fn from_message(message: v1::HashDataResponse) -> Result<Self, Error> {
        use v1::hash_data_response::HashValue as Wire;
        let value = match message.hash_value {
            Some(Wire::HashValueHex(text)) => HashValue::Hex(text),
            Some(Wire::HashValueRaw(bytes)) => HashValue::Raw(bytes),
            None => return Err(Error::protocol("HashDataResponse without a hash")),
        };
        let (id, deprecation) = metadata(message.metadata);
        Ok(Self { value, descriptor: Descriptor::from_message(message.descriptor), id, deprecation })
    }
}
