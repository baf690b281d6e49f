//! `grpc.health.v1` (the gRPC health checking protocol).

use std::{fmt, sync::Arc};

use tonic_health::{
    ServingStatus,
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};

/// SERVING for the server as a whole and for each of its services, until the drain.
#[derive(Clone)]
pub struct Health {
    reporter: HealthReporter,
    services: Arc<[&'static str]>,
}

impl Health {
    /// These services are SERVING, and so is everything.
    pub async fn new(services: &[&'static str]) -> Self {
        let health = Self { reporter: HealthReporter::new(), services: services.into() };
        health.set(ServingStatus::Serving).await;
        health
    }

    /// Everything is NOT_SERVING, for ever.
    pub async fn stop(&self) {
        self.set(ServingStatus::NotServing).await;
    }

    pub(super) fn server(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    async fn set(&self, status: ServingStatus) {
        self.reporter.set_service_status("", status).await;
        for service in &*self.services {
            self.reporter.set_service_status(*service, status).await;
        }
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").finish_non_exhaustive()
    }
}
