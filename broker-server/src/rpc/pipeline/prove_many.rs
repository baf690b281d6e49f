//! `Groth16Service.ProveMany`: a header, then statements, each of which is proven like a call of `Prove`.

use std::time::Instant;

use broker_proto::{
    OperationRequest as _,
    v1::{
        ProveManyHeader, ProveManyItem, ProveManyRequest, ProveManyResponse, ProveRequest,
        prove_many_request::Part, prove_many_response::Result as ProofResult,
    },
};
use bytes::Bytes;

use super::{
    item::item_context,
    items::sequence,
    protocol::{Deferred, ExchangeHandler, ItemMessage, Next, Protocol, Received, status},
};
use crate::{
    circuits::Purpose,
    operation::groth16::check_key,
    policy::{
        decide,
        permit::{self, Operation as _},
    },
    request::{self, FieldError, FieldErrorKind},
    rpc::{
        Broker, CallContext,
        call::{Call, log_unreadable_request},
        decode::decode,
        groth16::{algorithm, context},
    },
    status::CallError,
};

impl ExchangeHandler for permit::ProveMany {
    type Protocol = ProveMany;
}

/// The protocol of `Groth16Service.ProveMany`.
#[derive(Default)]
pub(in crate::rpc) struct ProveMany {
    /// What the header says of all proofs.
    header: Option<ProveManyHeader>,
    /// Policy has accepted the header, and the circuit was in memory. Each item looks it up again, so that a stream without
    /// items keeps no key in memory.
    is_open: bool,
}

impl Protocol for ProveMany {
    type Response = ProveManyResponse;
    type Opened = ();

    const METHOD: &'static str = permit::ProveMany::NAME;

    /// One proof for each thread that takes long jobs, and one that waits, so that no thread is idle between two of them.
    /// More would wait for each other, and the time of a request begins when it is read.
    fn max_items(broker: &Broker) -> usize {
        broker.0.pool.long_threads() + 1
    }

    fn receive(
        &mut self,
        message: Bytes,
        broker: &Broker,
        context: &CallContext,
        now: Instant,
    ) -> Received<Self> {
        let cost = message.len();
        let next = match self.next(message, broker, context, now) {
            Ok(next) => next,
            Err((error, answered)) => {
                log_unreadable_request(Self::METHOD, context.caller, &error);
                match answered {
                    Some(sequence) => Next::Ready(ProveManyResponse::failed(sequence, &error)),
                    None => Next::Ended(error),
                }
            }
        };
        // Every item has private inputs or a witness.
        Received { may_contain_secret: true, cost, next }
    }

    fn opened(&mut self, (): ()) {
        self.is_open = true;
    }
}

impl ProveMany {
    /// Returns what follows from a message. An error has the number of the item that it answers; without one it ends the
    /// stream.
    fn next(
        &mut self,
        message: Bytes,
        broker: &Broker,
        context: &CallContext,
        now: Instant,
    ) -> Result<Next<Self>, (CallError, Option<u64>)> {
        let is_open = self.is_open;
        let answered = |sequence: Option<u64>| sequence.filter(|_| is_open);
        let ProveManyRequest { sequence, part } = decode(message.clone(), &broker.0.limits)
            .map_err(|error| (error, answered(sequence(message))))?;
        let failed = |error: FieldError| (error.into(), answered(Some(sequence)));
        match (part, &self.header) {
            (Some(Part::Header(header)), None) => {
                let context = item_context(context, None, now).map_err(|error| (error, None))?;
                self.header = Some(header.clone());
                Ok(Next::Opening(open(broker.clone(), context, header)))
            }
            (Some(Part::Item(item)), Some(header)) => {
                let context = item_context(context, None, now).map_err(|error| (error, Some(sequence)))?;
                Ok(Next::Deferred(prove(broker.clone(), context, sequence, request(header, item))))
            }
            (Some(Part::Header(_)), Some(_)) => Err((malformed("must not be sent twice").into(), None)),
            (Some(Part::Item(_)), None) => {
                Err(failed(malformed("must come before the items, as the stream's first message")))
            }
            (None, header) => {
                let field = if header.is_some() { "item" } else { "header" };
                Err(failed(FieldError { field, kind: FieldErrorKind::Missing }))
            }
        }
    }
}

fn malformed(what: &str) -> FieldError {
    FieldError { field: "header", kind: FieldErrorKind::Malformed(what.to_owned()) }
}

/// Returns the request of one proof.
fn request(header: &ProveManyHeader, mut item: ProveManyItem) -> ProveRequest {
    ProveRequest {
        profile: header.profile.clone(),
        circuit: header.circuit.clone(),
        inputs: std::mem::take(&mut item.inputs),
        witness: std::mem::take(&mut item.witness),
        proof_format: header.proof_format,
        expected_fingerprint: header.expected_fingerprint.clone(),
        metadata: header.metadata.clone(),
    }
}

/// Makes one proof.
fn prove(
    broker: Broker,
    context: CallContext,
    sequence: u64,
    request: ProveRequest,
) -> Deferred<ProveManyResponse> {
    Box::pin(async move {
        match broker.handle::<permit::Prove>(context, request).await {
            Ok(proof) => ProveManyResponse { sequence, result: Some(ProofResult::Proof(proof)) },
            Err(error) => ProveManyResponse::failed(sequence, &error),
        }
    })
}

/// Decides on the header, and waits for the circuit.
fn open(
    broker: Broker,
    context: CallContext,
    mut header: ProveManyHeader,
) -> Deferred<Result<(), CallError>> {
    Box::pin(async move {
        let (name, metadata) = (permit::ProveMany::NAME, header.take_metadata());
        let mut call = Call::begin(context, name, header.profile(), metadata, &broker.0.limits)?;
        let opened = find_circuit(&broker, &mut call, &header).await;
        call.log_and_record_refusal(&broker.0, opened)
    })
}

async fn find_circuit(broker: &Broker, call: &mut Call, header: &ProveManyHeader) -> Result<(), CallError> {
    let profile = call.find_profile(&broker.0)?;
    let request = request::ProveMany::parse(header, &broker.0.limits)?;
    let permit = decide::<permit::ProveMany>(&call.context.caller, profile, request, call.now)?;
    call.algorithm = Some(algorithm(permit.rule()));
    let circuit = broker.find_circuit(call, &permit, Purpose::Use).await?;
    call.circuit = Some(Box::new(circuit));
    check_key(permit, context(&broker.0, call)?)?;
    Ok(())
}

impl ItemMessage for ProveManyResponse {
    fn failed(sequence: u64, error: &CallError) -> Self {
        Self { sequence, result: Some(ProofResult::Error(status(error))) }
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn has_secret(&self) -> bool {
        false
    }
}
