//! The messages of every stream: a header, or a chunk of the data.

use broker_proto::{Described, OperationRequest, v1};
use bytes::Bytes;

/// The contents of a message.
pub(in crate::rpc) enum Part<H> {
    Header(H),
    Data(Bytes),
    /// The message has neither.
    Empty,
}

/// A message of a client's stream.
pub(in crate::rpc) trait Message: Described {
    /// The first message's contents.
    type Header: OperationRequest;

    /// Returns the contents.
    fn part(self) -> Part<Self::Header>;
}

macro_rules! stream {
    ($message:ident, $header:ident, $module:ident) => {
        impl Message for v1::$message {
            type Header = v1::$header;

            fn part(self) -> Part<v1::$header> {
                match self.part {
                    Some(v1::$module::Part::Header(header)) => Part::Header(header),
                    Some(v1::$module::Part::Data(data)) => Part::Data(data),
                    None => Part::Empty,
                }
            }
        }
    };
}

impl Message for v1::ProveStreamRequest {
    type Header = v1::ProveStreamHeader;

    fn part(mut self) -> Part<v1::ProveStreamHeader> {
        match self.part.take() {
            Some(v1::prove_stream_request::Part::Header(header)) => Part::Header(header),
            Some(v1::prove_stream_request::Part::Data(data)) => Part::Data(data.into()),
            None => Part::Empty,
        }
    }
}

stream!(HashStreamRequest, HashStreamHeader, hash_stream_request);
stream!(SignStreamRequest, SignStreamHeader, sign_stream_request);
stream!(VerifyStreamRequest, VerifyStreamHeader, verify_stream_request);
