//! The table of methods. Every method that the broker serves has one row, which declares how it is dispatched and what the
//! transport and the audit must know about it. The rows of the operations follow from their table (`operations.rs`). Which
//! fields of a message are secret is declared in the `.proto` files (`debug_redact`), and which are public in
//! `proto/build/public.rs`. A method without a row is treated as one with a secret.

use broker_proto::{Described, crypto_broker, g0, v1};
use tonic::body::Body;

use super::{
    Broker, CallContext,
    call::log_unreadable_request,
    decode::{copy_shared_fields, decode},
    handler::{Handler, KeyToken, RpcOperation},
    pipeline::{self, ExchangeHandler, Execute, PipelineHandle},
    stream::{self, StreamHandler, UploadHandler},
    unary::{self, DeferredUnaryResponse, Encodable, Unary, UnaryResponse},
};
use crate::policy::permit;

/// The shape of a method's request and response, which decides how a drain treats a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MethodKind {
    /// One message.
    Unary,
    /// A stream of messages from the client. It may take any time as long as the client keeps sending.
    Stream,
    /// A stream of messages from the client, each of which is secret, and not only the first.
    Upload,
    /// Items and their responses. The pipeline reports through its [`super::PipelineHandle`] when it is in flight.
    Pipeline,
    /// A call whose response may never end: a health watch, or reflection. A drain does not wait for it.
    LongLived,
}

impl MethodKind {
    /// Reports whether the request is a stream of messages whose response is one message.
    pub(crate) const fn is_stream(self) -> bool {
        matches!(self, Self::Stream | Self::Upload)
    }
}

/// How a method is dispatched.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dispatch {
    /// To a function that takes the one message.
    Unary(Unary),
    /// To a function that takes the request's body and returns one message.
    Stream(Stream),
    /// To a function that takes the request's body and returns that of a response with many messages.
    Pipeline(Exchange),
    /// To tonic's router.
    Tonic,
}

/// A function that serves a stream of messages from the client.
pub(crate) type Stream = fn(&Broker, CallContext, Body) -> DeferredUnaryResponse;

/// A function that serves a stream of items.
pub(crate) type Exchange = fn(Broker, CallContext, PipelineHandle, Body) -> Body;

/// A method.
#[derive(Debug)]
pub(crate) struct Method {
    path: &'static str,
    pub(crate) kind: MethodKind,
    pub(crate) dispatch: Dispatch,
    /// The request may contain a secret: the transport wipes the read buffer.
    pub(crate) request_has_secret: bool,
    /// The response may contain a secret: the transport keeps it out of the connection's write buffer.
    pub(crate) response_has_secret: bool,
    /// The method uses or makes a secret key: each such use leaves a record in the audit.
    pub(crate) uses_key: bool,
}

/// Returns the method at `path`.
pub(crate) fn method(path: &str) -> Option<&'static Method> {
    methods().find(|method| method.path == path)
}

/// Returns every method. Those of the operations come first, because most calls are theirs.
fn methods() -> impl Iterator<Item = &'static Method> {
    OPERATIONS.iter().chain(&NON_OPERATIONS).chain(ALIASES)
}

/// Returns the methods of all services but gRPC's health and reflection.
pub(super) fn broker_methods() -> impl Iterator<Item = &'static Method> {
    methods().filter(|method| !method.path.starts_with("/grpc."))
}

impl Method {
    /// A method of a unary operation.
    const fn unary<O: Handler>(path: &'static str) -> Self {
        let dispatch = Dispatch::Unary(unary::operation::<O>);
        Self::new::<O::Message, O::Response>(path, MethodKind::Unary, dispatch, O::Key::USES_KEY)
    }

    /// A method of an operation on a stream.
    const fn stream<O: StreamHandler>(path: &'static str) -> Self {
        let dispatch = Dispatch::Stream(stream::operation::<O>);
        Self::new::<O::Message, O::Response>(path, MethodKind::Stream, dispatch, O::Key::USES_KEY)
    }

    /// A method of an operation on a stream that keeps its data.
    const fn upload<O: UploadHandler>(path: &'static str) -> Self {
        let dispatch = Dispatch::Stream(stream::upload::<O>);
        Self::new::<O::Message, O::Response>(path, MethodKind::Upload, dispatch, O::Key::USES_KEY)
    }

    /// A method of an operation on a stream of items with a response each. Whether an item contains a secret is known once it
    /// has been read.
    const fn exchange<O: ExchangeHandler>(path: &'static str) -> Self {
        let dispatch = Dispatch::Pipeline(pipeline::serve::<O::Protocol>);
        Self { uses_key: O::Key::USES_KEY, ..Self::pipeline(path, dispatch) }
    }

    const fn new<Request: Described, Response: Described>(
        path: &'static str,
        kind: MethodKind,
        dispatch: Dispatch,
        uses_key: bool,
    ) -> Self {
        let (request_has_secret, response_has_secret) = (Request::HAS_SECRET, Response::HAS_SECRET);
        Self { path, kind, dispatch, request_has_secret, response_has_secret, uses_key }
    }

    /// The pipeline. Whether an item contains a secret is known once it is decoded, and a response with a secret has a chunk
    /// of its own.
    const fn pipeline(path: &'static str, dispatch: Dispatch) -> Self {
        let kind = MethodKind::Pipeline;
        Self { path, kind, dispatch, request_has_secret: false, response_has_secret: false, uses_key: true }
    }

    /// A method of gRPC's health or reflection service, which tonic's router serves. The messages of these services contain
    /// no secrets, and do not implement `Described`, the trait that tells whether a message has one.
    const fn tonic(path: &'static str, kind: MethodKind) -> Self {
        let dispatch = Dispatch::Tonic;
        Self { path, kind, dispatch, request_has_secret: false, response_has_secret: false, uses_key: false }
    }

