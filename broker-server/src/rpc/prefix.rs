//! The prefix of a message ("gRPC over HTTP/2", Length-Prefixed-Message), for methods that read a request's body past
//! the gRPC library. The statuses are that library's.

use bytes::{BufMut, Bytes, BytesMut};
use tonic::Status;

/// Length of the prefix, in bytes: a flag and four bytes of length.
pub(super) const PREFIX: usize = 5;

/// The length of the message behind the prefix, in bytes.
pub(super) fn length(prefix: [u8; PREFIX]) -> Result<usize, Status> {
    let [flag, length @ ..] = prefix;
    if flag != 0 {
        let text = "protocol error: received message with compressed-flag but no grpc-encoding was specified";
        return Err(Status::internal(text));
    }
    Ok(u32::from_be_bytes(length) as usize)
}

/// Writes the prefix of a message of `length` bytes.
pub(super) fn put(to: &mut impl BufMut, length: usize) {
    to.put_u8(0);
    // The limit of an answer is far below what the prefix can say.
    to.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
}

/// Moves bytes from `data` to `part` until that has `whole`, or there are no more. The buffer doubles as it grows, since what
/// is announced need not come, but it never gets larger than `whole`.
pub(super) fn gather(part: &mut BytesMut, data: &mut Bytes, whole: usize) {
    let count = whole.saturating_sub(part.len()).min(data.len());
    let length = part.len() + count;
    if length > part.capacity() {
        let mut larger = BytesMut::with_capacity(length.max(2 * part.capacity()).min(whole));
        larger.extend_from_slice(part);
        *part = larger;
    }
    part.extend_from_slice(&data.split_to(count));
}

/// Of a message of `length` bytes where `limit` are allowed.
pub(super) fn too_large(length: usize, limit: usize) -> Status {
    Status::out_of_range(format!(
        "Error, decoded message length too large: found {length} bytes, the limit is: {limit} bytes"
    ))
}

/// The same of an answer.
pub(super) fn answer_too_large(length: usize, limit: usize) -> Status {
    Status::out_of_range(format!(
        "Error, encoded message length too large: found {length} bytes, the limit is: {limit} bytes"
    ))
}

/// Of a body that ends within a message.
pub(super) fn cut_short() -> Status {
    Status::internal("Unexpected EOF decoding stream.")
}
