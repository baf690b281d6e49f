//! The types of the keys that this program makes itself.

use broker_server::algorithm::KeyType;

use crate::{args::key_type, error::Failure};

/// Reads the type of a new key.
///
/// # Errors
/// Fails with a usage error where it is not a type, and where keys of the type are not made.
pub(super) fn new_key_type(text: &str) -> Result<KeyType, Failure> {
    match key_type(text)? {
        KeyType::Rsa { bits } if !((2048..=8192).contains(&bits) && bits.is_multiple_of(128)) => {
            Err(Failure::usage(format!(
                "an RSA key of {bits} bits cannot be made; write 2048 to 8192 bits in steps of 128"
            )))
        }
        known => Ok(known),
    }
}
