//! Encodes the responses of a pipeline into chunks of the body: many into one chunk, and each response with a secret into
//! a chunk of its own.

use std::{collections::VecDeque, marker::PhantomData};

use broker_proto::{PREFIX_LENGTH, put_prefix};
use bytes::{Bytes, BytesMut};

use super::protocol::ItemMessage;
use crate::{rpc::framing, status::CallError};

/// The length in bytes from which a chunk is sent without waiting for more responses.
const FLUSH_BYTES: usize = 32 << 10;
/// The field `padding` of [`PipelineResponse`](broker_proto::v1::PipelineResponse).
const PADDING_FIELD: u32 = 100;
/// The padding in front of a response that contains a secret. h2 copies the beginning of a chunk, of this length at most,
/// into the connection's write buffer, which nobody wipes.
const PADDING: [u8; framing::H2_CHAIN_THRESHOLD] = [0; framing::H2_CHAIN_THRESHOLD];

/// Responses that are not sent yet.
pub(super) struct Responses<R> {
    limit: usize,
    chunks: VecDeque<Bytes>,
    /// The chunk that is being filled.
    buffer: BytesMut,
    response: PhantomData<fn(R)>,
}

impl<R: ItemMessage> Responses<R> {
    /// Creates an encoder of responses of at most `limit` bytes each. A longer one is replaced by an error.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, chunks: VecDeque::new(), buffer: BytesMut::new(), response: PhantomData }
    }

    pub(super) fn push(&mut self, response: R) {
        let length = response.encoded_len();
        if length > self.limit {
            let error = CallError::from_tonic(&framing::response_too_large(length, self.limit));
            let too_large = R::failed(response.sequence(), &error);
            return self.put(&too_large, too_large.encoded_len());
        }
        if response.has_secret() { self.push_secret(&response, length) } else { self.put(&response, length) }
    }

    fn put(&mut self, response: &R, length: usize) {
        self.buffer.reserve(PREFIX_LENGTH + length);
        put_prefix(&mut self.buffer, length);
        response.encode_raw(&mut self.buffer);
    }

    /// Encodes into a chunk of its own, whose memory is freed, and so wiped, as soon as it is sent.
    fn push_secret(&mut self, response: &R, length: usize) {
        self.flush_buffer();
        let mut padding = Vec::with_capacity(PADDING.len() + 8);
        prost::encoding::bytes::encode(PADDING_FIELD, &PADDING.to_vec(), &mut padding);
        let length = padding.len() + length;
        let mut chunk = Vec::with_capacity(PREFIX_LENGTH + length);
        put_prefix(&mut chunk, length);
        // The fields of a message may stand in any order.
        chunk.extend_from_slice(&padding);
        response.encode_raw(&mut chunk);
        self.chunks.push_back(chunk.into());
    }

    fn flush_buffer(&mut self) {
        if !self.buffer.is_empty() {
            self.chunks.push_back(self.buffer.split().freeze());
        }
    }

    /// Reports whether a chunk should be sent now.
    pub(super) fn should_flush(&self) -> bool {
        !self.chunks.is_empty() || self.buffer.len() >= FLUSH_BYTES
    }

    /// Takes the next chunk.
    pub(super) fn take(&mut self) -> Option<Bytes> {
        self.chunks.pop_front().or_else(|| (!self.buffer.is_empty()).then(|| self.buffer.split().freeze()))
    }
}
