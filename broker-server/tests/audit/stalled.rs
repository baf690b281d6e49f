//! Readers of the audit or the log that do not read.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use broker_proto::v1;
use rustix::fs::{FileType, Mode, OFlags};
use tempfile::TempDir;
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{
    stop,
    support::{
        Broker,
        aead::{NONCE, encrypt_request},
        channel, private_folder, reason, server,
        signing::{self, sign, source},
    },
};

const PROFILE: &str = "native ecdsa sha-256";

/// Creates a FIFO in a folder of its own.
fn fifo() -> (TempDir, PathBuf) {
    let folder = private_folder();
    let path = folder.path().join("audit.fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    (folder, path)
}

fn reader(path: &Path) -> File {
    let nonblocking = OFlags::NONBLOCK.bits() as i32;
    OpenOptions::new().read(true).write(true).custom_flags(nonblocking).open(path).unwrap()
}

/// Creates a FIFO that is full, and its reader.
fn full_fifo() -> (TempDir, PathBuf, File) {
    let (folder, path) = fifo();
    let mut reader = reader(&path);
    // Shorter writes fail as well: a pipe has room again only after a whole page is read.
    while reader.write(&[b'.'; 4096]).is_ok() {}
    (folder, path, reader)
}

/// Reads what is in the FIFO and what is written meanwhile.
fn drain_fifo(mut reader: &File) -> Vec<u8> {
    let mut text = Vec::new();
    let _would_block = reader.read_to_end(&mut text);
    text
}

fn hash(profile: &str) -> v1::HashDataRequest {
    v1::HashDataRequest { profile: profile.to_owned(), ..v1::HashDataRequest::default() }
}

fn encrypt() -> v1::EncryptDataRequest {
    encrypt_request("FIPS-140-3-128bit", b"sixteen bytes!!!", &NONCE, None, b"plaintext")
}

#[tokio::test]
async fn key_use_fails_after_the_audit_wait_while_hashes_are_served() {
    let (_folder, path, reader) = full_fifo();
    let broker =
        Broker::start(&["--shards", "1", "--audit-wait", "50ms", "--audit-log", path.to_str().unwrap()]);
    let mut client = broker.crypto().await;
    let status = client.encrypt_data(encrypt()).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::Internal, "AUDIT_UNAVAILABLE".into()));
    broker.logged(&["the audit cannot be written"]);
    // The next call fails before its key is used, so there is no second record.
    let status = client.encrypt_data(encrypt()).await.unwrap_err();
    assert_eq!(reason(&status), "AUDIT_UNAVAILABLE");
    client.hash_data(hash("Default")).await.unwrap();
    let large = v1::HashDataRequest { input: vec![7; 100_000].into(), ..hash("Default") };
    client.hash_data(large).await.unwrap();
    drain_fifo(&reader);
    broker.logged(&["the audit can be written again"]);
    client.encrypt_data(encrypt()).await.unwrap();
}

#[tokio::test]
async fn refusals_do_not_wait_and_dropped_records_are_counted() {
    const REFUSED: usize = 1500;
    let (_folder, path, reader) = full_fifo();
    let mut broker =
        Broker::start(&["--shards", "1", "--drain-idle", "0", "--audit-log", path.to_str().unwrap()]);
    let mut client = broker.crypto().await;
    for _ in 0..REFUSED {
        let status = client.hash_data(hash("Nope")).await.unwrap_err();
        assert_eq!((status.code(), reason(&status)), (Code::NotFound, "UNKNOWN_PROFILE".into()));
    }
    // A new connection is accepted and served.
    broker.crypto().await.hash_data(hash("Default")).await.unwrap();
    // Reads until the end during the drain. The FIFO has a reader all the time.
    let mut next_reader = File::options().read(true).open(&path).unwrap();
    drop(reader);
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        next_reader.read_to_string(&mut text).unwrap();
        text
    });
    drop(client);
    assert_eq!(stop(&mut broker), Some(0));
    let text = reading.join().unwrap();
    let written = text.matches("\"UNKNOWN_PROFILE\"").count();
    let dropped = text.split("\"records-lost\",\"refusals\":").nth(1).unwrap();
    let dropped: usize = dropped.split('}').next().unwrap().parse().unwrap();
    assert_eq!(written + dropped, REFUSED);
    assert!(written >= 1024 && dropped > 0, "{written} and {dropped}");
}

