//! One file per API: message → request → permit → operation → message.

mod call;
mod decode;
mod decrypt_data;
mod dev;
mod encrypt_data;
mod hash_data;
mod health;
mod info;
mod kem;
mod legacy;
mod methods;
mod pipeline;
mod prefix;
mod services;
mod sign_certificate;
mod sign_data;
mod signature_keys;
#[cfg(test)]
mod stack;
mod stream;
pub(crate) mod unary;
mod verify_data;

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use broker_proto::v1::{self, stream_service_server::StreamServiceServer};
use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame};
use tonic::{Code, Request, Status, body::Body, service};
use tonic_reflection::server::{Builder, Error as ReflectionError};
use tower::Service as _;

use crate::{
    caller::Caller,
    compute::Pool,
    operation::{aead::NonceLedger, certificate::CaCache},
    policy::{
        Catalogue,
        permit::{
            Decapsulate, DecryptData, Encapsulate, EncryptData, GenerateKemKeyPair, GenerateSignatureKeyPair,
            HashData, HashStream, Operation, SignCertificate, SignData, SignStream, VerifyData, VerifyStream,
        },
    },
    request::Limits,
    status::CallError,
    telemetry::audit::Audit,
};
pub use dev::Dev;
pub use health::Health;
pub(crate) use methods::{Kind, Method, method};
pub use pipeline::CallHandle;
pub(crate) use pipeline::CallTracker;
use pipeline::PipelineService;
pub use services::Service;

/// Size of a request in bytes to health and reflection, whose requests are a name at most.
const SMALL: usize = 16 << 10;
/// The operations that this broker serves, by their names in profiles.
pub const OPERATIONS: [&str; 13] = [
    HashData::NAME,
    SignCertificate::NAME,
    HashStream::NAME,
    SignData::NAME,
    VerifyData::NAME,
    SignStream::NAME,
    VerifyStream::NAME,
    GenerateSignatureKeyPair::NAME,
    EncryptData::NAME,
    DecryptData::NAME,
    GenerateKemKeyPair::SECTION,
    Encapsulate::NAME,
    Decapsulate::NAME,
];

/// What the transport knows about a call. Where the gRPC library leads to a handler, it is in the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct CallContext {
    /// Who asks.
    pub caller: Caller,
    /// Which connection the call came on: the owner of its jobs in the compute pool.
    pub connection: u64,
    /// When the answer is of no use any more. For a stream with `idle_timeout`: when more of it must have come.
    pub deadline: Instant,
    /// When the call arrived, in Unix seconds: every check of the call sees this one time.
    pub received: i64,
    /// When the call arrived, by the clock that measures its duration for the log.
    pub arrived: Instant,
    /// How long a stream without a deadline of its caller's own may be silent, and what an item of a pipeline has where
    /// it says nothing else; `None` for all other calls.
    pub idle_timeout: Option<Duration>,
}

impl CallContext {
    /// The transport has put it there.
    fn of<T>(request: &Request<T>) -> Result<Self, CallError> {
        request.extensions().get().copied().ok_or(CallError::Internal)
    }
}

/// Everything that a call needs.
#[derive(Debug)]
pub struct BrokerState {
    /// The profiles in force.
    pub catalogue: Arc<Catalogue>,
    /// Where heavy work goes.
    pub pool: Arc<Pool>,
    /// CA keys that the operator lets stay.
    pub cache: Arc<CaCache>,
    /// How many random nonces each key has had.
    pub nonces: NonceLedger,
    /// Where uses of keys and refusals are written.
    pub audit: Arc<Audit>,
    /// Sizes of fields.
    pub limits: Limits,
    /// Size of a request message in bytes.
    pub max_request_bytes: usize,
    /// Size of a response message in bytes.
    pub max_response_bytes: usize,
    /// Items of one pipeline that are worked on at once.
    pub max_pipeline_items: usize,
    /// For `GetInfo`.
    pub started_at: SystemTime,
    /// The services for development, where they are wanted.
    pub dev: Option<Dev>,
}

impl BrokerState {
    /// With the server's default limits, and without audit, cache and the services for development: for tests and
    /// measurements.
    pub fn bare(catalogue: Catalogue, pool: Arc<Pool>, nonces: NonceLedger) -> Self {
        Self {
            catalogue: Arc::new(catalogue),
            pool,
            cache: Arc::new(CaCache::new(0, Duration::ZERO)),
            nonces,
            audit: Arc::new(Audit::off()),
            limits: Limits::default(),
            max_request_bytes: 2 << 20,
            max_response_bytes: 2 << 20,
            max_pipeline_items: 256,
            started_at: SystemTime::now(),
            dev: None,
        }
    }
}

/// The broker: what the services share. Cloning shares.
#[derive(Clone, Debug)]
pub struct Broker(Arc<BrokerState>);

impl Broker {
    /// A broker of these parts.
    pub fn new(parts: BrokerState) -> Self {
        Self(Arc::new(parts))
    }

    /// The services that are not the protocol's own.
    pub fn services(&self) -> Vec<Service> {
        let served = |service: &Service| !service.development || self.0.dev.is_some();
        services::services().into_iter().filter(served).collect()
    }

    /// The services, for one shard.
    pub fn routes(&self, health: &Health) -> Routes {
        Routes { broker: self.clone(), library: self.library(health).prepare() }
    }

