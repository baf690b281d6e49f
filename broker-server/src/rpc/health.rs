//! `grpc.health.v1` (the gRPC health checking protocol).

use std::{fmt, pin::Pin, sync::Arc};

use futures_util::{Stream, stream};
use tokio::sync::watch;
use tonic::{Request, Response, Status};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_server,
};

use super::Service;

/// The service of proofs.
const PROOFS: &str = "cryptobroker.v1.Groth16Service";

/// The health of the server as a whole (`""`) and of each of its services. Clones share it.
///
/// Everything is SERVING at first. The setters are synchronous, never wait, and may be called from any thread.
#[derive(Clone)]
pub struct Health {
    state: Arc<watch::Sender<State>>,
    services: Arc<[Service]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    /// The services that use secret keys are SERVING.
    key_use_available: bool,
    /// The service of proofs is SERVING.
    proofs_available: bool,
    /// The broker is shutting down.
    shutting_down: bool,
}

impl Health {
    /// Reports that the server and all of `services` are SERVING.
    pub fn new(services: &[Service]) -> Self {
        let (state, _) =
            watch::channel(State { key_use_available: true, proofs_available: true, shutting_down: false });
        Self { state: Arc::new(state), services: services.into() }
    }

    /// Sets the services that use secret keys to SERVING or NOT_SERVING. The server as a whole and the other services keep
    /// their status.
    pub fn set_key_use_available(&self, serving: bool) {
        self.change(|state| state.key_use_available = serving);
    }

    /// Sets the service of proofs to SERVING or NOT_SERVING.
    pub fn set_proofs_available(&self, serving: bool) {
        self.change(|state| state.proofs_available = serving);
    }

    /// Sets everything to NOT_SERVING for good: no later call of another setter changes that.
    pub fn shut_down(&self) {
        self.change(|state| state.shutting_down = true);
    }

    pub(super) fn server(&self) -> health_server::HealthServer<impl health_server::Health> {
        health_server::HealthServer::new(self.clone())
    }

    /// Wakes the watchers only if the state changes.
    fn change(&self, change: impl FnOnce(&mut State)) {
        self.state.send_if_modified(|state| {
            let before = *state;
            change(state);
            *state != before
        });
    }

    fn target(&self, name: &str) -> HealthTarget {
        if name.is_empty() {
            return HealthTarget::Server;
        }
        let service = self.services.iter().find(|service| service.name == name);
        service.map_or(HealthTarget::Unknown, |service| HealthTarget::Service {
            uses_key: service.uses_key,
            proves: service.name == PROOFS,
        })
    }
}

/// The target of a health request.
#[derive(Clone, Copy, Debug)]
enum HealthTarget {
    Server,
    Service { uses_key: bool, proves: bool },
    Unknown,
}

impl HealthTarget {
    fn status(self, state: State) -> ServingStatus {
        match self {
            Self::Unknown => ServingStatus::ServiceUnknown,
            _ if state.shutting_down => ServingStatus::NotServing,
            Self::Service { uses_key: true, .. } if !state.key_use_available => ServingStatus::NotServing,
            Self::Service { proves: true, .. } if !state.proofs_available => ServingStatus::NotServing,
            Self::Server | Self::Service { .. } => ServingStatus::Serving,
        }
    }
}

#[tonic::async_trait]
impl health_server::Health for Health {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let target = self.target(&request.get_ref().service);
        if matches!(target, HealthTarget::Unknown) {
            return Err(Status::not_found("the broker has no such service"));
        }
        let status = target.status(*self.state.borrow());
        Ok(Response::new(response(status)))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    /// Sends the status now and whenever it changes. An unknown service may appear later (health.proto), so its watch reports
    /// SERVICE_UNKNOWN and stays open.
    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let target = self.target(&request.get_ref().service);
        let first = (self.state.subscribe(), None);
        Ok(Response::new(Box::pin(stream::unfold(first, move |(mut states, last)| async move {
            loop {
                let status = target.status(*states.borrow_and_update());
                if last != Some(status) {
                    return Some((Ok(response(status)), (states, Some(status))));
                }
                // This fails once the server is gone; the watch ends with it.
                states.changed().await.ok()?;
            }
        }))))
    }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("state", &*self.state.borrow()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use futures_util::{FutureExt as _, StreamExt as _};
    use tonic::Code;
    use tonic_health::pb::health_server::Health as _;

    use super::{super::services::services, *};

    fn ask(name: &str) -> Request<HealthCheckRequest> {
        Request::new(HealthCheckRequest { service: name.into() })
    }

    async fn status(health: &Health, name: &str) -> ServingStatus {
        health.check(ask(name)).await.unwrap().into_inner().status()
    }

    /// Returns the names of the services that are NOT_SERVING.
    async fn not_serving(health: &Health) -> Vec<&'static str> {
        let mut names = Vec::new();
        for name in services().iter().map(|service| service.name).chain([""]) {
            if status(health, name).await == ServingStatus::NotServing {
                names.push(name);
            }
        }
        names
    }

    #[tokio::test]
    async fn only_services_with_keys_stop_serving_and_recover() {
        let services = services();
        let health = Health::new(&services);
        assert!(not_serving(&health).await.is_empty());
        health.set_key_use_available(false);
        let with_keys: Vec<_> =
            services.iter().filter(|service| service.uses_key).map(|service| service.name).collect();
        assert_eq!(not_serving(&health).await, with_keys);
        health.set_key_use_available(true);
        assert!(not_serving(&health).await.is_empty());
    }

    #[tokio::test]
    async fn nothing_serves_after_shutdown() {
        let health = Health::new(&services());
        health.shut_down();
        for available in [true, false, true] {
            health.set_key_use_available(available);
            assert_eq!(not_serving(&health).await.len(), services().len() + 1);
        }
    }

    #[tokio::test]
    async fn watch_sends_only_changes_of_its_service() {
        let health = Health::new(&services());
        let watch = async |name| health.watch(ask(name)).await.unwrap().into_inner();
        let (mut server, mut with_keys) = (watch("").await, watch("cryptobroker.v1.KemService").await);
        let mut next = |which: usize| {
            let stream = if which == 0 { &mut server } else { &mut with_keys };
            stream.next().now_or_never().map(|message| message.unwrap().unwrap().status())
        };
        assert_eq!([next(0), next(1)], [Some(ServingStatus::Serving); 2]);
        assert_eq!([next(0), next(1)], [None; 2]);
        health.set_key_use_available(false);
        assert_eq!([next(0), next(1)], [None, Some(ServingStatus::NotServing)]);
        // A status that has changed and changed back is not sent.
        health.set_key_use_available(true);
        health.set_key_use_available(false);
        assert_eq!(next(1), None);
        health.shut_down();
        assert_eq!([next(0), next(1)], [Some(ServingStatus::NotServing), None]);
    }

    #[tokio::test]
    async fn check_fails_and_watch_reports_unknown_service() {
        let health = Health::new(&services());
        assert_eq!(health.check(ask("nobody")).await.unwrap_err().code(), Code::NotFound);
        let mut watch = health.watch(ask("nobody")).await.unwrap().into_inner();
        assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::ServiceUnknown);
        health.shut_down();
        assert!(watch.next().now_or_never().is_none(), "the watch has ended");
    }
}
