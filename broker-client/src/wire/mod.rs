//! gRPC's own shapes on HTTP/2, as far as a client needs them: the connection, a message in its frame, a call of one
//! message, and how calls end.

mod answer;
mod connection;
mod health;
mod messages;
mod outgoing;
mod places;
mod status;
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
    answer::{Answer, Frame},
    connection::Connection,
    health::{HealthCheckRequest, HealthCheckResponse, ServingStatus},
    messages::Messages,
    outgoing::{Outgoing, Unreadable},
    status::{Pushback, Status},
    timeout::timeout,
};
use crate::{
    error::{Error, innermost},
    retry::Failure,
};

/// gRPC wants a host name. The path of the socket, which some clients send, is not one and is reset by strict servers.
const AUTHORITY: &str = "localhost";

/// The header that says how long a call has.
pub(crate) const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The header that says which trace a call belongs to (W3C Trace Context).
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A whole message. It may hold a key, so its bytes are wiped when the transport is done with them.
pub(crate) fn message(message: &impl Message) -> Zeroizing<Vec<u8>> {
    let length = message.encoded_len();
    // As long as the message is, so that it never grows and moves.
    let mut bytes = Zeroizing::new(Vec::with_capacity(PREFIX_LENGTH + length));
    put_prefix(&mut *bytes, length);
    message.encode_raw(&mut *bytes);
    bytes
}

/// The head of a call of the given method.
pub(crate) fn head(path: &'static str) -> Request<()> {
    let mut uri = http::uri::Parts::default();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(Authority::from_static(AUTHORITY));
    uri.path_and_query = Some(PathAndQuery::from_static(path));
    let mut head = Request::new(());
    *head.method_mut() = Method::POST;
    // All three parts are there, so it is a URI.
    *head.uri_mut() = Uri::from_parts(uri).unwrap_or_default();
    let headers = head.headers_mut();
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    head
}

/// Makes a call that has one answer.
pub(crate) async fn call(
    connection: &Connection,
    head: Request<()>,
    body: Outgoing,
) -> Result<Bytes, Failure> {
    let mut answer = connection.send(head, body).await?;
    let mut messages = Messages::default();
    let mut message = None;
    loop {
        match answer.next().await? {
            Frame::Data(data) => {
                messages.push(data);
                while let Some(next) = messages.next()? {
                    if message.replace(next).is_some() {
                        return Err(Error::protocol("two messages where there is to be one").into());
                    }
                }
            }
            Frame::End(Ok(())) => {
                return message.ok_or_else(|| Error::protocol("OK without a message").into());
            }
            Frame::End(Err(status)) => return Err(Failure::Status(status)),
        }
    }
}

/// The answer in a message.
pub(crate) fn decode<R: Message + Default>(message: Bytes) -> Result<R, Error> {
    R::decode(message).map_err(|error| Error::protocol(error.to_string()))
}

/// Makes the error of a connection, or of a call on it, that failed. `sent` says that the call may have left this process.
fn broken(error: &h2::Error, sent: bool) -> Error {
    // RFC 9113 6.8 and 8.7: these calls were not processed.
    let untouched = match error.reason() {
        Some(h2::Reason::REFUSED_STREAM) => error.is_reset() && error.is_remote(),
        Some(h2::Reason::NO_ERROR) => error.is_go_away() && error.is_remote(),
        _ => false,
    };
    Error::connection(innermost(error), sent && !untouched)
}
