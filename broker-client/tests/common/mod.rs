//! A fake broker for the library's own tests. It is built on `tonic`, so that the wire format of the client is
//! checked against an independent implementation, and it can fail and interrupt calls in ways that
//! `broker_client::testing` does not offer.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

pub(crate) mod answers;
pub(crate) mod memory;
mod pipeline;
mod proofs;
mod services;

use std::{
    any::Any,
    collections::VecDeque,
    future::pending,
    path::PathBuf,
    sync::{Arc, Mutex, atomic::AtomicUsize},
    thread,
    time::Duration,
};

use broker_client::Client;
use broker_proto::v1::{
    crypto_service_server::CryptoServiceServer, groth16_service_server::Groth16ServiceServer,
    info_service_server::InfoServiceServer, kem_service_server::KemServiceServer,
    pipeline_service_server::PipelineServiceServer, signature_key_service_server::SignatureKeyServiceServer,
    stream_service_server::StreamServiceServer, symmetric_key_service_server::SymmetricKeyServiceServer,
};
use tokio::sync::{Semaphore, oneshot};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Request, Response, Status, transport::Server};

pub(crate) use self::services::End;

/// Returns the head of a response without a body and with the status PERMISSION_DENIED.
pub(crate) fn denied() -> http::Response<()> {
    http::Response::builder()
        .header("content-type", "application/grpc")
        .header("grpc-status", "7")
        .body(())
        .unwrap()
}

/// The broker's reaction to one call.
pub(crate) enum Step {
    /// Sends the default response.
    Default,
    Fail(Status),
    Hang,
    /// Sends a response without any field.
    Empty,
    /// Sends this message, which must be of the call's response type.
    Answer(Box<dyn Any + Send>),
    /// Ends the pipeline with this status, and without a response to the item.
    End(Status),
}

/// The way in which a client sends its operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    Unary,
    Pipeline,
}

/// Runs each test with unary calls and with a pipeline.
#[macro_export]
macro_rules! on_both_lanes {
    ($($test:ident)+) => {
        mod unary {$(
            #[tokio::test]
            async fn $test() {
                super::$test(super::common::Lane::Unary).await;
            }
        )+}

        mod pipeline {$(
            #[tokio::test]
            async fn $test() {
                super::$test(super::common::Lane::Pipeline).await;
            }
        )+}
    };
}

/// The properties of a call that the broker received.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) id: String,
    pub(crate) timeout: Option<String>,
    pub(crate) traceparent: Option<String>,
    pub(crate) authority: Option<String>,
}

#[derive(Clone)]
struct Authority(String);

#[derive(Clone)]
pub(crate) struct Fake {
    steps: Arc<Mutex<VecDeque<Step>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    messages: Arc<Mutex<Vec<Box<dyn Any + Send>>>>,
    /// The end of each stream, in the order in which they ended.
    ends: Arc<Mutex<Vec<End>>>,
    /// The lengths of the parts of each complete stream.
    lengths: Arc<Mutex<Vec<Vec<usize>>>>,
    /// The number of pipelines that were opened.
    pipelines: Arc<AtomicUsize>,
    /// The number of items that were read.
    items: Arc<AtomicUsize>,
    /// Responses to items wait for a permit.
    gate: Arc<Semaphore>,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            steps: Arc::default(),
            seen: Arc::default(),
            messages: Arc::default(),
            ends: Arc::default(),
            lengths: Arc::default(),
            pipelines: Arc::default(),
            items: Arc::default(),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        }
    }
}

impl Fake {
    pub(crate) fn then(&self, step: Step) -> &Self {
        self.steps.lock().unwrap().push_back(step);
        self
    }

    pub(crate) fn fail(&self, status: Status) -> &Self {
        self.then(Step::Fail(status))
    }

