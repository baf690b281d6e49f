//! The messages of a stream, whatever its method: a header or a part of the data.

use broker_proto::{Described, v1};
use bytes::Bytes;

/// What a message of a client's stream has in it.
pub(super) enum Part<H> {
    Header(H),
    Data(Bytes),
}

/// A message of a client's stream.
pub(super) trait Message: Described {
    type Header: Header;

    /// `None` for a message with nothing in it.
    fn part(self) -> Option<Part<Self::Header>>;
}

/// The first message of a client's stream.
pub(super) trait Header: Send + 'static {
    fn profile(&self) -> &str;
    fn take_metadata(&mut self) -> Option<v1::Metadata>;
}

macro_rules! stream {
    ($message:ident, $header:ident, $module:ident) => {
        impl Message for v1::$message {
            type Header = v1::$header;

            fn part(self) -> Option<Part<v1::$header>> {
                Some(match self.part? {
                    v1::$module::Part::Header(header) => Part::Header(header),
                    v1::$module::Part::Data(data) => Part::Data(data),
                })
            }
        }

        impl Header for v1::$header {
            fn profile(&self) -> &str {
                &self.profile
            }

            fn take_metadata(&mut self) -> Option<v1::Metadata> {
                self.metadata.take()
            }
        }
    };
}

stream!(HashStreamRequest, HashStreamHeader, hash_stream_request);
stream!(SignStreamRequest, SignStreamHeader, sign_stream_request);
stream!(VerifyStreamRequest, VerifyStreamHeader, verify_stream_request);
