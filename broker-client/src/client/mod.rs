//! The client: its settings and the ways in which calls are made. The operations themselves are declared in
//! `operation/`.

mod exchange;
mod health;
mod info;
mod stream;

#[cfg(feature = "blocking")]
pub(crate) mod blocking;

use std::{mem, pin::Pin, sync::Arc, time::Duration};

use broker_proto::v1::Metadata;
use bytes::Bytes;
use http::HeaderValue;
use prost::Message;
use tokio::runtime::Handle;
use tracing::{Instrument as _, Span, debug, debug_span};

pub(crate) use self::exchange::Exchange;
pub use self::{
    health::{HealthStatus, HealthWatch},
    info::Info,
};
use crate::{
    error::Error,
    message::{OperationRequest, OperationResponse},
    method::Method,
    pipeline::Pipeline,
    retry::{self, RetryPolicy},
    wire::{self, Connection, RequestBody},
};

/// A connection to a broker. Clones are cheap and share the connection, on which calls run concurrently.
///
/// A client belongs to the tokio runtime in which it was created. When the broker was restarted, the next call connects
/// again.
///
/// Calls are retried as [`RetryPolicy`] says, except for streams. A call that uses or makes a key is not retried
/// where the broker may have executed it, unless the policy asks for that.
#[derive(Debug, Clone)]
pub struct Client {
    connection: Connection,
    timeout: Duration,
    retry: Arc<RetryPolicy>,
    in_flight: usize,
    /// The profile of the requests that name none.
    profile: Option<Arc<str>>,
    /// The stream that carries operations as items. `None` where each operation is a call of its own.
    pipeline: Option<Arc<Pipeline>>,
}

/// The settings of a client, apart from those of its connection.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) timeout: Duration,
    pub(crate) retry: RetryPolicy,
    pub(crate) in_flight: usize,
    pub(crate) profile: Option<Arc<str>>,
}

impl Client {
    pub(crate) fn new(connection: Connection, settings: Settings) -> Self {
        let Settings { timeout, retry, in_flight, profile } = settings;
        Self { connection, timeout, retry: Arc::new(retry), in_flight, profile, pipeline: None }
    }

    /// Returns a client on the same connection with another timeout for each call except streams.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// Returns a client on the same connection with another profile for the requests that name none.
    #[must_use]
    pub fn with_profile(&self, name: impl Into<Arc<str>>) -> Self {
        Self { profile: Some(name.into()), ..self.clone() }
    }

