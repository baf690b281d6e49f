//! One call with a stream, from its header to its response.

use std::{sync::Arc, thread};

use broker_proto::OperationRequest as _;
use tonic::body::Body;

use super::{
    handler::{Header, Sink, StreamHandler},
    pieces::Pieces,
    reader::Reader,
    worker::{Worker, work},
};
use crate::{
    compute::Lane,
    policy::decide,
    rpc::{
        Broker, BrokerState, CallContext,
        call::{Call, Weight},
        handler::KeyAccess,
    },
    secret::on_wiped_stack,
    status::CallError,
};

impl Broker {
    /// Serves a client's stream. Policy decides on the header before any data is read. A refusal, there or later, ends the
    /// call without waiting for the client.
    pub(super) async fn serve_stream<O: StreamHandler>(
        &self,
        context: CallContext,
        body: Body,
    ) -> Result<O::Response, CallError> {
        const {
            // A call that uses a key ends in the pool, where its stack is wiped and its record awaited.
            assert!(O::Sink::IN_POOL || !O::Key::USES_KEY);
        }
        let mut reader = Reader::<O::Message>::new(body, self.0.max_request_bytes, &self.0.limits, &context);
        let mut header = match reader.header().await {
            Ok(header) => header,
            Err(error) => {
                let call = Call::begin(context, O::NAME, "", None, &self.0.limits)?;
                return call.end_keyless(&self.0, Err(error));
            }
        };
        let metadata = header.take_metadata();
        let call = Call::begin(context, O::NAME, header.profile(), metadata, &self.0.limits)?;
        let mut open_call = OpenCall { state: &self.0, call: Some(call) };
        let (call, output) = match self.take_data::<O>(&mut open_call, &mut reader, header).await {
            Ok(sink) => {
                let mut call = open_call.call.take().ok_or(CallError::Internal)?;
                reader.reset_idle_timer();
                call.context.deadline = reader.deadline();
                self.finish::<O>(call, sink).await?
            }
            Err(error) => match open_call.call.take() {
                Some(mut call) => return call.end(&self.0, Err(error)).recorded(reader.deadline()).await,
                None => return Err(error),
            },
        };
        Ok(call.complete(O::respond(output)))
    }

    /// Opens the sink and puts all data into it.
    async fn take_data<O: StreamHandler>(
        &self,
        open_call: &mut OpenCall<'_>,
        reader: &mut Reader<O::Message>,
        header: Header<O>,
    ) -> Result<O::Sink, CallError> {
        let connection = open_call.call()?.context.connection;
        let sink = if O::Sink::IN_POOL {
            let (state, mut call) = (Arc::clone(&self.0), open_call.call()?.clone());
            let job = move || {
                let opened = if O::Key::USES_KEY {
                    on_wiped_stack(|| open::<O>(&state, &mut call, header))
                } else {
                    open::<O>(&state, &mut call, header)
                };
                match opened {
                    Ok(sink) => Ok((call, sink)),
                    // The call ends in the job, so that a caller who hangs up cannot be refused without a record.
                    Err(error) => Err(call.end::<O::Sink>(&state, Err(error))),
                }
            };
            let deadline = reader.deadline();
            let opened = self.0.pool.run(Lane::Short, connection, Some(deadline), job).await?;
            open_call.call = None;
            match opened {
                Ok((call, sink)) => {
                    open_call.call = Some(call);
                    sink
                }
                Err(ended) => return ended.recorded(deadline).await,
            }
        } else {
            open::<O>(&self.0, open_call.call()?, header)?
        };
        reader.reset_idle_timer();
        let mut worker = Worker::new(self, connection, reader.deadline(), sink);
        let mut pieces = Pieces::default();
        while let Some(part) = worker.beside(reader.data()).await? {
            if let Some(batch) = pieces.push(part) {
                worker.start(batch, reader).await?;
            }
        }
        let rest = pieces.rest();
        if !matches!(Weight::of_hash(rest.len()), Weight::Inline { .. }) {
            worker.start(rest, reader).await?;
            return worker.rest().await;
        }
        let mut sink = worker.rest().await?;
        work(&mut sink, &rest)?;
        Ok(sink)
    }

    async fn finish<O: StreamHandler>(
        &self,
        call: Call,
        sink: O::Sink,
    ) -> Result<(Call, <O::Sink as Sink>::Output), CallError> {
        if O::Key::USES_KEY {
            // The audit may have become unavailable since the key was loaded: nothing is signed then.
            if let Err(unavailable) = self.0.audit.available() {
                let error = unavailable.into();
                call.fail(&error);
                return Err(error);
            }
        }
        if O::Sink::IN_POOL {
            return self.compute(call, Weight::Short, O::Key::USES_KEY, |_, _| sink.finish()).await;
        }
        let output = call.end_keyless(&self.0, sink.finish())?;
        Ok((call, output))
    }
}

/// Parses, decides, opens the sink.
fn open<O: StreamHandler>(
    state: &BrokerState,
    call: &mut Call,
    header: Header<O>,
) -> Result<O::Sink, CallError> {
    let profile = call.find_profile(state)?;
    let request = O::parse(header, &state.limits)?;
    let permit = decide::<O>(&call.context.caller, profile, request, call.now)?;
    let key = O::Key::begin(call, state, O::algorithm(&permit))?;
    O::open(permit, key)
}

/// A call whose stream has not ended. It is dropped where the client has gone, where its time is over, or where there is a
/// bug: the log and the audit say so.
struct OpenCall<'a> {
    state: &'a BrokerState,
    call: Option<Call>,
}

impl OpenCall<'_> {
    fn call(&mut self) -> Result<&mut Call, CallError> {
        self.call.as_mut().ok_or(CallError::Internal)
    }
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        if let Some(mut call) = self.call.take() {
            let error = if thread::panicking() { CallError::Internal } else { CallError::Cancelled };
            // Nobody is left to wait for the record.
            drop(call.end::<()>(self.state, Err(error)));
        }
    }
}