    /// The path, such as `/cryptobroker.v1.CryptoService/HashData`.
    pub(crate) const fn path(&self) -> &'static str {
        self.path
    }

    /// The name of its service, such as `cryptobroker.v1.CryptoService`.
    pub(super) fn service(&self) -> &'static str {
        let path = self.path.strip_prefix('/').unwrap_or(self.path);
        path.split_once('/').map_or(path, |(service, _)| service)
    }
}

macro_rules! rows {
    ($($kind:ident { $(
        $(#[$doc:meta])*
        $name:ident {
            paths: [$path:literal $(, $alias:literal)* $(,)?],
            $($rest:tt)*
        }
    )+ })+) => {
        /// The methods of the operations.
        static OPERATIONS: &[Method] = &[$($(Method::$kind::<permit::$name>($path),)+)+];

        /// The methods of older generations with the same messages.
        static ALIASES: &[Method] = &[$($($(Method::$kind::<permit::$name>($alias),)*)+)+];
    };
}

with_operations!(rows);

/// Builds the row of a unary method without a row in `operations.rs`.
macro_rules! unary {
    ($path:literal, $handler:ident($request:ty) -> $response:ty, $uses_key:expr) => {
        Method::new::<$request, $response>(
            $path,
            MethodKind::Unary,
            Dispatch::Unary(|broker, context, message| {
                let mut message: $request = match decode(message, &broker.0.limits) {
                    Ok(message) => message,
                    Err(error) => {
                        log_unreadable_request($path, context.caller, &error);
                        return UnaryResponse::Ready(Err(error));
                    }
                };
                copy_shared_fields(&mut message);
                let broker = broker.clone();
                UnaryResponse::Deferred(Box::pin(async move {
                    let response = broker.$handler(context, message).await?;
                    Encodable::encode(response, broker.0.max_response_bytes)
                }))
            }),
            $uses_key,
        )
    };
    // A method of an older generation, which is translated to the method of an operation.
    ($path:literal, $handler:ident($request:ty) -> $response:ty as $operation:ident) => {
        unary!($path, $handler($request) -> $response, <permit::$operation as RpcOperation>::Key::USES_KEY)
    };
}

/// The methods without a row in `operations.rs`.
static NON_OPERATIONS: [Method; 18] = [
    Method::pipeline(
        "/cryptobroker.v1.PipelineService/Execute",
        Dispatch::Pipeline(pipeline::serve::<Execute>),
    ),
    unary!(
        "/cryptobroker.v1.InfoService/GetInfo",
        handle_get_info(v1::GetInfoRequest) -> v1::GetInfoResponse,
        false
    ),
    unary!(
        "/cryptobroker.v1.CryptoDevService/Benchmark",
        handle_benchmark(v1::BenchmarkRequest) -> v1::BenchmarkResponse,
        false
    ),
    unary!(
        "/cryptobroker.v1.CryptoDevService/FakeEndpoint",
        handle_fake_endpoint(v1::FakeEndpointRequest) -> v1::FakeEndpointResponse,
        false
    ),
    unary!(
        "/CryptoBroker.CryptoGrpc/Hash",
        handle_crypto_grpc_hash(crypto_broker::HashRequest) -> crypto_broker::HashResponse as HashData
    ),
    unary!(
        "/CryptoBroker.CryptoGrpc/Sign",
        handle_crypto_grpc_sign(crypto_broker::SignRequest) -> crypto_broker::SignResponse as SignCertificate
    ),
    unary!(
        "/CryptoBroker.CryptoGrpc/HashData",
        handle_crypto_grpc_hash_data(crypto_broker::HashDataRequest) -> crypto_broker::HashDataResponse as HashData
    ),
    unary!(
        "/CryptoBroker.CryptoGrpc/SignCertificate",
        handle_crypto_grpc_sign_certificate(crypto_broker::SignCertificateRequest) -> crypto_broker::SignCertificateResponse as SignCertificate
    ),
    unary!(
        "/CryptoBroker.CryptoGrpc/Benchmark",
        handle_crypto_grpc_benchmark(crypto_broker::BenchmarkRequest) -> crypto_broker::BenchmarkResponse,
        false
    ),
    unary!(
        "/CryptoBroker.CryptoGrpc/FakeEndpoint",
        handle_crypto_grpc_fake_endpoint(crypto_broker::FakeEndpointRequest) -> crypto_broker::FakeEndpointResponse,
        false
    ),
    unary!(
        "/CryptoBroker.CryptoGrpcDev/Benchmark",
        handle_crypto_grpc_benchmark(crypto_broker::BenchmarkRequest) -> crypto_broker::BenchmarkResponse,
        false
    ),
    unary!(
        "/CryptoBroker.CryptoGrpcDev/FakeEndpoint",
        handle_crypto_grpc_fake_endpoint(crypto_broker::FakeEndpointRequest) -> crypto_broker::FakeEndpointResponse,
        false
    ),
    unary!("/protobuf.CryptoBroker/Hash", handle_g0_hash(g0::HashRequest) -> g0::HashResponse as HashData),
    unary!("/protobuf.CryptoBroker/Sign", handle_g0_sign(g0::SignRequest) -> g0::SignResponse as SignCertificate),
    Method::tonic("/grpc.health.v1.Health/Check", MethodKind::Unary),
    Method::tonic("/grpc.health.v1.Health/Watch", MethodKind::LongLived),
    Method::tonic("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", MethodKind::LongLived),
    Method::tonic("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", MethodKind::LongLived),
];

#[cfg(test)]
mod tests;
