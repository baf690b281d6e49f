//! Runs the real binary of the broker, on a socket of its own in a folder of its own.
#![allow(dead_code, unreachable_pub, missing_docs)] // each test file uses only a part
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use broker_proto::v1;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};
use v1::{
    crypto_service_client::CryptoServiceClient, info_service_client::InfoServiceClient,
    stream_service_client::StreamServiceClient,
};

pub mod aead;
pub mod csr;
pub mod http2;
pub mod ml_dsa_ca;
pub mod pipeline;
pub mod pki;
pub mod signing;
pub mod tree;

/// A running broker. Dropping it kills the process.
pub struct Broker {
    pub folder: TempDir,
    pub socket: PathBuf,
    child: Child,
    log: std::sync::mpsc::Receiver<String>,
}

impl Broker {
    /// Starts a broker with the bundled profiles and further arguments, and waits until it logs that it serves.
    pub fn start(arguments: &[&str]) -> Self {
        let folder = private_folder();
        let socket = folder.path().join("broker.sock");
        let mut command = server();
        command.arg("--socket").arg(&socket).args(["--log-format", "text", "--log-output", "stderr"]);
        if !arguments.contains(&"--audit-log") {
            command.args(["--audit-log", "off"]);
        }
        let mut child = command.args(arguments).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut output = String::new();
        while !output.contains("serving") {
            let length = output.len();
            log.read_line(&mut output).unwrap();
            assert!(output.len() > length, "the broker exited before it served:\n{output}");
        }
        // A thread keeps reading, because a full pipe would block the broker.
        let (lines, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || log.lines().try_for_each(|line| lines.send(line.unwrap())));
        Self { folder, socket, child, log: receiver }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal. `name` is that of `kill`, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the next line of the log that contains all of these words.
    pub fn logged(&self, words: &[&str]) -> String {
        let mut lines = self.log.iter();
        lines.find(|line| words.iter().all(|word| line.contains(word))).expect("the broker's log has ended")
    }

    /// Returns the lines of the log up to the next one that contains this word.
    pub fn logged_until(&self, word: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line: &String| !line.contains(word)) {
            lines.push(self.log.recv().expect("the broker's log has ended"));
        }
        lines
    }

    /// Returns the rest of the log, once the broker has ended.
    pub fn logged_until_end(&self) -> Vec<String> {
        self.log.iter().collect()
    }

    /// Returns the resident memory in KiB (proc_pid_status(5), VmRSS).
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
    }

    /// Returns the number of open files. Without root, this requires a broker with `--dev`.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub async fn channel(&self) -> Channel {
        channel(&self.socket).await
    }

    pub async fn crypto(&self) -> CryptoServiceClient<Channel> {
        CryptoServiceClient::new(self.channel().await)
    }

    pub async fn info(&self) -> InfoServiceClient<Channel> {
        InfoServiceClient::new(self.channel().await)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // The process may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a command for the server's binary, without environment variables that would configure it.
pub fn server() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cryptobroker-server"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CRYPTO_BROKER_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// Creates a folder that only its owner can access, independently of the umask.
pub fn private_folder() -> TempDir {
    tempfile::Builder::new().prefix("cb-").tempdir().unwrap()
}

pub async fn channel(socket: &Path) -> Channel {
    let socket = socket.to_owned();
    Endpoint::from_static("http://localhost")
        .connect_with_connector(tower::service_fn(move |_| {
            let socket = socket.clone();
            async move { tokio::net::UnixStream::connect(socket).await.map(TokioIo::new) }
        }))
        .await
        .unwrap()
}

/// Connects a client that does not enforce deadlines itself, as tonic's channel does, but leaves them to the server.
pub async fn bare_streams(
    socket: &Path,
) -> StreamServiceClient<
    impl tonic::client::GrpcService<
        tonic::body::Body,
        ResponseBody = hyper::body::Incoming,
        Error: Into<tonic::codegen::StdError>,
        Future: Send,
    > + Send
    + use<>,
> {
    let stream = TokioIo::new(tokio::net::UnixStream::connect(socket).await.unwrap());
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let send = move |request: http::Request<tonic::body::Body>| sender.clone().send_request(request);
    StreamServiceClient::with_origin(tower::service_fn(send), "http://localhost".parse().unwrap())
}

/// Returns the reason of google.rpc.ErrorInfo; empty if there is none.
pub fn reason(status: &tonic::Status) -> String {
    use tonic_types::StatusExt as _;
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// Returns the field in google.rpc.ErrorInfo; empty if there is none.
pub fn field(status: &tonic::Status) -> String {
    use tonic_types::StatusExt as _;
    let info = status.get_error_details().error_info().cloned();
    info.and_then(|info| info.metadata.get("field").cloned()).unwrap_or_default()
}
