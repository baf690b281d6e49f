//! The protocol of Crypto Broker: the messages and services of `cryptobroker.v1` and of the older protocols that the broker
//! serves, generated from the `.proto` files of this crate.
//!
//! Messages wipe the secrets in them when they are dropped and do not print them. [`decode`] bounds the number of elements
//! before it decodes a message, and [`Deframer`] splits the body of a request or a response into messages.

#![forbid(unsafe_code)]

/// `cryptobroker.v1`, the broker's main API.
pub mod v1 {
    #![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all)]

    tonic::include_proto!("cryptobroker.v1");

    /// The serialised `FileDescriptorSet` of all packages here, for gRPC server reflection.
    pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
}

/// `CryptoBroker`: the protocol of clients of the Open Crypto Broker from version 0.2 on.
pub mod crypto_broker {
    #![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all)]

    tonic::include_proto!("crypto_broker");
}

/// `protobuf`: the protocol of clients of the Open Crypto Broker of version 0.1.
pub mod g0 {
    #![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all)]

    tonic::include_proto!("protobuf");
}

/// `google.rpc`, which describes the error of one item of a pipeline.
pub use tonic_types::pb as rpc;

/// The path under which the generated code of one package refers to the messages of another.
mod cryptobroker {
    pub(crate) use crate::v1;
}

mod codec;
mod decode;
mod described;
mod frame;
mod shape;

pub use decode::{DecodeError, decode};
pub use described::{Described, OperationRequest, OperationResponse};
pub use frame::{Deframer, FrameError, PREFIX_LENGTH, put_prefix};
pub use shape::{Elements, Field, Repeated, Shape};
