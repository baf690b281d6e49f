//! Reads the messages of a client's stream from the body of the request.
//!
//! A stream is mostly data, and the gRPC library would copy all of it: from the frames into a buffer of its own, which
//! grows and is wiped and freed. Here the data of a message that holds nothing else is handed on in the frames in which
//! it arrived, before the message is complete. Every other message is read whole and decoded by prost.

use std::{future::poll_fn, marker::PhantomData, pin::Pin};

use broker_proto::Deframer;
use http_body::Body as _;
use tonic::body::Body;

use super::message::{Message, Part};
use crate::{
    request::Limits,
    rpc::decode::{copy_shared_fields, decode},
    status::CallError,
};

/// The key of the field `bytes data = 2` of each message of `StreamService`.
const DATA_KEY: u8 = 2 << 3 | 2;
/// The longest form of that field's length that is read here, in bytes. A longer one is left to prost.
const MAX_LENGTH_BYTES: usize = 4;

/// A client's messages, each of at most a given number of bytes.
pub(super) struct Messages<M> {
    body: Body,
    limits: Limits,
    deframer: Deframer,
    /// The rest of the current message is data.
    in_data: bool,
    message: PhantomData<fn() -> M>,
}

impl<M: Message> Messages<M> {
    pub(super) fn new(body: Body, limit: usize, limits: Limits) -> Self {
        Self { body, limits, deframer: Deframer::new(limit), in_data: false, message: PhantomData }
    }

    /// Returns the next message, or the next piece of its data; `None` at the end and `Some(None)` for a message with
    /// nothing in it.
    ///
    /// # Errors
    /// Fails with the statuses of the gRPC library where the body is not a series of messages of the limited length.
    pub(super) async fn next(&mut self) -> Result<Option<Option<Part<M::Header>>>, CallError> {
        loop {
            if let Some(part) = self.read()? {
                return Ok(Some(part));
            }
            let frame = poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)).await.transpose();
            let frame = frame.map_err(|status| CallError::from_tonic(&status))?;
            let Some(data) = frame.and_then(|frame| frame.into_data().ok()) else {
                // Trailers end the body, too.
                self.deframer.finish()?;
                return Ok(None);
            };
            self.deframer.push(data);
        }
    }

    /// Reads from the data that has arrived. Returns `None` when more is needed.
    fn read(&mut self) -> Result<Option<Option<Part<M::Header>>>, CallError> {
        if !self.in_data {
            let Some(length) = self.deframer.length()? else { return Ok(None) };
            match Layout::of(self.deframer.peek(1 + MAX_LENGTH_BYTES), length) {
                Layout::Data { offset } => {
                    self.deframer.advance(offset);
                    self.in_data = true;
                }
                Layout::Other => {
                    let Some(message) = self.deframer.next_message()? else { return Ok(None) };
                    let mut part = decode::<M>(message, &self.limits)?.part();
                    if let Some(Part::Header(header)) = &mut part {
                        // The header is kept until the stream ends.
                        copy_shared_fields(header);
                    }
                    return Ok(Some(part));
                }
                Layout::Unknown => return Ok(None),
            }
        }
        let piece = self.deframer.next_piece();
        self.in_data = !self.deframer.is_between_messages();
        Ok(piece.map(|piece| Some(Part::Data(piece))))
    }
}

/// How a message is read.
enum Layout {
    /// The message holds nothing but data, at least one byte, which begins at `offset`.
    Data { offset: usize },
    /// The message is left to prost.
    Other,
    /// More bytes are needed to decide.
    Unknown,
}

impl Layout {
    /// Decides by the first bytes of a message of `length` bytes.
    fn of(head: &[u8], length: usize) -> Self {
        let undecided = if head.len() < length { Self::Unknown } else { Self::Other };
        let Some((key, number)) = head.split_first() else { return undecided };
        if *key != DATA_KEY {
            return Self::Other;
        }
        let Some(last) = number.iter().position(|byte| byte & 0x80 == 0) else {
            return if number.len() < MAX_LENGTH_BYTES { undecided } else { Self::Other };
        };
        let digits = number.iter().take(last + 1).rev();
        let data = digits.fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
        let offset = 2 + last;
        if data > 0 && offset + data == length { Self::Data { offset } } else { Self::Other }
    }
}

#[cfg(test)]
mod tests;
