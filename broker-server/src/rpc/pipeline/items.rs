//! The messages of a pipeline's request, read from its body: each as a piece of the frame that it came in, where it came
//! in one.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes, BytesMut};
use http_body::Body as _;
use prost::Message as _;
use tonic::{Status, body::Body};

use crate::rpc::prefix::{self, PREFIX};

/// What the client has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A message within the limit.
    Message(Bytes),
    /// One that was longer, and has been passed over.
    TooLarge { sequence: u64, length: usize },
}

/// A client's messages, of a size of `limit` bytes at most each.
pub(super) struct Items {
    body: Body,
    limit: usize,
    /// What has come and is not read yet.
    frame: Bytes,
    state: State,
    /// Something has been passed over, and may have been a secret.
    passed_over: bool,
}

enum State {
    Prefix {
        bytes: [u8; PREFIX],
        known: usize,
    },
    Whole {
        length: usize,
        gathered: BytesMut,
    },
    /// `missing` bytes are still to be passed over; `head` is the beginning.
    TooLarge {
        length: usize,
        missing: usize,
        head: BytesMut,
    },
}

impl Default for State {
    fn default() -> Self {
        Self::Prefix { bytes: [0; PREFIX], known: 0 }
    }
}

/// As much of a message as its sequence number can take where it comes first: a key and a varint.
const HEAD: usize = 11;
/// A message that does not come in one frame is given as much memory as this at first, in bytes: what a prefix
/// announces need not come.
const BEGINNING: usize = 16 << 10;

impl Items {
    pub(super) fn new(body: Body, limit: usize) -> Self {
        Self { body, limit, frame: Bytes::new(), state: State::default(), passed_over: false }
    }

    /// The next message; `None` at the end of the request.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Item, Status>>> {
        loop {
            match self.read() {
                Ok(None) => {}
                Ok(Some(item)) => return Poll::Ready(Some(Ok(item))),
                Err(status) => return Poll::Ready(Some(Err(status))),
            }
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)).transpose() {
                Ok(frame) => frame,
                Err(status) => return Poll::Ready(Some(Err(status))),
            };
            match frame.and_then(|frame| frame.into_data().ok()) {
                Some(data) => self.frame = data,
                // Trailers are an end, too.
                None if self.between() => return Poll::Ready(None),
                None => return Poll::Ready(Some(Err(prefix::cut_short()))),
            }
        }
    }

    /// Whether no message has begun and not ended.
    pub(super) const fn between(&self) -> bool {
        matches!(self.state, State::Prefix { known: 0, .. })
    }

    /// Whether something has been passed over since this was asked.
    pub(super) fn take_passed_over(&mut self) -> bool {
        mem::take(&mut self.passed_over)
    }

    /// Reads on in the frame at hand. `None` when it is used up.
    fn read(&mut self) -> Result<Option<Item>, Status> {
        loop {
            match &mut self.state {
                State::Prefix { bytes, known } => {
                    let missing = bytes.get_mut(*known..).unwrap_or_default();
                    let part = self.frame.split_to(missing.len().min(self.frame.len()));
                    missing.iter_mut().zip(&part).for_each(|(to, from)| *to = *from);
                    *known += part.len();
                    if *known < PREFIX {
                        return Ok(None);
                    }
                    let length = prefix::length(*bytes)?;
                    if length <= self.limit && length <= self.frame.len() {
                        self.state = State::default();
                        return Ok(Some(Item::Message(self.frame.split_to(length))));
                    }
                    self.state = if length > self.limit {
                        State::TooLarge { length, missing: length, head: BytesMut::with_capacity(HEAD) }
                    } else {
                        State::Whole { length, gathered: BytesMut::with_capacity(length.min(BEGINNING)) }
                    };
                }
                State::Whole { length, gathered } => {
                    prefix::gather(gathered, &mut self.frame, *length);
                    if gathered.len() < *length {
                        return Ok(None);
                    }
                    let message = mem::take(gathered).freeze();
                    self.state = State::default();
                    return Ok(Some(Item::Message(message)));
                }
                State::TooLarge { length, missing, head } => {
                    let passed = self.frame.len().min(*missing);
                    let wanted = passed.min(HEAD.saturating_sub(head.len()));
                    head.extend_from_slice(self.frame.get(..wanted).unwrap_or_default());
                    self.frame.advance(passed);
                    self.passed_over |= passed > 0;
                    *missing -= passed;
                    if *missing > 0 {
                        return Ok(None);
                    }
                    let item = Item::TooLarge { sequence: first_number(head), length: *length };
                    self.state = State::default();
                    return Ok(Some(item));
                }
            }
        }
    }
}

