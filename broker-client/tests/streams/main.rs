//! Streams of data: the messages that are sent, and the ways in which a stream ends.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;
mod failures;
mod hasher;

use std::{
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use broker_client::{
    ErrorKind, HashDataRequest, HashStreamRequest, HashValue, SignStreamRequest, SignatureFormat,
    VerifyStreamRequest,
};
use broker_proto::v1;
use bytes::Bytes;
use common::{End, Step, answers::raw_key, start, start_broker};

const PART: usize = 256 * 1024;

fn hash() -> HashStreamRequest {
    HashStreamRequest::new().profile("P").raw()
}

fn parts<const N: usize>(
    parts: [&'static str; N],
) -> impl tokio_stream::Stream<Item = io::Result<Bytes>> + Send {
    tokio_stream::iter(parts.map(|part| Ok(part.into())))
}

/// Returns bytes without a short period.
fn data(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 + index / 251) as u8).collect()
}

/// A reader that never ends. It counts the bytes that were read, and reports when it is dropped.
struct Endless {
    read: Arc<AtomicUsize>,
    _dropped: tokio::sync::oneshot::Sender<()>,
}

fn endless() -> (Endless, Arc<AtomicUsize>, tokio::sync::oneshot::Receiver<()>) {
    let (sender, dropped) = tokio::sync::oneshot::channel();
    let read = Arc::new(AtomicUsize::new(0));
    (Endless { read: Arc::clone(&read), _dropped: sender }, read, dropped)
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read.fetch_add(buffer.len(), Ordering::Relaxed);
        Ok(buffer.len())
    }
}

#[tokio::test]
async fn sends_header_before_parts() {
    let broker = start_broker(1).await;
    let answer = broker.client.hash_stream(hash().id("a"), parts(["one", "", "two"])).await.unwrap();
    assert_eq!(HashValue::Raw("onetwo".into()), answer.value);
    assert_eq!(("P", "identity", "a"), (answer.profile(), answer.algorithm(), &*answer.id));
    assert_eq!([3, 3], *broker.fake.lengths());
    let header: v1::HashStreamHeader = broker.fake.last();
    assert_eq!(("P", v1::HashOutputFormat::Raw), (&*header.profile, header.output_format()));
    // A stream has a deadline only where its request sets one.
    assert_eq!(None, broker.fake.seen()[0].timeout);
    assert_eq!(End::Complete, broker.fake.end().await);

    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = HashStreamRequest::new().profile("Old").traceparent(parent).correlation_id("order-7");
    let answer = broker.client.hash_stream(request.timeout(Duration::MAX), parts(["one"])).await.unwrap();
    assert_eq!(HashValue::Hex("6f6e65".into()), answer.value);
    assert_eq!((36, true), (answer.id.len(), answer.deprecation.is_some()));
    let header: v1::HashStreamHeader = broker.fake.last();
    assert_eq!("order-7", header.metadata.unwrap().trace_context.unwrap().correlation_id);
    assert_eq!(Some(parent), broker.fake.seen()[1].traceparent.as_deref());
    assert!(broker.fake.seen()[1].timeout.is_some());
}

#[tokio::test]
async fn signs_and_verifies_streams() {
    let broker = start_broker(1).await;
    let request = SignStreamRequest::new("private").profile("P").format(SignatureFormat::Cms);
    let signed = broker.client.sign_stream(request, parts(["te", "xt"])).await.unwrap();
    assert_eq!(b"text!", &*signed.signature);
    let header: v1::SignStreamHeader = broker.fake.last();
    assert_eq!(("P", v1::SignatureFormat::Cms), (&*header.profile, header.signature_format()));
    let Some(v1::sign_key_source::Source::Single(key)) = header.key_source.unwrap().source else { panic!() };
    assert_eq!(b"private".to_vec(), raw_key(Some(key)));

    let request =
        VerifyStreamRequest::new("public", signed.signature).profile("P").format(SignatureFormat::Der);
    assert!(broker.client.verify_stream(request.clone(), parts(["text"])).await.unwrap().valid);
    let header: v1::VerifyStreamHeader = broker.fake.last();
    assert_eq!((&b"text!"[..], v1::SignatureFormat::Der), (&*header.signature, header.signature_format()));
    assert!(!broker.client.verify_stream(request, parts(["texts"])).await.unwrap().valid);
}

