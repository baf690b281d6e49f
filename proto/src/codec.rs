//! The codec of the generated services, which encodes messages into buffers of their size.

use std::marker::PhantomData;

use prost::Message;
use tonic::{
    Status,
    codec::{BufferSettings, Codec, EncodeBuf, Encoder},
};
use tonic_prost::{ProstCodec, ProstDecoder};

/// The initial capacity of a buffer, in bytes, which fits most messages. The gRPC library's default is 8 KiB for each request
/// and each response, which takes longer to wipe than a hash takes.
const INITIAL_CAPACITY: usize = 512;
/// The capacity that a stream reserves from its second message on, in bytes, so that the next messages share the buffer.
const STREAM_CAPACITY: usize = 8 << 10;
/// The number of encoded bytes at which they are sent before more messages are added: the gRPC library's default.
const YIELD_THRESHOLD: usize = 32 << 10;

/// The codec of `prost` with buffers of the size of the messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fitting<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for Fitting<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for Fitting<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = FittingEncoder<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        FittingEncoder { has_encoded: false, message: PhantomData }
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<T, U>::raw_decoder(BufferSettings::new(INITIAL_CAPACITY, YIELD_THRESHOLD))
    }
}

/// An encoder that reserves the length of a message in one step: a buffer that grows while it is filled is copied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FittingEncoder<T> {
    has_encoded: bool,
    message: PhantomData<fn(T)>,
}

impl<T: Message> Encoder for FittingEncoder<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        let length = item.encoded_len();
        buffer.reserve(if self.has_encoded { length.max(STREAM_CAPACITY) } else { length });
        self.has_encoded = true;
        item.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(INITIAL_CAPACITY, YIELD_THRESHOLD)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http_body::Body as _;
    use tonic::codec::EncodeBody;

    use super::*;
    use crate::v1::HashDataRequest;

    /// Returns the encoded bytes and the number of data frames.
    async fn encode(messages: Vec<HashDataRequest>) -> (Vec<u8>, usize) {
        let encoder = Fitting::<HashDataRequest, HashDataRequest>::default().encoder();
        let source = tokio_stream::iter(messages.into_iter().map(Ok));
        let mut body = std::pin::pin!(EncodeBody::new_client(encoder, source, None, None));
        let (mut bytes, mut frames) = (Vec::new(), 0);
        while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            bytes.extend_from_slice(&frame.unwrap().into_data().unwrap());
            frames += 1;
        }
        (bytes, frames)
    }

    fn request(length: usize) -> HashDataRequest {
        HashDataRequest { input: vec![7; length].into(), ..HashDataRequest::default() }
    }

    #[tokio::test]
    async fn encodes_messages_of_every_size() {
        for length in [0, 100, 505, 506, 507, 8 << 10, 100_000] {
            let messages = vec![request(length); 3];
            let expected: Vec<u8> = messages
                .iter()
                .flat_map(|message| {
                    let length = u32::try_from(message.encoded_len()).unwrap();
                    [&[0][..], &length.to_be_bytes(), &message.encode_to_vec()].concat()
                })
                .collect();
            assert_eq!(encode(messages).await.0, expected, "{length}");
        }
    }

    #[tokio::test]
    async fn encodes_many_small_messages_into_one_frame() {
        // The source is pending after each 32 messages.
        assert!(encode(vec![request(20); 1000]).await.1 <= 32);
    }
}
