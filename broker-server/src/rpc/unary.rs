//! Dispatch of unary calls past the gRPC library, which passes a request and its answer through a router, four boxes and
//! two more buffers each. Here the message is decoded from the request's frame, and the answer is encoded into one.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
};

use bytes::{Buf as _, Bytes, BytesMut};
use http_body::Body;
use prost::Message;
use tonic::Status;

use super::{
    Broker, CallContext,
    decode::{decode, detach},
    handler::{Handler, is_inline},
    prefix,
};
use crate::status::CallError;

/// Answers the message of a unary call.
pub(crate) type Unary = fn(&Broker, CallContext, Bytes) -> Answer;

/// The encoded answer of a unary call, with its length prefix.
pub(crate) enum Answer {
    /// It was made inline.
    Ready(Result<Bytes, CallError>),
    /// It waits for the pool, or for the record of a key.
    Deferred(DeferredAnswer),
}

/// An answer that is awaited.
pub(crate) type DeferredAnswer = Pin<Box<dyn Future<Output = Result<Bytes, CallError>> + Send>>;

/// Answers the message of a unary operation.
pub(super) fn operation<O: Handler>(broker: &Broker, context: CallContext, message: Bytes) -> Answer {
    let limit = broker.0.max_response_bytes;
    let mut message: O::Message = match decode(message, &broker.0.limits) {
        Ok(message) => message,
        Err(error) => return Answer::Ready(Err(error)),
    };
    if is_inline::<O>(&broker.0, &message) {
        let response = broker.handle_inline::<O>(context, message);
        return Answer::Ready(response.and_then(|response| encode(&response, limit)));
    }
    detach(&mut message);
    let broker = broker.clone();
    Answer::Deferred(Box::pin(async move {
        let response = broker.handle::<O>(context, message).await?;
        encode(&response, limit)
    }))
}

/// Reads the request of a unary call and answers it.
pub(crate) async fn answer<B>(
    broker: &Broker,
    unary: Unary,
    context: CallContext,
    body: B,
) -> Result<Bytes, CallError>
where
    B: Body<Data = Bytes, Error = Status> + Unpin,
{
    let message = read(body, broker.0.max_request_bytes).await?;
    match unary(broker, context, message) {
        Answer::Ready(answer) => answer,
        Answer::Deferred(answer) => answer.await,
    }
}

/// Reads the one message of a request, of `limit` bytes at most, and waits for the request's end. What else comes is passed
/// over. The statuses are those of the gRPC library.
async fn read<B>(mut body: B, limit: usize) -> Result<Bytes, CallError>
where
    B: Body<Data = Bytes, Error = Status> + Unpin,
{
    let foreign = |status: Status| CallError::library(&status);
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
        prefix::gather(&mut part, &mut data, prefix::PREFIX);
        let Some(length) = announced(&part, limit)? else { return Ok(Self::Part(part)) };
        prefix::gather(&mut part, &mut data, prefix::PREFIX + length);
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

pub(super) fn encode(answer: &impl Message, limit: usize) -> Result<Bytes, CallError> {
    let length = answer.encoded_len();
    if length > limit {
        return Err(CallError::library(&prefix::answer_too_large(length, limit)));
    }
    let mut bytes = Vec::with_capacity(prefix::PREFIX + length);
    prefix::put(&mut bytes, length);
    answer.encode_raw(&mut bytes);
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

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

    /// A buffer that doubles would hold up to twice the message.
    #[test]
    fn a_message_that_comes_in_parts_takes_no_more_room_than_its_length() {
        let (length, mut message) = (100_000, Gathered::default());
        let mut data = vec![0; prefix::PREFIX];
        data[1..].copy_from_slice(&100_000_u32.to_be_bytes());
        data.resize(prefix::PREFIX + length, 7);
        for frame in data[..data.len() - 1].chunks(16_384) {
            message = message.push(Bytes::copy_from_slice(frame), length).unwrap();
            let Gathered::Part(part) = &message else { unreachable!("a byte is missing") };
            assert!(
                part.capacity() <= data.len() && part.capacity() <= 2 * part.len(),
                "{}",
                part.capacity()
            );
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
}
