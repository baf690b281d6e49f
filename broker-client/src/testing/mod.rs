//! A fake broker for the tests of an application, which needs neither a broker binary nor keys.
//!
//! [`FakeBroker`] listens on a private socket in a temporary folder and serves the whole API: calls, pipelines,
//! streams of data, health and information. It does no cryptography. A test sets the answer of each operation that
//! it uses, as a closure from the protocol's request message to its response message, and later examines the
//! requests that the broker received. The answer to `prove` is also the one to each item of `prove_many`.
//!
//! ```
//! use broker_client::{
//!     Client, Code, HashDataRequest, Reason, Rejection, SignDataRequest,
//!     testing::{self, FakeBroker, v1},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let broker = FakeBroker::start()?;
//!
//! // A closure answers each request.
//! broker.answers().hash_data(|request| {
//!     use v1::hash_data_response::HashValue;
//!     let hash_value = Some(HashValue::HashValueHex(format!("hash of {} bytes", request.input.len())));
//!     Ok(v1::HashDataResponse { hash_value, metadata: request.metadata, descriptor: None })
//! });
//! // `refuse` answers every request with an error, and `always` with one response.
//! let mut refusal = Rejection::new(Code::PermissionDenied, "this caller may not sign");
//! refusal.reason = Some(Reason::CallerNotAllowed);
//! broker.answers().sign_data(testing::refuse(refusal));
//!
//! // This is the code under test.
//! let client = Client::builder().socket(broker.socket()).profile("Default").connect().await?;
//! let response = client.hash_data(HashDataRequest::new("four").id("order-1")).await?;
//! let error = client.sign_data(SignDataRequest::new("key", "text")).await.unwrap_err();
//!
//! assert_eq!("hash of 4 bytes", response.value.to_hex());
//! assert_eq!(Some(Reason::CallerNotAllowed), error.rejection().and_then(|refusal| refusal.reason.clone()));
//! let requests = broker.requests();
//! assert_eq!("/cryptobroker.v1.CryptoService/HashData", requests[0].path);
//! assert_eq!("Default", requests[0].decode::<v1::HashDataRequest>()?.profile);
//! # Ok(())
//! # }
//! ```
//!
//! It runs on a thread of its own, so it works with both clients and with every kind of runtime.

mod server;
mod state;
mod status;

use std::{
    io,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

/// The messages of the protocol, in which answers and recorded requests are expressed.
///
/// Only the messages are part of this API. The generated stubs of the same module are not.
pub use broker_proto::v1;
use bytes::Bytes;
use prost::Message;
use tempfile::TempDir;
use tokio::sync::oneshot;

use self::state::State;
use crate::{
    error::{Error, Rejection},
    method::Method,
    wire,
};

/// A fake broker, which stops when it is dropped. See the [module](self) for an example.
#[derive(Debug)]
pub struct FakeBroker {
    state: Arc<State>,
    socket: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
    _folder: TempDir,
}

impl FakeBroker {
    /// Starts a broker, which listens when this function returns. Every operation is refused with UNIMPLEMENTED
    /// until its answer is set; health checks report SERVING.
    ///
    /// # Errors
    /// Fails where the system cannot create the folder, the socket or the thread.
    pub fn start() -> io::Result<Self> {
        let folder = TempDir::with_prefix("fake-broker-")?;
        let socket = folder.path().join("broker.sock");
        let listener = UnixListener::bind(&socket)?;
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::UnixListener::from_std(listener)?
        };
        let state = Arc::new(State::default());
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&state);
        let thread = thread::Builder::new().name("fake-broker".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = server::serve(listener, served) => {}
                    // The channel yields an error when the sender is dropped.
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { state, socket, stop: Some(stop), thread: Some(thread), _folder: folder })
    }

    /// Returns the path of the socket, for [`Builder::socket`](crate::Builder::socket).
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Returns the answers, of which each operation has a setter. A later answer replaces an earlier one.
    pub fn answers(&self) -> Answers<'_> {
        Answers(&self.state)
    }

    /// Returns the requests that the broker received, in the order of their arrival. Health checks are not recorded.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state.requests()
    }
}

impl Drop for FakeBroker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was already reported on standard error.
            let _ = thread.join();
        }
    }
}

/// The setters of the answers, one for each operation. Returned by [`FakeBroker::answers`].
///
/// The closures run on the thread of the broker, one at a time, so they must not block. A closure that panics
/// leaves its call without a response.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a>(&'a State);

impl Answers<'_> {
    pub(crate) fn set<M, R>(
        &self,
        method: &Method,
        mut answer: impl FnMut(M) -> Result<R, Box<Rejection>> + Send + 'static,
    ) -> &Self
    where
        M: Message + Default,
        R: Message,
    {
        self.0.set(method, false, move |message, _data| answer(message));
        self
    }

    pub(crate) fn set_with_data<M, R>(
        &self,
        method: &Method,
        answer: impl FnMut(M, Bytes) -> Result<R, Box<Rejection>> + Send + 'static,
    ) -> &Self
    where
        M: Message + Default,
        R: Message,
    {
        self.0.set(method, true, answer);
        self
    }
}

/// Returns an answer that is the same response to every request.
pub fn always<M, R: Clone>(response: R) -> impl FnMut(M) -> Result<R, Box<Rejection>> {
    move |_| Ok(response.clone())
}

/// Returns an answer that refuses every request.
pub fn refuse<M, R>(refusal: Rejection) -> impl FnMut(M) -> Result<R, Box<Rejection>> {
    move |_| Err(refusal.clone().into())
}

/// A request that a [`FakeBroker`] received.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The path of the gRPC method, such as `/cryptobroker.v1.CryptoService/HashData`. An item of a pipeline has
    /// the path of its operation where the test has set an answer to it, and otherwise that of the pipeline with
    /// the number of its field, such as `/cryptobroker.v1.PipelineService/Execute#3`.
    pub path: String,
    /// Indicates whether the request was an item of a pipeline, or of `prove_many`.
    pub pipelined: bool,
    /// The encoded request message, or the encoded header of a stream.
    pub message: Bytes,
    /// The data of a stream, empty for other requests.
    pub data: Bytes,
}

impl RecordedRequest {
    /// Decodes the message as one of the types in [`v1`].
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Protocol`](crate::ErrorKind::Protocol) where the bytes are not a message of this type.
    pub fn decode<M: Message + Default>(&self) -> Result<M, Error> {
        wire::decode(self.message.clone())
    }
}
