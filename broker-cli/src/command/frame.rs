//! The file of `encrypt-data --framed`: everything that decryption needs besides the key and the associated data.
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 8 | `CBFRAME` and the version, 1 |
//! | 8 | 1 | the length of the nonce, N |
//! | 9 | 1 | the length of the tag, T |
//! | 10 | N | the nonce |
//! | 10 + N | | the ciphertext |
//! | the end - T | T | the tag |
//!
//! The header needs no authentication of its own: with another nonce or other lengths, the tag is wrong.

use std::io;

/// The first bytes of every frame, with the version.
const MAGIC: [u8; 8] = *b"CBFRAME\x01";

/// The parts of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) nonce: &'a [u8],
    pub(super) ciphertext: &'a [u8],
    pub(super) tag: &'a [u8],
}

/// Returns the frame of these parts.
///
/// # Errors
/// Fails where a nonce or a tag has more than 255 bytes.
pub(super) fn write(nonce: &[u8], ciphertext: &[u8], tag: &[u8]) -> io::Result<Vec<u8>> {
    let length = |part: &[u8]| {
        u8::try_from(part.len())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a nonce or tag has more than 255 bytes"))
    };
    let lengths = [length(nonce)?, length(tag)?];
    Ok([&MAGIC[..], &lengths, nonce, ciphertext, tag].concat())
}

/// Returns the parts of a frame.
///
/// # Errors
/// Fails where the bytes are not a frame, have another version, or end too early.
pub(super) fn read(bytes: &[u8]) -> io::Result<Frame<'_>> {
    let invalid = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
    let [name @ .., version] = MAGIC;
    let rest =
        bytes.strip_prefix(&name).ok_or_else(|| invalid("is not a file of `encrypt-data --framed`"))?;
    let truncated = || invalid("is truncated");
    let ([found, nonce, tag], rest) = rest.split_first_chunk().ok_or_else(truncated)?;
    if *found != version {
        return Err(invalid("has a frame of another version; this program reads version 1"));
    }
    let (nonce, rest) = rest.split_at_checked(usize::from(*nonce)).ok_or_else(truncated)?;
    let end = rest.len().checked_sub(usize::from(*tag)).ok_or_else(truncated)?;
    let (ciphertext, tag) = rest.split_at(end);
    Ok(Frame { nonce, ciphertext, tag })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    #[test]
    fn a_frame_has_the_documented_bytes() {
        let bytes = write(b"nonce", b"cipher", b"tag").unwrap();
        assert_eq!(bytes, b"CBFRAME\x01\x05\x03noncecipher\x74ag");
        let frame = Frame { nonce: b"nonce", ciphertext: b"cipher", tag: b"tag" };
        assert_eq!(read(&bytes).unwrap(), frame);
    }

    #[test]
    fn rejects_incomplete_and_unknown_frames() {
        let bytes = write(&[1; 12], b"", &[2; 16]).unwrap();
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{length}");
        }
        assert!(read(&bytes).is_ok());
        let mut newer = bytes.clone();
        newer[7] = 2;
        assert!(read(&newer).unwrap_err().to_string().contains("another version"));
        assert!(read(b"-----BEGIN").unwrap_err().to_string().contains("--framed"));
        assert!(write(&[0; 256], b"", b"").is_err());
    }
}
