//! `HashData`: the parse step.

use broker_proto::v1;
use bytes::Bytes;

use super::{Limits, Problem, RequestError, error::at_most};

/// A request to hash.
#[derive(Debug)]
pub struct HashData {
    /// What to hash; may be empty.
    pub input: Bytes,
    /// How the answer is to look.
    pub format: HashFormat,
}

/// How a digest travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashFormat {
    /// Lower-case hexadecimal text.
    Hex,
    /// The bytes.
    Raw,
}

/// A request to hash what comes in pieces: all of it but the data.
#[derive(Clone, Copy, Debug)]
pub struct HashStream {
    /// How the answer is to look.
    pub format: HashFormat,
}

impl HashData {
    /// Checks the input's size and the format's number.
    pub fn parse(input: Bytes, format: i32, limits: &Limits) -> Result<Self, RequestError> {
        at_most("input", input.len(), limits.hash_input)?;
        Ok(Self { input, format: HashFormat::parse(format)? })
    }
}

impl HashStream {
    /// Checks the format's number.
    pub fn parse(format: i32) -> Result<Self, RequestError> {
        Ok(Self { format: HashFormat::parse(format)? })
    }
}

impl HashFormat {
    fn parse(number: i32) -> Result<Self, RequestError> {
        match v1::HashOutputFormat::try_from(number) {
            Ok(v1::HashOutputFormat::Unspecified | v1::HashOutputFormat::Hex) => Ok(Self::Hex),
            Ok(v1::HashOutputFormat::Raw) => Ok(Self::Raw),
            Err(_) => Err(RequestError { field: "output_format", problem: Problem::UnknownValue(number) }),
        }
    }
}
