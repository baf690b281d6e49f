//! The protocol of Crypto Broker: the messages and services of `cryptobroker.v1` and those of the older clients that it
//! serves, generated from the `.proto` files beside this crate. No logic lives here, except that a message with a private
//! key in it wipes that key when it is dropped and does not print it, and that messages of others are decoded with an eye
//! on their size.

#![forbid(unsafe_code)]

/// `cryptobroker.v1`, the broker's main API.
pub mod v1 {
    #![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all)]

    tonic::include_proto!("cryptobroker.v1");

    /// The serialised `FileDescriptorSet` of all packages here, for gRPC server reflection.
    pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
}

/// `CryptoBroker`: what clients of the Open Crypto Broker speak from version 0.2 on.
pub mod crypto_broker {
    #![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all)]

    tonic::include_proto!("crypto_broker");
}

/// `protobuf`: what clients of the Open Crypto Broker speak in version 0.1.
pub mod g0 {
    #![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all)]

    tonic::include_proto!("protobuf");
}

/// `google.rpc`: the error of one item of a pipeline.
pub use tonic_types::pb as rpc;

/// Where the generated code of one package looks for the other's messages.
mod cryptobroker {
    pub(crate) use crate::v1;
}

mod codec;
mod decode;
mod described;

pub use decode::{DecodeError, Elements, Field, Repeated, Shape, decode};
pub use described::{Described, OperationRequest, OperationResponse};