#[tokio::test]
async fn header_carries_composite_keys() {
    let broker = start_broker(1).await;
    let request = SignStreamRequest::composite("traditional", "ml-dsa").profile("P");
    broker.client.sign_reader(request, &b"text"[..]).await.unwrap();
    let keys = |source: Option<v1::SignKeySource>| match source.unwrap().source.unwrap() {
        v1::sign_key_source::Source::ComponentKeys(keys) => {
            keys.keys.into_iter().map(|key| raw_key(Some(key))).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let expected = [b"traditional".to_vec(), b"ml-dsa".to_vec()];
    assert_eq!(expected, *keys(broker.fake.last::<v1::SignStreamHeader>().key_source));
    let request = VerifyStreamRequest::composite("traditional", "ml-dsa", "text!").profile("P");
    assert!(broker.client.verify_reader(request, &b"text"[..]).await.unwrap().valid);
    assert_eq!(expected, *keys(broker.fake.last::<v1::VerifyStreamHeader>().key_source));
}

#[tokio::test]
async fn parts_of_every_length_arrive_complete() {
    // The lengths are around the limits of varints, frames and messages.
    for length in [0, 1, 119, 120, 127, 128, 16_383, 16_384, PART - 1, PART, PART + 1, 3 * PART + 7] {
        let broker = start_broker(1).await;
        let data = Bytes::from(data(length));
        let one = tokio_stream::once(Ok(data.clone()));
        let HashValue::Raw(value) = broker.client.hash_stream(hash(), one).await.unwrap().value else {
            panic!()
        };
        assert!(data == value, "{length}");
        // No message is longer than the server accepts.
        assert!(broker.fake.lengths().iter().all(|length| *length <= PART));
        let reader = io::Cursor::new(data.clone());
        let HashValue::Raw(value) = broker.client.hash_reader(hash(), reader).await.unwrap().value else {
            panic!()
        };
        assert!(data == value, "{length}");
        assert_eq!(length.div_ceil(PART), broker.fake.lengths().len());
    }
}

#[tokio::test]
async fn joins_short_reads() {
    struct Slow<R>(R, usize);
    impl<R: Read> Read for Slow<R> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            let length = buffer.len().min(1000);
            if self.1.is_multiple_of(3) {
                Err(io::ErrorKind::Interrupted.into())
            } else {
                self.0.read(&mut buffer[..length])
            }
        }
    }
    let broker = start_broker(1).await;
    let data = data(PART + 5000);
    let answer = broker.client.hash_reader(hash(), Slow(io::Cursor::new(data.clone()), 0)).await.unwrap();
    assert!(HashValue::Raw(data.into()) == answer.value);
    assert_eq!([PART, 5000], *broker.fake.lengths());
}

#[tokio::test]
async fn memory_is_bounded_while_server_does_not_read() {
    let broker = start_broker(1).await;
    broker.fake.then(Step::Hang);
    let (reader, read, dropped) = endless();
    let request = hash().timeout(Duration::from_millis(300));
    let error = broker.client.hash_reader(request, reader).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Deadline { attempts: 1, .. }), "{error:?}");
    // Four buffers of the client, and the flow-control window of the server: by default 1 MiB.
    let read = read.load(Ordering::Relaxed);
    assert!(read <= 4 * PART + 1024 * 1024 + PART, "{read}");
    dropped.await.unwrap_err();
    assert_eq!(End::Broken, broker.fake.end().await);
}

#[tokio::test]
async fn client_timeout_does_not_end_stream() {
    let broker = start_broker(1).await;
    broker.fake.then(Step::Default).then(Step::Hang);
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let client = broker.client.with_timeout(Duration::from_millis(50));
    let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let call = tokio::spawn(async move { client.hash_stream(hash(), stream).await });
    sender.send(Ok(Bytes::from("late"))).await.unwrap();
    // A call with a longer timeout reaches its deadline meanwhile.
    while broker.fake.calls() == 0 {
        tokio::task::yield_now().await;
    }
    let late = broker.client.with_timeout(Duration::from_millis(100));
    late.hash_data(HashDataRequest::new("").profile("P")).await.unwrap_err();
    drop(sender);
    assert_eq!(HashValue::Raw("late".into()), call.await.unwrap().unwrap().value);
}

#[tokio::test]
async fn stream_reconnects_to_restarted_broker() {
    let mut broker = start_broker(3).await;
    for _ in 0..3 {
        broker.client.hash_reader(hash(), &b"text"[..]).await.unwrap();
        broker.running.take().unwrap().stop();
        broker.running = Some(start(&broker.fake, broker.socket.clone()));
    }
    broker.client.hash_reader(hash(), &b"text"[..]).await.unwrap();
}

#[tokio::test]
async fn streams_and_calls_run_concurrently() {
    let broker = start_broker(1).await;
    let data = data(5 * PART);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (client, data) = (broker.client.clone(), data.clone());
            tokio::spawn(async move { client.hash_reader(hash(), io::Cursor::new(data)).await })
        })
        .collect();
    broker.client.hash_data(HashDataRequest::new("x").profile("P")).await.unwrap();
    for task in tasks {
        assert!(HashValue::Raw(data.clone().into()) == task.await.unwrap().unwrap().value);
    }
}