    pub(crate) fn answer(&self, message: impl Any + Send) -> &Self {
        self.then(Step::Answer(Box::new(message)))
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn calls(&self) -> usize {
        self.seen().len()
    }

    /// Returns the message of the last call.
    pub(crate) fn last<M: Any>(&self) -> M {
        *self.messages.lock().unwrap().pop().unwrap().downcast().unwrap()
    }

    /// Returns the lengths of the parts of the last complete stream.
    pub(crate) fn lengths(&self) -> Vec<usize> {
        self.lengths.lock().unwrap().last().unwrap().clone()
    }

    /// Waits for the end of the only stream, and returns it.
    pub(crate) async fn end(&self) -> End {
        loop {
            if let Some(end) = self.ends.lock().unwrap().first() {
                return *end;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Executes the next step, and returns the response that replaces the default one, if any.
    async fn step<R: Any + Default>(&self, headers: &Headers, id: &str) -> Result<Option<R>, Status> {
        self.seen.lock().unwrap().push(Seen { id: id.to_owned(), ..headers.0.clone() });
        let step = {
            let mut steps = self.steps.lock().unwrap();
            // The reader of the pipeline executes `End`, which may be queued while an earlier item is still here.
            if matches!(steps.front(), Some(Step::End(_))) { None } else { steps.pop_front() }
        };
        match step {
            Some(Step::Fail(status)) => Err(status),
            Some(Step::Hang) => pending().await,
            Some(Step::Empty) => Ok(Some(R::default())),
            Some(Step::Answer(message)) => Ok(Some(*message.downcast().unwrap())),
            Some(Step::Default | Step::End(_)) | None => Ok(None),
        }
    }

    /// Handles a unary call.
    async fn unary<M, R>(&self, request: Request<M>, usual: fn(M) -> R) -> Result<Response<R>, Status>
    where
        M: answers::Message + Any + Clone + Send,
        R: Any + Default,
    {
        let headers = Headers::of(&request);
        let message = request.into_inner();
        self.messages.lock().unwrap().push(Box::new(message.clone()));
        let other = self.step(&headers, &message.id()).await?;
        Ok(Response::new(other.unwrap_or_else(|| usual(message))))
    }
}

/// The properties of a call that its headers have.
struct Headers(Seen);

impl Headers {
    fn of<T>(request: &Request<T>) -> Self {
        let header = |name: &str| Some(request.metadata().get(name)?.to_str().unwrap().to_owned());
        Self(Seen {
            id: String::new(),
            timeout: header("grpc-timeout"),
            traceparent: header("traceparent"),
            authority: request.extensions().get::<Authority>().map(|authority| authority.0.clone()),
        })
    }
}

/// A running fake broker and a client.
pub(crate) struct Broker {
    pub(crate) fake: Fake,
    pub(crate) client: Client,
    pub(crate) running: Option<Running>,
    pub(crate) socket: PathBuf,
    _folder: tempfile::TempDir,
}

pub(crate) async fn start_broker(max_attempts: u32) -> Broker {
    start_broker_on(Lane::Unary, max_attempts).await
}

pub(crate) async fn start_broker_on(lane: Lane, max_attempts: u32) -> Broker {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let running = Some(start(&fake, socket.clone()));
    let client = Client::builder().socket(&socket).retry(quick(max_attempts)).connect().await.unwrap();
    let client = if lane == Lane::Pipeline { client.pipeline() } else { client };
    Broker { fake, client, running, socket, _folder: folder }
}

/// A fake broker that runs on a thread of its own.
pub(crate) struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Running {
    pub(crate) fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let done = thread.join();
            // A second panic would abort the process and hide the first one.
            assert!(thread::panicking() || done.is_ok());
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts a broker, which listens when this function returns. Stopping it closes its connections.
pub(crate) fn start(fake: &Fake, socket: PathBuf) -> Running {
    start_with(fake, socket, true)
}

/// Starts a broker without PipelineService.
pub(crate) fn start_old(fake: &Fake, socket: PathBuf) -> Running {
    start_with(fake, socket, false)
}

fn start_with(fake: &Fake, socket: PathBuf, pipeline: bool) -> Running {
    let fake = fake.clone();
    let (stop, stopped) = oneshot::channel::<()>();
    let _ = std::fs::remove_file(&socket);
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    listener.set_nonblocking(true).unwrap();
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::UnixListener::from_std(listener).unwrap();
            let (reporter, health) = tonic_health::server::health_reporter();
            reporter.set_serving::<CryptoServiceServer<Fake>>().await;
            let note_authority = |mut request: http::Request<tonic::body::Body>| {
                let authority = request.uri().authority().map(|authority| Authority(authority.to_string()));
                authority.map(|authority| request.extensions_mut().insert(authority));
                request
            };
            let server = Server::builder()
                .layer(tower::util::MapRequestLayer::new(note_authority))
                .add_service(CryptoServiceServer::new(fake.clone()))
                .add_service(KemServiceServer::new(fake.clone()))
                .add_service(SignatureKeyServiceServer::new(fake.clone()))
                .add_service(Groth16ServiceServer::new(fake.clone()))
                .add_service(SymmetricKeyServiceServer::new(fake.clone()))
                .add_service(StreamServiceServer::new(fake.clone()))
                .add_optional_service(pipeline.then(|| PipelineServiceServer::new(fake.clone())))
                .add_service(InfoServiceServer::new(fake))
                .add_service(health)
                .serve_with_incoming(UnixListenerStream::new(listener));
            tokio::select! {
                done = server => done.unwrap(),
                _ = stopped => {}
            }
        });
        runtime.shutdown_background();
    });
    Running { stop: Some(stop), thread: Some(thread) }
}

/// Returns a policy whose waits are negligible.
pub(crate) fn quick(max_attempts: u32) -> broker_client::RetryPolicy {
    let short = Duration::from_millis(1);
    broker_client::RetryPolicy::default().max_attempts(max_attempts).initial_backoff(short).max_backoff(short)
}
