//! The path of a unary operation: parse, decide, run, respond. What it has in common with all others is here; what is its
//! own is its implementation of [`Handler`], in the file of its name.

use broker_proto::{Described, OperationRequest, OperationResponse, v1};

use super::{
    Broker, BrokerState, CallContext,
    call::{Call, Weight},
};
use crate::{
    policy::{Decide, Permit, decide, permit},
    request::{FieldError, Limits},
    status::CallError,
    telemetry::audit::KeyUse,
};

/// What the table of operations declares about an operation on the wire.
pub(super) trait Served: Decide {
    /// The request, or each message of a stream.
    type Message: Described;
    /// The response.
    type Response: OperationResponse;
    /// Whether the operation uses or makes a secret key.
    type Key: KeyAccess;
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
            impl Served for permit::$name {
                type Message = v1::$message;
                type Response = v1::$response;
                type Key = $key;
            }
        )+)+
    };
}

with_operations!(declare);

/// What a unary operation does with its messages.
pub(super) trait Handler: Served<Message: OperationRequest> + 'static {
    /// What [`run`](Self::run) makes and [`respond`](Self::respond) encodes.
    type Output: Send + 'static;

    /// Returns where the work is done. Everything but a small amount of symmetric cryptography belongs in the pool.
    fn weight(_: &BrokerState, _: &Self::Message) -> Weight {
        Weight::Short
    }

    /// Whether parsing and deciding take next to no time, so that they are done inline even where the work is not. A refusal
    /// then does not wait for the pool.
    const DECIDES_INLINE: bool = false;

    /// Turns the message into typed facts, without using a key.
    fn parse(message: Self::Message, limits: &Limits) -> Result<Self::Request, FieldError>;

    /// Checks what can be checked once policy has agreed and no key has been used.
    fn check(_: &Permit<Self>) -> Result<(), CallError> {
        Ok(())
    }

    /// Returns the name of the algorithm for the descriptor, the log and the audit.
    fn algorithm(permit: &Permit<Self>) -> &'static str;

    /// Does the work.
    fn run(
        state: &BrokerState,
        call: &mut Call,
        permit: Permit<Self>,
        key: &Self::Key,
    ) -> Result<Self::Output, CallError>;

    /// Builds the response. Its metadata, descriptor and padding are set by the caller.
    fn respond(output: Self::Output) -> Self::Response;
}

/// Permission to use a secret key, which [`KeyUse`] is, or that none is needed.
pub(super) trait KeyAccess: Send + Sized + 'static {
    /// Whether a secret key is used or made.
    const USES_KEY: bool;

    /// Notes the algorithm to which policy has agreed, and begins the record of the use where there is one.
    fn begin(call: &mut Call, state: &BrokerState, algorithm: &'static str) -> Result<Self, CallError>;
}

impl KeyAccess for KeyUse {
    const USES_KEY: bool = true;

    fn begin(call: &mut Call, state: &BrokerState, algorithm: &'static str) -> Result<Self, CallError> {
        call.use_key(state, algorithm)
    }
}

/// No secret key is used.
#[derive(Debug)]
pub(super) struct NoKey;

impl KeyAccess for NoKey {
    const USES_KEY: bool = false;

    fn begin(call: &mut Call, _: &BrokerState, algorithm: &'static str) -> Result<Self, CallError> {
        call.algorithm = Some(algorithm);
        Ok(Self)
    }
}

/// Reports whether a message is answered by [`Broker::handle_inline`]: its work takes less time than a hop to another
/// thread, and no record of a key has to be waited for.
pub(super) fn is_inline<O: Handler>(state: &BrokerState, message: &O::Message) -> bool {
    !O::Key::USES_KEY && matches!(O::weight(state, message), Weight::Inline { .. })
}

impl Broker {
    /// Answers one message of a unary operation.
    pub(super) async fn handle<O: Handler>(
        &self,
        context: CallContext,
        message: O::Message,
    ) -> Result<O::Response, CallError> {
        if is_inline::<O>(&self.0, &message) {
            return self.handle_inline::<O>(context, message);
        }
        let (mut call, message) = self.begin::<O>(context, message)?;
        let weight = O::weight(&self.0, &message);
        let (call, output) = if O::DECIDES_INLINE {
            let permit = match permit::<O>(&self.0, &mut call, message) {
                Ok(permit) => permit,
                Err(error) => return call.end_keyless(&self.0, Err(error)),
            };
            let job = move |state: &BrokerState, call: &mut Call| run::<O>(state, call, permit);
            self.compute(call, weight, O::Key::USES_KEY, job).await?
        } else {
            // Parsing takes as long as some signatures, so it is part of the job.
            let job = move |state: &BrokerState, call: &mut Call| perform::<O>(state, call, message);
            self.compute(call, weight, O::Key::USES_KEY, job).await?
        };
        Ok(call.complete(O::respond(output)))
    }

    /// Answers a message for which [`is_inline`] holds, on the thread that asks.
    pub(super) fn handle_inline<O: Handler>(
        &self,
        context: CallContext,
        message: O::Message,
    ) -> Result<O::Response, CallError> {
        let (mut call, message) = self.begin::<O>(context, message)?;
        let result = perform::<O>(&self.0, &mut call, message);
        let output = call.end_keyless(&self.0, result)?;
        Ok(call.complete(O::respond(output)))
    }

    fn begin<O: Handler>(
        &self,
        context: CallContext,
        mut message: O::Message,
    ) -> Result<(Call, O::Message), CallError> {
        let metadata = message.take_metadata();
        let call = Call::begin(context, O::NAME, message.profile(), metadata, &self.0.limits)?;
        Ok((call, message))
    }
}

/// Parses, decides and runs.
fn perform<O: Handler>(
    state: &BrokerState,
    call: &mut Call,
    message: O::Message,
) -> Result<O::Output, CallError> {
    let permit = permit::<O>(state, call, message)?;
    run::<O>(state, call, permit)
}

/// Parses and decides.
fn permit<O: Handler>(
    state: &BrokerState,
    call: &mut Call,
    message: O::Message,
) -> Result<Permit<O>, CallError> {
    let profile = call.find_profile(state)?;
    let request = O::parse(message, &state.limits)?;
    let permit = decide::<O>(&call.context.caller, profile, request, call.now)?;
    O::check(&permit)?;
    Ok(permit)
}

/// Begins the use of the key, where there is one, and runs.
fn run<O: Handler>(state: &BrokerState, call: &mut Call, permit: Permit<O>) -> Result<O::Output, CallError> {
    let key = O::Key::begin(call, state, O::algorithm(&permit))?;
    O::run(state, call, permit, &key)
}
