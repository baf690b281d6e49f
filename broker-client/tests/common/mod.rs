//! A broker that answers what the test tells it to, on a socket in a folder of its own.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use std::{
    collections::VecDeque,
    future::pending,
    path::PathBuf,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use broker_proto::v1::{self, crypto_service_server as crypto, info_service_server as info};
use tokio::sync::oneshot;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Request, Response, Status, transport::Server};

/// What the broker does with its next call.
pub(crate) enum Step {
    Fail(Status),
    Hang,
    Empty,
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

#[derive(Clone, Default)]
pub(crate) struct Fake {
    steps: Arc<Mutex<VecDeque<Step>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    pub(crate) fn then(&self, step: Step) -> &Self {
        self.steps.lock().unwrap().push_back(step);
        self
    }

    pub(crate) fn fail(&self, status: Status) -> &Self {
        self.then(Step::Fail(status))
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn calls(&self) -> usize {
        self.seen().len()
    }

    /// True when the answer is to be empty.
    async fn step<T>(&self, request: &Request<T>, metadata: &Option<v1::Metadata>) -> Result<bool, Status> {
        let header = |name: &str| Some(request.metadata().get(name)?.to_str().unwrap().to_owned());
        self.seen.lock().unwrap().push(Seen {
            id: metadata.as_ref().map(|it| it.id.clone()).unwrap_or_default(),
            timeout: header("grpc-timeout"),
            traceparent: header("traceparent"),
            authority: request.extensions().get::<Authority>().map(|it| it.0.clone()),
        });
        let step = self.steps.lock().unwrap().pop_front();
        match step {
            Some(Step::Fail(status)) => Err(status),
            Some(Step::Hang) => pending().await,
            Some(Step::Empty) => Ok(true),
            None => Ok(false),
        }
    }
}

#[tonic::async_trait]
impl crypto::CryptoService for Fake {
    async fn hash_data(
        &self,
        request: Request<v1::HashDataRequest>,
    ) -> Result<Response<v1::HashDataResponse>, Status> {
        let metadata = request.get_ref().metadata.clone();
        if self.step(&request, &metadata).await? {
            return Ok(Response::new(v1::HashDataResponse::default()));
        }
        let request = request.into_inner();
        let value = match request.output_format() {
            v1::HashOutputFormat::Raw => v1::hash_data_response::HashValue::HashValueRaw(request.input),
            _ => v1::hash_data_response::HashValue::HashValueHex(
                request.input.iter().map(|byte| format!("{byte:02x}")).collect(),
            ),
        };
        let mut metadata = metadata.unwrap();
        metadata.deprecation = (request.profile == "Old").then(|| v1::DeprecationWarning {
            profile: "Old".into(),
            replaced_by: Some("New".into()),
            ..Default::default()
        });
        Ok(Response::new(v1::HashDataResponse {
            metadata: Some(metadata),
            hash_value: Some(value),
            descriptor: Some(v1::CryptoDescriptor {
                profile: request.profile,
                operation: "HashData".into(),
                algorithm: "identity".into(),
            }),
        }))
    }

    async fn sign_certificate(
        &self,
        request: Request<v1::SignCertificateRequest>,
    ) -> Result<Response<v1::SignCertificateResponse>, Status> {
        let metadata = request.get_ref().metadata.clone();
        self.step(&request, &metadata).await?;
        let request = request.into_inner();
        let certificate = match request.output_format() {
            v1::SignOutputFormat::Pem => {
                v1::sign_certificate_response::SignedCertificate::Pem(request.csr.clone())
            }
            _ => v1::sign_certificate_response::SignedCertificate::Der(request.csr.clone().into()),
        };
        Ok(Response::new(v1::SignCertificateResponse {
            metadata,
            signed_certificate: Some(certificate),
            descriptor: None,
        }))
    }

    async fn sign_data(
        &self,
        _: Request<v1::SignDataRequest>,
    ) -> Result<Response<v1::SignDataResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn verify_data(
        &self,
        _: Request<v1::VerifyDataRequest>,
    ) -> Result<Response<v1::VerifyDataResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn encrypt_data(
        &self,
        _: Request<v1::EncryptDataRequest>,
    ) -> Result<Response<v1::EncryptDataResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn decrypt_data(
        &self,
        _: Request<v1::DecryptDataRequest>,
    ) -> Result<Response<v1::DecryptDataResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

#[tonic::async_trait]
impl info::InfoService for Fake {
    async fn get_info(
        &self,
        request: Request<v1::GetInfoRequest>,
    ) -> Result<Response<v1::GetInfoResponse>, Status> {
        self.step(&request, &None).await?;
        Ok(Response::new(v1::GetInfoResponse {
            version: "1.2.3".into(),
            profiles: vec!["Default".into()],
            started_at: Some(prost_types::Timestamp { seconds: 7, nanos: 5 }),
            ..Default::default()
        }))
    }
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
            reporter.set_serving::<crypto::CryptoServiceServer<Fake>>().await;
            let note_authority = |mut request: http::Request<tonic::body::Body>| {
                let authority = request.uri().authority().map(|it| Authority(it.to_string()));
                authority.map(|authority| request.extensions_mut().insert(authority));
                request
            };
            let server = Server::builder()
                .layer(tower::util::MapRequestLayer::new(note_authority))
                .add_service(crypto::CryptoServiceServer::new(fake.clone()))
                .add_service(info::InfoServiceServer::new(fake))
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
    broker_client::RetryPolicy {
        max_attempts,
        initial_backoff: Duration::from_millis(1),
        max_backoff: Duration::from_millis(1),
        ..Default::default()
    }
}
