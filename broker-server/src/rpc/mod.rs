//! The services: from a message to a request, a decision, an operation and a response.
//!
//! `routes` dispatches calls by the table of `methods`: unary operations by `unary` to `handler`, which leads from the
//! message to the response and calls what each operation has of its own (`hash_data`, `sign_certificate`, …). `call` is
//! what surrounds an operation: deadline, pool, log line, audit. `stream` does the same for data that arrives in parts,
//! `pipeline` for many operations on one stream. `legacy` translates the messages of older clients.

mod call;
mod decode;
mod decrypt_data;
mod dev;
mod encrypt_data;
mod framing;
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
mod stack;
mod stream;
pub(crate) mod unary;
mod verify_data;

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    caller::Caller,
    compute::Pool,
    operation::{aead::NonceLedger, certificate::CaCache},
    policy::Catalogue,
    request::Limits,
    telemetry::audit::Audit,
};
pub(crate) use call::log_unread;
pub use dev::Dev;
pub(crate) use framing::H2_CHAIN_THRESHOLD;
pub use health::Health;
pub(crate) use methods::{Dispatch, Kind, Method, method};
pub use pipeline::CallHandle;
pub(crate) use pipeline::{CallTracker, PipelineBody};
pub use routes::Routes;
pub use services::Service;

/// What the transport knows about a call.
#[derive(Clone, Copy, Debug)]
pub struct CallContext {
    /// The process that asks.
    pub caller: Caller,
    /// The connection that the call came on: the owner of its jobs in the compute pool.
    pub connection: u64,
    /// The time after which nobody waits for the answer. For a stream with `idle_timeout`: when more of it must have
    /// arrived.
    pub deadline: Instant,
    /// When the call arrived, in Unix seconds: every check of the call sees this one time.
    pub received: i64,
    /// When the call arrived, by the clock that measures its duration for the log.
    pub arrived: Instant,
    /// How long a stream may be silent whose caller has set no deadline, and how long an item of a pipeline may take that
    /// sets no timeout; `None` for all other calls.
    pub idle_timeout: Option<Duration>,
}

/// What the calls share.
#[derive(Debug)]
pub struct BrokerState {
    /// The profiles in force.
    pub catalogue: Arc<Catalogue>,
    /// The threads for heavy work.
    pub pool: Arc<Pool>,
    /// CA keys that the operator lets the broker keep.
    pub cache: Arc<CaCache>,
    /// The number of random nonces that each key has been used with.
    pub nonces: NonceLedger,
    /// Records uses of keys and refusals.
    pub audit: Arc<Audit>,
    /// Sizes of fields.
    pub limits: Limits,
    /// Size of a request message in bytes.
    pub max_request_bytes: usize,
    /// Size of a response message in bytes.
    pub max_response_bytes: usize,
    /// The number of items of one pipeline that may be in flight.
    pub max_pipeline_items: usize,
    /// When the broker started, for `GetInfo`.
    pub started_at: SystemTime,
    /// The services for development, where they are enabled.
    pub dev: Option<Dev>,
}

impl BrokerState {
    /// A state with the server's default limits, and without audit, cache and the services for development: for tests and
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

/// The broker. Clones share their state.
#[derive(Clone, Debug)]
pub struct Broker(Arc<BrokerState>);

impl Broker {
    /// A broker with this state.
    pub fn new(state: BrokerState) -> Self {
        Self(Arc::new(state))
    }

    /// Returns the services that this broker serves, without the protocol's own (health and reflection).
    pub fn services(&self) -> Vec<Service> {
        let served = |service: &Service| !service.development || self.0.dev.is_some();
        services::services().into_iter().filter(served).collect()
    }

    /// Returns the routes for one I/O thread.
    pub fn routes(&self, health: &Health) -> Routes {
        Routes::new(self, health)
    }
}
