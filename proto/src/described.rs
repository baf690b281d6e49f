//! Properties of messages that follow from the `.proto` files. The implementations are generated from the descriptors
//! (`build/describe.rs`), so a new field or message needs no change here.

use std::fmt;

use bytes::Bytes;
use zeroize::Zeroize as _;

use crate::shape::{Elements, Field, Repeated, Shape};

/// A message of one of the packages of this crate.
pub trait Described: prost::Message + Default + 'static {
    /// True if the message, or one inside it, has a field that is not declared to be public. A secret field is marked
    /// `[debug_redact = true]`; it is wiped when its message is dropped, and not printed.
    const HAS_SECRET: bool;
    /// The repeated fields of the message.
    const SHAPE: &'static Shape;

    /// Visits every field of the message that is decoded as [`Bytes`], which keeps the frame that it was decoded from in
    /// memory. Fields of messages inside it are not visited.
    fn for_each_shared(&mut self, visit: impl FnMut(&mut Bytes)) {
        let _ = visit;
    }
}

/// A request of `cryptobroker.v1` for an operation, or the header of a stream: a message with a `profile` and `metadata`.
pub trait OperationRequest: Described + Send {
    /// Returns the name of the profile.
    fn profile(&self) -> &str;
    /// Takes the metadata out of the message.
    fn take_metadata(&mut self) -> Option<crate::v1::Metadata>;
}

/// A response of `cryptobroker.v1` to an operation: a message with `metadata`, and usually with a `descriptor`.
pub trait OperationResponse: Described + Send {
    /// Sets `metadata` and, where the message has these fields, `descriptor` and `padding`, which becomes that many zeros.
    fn complete(
        &mut self,
        descriptor: impl FnOnce() -> crate::v1::CryptoDescriptor,
        metadata: Option<crate::v1::Metadata>,
        padding: usize,
    );
}

include!(concat!(env!("OUT_DIR"), "/described.rs"));

#[cfg(test)]
mod tests {
    #![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

    use super::*;
    use crate::{crypto_broker, g0, v1};

    #[test]
    fn every_field_of_every_message_is_declared_secret_or_public() {
        assert_eq!(UNDECLARED, [""; 0], "mark it `[debug_redact = true]`, or add it to build/public.rs");
    }

    #[test]
    fn has_secret_is_true_for_messages_with_nested_secret() {
        const _: () = {
            assert!(v1::SignCertificateRequest::HAS_SECRET && v1::SignDataRequest::HAS_SECRET);
            assert!(v1::SignStreamRequest::HAS_SECRET && v1::PipelineRequest::HAS_SECRET);
            assert!(v1::DecapsulateResponse::HAS_SECRET && crypto_broker::SignRequest::HAS_SECRET);
            assert!(g0::SignRequest::HAS_SECRET);
            // The keys in these messages are public.
            assert!(!v1::VerifyDataRequest::HAS_SECRET && !v1::VerifyStreamRequest::HAS_SECRET);
            assert!(!v1::EncapsulateRequest::HAS_SECRET);
            assert!(!v1::HashDataRequest::HAS_SECRET && !v1::SignDataResponse::HAS_SECRET);
        };
    }

    #[test]
    fn debug_output_redacts_secrets_only() {
        let mut source = v1::KeySource::default();
        source.source = Some(v1::key_source::Source::RawKey(b"TOP".to_vec()));
        let mut request = v1::EncryptDataRequest::default();
        request.profile = "Default".into();
        request.plaintext = b"TOP".to_vec();
        request.key_source = Some(source);
        let text = format!("{request:?}");
        assert!(!text.contains("84") && text.matches("[redacted]").count() == 2, "{text}");
        assert!(text.contains("profile: \"Default\""), "{text}");
        let mut old = crypto_broker::SignRequest::default();
        old.ca_private_key = "TOP".into();
        old.csr = "a request".into();
        let text = format!("{old:?}");
        assert!(!text.contains("TOP") && text.contains("a request"), "{text}");
    }
}
