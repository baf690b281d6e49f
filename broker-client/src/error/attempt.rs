//! The failure of one attempt at a call.

use super::Error;
use crate::status::Status;

/// The failure of one attempt at a call, from which the retry policy makes the error of the call.
#[derive(Debug, Clone)]
pub(crate) enum AttemptError {
    /// The broker ended the attempt with this status.
    Status(Status),
    /// The attempt failed on this side, or on the connection.
    Failed(Error),
    /// The deadline of the call passed.
    DeadlineExceeded,
}

impl From<Error> for AttemptError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
