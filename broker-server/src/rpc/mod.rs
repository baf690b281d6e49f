//! The services: from a message to a request, a decision, an operation and a response.
//!
//! `routes` dispatches calls by the table in `methods`. A unary operation passes through `unary` to `handler`, which turns
//! its message into a response with the steps that each operation implements (`hash_data`, `sign_certificate`, …). `call`
//! applies the deadline, runs jobs in the pool, and writes the log line and the audit record. `stream` serves operations
//! whose data arrives in chunks, and `pipeline` streams of items that have a response each. `legacy` translates the messages of older
//! clients.

mod call;
mod circuit;
mod circuit_use;
mod decode;
mod decrypt_data;
mod dev;
mod encrypt_data;
mod framing;
mod generate_key;
mod groth16;
mod handler;
mod hash_data;
mod health;
mod info;
mod kem;
mod legacy;
mod methods;
mod pipeline;
mod read;
mod routes;
mod services;
mod sign_certificate;
mod sign_data;
mod signature_keys;
#[cfg(test)]
mod stack_usage_tests;
mod stream;
mod trailers;
pub(crate) mod unary;
mod verify_data;

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    caller::Caller,
    circuits::Circuits,
    compute::Pool,
    operation::{aead::NonceLedger, certificate::CaCache},
    policy::Catalogue,
    request::Limits,
    telemetry::audit::Audit,
};
pub(crate) use call::log_unreadable_request;
pub use dev::DevServices;
pub(crate) use framing::H2_CHAIN_THRESHOLD;
pub use health::Health;
pub(crate) use methods::{Dispatch, Exchange, Method, MethodKind, method};
pub use pipeline::PipelineHandle;
pub(crate) use pipeline::PipelineObserver;
pub use routes::Routes;
pub use services::Service;
pub(crate) use trailers::{EncodedResponse, Trailers};

/// What the transport knows about a call.
#[derive(Clone, Copy, Debug)]
pub struct CallContext {
    /// The credentials of the client's process.
    pub caller: Caller,
    /// The connection that the call came on: the owner of its jobs in the compute pool.
    pub connection: u64,
    /// The time after which the client no longer waits for the response. For a stream with an `idle_timeout`, the time by
    /// which the client must have sent more.
    pub deadline: Instant,
    /// The time when the call was received, in Unix seconds. Every check of the call uses this time.
    pub received_at_unix: i64,
    /// The same time on the monotonic clock, which measures the call's duration for the log.
    pub received_at: Instant,
    /// The time within which the client must send more of a stream without a deadline; `None` for all other calls.
    pub idle_timeout: Option<Duration>,
    /// The timeout of those items of a pipeline that set none; `None` for all other calls.
    pub item_timeout: Option<Duration>,
}

/// The state that all calls share.
#[derive(Debug)]
pub struct BrokerState {
    /// The profiles in force.
    pub catalogue: Arc<Catalogue>,
    /// The threads for work that does not run inline.
    pub pool: Arc<Pool>,
    /// The CA keys that the operator allows the broker to keep in memory.
    pub cache: Arc<CaCache>,
    /// The number of random nonces that each key has been used with.
    pub nonces: NonceLedger,
    /// The circuits, with their keys.
    pub circuits: Arc<Circuits>,
    /// Records uses of keys and denials.
    pub audit: Arc<Audit>,
    /// The size limits of the fields of requests.
    pub limits: Limits,
    /// The largest request message, in bytes.
    pub max_request_bytes: usize,
    /// The largest response message, in bytes.
    pub max_response_bytes: usize,
    /// The number of items of one pipeline that may be in flight.
    pub max_pipeline_items: usize,
    /// When the broker started, for `GetInfo`.
    pub started_at: SystemTime,
    /// The services for development, if they are enabled.
    pub dev: Option<DevServices>,
}

impl BrokerState {
    /// Returns a state for tests and measurements, with the server's default limits but without audit, cache and the
    /// services for development.
    pub fn minimal(catalogue: Catalogue, pool: Arc<Pool>, nonces: NonceLedger) -> Self {
        Self {
            catalogue: Arc::new(catalogue),
            pool,
            cache: Arc::new(CaCache::new(0, Duration::ZERO)),
            nonces,
            circuits: Circuits::in_memory_only(),
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

/// The broker. Clones share their state.
#[derive(Clone, Debug)]
pub struct Broker(Arc<BrokerState>);

impl Broker {
    /// A broker with this state.
    pub fn new(state: BrokerState) -> Self {
        Self(Arc::new(state))
    }

    /// Returns the services that this broker serves, without gRPC's health and reflection services.
    pub fn services(&self) -> Vec<Service> {
        let served = |service: &Service| !service.development || self.0.dev.is_some();
        services::services().into_iter().filter(served).collect()
    }

    /// Returns the routes for one I/O thread.
    pub fn routes(&self, health: &Health) -> Routes {
        Routes::new(self, health)
    }
}
