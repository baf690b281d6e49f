//! The same client for programs without an async runtime.
//!
//! ```no_run
//! use broker_client::{HashDataRequest, blocking::Client};
//!
//! # fn run() -> Result<(), broker_client::Error> {
//! let client = Client::connect("/tmp/cryptobroker.sock")?;
//! let answer = client.hash_data(HashDataRequest::new("Hello, broker").profile("Default"))?;
//! println!("{}", answer.value.to_hex());
//! # Ok(())
//! # }
//! ```

mod hasher;
mod runner;

use std::{
    io::{self, Read},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;

pub use self::hasher::Hasher;
use self::runner::Runner;
use crate::{
    DecapsulateRequest, DecapsulateResponse, DecryptDataRequest, DecryptDataResponse, EncapsulateRequest,
    EncapsulateResponse, EncryptDataRequest, EncryptDataResponse, Error, FolderCheck, GenerateKeyPairRequest,
    GenerateKeyPairResponse, HashDataRequest, HashDataResponse, HashStreamRequest, HealthStatus, Info,
    RetryPolicy, SignCertificateRequest, SignCertificateResponse, SignDataRequest, SignDataResponse,
    SignStreamRequest, VerifyDataRequest, VerifyDataResponse, VerifyStreamRequest,
};

/// A connection to a broker whose calls block the calling thread. Clones share it, from as many threads as you like.
///
/// Its calls work on every thread: outside a tokio runtime, inside `spawn_blocking`, and on the runtime's own workers. A worker
/// can do nothing else until the answer is there, so [`crate::Client`] is the better one in async code.
///
/// Outside a runtime no thread runs in the background: the thread that waits for an answer drives the connection. The first
/// call from inside a runtime starts one thread that drives it from then on, until the last clone of the client is dropped.
#[derive(Debug, Clone)]
pub struct Client {
    // Before the runtime: what lives in it goes first.
    inner: crate::Client,
    runner: Arc<Runner>,
}

impl Client {
    /// Connects to the broker at the given socket, with the default options.
    ///
    /// # Errors
    /// As [`Builder::connect`].
    pub fn connect(path: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::builder().socket(path).connect()
    }

    /// Connects with other options than the default ones.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// As [`crate::Client::with_timeout`].
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        self.with(self.inner.with_timeout(timeout))
    }

    /// As [`crate::Client::with_profile`].
    #[must_use]
    pub fn with_profile(&self, name: impl Into<Arc<str>>) -> Self {
        self.with(self.inner.with_profile(name))
    }

    /// As [`crate::Client::pipeline`]. The calls of as many threads as wait at the same time travel together.
    #[must_use]
    pub fn pipeline(&self) -> Self {
        self.with(self.inner.pipeline())
    }

    /// As [`crate::Client::info`].
    ///
    /// # Errors
    /// The same.
    pub fn info(&self) -> Result<Info, Error> {
        self.runner.run(self.inner.info())
    }

    /// As [`crate::Client::health`].
    ///
    /// # Errors
    /// The same.
    pub fn health(&self, service: &str) -> Result<HealthStatus, Error> {
        self.runner.run(self.inner.health(service))
    }

    /// As [`crate::Client::watch_health`]; the watch is an iterator here.
    ///
    /// # Errors
    /// The same.
    pub fn watch_health(&self, service: &str) -> Result<HealthWatch, Error> {
        let inner = self.runner.run(self.inner.watch_health(service))?;
        Ok(HealthWatch { inner, runner: Arc::clone(&self.runner), over: false })
    }

    fn with(&self, inner: crate::Client) -> Self {
        Self { inner, runner: Arc::clone(&self.runner) }
    }
}

/// The options of a [`Client`], which are those of [`crate::Builder`]. Made by [`Client::builder`].
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until `connect`"]
pub struct Builder(crate::Builder);

impl Builder {
    /// As [`crate::Builder::connect`].
    ///
    /// # Errors
    /// The same.
    pub fn connect(self) -> Result<Client, Error> {
        let runner = Arc::new(Runner::new()?);
        let inner = runner.run(self.0.connect())?;
        Ok(Client { inner, runner })
    }

