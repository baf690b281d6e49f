//! The parts that requests and responses of several operations share, and the traits that connect them to the protocol.

mod format;
mod id;
mod material;
mod options;
mod response;

use broker_proto::v1;
use prost::Message;

pub use self::{
    format::{KeyEncoding, SignatureFormat},
    material::{Key, Secret},
    response::{Deprecation, Descriptor},
};
pub(crate) use self::{
    format::{hash_format_options, signature_context_option, signature_format_option},
    material::{Data, Keys, Wiped},
    options::{Options, common_options},
    response::{descriptor_accessors, require_present, split_metadata},
};
use crate::error::Error;

/// A request of the public API, which becomes the one message (or the header of a stream) of its call.
pub(crate) trait OperationRequest {
    /// The protocol's message.
    type Message: Message;

    /// Returns the options that every request has.
    fn options(&mut self) -> &mut Options;

    /// Builds the message, which all attempts share. Fields are moved, not copied, and the message wipes its secrets.
    fn into_message(self, profile: String, metadata: v1::Metadata) -> Self::Message;

    /// Returns the length that the output must have, in bytes, where the request determines it.
    fn output_length(&self) -> Option<usize> {
        None
    }
}

/// A response of the public API.
pub(crate) trait OperationResponse: Sized {
    /// The protocol's message.
    type Message: Message + Default;

    /// Builds the response. Fails with a protocol error where the message lacks a field that every broker sets.
    fn from_message(message: Self::Message) -> Result<Self, Error>;

    /// Returns the length of the output, in bytes, where the request determines it.
    fn output_length(&self) -> Option<usize> {
        None
    }
}
