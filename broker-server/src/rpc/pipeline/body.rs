//! A pipeline at work: it is the body of the answer, and takes from the body of the request.

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
    answers::Answers,
    item::{Item, Later, failed},
    items::{self, Items},
    tracker::CallHandle,
};
use crate::{
    rpc::{Broker, CallContext, prefix},
    status::CallError,
};

/// What a pipeline may spend before others on its shard have their turn: items, each with as many more as its data has
/// these bytes.
const TURN: usize = 16;
const BYTES: usize = 256;

/// One stream of `Execute`.
pub(super) struct PipelineBody {
    broker: Broker,
    context: CallContext,
    handle: CallHandle,
    leaving: Pin<Box<dyn Future<Output = ()> + Send>>,
    items: Items,
    /// Items that others work on, and the bytes that they came in.
    under_way: FuturesUnordered<InFlightItem>,
    bytes: usize,
    answers: Answers,
    /// How the stream ends, once nothing more is read.
    end: Option<Result<(), Status>>,
    /// Of this turn.
    spent: usize,
    over: bool,
}

/// An item that others work on, and its size in bytes.
struct InFlightItem(Later, usize);

impl Future for InFlightItem {
    type Output = (broker_proto::v1::PipelineResponse, usize);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self(later, size) = self.get_mut();
        later.as_mut().poll(cx).map(|response| (response, *size))
    }
}

impl PipelineBody {
    pub(super) fn new(
        broker: Broker,
        context: CallContext,
        handle: CallHandle,
        body: tonic::body::Body,
    ) -> Self {
        let (request, response) = (broker.0.max_request_bytes, broker.0.max_response_bytes);
        Self {
            leaving: handle.0.shutting_down(),
            items: Items::new(body, request),
            answers: Answers::new(response),
            broker,
            context,
            handle,
            under_way: FuturesUnordered::new(),
            bytes: 0,
            end: None,
            spent: 0,
            over: false,
        }
    }

    /// Answers what others have done.
    fn collect(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some((response, size))) = self.under_way.poll_next_unpin(cx) {
            self.bytes -= size;
            self.answers.push(response);
        }
    }

    /// Whether another item may be read.
    fn has_room(&self) -> bool {
        // As many bytes as four of the largest requests: one pipeline must not take what all connections may.
        self.end.is_none()
            && self.under_way.len() < self.broker.0.max_pipeline_items
            && self.bytes <= 4 * self.broker.0.max_request_bytes
    }

    /// Reads items and begins to work on them, until nothing more has come, there is no room or the turn is over; true
    /// for the last.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        let mut now = None;
        while self.has_room() && !self.answers.is_full() {
            if self.spent >= TURN {
                return true;
            }
            let item = match self.items.poll_next(cx) {
                // Looked at again, so that the transport sees that nothing has come.
                Poll::Pending if self.items.take_passed_over() => {
                    self.handle.0.mark_secret();
                    continue;
                }
                Poll::Pending => break,
                Poll::Ready(Some(Ok(item))) => item,
                Poll::Ready(Some(Err(status))) => {
                    // What cannot be read may have been a secret.
                    self.handle.0.mark_secret();
                    self.end = Some(Err(CallError::library(&status).into()));
                    break;
                }
                Poll::Ready(None) => {
                    self.end = Some(Ok(()));
                    break;
                }
            };
            self.handle.0.set_busy();
            let now = *now.get_or_insert_with(|| {
                let received = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                self.context.received = i64::try_from(received.as_secs()).unwrap_or(i64::MAX);
                Instant::now()
            });
            self.spent += 1;
            self.begin(item, now, cx);
        }
        false
    }

    fn begin(&mut self, item: items::Item, now: Instant, cx: &mut Context<'_>) {
        let message = match item {
            items::Item::Message(message) => message,
            items::Item::TooLarge { sequence, length } => {
                let status = prefix::too_large(length, self.broker.0.max_request_bytes);
                return self.answers.push(failed(sequence, &CallError::library(&status)));
            }
        };
        let size = message.len();
        let item = match Item::read(message, &self.broker.0.limits) {
            Ok(Ok(item)) => item,
            Ok(Err(response)) => {
                self.handle.0.mark_secret();
                return self.answers.push(response);
            }
            Err(error) => {
                self.handle.0.mark_secret();
                self.end = Some(Err(error.into()));
                return;
            }
        };
        if item.carries_secret() {
            self.handle.0.mark_secret();
        }
        self.spent += item.light_bytes() / BYTES;
        if let Some(later) = item.begin(&self.broker, &self.context, now, &mut self.answers) {
            let mut later = InFlightItem(later, size);
            // What the shard does itself is done in this turn, which counts it.
            match Pin::new(&mut later).poll(cx) {
                Poll::Ready((response, _)) => self.answers.push(response),
                Poll::Pending => {
                    self.bytes += size;
                    self.under_way.push(later);
                }
            }
        }
    }

    fn trailers(&mut self, end: Result<(), Status>) -> Frame<Bytes> {
        self.over = true;
        let status = end.err().unwrap_or_else(|| Status::ok(""));
        let mut trailers = HeaderMap::new();
        // A status is made of header values; there is nothing better to send if it were not.
        let _ = status.add_header(&mut trailers);
        Frame::trailers(trailers)
    }
}

