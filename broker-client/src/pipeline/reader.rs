//! The task of a stream: opens it, reads its answers, keeps its deadlines, and tells everybody how it ended.

use std::sync::Arc;

use tonic::{Code, Status};

use super::stream::{Requests, Stream};
use crate::{
    error::{Error, SHUTTING_DOWN},
    retry::{Failure, out_of_time},
    wire::{self, Connection, Frame, Messages, Outgoing},
};

const EXECUTE: &str = "/cryptobroker.v1.PipelineService/Execute";

/// Runs a stream until its end, which everybody hears who waits, also when the runtime drops this.
pub(super) async fn run(stream: Arc<Stream>, connection: Connection) {
    let mut ending = Ending { stream: &stream, end: End::Dropped };
    let end = tokio::select! {
        biased;
        end = read(&stream, &connection) => end,
        () = stream.watch_deadlines() => End::Dropped,
    };
    ending.end = end;
}

struct Ending<'a> {
    stream: &'a Stream,
    end: End,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.stream.end(|begun| self.end.failure(begun));
    }
}

/// How a stream ends.
enum End {
    /// The broker says how.
    Status(Status),
    /// It was cut, or cannot be read on.
    Cut(Error),
    /// The task is gone.
    Dropped,
}

async fn read(stream: &Arc<Stream>, connection: &Connection) -> End {
    let requests = Outgoing::parts(Requests(Arc::clone(stream)));
    let mut answer = match connection.send(wire::head(EXECUTE), requests).await {
        Ok(answer) => answer,
        Err(error) => return End::Cut(error),
    };
    let mut responses = Messages::default();
    let mut woken = Vec::new();
    loop {
        match answer.next().await {
            Ok(Frame::Data(data)) => {
                responses.push(data);
                if let Err(error) = stream.answer(&mut responses, &mut woken) {
                    return End::Cut(error);
                }
            }
            Ok(Frame::End(status)) => return End::Status(status),
            Err(error) => return End::Cut(error),
        }
    }
}

impl End {
    /// What it is to an item that has no answer, and which the broker may have begun for all that this side knows.
    fn failure(&self, begun: bool) -> Failure {
        match self {
            // The broker answers what it has read before it ends a stream like this.
            Self::Status(status) => match good_order(status) {
                Some(words) => {
                    let detail = format!("the broker ended the stream before this call ({words})");
                    Error::Connection { detail, begun: false }.into()
                }
                None if status.code() == Code::Unimplemented => {
                    Failure::Status(Status::unimplemented(NO_PIPELINE))
                }
                // It refuses the stream as a whole, and does not say how far each item had come.
                None if begun && !out_of_time(status) => Error::from(status.clone()).after_one_begun().into(),
                None => Failure::Status(status.clone()),
            },
            Self::Cut(Error::Connection { detail, .. }) => {
                Error::Connection { detail: detail.clone(), begun }.into()
            }
            Self::Cut(error) => error.clone().into(),
            Self::Dropped => {
                let detail = "the runtime that the client was made in has ended".to_owned();
                Error::Connection { detail, begun }.into()
            }
        }
    }
}

const NO_PIPELINE: &str = "this broker has no PipelineService; call it with a client without `pipeline()`";

/// What a broker says that answers what it has read and nothing more.
fn good_order(status: &Status) -> Option<String> {
    match Error::from(status.clone()) {
        _ if status.code() == Code::Ok => Some("OK".to_owned()),
        Error::Refused(refusal) if refusal.reason.as_deref() == Some(SHUTTING_DOWN) => {
            Some(refusal.to_string())
        }
        _ => None,
    }
}
