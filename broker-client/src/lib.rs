//! The client of Crypto Broker: what an application links to have its cryptography done by the broker beside it.
//!
//! A [`Client`] speaks gRPC over a Unix socket. It is cheap to clone, all clones share one connection, and it
//! connects again by itself when the broker was restarted. Every call but a stream has a deadline, and only failures
//! that can pass by themselves are retried ([`RetryPolicy`]).
//!
//! ```no_run
//! use broker_client::{Client, HashDataRequest};
//!
//! # async fn run() -> Result<(), broker_client::Error> {
//! let client = Client::connect("/tmp/cryptobroker.sock").await?;
//! let answer = client.hash_data(HashDataRequest::new("Hello, broker").profile("Default")).await?;
//! println!("{} {}", answer.algorithm(), answer.value.to_hex());
//! # Ok(())
//! # }
//! ```
//!
//! A refusal keeps the server's reason, so a program can act on it without reading English:
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
//!         _ if error.possibly_executed => eprintln!("there may be a certificate all the same: {error}"),
//!         _ => eprintln!("{error}"),
//!     },
//! }
//! # }
//! ```
//!
//! Before its first byte on a connection the client asks the kernel who is listening (`SO_PEERCRED`): private keys
//! travel down this socket. See [`Builder::server_uid`].
//!
//! A program with many operations at the same time sends them down one stream, at a fraction of the cost:
//! [`Client::pipeline`].
//!
//! Programs without an async runtime use `blocking::Client`, behind the feature `blocking`. The features `signature` and `rustls`
//! put keys behind the traits of these crates.
//!
//! # Tracing
//!
//! Each call has a span `broker_call` of the crate `tracing` at the level DEBUG, with the method, the profile and the id under
//! which the broker's log and audit know it. Attempts that are repeated, and how a call failed, are events in it. Keys and data
//! are not. A subscriber that does not ask for them costs a call nothing but the question.
//!
//! # Secrets
//!
//! Keys, seeds and plaintexts are wiped from requests and answers when these are dropped, and never printed. A request is
//! written for the socket once, alone or among the items of a pipeline, into memory that does not move and is wiped when
//! the transport is done with it. The transport makes copies of its own while it writes to the socket and reads from it.
//! Those are wiped when they are freed, and that only in a process whose global allocator wipes, such as
//! `zeroizing_alloc`; the last ones stay in the buffers of the connection until other calls take their place or the
//! client is dropped. What is given as [`Bytes`] (data to be hashed, signed or verified) is shared with the caller, so it
//! is not wiped here.
//!
//! [`Bytes`]: bytes::Bytes

#![forbid(unsafe_code)]

mod builder;
mod client;
mod connect;
mod error;
mod pipeline;
mod request;
mod response;
mod retry;
mod upload;
mod wire;

#[cfg(any(feature = "rustls", feature = "signature"))]
pub mod adapter;
#[cfg(feature = "blocking")]
pub mod blocking;

/// The types of data that is handed over without a copy.
pub use bytes;
/// What wipes the secrets in requests and answers.
pub use zeroize;

pub use builder::{
    Builder, DEFAULT_IN_FLIGHT, DEFAULT_SOCKETS, DEFAULT_TIMEOUT, FOLDER_CHECK_VARIABLE, FolderCheck,
    SERVER_UID_VARIABLE, SOCKET_VARIABLE,
};
pub use client::{Client, Hasher, HealthWatch};
pub use error::{Code, Error, ErrorKind, Reason, Rejection};
pub use request::{
    DecapsulateRequest, DecryptDataRequest, EncapsulateRequest, Encoding, EncryptDataRequest,
    GenerateKeyPairRequest, HashDataRequest, HashStreamRequest, Key, KeyEncoding, Secret,
    SignCertificateRequest, SignDataRequest, SignStreamRequest, SignatureFormat, VerifyDataRequest,
    VerifyStreamRequest,
};
pub use response::{
    Certificate, DecapsulateResponse, DecryptDataResponse, Deprecation, Descriptor, EncapsulateResponse,
    EncryptDataResponse, GenerateKeyPairResponse, HashDataResponse, HashValue, HealthStatus, Info,
    SignCertificateResponse, SignDataResponse, VerifyDataResponse,
};
pub use retry::RetryPolicy;

/// The guide in `docs/`, compiled with the documentation tests so that it cannot go stale.
#[cfg(all(doctest, feature = "rustls"))]
#[doc = include_str!("../../docs/client.md")]
struct Guide;

/// No type of `tonic` is part of the API: an error of the generated stubs cannot become one of this library by itself.
///
/// ```compile_fail,E0277
/// let _ = broker_client::Error::from(tonic::Status::internal(""));
/// ```
#[cfg(doctest)]
struct NoTonic;