impl Drop for PipelineBody {
    fn drop(&mut self) {
        if !self.items.between() {
            // What has come of the item may have been a secret.
            self.handle.0.mark_secret();
        }
    }
}

impl Body for PipelineBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if this.over {
            return Poll::Ready(None);
        }
        this.handle.0.client_ready();
        if this.end.is_none() && this.leaving.as_mut().poll(cx).is_ready() {
            this.end = Some(Err(CallError::ShuttingDown.into()));
        }
        let turn_is_over = this.read(cx);
        if turn_is_over {
            this.spent = 0;
            // Woken when the others on the shard have run and its sockets have been looked at: to be woken at once would
            // let them wait for many turns.
            let _ = pin!(tokio::task::yield_now()).poll(cx);
            return Poll::Pending;
        }
        // What has just begun is polled anew, to be woken by its own waker.
        this.collect(cx);
        if let Some(frame) = this.answers.take() {
            this.handle.0.frame_ready();
            return Poll::Ready(Some(Ok(Frame::data(frame))));
        }
        match this.end.take_if(|_| this.under_way.is_empty()) {
            Some(end) => {
                let trailers = this.trailers(end);
                Poll::Ready(Some(Ok(trailers)))
            }
            None => {
                if this.under_way.is_empty() {
                    this.handle.0.set_idle();
                }
                this.spent = 0;
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.over
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    #![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

    use std::time::Duration;

    use broker_proto::v1::{
        EncryptDataRequest, EncryptMetadata, KeySource, PipelineRequest, key_source,
        pipeline_request::Operation,
    };
    use prost::Message as _;

    use super::*;
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
        prefix::put(&mut bytes, message.encoded_len());
        message.encode_raw(&mut bytes);
        bytes
    }

    /// All of them are there to be read, and a shard's others have their turn between them.
    #[tokio::test]
    async fn light_items_with_a_key_are_done_in_the_turn_that_counts_them() {
        let catalogue = Catalogue::bundled(CAPABILITIES).unwrap();
        let pool = Pool::new(1, 8, Duration::ZERO);
        let broker = Broker::new(BrokerState::bare(catalogue, pool, NonceLedger::new().unwrap()));
        let now = Instant::now();
        let context = CallContext {
            caller: Caller { uid: 0, gid: 0, pid: None },
            connection: 1,
            deadline: now + Duration::from_secs(3600),
            received: 0,
            arrived: now,
            idle_timeout: Some(Duration::from_secs(3600)),
        };
        let all = (1..=ITEMS as u64).flat_map(encryption).collect::<Vec<u8>>();
        let body = tonic::body::Body::new(http_body_util::Full::new(Bytes::from(all)));
        let mut flow = PipelineBody::new(broker, context, CallHandle::alone(), body);
        let mut turns = 0;
        let frame = std::future::poll_fn(|cx| {
            turns += 1;
            let polled = Pin::new(&mut flow).poll_frame(cx);
            assert!(flow.under_way.is_empty(), "turn {turns}");
            polled
        });
        let answers = frame.await.unwrap().unwrap().into_data().unwrap();
        assert!(answers.len() > ITEMS * 64);
        assert!(turns > ITEMS / TURN, "{turns}");
    }
}
