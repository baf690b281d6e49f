//! Errors of the framing of messages as gRPC statuses. The codes and texts are those of tonic, whose decoder most methods
//! bypass.

use broker_proto::FrameError;
use tonic::Status;

use crate::status::CallError;

/// `CHAIN_THRESHOLD` of h2, in bytes. h2 copies a DATA frame shorter than this into the connection's write buffer, which
/// nobody wipes. Of a longer frame it copies only the first bytes, at most this many.
pub(crate) const H2_CHAIN_THRESHOLD: usize = 256;

/// Returns the status of a request whose body cannot be split into messages.
pub(super) fn status(error: FrameError) -> Status {
    match error {
        FrameError::Compressed => Status::internal(
            "protocol error: received message with compressed-flag but no grpc-encoding was specified",
        ),
        FrameError::TooLarge { length, limit } => Status::out_of_range(format!(
            "Error, decoded message length too large: found {length} bytes, the limit is: {limit} bytes"
        )),
        FrameError::Truncated => Status::internal("Unexpected EOF decoding stream."),
    }
}

/// Returns the status for a response of `length` bytes, which exceeds `limit`.
pub(super) fn response_too_large(length: usize, limit: usize) -> Status {
    Status::out_of_range(format!(
        "Error, encoded message length too large: found {length} bytes, the limit is: {limit} bytes"
    ))
}

impl From<FrameError> for CallError {
    fn from(error: FrameError) -> Self {
        Self::from_tonic(&status(error))
    }
}
