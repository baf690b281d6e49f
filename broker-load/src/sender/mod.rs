//! The ways to send a call: by the client library, or by a generated stub of each generation of the protocol.

mod common;
mod grpc;
mod legacy;
mod library;
mod stub;

pub(crate) use self::{
    common::{Sender, SenderConfig},
    legacy::{G0, G2, G3},
    library::Library,
    stub::Stub,
};
