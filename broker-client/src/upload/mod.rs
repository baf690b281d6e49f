//! The body of a call of many messages. tonic would copy each part into a message and the message into a buffer; here
//! a part goes to the socket as it is, behind the few bytes that make it a message.

mod ahead;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{BufMut, Bytes, BytesMut};
use http_body::Frame;
use tokio::sync::oneshot;
use tokio_stream::Stream;
use tonic::{body::Body, transport::Channel};
use zeroize::Zeroizing;

pub(crate) use self::ahead::ahead;

/// How much data a message has at most.
const PART: usize = 256 * 1024;

/// The prefix of a gRPC message: one byte says that it is not compressed, four are its length.
const PREFIX: usize = 5;

/// The field `bytes data = 2` of each message of StreamService, which is its number and its type (LEN).
const DATA: u8 = 2 << 3 | 2;

/// A header and the parts after it, each as a gRPC message.
pub(crate) struct Upload<S> {
    /// What is sent next.
    next: Option<Bytes>,
    /// What is left of the part at hand.
    rest: Bytes,
    parts: S,
    failed: Option<oneshot::Sender<io::Error>>,
}

impl<S: Stream<Item = io::Result<Bytes>> + Send + 'static> Upload<Pin<Box<S>>> {
    /// An error among the parts goes to `failed`. The body has one, too, so that its stream is reset: to the server a
    /// stream that just ended would be a whole one.
    pub(crate) fn new(header: &impl prost::Message, parts: S, failed: oneshot::Sender<io::Error>) -> Self {
        Self { next: Some(message(header)), rest: Bytes::new(), parts: Box::pin(parts), failed: Some(failed) }
    }
}

impl<S: Stream<Item = io::Result<Bytes>> + Unpin> http_body::Body for Upload<S> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            if let Some(bytes) = self.next.take() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if !self.rest.is_empty() {
                let length = self.rest.len().min(PART);
                let part = self.rest.split_to(length);
                self.next = Some(part);
                return Poll::Ready(Some(Ok(Frame::data(data_prefix(length)))));
            }
            match ready!(Pin::new(&mut self.parts).poll_next(context)) {
                Some(Ok(part)) => self.rest = part,
                Some(Err(error)) => {
                    let reset = io::Error::new(error.kind(), "the data to be sent cannot be read");
                    // Nobody hears it when the call is over already.
                    let _ = self.failed.take().map(|failed| failed.send(error));
                    return Poll::Ready(Some(Err(reset)));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}

/// A whole message. It may hold a key, so its bytes are wiped when the transport is done with them.
fn message(message: &impl prost::Message) -> Bytes {
    let body = Zeroizing::new(message.encode_to_vec());
    let mut bytes = Zeroizing::new(Vec::with_capacity(PREFIX + body.len()));
    put_prefix(&mut *bytes, body.len());
    bytes.extend_from_slice(&body);
    Bytes::from_owner(bytes)
}

/// What makes a message of the given number of bytes of data behind it.
fn data_prefix(length: usize) -> Bytes {
    let field = 1 + prost::length_delimiter_len(length);
    let mut bytes = BytesMut::with_capacity(PREFIX + field);
    put_prefix(&mut bytes, field + length);
    bytes.put_u8(DATA);
    // A buffer that grows always has room.
    let _ = prost::encode_length_delimiter(length, &mut bytes);
    bytes.freeze()
}

fn put_prefix(bytes: &mut impl BufMut, length: usize) {
    bytes.put_u8(0);
    // What is longer is refused by every server.
    bytes.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
}

/// The channel, which sends the one body that it was given in place of the one that tonic makes.
pub(crate) struct Uploader {
    channel: Channel,
    body: Option<Body>,
}

impl Uploader {
    pub(crate) fn new<U>(channel: Channel, body: U) -> Self
    where
        U: http_body::Body<Data = Bytes, Error = io::Error> + Send + 'static,
    {
        Self { channel, body: Some(Body::new(body)) }
    }
}

impl tower::Service<http::Request<Body>> for Uploader {
    type Response = <Channel as tower::Service<http::Request<Body>>>::Response;
    type Error = <Channel as tower::Service<http::Request<Body>>>::Error;
    type Future = <Channel as tower::Service<http::Request<Body>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        tower::Service::poll_ready(&mut self.channel, context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let request = request.map(|empty| self.body.take().unwrap_or(empty));
        tower::Service::call(&mut self.channel, request)
    }
}
