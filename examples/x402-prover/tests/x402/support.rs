//! A broker, the service, and requests to it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    thread::JoinHandle,
    time::Duration,
};

use broker_client::{Client, RetryPolicy};
use broker_server::{
    config::{Config, Sockets},
    server::Server,
    telemetry::{audit::AuditTarget, output::Outputs},
};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Request, StatusCode, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use x402_prover::Limits;

/// A broker with the bundled profiles. Dropping it ends it.
pub(crate) struct Broker {
    folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Broker {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.sockets = Sockets::Named(vec![folder.path().join("s")]);
        config.audit.target = AuditTarget::Off;
        config.drain_idle = Duration::from_millis(1);
        let server = Server::bind(config, &Outputs::default()).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            server.run(async { drop(stopped.await) }).unwrap();
        });
        Self { folder, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        // A second panic would abort the process and hide the first one.
        assert!(std::thread::panicking() || ended.is_some_and(|ended| ended.is_ok()));
    }
}

/// The service. It ends when it is dropped.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) ended: tokio::task::JoinHandle<()>,
}

impl Service {
    pub(crate) async fn start(socket: &Path) -> Self {
        Self::with(socket, Limits::default()).await
    }

    pub(crate) async fn with(socket: &Path, limits: Limits) -> Self {
        let client = Client::builder()
            .socket(socket)
            .timeout(Duration::from_secs(60))
            .retry(RetryPolicy::none())
            .profile("Groth16-Dev")
            .connect()
            .await
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = x402_prover::serve(listener, client.clone(), limits, async { drop(stopped.await) });
        Self { address, client, stop, ended: tokio::spawn(serving) }
    }

    pub(crate) async fn prove(&self, body: &Value) -> Answer {
        send(self.address, "POST", "/generate-proof", body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.address, "GET", path, String::new()).await
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn error(&self) -> &str {
        self.body["error"].as_str().unwrap()
    }
}

pub(crate) async fn send(address: SocketAddr, method: &str, path: &str, body: impl Into<Bytes>) -> Answer {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header("host", "localhost");
    let request = request.body(Full::new(body.into())).unwrap();
    let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body: serde_json::from_slice(&body).unwrap() }
}

/// The request of the original's documentation.
pub(crate) fn request() -> Value {
    json!({
        "minAmount": "1000000",
        "recipientKey": "ABC123...",
        "maxBlockAge": "60",
        "currentTime": 1_700_000_000,
        "actualAmount": "1500000",
        "senderKey": "XYZ789...",
        "txHash": "abc123...",
        "paymentTime": 1_699_999_950,
        "signature": "sig..."
    })
}

/// The same request with another member.
pub(crate) fn with(name: &str, value: Value) -> Value {
    let mut request = request();
    request[name] = value;
    request
}

/// The same request without a member.
pub(crate) fn without(name: &str) -> Value {
    let mut request = request();
    request.as_object_mut().unwrap().remove(name).unwrap();
    request
}
