//! `CryptoDevService`: served only by a broker that was started for development.

mod benchmark;

use std::sync::atomic::{AtomicU64, Ordering};

use broker_proto::v1::{BenchmarkRequest, BenchmarkResponse, FakeEndpointRequest, FakeEndpointResponse};

use super::{
    Broker, BrokerState, CallContext,
    call::{Call, Placement},
};
use crate::status::CallError;

/// The state of the services for development.
#[derive(Debug, Default)]
pub struct DevServices {
    /// The number of calls of FakeEndpoint so far.
    calls: AtomicU64,
}

impl DevServices {
    /// Counts a call and reports whether it should fail, as four of five do: clients test their retries with FakeEndpoint.
    fn should_fail_next(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed) % 5 != 4
    }
}

impl BrokerState {
    fn dev(&self) -> Result<&DevServices, CallError> {
        self.dev.as_ref().ok_or(CallError::DevelopmentOnly)
    }
}

impl Broker {
    pub(super) async fn handle_benchmark(
        &self,
        context: CallContext,
        message: BenchmarkRequest,
    ) -> Result<BenchmarkResponse, CallError> {
        self.0.dev()?;
        let call = Call::begin(context, "Benchmark", "", message.metadata, &self.0.limits)?;
        let (call, benchmark_results) =
            self.compute(call, Placement::LongLane, false, |_, call| benchmark::run(call.now)).await?;
        Ok(call.complete_response(BenchmarkResponse { benchmark_results, metadata: None }))
    }

    pub(super) async fn handle_fake_endpoint(
        &self,
        context: CallContext,
        message: FakeEndpointRequest,
    ) -> Result<FakeEndpointResponse, CallError> {
        let fails = self.0.dev()?.should_fail_next();
        let call = Call::begin(context, "FakeEndpoint", "", message.metadata, &self.0.limits)?;
        call.log_and_record_refusal(&self.0, if fails { Err(CallError::Fake) } else { Ok(()) })?;
        Ok(call.complete_response(FakeEndpointResponse { message: "success".to_owned(), metadata: None }))
    }
}
