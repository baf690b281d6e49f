//! The body of a pipeline's response. Polling it reads items from the body of the request and processes them.

use std::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use http::HeaderMap;
use http_body::{Body, Frame};
use tonic::Status;

use super::{
    items::{self, Items},
    observer::PipelineHandle,
    protocol::{Deferred, ItemMessage as _, Next, Protocol, Received},
    responses::Responses,
};
use crate::{
    rpc::{Broker, CallContext, call::log_unreadable_request},
    status::CallError,
};

/// The number of items that a pipeline may start before it yields to the other connections of its I/O thread.
const ITEMS_PER_POLL: usize = 16;
/// The cost in bytes of hashed data that counts as one more item, as [`Placement::Inline`](crate::rpc::call::Placement::Inline) counts it.
const BYTES_PER_BUDGET_UNIT: usize = 256;

/// The response to one stream of items.
pub(super) struct PipelineBody<P: Protocol> {
    protocol: P,
    /// What the first message opens. Nothing is read meanwhile.
    opening: Option<Deferred<Result<P::Opened, CallError>>>,
    broker: Broker,
    context: CallContext,
    handle: PipelineHandle,
    shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
    items: Items,
    /// Items that wait for the pool.
    in_flight: FuturesUnordered<InFlightItem<P::Response>>,
    /// The size of the messages of the items in `in_flight`, in bytes.
    in_flight_bytes: usize,
    responses: Responses<P::Response>,
    /// The status of the stream, once nothing more is read.
    final_status: Option<Result<(), Status>>,
    /// The part of [`ITEMS_PER_POLL`] that has been used since the pipeline last yielded.
    budget_used: usize,
    /// The trailers have been handed out.
    finished: bool,
}

/// An item that waits for the pool, and the size of its message in bytes.
struct InFlightItem<R>(Deferred<R>, usize);

impl<R> Future for InFlightItem<R> {
    type Output = (R, usize);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self(response, size) = self.get_mut();
        response.as_mut().poll(cx).map(|response| (response, *size))
    }
}

impl<P: Protocol> PipelineBody<P> {
    /// Creates the body of the response to a request with this body.
    pub(super) fn new(
        broker: Broker,
        context: CallContext,
        handle: PipelineHandle,
        body: tonic::body::Body,
    ) -> Self {
        let (request, response) = (broker.0.max_request_bytes, broker.0.max_response_bytes);
        Self {
            protocol: P::default(),
            opening: None,
            shutdown: handle.0.shutting_down(),
            items: Items::new(body, request),
            responses: Responses::new(response),
            broker,
            context,
            handle,
            in_flight: FuturesUnordered::new(),
            in_flight_bytes: 0,
            final_status: None,
            budget_used: 0,
            finished: false,
        }
    }

