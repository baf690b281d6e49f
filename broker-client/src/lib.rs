//! The client library of Crypto Broker, with which an application has its cryptography done by the broker beside it.
//!
//! A [`Client`] speaks gRPC over a Unix domain socket. It is cheap to clone, all clones share one connection, and
//! it connects again when the broker was restarted. Every call except a stream has a deadline, and only transient
//! failures are retried ([`RetryPolicy`]).
//!
//! ```no_run
//! use broker_client::{Client, HashDataRequest};
//!
//! # async fn run() -> Result<(), broker_client::Error> {
//! let client = Client::connect("/tmp/cryptobroker.sock").await?;
//! let response = client.hash_data(HashDataRequest::new("Hello, broker").profile("Default")).await?;
//! println!("{} {}", response.algorithm(), response.value.to_hex());
//! # Ok(())
//! # }
//! ```
//!
//! The error of a refused call has the server's reason, so that a program can act on it without parsing text:
//!
//! ```no_run
//! # async fn run(client: broker_client::Client, request: broker_client::SignCertificateRequest) {
//! use broker_client::{ErrorKind, Reason};
//!
//! match client.sign_certificate(request).await {
//!     Ok(issued) => println!("{}", issued.algorithm()),
//!     Err(error) => match &error.kind {
//!         ErrorKind::Refused(refusal) if refusal.reason == Some(Reason::NameNotAllowed) => {
//!             eprintln!("policy: {} (rule {:?}, line {:?})", refusal.message, refusal.rule, refusal.line);
//!         }
//!         _ if error.possibly_executed => eprintln!("the broker may have issued a certificate: {error}"),
//!         _ => eprintln!("{error}"),
//!     },
//! }
//! # }
//! ```
//!
//! Private keys are sent through the socket, so the client checks the uid of the listening process (`SO_PEERCRED`)
//! before it sends the first byte: see [`Builder::server_uid`].
//!
//! A program with many concurrent operations can send them through one stream, at a fraction of the cost:
//! [`Client::pipeline`].
//!
//! # Features
//!
//! - `blocking`: `blocking::Client`, for programs without an async runtime.
//! - `signature` and `rustls`: keys behind the traits of these crates, in `adapter`.
//! - `testing`: a fake broker for the tests of an application, in `testing`.
//!
//! # Tracing
//!
//! Each call has a span `broker_call` of the crate `tracing` at the level DEBUG, with the method, the profile and
//! the id under which the broker's log and audit have the call. Retries and failures are events in the span. Keys
//! and data are never recorded. Without a subscriber that enables the span, a call pays only for the check.
//!
//! # Secrets
//!
//! Keys, seeds and plaintexts are wiped from requests and responses when these are dropped, and never printed. A
//! request is encoded once, as a message of its own or among the items of a pipeline, into memory that does not
//! move and that is wiped when the transport drops it. The transport makes copies of its own while it writes to the
//! socket and reads from it. Those are wiped when they are freed, but only in a process whose global allocator
//! wipes, such as `zeroizing_alloc`; the last ones stay in the buffers of the connection until other calls
//! overwrite them or the client is dropped. Data given as [`Bytes`] (to be hashed, signed or verified) is shared
//! with the caller, so it is not wiped here.
//!
//! [`Bytes`]: bytes::Bytes

#![forbid(unsafe_code)]

mod builder;
mod client;
mod connect;
mod error;
mod message;
mod method;
mod operation;
mod pipeline;
mod retry;
mod status;
mod upload;
mod wire;

#[cfg(any(feature = "rustls", feature = "signature"))]
pub mod adapter;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "testing")]
pub mod testing;

/// The crate whose types hold data that is passed without a copy.
pub use bytes;
/// The crate whose types hold the secrets in requests and responses.
pub use zeroize;

pub use builder::{
    Builder, DEFAULT_IN_FLIGHT, DEFAULT_SOCKETS, DEFAULT_TIMEOUT, FOLDER_CHECK_VARIABLE, FolderCheck,
    SERVER_UID_VARIABLE, SOCKET_VARIABLE,
};
pub use client::{Client, HealthStatus, HealthWatch, Info};
pub use error::{Error, ErrorKind, Reason, Rejection};
pub use message::{
    CircuitKey, Deprecation, Descriptor, Fingerprint, InputValue, Key, KeyEncoding, ProofFormat,
    PublicSignal, Secret, SetupClass, SignatureFormat,
};
pub use operation::*;
pub use retry::RetryPolicy;
pub use status::Code;

/// The guide in `docs/`, whose examples are compiled with the documentation tests.
#[cfg(all(doctest, feature = "rustls", feature = "testing"))]
#[doc = include_str!("../../docs/client.md")]
struct Guide;

/// The API has no type of `tonic`, so that an error of the generated stubs cannot become one of this library unnoticed.
///
/// ```compile_fail,E0277
/// let _ = broker_client::Error::from(tonic::Status::internal(""));
/// ```
#[cfg(doctest)]
struct NoTonic;
