//! The path of a unary operation: parse, decide, run, respond. This module contains what all unary operations have in
//! common. Each of them implements [`Handler`] in a file of its own.

use std::{future::Future, pin::Pin};

use broker_proto::{Described, OperationRequest, OperationResponse, v1};

use super::{
    Broker, BrokerState, CallContext,
    call::{Call, Placement},
    circuit_use::CircuitUse,
    trailers::Trailers,
};
use crate::{
    circuits::LoadedCircuit,
    policy::{Decide, Permit, decide, permit},
    request::{FieldError, Limits},
    status::CallError,
    telemetry::audit::KeyUse,
};

/// What the table of operations declares about the messages and the key of an operation.
pub(super) trait RpcOperation: Decide {
    /// The request, or each message of a stream.
    type Message: Described;
    /// The response, or each message of a stream of responses.
    type Response: Described;
    /// [`KeyUse`] if the operation uses or makes a secret key, otherwise [`NoKey`].
    type Key: KeyToken;
}

macro_rules! declare {
    ($($kind:ident { $(
        $(#[$doc:meta])*
        $name:ident {
            paths: $paths:tt,
            messages: $message:ident => $response:ident,
            key: $key:ident,
            $($policy:tt)*
        }
    )+ })+) => {
        $($(
            impl RpcOperation for permit::$name {
                type Message = v1::$message;
                type Response = v1::$response;
                type Key = $key;
            }
        )+)+
    };
}

with_operations!(declare);

/// The steps of a unary operation.
pub(super) trait Handler:
    RpcOperation<Message: OperationRequest, Response: OperationResponse> + 'static
{
    /// The result of [`run`](Self::run), from which [`respond`](Self::respond) builds the response.
    type Output: Send + 'static;

    /// Returns where the work runs. Everything but a small amount of symmetric cryptography belongs in the pool.
    fn placement(_: &BrokerState, _: &Self::Message) -> Placement {
        Placement::ShortLane
    }

    /// Whether parsing and deciding take so little time that they run inline even if the operation does not. A denial then
    /// does not wait for the pool.
    const DECIDES_INLINE: bool = false;

    /// Parses the message into the typed request, without using a key.
    fn parse(message: Self::Message, limits: &Limits) -> Result<Self::Request, FieldError>;

    /// Makes the checks that follow policy and need no key.
    fn check_after_policy(_: &Permit<Self>) -> Result<(), CallError> {
        Ok(())
    }

    /// Returns the future of the circuit that the operation needs; `None` if it needs none. The call waits for it without a
    /// thread, before it gets a place in the pool. It needs [`DECIDES_INLINE`](Self::DECIDES_INLINE).
    fn circuit<'a>(_: &'a Broker, _: &'a Call, _: &'a Permit<Self>) -> Option<CircuitFuture<'a>> {
        None
    }

    /// Returns where the work with the circuit runs.
    fn circuit_placement(_: &Permit<Self>, _: &LoadedCircuit) -> Placement {
        Placement::ShortLane
    }

    /// Returns the name of the algorithm for the crypto descriptor, the log and the audit.
    fn algorithm(permit: &Permit<Self>) -> &'static str;

    /// Performs the operation.
    fn run(
        state: &BrokerState,
        call: &mut Call,
        permit: Permit<Self>,
        key: &Self::Key,
    ) -> Result<Self::Output, CallError>;

    /// Builds the response, without metadata, crypto descriptor and padding, which [`Call::complete_response`] adds.
    fn respond(output: Self::Output) -> Self::Response;

    /// Returns what the trailers of a unary response say beyond its status. On a pipeline the response alone says it.
    fn trailers(_: &Self::Response) -> Option<Trailers> {
        None
    }
}

/// The future of a circuit.
pub(super) type CircuitFuture<'a> = Pin<Box<dyn Future<Output = Result<CircuitUse, CallError>> + Send + 'a>>;

/// What an operation holds while it runs: a [`KeyUse`] if it uses a secret key, otherwise [`NoKey`].
pub(super) trait KeyToken: Send + Sized + 'static {
    /// Whether the operation uses or makes a secret key.
    const USES_KEY: bool;

    /// Stores the algorithm in the call, and begins the audit record if the operation uses a secret key.
    fn acquire(call: &mut Call, state: &BrokerState, algorithm: &'static str) -> Result<Self, CallError>;
}

impl KeyToken for KeyUse {
    const USES_KEY: bool = true;

    fn acquire(call: &mut Call, state: &BrokerState, algorithm: &'static str) -> Result<Self, CallError> {
        call.begin_key_use(state, algorithm)
    }
}

/// The token of an operation that uses no secret key.
#[derive(Debug)]
pub(super) struct NoKey;