#[tokio::test]
async fn drain_ends_at_its_deadline_and_counts_unwritten_records() {
    let (_folder, path, _reader) = full_fifo();
    let mut broker = Broker::start(&[
        "--audit-wait",
        "10ms",
        "--drain-idle",
        "0",
        "--drain-deadline",
        "300ms",
        "--audit-log",
        path.to_str().unwrap(),
    ]);
    let mut client = broker.crypto().await;
    client.encrypt_data(encrypt()).await.unwrap_err();
    client.hash_data(hash("Nope")).await.unwrap_err();
    drop(client);
    let start = Instant::now();
    assert_eq!(stop(&mut broker), Some(1));
    assert!(start.elapsed() < Duration::from_secs(60));
    let line = broker.logged(&["the drain deadline passed"]);
    for fact in ["key_uses=1", "unwritten_key_uses=1", "unwritten_refusals=1"] {
        assert!(line.contains(fact), "{line}");
    }
}

#[tokio::test]
async fn cancelled_streams_do_not_wait_for_their_records() {
    let (_folder, path, reader) = full_fifo();
    let (broker, keys) =
        signing::broker("", &["--shards", "1", "--audit-wait", "10m", "--audit-log", path.to_str().unwrap()]);
    signing::key(keys.path(), "p-256");
    let key = std::fs::read(keys.path().join("p-256.key")).unwrap();
    let mut streams = v1::stream_service_client::StreamServiceClient::new(broker.channel().await);
    for _ in 0..4 {
        let mut request = tonic::Request::new(tokio_stream::StreamExt::chain(
            tokio_stream::iter([header(&key)]),
            tokio_stream::pending(),
        ));
        request.set_timeout(Duration::from_millis(200));
        streams.sign_stream(request).await.unwrap_err();
    }
    broker
        .crypto()
        .await
        .hash_data(v1::HashDataRequest { profile: "none".into(), ..hash("none") })
        .await
        .unwrap_err();
    let mut text = drain_fifo(&reader);
    let mut client = broker.crypto().await;
    sign(&mut client, PROFILE, &key, b"x", signing::DER).await.unwrap();
    text.extend(drain_fifo(&reader));
    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.matches("\"SignStream\"").count(), 4, "{text}");
}

#[tokio::test]
async fn stream_does_not_sign_after_the_audit_became_unavailable() {
    use v1::sign_stream_request::Part;
    let (_folder, path) = fifo();
    let first = reader(&path);
    let (broker, keys) = signing::broker("", &["--audit-log", path.to_str().unwrap()]);
    signing::key(keys.path(), "p-256");
    let key = std::fs::read(keys.path().join("p-256.key")).unwrap();
    let mut streams = v1::stream_service_client::StreamServiceClient::new(broker.channel().await);
    let (parts, request) = tokio::sync::mpsc::channel(1);
    let request = tokio_stream::wrappers::ReceiverStream::new(request);
    let call = tokio::spawn(async move { streams.sign_stream(request).await });
    parts.send(header(&key)).await.unwrap();
    // More data than the connection buffers, so the broker has read some of it, which it does once the key is loaded.
    for _ in 0..64 {
        let data = Part::Data(vec![7; 1 << 20].into());
        parts.send(v1::SignStreamRequest { part: Some(data) }).await.unwrap();
    }
    drop(first);
    drop(parts);
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(reason(&status), "AUDIT_UNAVAILABLE");
    let mut record = String::new();
    std::io::BufReader::new(File::open(&path).unwrap()).read_line(&mut record).unwrap();
    assert!(record.contains("\"failed\"") && record.contains("\"AUDIT_UNAVAILABLE\""), "{record}");
}

