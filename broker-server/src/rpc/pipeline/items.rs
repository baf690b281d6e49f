//! Reads the messages of a pipeline's request from its body.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use broker_proto::{Deframer, FrameError};
use bytes::{Buf as _, Bytes};
use http_body::Body as _;
use prost::Message as _;
use tonic::{Status, body::Body};

use crate::rpc::framing;

/// A message of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ReceivedItem {
    /// A message within the limit.
    Message(Bytes),
    /// A longer message, which has been skipped.
    TooLarge { sequence: u64, error: FrameError },
}

/// Reads a client's messages, each of at most a given number of bytes.
pub(super) struct Items {
    body: Body,
    deframer: Deframer,
    /// The sequence number of the message that is being skipped, once its beginning has arrived.
    skipped_sequence: Option<u64>,
    /// Bytes have been skipped, and may have been a secret, since the last [`Self::take_skipped_flag`].
    skipped_since_last_poll: bool,
}

/// The length of a sequence number that comes first in its message, in bytes: a key and a varint.
const MAX_SEQUENCE_LENGTH: usize = 11;
/// The initial capacity for a message that spans several chunks, in bytes.
const INITIAL_CAPACITY: usize = 16 << 10;

impl Items {
    pub(super) fn new(body: Body, limit: usize) -> Self {
        let deframer = Deframer::new(limit).with_initial_capacity(INITIAL_CAPACITY);
        Self { body, deframer, skipped_sequence: None, skipped_since_last_poll: false }
    }

    /// Returns the next message; `None` at the end of the request.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<ReceivedItem, Status>>> {
        loop {
            match self.read() {
                Ok(None) => {}
                Ok(Some(item)) => return Poll::Ready(Some(Ok(item))),
                Err(error) => return Poll::Ready(Some(Err(framing::status(error)))),
            }
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)).transpose() {
                Ok(frame) => frame,
                Err(status) => return Poll::Ready(Some(Err(status))),
            };
            let Some(data) = frame.and_then(|frame| frame.into_data().ok()) else {
                // Trailers end the body, too.
                return Poll::Ready(self.deframer.finish().err().map(|error| Err(framing::status(error))));
            };
            self.deframer.push(data);
        }
    }

    /// Reports whether data has arrived that was not returned as an item: a part of a message, or whole messages.
    pub(super) const fn has_unread_data(&self) -> bool {
        !self.deframer.is_between_messages() || self.deframer.has_data()
    }

    /// Reports whether bytes have been skipped since the last call, and clears the flag.
    pub(super) fn take_skipped_flag(&mut self) -> bool {
        mem::take(&mut self.skipped_since_last_poll)
    }

    /// Reads a message from the data that has arrived. Returns `None` when more is needed.
    fn read(&mut self) -> Result<Option<ReceivedItem>, FrameError> {
        match self.deframer.next_message() {
            Err(error @ FrameError::TooLarge { length, .. }) => {
                Ok(self.skip(length).map(|sequence| ReceivedItem::TooLarge { sequence, error }))
            }
            message => Ok(message?.map(ReceivedItem::Message)),
        }
    }

    /// Skips a message of `length` bytes. Returns its sequence number once its end has arrived.
    fn skip(&mut self, length: usize) -> Option<u64> {
        self.skipped_since_last_poll |= self.deframer.has_data();
        if self.skipped_sequence.is_none() {
            let head = self.deframer.peek(MAX_SEQUENCE_LENGTH);
            if head.len() < length.min(MAX_SEQUENCE_LENGTH) {
                return None;
            }
            self.skipped_sequence = Some(leading_sequence(head));
        }
        if self.deframer.skip_message() { self.skipped_sequence.take() } else { None }
    }
}

/// The one field of a request that an error response needs.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct SequenceOnly {
    #[prost(uint64, tag = "1")]
    sequence: u64,
}

/// Returns the sequence number of a request that cannot be decoded; `None` if that cannot be decoded either.
pub(super) fn sequence(message: Bytes) -> Option<u64> {
    SequenceOnly::decode(message).ok().map(|message| message.sequence)
}

