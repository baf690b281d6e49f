//! The spans and events of calls.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use broker_client::{EncryptDataRequest, HashDataRequest, HashStreamRequest};
use common::{Lane, start_broker_on};
use tonic::Status;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// Records spans and events, each as one line.
#[derive(Clone, Default)]
struct Recorder {
    lines: Arc<Mutex<Vec<String>>>,
    next: Arc<AtomicU64>,
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("broker_client")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut line = Line(format!("span {}", attributes.metadata().name()));
        attributes.record(&mut line);
        self.lines.lock().unwrap().push(line.0);
        Id::from_u64(self.next.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line("event".into());
        event.record(&mut line);
        self.lines.lock().unwrap().push(line.0);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0 += &format!(" {}={value}", field.name());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0 += &format!(" {}={value:?}", field.name());
    }
}

on_both_lanes! {
    call_has_span_and_retry_event
    failed_call_is_logged_without_key_or_data
}

async fn call_has_span_and_retry_event(lane: Lane) {
    let broker = start_broker_on(lane, 2).await;
    let recorder = Recorder::default();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    broker.fake.fail(Status::unavailable("busy"));
    broker.client.hash_data(HashDataRequest::new("x").profile("P").id("order-1")).await.unwrap();
    let lines = recorder.lines.lock().unwrap().clone();
    let method = "rpc.method=/cryptobroker.v1.CryptoService/HashData";
    assert_eq!(format!("span broker_call rpc.system=grpc {method} profile=P id=order-1"), lines[0]);
    assert!(lines[1].contains("retrying the call") && lines[1].contains("busy"), "{lines:?}");
    assert_eq!(2, lines.len(), "{lines:?}");
}

async fn failed_call_is_logged_without_key_or_data(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let recorder = Recorder::default();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    broker.fake.fail(Status::failed_precondition("the profile says no"));
    broker.client.encrypt_data(EncryptDataRequest::new("KEY", "TEXT").profile("P")).await.unwrap_err();
    let lines = recorder.lines.lock().unwrap().join("\n");
    assert!(lines.contains("the call failed") && lines.contains("the profile says no"), "{lines}");
    assert!(lines.contains("possibly_executed=false"), "{lines}");
    assert!(!lines.contains("KEY") && !lines.contains("TEXT"), "{lines}");
}

#[tokio::test]
async fn stream_has_span() {
    let broker = start_broker_on(Lane::Unary, 1).await;
    let recorder = Recorder::default();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    broker.client.hash_reader(HashStreamRequest::new().profile("P").id("long-1"), &b"x"[..]).await.unwrap();
    let lines = recorder.lines.lock().unwrap().join("\n");
    assert!(lines.contains("StreamService/HashStream profile=P id=long-1"), "{lines}");
}