fn header(key: &[u8]) -> v1::SignStreamRequest {
    let header = v1::SignStreamHeader {
        profile: PROFILE.to_owned(),
        key_source: source(key),
        signature_format: signing::DER,
        metadata: None,
        context: None,
    };
    v1::SignStreamRequest { part: Some(v1::sign_stream_request::Part::Header(header)) }
}

#[tokio::test]
async fn key_services_are_not_serving_until_the_fifo_has_a_reader() {
    let (_folder, path) = fifo();
    let broker = Broker::start(&["--audit-log", path.to_str().unwrap()]);
    let mut health = HealthClient::new(broker.channel().await);
    let ask = |service: &str| HealthCheckRequest { service: service.to_owned() };
    let mut keyed = health.watch(ask("cryptobroker.v1.CryptoService")).await.unwrap().into_inner();
    assert_eq!(keyed.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    assert_eq!(health.check(ask("")).await.unwrap().into_inner().status(), ServingStatus::Serving);
    let mut client = broker.crypto().await;
    assert_eq!(reason(&client.encrypt_data(encrypt()).await.unwrap_err()), "AUDIT_UNAVAILABLE");
    let _reader = reader(&path);
    assert_eq!(keyed.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    client.encrypt_data(encrypt()).await.unwrap();
}

#[tokio::test]
async fn full_audit_disk_fails_key_uses_and_no_refusals() {
    let broker = Broker::start(&["--audit-log", "/dev/full"]);
    let mut client = broker.crypto().await;
    for _ in 0..2 {
        let status = client.encrypt_data(encrypt()).await.unwrap_err();
        assert_eq!((status.code(), reason(&status)), (Code::Internal, "AUDIT_UNAVAILABLE".into()));
    }
    let status = client.hash_data(hash("Nope")).await.unwrap_err();
    assert_eq!(reason(&status), "UNKNOWN_PROFILE");
    client.hash_data(hash("Default")).await.unwrap();
}

/// A broker whose log and audit go to standard error, a full pipe that is not read.
struct UnreadStderr {
    child: Child,
    socket: PathBuf,
    _folder: TempDir,
}

impl UnreadStderr {
    async fn start(arguments: &[&str]) -> Self {
        let folder = private_folder();
        let socket = folder.path().join("broker.sock");
        let mut command = server();
        command.arg("--socket").arg(&socket).args(["--audit-wait", "50ms"]).args(arguments);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = child.stderr.take().unwrap();
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains("serving") {
            let mut part = [0; 1024];
            let length = log.read(&mut part).unwrap();
            assert!(length > 0, "the broker ended before it served");
            seen.extend_from_slice(&part[..length]);
        }
        // The pipe stays open and is not read any more.
        child.stderr = Some(log);
        let mut client = v1::crypto_service_client::CryptoServiceClient::new(channel(&socket).await);
        while client.encrypt_data(encrypt()).await.is_ok() {}
        Self { child, socket, _folder: folder }
    }

    fn signal(&self, name: &str) {
        assert!(
            Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap().success()
        );
    }
}

impl Drop for UnreadStderr {
    fn drop(&mut self) {
        let _already_stopped = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn sigterm_works_while_standard_error_is_not_read() {
    let mut broker = UnreadStderr::start(&["--drain-idle", "0", "--drain-deadline", "300ms"]).await;
    let mut client = v1::crypto_service_client::CryptoServiceClient::new(channel(&broker.socket).await);
    client.hash_data(hash("Default")).await.unwrap();
    drop(client);
    broker.signal("TERM");
    // The exit code reports that records are missing.
    assert_eq!(broker.child.wait().unwrap().code(), Some(1));
}

#[tokio::test]
async fn second_signal_ends_the_process_while_standard_error_is_not_read() {
    let mut broker = UnreadStderr::start(&["--drain-idle", "1h", "--drain-deadline", "1h"]).await;
    let mut health = HealthClient::new(channel(&broker.socket).await);
    let mut states = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(states.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    broker.signal("TERM");
    // The drain has begun.
    assert_eq!(states.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    broker.signal("INT");
    assert_eq!(broker.child.wait().unwrap().code(), Some(1));
}