impl KeyToken for NoKey {
    const USES_KEY: bool = false;

    fn acquire(call: &mut Call, _: &BrokerState, algorithm: &'static str) -> Result<Self, CallError> {
        call.algorithm = Some(algorithm);
        Ok(Self)
    }
}

/// Reports whether [`Broker::handle_sync`] can handle a message: the work runs inline, and there is no record of a key use
/// to wait for.
pub(super) fn is_synchronous<O: Handler>(state: &BrokerState, message: &O::Message) -> bool {
    !O::Key::USES_KEY && matches!(O::placement(state, message), Placement::Inline { .. })
}

impl Broker {
    /// Handles one message of a unary operation.
    pub(super) async fn handle<O: Handler>(
        &self,
        context: CallContext,
        message: O::Message,
    ) -> Result<O::Response, CallError> {
        if is_synchronous::<O>(&self.0, &message) {
            return self.handle_sync::<O>(context, message);
        }
        let (mut call, message) = self.start_call::<O>(context, message)?;
        let placement = O::placement(&self.0, &message);
        let (call, output) = if O::DECIDES_INLINE {
            let permit = match parse_and_decide::<O>(&self.0, &mut call, message) {
                Ok(permit) => permit,
                Err(error) => return call.log_and_record_refusal(&self.0, Err(error)),
            };
            // Boxed, so that the futures of all other operations have no room for it.
            Box::pin(self.run_permitted::<O>(call, placement, permit)).await?
        } else {
            // Parsing takes as long as some signatures, so it is part of the job.
            let job = move |state: &BrokerState, call: &mut Call| parse_decide_run::<O>(state, call, message);
            self.compute(call, placement, O::Key::USES_KEY, job).await?
        };
        Ok(call.complete_response(O::respond(output)))
    }

    /// Waits for the circuit if the operation needs one, and runs the operation.
    async fn run_permitted<O: Handler>(
        &self,
        call: Call,
        placement: Placement,
        permit: Permit<O>,
    ) -> Result<(Call, O::Output), CallError> {
        let circuit = match O::circuit(self, &call, &permit) {
            None => None,
            Some(circuit) => match circuit.await {
                Ok(circuit) => Some(circuit),
                Err(error) => return call.log_and_record_refusal(&self.0, Err(error)),
            },
        };
        let placement = match &circuit {
            Some(circuit) => O::circuit_placement(&permit, &circuit.circuit),
            None => placement,
        };
        let job = move |state: &BrokerState, call: &mut Call| run::<O>(state, call, permit);
        match circuit {
            Some(circuit) => self.compute_with_circuit(call, circuit, placement, O::Key::USES_KEY, job).await,
            None => self.compute(call, placement, O::Key::USES_KEY, job).await,
        }
    }

    /// Handles a message on the current thread. [`is_synchronous`] must hold for it.
    pub(super) fn handle_sync<O: Handler>(
        &self,
        context: CallContext,
        message: O::Message,
    ) -> Result<O::Response, CallError> {
        let (mut call, message) = self.start_call::<O>(context, message)?;
        let result = parse_decide_run::<O>(&self.0, &mut call, message);
        let output = call.log_and_record_refusal(&self.0, result)?;
        Ok(call.complete_response(O::respond(output)))
    }

    fn start_call<O: Handler>(
        &self,
        context: CallContext,
        mut message: O::Message,
    ) -> Result<(Call, O::Message), CallError> {
        let metadata = message.take_metadata();
        let call = Call::begin(context, O::NAME, message.profile(), metadata, &self.0.limits)?;
        Ok((call, message))
    }
}

/// Parses the message, lets policy decide, and runs the operation.
fn parse_decide_run<O: Handler>(
    state: &BrokerState,
    call: &mut Call,
    message: O::Message,
) -> Result<O::Output, CallError> {
    let permit = parse_and_decide::<O>(state, call, message)?;
    run::<O>(state, call, permit)
}

/// Parses the message, and lets policy decide.
fn parse_and_decide<O: Handler>(
    state: &BrokerState,
    call: &mut Call,
    message: O::Message,
) -> Result<Permit<O>, CallError> {
    let profile = call.find_profile(state)?;
    let request = O::parse(message, &state.limits)?;
    let permit = decide::<O>(&call.context.caller, profile, request, call.now)?;
    O::check_after_policy(&permit)?;
    Ok(permit)
}

/// Acquires the key token and runs the operation.
fn run<O: Handler>(state: &BrokerState, call: &mut Call, permit: Permit<O>) -> Result<O::Output, CallError> {
    let key = O::Key::acquire(call, state, O::algorithm(&permit))?;
    O::run(state, call, permit, &key)
}
