//! Data of any length, in parts: what is sent, and every way in which a stream can end.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::{
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use broker_client::{
    Client, Code, ErrorKind, HashDataRequest, HashStreamRequest, HashValue, SignStreamRequest,
    SignatureFormat, VerifyStreamRequest,
};
use broker_proto::v1;
use bytes::Bytes;
use common::{End, Step, answers::raw_key, broker, quick, start};
use tokio_stream::StreamExt as _;
use tonic::Status;

const PART: usize = 256 * 1024;

fn hash() -> HashStreamRequest {
    HashStreamRequest::new().profile("P").raw()
}

fn parts<const N: usize>(
    parts: [&'static str; N],
) -> impl tokio_stream::Stream<Item = io::Result<Bytes>> + Send {
    tokio_stream::iter(parts.map(|part| Ok(part.into())))
}

/// Bytes that are different everywhere.
fn data(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 + index / 251) as u8).collect()
}

/// A reader that never ends; it counts what was read, and says when it is dropped.
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
async fn the_header_comes_first_and_every_part_after_it() {
    let it = broker(1).await;
    let answer = it.client.hash_stream(hash().id("a"), parts(["one", "", "two"])).await.unwrap();
    assert_eq!(HashValue::Raw("onetwo".into()), answer.value);
    assert_eq!(("P", "identity", "a"), (answer.profile(), answer.algorithm(), &*answer.id));
    assert_eq!([3, 3], *it.fake.lengths());
    let header: v1::HashStreamHeader = it.fake.last();
    assert_eq!(("P", v1::HashOutputFormat::Raw), (&*header.profile, header.output_format()));
    // Only an explicit time is a stream's deadline.
    assert_eq!(None, it.fake.seen()[0].timeout);
    assert_eq!(End::Complete, it.fake.end().await);

    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = HashStreamRequest::new().profile("Old").traceparent(parent).correlation_id("order-7");
    let answer = it.client.hash_stream(request.timeout(Duration::MAX), parts(["one"])).await.unwrap();
    assert_eq!(HashValue::Hex("6f6e65".into()), answer.value);
    assert_eq!((36, true), (answer.id.len(), answer.deprecation.is_some()));
    let header: v1::HashStreamHeader = it.fake.last();
    assert_eq!("order-7", header.metadata.unwrap().trace_context.unwrap().correlation_id);
    assert_eq!(Some(parent), it.fake.seen()[1].traceparent.as_deref());
    assert!(it.fake.seen()[1].timeout.is_some());
}

#[tokio::test]
async fn a_stream_signs_and_another_verifies() {
    let it = broker(1).await;
    let request = SignStreamRequest::new("private").profile("P").format(SignatureFormat::Cms);
    let signed = it.client.sign_stream(request, parts(["te", "xt"])).await.unwrap();
    assert_eq!(b"text!", &*signed.signature);
    let header: v1::SignStreamHeader = it.fake.last();
    assert_eq!(("P", v1::SignatureFormat::Cms), (&*header.profile, header.signature_format()));
    let Some(v1::sign_key_source::Source::Single(key)) = header.key_source.unwrap().source else { panic!() };
    assert_eq!(b"private".to_vec(), raw_key(Some(key)));

    let request =
        VerifyStreamRequest::new("public", signed.signature).profile("P").format(SignatureFormat::Der);
    assert!(it.client.verify_stream(request.clone(), parts(["text"])).await.unwrap().valid);
    let header: v1::VerifyStreamHeader = it.fake.last();
    assert_eq!((&b"text!"[..], v1::SignatureFormat::Der), (&*header.signature, header.signature_format()));
    assert!(!it.client.verify_stream(request, parts(["texts"])).await.unwrap().valid);
}