    /// Returns a client on the same connection that sends its operations, and those of its clones, as items of one
    /// stream (`PipelineService`). The overhead of a call is then paid once for all operations that are in flight,
    /// so many concurrent operations become many times cheaper; a single operation does not.
    ///
    /// Methods, responses, errors, deadlines and retries stay the same. Health checks, information and streams of
    /// data are still calls of their own. The first operation opens the stream, and the next one opens it again
    /// after it ended; it is closed when the last clone of this client is dropped.
    ///
    /// At most [`Builder::in_flight`](crate::Builder::in_flight) operations are in flight. A response that arrives
    /// after its deadline, or after its caller was dropped, is discarded.
    ///
    /// ```no_run
    /// use broker_client::HashDataRequest;
    /// use tokio::task::JoinSet;
    ///
    /// # async fn run(client: broker_client::Client, records: Vec<Vec<u8>>) -> Result<(), Box<dyn std::error::Error>> {
    /// let pipeline = client.pipeline();
    /// let mut hashes: JoinSet<_> = records
    ///     .into_iter()
    ///     .map(|record| {
    ///         let pipeline = pipeline.clone();
    ///         async move { pipeline.hash_data(HashDataRequest::new(record).profile("Default")).await }
    ///     })
    ///     .collect();
    /// while let Some(hash) = hashes.join_next().await {
    ///     println!("{}", hash??.value.to_hex());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn pipeline(&self) -> Self {
        let pipeline = Pipeline::new(self.connection.clone(), self.in_flight);
        Self { pipeline: Some(Arc::new(pipeline)), ..self.clone() }
    }

    /// Returns the runtime that drives the connection.
    pub(crate) fn runtime(&self) -> &Handle {
        self.connection.runtime()
    }

    /// Executes an operation, as a pipeline item or as a call of its own. All attempts share one id, one trace, one
    /// deadline and one message.
    ///
    /// This is not an `async fn`, whose future would reserve space for the request beside the message made from it.
    pub(crate) fn call<'a, Q, R>(
        &'a self,
        method: &'static Method,
        mut request: Q,
    ) -> impl Future<Output = Result<R, Error>> + Send + use<'a, Q, R>
    where
        Q: OperationRequest,
        R: OperationResponse,
    {
        let mut options = mem::take(request.options());
        let output_length = request.output_length();
        let timeout = options.timeout.unwrap_or(self.timeout);
        let profile = options.take_profile(self.profile.as_deref());
        let pipeline = self.pipeline.as_ref().zip(method.pipeline_item);
        let prepared = match pipeline {
            None => options.traceparent_header().map(|traceparent| (options.into_metadata(), traceparent)),
            Some(_) => options.into_traced_metadata().map(|metadata| (metadata, None)),
        };
        let prepared = prepared.and_then(|(metadata, traceparent)| {
            let profile = profile?;
            let span = span(method.path, &profile, &metadata);
            Ok((request.into_message(profile, metadata), traceparent, span))
        });
        async move {
            // Borrowed, so that the future has space for only one of the two.
            let (message, traceparent, span) = prepared.as_ref().map_err(Error::clone)?;
            let response = async {
                match pipeline {
                    None => self.unary(method, message, timeout, traceparent.as_ref()).await,
                    Some((pipeline, item)) => {
                        let send = |attempt| pipeline.call(item, message, attempt);
                        retry::run(&self.retry, method.key_use, timeout, send).await
                    }
                }
            };
            let response = response.instrument(span.clone()).await;
            if let Err(error) = &response {
                span.in_scope(|| log_failure(error));
            }
            let response = R::from_message(wire::decode(response?)?)?;
            if response.output_length() != output_length {
                return Err(Error::protocol("an output of another length"));
            }
            Ok(response)
        }
    }

    /// Makes a call that is not an operation and has no options of its own.
    async fn query<M, R>(&self, method: &Method, message: &M) -> Result<R, Error>
    where
        M: Message,
        R: Message + Default,
    {
        wire::decode(self.unary(method, message, self.timeout, None).await?)
    }

    /// Makes a unary call and returns the response message. The future is boxed because it would make the future of an
    /// operation in a pipeline as large.
    fn unary<'a>(
        &'a self,
        method: &Method,
        message: &'a impl Message,
        timeout: Duration,
        traceparent: Option<&'a HeaderValue>,
    ) -> Pin<Box<dyn Future<Output = Result<Bytes, Error>> + Send + 'a>> {
        let path = method.path;
        Box::pin(retry::run(&self.retry, method.key_use, timeout, move |attempt| {
            let mut head = wire::request_head(path);
            let headers = head.headers_mut();
            // The server need not begin a call whose caller no longer waits.
            headers.insert(wire::TIMEOUT, wire::encode_timeout(attempt.timeout));
            if let Some(value) = traceparent {
                headers.insert(wire::TRACEPARENT, value.clone());
            }
            let body = RequestBody::Message(wire::encode(message));
            attempt.limit(wire::call(&self.connection, head, body))
        }))
    }
}

/// Returns the `tracing` span of a call: the method, and the names under which the broker's log and audit have the
/// call.
fn span(path: &str, profile: &str, metadata: &Metadata) -> Span {
    debug_span!("broker_call", rpc.system = "grpc", rpc.method = path, profile, id = metadata.id)
}

/// Records in the current span how a call failed.
fn log_failure(error: &Error) {
    debug!(%error, possibly_executed = error.possibly_executed, "the call failed");
}
