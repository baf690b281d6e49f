//! Reads the messages of a client's stream from the body of the request.
//!
//! A stream is mostly data, and tonic would copy all of it into a buffer of its own, which grows and is wiped and freed.
//! Here the data of a message that contains nothing else is passed on in the chunks of the body in which it arrived, before
//! the message is complete. Every other message is collected and decoded by prost.

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
/// The longest varint, in bytes, that is decoded here as the length of that field. A longer one is left to prost.
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

    /// Returns the next message, or the next chunk of its data; `None` at the end.
    ///
    /// # Errors
    /// Fails with the status that tonic would return if the body is not a series of messages within the length limit.
    pub(super) async fn next(&mut self) -> Result<Option<Part<M::Header>>, CallError> {
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
    fn read(&mut self) -> Result<Option<Part<M::Header>>, CallError> {
        if !self.in_data {
            let Some(length) = self.deframer.length()? else { return Ok(None) };
            match MessageForm::of(self.deframer.peek(1 + MAX_LENGTH_BYTES), length) {
                MessageForm::DataOnly { offset } => {
                    self.deframer.advance(offset);
                    self.in_data = true;
                }
                MessageForm::Other => {
                    let Some(message) = self.deframer.next_message()? else { return Ok(None) };
                    let mut part = decode::<M>(message, &self.limits)?.part();
                    if let Part::Header(header) = &mut part {
                        // The header is kept until the stream ends.
                        copy_shared_fields(header);
                    }
                    return Ok(Some(part));
                }
                MessageForm::Undecided => return Ok(None),
            }
        }
        let chunk = self.deframer.next_piece();
        self.in_data = !self.deframer.is_between_messages();
        Ok(chunk.map(Part::Data))
    }
}

/// Decides how a message is decoded.
enum MessageForm {
    /// The message contains nothing but data, at least one byte, which begins at `offset`.
    DataOnly { offset: usize },
    /// The message is decoded by prost.
    Other,
    /// More bytes are needed to decide.
    Undecided,
}

impl MessageForm {
    /// Decides by the first bytes of a message of `length` bytes.
    fn of(head: &[u8], length: usize) -> Self {
        let undecided = if head.len() < length { Self::Undecided } else { Self::Other };
        let Some((key, varint)) = head.split_first() else { return undecided };
        if *key != DATA_KEY {
            return Self::Other;
        }
        let Some(last) = varint.iter().position(|byte| byte & 0x80 == 0) else {
            return if varint.len() < MAX_LENGTH_BYTES { undecided } else { Self::Other };
        };
        let groups = varint.iter().take(last + 1).rev();
        let data = groups.fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
        let offset = 2 + last;
        if data > 0 && offset + data == length { Self::DataOnly { offset } } else { Self::Other }
    }
}

#[cfg(test)]
mod tests;
