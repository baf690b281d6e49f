//! The body of a call of many messages. A part goes to the socket as it is, behind the few bytes that make it a
//! message; a generated stub would copy it into a message, and the message into a buffer.

mod ahead;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use broker_proto::{PREFIX_LENGTH, put_prefix};
use bytes::{BufMut, Bytes, BytesMut};
use tokio::sync::oneshot;
use tokio_stream::Stream;

pub(crate) use self::ahead::ahead;
use crate::wire::{Unreadable, message};

/// How much data a message has at most.
const PART: usize = 256 * 1024;

/// The field `bytes data = 2` of each message of StreamService, which is its number and its type (LEN).
const DATA: u8 = 2 << 3 | 2;

/// A header and the parts after it, each as a gRPC message.
pub(crate) struct Parts<S> {
    /// What is sent next.
    next: Option<Bytes>,
    /// What is left of the part at hand.
    rest: Bytes,
    parts: S,
    failed: Option<oneshot::Sender<io::Error>>,
}

impl<S: Stream<Item = io::Result<Bytes>> + Send + 'static> Parts<Pin<Box<S>>> {
    /// An error among the parts goes to `failed`.
    pub(crate) fn new(header: &impl prost::Message, parts: S, failed: oneshot::Sender<io::Error>) -> Self {
        Self {
            next: Some(Bytes::from_owner(message(header))),
            rest: Bytes::new(),
            parts: Box::pin(parts),
            failed: Some(failed),
        }
    }
}

impl<S: Stream<Item = io::Result<Bytes>> + Unpin> Stream for Parts<S> {
    type Item = Result<Bytes, Unreadable>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(bytes) = self.next.take() {
                return Poll::Ready(Some(Ok(bytes)));
            }
            if !self.rest.is_empty() {
                let length = self.rest.len().min(PART);
                let part = self.rest.split_to(length);
                self.next = Some(part);
                return Poll::Ready(Some(Ok(data_prefix(length))));
            }
            match ready!(Pin::new(&mut self.parts).poll_next(context)) {
                Some(Ok(part)) => self.rest = part,
                Some(Err(error)) => {
                    // Nobody hears it when the call is over already.
                    let _ = self.failed.take().map(|failed| failed.send(error));
                    return Poll::Ready(Some(Err(Unreadable)));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}

/// What makes a message of the given number of bytes of data behind it.
fn data_prefix(length: usize) -> Bytes {
    let field = 1 + prost::length_delimiter_len(length);
    let mut bytes = BytesMut::with_capacity(PREFIX_LENGTH + field);
    put_prefix(&mut bytes, field + length);
    bytes.put_u8(DATA);
    // A buffer that grows always has room.
    let _ = prost::encode_length_delimiter(length, &mut bytes);
    bytes.freeze()
}
