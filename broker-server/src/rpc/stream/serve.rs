//! One call with a stream, from its header to its response.

use std::{sync::Arc, thread};

use broker_proto::OperationRequest as _;
use tonic::body::Body;

use super::{
    batcher::Batcher,
    handler::{Header, Incremental, StreamHandler},
    message::Message,
    reader::Reader,
    worker::{Worker, update_all},
};
use crate::{
    compute::Lane,
    policy::decide,
    rpc::{
        Broker, BrokerState, CallContext,
        call::{Call, Placement},
        handler::KeyToken,
    },
    secret::on_wiped_stack,
    status::CallError,
};

impl Broker {
    /// Serves a client's stream. Policy decides on the header before any data is read. A denial or an error ends the call at
    /// once, without waiting for the end of the stream.
    pub(super) async fn serve_stream<O: StreamHandler>(
        &self,
        context: CallContext,
        body: Body,
    ) -> Result<O::Response, CallError> {
        const {
            // A call that uses a key ends in the pool, where its stack is wiped and its record awaited.
            assert!(O::Incremental::OPENS_IN_POOL || !O::Key::USES_KEY);
        }
        let mut reader = Reader::<O::Message>::new(body, self.0.max_request_bytes, &self.0.limits, &context);
        let mut header = match reader.header().await {
            Ok(header) => header,
            Err(error) => {
                let call = Call::begin(context, O::NAME, "", None, &self.0.limits)?;
                return call.log_and_record_refusal(&self.0, Err(error));
            }
        };
        let metadata = header.take_metadata();
        let call = Call::begin(context, O::NAME, header.profile(), metadata, &self.0.limits)?;
        let mut guard = CallGuard::new(&self.0, call);
        let (call, output) = match self.take_data::<O>(&mut guard, &mut reader, header).await {
            Ok(incremental) => {
                let mut call = guard.call.take().ok_or(CallError::Internal)?;
                reader.reset_idle_timer();
                call.context.deadline = reader.deadline();
                self.finish_stream::<O>(call, incremental).await?
            }
            Err(error) => match guard.call.take() {
                Some(mut call) => {
                    return call.log_and_record(&self.0, Err(error)).wait_for_record(reader.deadline()).await;
                }
                None => return Err(error),
            },
        };
        Ok(call.complete_response(O::respond(output)))
    }

    /// Opens the incremental operation and feeds all data to it.
    async fn take_data<O: StreamHandler>(
        &self,
        guard: &mut CallGuard<'_>,
        reader: &mut Reader<O::Message>,
        header: Header<O>,
    ) -> Result<O::Incremental, CallError> {
        let connection = guard.call()?.context.connection;
        let incremental = if O::Incremental::OPENS_IN_POOL {
            let (state, mut call) = (Arc::clone(&self.0), guard.call()?.clone());
            let job = move || {
                let opened = if O::Key::USES_KEY {
                    on_wiped_stack(|| parse_decide_open::<O>(&state, &mut call, header))
                } else {
                    parse_decide_open::<O>(&state, &mut call, header)
                };
                match opened {
                    Ok(incremental) => Ok((call, incremental)),
                    // The job itself records a denial, so that a client cannot avoid the record by cancelling the call.
                    Err(error) => Err(call.log_and_record::<O::Incremental>(&state, Err(error))),
                }
            };
            let deadline = reader.deadline();
            let opened = self.0.pool.run(Lane::Short, connection, Some(deadline), job).await?;
            guard.call = None;
            match opened {
                Ok((call, incremental)) => {
                    guard.call = Some(call);
                    incremental
                }
                Err(pending) => return pending.wait_for_record(deadline).await,
            }
        } else {
            parse_decide_open::<O>(&self.0, guard.call()?, header)?
        };
        self.feed(connection, reader, incremental).await
    }

    /// Feeds all data of a stream to an incremental operation.
    pub(super) async fn feed<S: Incremental, M: Message>(
        &self,
        connection: u64,
        reader: &mut Reader<M>,
        incremental: S,
    ) -> Result<S, CallError> {
        reader.reset_idle_timer();
        let mut worker = Worker::new(self, connection, reader.deadline(), incremental);
        let mut batcher = Batcher::default();
        while let Some(chunk) = worker.drive_until(reader.data()).await? {
            if let Some(batch) = batcher.push(chunk) {
                worker.start(batch, reader).await?;
            }
        }
        let remaining = batcher.take_remaining();
        if remaining.len() == 0 {
            return worker.wait_idle().await;
        }
        if S::DATA_IS_SECRET || !matches!(Placement::for_hash(remaining.len()), Placement::Inline { .. }) {
            worker.start(remaining, reader).await?;
            return worker.wait_idle().await;
        }
        let mut incremental = worker.wait_idle().await?;
        update_all(&mut incremental, &remaining)?;
        Ok(incremental)
    }

    async fn finish_stream<O: StreamHandler>(
        &self,
        call: Call,
        incremental: O::Incremental,
    ) -> Result<(Call, <O::Incremental as Incremental>::Output), CallError> {
        if O::Key::USES_KEY {
            // Nothing is signed if the audit has become unavailable since the key was loaded.
            if let Err(unavailable) = self.0.audit.available() {
                let error = unavailable.into();
                call.abandon(&error);
                return Err(error);
            }
        }
        if O::Incremental::OPENS_IN_POOL {
            return self
                .compute(call, Placement::ShortLane, O::Key::USES_KEY, |_, _| incremental.finish())
                .await;
        }
        let output = call.log_and_record_refusal(&self.0, incremental.finish())?;
        Ok((call, output))
    }
}

/// Parses the header, lets policy decide, and opens the incremental operation.
fn parse_decide_open<O: StreamHandler>(
    state: &BrokerState,
    call: &mut Call,
    header: Header<O>,
) -> Result<O::Incremental, CallError> {
    let profile = call.find_profile(state)?;
    let request = O::parse(header, &state.limits)?;
    let permit = decide::<O>(&call.context.caller, profile, request, call.now)?;
    let key = O::Key::acquire(call, state, O::algorithm(&permit))?;
    O::open(permit, key)
}

/// A call whose stream has not ended. If the guard is dropped with the call in it, because the client cancelled it, its
/// deadline passed or a panic unwinds, it logs and records the call as cancelled or failed.
pub(super) struct CallGuard<'a> {
    state: &'a BrokerState,
    pub(super) call: Option<Call>,
}

impl<'a> CallGuard<'a> {
    pub(super) const fn new(state: &'a BrokerState, call: Call) -> Self {
        Self { state, call: Some(call) }
    }

    pub(super) fn call(&mut self) -> Result<&mut Call, CallError> {
        self.call.as_mut().ok_or(CallError::Internal)
    }
}

impl Drop for CallGuard<'_> {
    fn drop(&mut self) {
        if let Some(mut call) = self.call.take() {
            let error = if thread::panicking() { CallError::Internal } else { CallError::Cancelled };
            // No client is left that could wait for the record.
            drop(call.log_and_record::<()>(self.state, Err(error)));
        }
    }
}
