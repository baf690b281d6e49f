//! What the messages of a stream of items mean.

use std::{future::Future, pin::Pin, time::Instant};

use broker_proto::rpc;
use bytes::Bytes;
use prost::Message;
use tonic::Status;

use crate::{
    rpc::{Broker, CallContext, handler::RpcOperation},
    status::CallError,
};

/// An operation whose items have a response each.
pub(in crate::rpc) trait ExchangeHandler: RpcOperation {
    /// The meaning of its messages.
    type Protocol: Protocol;
}

/// What the messages of a stream of items mean. A value belongs to one stream.
pub(in crate::rpc) trait Protocol: Default + Send + Unpin + 'static {
    /// The response to an item.
    type Response: ItemMessage;
    /// What the first message opens; `Infallible` where every message is an item.
    type Opened: Send + 'static;

    /// The name of the method in the log.
    const METHOD: &'static str;

    /// Returns how many items may be in flight.
    fn max_items(broker: &Broker) -> usize;

    /// Takes a message, which was read at `now`. `context` is the stream's, whose deadline applies to every item.
    fn receive(
        &mut self,
        message: Bytes,
        broker: &Broker,
        context: &CallContext,
        now: Instant,
    ) -> Received<Self>;

    /// Takes what the first message has opened. No message is read before that.
    fn opened(&mut self, opened: Self::Opened);
}

/// The response to an item.
pub(in crate::rpc) trait ItemMessage: Message + 'static {
    /// Returns the response that reports an error, with the status of a unary call.
    fn failed(sequence: u64, error: &CallError) -> Self;

    /// Returns the number of its item.
    fn sequence(&self) -> u64;

    /// Reports whether the response contains a secret.
    fn has_secret(&self) -> bool;
}

/// A message that was taken.
pub(in crate::rpc) struct Received<P: Protocol> {
    /// The message may contain a secret.
    pub(super) may_contain_secret: bool,
    /// The cost of what is done inline, as [`Placement::Inline`](crate::rpc::call::Placement::Inline) counts it.
    pub(super) cost: usize,
    pub(super) next: Next<P>,
}

/// What follows from a message.
#[allow(clippy::large_enum_variant)] // a response is pushed at once, and a box would cost an allocation per item
pub(in crate::rpc) enum Next<P: Protocol> {
    /// The item was handled inline.
    Ready(P::Response),
    /// The response follows. The first poll does the work of an inline item.
    Deferred(Deferred<P::Response>),
    /// The stream is opened. An error ends it.
    Opening(Deferred<Result<P::Opened, CallError>>),
    /// The stream ends.
    Ended(CallError),
}

/// A result that waits for the pool, for the record of a key use, or for a circuit.
pub(in crate::rpc) type Deferred<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Returns the status of a unary call that fails with this error.
pub(super) fn status(error: &CallError) -> rpc::Status {
    let status = Status::from(error);
    // The details of one of our statuses are the whole google.rpc.Status, encoded.
    rpc::Status::decode(status.details()).unwrap_or_else(|_| rpc::Status {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: Vec::new(),
    })
}
