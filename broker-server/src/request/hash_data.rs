//! Parses `HashData` and `HashStream`.

use broker_proto::v1;
use bytes::Bytes;

use super::{FieldError, FieldErrorKind, Limits, error::at_most};

/// A request to hash.
#[derive(Debug)]
pub struct HashData {
    /// The data to hash; may be empty.
    pub input: Bytes,
    /// The format of the digest in the response.
    pub format: HashFormat,
}

/// The format of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashFormat {
    /// Lower-case hexadecimal text.
    Hex,
    /// The bytes of the digest.
    Raw,
}

/// The header of a request to hash a stream of data.
#[derive(Clone, Copy, Debug)]
pub struct HashStream {
    /// The format of the digest in the response.
    pub format: HashFormat,
}

impl HashData {
    /// Checks the input's size and the format's number.
    pub fn parse(input: Bytes, format: i32, limits: &Limits) -> Result<Self, FieldError> {
        at_most("input", input.len(), limits.hash_input)?;
        Ok(Self { input, format: HashFormat::parse(format)? })
    }
}

impl HashStream {
    /// Checks the format's number.
    pub fn parse(format: i32) -> Result<Self, FieldError> {
        Ok(Self { format: HashFormat::parse(format)? })
    }
}

impl HashFormat {
    fn parse(number: i32) -> Result<Self, FieldError> {
        match v1::HashOutputFormat::try_from(number) {
            Ok(v1::HashOutputFormat::Unspecified | v1::HashOutputFormat::Hex) => Ok(Self::Hex),
            Ok(v1::HashOutputFormat::Raw) => Ok(Self::Raw),
            Err(_) => Err(FieldError { field: "output_format", kind: FieldErrorKind::UnknownValue(number) }),
        }
    }
}
