//! The trailing metadata of responses with one message.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The header that names the requested extensions which a certificate does not have.
const IGNORED_EXTENSIONS: HeaderName = HeaderName::from_static("cryptobroker-ignored-extensions");

/// What a response says in its trailers, beyond its status. Few responses have any, so that the others pay for no map.
#[derive(Debug)]
pub(crate) struct Trailers(Box<HeaderMap>);

impl Trailers {
    /// Returns the trailers that name the ignored extensions, if there are any.
    pub(super) fn ignored_extensions(identifiers: &[String]) -> Option<Self> {
        if identifiers.is_empty() {
            return None;
        }
        // Identifiers are bounded and ASCII, so they are a valid value.
        let value = HeaderValue::try_from(identifiers.join(",")).ok()?;
        Some(Self(Box::new(HeaderMap::from_iter([(IGNORED_EXTENSIONS, value)]))))
    }

    /// Returns the map, to which the status is added.
    pub(crate) fn into_map(self) -> HeaderMap {
        *self.0
    }
}

/// A response of an older generation, whose message does not have the fields from which the trailers are made.
pub(super) struct WithTrailers<R> {
    pub(super) response: R,
    pub(super) trailers: Option<Trailers>,
}

/// The encoded response of a call with one message.
#[derive(Debug)]
pub(crate) struct EncodedResponse {
    /// The message with its length prefix.
    pub(crate) message: Bytes,
    pub(crate) trailers: Option<Trailers>,
}
