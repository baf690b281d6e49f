//! What a method does with the data of its stream.

use crate::{rpc::BrokerState, rpc::call::Call, status::CallError};

/// Takes the data of a stream and makes its answer. It moves between the shard and the compute pool.
pub(in crate::rpc) trait Sink: Send + Sized + 'static {
    type Answer: Send + 'static;

    /// Whether opening and finishing work with a key: both are the compute pool's then.
    const KEYED: bool;

    /// Takes the next piece of the data. An error ends the call at once.
    fn update(&mut self, data: &[u8]) -> Result<(), CallError>;

    /// The data has ended.
    fn finish(self, parts: &BrokerState, call: &mut Call) -> Result<Self::Answer, CallError>;
}
