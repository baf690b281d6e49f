//! The direct way of a unary call. The gRPC library's own passes a request and its answer through a router, four boxes
//! and two more buffers each; here the message is read from the request's frame, and the answer is written into one.
//! What is unusual about a request takes the library's way.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
};

use broker_proto::v1::HashDataRequest;
use bytes::Bytes;
use http::{HeaderName, Request};
use http_body::{Body, Frame};
use prost::Message;
use tonic::Status;

use super::{Broker, CallContext, hash_data, prefix};
use crate::status::CallError;

const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");

/// A method: what it makes of a message.
pub(crate) type Method = fn(&Broker, CallContext, Bytes) -> Reply;

/// An answer as it is sent, with its prefix.
pub(crate) enum Reply {
    Now(Result<Bytes, CallError>),
    /// Others work on it.
    Later(Pin<Box<dyn Future<Output = Result<Bytes, CallError>> + Send>>),
}

/// The method that answers a request directly, where one does.
pub(crate) fn method<B>(request: &Request<B>) -> Option<Method> {
    macro_rules! later {
        ($answer:ident) => {
            |broker, context, message| {
                let broker = broker.clone();
                Reply::Later(Box::pin(async move {
                    let answer = broker.$answer(context, decode(message)?).await?;
                    encode(&answer, broker.0.max_response_bytes)
                }))
            }
        };
    }
    if request.headers().contains_key(&GRPC_ENCODING) {
        return None;
    }
    Some(match request.uri().path() {
        "/cryptobroker.v1.CryptoService/HashData" => hash,
        "/cryptobroker.v1.CryptoService/SignCertificate" => later!(answer_sign_certificate),
        "/cryptobroker.v1.CryptoService/SignData" => later!(answer_sign_data),
        "/cryptobroker.v1.CryptoService/VerifyData" => later!(answer_verify_data),
        "/cryptobroker.v1.CryptoService/EncryptData" => later!(answer_encrypt_data),
        "/cryptobroker.v1.CryptoService/DecryptData" => later!(answer_decrypt_data),
        "/cryptobroker.v1.KemService/GenerateKeyPair" => later!(answer_generate_kem_key_pair),
        "/cryptobroker.v1.KemService/Encapsulate" => later!(answer_encapsulate),
        "/cryptobroker.v1.KemService/Decapsulate" => later!(answer_decapsulate),
        "/cryptobroker.v1.SignatureKeyService/GenerateKeyPair" => later!(answer_generate_signature_key_pair),
        _ => return None,
    })
}

fn hash(broker: &Broker, context: CallContext, message: Bytes) -> Reply {
    let limit = broker.0.max_response_bytes;
    let message: HashDataRequest = match decode(message) {
        Ok(message) => message,
        Err(error) => return Reply::Now(Err(error)),
    };
    if hash_data::is_light(&message) {
        let answer = broker.answer_light_hash_data(context, message);
        return Reply::Now(answer.and_then(|answer| encode(&answer, limit)));
    }
    let broker = broker.clone();
    Reply::Later(Box::pin(async move {
        let answer = broker.answer_hash_data(context, message).await?;
        encode(&answer, limit)
    }))
}

/// The answer to the one message of a request.
pub(crate) async fn answer<B>(
    broker: &Broker,
    method: Method,
    context: CallContext,
    body: B,
) -> Result<Bytes, CallError>
where
    B: Body<Data = Bytes, Error = Status> + Unpin,
{
    let message = read(body, broker.0.max_request_bytes).await?;
    match method(broker, context, message) {
        Reply::Now(answer) => answer,
        Reply::Later(answer) => answer.await,
    }
}

/// Reads the one message of a request, of `limit` bytes at most, and waits for the request's end. What else comes is passed
/// over. The statuses are those of the gRPC library.
async fn read<B>(mut body: B, limit: usize) -> Result<Bytes, CallError>
where
    B: Body<Data = Bytes, Error = Status> + Unpin,
{
    let mut message = None;
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let data = frame.map(Frame::into_data).map_err(|status| CallError::foreign(&status))?;
        let data = data.unwrap_or_default();
        if message.is_none() && !data.is_empty() {
            message = Some(unwrap(data, limit).map_err(|status| CallError::foreign(&status))?);
        }
    }
    message.ok_or_else(|| CallError::foreign(&Status::internal("Missing request message.")))
}

/// The message in what the transport hands on: all of it, or as much as it takes to refuse it.
fn unwrap(mut data: Bytes, limit: usize) -> Result<Bytes, Status> {
    let Some(prefix) = data.first_chunk() else { return Err(prefix::cut_short()) };
    let length = prefix::length(*prefix)?;
    if length > limit {
        return Err(prefix::too_large(length, limit));
    }
    let mut message = data.split_off(prefix::PREFIX);
    if message.len() < length {
        return Err(prefix::cut_short());
    }
    message.truncate(length);
    Ok(message)
}

fn decode<M: Message + Default>(message: Bytes) -> Result<M, CallError> {
    M::decode(message).map_err(|error| CallError::foreign(&Status::internal(error.to_string())))
}

fn encode(answer: &impl Message, limit: usize) -> Result<Bytes, CallError> {
    let length = answer.encoded_len();
    if length > limit {
        return Err(CallError::foreign(&prefix::answer_too_large(length, limit)));
    }
    let mut bytes = Vec::with_capacity(prefix::PREFIX + length);
    prefix::put(&mut bytes, length);
    answer.encode_raw(&mut bytes);
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tonic::Code;

    use super::*;

    fn unwrapped(data: &'static [u8]) -> Result<Bytes, (Code, String)> {
        unwrap(Bytes::from_static(data), 3).map_err(|status| (status.code(), status.message().to_owned()))
    }

    #[test]
    fn a_message_is_what_its_prefix_says() {
        assert_eq!(unwrapped(&[0, 0, 0, 0, 0]).unwrap(), "");
        assert_eq!(unwrapped(b"\0\0\0\0\x03abc").unwrap(), "abc");
        assert_eq!(unwrapped(b"\0\0\0\0\x01abc").unwrap(), "a", "what comes after the first is passed over");
    }

    #[test]
    fn the_words_for_what_is_no_message_are_the_librarys() {
        for (data, code, text) in [
            (&b"\0\0\0\0"[..], Code::Internal, "Unexpected EOF"),
            (b"\0\0\0\0\x03ab", Code::Internal, "Unexpected EOF"),
            (b"\x01\0\0\0\x01a", Code::Internal, "compressed-flag"),
            (b"\0\0\0\0\x04", Code::OutOfRange, "decoded message length too large: found 4 bytes"),
        ] {
            let (found, message) = unwrapped(data).unwrap_err();
            assert!(found == code && message.contains(text), "{data:?}: {message}");
        }
    }

    #[test]
    fn an_encoding_and_other_services_are_left_to_the_library() {
        let request = |path: &'static str| Request::builder().uri(path);
        let hash = "/cryptobroker.v1.CryptoService/HashData";
        assert!(method(&request(hash).body(()).unwrap()).is_some());
        assert!(method(&request(hash).header("grpc-encoding", "gzip").body(()).unwrap()).is_none());
        for path in ["/CryptoBroker.CryptoGrpc/HashData", "/cryptobroker.v1.CryptoService/", "/"] {
            assert!(method(&request(path).body(()).unwrap()).is_none(), "{path}");
        }
    }
}
