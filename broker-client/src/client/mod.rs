//! The client: its connection, and the one way in which each kind of call is made. The calls themselves are beside
//! this, by service.

mod crypto;
mod hasher;
mod health;
mod keys;
mod method;
mod stream;

use std::{mem, path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use broker_proto::v1::{GetInfoRequest, Metadata};
use bytes::Bytes;
use http::HeaderValue;
use prost::Message;
use tracing::{Instrument as _, Span, debug, debug_span};

use self::method::Method;
pub use self::{hasher::Hasher, health::HealthWatch};
use crate::{
    builder::Builder,
    error::Error,
    pipeline::Pipeline,
    request::Ask,
    response::Info,
    retry::{self, RetryPolicy},
    wire::{self, Connection, Outgoing},
};

/// A connection to a broker. Clones are cheap and share it; calls run at the same time on it.
///
/// It belongs to the tokio runtime in which it was made. When the broker goes away, the next call connects again.
///
/// Calls are sent again as [`RetryPolicy`] says, all but the streams. One that uses or makes a key is not sent again where
/// the broker may have begun it, unless the policy asks for that.
#[derive(Debug, Clone)]
pub struct Client {
    connection: Connection,
    timeout: Duration,
    retry: Arc<RetryPolicy>,
    in_flight: usize,
    /// The profile of the requests that name none.
    profile: Option<Arc<str>>,
    /// Where the operations go that are not called one by one.
    pipeline: Option<Arc<Pipeline>>,
}

impl Client {
    /// Connects to the broker at the given socket, with the default options.
    ///
    /// # Errors
    /// As [`Builder::connect`].
    pub async fn connect(path: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::builder().socket(path).connect().await
    }

    /// Connects with other options than the default ones.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(connection: Connection, options: &Builder) -> Self {
        let Builder { timeout, in_flight, retry, .. } = *options;
        let profile = options.profile.as_deref().map(Arc::from);
        Self { connection, timeout, retry: Arc::new(retry), in_flight, profile, pipeline: None }
    }

    /// The same connection, with another time for each call but the streams.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// The same connection, with another profile for the requests that name none.
    #[must_use]
    pub fn with_profile(&self, name: impl Into<Arc<str>>) -> Self {
        Self { profile: Some(name.into()), ..self.clone() }
    }

    /// The same connection, with one stream for all operations that this client and its clones are asked for
    /// (`PipelineService`). What a call costs beside its cryptography is then paid once for all that are on their way
    /// at the same time, so many calls at once are many times cheaper; a call on its own is not.
    ///
    /// Everything else is the same: the methods, their answers and errors, deadlines, retries. What is no operation on one
    /// message (health, information, streams of data) is called as ever. The stream is opened by the first operation,
    /// and again after it ended; it is closed when the last clone of this client is dropped.
    ///
    /// At most [`Builder::in_flight`] operations are on their way. An answer that comes too late, or to nobody, is
    /// dropped.
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

    /// Asks what the broker is and what it offers.
    ///
    /// # Errors
    /// What kept the call from being answered.
    pub async fn info(&self) -> Result<Info, Error> {
        Ok(Info::from_message(self.ask(&method::GET_INFO, &GetInfoRequest {}).await?))
    }

    /// An operation, down the lane that this client has: one id, one trace, one deadline and one message for all its
    /// attempts.
    ///
    /// No `async fn`: its future would have room for the request beside that for the message which is made of it.
    fn call<'a, A, R>(
        &'a self,
        method: &'static Method<A::Message, R>,
        mut request: A,
    ) -> impl Future<Output = Result<R, Error>> + Send + use<'a, A, R>
    where
        A: Ask<Message: Message>,
        R: Message + Default,
    {
        let mut options = mem::take(request.options());
        let timeout = options.timeout.unwrap_or(self.timeout);
        let profile = options.profile(self.profile.as_deref());
        let prepared = match &self.pipeline {
            None => options.header().map(|traceparent| (options.metadata(), traceparent)),
            Some(_) => options.traced_metadata().map(|metadata| (metadata, None)),
        };
        let prepared = prepared.and_then(|(metadata, header)| {
            let profile = profile?;
            let span = span(method.path, &profile, &metadata);
            Ok((request.message(profile, metadata), header, span))
        });
        async move {
            // Borrowed, for the same reason.
            let (message, traceparent, span) = prepared.as_ref().map_err(Error::clone)?;
            let answer = async {
                match &self.pipeline {
                    None => self.unary(method, message, timeout, traceparent.as_ref()).await,
                    Some(pipeline) => {
                        let send = |attempt| pipeline.call(method.item, message, attempt);
                        retry::run(&self.retry, method.work, timeout, send).await
                    }
                }
            };
            let answer = answer.instrument(span.clone()).await;
            if let Err(error) = &answer {
                span.in_scope(|| failed(error));
            }
            wire::decode(answer?)
        }
    }

    /// A question that is no operation: a call of its own, whatever lane this client has.
    async fn ask<M, R>(&self, method: &Method<M, R>, message: &M) -> Result<R, Error>
    where
        M: Message,
        R: Message + Default,
    {
        wire::decode(self.unary(method, message, self.timeout, None).await?)
    }

    /// A call of its own. On the heap, because the future of a call that goes down a pipeline would be as large.
    fn unary<'a, M, R>(
        &'a self,
        method: &Method<M, R>,
        message: &'a impl Message,
        timeout: Duration,
        traceparent: Option<&'a HeaderValue>,
    ) -> Pin<Box<dyn Future<Output = Result<Bytes, Error>> + Send + 'a>> {
        let path = method.path;
        Box::pin(retry::run(&self.retry, method.work, timeout, move |attempt| {
            let mut head = wire::head(path);
            let headers = head.headers_mut();
            // The server need not begin what nobody waits for.
            headers.insert(wire::TIMEOUT, wire::timeout(attempt.left));
            if let Some(value) = traceparent {
                headers.insert(wire::TRACEPARENT, value.clone());
            }
            attempt.limit(wire::call(&self.connection, head, Outgoing::Message(wire::message(message))))
        }))
    }
}

/// The span of a call (`tracing`): what is called, and by which names the broker's log and audit know it.
fn span(path: &str, profile: &str, metadata: &Metadata) -> Span {
    debug_span!("broker_call", rpc.system = "grpc", rpc.method = path, profile, id = metadata.id)
}

/// Says in the span of a call how it failed.
fn failed(error: &Error) {
    debug!(%error, possibly_executed = error.possibly_executed, "the call failed");
}
