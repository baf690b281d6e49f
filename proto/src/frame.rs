//! The framing of gRPC messages in the body of a request or a response.
//!
//! Each message follows a prefix: one byte that says whether it is compressed, and four bytes of length in network order
//! ("gRPC over HTTP/2", Length-Prefixed-Message). HTTP/2 carries the body in data frames with boundaries of their own: one
//! frame may hold many messages, and one message may span many frames.

use std::{fmt, mem};

use bytes::{Buf as _, BufMut, Bytes, BytesMut};

/// The length of a message's prefix, in bytes.
pub const PREFIX_LENGTH: usize = 5;

/// Writes the prefix of an uncompressed message of `length` bytes. A length that the prefix cannot express is written as
/// the largest one, which every receiver refuses.
#[inline]
pub fn put_prefix(buffer: &mut impl BufMut, length: usize) {
    buffer.put_u8(0);
    buffer.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
}

/// The reason why data cannot be split into messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// A message is flagged as compressed, and no compression was negotiated.
    Compressed,
    /// A message is longer than the receiver allows.
    TooLarge {
        /// The length of the message, in bytes.
        length: usize,
        /// The largest length that is allowed, in bytes.
        limit: usize,
    },
    /// The data ends inside a message.
    Truncated,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compressed => f.write_str("a message is compressed, and no compression was negotiated"),
            Self::TooLarge { length, limit } => {
                write!(f, "a message has {length} bytes, the limit is {limit} bytes")
            }
            Self::Truncated => f.write_str("the data ends inside a message"),
        }
    }
}

impl std::error::Error for FrameError {}

/// Splits the data of a body into messages.
///
/// The caller pushes the data frames one after the other and reads messages in between, each as a whole
/// ([`next_message`](Self::next_message)), in pieces as they arrive ([`peek`](Self::peek), [`advance`](Self::advance),
/// [`next_piece`](Self::next_piece)), or not at all ([`skip_message`](Self::skip_message)). A message that arrives in one
/// frame is a slice of that frame and not copied. A message that spans frames is gathered in a buffer that grows with the
/// data that has arrived: the length that a prefix announces need not follow.
pub struct Deframer {
    limit: usize,
    initial_capacity: usize,
    /// Data that has not been read.
    data: Bytes,
    /// Bytes of the current message that arrived before `data`.
    gathered: BytesMut,
    state: State,
}

enum State {
    /// `known` bytes of the next message's prefix have been read.
    Prefix { bytes: [u8; PREFIX_LENGTH], known: usize },
    /// The prefix of the current message has been read. `remaining` of its `length` bytes have not been returned.
    Message { length: usize, remaining: usize },
}

impl Default for State {
    fn default() -> Self {
        Self::Prefix { bytes: [0; PREFIX_LENGTH], known: 0 }
    }
}

