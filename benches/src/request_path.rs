//! The server's services in process: frames of a request in, frames of the response out, without HTTP/2 and sockets.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use broker_proto::{
    put_prefix,
    v1::{PipelineRequest, pipeline_request::Operation},
};
use broker_server::{
    caller::Caller,
    compute::Pool,
    operation::{CAPABILITIES, aead::NonceLedger},
    policy::Catalogue,
    rpc::{Broker, BrokerState, CallContext, Health, PipelineHandle, Routes},
    telemetry::{
        audit::{Audit, AuditOptions, AuditTarget},
        output::Outputs,
    },
};
use bytes::{Bytes, BytesMut};
use http::Request;
use http_body_util::Full;
use prost::Message;
use tokio::runtime::Runtime;
use tonic::body::Body;

use crate::{Failure, scenario::PROFILES};

/// `CryptoService.HashData`.
pub const UNARY_HASH: &str = "/cryptobroker.v1.CryptoService/HashData";
/// `CryptoService.EncryptData`.
pub const UNARY_ENCRYPT: &str = "/cryptobroker.v1.CryptoService/EncryptData";
/// `PipelineService.Execute`.
pub const PIPELINE: &str = "/cryptobroker.v1.PipelineService/Execute";

/// The services of one shard, with a runtime.
#[derive(Debug)]
pub struct Services {
    routes: Routes,
    runtime: Runtime,
}

impl Services {
    /// Returns services with the profiles of the scenarios and the server's default limits.
    ///
    /// # Errors
    /// Fails where a part of the broker cannot be made.
    pub fn new() -> Result<Self, Failure> {
        Self::with_audit(Audit::off())
    }

    /// Returns the same services with an audit that is written to `/dev/null`.
    ///
    /// # Errors
    /// Fails as [`Self::new`] does.
    pub fn audited() -> Result<Self, Failure> {
        let target = AuditTarget::File("/dev/null".into());
        let options = AuditOptions { target, ..AuditOptions::default() };
        Self::with_audit(Audit::open(&options, &Outputs::default())?)
    }

    fn with_audit(audit: Audit) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let catalogue = Catalogue::parse("the benchmarks' Profiles.yaml", PROFILES, CAPABILITIES)?;
        let pool = Pool::try_new(1, 1024, Duration::from_secs(1))?;
        let nonces = NonceLedger::new().map_err(|_| "the crypto library has no random numbers")?;
        let state = BrokerState { audit: Arc::new(audit), ..BrokerState::minimal(catalogue, pool, nonces) };
        let broker = Broker::new(state);
        let health = Health::new(&broker.services());
        Ok(Self { routes: broker.routes(&health), runtime })
    }

    /// Returns a request to the method at `path`, as the server has it after admission.
    ///
    /// # Errors
    /// Fails where `path` is not a path.
    pub fn request(&self, path: &str, frames: Bytes) -> Result<Request<Body>, Failure> {
        let mut request = Request::post(path)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Body::new(Full::new(frames)))?;
        let context = CallContext {
            caller: Caller { uid: 0, gid: 0, pid: None },
            connection: 1,
            deadline: Instant::now() + Duration::from_secs(3600),
            received_at_unix: 1_800_000_000,
            received_at: Instant::now(),
            idle_timeout: Some(Duration::from_secs(3600)),
            item_timeout: Some(Duration::from_secs(3600)),
        };
        request.extensions_mut().insert(context);
        request.extensions_mut().insert(PipelineHandle::noop());
        Ok(request)
    }

    /// Returns all frames of the response.
    ///
    /// # Errors
    /// Fails where the status is not OK.
    pub fn answer(&mut self, request: Request<Body>) -> Result<Bytes, Failure> {
        let routes = &mut self.routes;
        self.runtime.block_on(async move { Ok(routes.respond(request).await?) })
    }
}

/// Returns a message with its prefix ("gRPC over HTTP/2", Length-Prefixed-Message).
pub fn frame(message: &impl Message) -> Bytes {
    let mut frame = BytesMut::new();
    put(&mut frame, message);
    frame.freeze()
}

/// Returns the frames of `count` pipeline items with this operation.
pub fn items(operation: &Operation, count: u64) -> Bytes {
    let mut frames = BytesMut::new();
    for sequence in 0..count {
        put(&mut frames, &PipelineRequest { sequence, timeout: None, operation: Some(operation.clone()) });
    }
    frames.freeze()
}

fn put(frames: &mut BytesMut, message: &impl Message) {
    let bytes = message.encode_to_vec();
    put_prefix(frames, bytes.len());
    frames.extend_from_slice(&bytes);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

    use broker_proto::{
        Deframer,
        v1::{HashDataResponse, PipelineResponse},
    };

    use super::*;
    use crate::{in_process::InProcess, scenarios};

    fn hash() -> Operation {
        let all = scenarios::without_proofs(&InProcess::new(None).unwrap()).unwrap();
        all.iter().find(|scenario| scenario.id == "hash/sha3-512/64B").unwrap().message().unwrap()
    }

    #[test]
    fn answers_a_unary_call() {
        let Operation::HashData(message) = hash() else { panic!("not a hash") };
        let mut services = Services::new().unwrap();
        let request = services.request(UNARY_HASH, frame(&message)).unwrap();
        let answer = services.answer(request).unwrap();
        let answer = HashDataResponse::decode(&answer[5..]).unwrap();
        assert_eq!(answer.descriptor.unwrap().algorithm, "sha3-512");
    }

    #[test]
    fn answers_every_item_of_a_pipeline() {
        let mut services = Services::new().unwrap();
        let request = services.request(PIPELINE, items(&hash(), 3)).unwrap();
        let mut deframer = Deframer::new(usize::MAX);
        deframer.push(services.answer(request).unwrap());
        let mut seen = Vec::new();
        while let Some(message) = deframer.next_message().unwrap() {
            let item = PipelineResponse::decode(message).unwrap();
            assert!(matches!(item.result, Some(broker_proto::v1::pipeline_response::Result::HashData(_))));
            seen.push(item.sequence);
        }
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2]);
    }
}