    /// As [`crate::Builder::connect_lazy`].
    ///
    /// # Errors
    /// The same.
    pub fn connect_lazy(self) -> Result<Client, Error> {
        let runner = Arc::new(Runner::new()?);
        let inner = runner.run(async { self.0.connect_lazy() })?;
        Ok(Client { inner, runner })
    }
}

macro_rules! options {
    ($($option:ident($value:ident: $type:ty);)+) => {
        impl Builder {$(
            #[doc = concat!("As [`crate::Builder::", stringify!($option), "`].")]
            pub fn $option(self, $value: $type) -> Self {
                Self(self.0.$option($value))
            }
        )+}
    };
}
options! {
    socket(path: impl Into<PathBuf>);
    profile(name: impl Into<String>);
    timeout(timeout: Duration);
    retry(policy: RetryPolicy);
    in_flight(calls: usize);
    connect_wait(wait: Duration);
    server_uid(uid: u32);
    folder_check(check: FolderCheck);
}

/// The calls of one request and one answer.
macro_rules! calls {
    ($($call:ident($request:ident) -> $answer:ident;)+) => {
        impl Client {$(
            #[doc = concat!("As [`crate::Client::", stringify!($call), "`].")]
            ///
            /// # Errors
            /// The same, and [`ErrorKind::Runtime`](crate::ErrorKind::Runtime) where the parts of a stream call the client.
            pub fn $call(&self, request: $request) -> Result<$answer, Error> {
                self.runner.run(self.inner.$call(request))
            }
        )+}
    };
}
calls! {
    hash_data(HashDataRequest) -> HashDataResponse;
    sign_certificate(SignCertificateRequest) -> SignCertificateResponse;
    sign_data(SignDataRequest) -> SignDataResponse;
    verify_data(VerifyDataRequest) -> VerifyDataResponse;
    encrypt_data(EncryptDataRequest) -> EncryptDataResponse;
    decrypt_data(DecryptDataRequest) -> DecryptDataResponse;
    generate_kem_key_pair(GenerateKeyPairRequest) -> GenerateKeyPairResponse;
    encapsulate(EncapsulateRequest) -> EncapsulateResponse;
    decapsulate(DecapsulateRequest) -> DecapsulateResponse;
    generate_signature_key_pair(GenerateKeyPairRequest) -> GenerateKeyPairResponse;
}

/// The calls of data of any length: from a reader, or as parts.
macro_rules! streams {
    ($($reader:ident, $stream:ident($request:ident) -> $answer:ident;)+) => {
        impl Client {$(
            #[doc = concat!("As [`crate::Client::", stringify!($reader), "`].")]
            ///
            /// # Errors
            /// The same.
            pub fn $reader(
                &self,
                request: $request,
                reader: impl Read + Send + 'static,
            ) -> Result<$answer, Error> {
                self.runner.run(self.inner.$reader(request, reader))
            }

            #[doc = concat!("As [`crate::Client::", stringify!($stream), "`]; the parts are an iterator here. While it")]
            /// waits for one, so does every call on this connection: what may block is better given as a reader.
            ///
            /// # Errors
            /// The same.
            pub fn $stream(
                &self,
                request: $request,
                parts: impl Iterator<Item = io::Result<Bytes>> + Send + 'static,
            ) -> Result<$answer, Error> {
                self.runner.run(self.inner.$stream(request, tokio_stream::iter(parts)))
            }
        )+}
    };
}
streams! {
    hash_reader, hash_stream(HashStreamRequest) -> HashDataResponse;
    sign_reader, sign_stream(SignStreamRequest) -> SignDataResponse;
    verify_reader, verify_stream(VerifyStreamRequest) -> VerifyDataResponse;
}

/// A running watch of a service's health: each item is a state, and waiting for it blocks. An error is the last item.
#[derive(Debug)]
pub struct HealthWatch {
    inner: crate::HealthWatch,
    runner: Arc<Runner>,
    over: bool,
}

impl Iterator for HealthWatch {
    type Item = Result<HealthStatus, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let item = self.runner.run(self.inner.next()).transpose();
        self.over = !matches!(item, Some(Ok(_)));
        item
    }
}
