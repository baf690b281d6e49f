//! Splits the frames of a response into messages.

use broker_proto::{Deframer, FrameError};
use bytes::Bytes;

use crate::error::Error;

/// The largest response that is read, in bytes. The broker is trusted, and its own limit is set by its operator.
const MAX_RESPONSE_LENGTH: usize = 64 * 1024 * 1024;

/// The messages of a response. A message that arrives in one frame is a slice of that frame and not copied.
#[derive(Debug)]
pub(crate) struct Messages(Deframer);

impl Default for Messages {
    fn default() -> Self {
        // A message that spans frames is given room for all of it at once, so that its bytes, which may be a key, never move.
        Self(Deframer::new(MAX_RESPONSE_LENGTH).with_initial_capacity(MAX_RESPONSE_LENGTH))
    }
}

impl Messages {
    /// Adds the data of the next frame. [`next`](Self::next) has taken all earlier messages.
    pub(crate) fn push(&mut self, data: Bytes) {
        self.0.push(data);
    }

    /// Returns the next complete message; `None` when more data is needed.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, Error> {
        self.0.next_message().map_err(|error| match error {
            FrameError::Compressed => Error::protocol("a compressed message, which was not asked for"),
            FrameError::TooLarge { .. } | FrameError::Truncated => {
                Error::protocol(format!("a message of more than {MAX_RESPONSE_LENGTH} bytes"))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use broker_proto::put_prefix;

    use super::*;
    use crate::error::ErrorKind;

    fn split(data: &[u8], step: usize) -> Vec<Bytes> {
        let mut messages = Messages::default();
        let mut found = Vec::new();
        for part in data.chunks(step) {
            messages.push(Bytes::copy_from_slice(part));
            while let Some(message) = messages.next().unwrap() {
                found.push(message);
            }
        }
        found
    }

    #[test]
    fn returns_same_messages_for_any_frame_boundaries() {
        let long = [7; 300];
        let mut data = Vec::new();
        for message in [&b"one"[..], b"", &long, b"x"] {
            put_prefix(&mut data, message.len());
            data.extend_from_slice(message);
        }
        for step in 1..=data.len() {
            assert_eq!([&b"one"[..], b"", &long, b"x"], *split(&data, step), "{step}");
        }
        // A truncated message is not returned.
        assert_eq!(3, split(&data[..data.len() - 1], 10).len());
    }

    #[test]
    fn rejects_compressed_and_too_large_messages() {
        for prefix in [[1, 0, 0, 0, 0], [0, 255, 0, 0, 0]] {
            let mut messages = Messages::default();
            messages.push(Bytes::copy_from_slice(&prefix));
            let error = messages.next().unwrap_err();
            assert!(matches!(error.kind, ErrorKind::Protocol { .. }), "{error}");
        }
    }
}
