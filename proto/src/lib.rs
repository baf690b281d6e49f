//! The protocol of Crypto Broker: the messages and services of `cryptobroker.v1`, generated from the `.proto` files
//! beside this crate. No logic lives here, except that a message with a private key in it wipes that key when it is
//! dropped and does not print it.

#![forbid(unsafe_code)]

/// `cryptobroker.v1`, the broker's main API.
pub mod v1 {
    #![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all)]

    tonic::include_proto!("cryptobroker.v1");

    /// The serialised `FileDescriptorSet` of this package, for gRPC server reflection.
    pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
}

mod secret;
