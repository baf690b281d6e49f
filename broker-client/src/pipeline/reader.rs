//! The task of a stream: opens it, reads its answers, keeps its deadlines, and tells everybody how it ended.

use std::{future::poll_fn, pin::pin, sync::Arc};

use http_body::Body as _;
use tonic::{Code, Status, transport::Channel};

use super::stream::{Requests, Stream};
use crate::{
    error::Error,
    retry::Failure,
    wire::{self, Messages},
};

const EXECUTE: &str = "/cryptobroker.v1.PipelineService/Execute";

/// Runs a stream until its end, which everybody hears who waits, also when the runtime drops this.
pub(super) async fn run(stream: Arc<Stream>, channel: Channel) {
    let mut ending = Ending { stream: &stream, end: End::Dropped };
    let end = tokio::select! {
        biased;
        end = read(&stream, channel) => end,
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
    Cut(Failure),
    /// The task is gone.
    Dropped,
}

async fn read(stream: &Arc<Stream>, channel: Channel) -> End {
    let requests = Requests(Arc::clone(stream));
    let response = match wire::send(channel, wire::request(EXECUTE, requests)).await {
        Ok(response) => response,
        Err(status) => return End::Cut(Failure::Status(status)),
    };
    let (head, body) = response.into_parts();
    if let Some(status) = Status::from_header_map(&head.headers) {
        return End::Status(status);
    }
    let mut body = pin!(body);
    let mut responses = Messages::default();
    let mut woken = Vec::new();
    loop {
        let frame = match poll_fn(|context| body.as_mut().poll_frame(context)).await {
            Some(Ok(frame)) => frame,
            Some(Err(status)) => return End::Cut(Failure::Status(status)),
            None => return End::Cut(wire::unfinished(head.status)),
        };
        match frame.into_data() {
            Ok(data) => {
                responses.push(data);
                if let Err(error) = stream.answer(&mut responses, &mut woken) {
                    return End::Cut(error.into());
                }
            }
            Err(frame) => {
                let trailers = frame.into_trailers().unwrap_or_default();
                return match Status::from_header_map(&trailers) {
                    Some(status) => End::Status(status),
                    None => End::Cut(wire::unfinished(head.status)),
                };
            }
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
                None => Failure::Status(status.clone()),
            },
            Self::Cut(Failure::Status(status)) => match Error::from(status.clone()) {
                Error::Connection { detail, .. } => Error::Connection { detail, begun }.into(),
                // As an answer it would be the broker's; here the transport means the stream.
                Error::Refused(refusal) => Error::Connection { detail: refusal.to_string(), begun }.into(),
                error => error.into(),
            },
            Self::Cut(Failure::Own(Error::Connection { detail, .. })) => {
                Error::Connection { detail: detail.clone(), begun }.into()
            }
            Self::Cut(failure) => failure.clone(),
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
        Error::Refused(refusal) if refusal.reason.as_deref() == Some("SHUTTING_DOWN") => {
            Some(refusal.to_string())
        }
        _ => None,
    }
}
