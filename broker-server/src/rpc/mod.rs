//! One file per API: message → request → permit → operation → message.

use std::{sync::Arc, time::SystemTime};

use tonic::service::Routes;

use crate::{
    compute::Pool, operation::certificate::CaCache, policy::Catalogue, request::Limits,
    telemetry::audit::Audit,
};

/// Everything that a call needs.
#[derive(Debug)]
pub struct Parts {
    /// The profiles in force.
    pub catalogue: Arc<Catalogue>,
    /// Where heavy work goes.
    pub pool: Arc<Pool>,
    /// CA keys that the operator lets stay.
    pub cache: Arc<CaCache>,
    /// Where uses of keys and refusals are written.
    pub audit: Arc<Audit>,
    /// Sizes of fields.
    pub limits: Limits,
    /// Size of a request message in bytes.
    pub max_request_bytes: usize,
    /// Size of a response message in bytes.
    pub max_response_bytes: usize,
    /// For `GetInfo`.
    pub started_at: SystemTime,
}

/// The broker: what the services share. Cloning shares.
#[derive(Clone, Debug)]
pub struct Broker(Arc<Parts>);

impl Broker {
    /// A broker of these parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The services, for one shard.
    pub fn routes(&self, health: &Health) -> Routes {
        todo!()
    }
}

/// `grpc.health.v1`: SERVING for "" and every service, until the drain.
#[derive(Clone, Debug)]
pub struct Health {}

impl Health {
    /// Everything is SERVING.
    pub async fn new() -> Self {
        todo!()
    }

    /// Everything is NOT_SERVING, for ever.
    pub async fn stop(&self) {
        todo!()
    }
}
