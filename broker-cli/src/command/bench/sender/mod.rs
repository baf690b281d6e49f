//! The ways to send a request: by the client library, or by a generated stub of each generation of the protocol.

mod grpc;
mod library;
mod old;
mod stub;

use std::{future::Future, path::PathBuf, sync::Arc, time::Duration};

use broker_client::{Client, Code, Error, Rejection, RetryPolicy};

pub(super) use self::{
    library::Library,
    old::{G0, G2, G3},
    stub::Stub,
};
use super::{answer::Answer, work::Work};
use crate::{args::Lane, error::Failure};

/// What every connection is made from.
#[derive(Clone)]
pub(super) struct Setup {
    pub(super) socket: PathBuf,
    pub(super) lane: Lane,
    pub(super) timeout: Duration,
    /// How many requests are under way at most.
    pub(super) in_flight: usize,
    /// In the order of the plan's items.
    pub(super) works: Arc<[Work]>,
}

impl Setup {
    /// A client of the lane. Nothing is sent again: what fails is counted.
    pub(super) fn client(&self) -> Result<Client, Error> {
        let client = Client::builder()
            .socket(&self.socket)
            .timeout(self.timeout)
            .retry(RetryPolicy::none())
            .in_flight(self.in_flight)
            .connect_lazy()?;
        Ok(match self.lane {
            Lane::Unary => client,
            Lane::Pipeline => client.pipeline(),
        })
    }
}

/// One connection, with all requests ready. Clones share it.
pub(super) trait Sender: Clone + Send + Sync + 'static {
    /// Prepares the requests and connects.
    fn connect(setup: &Setup) -> impl Future<Output = Result<Self, Failure>> + Send;

    /// Sends the request of the work with this number.
    fn send(&self, number: usize) -> impl Future<Output = Result<Answer, Error>> + Send;
}

/// The number of a work is its place, so this happens to nobody.
fn missing() -> Error {
    Rejection::new(Code::Internal, "the operation was not prepared").into()
}

/// As [`missing`], for what the plan has refused before.
fn not_offered() -> Failure {
    Failure::Usage("this wire does not have this operation".to_owned())
}