    /// Collects the responses of the items that are done.
    fn collect(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some((response, size))) = self.in_flight.poll_next_unpin(cx) {
            self.in_flight_bytes -= size;
            self.responses.push(response);
        }
    }

    /// Reports whether another item may be read.
    fn has_room(&self) -> bool {
        // Four of the largest requests at most: one pipeline must not take the memory of all connections.
        self.final_status.is_none()
            && self.opening.is_none()
            && self.in_flight.len() < P::max_items(&self.broker)
            && self.in_flight_bytes <= 4 * self.broker.0.max_request_bytes
    }

    /// Reads and starts items until no more have arrived, there is no room, or the budget is used up. Returns true for the
    /// last.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        let mut now = None;
        while self.has_room() && !self.responses.should_flush() {
            if self.budget_used >= ITEMS_PER_POLL {
                return true;
            }
            let item = match self.items.poll_next(cx) {
                // Skipped bytes may be a secret. The transport wipes the read buffer when the body is polled and is pending, so
                // the body is polled again after the report.
                Poll::Pending if self.items.take_skipped_flag() => {
                    self.handle.0.secret_received();
                    continue;
                }
                Poll::Pending => break,
                Poll::Ready(Some(Ok(item))) => item,
                Poll::Ready(Some(Err(status))) => {
                    // A message that cannot be read may contain a secret.
                    self.handle.0.secret_received();
                    let error = CallError::from_tonic(&status);
                    log_unreadable_request(P::METHOD, self.context.caller, &error);
                    self.final_status = Some(Err(error.into()));
                    break;
                }
                Poll::Ready(None) => {
                    self.final_status = Some(Ok(()));
                    break;
                }
            };
            self.handle.0.set_busy();
            let now = *now.get_or_insert_with(|| {
                let received = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                self.context.received_at_unix = i64::try_from(received.as_secs()).unwrap_or(i64::MAX);
                Instant::now()
            });
            self.budget_used += 1;
            self.start_item(item, now, cx);
        }
        false
    }

    fn start_item(&mut self, item: items::ReceivedItem, now: Instant, cx: &mut Context<'_>) {
        let message = match item {
            items::ReceivedItem::Message(message) => message,
            items::ReceivedItem::TooLarge { sequence, error } => {
                let error = error.into();
                log_unreadable_request(P::METHOD, self.context.caller, &error);
                return self.responses.push(P::Response::failed(sequence, &error));
            }
        };
        let size = message.len();
        let received = self.protocol.receive(message, &self.broker, &self.context, now);
        let Received { may_contain_secret, cost, next } = received;
        if may_contain_secret {
            self.handle.0.secret_received();
        }
        self.budget_used += cost / BYTES_PER_BUDGET_UNIT;
        match next {
            Next::Ready(response) => self.responses.push(response),
            Next::Opening(opening) => self.opening = Some(opening),
            Next::Ended(error) => self.final_status = Some(Err(error.into())),
            Next::Deferred(response) => {
                let mut item = InFlightItem(response, size);
                // The first poll does the inline work, which `cost` has charged to the budget of this poll.
                match Pin::new(&mut item).poll(cx) {
                    Poll::Ready((response, _)) => self.responses.push(response),
                    Poll::Pending => {
                        self.in_flight_bytes += size;
                        self.in_flight.push(item);
                    }
                }
            }
        }
    }

    /// Reads like [`Self::read`], and opens the stream.
    fn read_and_open(&mut self, cx: &mut Context<'_>) -> bool {
        loop {
            if let Some(opening) = &mut self.opening {
                let Poll::Ready(opened) = opening.as_mut().poll(cx) else { return false };
                self.opening = None;
                match opened {
                    Ok(opened) => self.protocol.opened(opened),
                    Err(error) => self.final_status = Some(Err(error.into())),
                }
            }
            if self.read(cx) {
                return true;
            }
            if self.opening.is_none() {
                return false;
            }
        }
    }

    fn trailers(&mut self, end: Result<(), Status>) -> Frame<Bytes> {
        self.finished = true;
        let status = end.err().unwrap_or_else(|| Status::ok(""));
        let mut trailers = HeaderMap::new();
        // A status consists of header values, so this cannot fail.
        let _ = status.add_header(&mut trailers);
        Frame::trailers(trailers)
    }
}

impl<P: Protocol> Drop for PipelineBody<P> {
    fn drop(&mut self) {
        if self.items.has_unread_data() {
            // It may contain a secret.
            self.handle.0.secret_received();
        }
    }
}

