//! `Groth16Service.ProveStream`.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use broker_proto::{OperationRequest as _, v1};
use tonic::body::Body;

use super::{
    handler::{Incremental, UploadHandler},
    reader::Reader,
    serve::CallGuard,
};
use crate::{
    circuits::Purpose,
    operation::groth16::{WitnessUpload, prove_upload},
    policy::{
        Permit, decide,
        permit::{Operation as _, ProveStream},
    },
    request,
    rpc::{
        Broker, BrokerState, CallContext,
        call::Call,
        circuit::placement,
        circuit_use::CircuitUse,
        groth16::{algorithm, context, proof_response},
    },
    status::CallError,
};

impl UploadHandler for ProveStream {
    fn serve(
        broker: &Broker,
        context: CallContext,
        body: Body,
    ) -> impl Future<Output = Result<v1::ProveResponse, CallError>> + Send {
        broker.serve_witness(context, body)
    }
}

impl Incremental for WitnessUpload {
    type Output = Self;

    const OPENS_IN_POOL: bool = false;

    const DATA_IS_SECRET: bool = true;

    fn update(&mut self, data: &[u8]) -> Result<(), CallError> {
        Ok(self.update(data)?)
    }

    fn finish(self) -> Result<Self, CallError> {
        Ok(self)
    }
}

/// How long a witness may take to arrive, beside the time for what has arrived. Its memory is reserved meanwhile.
const UPLOAD: Duration = Duration::from_secs(30);

/// A witness that has arrived.
struct Received {
    upload: WitnessUpload,
    circuit: CircuitUse,
    algorithm: &'static str,
    /// The profile's limit on the time of a proof.
    limit: Duration,
}

impl Broker {
    async fn serve_witness(&self, context: CallContext, body: Body) -> Result<v1::ProveResponse, CallError> {
        let mut reader =
            Reader::<v1::ProveStreamRequest>::new(body, self.0.max_request_bytes, &self.0.limits, &context);
        let mut header = match reader.header().await {
            Ok(header) => header,
            Err(error) => {
                let call = Call::begin(context, ProveStream::NAME, "", None, &self.0.limits)?;
                return call.log_and_record_refusal(&self.0, Err(error));
            }
        };
        let metadata = header.take_metadata();
        let call = Call::begin(context, ProveStream::NAME, header.profile(), metadata, &self.0.limits)?;
        let mut guard = CallGuard::new(&self.0, call);
        let received = self.receive_witness(&mut guard, &mut reader, header).await;
        let mut call = guard.call.take().ok_or(CallError::Internal)?;
        let received = match received {
            Ok(received) => received,
            Err(error) => return call.log_and_record_refusal(&self.0, Err(error)),
        };
        reader.reset_idle_timer();
        call.context.deadline = reader.deadline();
        self.prove_received(call, received).await
    }

    /// Decides on the header, waits for the circuit, reserves memory, and then reads the witness.
    async fn receive_witness(
        &self,
        guard: &mut CallGuard<'_>,
        reader: &mut Reader<v1::ProveStreamRequest>,
        header: v1::ProveStreamHeader,
    ) -> Result<Received, CallError> {
        let call = guard.call()?;
        let permit = parse_and_decide(&self.0, call, header)?;
        let (algorithm, limit) = (algorithm(permit.rule()), permit.rule().limits.deadline);
        call.algorithm = Some(algorithm);
        let circuit = self.find_circuit(call, &permit, Purpose::Use).await?;
        call.circuit = Some(Box::new(circuit.clone()));
        let upload = WitnessUpload::start(permit, context(&self.0, call)?)?;
        reader.limit(UPLOAD);
        let upload = self.feed(call.context.connection, reader, upload).await?;
        Ok(Received { upload, circuit, algorithm, limit })
    }

    async fn prove_received(&self, call: Call, received: Received) -> Result<v1::ProveResponse, CallError> {
        let Received { upload, circuit, algorithm, limit } = received;
        let now = Instant::now();
        // Receiving the witness does not count as time of the proof.
        let deadline =
            now.checked_add(limit).map_or(call.context.deadline, |own| own.min(call.context.deadline));
        let received = now.saturating_duration_since(call.context.received_at);
        let received = received.saturating_sub(circuit.key_load);
        let circuit = circuit.with_deadline(deadline);
        let placement = placement(circuit.circuit.proof_time());
        let job = move |state: &BrokerState, call: &mut Call| {
            // The record begins when it is certain that the witness is the one that the header names.
            let mut begun = call.clone();
            let proof = prove_upload(upload, context(state, call)?, || begun.begin_key_use(state, algorithm));
            *call = begun;
            proof
        };
        let (call, proof) = self.compute_with_circuit(call, circuit, placement, true, job).await?;
        let response = proof_response(proof, &call, received);
        Ok(call.complete_response(response))
    }
}

/// Parses the header, and lets policy decide.
fn parse_and_decide(
    state: &BrokerState,
    call: &mut Call,
    header: v1::ProveStreamHeader,
) -> Result<Permit<ProveStream>, CallError> {
    let profile = call.find_profile(state)?;
    let request = request::ProveStream::parse(header, &state.limits)?;
    Ok(decide::<ProveStream>(&call.context.caller, profile, request, call.now)?)
}
