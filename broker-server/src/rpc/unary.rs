//! Unary calls: the table of methods, and the way of a message. The gRPC library's own passes a request and its answer
//! through a router, four boxes and two more buffers each; here the message is read from the request's frame, and the answer
//! is written into one.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
};

use broker_proto::v1::HashDataRequest;
use bytes::{Buf as _, Bytes, BytesMut};
use http_body::Body;
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
    let foreign = |status: Status| CallError::foreign(&status);
    let mut message = Gathered::default();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(data) = frame.map_err(foreign)?.into_data() {
            message = message.push(data, limit).map_err(foreign)?;
        }
    }
    message.whole().map_err(foreign)
}

/// The first message of a request, as it comes.
enum Gathered {
    /// The beginning, with its prefix. Room is made for what has come, not for what is announced.
    Part(BytesMut),
    Whole(Bytes),
}

impl Default for Gathered {
    fn default() -> Self {
        Self::Part(BytesMut::new())
    }
}

impl Gathered {
    fn push(self, mut data: Bytes, limit: usize) -> Result<Self, Status> {
        let Self::Part(mut part) = self else { return Ok(self) };
        if part.is_empty()
            && let Some(length) = announced(&data, limit)?
            && let Some(message) = data.get(prefix::PREFIX..prefix::PREFIX + length)
        {
            // Most come in one frame, and are read where they are.
            return Ok(Self::Whole(data.slice_ref(message)));
        }
        let mut take = |part: &mut BytesMut, wanted: usize| {
            let missing = wanted.saturating_sub(part.len()).min(data.len());
            part.extend_from_slice(&data.split_to(missing));
        };
        take(&mut part, prefix::PREFIX);
        let Some(length) = announced(&part, limit)? else { return Ok(Self::Part(part)) };
        take(&mut part, prefix::PREFIX + length);
        if part.len() < prefix::PREFIX + length {
            return Ok(Self::Part(part));
        }
        let mut message = part.freeze();
        message.advance(prefix::PREFIX);
        Ok(Self::Whole(message))
    }

    fn whole(self) -> Result<Bytes, Status> {
        match self {
            Self::Whole(message) => Ok(message),
            Self::Part(part) if part.is_empty() => Err(Status::internal("Missing request message.")),
            Self::Part(_) => Err(prefix::cut_short()),
        }
    }
}

/// The length of the message, once its prefix is there.
fn announced(data: &[u8], limit: usize) -> Result<Option<usize>, Status> {
    let Some(prefix) = data.first_chunk() else { return Ok(None) };
    match prefix::length(*prefix)? {
        length if length > limit => Err(prefix::too_large(length, limit)),
        length => Ok(Some(length)),
    }
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

    /// What is read of data that comes in frames of `step` bytes, and how much of it is kept.
    fn gathered(data: &[u8], step: usize) -> Result<(Bytes, usize), (Code, String)> {
        let said = |status: Status| (status.code(), status.message().to_owned());
        let (mut message, mut most) = (Gathered::default(), 0);
        for frame in data.chunks(step) {
            message = message.push(Bytes::copy_from_slice(frame), 3).map_err(said)?;
            most = most.max(match &message {
                Gathered::Part(part) => part.capacity(),
                Gathered::Whole(message) => message.len(),
            });
        }
        Ok((message.whole().map_err(said)?, most))
    }

    #[test]
    fn a_message_is_what_its_prefix_says_in_whatever_frames_it_comes() {
        // More messages behind it, none of which begins with a frame.
        let many = [&b"\0\0\0\0\x03abc"[..], &b"\0\0\0\0\x02xy".repeat(10_000)].concat();
        for (data, text) in [
            (&[0, 0, 0, 0, 0][..], ""),
            (b"\0\0\0\0\x03abc", "abc"),
            (b"\0\0\0\0\x01abc", "a"),
            (&many, "abc"),
        ] {
            for step in [1, 2, 3, 5, 7, 8, 11, usize::MAX] {
                let (message, most) = gathered(data, step).unwrap();
                assert_eq!(message, text, "{step}");
                assert!(most <= 16, "{most} bytes are kept of frames of {step}");
            }
        }
    }

    #[test]
    fn what_is_no_message_is_refused_as_soon_as_that_is_known() {
        for (data, code, text) in [
            (&b""[..], Code::Internal, "Missing request message"),
            (b"\0\0\0\0", Code::Internal, "Unexpected EOF"),
            (b"\0\0\0\0\x03ab", Code::Internal, "Unexpected EOF"),
            (b"\x01\0\0\0\x01a", Code::Internal, "compressed-flag"),
            (b"\0\0\0\0\x04", Code::OutOfRange, "decoded message length too large: found 4 bytes"),
            (b"\0\0\0\0\x04a", Code::OutOfRange, "decoded message length too large: found 4 bytes"),
            (b"\0\xff\xff\xff\xffabc", Code::OutOfRange, "found 4294967295 bytes"),
        ] {
            for step in [1, 3, 5, 6, usize::MAX] {
                let (found, message) = gathered(data, step).unwrap_err();
                assert!(found == code && message.contains(text), "{data:?}: {message}");
            }
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
