//! The traits of operations on a stream.

use std::future::Future;

use broker_proto::OperationResponse;
use tonic::body::Body;

use super::message::Message;
use crate::{
    policy::Permit,
    request::{FieldError, Limits},
    rpc::{Broker, CallContext, handler::RpcOperation},
    status::CallError,
};

/// The first message of a stream for the operation `O`.
pub(in crate::rpc) type Header<O> = <<O as RpcOperation>::Message as Message>::Header;

/// An operation on a stream: a header, on which policy decides before any data is read, the data in chunks of any size, and
/// the response.
pub(in crate::rpc) trait StreamHandler:
    RpcOperation<Message: Message, Response: OperationResponse>
{
    /// The state of the operation while its data arrives.
    type Incremental: Incremental;

    /// Parses the header into the typed request, without using a key.
    fn parse(header: Header<Self>, limits: &Limits) -> Result<Self::Request, FieldError>;

    /// Returns the name of the algorithm for the crypto descriptor, the log and the audit.
    fn algorithm(permit: &Permit<Self>) -> &'static str;

    /// Creates the state that takes the data.
    fn open(permit: Permit<Self>, key: Self::Key) -> Result<Self::Incremental, CallError>;

    /// Builds the response. Its metadata and crypto descriptor are added later.
    fn respond(output: <Self::Incremental as Incremental>::Output) -> Self::Response;
}

/// An operation on a stream whose data is kept until it is complete.
pub(in crate::rpc) trait UploadHandler: RpcOperation<Message: Message> {
    /// Serves a client's stream. Policy decides on the header before any data is read.
    fn serve(
        broker: &Broker,
        context: CallContext,
        body: Body,
    ) -> impl Future<Output = Result<Self::Response, CallError>> + Send;
}

/// An incremental hash, signer or verifier. It moves between the I/O thread and the compute pool.
pub(in crate::rpc) trait Incremental: Send + Sized + 'static {
    /// The result of the operation.
    type Output: Send + 'static;

    /// Whether opening and finishing run in the compute pool, because they use an asymmetric key. Updates run there in any
    /// case, except for a short remainder.
    const OPENS_IN_POOL: bool;

    /// Whether the data is secret. Then all of it is processed in the pool, on a stack that is wiped.
    const DATA_IS_SECRET: bool = false;

    /// Takes the next chunk of the data. An error ends the call at once.
    fn update(&mut self, data: &[u8]) -> Result<(), CallError>;

    /// Finishes after the last chunk.
    fn finish(self) -> Result<Self::Output, CallError>;
}
