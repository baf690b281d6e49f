//! A broker that answers what the test tells it to, on a socket in a folder of its own.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

pub(crate) mod answers;
pub(crate) mod memory;
mod pipeline;
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
    crypto_service_server::CryptoServiceServer, info_service_server::InfoServiceServer,
    kem_service_server::KemServiceServer, pipeline_service_server::PipelineServiceServer,
    signature_key_service_server::SignatureKeyServiceServer, stream_service_server::StreamServiceServer,
};
use tokio::sync::{Semaphore, oneshot};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Request, Response, Status, transport::Server};

pub(crate) use self::services::End;

/// The head of an answer that is nothing but PERMISSION_DENIED.
pub(crate) fn denied() -> http::Response<()> {
    http::Response::builder()
        .header("content-type", "application/grpc")
        .header("grpc-status", "7")
        .body(())
        .unwrap()
}

/// What the broker does with its next call.
pub(crate) enum Step {
    /// Answers as it does when it was told nothing.
    Usual,
    Fail(Status),
    Hang,
    /// Answers with a message that has no field set.
    Empty,
    /// Answers with this message, which has to be of the call's type.
    Answer(Box<dyn Any + Send>),
    /// Answers with what this makes of the call's message.
    Compute(Compute),
    /// Ends the pipeline with this status, and without an answer to the item.
    End(Status),
}

/// Makes an answer of a message; both have to be of the call's types.
pub(crate) type Compute = Box<dyn FnOnce(&dyn Any) -> Box<dyn Any + Send> + Send>;

/// How a client sends its operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    Unary,
    Pipeline,
}

/// Runs each test with the operations as calls of their own, and as items of a pipeline.
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

/// What the broker saw of a call.
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
    /// How each stream ended, in the order in which they did.
    ends: Arc<Mutex<Vec<End>>>,
    /// How long the parts of each complete stream were.
    lengths: Arc<Mutex<Vec<Vec<usize>>>>,
    /// How many pipelines were opened.
    pipelines: Arc<AtomicUsize>,
    /// How many items were read.
    items: Arc<AtomicUsize>,
    /// Answers to items wait for it.
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

    /// Forgets what the broker was told, and tells it this alone.
    pub(crate) fn steps_are(&self, step: Step) {
        let mut steps = self.steps.lock().unwrap();
        steps.clear();
        steps.push_back(step);
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

    /// The message of the last call.
    pub(crate) fn last<M: Any>(&self) -> M {
        *self.messages.lock().unwrap().pop().unwrap().downcast().unwrap()
    }

    /// How long the parts of the last complete stream were.
    pub(crate) fn lengths(&self) -> Vec<usize> {
        self.lengths.lock().unwrap().last().unwrap().clone()
    }

    /// How the only stream ended, once it has.
    pub(crate) async fn end(&self) -> End {
        loop {
            if let Some(end) = self.ends.lock().unwrap().first() {
                return *end;
            }
            tokio::task::yield_now().await;
        }
    }

    /// What the test wants in place of the usual answer, if anything.
    async fn step<R: Any + Default>(&self, headers: &Headers, id: &str) -> Result<Option<R>, Status> {
        self.seen.lock().unwrap().push(Seen { id: id.to_owned(), ..headers.0.clone() });
        let step = {
            let mut steps = self.steps.lock().unwrap();
            // That is for who reads the items, and may be said before one that was read has come here.
            if matches!(steps.front(), Some(Step::End(_))) { None } else { steps.pop_front() }
        };
        match step {
            Some(Step::Fail(status)) => Err(status),
            Some(Step::Hang) => pending().await,
            Some(Step::Empty) => Ok(Some(R::default())),
            Some(Step::Compute(compute)) => {
                let messages = self.messages.lock().unwrap();
                Ok(Some(*compute(&**messages.last().unwrap()).downcast().unwrap()))
            }
            Some(Step::Answer(message)) => Ok(Some(*message.downcast().unwrap())),
            Some(Step::Usual | Step::End(_)) | None => Ok(None),
        }
    }

    /// A call of one message.
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

/// What a call's headers say.
struct Headers(Seen);

impl Headers {
    fn of<T>(request: &Request<T>) -> Self {
        let header = |name: &str| Some(request.metadata().get(name)?.to_str().unwrap().to_owned());
        Self(Seen {
            id: String::new(),
            timeout: header("grpc-timeout"),
            traceparent: header("traceparent"),
            authority: request.extensions().get::<Authority>().map(|it| it.0.clone()),
        })
    }
}

/// A fake broker and a client of it.
pub(crate) struct Broker {
    pub(crate) fake: Fake,
    pub(crate) client: Client,
    pub(crate) running: Option<Running>,
    pub(crate) socket: PathBuf,
    _folder: tempfile::TempDir,
}

pub(crate) async fn broker(max_attempts: u32) -> Broker {
    broker_on(Lane::Unary, max_attempts).await
}

pub(crate) async fn broker_on(lane: Lane, max_attempts: u32) -> Broker {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let running = Some(start(&fake, socket.clone()));
    let client = Client::builder().socket(&socket).retry(quick(max_attempts)).connect().await.unwrap();
    let client = if lane == Lane::Pipeline { client.pipeline() } else { client };
    Broker { fake, client, running, socket, _folder: folder }
}

/// A fake broker that is running, in a thread of its own.
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
            // A second panic while a test's own is under way would abort and hide it.
            assert!(thread::panicking() || done.is_ok());
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts a broker; it is listening when this returns. Stopping it cuts its connections.
pub(crate) fn start(fake: &Fake, socket: PathBuf) -> Running {
    start_with(fake, socket, true)
}

/// Starts a broker of before there were pipelines.
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
                let authority = request.uri().authority().map(|it| Authority(it.to_string()));
                authority.map(|authority| request.extensions_mut().insert(authority));
                request
            };
            let server = Server::builder()
                .layer(tower::util::MapRequestLayer::new(note_authority))
                .add_service(CryptoServiceServer::new(fake.clone()))
                .add_service(KemServiceServer::new(fake.clone()))
                .add_service(SignatureKeyServiceServer::new(fake.clone()))
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

/// Retries that cost a test no time.
pub(crate) fn quick(max_attempts: u32) -> broker_client::RetryPolicy {
    let short = Duration::from_millis(1);
    broker_client::RetryPolicy::default().max_attempts(max_attempts).initial_backoff(short).max_backoff(short)
}
