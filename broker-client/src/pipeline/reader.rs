//! The task of a stream, which opens it, reads its responses, enforces the deadlines, and fails the items that are
//! left at its end.

use std::{fmt, sync::Arc};

use super::stream::{Requests, Stream};
use crate::{
    error::{AttemptError, Error, ErrorKind, Reason, Rejection},
    status::{Code, Status},
    wire::{self, Connection, Frame, Messages, RequestBody},
};

const EXECUTE: &str = "/cryptobroker.v1.PipelineService/Execute";

/// Runs a stream until its end. The items that are left then fail, even where the runtime drops this future.
pub(super) async fn run(stream: Arc<Stream>, connection: Connection) {
    let mut guard = EndOnDrop { stream: &stream, end: End::TaskDropped };
    let end = tokio::select! {
        biased;
        end = read(&stream, &connection) => end,
        () = stream.enforce_deadlines() => End::TaskDropped,
    };
    guard.end = end;
}

/// Ends the stream when it is dropped.
struct EndOnDrop<'a> {
    stream: &'a Stream,
    end: End,
}

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.stream.end(|sent| self.end.item_error(sent));
    }
}

/// The end of a stream.
enum End {
    /// The broker ended the stream with OK, or with a refusal of the whole stream.
    Status(Result<(), Status>),
    /// The connection broke, or the broker violated the protocol.
    Failed(Error),
    /// The runtime dropped the task.
    TaskDropped,
}

async fn read(stream: &Arc<Stream>, connection: &Connection) -> End {
    let requests = RequestBody::stream(Requests(Arc::clone(stream)));
    let mut response = match connection.send(wire::request_head(EXECUTE), requests).await {
        Ok(response) => response,
        Err(error) => return End::Failed(error),
    };
    let mut messages = Messages::default();
    let mut wakers = Vec::new();
    loop {
        match response.next().await {
            Ok(Frame::Data(data)) => {
                messages.push(data);
                if let Err(error) = stream.dispatch(&mut messages, &mut wakers) {
                    return End::Failed(error);
                }
            }
            Ok(Frame::End(status)) => return End::Status(status),
            Err(error) => return End::Failed(error),
        }
    }
}

impl End {
    /// Returns the error of an item without a response. `sent` tells whether the item may have left this process,
    /// so that the broker may have executed it.
    fn item_error(&self, sent: bool) -> AttemptError {
        match self {
            // The broker responds to every item that it has read before it ends a stream like this.
            Self::Status(Ok(())) => ended_gracefully("OK"),
            Self::Status(Err(status)) => {
                let rejection = Rejection::from_status(status.clone());
                match rejection.code {
                    _ if rejection.reason == Some(Reason::ShuttingDown) => ended_gracefully(rejection),
                    Code::Unimplemented => {
                        AttemptError::Status(Status::new(Code::Unimplemented, NO_PIPELINE))
                    }
                    // The broker refuses the stream as a whole, and does not tell which items it has executed.
                    _ if sent && !status.is_deadline_exceeded() => {
                        Error::from(rejection).after_possible_execution().into()
                    }
                    _ => AttemptError::Status(status.clone()),
                }
            }
            Self::Failed(Error { kind: ErrorKind::Connection { detail }, .. }) => {
                Error::connection(detail.as_str(), sent).into()
            }
            Self::Failed(error) => error.clone().into(),
            Self::TaskDropped => {
                Error::connection("the runtime in which the client was created has ended", sent).into()
            }
        }
    }
}

const NO_PIPELINE: &str = "this broker has no PipelineService; use a client without `pipeline()`";

/// Creates the error of an item that the broker had not read when it ended the stream for this reason.
fn ended_gracefully(reason: impl fmt::Display) -> AttemptError {
    Error::connection(format!("the broker ended the stream before this call ({reason})"), false).into()
}