impl<P: Protocol> Body for PipelineBody<P> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if this.finished {
            return Poll::Ready(None);
        }
        this.handle.0.response_polled();
        if this.final_status.is_none() && this.shutdown.as_mut().poll(cx).is_ready() {
            this.final_status = Some(Err(CallError::ShuttingDown.into()));
        }
        if this.read_and_open(cx) {
            this.budget_used = 0;
            // `yield_now` defers the wake-up until the runtime has polled its other tasks and its I/O driver. `wake_by_ref`
            // would not.
            let _ = pin!(tokio::task::yield_now()).poll(cx);
            return Poll::Pending;
        }
        // Items that have just started are polled through the set, which registers their own wakers.
        this.collect(cx);
        if let Some(chunk) = this.responses.take() {
            this.handle.0.chunk_ready();
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        match this.final_status.take_if(|_| this.in_flight.is_empty()) {
            Some(end) => {
                let trailers = this.trailers(end);
                Poll::Ready(Some(Ok(trailers)))
            }
            None => {
                if this.in_flight.is_empty() && this.opening.is_none() {
                    this.handle.0.set_idle();
                }
                this.budget_used = 0;
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.finished
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    #![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

    use std::time::Duration;

    use broker_proto::{
        put_prefix,
        v1::{
            CircuitInput, EncryptDataRequest, EncryptMetadata, KeySource, PipelineRequest, ProveManyHeader,
            ProveManyItem, ProveManyRequest, ProveManyResponse, key_source, pipeline_request::Operation,
            prove_many_request::Part, prove_many_response::Result as ProofResult,
        },
    };
    use prost::Message as _;

    use super::{
        super::{Execute, prove_many::ProveMany},
        *,
    };
    use crate::{
        caller::Caller,
        compute::Pool,
        operation::{CAPABILITIES, aead::NonceLedger},
        policy::Catalogue,
        rpc::BrokerState,
    };

    const ITEMS: usize = 100;

    fn encryption(sequence: u64) -> Vec<u8> {
        let mut key = KeySource::default();
        key.source = Some(key_source::Source::RawKey(b"sixteen bytes!!!".to_vec()));
        let request = EncryptDataRequest {
            profile: "FIPS-140-3-128bit".to_owned(),
            key_source: Some(key),
            plaintext: vec![0; 64],
            encrypt_metadata: Some(EncryptMetadata { nonce: vec![1; 12], aad: None }),
            metadata: None,
        };
        let operation = Some(Operation::EncryptData(request));
        let message = PipelineRequest { sequence, operation, ..PipelineRequest::default() };
        let mut bytes = Vec::new();
        put_prefix(&mut bytes, message.encoded_len());
        message.encode_raw(&mut bytes);
        bytes
    }

    fn broker() -> Broker {
        let catalogue = Catalogue::bundled(CAPABILITIES).unwrap();
        let pool = Pool::new(1, 8, Duration::ZERO);
        Broker::new(BrokerState::minimal(catalogue, pool, NonceLedger::new().unwrap()))
    }

    fn context() -> CallContext {
        let now = Instant::now();
        CallContext {
            caller: Caller { uid: 0, gid: 0, pid: None },
            connection: 1,
            deadline: now + Duration::from_secs(3600),
            received_at_unix: 0,
            received_at: now,
            idle_timeout: None,
            item_timeout: Some(Duration::from_secs(3600)),
        }
    }

    /// All items have arrived at once. The pipeline still yields to the other connections of its thread between them.
    #[tokio::test]
    async fn pipeline_yields_after_budget_of_inline_items() {
        let (broker, context) = (broker(), context());
        let all = (1..=ITEMS as u64).flat_map(encryption).collect::<Vec<u8>>();
        let body = tonic::body::Body::new(http_body_util::Full::new(Bytes::from(all)));
        let mut pipeline = PipelineBody::<Execute>::new(broker, context, PipelineHandle::noop(), body);
        let mut polls = 0;
        let first_chunk = std::future::poll_fn(|cx| {
            polls += 1;
            let polled = Pin::new(&mut pipeline).poll_frame(cx);
            assert!(pipeline.in_flight.is_empty(), "poll {polls}");
            polled
        });
        let responses = first_chunk.await.unwrap().unwrap().into_data().unwrap();
        assert!(responses.len() > ITEMS * 64);
        assert!(polls > ITEMS / ITEMS_PER_POLL, "{polls}");
    }

    /// All items have arrived at once. No more are in flight than one for each long thread, and one that waits.
    #[tokio::test]
    async fn items_of_prove_many_wait_for_the_pool() {
        const PROOFS: u64 = 64;
        let message = |sequence, part| {
            let message = ProveManyRequest { sequence, part: Some(part) };
            let mut bytes = Vec::new();
            put_prefix(&mut bytes, message.encoded_len());
            message.encode_raw(&mut bytes);
            bytes
        };
        let mut all = message(
            0,
            Part::Header(ProveManyHeader {
                profile: "Groth16-Dev".into(),
                circuit: "multiply".into(),
                ..Default::default()
            }),
        );
        for sequence in 1..=PROOFS {
            let mut item = ProveManyItem::default();
            for name in ["a", "b"] {
                let mut input = CircuitInput::default();
                input.name = name.into();
                input.numbers = vec![sequence.to_string()];
                item.inputs.push(input);
            }
            all.extend(message(sequence, Part::Item(item)));
        }
        let (broker, context) = (broker(), context());
        let in_flight = broker.0.pool.long_threads() + 1;
        assert!((in_flight as u64) < PROOFS);
        let body = tonic::body::Body::new(http_body_util::Full::new(Bytes::from(all)));
        let mut pipeline = PipelineBody::<ProveMany>::new(broker, context, PipelineHandle::noop(), body);
        let mut most = 0;
        let mut data = Vec::new();
        loop {
            let frame = std::future::poll_fn(|cx| {
                let polled = Pin::new(&mut pipeline).poll_frame(cx);
                most = most.max(pipeline.in_flight.len());
                polled
            });
            match frame.await.unwrap().unwrap().into_data() {
                Ok(chunk) => data.extend(chunk),
                Err(trailers) => {
                    assert_eq!(trailers.trailers_ref().unwrap().get("grpc-status").unwrap(), "0");
                    break;
                }
            }
        }
        assert_eq!(most, in_flight, "one item for each long thread, and one that waits");
        let mut deframer = broker_proto::Deframer::new(1 << 20);
        deframer.push(data.into());
        let mut found = Vec::new();
        while let Some(message) = deframer.next_message().unwrap() {
            let response = ProveManyResponse::decode(message).unwrap();
            assert!(matches!(response.result, Some(ProofResult::Proof(_))), "{response:?}");
            found.push(response.sequence);
        }
        found.sort_unstable();
        assert_eq!(found, (1..=PROOFS).collect::<Vec<_>>());
    }
}
