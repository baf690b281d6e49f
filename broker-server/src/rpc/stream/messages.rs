//! The messages of a client's stream, read from the request's body.
//!
//! A stream is mostly data, and the gRPC library would copy all of it: from the frames into a buffer of its own, which
//! grows and is wiped and freed. Here the data of a message that has nothing else in it is handed on in the frames that
//! it came in, before the message is whole. Every other message is gathered and left to prost.

use std::{future::poll_fn, marker::PhantomData, mem, pin::Pin};

use bytes::{Buf as _, Bytes, BytesMut};
use http_body::Body as _;
use tonic::{Status, body::Body};

use super::message::{Message, Part};
use crate::{
    request::Limits,
    rpc::{
        decode::decode,
        prefix::{self, PREFIX},
    },
    status::CallError,
};

/// The key of the field `bytes data = 2` of each message of `StreamService`.
const DATA: u8 = 2 << 3 | 2;
/// The longest form of that field's length that is read here, in bytes. A longer one is left to prost.
const LENGTH: usize = 4;

/// A client's messages, of a size of `limit` at most each.
pub(super) struct Messages<M> {
    body: Body,
    limit: usize,
    limits: Limits,
    /// What has come and is not read yet.
    frame: Bytes,
    state: State,
    message: PhantomData<fn() -> M>,
}

enum State {
    /// At the beginning of a message.
    Head(Head),
    /// In the data, of which so many bytes are missing. Nothing comes after it in its message.
    Data(usize),
    /// In a message that is read as a whole, and what has come of it.
    Whole { length: usize, gathered: BytesMut },
}

impl Default for State {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

impl<M: Message> Messages<M> {
    pub(super) fn new(body: Body, limit: usize, limits: Limits) -> Self {
        Self { body, limit, limits, frame: Bytes::new(), state: State::default(), message: PhantomData }
    }

    /// The next message, or the next part of one's data; `None` at the end. `Some(None)` for a message with nothing in
    /// it. The statuses are those of the gRPC library.
    pub(super) async fn next(&mut self) -> Result<Option<Option<Part<M::Header>>>, CallError> {
        loop {
            if let Some(part) = self.read()? {
                return Ok(Some(part));
            }
            let frame = poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)).await.transpose();
            match frame.map_err(foreign)?.and_then(|frame| frame.into_data().ok()) {
                Some(data) => self.frame = data,
                // Trailers are an end, too.
                None if matches!(&self.state, State::Head(head) if head.known == 0) => return Ok(None),
                None => return Err(foreign(prefix::cut_short())),
            }
        }
    }

    /// Reads on in the frame at hand. `None` when it is used up.
    fn read(&mut self) -> Result<Option<Option<Part<M::Header>>>, CallError> {
        loop {
            match &mut self.state {
                State::Head(head) => match head.next(self.limit).map_err(foreign)? {
                    Some(next) => self.state = next,
                    None if self.frame.is_empty() => return Ok(None),
                    None => head.push(self.frame.get_u8()),
                },
                State::Data(missing) => {
                    let data = self.frame.split_to(self.frame.len().min(*missing));
                    if data.is_empty() {
                        return Ok(None);
                    }
                    *missing -= data.len();
                    if *missing == 0 {
                        self.state = State::default();
                    }
                    return Ok(Some(Some(Part::Data(data))));
                }
                State::Whole { length, gathered } => {
                    prefix::gather(gathered, &mut self.frame, *length);
                    if gathered.len() < *length {
                        return Ok(None);
                    }
                    let message: M = decode(mem::take(gathered).freeze(), &self.limits)?;
                    self.state = State::default();
                    return Ok(Some(message.part()));
                }
            }
        }
    }
}

// By value, as errors come.
#[allow(clippy::needless_pass_by_value)]
fn foreign(status: Status) -> CallError {
    CallError::library(&status)
}

/// The prefix of a message, and what stands before the data in it.
#[derive(Default)]
struct Head {
    bytes: [u8; PREFIX + 1 + LENGTH],
    known: usize,
}

impl Head {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.known) {
            *place = byte;
            self.known += 1;
        }
    }

    /// How to go on; `None` where that takes another byte.
    fn next(&self, limit: usize) -> Result<Option<State>, Status> {
        let [flag, a, b, c, d, ..] = self.bytes;
        let Some(begun) = self.bytes.get(PREFIX..self.known) else { return Ok(None) };
        let length = prefix::length([flag, a, b, c, d])?;
        if length > limit {
            return Err(prefix::too_large(length, limit));
        }
        let whole = Some(State::Whole { length, gathered: BytesMut::from(begun) });
        let Some((key, number)) = begun.split_first().filter(|_| begun.len() < length) else {
            return Ok(whole.filter(|_| begun.len() == length));
        };
        Ok(match number.last() {
            _ if *key != DATA => whole,
            Some(last) if last & 0x80 == 0 => {
                let data = number.iter().rev().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
                if begun.len() + data == length { Some(State::Data(data)) } else { whole }
            }
            _ if number.len() == LENGTH => whole,
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
