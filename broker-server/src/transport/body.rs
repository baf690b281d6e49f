//! The bodies of requests and responses: when a request is complete, and how a response ends.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use broker_proto::PREFIX_LENGTH;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tonic::Status;

use super::{abort::AbortSignal, call::TrackedCall};
use crate::{
    rpc::{EncodedResponse, H2_CHAIN_THRESHOLD, MethodKind, Trailers},
    status::{self, CallError},
};

/// The body of a request, which tells its call when it has arrived completely. Data is passed on as it arrives: the reader
/// collects what it needs, and nothing is reserved for a message that is merely announced.
#[derive(Debug)]
pub(super) struct RequestBody {
    body: Incoming,
    call: Arc<TrackedCall>,
    first_message_parser: FirstMessageParser,
    first_message: FirstMessage,
}

impl RequestBody {
    pub(super) fn new(body: Incoming, call: Arc<TrackedCall>) -> Self {
        if body.is_end_stream() {
            call.mark_request_complete();
        }
        let first_message_parser = FirstMessageParser::default();
        Self { body, call, first_message_parser, first_message: FirstMessage::Incomplete }
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.call.on_body_dropped();
    }
}

/// The state of a stream's first message, which is the one that contains the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FirstMessage {
    Incomplete,
    /// The reader has received it.
    Delivered,
    /// The reader has polled again, so it no longer needs the message and the key may be wiped.
    Consumed,
}

/// Finds the end of a stream's first message ("gRPC over HTTP/2", Length-Prefixed-Message).
#[derive(Debug, Default)]
struct FirstMessageParser {
    prefix: [u8; PREFIX_LENGTH],
    /// How many bytes of the prefix have arrived.
    prefix_length: usize,
    /// The number of bytes of the message that have not arrived yet.
    remaining: usize,
}

impl FirstMessageParser {
    /// Advances over `data` to the end of the current message. Reports whether the message ends in `data`.
    fn advance(&mut self, mut data: &[u8]) -> bool {
        while let Some((first, rest)) = data.split_first() {
            if let Some(byte) = self.prefix.get_mut(self.prefix_length) {
                *byte = *first;
                self.prefix_length += 1;
                data = rest;
                let [_, length @ ..] = self.prefix;
                self.remaining = u32::from_be_bytes(length) as usize;
            } else {
                let (_, rest) = data.split_at(self.remaining.min(data.len()));
                self.remaining -= data.len() - rest.len();
                data = rest;
            }
            if self.prefix_length == self.prefix.len() && self.remaining == 0 {
                return true;
            }
        }
        false
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
            this.call.request_wipe_after_items();
            if this.first_message == FirstMessage::Delivered {
                // The key is wiped now, because the stream may stay open and silent for long.
                this.first_message = FirstMessage::Consumed;
                this.call.request_wipe();
            }
            this.call.mark_paused();
            return Poll::Pending;
        };
        let complete = this.body.is_end_stream();
        if complete {
            this.call.mark_request_complete();
        }
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.call.mark_data_received();
                    let kind = this.call.kind;
                    if kind == MethodKind::Upload {
                        // Its data is as secret as a key, and is wiped at each pause.
                        this.first_message = FirstMessage::Delivered;
                    } else if (kind.is_stream() || kind == MethodKind::Pipeline)
                        && this.first_message == FirstMessage::Incomplete
                        && this.first_message_parser.advance(data)
                    {
                        this.first_message = FirstMessage::Delivered;
                    }
                }
                Some(Ok(frame))
            }
            None if complete => {
                if this.call.kind == MethodKind::Upload {
                    // No pause follows, and the proof may take long.
                    this.call.request_wipe();
                }
                None
            }
            _ => Some(Err(status::incomplete_request())),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a response. Its call stays in flight until the body is dropped.
pub(super) struct ResponseBody {
    content: Content,
    call: Arc<TrackedCall>,
    abort: AbortSignal,
    /// What the trailers of a single message say beyond the status.
    trailers: Option<Trailers>,
    trailers_sent: bool,
    /// The response may contain a secret.
    has_secret: bool,
}

