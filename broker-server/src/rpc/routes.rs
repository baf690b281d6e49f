//! Routes calls to the broker's own dispatch, or to tonic's router for gRPC's health and reflection services.

use std::{future::poll_fn, pin::Pin};

use broker_proto::v1;
use bytes::{Bytes, BytesMut};
use http_body::Frame;
use tonic::{Code, Status, body::Body, service};
use tonic_reflection::server::{Builder, Error as ReflectionError};
use tower::Service as _;

use super::{Broker, CallContext, Dispatch, Health, PipelineHandle, Service, method, unary};
use crate::status::CallError;

/// The largest request to health and reflection, in bytes. Their requests contain no more than a name.
const MAX_TONIC_REQUEST: usize = 16 << 10;

/// The services of one I/O thread.
#[derive(Clone, Debug)]
pub struct Routes {
    pub(crate) broker: Broker,
    /// tonic's router with the health and reflection services. It also responds to unknown methods.
    pub(crate) tonic: service::Routes,
}

impl Routes {
    pub(super) fn new(broker: &Broker, health: &Health) -> Self {
        let health = health.server().max_decoding_message_size(MAX_TONIC_REQUEST);
        let services = service::Routes::new(health);
        let tonic = reflect(services.clone(), &broker.services()).unwrap_or_else(|error| {
            // The descriptors are compiled in and tested. The other services do not depend on reflection.
            tracing::error!(%error, "reflection is not available");
            services
        });
        Self { broker: broker.clone(), tonic: tonic.prepare() }
    }

    /// Handles a request without HTTP/2, for measurements and tests, and returns the body of the response, in which each
    /// message has its length prefix. The request's extensions contain its [`CallContext`] and, for a pipeline, its
    /// [`PipelineHandle`].
    ///
    /// # Errors
    /// Fails with the status of the call.
    pub async fn respond(&mut self, request: http::Request<Body>) -> Result<Bytes, Status> {
        let Some(method) = method(request.uri().path()) else { return self.answer_by_tonic(request).await };
        let extensions = request.extensions();
        let context: CallContext = extensions.get().copied().ok_or(CallError::Internal)?;
        match method.dispatch {
            Dispatch::Unary(unary) => {
                Ok(unary::respond(&self.broker, method.path(), unary, context, request.into_body())
                    .await?
                    .message)
            }
            Dispatch::Stream(stream) => Ok(stream(&self.broker, context, request.into_body()).await?.message),
            Dispatch::Pipeline(serve) => {
                let handle: PipelineHandle = extensions.get().cloned().ok_or(CallError::Internal)?;
                let broker = self.broker.clone();
                collect(serve(broker, context, handle, request.into_body())).await
            }
            Dispatch::Tonic => self.answer_by_tonic(request).await,
        }
    }

    async fn answer_by_tonic(&mut self, request: http::Request<Body>) -> Result<Bytes, Status> {
        let Ok(response) = self.tonic.call(request).await;
        // A Trailers-Only response ("gRPC over HTTP/2") has its status in the headers.
        match Status::from_header_map(response.headers()) {
            Some(status) if status.code() == Code::Ok => Ok(Bytes::new()),
            Some(status) => Err(status),
            None => collect(response.into_body()).await,
        }
    }
}

/// Collects the data of a response whose status is OK.
async fn collect(
    mut body: impl http_body::Body<Data = Bytes, Error = Status> + Unpin,
) -> Result<Bytes, Status> {
    let mut collected = BytesMut::new();
    loop {
        match poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await.transpose()?.map(Frame::into_data) {
            Some(Ok(data)) => collected.extend_from_slice(&data),
            Some(Err(trailers)) => {
                let status = trailers.trailers_ref().and_then(Status::from_header_map);
                return match status {
                    Some(status) if status.code() == Code::Ok => Ok(collected.freeze()),
                    Some(status) => Err(status),
                    None => Err(CallError::Internal.into()),
                };
            }
            None => return Err(CallError::Internal.into()),
        }
    }
}

/// Adds server reflection for these services and for health and reflection, in the versions that old and new tools use.
fn reflect(routes: service::Routes, services: &[Service]) -> Result<service::Routes, ReflectionError> {
    const TONIC_SERVICES: [&str; 3] = [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    ];
    let builder = || {
        let builder = Builder::configure();
        let names = services.iter().map(|service| service.name).chain(TONIC_SERVICES);
        names
            .fold(builder, |builder, name| builder.with_service_name(name))
            .register_encoded_file_descriptor_set(v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)
            .include_reflection_service(false)
    };
    let v1 = builder().build_v1()?.max_decoding_message_size(MAX_TONIC_REQUEST);
    let v1alpha = builder().build_v1alpha()?.max_decoding_message_size(MAX_TONIC_REQUEST);
    Ok(routes.add_service(v1).add_service(v1alpha))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::{Duration, Instant};

    use http_body_util::Full;
    use tonic_types::StatusExt as _;

    use super::*;
    use crate::{
        caller::Caller,
        compute::Pool,
        operation::{CAPABILITIES, aead::NonceLedger},
        policy::Catalogue,
        rpc::BrokerState,
    };

    /// Returns the status of a call with this message.
    async fn status(path: &str, message: &[u8]) -> Status {
        let catalogue = Catalogue::bundled(CAPABILITIES).unwrap();
        let pool = Pool::new(1, 1, Duration::from_secs(1));
        let broker = Broker::new(BrokerState::minimal(catalogue, pool, NonceLedger::new().unwrap()));
        let mut routes = broker.routes(&Health::new(&broker.services()));
        let length = u8::try_from(message.len()).unwrap();
        let frame = [&[0, 0, 0, 0, length][..], message].concat();
        let mut request = http::Request::post(path).body(Body::new(Full::new(frame.into()))).unwrap();
        request.extensions_mut().insert(CallContext {
            caller: Caller { uid: 1, gid: 1, pid: None },
            connection: 1,
            deadline: Instant::now() + Duration::from_secs(60),
            received_at_unix: 0,
            received_at: Instant::now(),
            idle_timeout: None,
            item_timeout: None,
        });
        routes.respond(request).await.map_or_else(|status| status, |_| Status::ok(""))
    }

    #[tokio::test]
    async fn trailers_only_response_yields_its_status() {
        // An unknown service, an unknown method, and a stream without a header.
        for (path, message, code) in [
            ("/grpc.health.v1.Health/Check", &b"\x0a\x01x"[..], Code::NotFound),
            ("/cryptobroker.v1.StreamService/Nothing", b"", Code::Unimplemented),
            ("/cryptobroker.v1.StreamService/HashStream", b"", Code::InvalidArgument),
            ("/grpc.health.v1.Health/Check", b"", Code::Ok),
        ] {
            assert_eq!(status(path, message).await.code(), code, "{path}");
        }
        let rejected = status("/cryptobroker.v1.StreamService/HashStream", b"").await;
        assert!(rejected.get_details_error_info().unwrap().reason.starts_with("FIELD_"), "{rejected}");
    }
}
