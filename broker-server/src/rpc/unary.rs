//! Unary calls: the table of methods, and the way of a message. The gRPC library's own passes a request and its answer
//! through a router, four boxes and two more buffers each; here the message is read from the request's frame, and the answer
//! is written into one.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
};

use broker_proto::v1::HashDataRequest;
use bytes::Bytes;
use http_body::{Body, Frame};
use prost::Message;
use tonic::Status;

use super::{Broker, CallContext, hash_data, prefix};
use crate::status::CallError;

/// A method, as the transport sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method {
    answer: Answer,
    /// A request has a secret in it: the transport wipes what the call leaves behind.
    pub(crate) takes_secret: bool,
    /// An answer has a secret in it: the transport sees to it that none stays in its connection's write buffer.
    pub(crate) gives_secret: bool,
}

/// What a method makes of a message.
type Answer = fn(&Broker, CallContext, Bytes) -> Reply;

/// An answer as it is sent, with its prefix.
enum Reply {
    Now(Result<Bytes, CallError>),
    /// Others work on it.
    Later(Pin<Box<dyn Future<Output = Result<Bytes, CallError>> + Send>>),
}

impl Method {
    const fn new(answer: Answer) -> Self {
        Self { answer, takes_secret: false, gives_secret: false }
    }

    const fn takes_secret(self) -> Self {
        Self { takes_secret: true, ..self }
    }

    const fn gives_secret(self) -> Self {
        Self { gives_secret: true, ..self }
    }
}

/// A method whose handler may have to wait.
macro_rules! method {
    ($handler:ident) => {
        Method::new(|broker, context, message| {
            let broker = broker.clone();
            Reply::Later(Box::pin(async move {
                let answer = broker.$handler(context, decode(message)?).await?;
                encode(&answer, broker.0.max_response_bytes)
            }))
        })
    };
}

/// The unary method at `path`, where there is one.
pub(crate) fn method(path: &str) -> Option<Method> {
    Some(match path {
        "/cryptobroker.v1.CryptoService/HashData" => Method::new(hash),
        "/cryptobroker.v1.CryptoService/SignCertificate" => method!(answer_sign_certificate).takes_secret(),
        "/cryptobroker.v1.CryptoService/SignData" => method!(answer_sign_data).takes_secret(),
        "/cryptobroker.v1.CryptoService/VerifyData" => method!(answer_verify_data),
        "/cryptobroker.v1.CryptoService/EncryptData" => method!(answer_encrypt_data).takes_secret(),
        "/cryptobroker.v1.CryptoService/DecryptData" => {
            method!(answer_decrypt_data).takes_secret().gives_secret()
        }
        "/cryptobroker.v1.KemService/GenerateKeyPair" => {
            method!(answer_generate_kem_key_pair).takes_secret().gives_secret()
        }
        "/cryptobroker.v1.KemService/Encapsulate" => method!(answer_encapsulate).gives_secret(),
        "/cryptobroker.v1.KemService/Decapsulate" => {
            method!(answer_decapsulate).takes_secret().gives_secret()
        }
        "/cryptobroker.v1.SignatureKeyService/GenerateKeyPair" => {
            method!(answer_generate_signature_key_pair).takes_secret().gives_secret()
        }
        "/cryptobroker.v1.InfoService/GetInfo" => method!(answer_get_info),
        "/cryptobroker.v1.CryptoDevService/Benchmark" => method!(answer_benchmark),
        "/cryptobroker.v1.CryptoDevService/FakeEndpoint" => method!(answer_fake_endpoint),

        "/CryptoBroker.CryptoGrpc/Hash" => method!(answer_old_hash),
        "/CryptoBroker.CryptoGrpc/Sign" => method!(answer_old_sign).takes_secret(),
        "/CryptoBroker.CryptoGrpc/HashData" => method!(answer_old_hash_data),
        "/CryptoBroker.CryptoGrpc/SignCertificate" => method!(answer_old_sign_certificate).takes_secret(),
        // These are as they are today.
        "/CryptoBroker.CryptoGrpc/SignData" => method!(answer_sign_data).takes_secret(),
        "/CryptoBroker.CryptoGrpc/VerifyData" => method!(answer_verify_data),
        "/CryptoBroker.CryptoGrpc/EncryptData" => method!(answer_encrypt_data).takes_secret(),
        "/CryptoBroker.CryptoGrpc/DecryptData" => method!(answer_decrypt_data).takes_secret().gives_secret(),
        "/CryptoBroker.CryptoGrpc/Benchmark" | "/CryptoBroker.CryptoGrpcDev/Benchmark" => {
            method!(answer_old_benchmark)
        }
        "/CryptoBroker.CryptoGrpc/FakeEndpoint" | "/CryptoBroker.CryptoGrpcDev/FakeEndpoint" => {
            method!(answer_old_fake_endpoint)
        }

        "/protobuf.CryptoBroker/Hash" => method!(answer_g0_hash),
        "/protobuf.CryptoBroker/Sign" => method!(answer_g0_sign).takes_secret(),
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
    match (method.answer)(broker, context, message) {
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

    use prost_types::FileDescriptorSet;
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
    fn every_unary_method_of_every_service_is_in_the_table() {
        let files = FileDescriptorSet::decode(broker_proto::v1::FILE_DESCRIPTOR_SET).unwrap();
        let (mut unary, mut other) = (0, 0);
        for file in &files.file {
            for service in &file.service {
                for one in &service.method {
                    let path = format!("/{}.{}/{}", file.package(), service.name(), one.name());
                    let is_unary = !one.client_streaming() && !one.server_streaming();
                    assert_eq!(method(&path).is_some(), is_unary, "{path}");
                    *(if is_unary { &mut unary } else { &mut other }) += 1;
                }
            }
        }
        assert!(unary > 20 && other > 3, "{unary} and {other}");
    }

    #[test]
    fn a_path_that_is_no_method_is_not_in_the_table() {
        for path in ["/cryptobroker.v1.CryptoService/", "/cryptobroker.v1.CryptoService/hashdata", "/", ""] {
            assert!(method(path).is_none(), "{path}");
        }
    }
}