/// Returns the sequence number at the beginning of a message, which is where every encoder writes it; 0, which encoders
/// omit, if the message begins with something else.
fn leading_sequence(mut head: &[u8]) -> u64 {
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

    use broker_proto::put_prefix;
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

    fn read(bytes: &[u8], cut: usize) -> Result<Vec<ReceivedItem>, Status> {
        let frames = bytes.chunks(cut).map(Bytes::copy_from_slice).collect();
        let mut items = Items::new(Body::new(Frames(frames)), LIMIT);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut all = Vec::new();
        loop {
            match items.poll_next(&mut cx) {
                Poll::Ready(Some(item)) => all.push(item?),
                Poll::Ready(None) => return Ok(all),
                Poll::Pending => unreachable!("all chunks have arrived"),
            }
        }
    }

    fn prefixed(message: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_prefix(&mut bytes, message.len());
        bytes.extend(message);
        bytes
    }

    proptest! {
        #[test]
        fn returns_same_items_for_any_frame_boundaries(
            lengths in prop::collection::vec((0_usize..2 * LIMIT, 1_u64..u64::MAX), 0..8),
            cut in 1_usize..300,
        ) {
            let (mut bytes, mut expected) = (Vec::new(), Vec::new());
            for (length, sequence) in lengths {
                let mut message = SequenceOnly { sequence }.encode_to_vec();
                // An unknown field of bytes.
                message.extend([0x7a, u8::try_from(length & 0x7f).unwrap()]);
                message.extend(vec![7; length & 0x7f]);
                bytes.extend(prefixed(&message));
                prop_assert_eq!(super::sequence(message.clone().into()), Some(sequence));
                expected.push(if message.len() > LIMIT {
                    ReceivedItem::TooLarge { sequence, error: FrameError::TooLarge { length: message.len(), limit: LIMIT } }
                } else {
                    ReceivedItem::Message(message.into())
                });
            }
            prop_assert_eq!(read(&bytes, cut).unwrap(), expected);
        }
    }

    #[test]
    fn rejects_truncated_message() {
        let bytes = prefixed(b"whole");
        for length in 1..bytes.len() {
            assert_eq!(read(&bytes[..length], 3).unwrap_err().code(), tonic::Code::Internal, "{length}");
        }
        let mut long = prefixed(&[8; 2 * LIMIT]);
        long.pop();
        assert!(read(&long, 50).is_err());
    }

    #[test]
    fn skipped_flag_is_cleared_when_taken() {
        let long = prefixed(&[8; 2 * LIMIT]);
        let frames =
            [&prefixed(b"short")[..], &long[..5], &long[5..10], &long[10..]].map(Bytes::copy_from_slice);
        let mut items = Items::new(Body::new(Frames(frames.into())), LIMIT);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(matches!(items.poll_next(&mut cx), Poll::Ready(Some(Ok(ReceivedItem::Message(_))))));
        assert!(!items.take_skipped_flag());
        assert!(matches!(items.poll_next(&mut cx), Poll::Ready(Some(Ok(ReceivedItem::TooLarge { .. })))));
        assert!(items.take_skipped_flag());
        assert!(matches!(items.poll_next(&mut cx), Poll::Ready(None)));
        assert!(!items.take_skipped_flag());
    }

    #[test]
    fn rejects_compressed_message() {
        assert!(read(&[1, 0, 0, 0, 0], 5).is_err());
    }

    #[test]
    fn finds_sequence_number_in_invalid_message() {
        assert_eq!(leading_sequence(&[8, 0xac, 2, 9]), 300);
        assert_eq!(leading_sequence(&[0x1a, 1]), 0);
        assert_eq!(leading_sequence(&[8, 0xff]), 0);
        assert_eq!(sequence(Bytes::from_static(&[0x1a, 1, 0xff, 8, 5])), Some(5));
        assert_eq!(sequence(Bytes::from_static(&[0x1a, 9])), None);
    }
}
