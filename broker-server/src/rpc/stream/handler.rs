//! What an operation on a stream does with its header and its data.

use super::message::Message;
use crate::{
    policy::Permit,
    request::{FieldError, Limits},
    rpc::handler::RpcOperation,
    status::CallError,
};

/// The first message of a stream for the operation `O`.
pub(in crate::rpc) type Header<O> = <<O as RpcOperation>::Message as Message>::Header;

/// An operation on a stream: a header, on which policy decides before any data is read, the data in parts of any size, and
/// the response.
pub(in crate::rpc) trait StreamHandler: RpcOperation<Message: Message> {
    /// Takes the data.
    type Sink: Sink;

    /// Turns the header into typed facts, without using a key.
    fn parse(header: Header<Self>, limits: &Limits) -> Result<Self::Request, FieldError>;

    /// Returns the name of the algorithm for the descriptor, the log and the audit.
    fn algorithm(permit: &Permit<Self>) -> &'static str;

    /// Prepares to take the data.
    fn open(permit: Permit<Self>, key: Self::Key) -> Result<Self::Sink, CallError>;

    /// Builds the response. Its metadata and descriptor are set by the caller.
    fn respond(output: <Self::Sink as Sink>::Output) -> Self::Response;
}

/// Takes the data of a stream and makes its output. It moves between the I/O thread and the compute pool.
pub(in crate::rpc) trait Sink: Send + Sized + 'static {
    /// What the data comes to.
    type Output: Send + 'static;

    /// Whether opening and finishing are work for the compute pool, because they use an asymmetric key.
    const IN_POOL: bool;

    /// Takes the next piece of the data. An error ends the call at once.
    fn update(&mut self, data: &[u8]) -> Result<(), CallError>;

    /// Finishes after the last piece.
    fn finish(self) -> Result<Self::Output, CallError>;
}
