//! How messages are put into buffers.

use std::marker::PhantomData;

use prost::Message;
use tonic::{
    Status,
    codec::{BufferSettings, Codec, EncodeBuf, Encoder},
};
use tonic_prost::{ProstCodec, ProstDecoder};

/// What most messages fit into, in bytes. The library's own choice is 8 KiB for each request and each answer, which costs
/// more to wipe than a hash takes.
const SMALL: usize = 512;
/// What a stream gets from its second message on: room for those that follow at once.
const MANY: usize = 8 << 10;
/// From how many bytes on what is encoded is sent before more is added: the library's own choice.
const YIELD: usize = 32 << 10;

/// `prost`, with buffers of the messages' size.
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
        FittingEncoder { began: false, message: PhantomData }
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<T, U>::raw_decoder(BufferSettings::new(SMALL, YIELD))
    }
}

/// Reserves what a message needs in one step: a buffer that grows on the way is copied each time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FittingEncoder<T> {
    began: bool,
    message: PhantomData<fn(T)>,
}

impl<T: Message> Encoder for FittingEncoder<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        let length = item.encoded_len();
        buffer.reserve(if self.began { length.max(MANY) } else { length });
        self.began = true;
        item.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(SMALL, YIELD)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http_body::Body as _;
    use tonic::codec::EncodeBody;

    use super::*;
    use crate::v1::HashDataRequest;

    /// The bytes on the wire, and in how many pieces they come.
    async fn wire(messages: Vec<HashDataRequest>) -> (Vec<u8>, usize) {
        let encoder = Fitting::<HashDataRequest, HashDataRequest>::default().encoder();
        let source = tokio_stream::iter(messages.into_iter().map(Ok));
        let mut body = std::pin::pin!(EncodeBody::new_client(encoder, source, None, None));
        let (mut bytes, mut pieces) = (Vec::new(), 0);
        while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            bytes.extend_from_slice(&frame.unwrap().into_data().unwrap());
            pieces += 1;
        }
        (bytes, pieces)
    }

    fn request(length: usize) -> HashDataRequest {
        HashDataRequest { input: vec![7; length].into(), ..HashDataRequest::default() }
    }

    #[tokio::test]
    async fn messages_of_every_size_are_written_whole() {
        for length in [0, 100, 505, 506, 507, 8 << 10, 100_000] {
            let messages = vec![request(length); 3];
            let expected: Vec<u8> = messages
                .iter()
                .flat_map(|message| {
                    let length = u32::try_from(message.encoded_len()).unwrap();
                    [&[0][..], &length.to_be_bytes(), &message.encode_to_vec()].concat()
                })
                .collect();
            assert_eq!(wire(messages).await.0, expected, "{length}");
        }
    }

    #[tokio::test]
    async fn small_messages_go_together() {
        // The source has nothing more each 32 messages.
        assert!(wire(vec![request(20); 1000]).await.1 <= 32);
    }
}
