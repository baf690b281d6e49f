//! The same client for programs without an async runtime.
//!
//! ```no_run
//! use broker_client::{HashRequest, blocking::Client};
//!
//! # fn run() -> Result<(), broker_client::Error> {
//! let client = Client::connect("/tmp/cryptobroker.sock")?;
//! let answer = client.hash_data(HashRequest::new("Default", "Hello, broker"))?;
//! println!("{}", answer.value.to_hex());
//! # Ok(())
//! # }
//! ```

use std::{
    future::Future,
    io::{self, Read},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use tokio::runtime::{Handle, Runtime};

use crate::{
    Builder, DecapsulateRequest, Decapsulation, DecryptDataRequest, Decrypted, EncapsulateRequest,
    Encapsulation, EncryptDataRequest, Encrypted, Error, GenerateKeyPairRequest, HashRequest, HashResponse,
    HashStreamRequest, HealthStatus, Info, KeyPair, SignCertificateRequest, SignCertificateResponse,
    SignDataRequest, SignDataResponse, SignStreamRequest, VerifyDataRequest, VerifyDataResponse,
    VerifyStreamRequest,
};

/// A connection to a broker whose calls block the calling thread. Clones share it, from as many threads as you like.
///
/// No thread of its own runs in the background: whoever waits for an answer drives the connection.
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
    /// As [`Builder::connect`], and [`ErrorKind::Runtime`](crate::ErrorKind::Runtime) when called inside an async runtime.
    pub fn connect(path: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::with(crate::Client::builder().socket(path))
    }

    /// Connects with the given options, which [`crate::Client::builder`] collects.
    ///
    /// # Errors
    /// As [`Builder::connect`], and [`ErrorKind::Runtime`](crate::ErrorKind::Runtime) when called inside an async runtime.
    pub fn with(builder: Builder) -> Result<Self, Error> {
        let runner = Arc::new(Runner::new()?);
        let inner = runner.run(builder.connect())?;
        Ok(Self { inner, runner })
    }

    /// The same connection, with another time for each call.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { inner: self.inner.with_timeout(timeout), runner: Arc::clone(&self.runner) }
    }

    /// As [`crate::Client::pipeline`]. The calls of as many threads as wait at the same time travel together.
    #[must_use]
    pub fn pipeline(&self) -> Self {
        Self { inner: self.inner.pipeline(), runner: Arc::clone(&self.runner) }
    }

    /// As [`crate::Client::info`].
    ///
    /// # Errors
    /// The same, and [`ErrorKind::Runtime`](crate::ErrorKind::Runtime) when called inside an async runtime.
    pub fn info(&self) -> Result<Info, Error> {
        self.runner.run(self.inner.info())
    }

    /// As [`crate::Client::health`].
    ///
    /// # Errors
    /// The same, and [`ErrorKind::Runtime`](crate::ErrorKind::Runtime) when called inside an async runtime.
    pub fn health(&self, service: &str) -> Result<HealthStatus, Error> {
        self.runner.run(self.inner.health(service))
    }

    /// As [`crate::Client::watch_health`]; the watch is an iterator here.
    ///
    /// # Errors
    /// The same, and [`ErrorKind::Runtime`](crate::ErrorKind::Runtime) when called inside an async runtime.
    pub fn watch_health(&self, service: &str) -> Result<HealthWatch, Error> {
        let inner = self.runner.run(self.inner.watch_health(service))?;
        Ok(HealthWatch { inner, runner: Arc::clone(&self.runner), over: false })
    }
}

/// The calls of one request and one answer.
macro_rules! calls {
    ($($call:ident($request:ident) -> $answer:ident;)+) => {
        impl Client {$(
            #[doc = concat!("As [`crate::Client::", stringify!($call), "`].")]
            ///
            /// # Errors
            /// The same, and [`ErrorKind::Runtime`](crate::ErrorKind::Runtime) when called inside an async runtime.
            pub fn $call(&self, request: $request) -> Result<$answer, Error> {
                self.runner.run(self.inner.$call(request))
            }
        )+}
    };
}
calls! {
    hash_data(HashRequest) -> HashResponse;
    sign_certificate(SignCertificateRequest) -> SignCertificateResponse;
    sign_data(SignDataRequest) -> SignDataResponse;
    verify_data(VerifyDataRequest) -> VerifyDataResponse;
    encrypt_data(EncryptDataRequest) -> Encrypted;
    decrypt_data(DecryptDataRequest) -> Decrypted;
    generate_kem_key_pair(GenerateKeyPairRequest) -> KeyPair;
    encapsulate(EncapsulateRequest) -> Encapsulation;
    decapsulate(DecapsulateRequest) -> Decapsulation;
    generate_signature_key_pair(GenerateKeyPairRequest) -> KeyPair;
}

/// The calls of data of any length: from a reader, or as parts.
macro_rules! streams {
    ($($reader:ident, $stream:ident($request:ident) -> $answer:ident;)+) => {
        impl Client {$(
            #[doc = concat!("As [`crate::Client::", stringify!($reader), "`].")]
            ///
            /// # Errors
            /// The same, and [`ErrorKind::Runtime`](crate::ErrorKind::Runtime) when called inside an async runtime.
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
            /// The same, and [`ErrorKind::Runtime`](crate::ErrorKind::Runtime) when called inside an async runtime.
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
    hash_reader, hash_stream(HashStreamRequest) -> HashResponse;
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

/// A runtime on the threads of those who wait.
#[derive(Debug)]
struct Runner(Option<Runtime>);

impl Runner {
    fn new() -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::runtime(format!("the runtime of the client cannot start: {error}")))?;
        Ok(Self(Some(runtime)))
    }

    fn run<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        // tokio would panic here.
        if Handle::try_current().is_ok() {
            let detail = "a blocking call inside an async runtime: use broker_client::Client there";
            return Err(Error::runtime(detail));
        }
        match &self.0 {
            Some(runtime) => runtime.block_on(call),
            None => Err(Error::runtime("the client was shut down")),
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // Dropping a runtime inside another one panics; this way of ending it does not.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
