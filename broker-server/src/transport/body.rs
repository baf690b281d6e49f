//! Request and answer on their way through: where a request is complete, and how an answer ends.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tonic::Status;

use super::{admission::Interruption, connection::Call};
use crate::{
    rpc::Kind,
    status::{self, CallError},
};

/// A request's body, which tells its call when it has arrived whole. Data is handed on as it comes: who reads it gathers
/// what it needs and no more, and reserves nothing for what is only announced.
#[derive(Debug)]
pub(super) struct Question {
    body: Incoming,
    call: Arc<Call>,
    messages: Messages,
    first: First,
}

impl Question {
    pub(super) fn new(body: Incoming, call: Arc<Call>) -> Self {
        if body.is_end_stream() {
            call.complete();
        }
        Self { body, call, messages: Messages::default(), first: First::Coming }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.call.read();
    }
}

/// A stream's first message, which is the one with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Coming,
    /// It has been handed on.
    Here,
    /// And more was asked for.
    Read,
}

/// Where in its messages the bytes of a stream stand ("gRPC over HTTP/2", Length-Prefixed-Message).
#[derive(Debug, Default)]
struct Messages {
    prefix: [u8; 5],
    /// How much of the prefix is known.
    known: usize,
    /// What the message still lacks.
    missing: usize,
}

impl Messages {
    /// Passes over `data`; whether a message ends in it.
    fn pass_one(&mut self, mut data: &[u8]) -> bool {
        while let Some((first, rest)) = data.split_first() {
            if let Some(byte) = self.prefix.get_mut(self.known) {
                *byte = *first;
                self.known += 1;
                data = rest;
                let [_, length @ ..] = self.prefix;
                self.missing = u32::from_be_bytes(length) as usize;
            } else {
                let (_, rest) = data.split_at(self.missing.min(data.len()));
                self.missing -= data.len() - rest.len();
                data = rest;
            }
            if self.known == self.prefix.len() && self.missing == 0 {
                return true;
            }
        }
        false
    }
}

impl Body for Question {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
            this.call.scrub_items();
            if this.first == First::Here {
                // The stream may stay open and silent for long.
                this.first = First::Read;
                this.call.scrub();
            }
            this.call.pause();
            return Poll::Pending;
        };
        let whole = this.body.is_end_stream();
        if whole {
            this.call.complete();
        }
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.call.message();
                    let stream = matches!(this.call.kind, Kind::Stream | Kind::Pipeline);
                    if stream && this.first == First::Coming && this.messages.pass_one(data) {
                        this.first = First::Here;
                    }
                }
                Some(Ok(frame))
            }
            None if whole => None,
            _ => Some(Err(status::broken_off())),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body. Its call is in flight until it is dropped.
pub(super) struct Answer {
    text: Text,
    call: Arc<Call>,
    interruption: Interruption,
    ended: bool,
    /// It has a secret in it.
    secret: bool,
}

/// What an answer says.
enum Text {
    /// What the gRPC library makes of it.
    Library(tonic::body::Body),
    /// One message, as it is sent; `None` once it is.
    Whole(Option<Bytes>),
}

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// As many bytes as the HTTP/2 library copies of an answer's beginning into the connection's write buffer. After the
/// answer the buffer is empty but not wiped, and the next thing that is written there are the trailers: with this header
/// they take the secret's place. The field `padding` of such an answer sees to it that the answer is written before
/// them. Each `X` stays a byte in HPACK's code, and what is sensitive is never written as a reference to an earlier one.
const OVER: &str = match std::str::from_utf8(&[b'X'; 256]) {
    Ok(text) => text,
    Err(_) => "",
};

fn overwrite(trailers: &mut HeaderMap) {
    let mut over = HeaderValue::from_static(OVER);
    over.set_sensitive(true);
    trailers.insert("padding", over);
}

impl Answer {
    pub(super) fn new(body: tonic::body::Body, call: Arc<Call>, deadline: Option<Instant>) -> Self {
        Self::saying(Text::Library(body), call, deadline)
    }

    /// A message with its prefix, and the status OK.
    pub(super) fn whole(message: Bytes, call: Arc<Call>, deadline: Option<Instant>) -> Self {
        Self::saying(Text::Whole(Some(message)), call, deadline)
    }

    fn saying(text: Text, call: Arc<Call>, deadline: Option<Instant>) -> Self {
        if call.kind != Kind::Pipeline {
            call.answered();
        }
        let interruption = Interruption::new(Arc::clone(&call), deadline);
        Self { text, call, interruption, ended: false, secret: false }
    }

    /// The same, of a method whose answers may have a secret in them.
    pub(super) fn with_secret(self, secret: bool) -> Self {
        Self { secret, ..self }
    }

    fn end_well(&mut self) -> Frame<Bytes> {
        self.ended = true;
        let mut trailers = HeaderMap::with_capacity(2);
        trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
        if self.secret {
            overwrite(&mut trailers);
        }
        Frame::trailers(trailers)
    }

    fn end(&mut self, error: CallError) -> Frame<Bytes> {
        self.ended = true;
        let mut trailers = HeaderMap::new();
        // A status is made of header values; there is nothing better to send if it were not.
        let _ = Status::from(error).add_header(&mut trailers);
        if self.secret {
            overwrite(&mut trailers);
        }
        Frame::trailers(trailers)
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        let body = match &mut this.text {
            Text::Library(body) => body,
            Text::Whole(message) => {
                let frame = message.take().map(Frame::data);
                return Poll::Ready(Some(Ok(frame.unwrap_or_else(|| this.end_well()))));
            }
        };
        match catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(cx))) {
            Err(_) => Poll::Ready(Some(Ok(this.end(CallError::Internal)))),
            Ok(Poll::Ready(Some(Ok(mut frame)))) => {
                if let Some(trailers) = frame.trailers_mut() {
                    status::rewrite(trailers);
                    if this.secret {
                        overwrite(trailers);
                    }
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Ok(Poll::Ready(end)) => Poll::Ready(end),
            Ok(Poll::Pending) => {
                let error = ready!(this.interruption.poll(cx));
                Poll::Ready(Some(Ok(this.end(error))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || matches!(&self.text, Text::Library(body) if body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.text {
            Text::Library(body) => body.size_hint(),
            Text::Whole(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("call", &self.call).field("ended", &self.ended).finish_non_exhaustive()
    }
}
