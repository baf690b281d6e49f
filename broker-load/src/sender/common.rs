//! The interface of all senders.

use std::{future::Future, path::PathBuf, sync::Arc, time::Duration};

use broker_client::{Client, Code, Error, Rejection, RetryPolicy};

use crate::{error::LoadError, options::Lane, prepare::PreparedCall, response::Response};

/// The parameters of every connection.
#[derive(Clone, Debug)]
pub(crate) struct SenderConfig {
    pub(crate) socket: PathBuf,
    pub(crate) lane: Lane,
    pub(crate) timeout: Duration,
    /// The maximum number of requests in flight.
    pub(crate) in_flight: usize,
    /// The calls in the order of the plan's items.
    pub(crate) calls: Arc<[PreparedCall]>,
}

impl SenderConfig {
    /// Returns a client of the lane that does not retry: what fails is counted.
    ///
    /// # Errors
    /// Fails as the client's builder does.
    pub(crate) fn client(&self) -> Result<Client, Error> {
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

/// A connection with all requests prepared. Clones share it.
pub(crate) trait Sender: Clone + Send + Sync + 'static {
    /// Prepares the requests and connects.
    fn connect(config: &SenderConfig) -> impl Future<Output = Result<Self, LoadError>> + Send;

    /// Sends the request of the call with this index.
    fn send(&self, index: usize) -> impl Future<Output = Result<Response, Error>> + Send;
}

/// The error of an index without a call. A call's index is its position, so no caller gets it.
pub(super) fn not_prepared() -> Error {
    Rejection::new(Code::Internal, "the operation was not prepared").into()
}

/// The error of an operation that a generation does not have. The plan refuses it before.
pub(super) fn not_offered() -> LoadError {
    LoadError::Usage("this wire does not have this operation".to_owned())
}
