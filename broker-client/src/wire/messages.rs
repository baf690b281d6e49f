//! Messages out of the frames that they come in.

use bytes::{Buf as _, Bytes, BytesMut};

use super::PREFIX;
use crate::error::Error;

/// The largest answer that is read. The broker is trusted, and its own limit is an option of its operator.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Splits data into messages. One that came in a single frame is a part of that frame and no copy.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    /// The beginning of a message whose end is to come. It has room for the end, so that it never moves.
    part: BytesMut,
    data: Bytes,
}

impl Messages {
    /// Takes the next data. What came before was taken out by [`next`](Self::next).
    pub(crate) fn push(&mut self, data: Bytes) {
        self.data = data;
    }

    /// The next message that is complete.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.data.is_empty() {
            return Ok(None);
        }
        if self.part.is_empty() {
            match size(&self.data)? {
                Some(size) if self.data.len() >= size => {
                    let mut message = self.data.split_to(size);
                    message.advance(PREFIX);
                    return Ok(Some(message));
                }
                size => {
                    self.part.reserve(size.unwrap_or(PREFIX));
                    self.fill(usize::MAX);
                    return Ok(None);
                }
            }
        }
        self.fill(PREFIX);
        let Some(size) = size(&self.part)? else { return Ok(None) };
        self.part.reserve(size.saturating_sub(self.part.len()));
        self.fill(size);
        if self.part.len() < size {
            return Ok(None);
        }
        let mut message = std::mem::take(&mut self.part).freeze();
        message.advance(PREFIX);
        Ok(Some(message))
    }

    /// Takes as much of the data as makes the part so long.
    fn fill(&mut self, length: usize) {
        let missing = length.saturating_sub(self.part.len()).min(self.data.len());
        self.part.extend_from_slice(&self.data.split_to(missing));
    }
}

/// How long the message at the front is with its prefix, once that is there.
fn size(bytes: &[u8]) -> Result<Option<usize>, Error> {
    let Some((prefix, _)) = bytes.split_first_chunk::<PREFIX>() else { return Ok(None) };
    let [compressed, length @ ..] = *prefix;
    if compressed != 0 {
        return Err(Error::protocol("a compressed message, which was not asked for"));
    }
    match usize::try_from(u32::from_be_bytes(length)) {
        Ok(length) if length <= MAX_ANSWER => Ok(Some(PREFIX + length)),
        _ => Err(Error::protocol(format!("a message of more than {MAX_ANSWER} bytes"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

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
    fn messages_are_the_same_in_whatever_parts_they_come() {
        let long = [7; 300];
        let mut data = Vec::new();
        for message in [&b"one"[..], b"", &long, b"x"] {
            super::super::put_prefix(&mut data, message.len());
            data.extend_from_slice(message);
        }
        for step in 1..=data.len() {
            assert_eq!([&b"one"[..], b"", &long, b"x"], *split(&data, step), "{step}");
        }
        // What is cut is none.
        assert_eq!(3, split(&data[..data.len() - 1], 10).len());
    }

    #[test]
    fn what_is_compressed_or_without_end_is_refused() {
        for prefix in [[1, 0, 0, 0, 0], [0, 255, 0, 0, 0]] {
            let mut messages = Messages::default();
            messages.push(Bytes::copy_from_slice(&prefix));
            let error = messages.next().unwrap_err();
            assert!(matches!(error.kind, ErrorKind::Protocol { .. }), "{error}");
        }
    }
}