/// The content of a response.
enum Content {
    /// A body that tonic produces.
    Tonic(tonic::body::Body),
    /// A single message with its prefix, `None` after it has been sent.
    Message(Option<Bytes>),
}

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// The value of a trailer that overwrites the copy of a secret.
///
/// h2 copies up to [`H2_CHAIN_THRESHOLD`] bytes of a response into the connection's write buffer, which is emptied but
/// not wiped when they have been sent. The trailers are written to the same place next, so a trailer of that length
/// overwrites the secret. The field `padding` of such a response (`PADDING` in `rpc/call.rs`) keeps h2 from copying the
/// whole message, so that the response is sent before the trailers are written.
///
/// h2 Huffman-codes the value. `X` has a code of eight bits (RFC 7541, appendix B), so the coded value has this length
/// too. The value is sensitive, so h2 never replaces it by a reference to its dynamic table.
const OVERWRITING_TRAILER: &str = match std::str::from_utf8(&[b'X'; H2_CHAIN_THRESHOLD]) {
    Ok(text) => text,
    Err(_) => "",
};

fn add_padding(trailers: &mut HeaderMap) {
    let mut padding = HeaderValue::from_static(OVERWRITING_TRAILER);
    padding.set_sensitive(true);
    trailers.insert("padding", padding);
}

impl ResponseBody {
    /// Returns the body of a response from tonic.
    pub(super) fn new(body: tonic::body::Body, call: Arc<TrackedCall>, deadline: Option<Instant>) -> Self {
        Self::with_content(Content::Tonic(body), call, deadline)
    }

    /// Returns the body of a response with one message and the status OK.
    pub(super) fn single_message(
        response: EncodedResponse,
        call: Arc<TrackedCall>,
        deadline: Option<Instant>,
    ) -> Self {
        let EncodedResponse { message, trailers } = response;
        Self { trailers, ..Self::with_content(Content::Message(Some(message)), call, deadline) }
    }

    fn with_content(content: Content, call: Arc<TrackedCall>, deadline: Option<Instant>) -> Self {
        if call.kind != MethodKind::Pipeline {
            call.mark_response_ready();
        }
        let abort = AbortSignal::new(Arc::clone(&call), deadline);
        Self { content, call, abort, trailers: None, trailers_sent: false, has_secret: false }
    }

    /// Sets whether the response may contain a secret.
    pub(super) fn has_secret(self, has_secret: bool) -> Self {
        Self { has_secret, ..self }
    }

    /// Ends the response with the status OK.
    fn finish(&mut self) -> Frame<Bytes> {
        self.trailers_sent = true;
        let own = self.trailers.take().map(Trailers::into_map);
        let mut trailers = own.unwrap_or_else(|| HeaderMap::with_capacity(2));
        trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
        if self.has_secret {
            add_padding(&mut trailers);
        }
        Frame::trailers(trailers)
    }

    /// Ends the response with an error.
    fn fail(&mut self, error: CallError) -> Frame<Bytes> {
        self.trailers_sent = true;
        let mut trailers = HeaderMap::new();
        // A status of ours consists of valid header values, so this cannot fail.
        let _ = Status::from(error).add_header(&mut trailers);
        if self.has_secret {
            add_padding(&mut trailers);
        }
        Frame::trailers(trailers)
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if this.trailers_sent {
            return Poll::Ready(None);
        }
        let body = match &mut this.content {
            Content::Tonic(body) => body,
            Content::Message(message) => {
                let frame = message.take().map(Frame::data);
                return Poll::Ready(Some(Ok(frame.unwrap_or_else(|| this.finish()))));
            }
        };
        match catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(cx))) {
            Err(_) => Poll::Ready(Some(Ok(this.fail(CallError::Internal)))),
            Ok(Poll::Ready(Some(Ok(mut frame)))) => {
                if let Some(trailers) = frame.trailers_mut() {
                    // A status that tonic created gets the broker's code and reason. The broker's own statuses stay unchanged.
                    status::replace_tonic_status(trailers);
                    if this.has_secret {
                        add_padding(trailers);
                    }
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Ok(Poll::Ready(end)) => Poll::Ready(end),
            Ok(Poll::Pending) => {
                let error = ready!(this.abort.poll(cx));
                Poll::Ready(Some(Ok(this.fail(error))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.trailers_sent || matches!(&self.content, Content::Tonic(body) if body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Tonic(body) => body.size_hint(),
            Content::Message(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ResponseBody");
        debug.field("call", &self.call).field("trailers_sent", &self.trailers_sent).finish_non_exhaustive()
    }
}