#[tokio::test]
async fn a_composite_s_keys_travel_in_the_header() {
    let it = broker(1).await;
    let request = SignStreamRequest::composite("traditional", "ml-dsa").profile("P");
    it.client.sign_reader(request, &b"text"[..]).await.unwrap();
    let keys = |source: Option<v1::SignKeySource>| match source.unwrap().source.unwrap() {
        v1::sign_key_source::Source::ComponentKeys(keys) => {
            keys.keys.into_iter().map(|key| raw_key(Some(key))).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let expected = [b"traditional".to_vec(), b"ml-dsa".to_vec()];
    assert_eq!(expected, *keys(it.fake.last::<v1::SignStreamHeader>().key_source));
    let request = VerifyStreamRequest::composite("traditional", "ml-dsa", "text!").profile("P");
    assert!(it.client.verify_reader(request, &b"text"[..]).await.unwrap().valid);
    assert_eq!(expected, *keys(it.fake.last::<v1::VerifyStreamHeader>().key_source));
}

#[tokio::test]
async fn parts_of_every_length_arrive_whole() {
    // Around every edge: of a varint, of a frame, of a message.
    for length in [0, 1, 119, 120, 127, 128, 16_383, 16_384, PART - 1, PART, PART + 1, 3 * PART + 7] {
        let it = broker(1).await;
        let data = Bytes::from(data(length));
        let one = tokio_stream::once(Ok(data.clone()));
        let HashValue::Raw(value) = it.client.hash_stream(hash(), one).await.unwrap().value else { panic!() };
        assert!(data == value, "{length}");
        // No message is longer than the server takes.
        assert!(it.fake.lengths().iter().all(|length| *length <= PART));
        let reader = io::Cursor::new(data.clone());
        let HashValue::Raw(value) = it.client.hash_reader(hash(), reader).await.unwrap().value else {
            panic!()
        };
        assert!(data == value, "{length}");
        assert_eq!(length.div_ceil(PART), it.fake.lengths().len());
    }
}

#[tokio::test]
async fn a_reader_may_give_little_at_a_time() {
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
    let it = broker(1).await;
    let data = data(PART + 5000);
    let answer = it.client.hash_reader(hash(), Slow(io::Cursor::new(data.clone()), 0)).await.unwrap();
    assert!(HashValue::Raw(data.into()) == answer.value);
    assert_eq!([PART, 5000], *it.fake.lengths());
}

#[tokio::test]
async fn a_refusal_arrives_at_once_and_ends_the_reading() {
    let it = broker(3).await;
    it.fake.fail(Status::not_found("no such profile"));
    let (reader, _, dropped) = endless();
    let error = it.client.hash_reader(hash(), reader).await.unwrap_err();
    assert_eq!(Code::NotFound, error.rejection().unwrap().code);
    dropped.await.unwrap_err();
    assert_eq!(1, it.fake.calls());
}

#[tokio::test]
async fn a_stream_is_never_sent_again() {
    let it = broker(3).await;
    it.fake.fail(Status::unavailable("draining"));
    let error = it.client.hash_stream(hash(), parts(["one"])).await.unwrap_err();
    assert_eq!(Code::Unavailable, error.rejection().unwrap().code);
    assert!(error.is_retryable());
    assert_eq!(1, it.fake.calls());
}

#[tokio::test]
async fn memory_is_constant_while_nobody_takes_the_data() {
    let it = broker(1).await;
    it.fake.then(Step::Hang);
    let (reader, read, dropped) = endless();
    let request = hash().timeout(Duration::from_millis(300));
    let error = it.client.hash_reader(request, reader).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Deadline { attempts: 1, .. }), "{error:?}");
    // Four parts here, and what HTTP/2 lets the server be sent before it takes anything: by default 1 MiB.
    let read = read.load(Ordering::Relaxed);
    assert!(read <= 4 * PART + 1024 * 1024 + PART, "{read}");
    dropped.await.unwrap_err();
    assert_eq!(End::Broken, it.fake.end().await);
}

#[tokio::test]
async fn the_client_s_time_for_calls_does_not_end_a_stream() {
    let it = broker(1).await;
    it.fake.then(Step::Usual).then(Step::Hang);
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let client = it.client.with_timeout(Duration::from_millis(50));
    let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let call = tokio::spawn(async move { client.hash_stream(hash(), stream).await });
    sender.send(Ok(Bytes::from("late"))).await.unwrap();
    // Another call runs into a longer time meanwhile.
    while it.fake.calls() == 0 {
        tokio::task::yield_now().await;
    }
    let late = it.client.with_timeout(Duration::from_millis(100));
    late.hash_data(HashDataRequest::new("").profile("P")).await.unwrap_err();
    drop(sender);
    assert_eq!(HashValue::Raw("late".into()), call.await.unwrap().unwrap().value);
}

#[tokio::test]
async fn a_reader_s_error_ends_the_call_and_the_broker_does_not_take_it_for_the_end() {
    struct Broken(usize);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::other("the disk is gone"));
            }
            let length = buffer.len().min(self.0);
            self.0 -= length;
            Ok(length)
        }
    }
    for before in [0, 5, PART, 2 * PART + 5] {
        let it = broker(3).await;
        let error = it.client.hash_reader(hash(), Broken(before)).await.unwrap_err();
        let ErrorKind::Input { source, .. } = &error.kind else { panic!("{error:?}") };
        assert_eq!("the disk is gone", source.to_string());
        assert!(error.to_string().contains("the disk is gone"));
        assert!(!error.is_retryable() && !error.is_unreachable());
        assert_eq!(End::Broken, it.fake.end().await, "{before}");
        // The connection outlives it.
        it.client.hash_data(HashDataRequest::new("").profile("P")).await.unwrap();
    }
}

#[tokio::test]
async fn an_error_among_parts_is_one_of_a_reader() {
    let it = broker(1).await;
    let broken = parts(["one"]).chain(tokio_stream::once(Err(io::ErrorKind::InvalidData.into())));
    let error = it.client.sign_stream(SignStreamRequest::new("k").profile("P"), broken).await.unwrap_err();
    assert!(
        matches!(&error.kind, ErrorKind::Input { source, .. } if source.kind() == io::ErrorKind::InvalidData)
    );
    assert_eq!(End::Broken, it.fake.end().await);
}

