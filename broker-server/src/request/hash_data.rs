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

impl HashData {
    /// Checks the input's size and the format's number.
    pub fn parse(input: Bytes, format: i32, limits: &Limits) -> Result<Self, RequestError> {
        at_most("input", input.len(), limits.hash_input)?;
        let format = match v1::HashOutputFormat::try_from(format) {
            Ok(v1::HashOutputFormat::Unspecified | v1::HashOutputFormat::Hex) => HashFormat::Hex,
            Ok(v1::HashOutputFormat::Raw) => HashFormat::Raw,
            Err(_) => {
                return Err(RequestError { field: "output_format", problem: Problem::UnknownValue(format) });
            }
        };
        Ok(Self { input, format })
    }
}