    /// What is not unary, and the protocol's own services, as the gRPC library serves them.
    fn library(&self, health: &Health) -> service::Routes {
        let streams = StreamServiceServer::new(self.clone())
            .max_decoding_message_size(self.0.max_request_bytes)
            .max_encoding_message_size(self.0.max_response_bytes);
        let routes = service::Routes::new(PipelineService(self.clone()))
            .add_service(stream::Fed(streams))
            .add_service(health.server().max_decoding_message_size(SMALL));
        match reflect(routes.clone(), &self.services(), SMALL) {
            Ok(routes) => routes,
            Err(error) => {
                // The descriptors are compiled in, so a test has seen them; without them the rest still serves.
                tracing::error!(%error, "reflection is not available");
                routes
            }
        }
    }
}

/// Where calls go: straight to the broker, or through the gRPC library.
#[derive(Clone, Debug)]
pub struct Routes {
    pub(crate) broker: Broker,
    pub(crate) library: service::Routes,
}

impl Routes {
    /// Answers a request as the transport has it answered, but for what it does about a call: for measurements without
    /// HTTP/2. The frames of the answer, with the prefixes of their messages.
    ///
    /// # Errors
    /// The status of the call.
    pub async fn answer(&mut self, request: http::Request<Body>) -> Result<Bytes, Status> {
        let Some(answer) = method(request.uri().path()).and_then(|method| method.answer) else {
            return match self.library.call(request).await {
                // Headers alone have the status ("gRPC over HTTP/2", Trailers-Only).
                Ok(answer) => match Status::from_header_map(answer.headers()) {
                    Some(status) if status.code() == Code::Ok => Ok(Bytes::new()),
                    Some(status) => Err(status),
                    None => frames(answer.into_body()).await,
                },
                Err(never) => match never {},
            };
        };
        let context = request.extensions().get().copied().ok_or(CallError::Internal)?;
        Ok(unary::answer(&self.broker, answer, context, request.into_body()).await?)
    }
}

/// All data of an answer whose status is OK.
async fn frames(mut body: Body) -> Result<Bytes, Status> {
    let mut frames = BytesMut::new();
    loop {
        match poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await.transpose()?.map(Frame::into_data) {
            Some(Ok(data)) => frames.extend_from_slice(&data),
            Some(Err(trailers)) => {
                let status = trailers.trailers_ref().and_then(Status::from_header_map);
                return match status {
                    Some(status) if status.code() == Code::Ok => Ok(frames.freeze()),
                    Some(status) => Err(status),
                    None => Err(CallError::Internal.into()),
                };
            }
            None => return Err(CallError::Internal.into()),
        }
    }
}

/// gRPC server reflection of these services and the protocol's own, as old and new tools ask for it.
fn reflect(
    routes: service::Routes,
    services: &[Service],
    max_request_bytes: usize,
) -> Result<service::Routes, ReflectionError> {
    const PROTOCOL: [&str; 3] = [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    ];
    let builder = || {
        let builder = Builder::configure();
        let names = services.iter().map(|service| service.name).chain(PROTOCOL);
        names
            .fold(builder, |builder, name| builder.with_service_name(name))
            .register_encoded_file_descriptor_set(v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)
            .include_reflection_service(false)
    };
    let new = builder().build_v1()?.max_decoding_message_size(max_request_bytes);
    let old = builder().build_v1alpha()?.max_decoding_message_size(max_request_bytes);
    Ok(routes.add_service(new).add_service(old))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http_body_util::Full;
    use tonic_types::StatusExt as _;

    use super::*;
    use crate::operation::CAPABILITIES;

    /// The status of a request with this message, or that of an answer.
    async fn status(path: &str, message: &[u8]) -> Status {
        let catalogue = Catalogue::bundled(CAPABILITIES).unwrap();
        let pool = Pool::new(1, 1, Duration::from_secs(1));
        let broker = Broker::new(BrokerState::bare(catalogue, pool, NonceLedger::new().unwrap()));
        let mut routes = broker.routes(&Health::new(&broker.services()));
        let length = u8::try_from(message.len()).unwrap();
        let frame = [&[0, 0, 0, 0, length][..], message].concat();
        let mut request = http::Request::post(path).body(Body::new(Full::new(frame.into()))).unwrap();
        request.extensions_mut().insert(CallContext {
            caller: Caller { uid: 1, gid: 1, pid: None },
            connection: 1,
            deadline: Instant::now() + Duration::from_secs(60),
            received: 0,
            arrived: Instant::now(),
            idle_timeout: None,
        });
        routes.answer(request).await.map_or_else(|status| status, |_| Status::ok(""))
    }

    #[tokio::test]
    async fn answer_of_headers_alone_has_its_own_status() {
        // An unknown service; a method that there is not; a stream without a header.
        for (path, message, code) in [
            ("/grpc.health.v1.Health/Check", &b"\x0a\x01x"[..], Code::NotFound),
            ("/cryptobroker.v1.StreamService/Nothing", b"", Code::Unimplemented),
            ("/cryptobroker.v1.StreamService/HashStream", b"", Code::InvalidArgument),
            ("/grpc.health.v1.Health/Check", b"", Code::Ok),
        ] {
            assert_eq!(status(path, message).await.code(), code, "{path}");
        }
        let refused = status("/cryptobroker.v1.StreamService/HashStream", b"").await;
        assert!(refused.get_details_error_info().unwrap().reason.starts_with("FIELD_"), "{refused}");
    }
}