#[tokio::test]
async fn a_reader_that_panics_has_not_come_to_its_end() {
    struct Panics(bool);
    impl Read for Panics {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert!(!self.0, "a reader's own mistake");
            self.0 = true;
            Ok(buffer.len())
        }
    }
    let it = broker(1).await;
    let error = it.client.hash_reader(hash(), Panics(false)).await.unwrap_err();
    assert!(
        matches!(&error.kind, ErrorKind::Input { source, .. } if source.to_string().contains("panicked")),
        "{error:?}"
    );
    assert_eq!(End::Broken, it.fake.end().await);
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled() {
    let it = broker(1).await;
    let (reader, _, dropped) = endless();
    let client = it.client.clone();
    it.fake.then(Step::Hang);
    let call = tokio::spawn(async move { client.hash_reader(hash(), reader).await });
    while it.fake.calls() == 0 {
        tokio::task::yield_now().await;
    }
    call.abort();
    dropped.await.unwrap_err();
    assert_eq!(End::Broken, it.fake.end().await);
}

#[tokio::test]
async fn a_broker_that_goes_away_in_the_middle_is_an_error_of_the_connection() {
    let mut it = broker(3).await;
    it.fake.then(Step::Hang);
    let (reader, _, dropped) = endless();
    let client = it.client.clone();
    let call = tokio::spawn(async move { client.hash_reader(hash(), reader).await });
    while it.fake.calls() == 0 {
        tokio::task::yield_now().await;
    }
    it.running.take().unwrap().stop();
    let error = call.await.unwrap().unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Connection { .. }), "{error:?}");
    dropped.await.unwrap_err();
}

#[tokio::test]
async fn a_restarted_broker_is_found_by_a_stream_too() {
    let mut it = broker(3).await;
    for _ in 0..3 {
        it.client.hash_reader(hash(), &b"text"[..]).await.unwrap();
        it.running.take().unwrap().stop();
        it.running = Some(start(&it.fake, it.socket.clone()));
    }
    it.client.hash_reader(hash(), &b"text"[..]).await.unwrap();
}

#[tokio::test]
async fn a_missing_broker_is_an_error_that_names_the_socket() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::builder().socket(folder.path().join("s")).retry(quick(2)).connect_lazy().unwrap();
    let error = client.hash_reader(hash(), &b"text"[..]).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Connect { .. }), "{error:?}");
}

#[tokio::test]
async fn an_empty_answer_to_a_stream_is_a_protocol_error() {
    let it = broker(1).await;
    it.fake.then(Step::Empty).then(Step::Empty);
    let error = it.client.hash_reader(hash(), &b"text"[..]).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Protocol { .. }));
    let error =
        it.client.sign_reader(SignStreamRequest::new("k").profile("P"), &b"text"[..]).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Protocol { .. }));
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_an_error_before_anything_is_sent() {
    let it = broker(1).await;
    let error = it.client.hash_stream(hash().traceparent("a\nb"), parts([])).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Invalid { what: "traceparent", .. }));
    assert_eq!(0, it.fake.calls());
}

#[tokio::test]
async fn streams_and_calls_run_at_the_same_time() {
    let it = broker(1).await;
    let data = data(5 * PART);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (client, data) = (it.client.clone(), data.clone());
            tokio::spawn(async move { client.hash_reader(hash(), io::Cursor::new(data)).await })
        })
        .collect();
    it.client.hash_data(HashDataRequest::new("x").profile("P")).await.unwrap();
    for task in tasks {
        assert!(HashValue::Raw(data.clone().into()) == task.await.unwrap().unwrap().value);
    }
}

#[tokio::test]
async fn hashes_data_that_comes_piece_by_piece() {
    let it = broker(1).await;
    let mut hasher = it.client.hasher(hash());
    // More pieces than wait at the same time.
    for _ in 0..20 {
        hasher.update("piece ").await.unwrap();
    }
    let answer = hasher.finalize().await.unwrap();
    assert_eq!(HashValue::Raw("piece ".repeat(20).into()), answer.value);
    assert_eq!([6; 20], *it.fake.lengths());
    assert_eq!(End::Complete, it.fake.end().await);
}

#[tokio::test]
async fn a_hasher_that_is_dropped_cancels_its_call() {
    let it = broker(1).await;
    let mut hasher = it.client.hasher(hash());
    hasher.update("piece").await.unwrap();
    while it.fake.calls() == 0 {
        tokio::task::yield_now().await;
    }
    drop(hasher);
    assert_eq!(End::Broken, it.fake.end().await);
}

#[tokio::test]
async fn a_hasher_says_why_the_broker_refused_and_then_that_it_has_failed() {
    let it = broker(1).await;
    it.fake.fail(Status::not_found("no such profile"));
    let mut hasher = it.client.hasher(hash());
    let error = loop {
        if let Err(error) = hasher.update("piece").await {
            break error;
        }
    };
    assert_eq!("no such profile", error.rejection().unwrap().message);
    let error = hasher.update("piece").await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Invalid { .. }), "{error:?}");
    let error = hasher.finalize().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Invalid { .. }), "{error:?}");

    it.fake.fail(Status::not_found("no such profile"));
    let error = it.client.hasher(hash()).finalize().await.unwrap_err();
    assert_eq!("no such profile", error.rejection().unwrap().message);
}
