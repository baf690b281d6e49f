//! gRPC's own shapes on HTTP/2, as far as a client needs them: a message in its frame, a call of one message, and how
//! calls end. tonic's codec would copy each message once more, through two buffers of 8 KiB for each call.

mod messages;
mod timeout;

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use bytes::{BufMut, Bytes};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body::{Body as _, Frame};
use prost::Message;
use tonic::{Code, Status, body::Body, transport::Channel};
use tower::Service as _;
use zeroize::Zeroizing;

pub(crate) use self::{messages::Messages, timeout::timeout};
use crate::{error::Error, retry::Failure};

/// What a body can fail with.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The prefix of a message: one byte says that it is not compressed, four are its length.
pub(crate) const PREFIX: usize = 5;

/// The header that says how long a call has.
pub(crate) const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The header that says which trace a call belongs to (W3C Trace Context).
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

pub(crate) fn put_prefix(bytes: &mut impl BufMut, length: usize) {
    bytes.put_u8(0);
    // What is longer is refused by every server.
    bytes.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
}

/// A whole message. It may hold a key, so its bytes are wiped when the transport is done with them.
pub(crate) fn message(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    // As long as the message is, so that it never grows and moves.
    let mut bytes = Zeroizing::new(Vec::with_capacity(PREFIX + length));
    put_prefix(&mut *bytes, length);
    message.encode_raw(&mut *bytes);
    Bytes::from_owner(bytes)
}

/// A call of the given method, which sends what the body gives.
pub(crate) fn request<B>(path: &'static str, body: B) -> Request<Body>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let mut request = Request::new(Body::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::from_static(path);
    let headers = request.headers_mut();
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    request
}

/// Makes a call that has one answer.
pub(crate) async fn call(channel: Channel, request: Request<Body>) -> Result<Bytes, Failure> {
    let response = send(channel, request).await.map_err(Failure::Status)?;
    receive(response).await
}

/// The answer in a message.
pub(crate) fn decode<R: Message + Default>(message: Bytes) -> Result<R, Error> {
    R::decode(message).map_err(|error| Error::protocol(error.to_string()))
}

/// Sends a call, and waits for the beginning of its answer.
pub(crate) async fn send(mut channel: Channel, request: Request<Body>) -> Result<Response<Body>, Status> {
    poll_fn(|context| channel.poll_ready(context)).await.map_err(|error| Status::from_error(error.into()))?;
    channel.call(request).await.map_err(|error| Status::from_error(error.into()))
}

/// The one message of an answer.
async fn receive(response: Response<Body>) -> Result<Bytes, Failure> {
    let (head, body) = response.into_parts();
    if let Some(status) = Status::from_header_map(&head.headers) {
        return Err(failed(status));
    }
    let mut body = pin!(body);
    let mut messages = Messages::default();
    let mut answer = None;
    loop {
        match poll_fn(|context| body.as_mut().poll_frame(context)).await {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    messages.push(data);
                    while let Some(message) = messages.next()? {
                        if answer.replace(message).is_some() {
                            return Err(Error::protocol("two messages where there is to be one").into());
                        }
                    }
                }
                Err(frame) => {
                    let trailers = frame.into_trailers().unwrap_or_default();
                    return match Status::from_header_map(&trailers) {
                        Some(status) if status.code() == Code::Ok => answer.ok_or_else(|| failed(status)),
                        Some(status) => Err(failed(status)),
                        None => Err(unfinished(head.status)),
                    };
                }
            },
            Some(Err(status)) => return Err(Failure::Status(status)),
            None => return Err(unfinished(head.status)),
        }
    }
}

/// A status without an answer.
fn failed(status: Status) -> Failure {
    match status.code() {
        Code::Ok => Error::protocol("OK without a message").into(),
        _ => Failure::Status(status),
    }
}

/// An answer that ends without saying how is of somebody who does not speak gRPC, or was cut.
pub(crate) fn unfinished(code: StatusCode) -> Failure {
    match code {
        StatusCode::OK => {
            Error::Connection { detail: "the answer ended without a status".into(), begun: true }
        }
        _ => Error::protocol(format!("HTTP status {code} and no status of gRPC")),
    }
    .into()
}

/// A body of one message.
pub(crate) struct Once(Option<Bytes>);

impl Once {
    pub(crate) fn new(message: Bytes) -> Self {
        Self(Some(message))
    }
}

impl http_body::Body for Once {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|message| Ok(Frame::data(message))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }
}
