//! Encodes the answers of a pipeline: many into one frame, and an answer with a secret into a frame of its own.

use std::collections::VecDeque;

use broker_proto::{
    PREFIX_LENGTH, put_prefix,
    v1::{PipelineResponse, pipeline_response::Result as Answer},
};
use bytes::{Bytes, BytesMut};
use prost::Message as _;

use super::item::failed;
use crate::{rpc::framing, status::CallError};

/// The length in bytes from which a frame is sent without waiting for more answers.
const FULL: usize = 32 << 10;
/// The zeros in front of an answer with a secret. The HTTP/2 library copies the beginning of a frame, of this length at most,
/// into the connection's write buffer, which nobody wipes.
const ZEROS: [u8; framing::H2_CHAIN_THRESHOLD] = [0; framing::H2_CHAIN_THRESHOLD];

/// Answers that are not sent yet.
pub(super) struct Answers {
    limit: usize,
    frames: VecDeque<Bytes>,
    open: BytesMut,
}

impl Answers {
    /// Takes answers of `limit` bytes at most each.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, frames: VecDeque::new(), open: BytesMut::new() }
    }

    pub(super) fn push(&mut self, response: PipelineResponse) {
        let length = response.encoded_len();
        if length > self.limit {
            let error = CallError::library(&framing::response_too_large(length, self.limit));
            let refusal = failed(response.sequence, &error);
            return self.put(&refusal, refusal.encoded_len());
        }
        let has_secret = response.result.as_ref().is_some_and(Answer::has_secret);
        if has_secret { self.put_alone(&response, length) } else { self.put(&response, length) }
    }

    fn put(&mut self, response: &PipelineResponse, length: usize) {
        self.open.reserve(PREFIX_LENGTH + length);
        put_prefix(&mut self.open, length);
        response.encode_raw(&mut self.open);
    }

    /// Encodes into a frame of its own, whose memory is freed, and so wiped, as soon as it is sent.
    fn put_alone(&mut self, response: &PipelineResponse, length: usize) {
        self.close();
        let mut zeros = Vec::with_capacity(ZEROS.len() + 8);
        prost::encoding::bytes::encode(100, &ZEROS.to_vec(), &mut zeros);
        let length = zeros.len() + length;
        let mut frame = Vec::with_capacity(PREFIX_LENGTH + length);
        put_prefix(&mut frame, length);
        // The fields of a message may stand in any order.
        frame.extend_from_slice(&zeros);
        response.encode_raw(&mut frame);
        self.frames.push_back(frame.into());
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.frames.push_back(self.open.split().freeze());
        }
    }

    /// Reports whether there is a frame that should be sent now.
    pub(super) fn is_full(&self) -> bool {
        !self.frames.is_empty() || self.open.len() >= FULL
    }

    /// Takes the next frame.
    pub(super) fn take(&mut self) -> Option<Bytes> {
        self.frames.pop_front().or_else(|| (!self.open.is_empty()).then(|| self.open.split().freeze()))
    }
}