impl Deframer {
    /// Returns a deframer for messages of at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            initial_capacity: 0,
            data: Bytes::new(),
            gathered: BytesMut::new(),
            state: State::default(),
        }
    }

    /// Sets how much memory a message that spans frames is given at first, in bytes; it is never given more than its length.
    /// With a capacity of at least `limit` the buffer never moves.
    #[must_use]
    pub fn with_initial_capacity(self, initial_capacity: usize) -> Self {
        Self { initial_capacity, ..self }
    }

    /// Adds the next data frame. A method that needs more data has taken in all that was pushed before.
    #[inline]
    pub fn push(&mut self, data: Bytes) {
        if self.data.is_empty() {
            self.data = data;
        } else {
            let mut joined = BytesMut::with_capacity(self.data.len() + data.len());
            joined.extend_from_slice(&self.data);
            joined.extend_from_slice(&data);
            self.data = joined.freeze();
        }
    }

    /// Returns the length of the current message, in bytes; `None` where its prefix has not arrived.
    ///
    /// # Errors
    /// Fails with [`FrameError::Compressed`], which ends the body, or [`FrameError::TooLarge`] until the message is skipped.
    #[inline]
    pub fn length(&mut self) -> Result<Option<usize>, FrameError> {
        if let State::Prefix { bytes, known } = &mut self.state {
            match self.data.first_chunk() {
                Some(prefix) if *known == 0 => {
                    (*bytes, *known) = (*prefix, PREFIX_LENGTH);
                    self.data.advance(PREFIX_LENGTH);
                }
                _ => {
                    let missing = bytes.get_mut(*known..).unwrap_or_default();
                    let part = self.data.split_to(missing.len().min(self.data.len()));
                    missing.iter_mut().zip(&part).for_each(|(to, from)| *to = *from);
                    *known += part.len();
                }
            }
            if *known < PREFIX_LENGTH {
                return Ok(None);
            }
            let [flag, length @ ..] = *bytes;
            if flag != 0 {
                return Err(FrameError::Compressed);
            }
            let length = u32::from_be_bytes(length) as usize;
            self.state = State::Message { length, remaining: length };
        }
        match self.state {
            State::Message { length, .. } if length > self.limit => {
                Err(FrameError::TooLarge { length, limit: self.limit })
            }
            State::Message { length, .. } => Ok(Some(length)),
            State::Prefix { .. } => Ok(None),
        }
    }

    /// Returns the current message, or what has not been returned of it; `None` where its end has not arrived.
    ///
    /// # Errors
    /// Fails like [`length`](Self::length).
    #[inline]
    pub fn next_message(&mut self) -> Result<Option<Bytes>, FrameError> {
        if self.length()?.is_none() {
            return Ok(None);
        }
        let remaining = self.remaining();
        let message = if self.gathered.is_empty() && remaining <= self.data.len() {
            self.data.split_to(remaining)
        } else {
            self.gather(remaining, self.initial_capacity);
            if self.gathered.len() < remaining {
                return Ok(None);
            }
            mem::take(&mut self.gathered).freeze()
        };
        self.state = State::default();
        Ok(Some(message))
    }

    /// Returns the next bytes of the current message, at most `count`, and leaves them unread. There are fewer where the
    /// message has fewer or where more data is needed.
    pub fn peek(&mut self, count: usize) -> &[u8] {
        let count = count.min(self.remaining());
        let bytes = if self.gathered.is_empty() && count <= self.data.len() {
            &self.data[..]
        } else {
            self.gather(count, 0);
            &self.gathered
        };
        bytes.get(..count).unwrap_or(bytes)
    }

    /// Skips `count` bytes that [`peek`](Self::peek) has returned.
    pub fn advance(&mut self, count: usize) {
        let count = count.min(self.remaining());
        let gathered = count.min(self.gathered.len());
        self.gathered.advance(gathered);
        let read = (count - gathered).min(self.data.len());
        if read < self.data.len() {
            self.data.advance(read);
        } else {
            // An empty slice would keep the frame alive.
            self.data = Bytes::new();
        }
        self.consume(gathered + read);
    }

    /// Returns those bytes of the current message that have arrived; `None` where there are none yet.
    pub fn next_piece(&mut self) -> Option<Bytes> {
        let remaining = self.remaining();
        let piece = if self.gathered.is_empty() {
            self.data.split_to(remaining.min(self.data.len()))
        } else {
            mem::take(&mut self.gathered).freeze()
        };
        self.consume(piece.len());
        (!piece.is_empty()).then_some(piece)
    }

    /// Skips those bytes of the current message that have arrived. Returns whether that was the rest of the message.
    pub fn skip_message(&mut self) -> bool {
        self.advance(usize::MAX);
        self.gathered = BytesMut::new();
        self.is_between_messages()
    }

    /// Reports whether data has been pushed that no method has taken in.
    #[must_use]
    pub const fn has_data(&self) -> bool {
        !self.data.is_empty()
    }

    /// Reports whether each message whose prefix has been read, even in part, has been read to its end.
    #[must_use]
    pub const fn is_between_messages(&self) -> bool {
        matches!(self.state, State::Prefix { known: 0, .. })
    }

    /// Checks that the body may end here.
    ///
    /// # Errors
    /// Fails with [`FrameError::Truncated`] inside a message.
    pub const fn finish(&self) -> Result<(), FrameError> {
        if self.is_between_messages() { Ok(()) } else { Err(FrameError::Truncated) }
    }

    const fn remaining(&self) -> usize {
        match self.state {
            State::Message { remaining, .. } => remaining,
            State::Prefix { .. } => 0,
        }
    }

    fn consume(&mut self, count: usize) {
        if let State::Message { remaining, .. } = &mut self.state {
            *remaining = remaining.saturating_sub(count);
            if *remaining == 0 {
                self.state = State::default();
            }
        }
    }

    /// Moves data to the buffer until that holds `length` bytes or the data is used up. The capacity doubles at each step,
    /// begins with `initial_capacity` and never exceeds the current message.
    fn gather(&mut self, length: usize, initial_capacity: usize) {
        let missing = length.saturating_sub(self.gathered.len());
        let data = self.data.split_to(missing.min(self.data.len()));
        let needed = self.gathered.len() + data.len();
        if needed > self.gathered.capacity() {
            let doubled = self.gathered.capacity().saturating_mul(2);
            let capacity = needed.max(doubled).max(initial_capacity).min(self.remaining());
            let mut larger = BytesMut::with_capacity(capacity);
            larger.extend_from_slice(&self.gathered);
            self.gathered = larger;
        }
        self.gathered.extend_from_slice(&data);
    }
}

/// Shows no content, since that may be a secret.
impl fmt::Debug for Deframer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deframer").field("limit", &self.limit).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