/// A request of which only the number matters.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Numbered {
    #[prost(uint64, tag = "1")]
    sequence: u64,
}

/// The sequence number of a request that cannot be read otherwise; `None` where that cannot be read either.
pub(super) fn sequence(message: Bytes) -> Option<u64> {
    Numbered::decode(message).ok().map(|numbered| numbered.sequence)
}

/// The number that a message begins with, as every encoder writes it; 0, which is not written, where it begins otherwise.
fn first_number(mut head: &[u8]) -> u64 {
    const KEY: u8 = 1 << 3;
    if head.first() != Some(&KEY) {
        return 0;
    }
    head.advance(1);
    prost::encoding::decode_varint(&mut head).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use std::collections::VecDeque;

    use http_body::Frame;
    use proptest::prelude::*;

    use super::*;

    struct Frames(VecDeque<Bytes>);

    impl http_body::Body for Frames {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            Poll::Ready(self.0.pop_front().map(|data| Ok(Frame::data(data))))
        }
    }

    const LIMIT: usize = 100;

    fn read(bytes: &[u8], cut: usize) -> Result<Vec<Item>, Status> {
        let frames = bytes.chunks(cut).map(Bytes::copy_from_slice).collect();
        let mut items = Items::new(Body::new(Frames(frames)), LIMIT);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut all = Vec::new();
        loop {
            match items.poll_next(&mut cx) {
                Poll::Ready(Some(item)) => all.push(item?),
                Poll::Ready(None) => return Ok(all),
                Poll::Pending => unreachable!("the frames are all there"),
            }
        }
    }

    fn prefixed(message: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        bytes.extend(message);
        bytes
    }

    proptest! {
        #[test]
        fn messages_are_the_same_however_they_are_cut(
            lengths in prop::collection::vec((0_usize..2 * LIMIT, 1_u64..u64::MAX), 0..8),
            cut in 1_usize..300,
        ) {
            let (mut bytes, mut wanted) = (Vec::new(), Vec::new());
            for (length, sequence) in lengths {
                let mut message = Numbered { sequence }.encode_to_vec();
                // A field of bytes that is unknown.
                message.extend([0x7a, u8::try_from(length & 0x7f).unwrap()]);
                message.extend(vec![7; length & 0x7f]);
                bytes.extend(prefixed(&message));
                prop_assert_eq!(super::sequence(message.clone().into()), Some(sequence));
                wanted.push(if message.len() > LIMIT {
                    Item::TooLarge { sequence, length: message.len() }
                } else {
                    Item::Message(message.into())
                });
            }
            prop_assert_eq!(read(&bytes, cut).unwrap(), wanted);
        }
    }

    #[test]
    fn half_a_message_is_an_error() {
        let bytes = prefixed(b"whole");
        for length in 1..bytes.len() {
            assert_eq!(read(&bytes[..length], 3).unwrap_err().code(), tonic::Code::Internal, "{length}");
        }
        let mut long = prefixed(&[8; 2 * LIMIT]);
        long.pop();
        assert!(read(&long, 50).is_err());
    }

    #[test]
    fn a_compressed_message_is_an_error() {
        assert!(read(&[1, 0, 0, 0, 0], 5).is_err());
    }

    #[test]
    fn a_number_is_found_where_it_can_be() {
        assert_eq!(first_number(&[8, 0xac, 2, 9]), 300);
        assert_eq!(first_number(&[0x1a, 1]), 0);
        assert_eq!(first_number(&[8, 0xff]), 0);
        assert_eq!(sequence(Bytes::from_static(&[0x1a, 1, 0xff, 8, 5])), Some(5));
        assert_eq!(sequence(Bytes::from_static(&[0x1a, 9])), None);
    }
}
