//! The task of a stream: opens it, reads its answers, keeps its deadlines, and tells everybody how it ended.

use std::{fmt, sync::Arc};

use super::stream::{Requests, Stream};
use crate::{
    error::{Code, Error, ErrorKind, Reason, Rejection},
    retry::{Failure, out_of_time},
    wire::{self, Connection, Frame, Messages, Outgoing, Status},
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
        self.stream.end(|sent| self.end.failure(sent));
    }
}

/// How a stream ends.
enum End {
    /// The broker ended it: with OK, or with a refusal of the whole stream.
    Status(Result<(), Status>),
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
    /// Returns how an item without an answer fails. `sent` says that it may have left this process, so that the broker may
    /// have executed it for all that this side knows.
    fn failure(&self, sent: bool) -> Failure {
        match self {
            // The broker answers what it has read before it ends a stream like this.
            Self::Status(Ok(())) => ended_in_order("OK"),
            Self::Status(Err(status)) => {
                let rejection = Rejection::from_status(status.clone());
                match rejection.code {
                    _ if rejection.reason == Some(Reason::ShuttingDown) => ended_in_order(rejection),
                    Code::Unimplemented => Failure::Status(Status::new(Code::Unimplemented, NO_PIPELINE)),
                    // It refuses the stream as a whole, and does not say how far each item had come.
                    _ if sent && !out_of_time(status) => {
                        Error::from(rejection).after_possible_execution().into()
                    }
                    _ => Failure::Status(status.clone()),
                }
            }
            Self::Cut(Error { kind: ErrorKind::Connection { detail }, .. }) => {
                Error::connection(detail.as_str(), sent).into()
            }
            Self::Cut(error) => error.clone().into(),
            Self::Dropped => {
                Error::connection("the runtime that the client was made in has ended", sent).into()
            }
        }
    }
}

const NO_PIPELINE: &str = "this broker has no PipelineService; call it with a client without `pipeline()`";

/// Makes the failure of an item that the broker did not read before it ended the stream with these words.
fn ended_in_order(words: impl fmt::Display) -> Failure {
    Error::connection(format!("the broker ended the stream before this call ({words})"), false).into()
}
