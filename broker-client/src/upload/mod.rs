//! The body of a call with any amount of data. A part is written to the socket as it is, behind the few bytes that
//! make it a message; a generated stub would copy it into a message, and the message into a buffer.

mod reader;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use broker_proto::{PREFIX_LENGTH, put_prefix};
use bytes::{Bytes, BytesMut};
use prost::{
    Message,
    encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len, message},
};
use tokio::sync::oneshot;
use tokio_stream::Stream;
use zeroize::Zeroizing;

pub(crate) use self::reader::read_ahead;
use crate::wire::InputFailed;

/// The maximum length of the data in one message, in bytes.
const MAX_PART_LENGTH: usize = 256 * 1024;

/// The field `header` of every request message of StreamService.
const HEADER: u32 = 1;

/// The field `data` of every request message of StreamService.
const DATA: u32 = 2;

/// A stream of a header and the parts after it, each as a gRPC message.
pub(crate) struct Upload<S> {
    /// The bytes to send next.
    next: Option<Bytes>,
    /// The rest of the current part.
    rest: Bytes,
    parts: S,
    input_error: Option<oneshot::Sender<io::Error>>,
}

impl<S: Stream<Item = io::Result<Bytes>> + Send + 'static> Upload<Pin<Box<S>>> {
    /// Creates the body of a call. An error among the parts is sent to `input_error`.
    pub(crate) fn new(header: &impl Message, parts: S, input_error: oneshot::Sender<io::Error>) -> Self {
        Self {
            next: Some(Bytes::from_owner(encode_header(header))),
            rest: Bytes::new(),
            parts: Box::pin(parts),
            input_error: Some(input_error),
        }
    }
}

impl<S: Stream<Item = io::Result<Bytes>> + Unpin> Stream for Upload<S> {
    type Item = Result<Bytes, InputFailed>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(bytes) = self.next.take() {
                return Poll::Ready(Some(Ok(bytes)));
            }
            if !self.rest.is_empty() {
                let length = self.rest.len().min(MAX_PART_LENGTH);
                let part = self.rest.split_to(length);
                self.next = Some(part);
                return Poll::Ready(Some(Ok(data_prefix(length))));
            }
            match ready!(Pin::new(&mut self.parts).poll_next(context)) {
                Some(Ok(part)) => self.rest = part,
                Some(Err(error)) => {
                    // Sending fails where the call is already over.
                    let _ = self.input_error.take().map(|sender| sender.send(error));
                    return Poll::Ready(Some(Err(InputFailed)));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}

/// Encodes the message of the header. The header may hold a key, so the buffer never grows, and is wiped when it is
/// dropped.
fn encode_header(header: &impl Message) -> Zeroizing<Vec<u8>> {
    let length = message::encoded_len(HEADER, header);
    let mut bytes = Zeroizing::new(Vec::with_capacity(PREFIX_LENGTH + length));
    put_prefix(&mut *bytes, length);
    message::encode(HEADER, header, &mut *bytes);
    bytes
}

/// Encodes the part of a data message that precedes this many bytes of data.
fn data_prefix(length: usize) -> Bytes {
    let field = key_len(DATA) + encoded_len_varint(length as u64);
    let mut bytes = BytesMut::with_capacity(PREFIX_LENGTH + field);
    put_prefix(&mut bytes, field + length);
    encode_key(DATA, WireType::LengthDelimited, &mut bytes);
    encode_varint(length as u64, &mut bytes);
    bytes.freeze()
}
