//! "gRPC over HTTP/2", as far as a client needs it: the connection, requests, responses, and unary calls.

mod connection;
mod health;
mod limiter;
mod messages;
mod request_body;
mod response;
mod timeout;

use broker_proto::{PREFIX_LENGTH, put_prefix};
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Request, Uri, header,
    uri::{Authority, PathAndQuery, Scheme},
};
use prost::Message;
use zeroize::Zeroizing;

pub(crate) use self::{
    connection::Connection,
    health::{HealthCheckRequest, HealthCheckResponse, ServingStatus},
    messages::Messages,
    request_body::{InputFailed, RequestBody},
    response::{Frame, Response},
    timeout::encode_timeout,
};
use crate::error::{AttemptError, Error, innermost};

/// The `:authority` of calls. gRPC demands a host name; strict servers reset calls whose authority is the path of
/// the socket, which some clients send.
const AUTHORITY: &str = "localhost";

/// The header with the timeout of a call.
pub(crate) const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The header with the trace of a call (W3C Trace Context).
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Encodes a message with its prefix. The message may hold a key, so its bytes are wiped when the transport drops them.
pub(crate) fn encode(message: &impl Message) -> Zeroizing<Vec<u8>> {
    let length = message.encoded_len();
    // With the exact capacity, so that the buffer never moves and leaves no copy.
    let mut bytes = Zeroizing::new(Vec::with_capacity(PREFIX_LENGTH + length));
    put_prefix(&mut *bytes, length);
    message.encode_raw(&mut *bytes);
    bytes
}

/// Returns the head of a call of the method with this path.
pub(crate) fn request_head(path: &'static str) -> Request<()> {
    let mut uri = http::uri::Parts::default();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(Authority::from_static(AUTHORITY));
    uri.path_and_query = Some(PathAndQuery::from_static(path));
    let mut head = Request::new(());
    *head.method_mut() = Method::POST;
    // The URI has all three parts and so is valid.
    *head.uri_mut() = Uri::from_parts(uri).unwrap_or_default();
    let headers = head.headers_mut();
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    head
}

/// Makes a call whose response is one message, and returns that message.
pub(crate) async fn call(
    connection: &Connection,
    head: Request<()>,
    body: RequestBody,
) -> Result<Bytes, AttemptError> {
    let mut response = connection.send(head, body).await?;
    let mut messages = Messages::default();
    let mut message = None;
    loop {
        match response.next().await? {
            Frame::Data(data) => {
                messages.push(data);
                while let Some(next) = messages.next()? {
                    if message.replace(next).is_some() {
                        return Err(Error::protocol("two messages where the method has one").into());
                    }
                }
            }
            Frame::End(Ok(())) => {
                return message.ok_or_else(|| Error::protocol("OK without a message").into());
            }
            Frame::End(Err(status)) => return Err(AttemptError::Status(status)),
        }
    }
}

/// Decodes a message.
pub(crate) fn decode<R: Message + Default>(message: Bytes) -> Result<R, Error> {
    R::decode(message).map_err(|error| Error::protocol(error.to_string()))
}

/// Creates the error of a connection that failed, or of a call on it. `sent` tells whether the call may have left
/// this process.
fn connection_error(error: &h2::Error, sent: bool) -> Error {
    // The server did not process a call that it resets or leaves behind like this (RFC 9113 6.8 and 8.7).
    let unprocessed = match error.reason() {
        Some(h2::Reason::REFUSED_STREAM) => error.is_reset() && error.is_remote(),
        Some(h2::Reason::NO_ERROR) => error.is_go_away() && error.is_remote(),
        _ => false,
    };
    Error::connection(innermost(error), sent && !unprocessed)
}
