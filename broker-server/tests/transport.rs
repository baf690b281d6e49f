//! The transport through a real socket: hostile and unlucky clients harm nobody else's call.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod support;

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use broker_proto::v1::{
    GetInfoRequest, HashDataRequest, HashStreamRequest, PipelineRequest,
    crypto_service_client::CryptoServiceClient, info_service_client::InfoServiceClient,
    pipeline_request::Operation,
};
use broker_server::{
    compute::Pool,
    operation::{CAPABILITIES, aead::NonceLedger},
    policy::{AnyOperation, Catalogue},
    rpc::{Broker, BrokerState, Health},
    transport::{Listener, Outcome, TransportOptions, run, socket::SocketOptions},
};
use hyper_util::rt::TokioIo;
use prost::Message as _;
use support::http2::{self, HASH_DATA, PREFACE, call_header, connect, frame, hash_call, header_block, hello};
use tokio::sync::oneshot;
use tonic::{
    Code,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_types::StatusExt as _;

struct Running {
    path: PathBuf,
    health: Health,
    stop: Option<oneshot::Sender<()>>,
    server: Option<thread::JoinHandle<Outcome>>,
    _home: tempfile::TempDir,
}

impl Running {
    fn stop(&mut self) -> Outcome {
        drop(self.stop.take());
        self.server.take().unwrap().join().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

fn start(change: impl FnOnce(&mut TransportOptions)) -> Running {
    let mut stop = None;
    let mut running = start_until(change, |_, stopper| stop = Some(stopper));
    running.stop = stop;
    running
}

/// Starts a server whose socket is there before it serves, and calls `before` then. It ends when the sender is dropped.
fn start_until(
    change: impl FnOnce(&mut TransportOptions),
    before: impl FnOnce(&Path, oneshot::Sender<()>),
) -> Running {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    let listener = Listener::bind(&path, &SocketOptions::default()).unwrap();
    let mut options =
        TransportOptions { drain_idle: Duration::from_millis(50), ..TransportOptions::default() };
    change(&mut options);
    let catalogue = Catalogue::bundled(CAPABILITIES).unwrap();
    let pool = Pool::new(2, 64, Duration::from_secs(1));
    let broker = Broker::new(BrokerState::bare(catalogue, pool, NonceLedger::new().unwrap()));
    let health = Health::new(&broker.services());
    let (stop, stopped) = oneshot::channel::<()>();
    before(&path, stop);
    let server = thread::spawn({
        let health = health.clone();
        move || {
            let routes = || broker.routes(&health);
            run(vec![listener], &options, routes, &health, async { drop(stopped.await) }).unwrap()
        }
    });
    Running { path, health, stop: None, server: Some(server), _home: home }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn channel(path: &Path) -> Channel {
    let path = path.to_owned();
    let connect = move |_| {
        let path = path.clone();
        async move { Ok::<_, std::io::Error>(TokioIo::new(tokio::net::UnixStream::connect(path).await?)) }
    };
    Endpoint::from_static("http://localhost")
        .connect_with_connector(tower::service_fn(connect))
        .await
        .unwrap()
}

fn request(input: Vec<u8>) -> HashDataRequest {
    HashDataRequest { profile: "Default".into(), input: input.into(), ..Default::default() }
}

async fn hashes(channel: &Channel) {
    let mut client = CryptoServiceClient::new(channel.clone());
    client.hash_data(request(b"abc".to_vec())).await.unwrap();
}

#[test]
fn every_service_answers() {
    let mut running = start(|_| {});
    runtime().block_on(async {
        let channel = channel(&running.path).await;
        hashes(&channel).await;
        let info = InfoServiceClient::new(channel.clone()).get_info(GetInfoRequest {}).await.unwrap();
        let names: Vec<_> = AnyOperation::all().iter().map(|operation| operation.name).collect();
        assert_eq!(info.into_inner().operations, names);
        for service in ["", "cryptobroker.v1.CryptoService", "cryptobroker.v1.InfoService"] {
            let request = HealthCheckRequest { service: service.into() };
            let answer = HealthClient::new(channel.clone()).check(request).await.unwrap();
            assert_eq!(answer.into_inner().status, 1);
        }
    });
    assert_eq!(running.stop(), Outcome::Drained);
    assert!(!running.path.exists());
}

#[test]
fn garbage_and_half_requests_harm_nobody() {
    let running = start(|_| {});
    runtime().block_on(async {
        let channel = channel(&running.path).await;
        hashes(&channel).await;
        let mut kept = Vec::new();
        for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 300], &PREFACE[..9], PREFACE] {
            let mut stream = UnixStream::connect(&running.path).unwrap();
            stream.write_all(bytes).unwrap();
            kept.push(stream);
            hashes(&channel).await;
        }
        drop(kept);
        hashes(&channel).await;
    });
}

#[test]
fn a_message_over_the_limit_is_refused_without_being_taken() {
    let running = start(|_| {});
    runtime().block_on(async {
        let channel = channel(&running.path).await;
        let mut client = CryptoServiceClient::new(channel.clone());
        let status = client.hash_data(request(vec![0; 100 << 20])).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert_eq!(status.get_details_error_info().unwrap().reason, "MESSAGE_TOO_LARGE");
        hashes(&channel).await;
    });
}

/// A connection on which these bytes have been sent, and those have come.
fn ask(path: &Path, bytes: &[u8], wanted: &[u8]) -> UnixStream {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.write_all(bytes).unwrap();
    let mut seen: Vec<u8> = Vec::new();
    while !seen.windows(wanted.len()).any(|window| window == wanted) {
        let mut buffer = [0; 1024];
        let length = stream.read(&mut buffer).unwrap();
        assert!(length > 0);
        seen.extend(&buffer[..length]);
    }
    stream
}

#[test]
fn answers_that_nobody_fetches_hold_no_place() {
    let running = start(|options| options.max_connections = 8);
    runtime().block_on(async {
        // SETTINGS_INITIAL_WINDOW_SIZE 0: no byte of an answer may be sent.
        let settings = frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
        let question = frame(0, 1, 1, b"\0\0\0\0\x09\x0a\x07Default");
        let bytes = [PREFACE, &settings, &call_header(1, HASH_DATA), &question].concat();
        // The answer's HEADERS frame comes, which no window holds up: the call has been answered.
        let _hoard: Vec<_> = (0..8).map(|_| ask(&running.path, &bytes, &[1, 4, 0, 0, 0, 1])).collect();
        hashes(&channel(&running.path).await).await;
    });
}

/// A client of pipelines that reads no further than ten bytes.
#[test]
fn a_pipeline_whose_answers_nobody_fetches_holds_no_place() {
    let running = start(|options| options.max_connections = 4);
    runtime().block_on(async {
        let settings = frame(4, 0, 0, &[0, 4, 0, 0, 0, 10]);
        let items: Vec<u8> = (1..=2000)
            .flat_map(|sequence| {
                let operation = Some(Operation::HashData(request(b"x".to_vec())));
                let item = PipelineRequest { sequence, timeout: None, operation }.encode_to_vec();
                [&[0], &u32::try_from(item.len()).unwrap().to_be_bytes()[..], &item].concat()
            })
            .collect();
        let items = items.chunks(16_000).flat_map(|part| frame(0, 0, 1, part)).collect::<Vec<_>>();
        let head = call_header(1, "/cryptobroker.v1.PipelineService/Execute");
        let bytes = [PREFACE, &settings, &head, &items].concat();
        // The ten bytes come: the rest of that frame waits, and all that is behind it.
        let ten = [0, 0, 10, 0, 0, 0, 0, 0, 1];
        let _hoard: Vec<_> = (0..4).map(|_| ask(&running.path, &bytes, &ten)).collect();
        hashes(&channel(&running.path).await).await;
    });
}

#[test]
fn what_is_not_grpc_is_told_so_by_http() {
    async fn status(path: &Path, method: &str, content: &str) -> (u16, String) {
        let socket = TokioIo::new(tokio::net::UnixStream::connect(path).await.unwrap());
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, socket).await.unwrap();
        tokio::spawn(connection);
        let request = hyper::Request::builder()
            .method(method)
            .uri(format!("http://localhost{HASH_DATA}"))
            .header("content-type", content)
            .body(String::new())
            .unwrap();
        let answer = sender.send_request(request).await.unwrap();
        (answer.status().as_u16(), answer.headers()["grpc-status"].to_str().unwrap().to_owned())
    }
    let running = start(|_| {});
    runtime().block_on(async {
        for (method, content) in
            [("GET", "application/grpc"), ("POST", "application/json"), ("POST", "application/grpc-web")]
        {
            assert_eq!(status(&running.path, method, content).await, (415, "3".to_owned()), "{content}");
        }
        assert_eq!(status(&running.path, "POST", "application/grpc+proto").await.0, 200);
    });
}

#[test]
fn a_message_in_pieces_is_put_together() {
    let running = start(|_| {});
    let settings = frame(4, 0, 0, &[]);
    let mut stream = UnixStream::connect(&running.path).unwrap();
    stream.write_all(&[PREFACE, &settings, &call_header(1, HASH_DATA)].concat()).unwrap();
    let message = b"\0\0\0\0\x09\x0a\x07Default";
    for byte in &message[..message.len() - 1] {
        stream.write_all(&frame(0, 0, 1, &[*byte])).unwrap();
    }
    stream.write_all(&frame(0, 1, 1, b"t")).unwrap();
    let mut seen: Vec<u8> = Vec::new();
    let mut buffer = [0; 1024];
    // SHA3-512 of nothing, as the profile Default has it.
    while !seen.windows(8).any(|window| window == b"a69f73cc") {
        let length = stream.read(&mut buffer).unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend(&buffer[..length]);
    }
}

#[test]
fn hundreds_of_idle_connections_make_room_for_a_busy_one() {
    let running = start(|options| options.max_connections = 16);
    runtime().block_on(async {
        let mut open = Vec::new();
        for _ in 0..400 {
            open.push(UnixStream::connect(&running.path).unwrap());
        }
        hashes(&channel(&running.path).await).await;
        // The first ones were closed to make room.
        let mut first = &open[0];
        let mut rest = Vec::new();
        let _ = first.read_to_end(&mut rest);
        hashes(&channel(&running.path).await).await;
    });
}

#[test]
fn a_call_that_takes_too_long_is_told_so() {
    // The broker's own deadline: tonic's client does not leave the caller's to the server.
    let running = start(|options| options.max_request_time = Duration::from_nanos(1));
    runtime().block_on(async {
        let channel = channel(&running.path).await;
        let late = request(vec![0; 1 << 20]);
        let status = CryptoServiceClient::new(channel.clone()).hash_data(late).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        let mut odd = tonic::Request::new(request(Vec::new()));
        odd.metadata_mut().insert("grpc-timeout", "soon".parse().unwrap());
        let status = CryptoServiceClient::new(channel).hash_data(odd).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
    });
}

#[test]
fn what_is_compressed_is_refused_and_told_what_is_taken() {
    async fn refused<M: prost::Message + Default + 'static>(channel: &Channel, path: &'static str) -> bool {
        let mut grpc = tonic::client::Grpc::new(channel.clone());
        grpc.ready().await.unwrap();
        let mut request = tonic::Request::new(tokio_stream::once(M::default()));
        request.metadata_mut().insert("grpc-encoding", "gzip".parse().unwrap());
        let codec = tonic_prost::ProstCodec::<M, ()>::default();
        let status = grpc.streaming(request, path.parse().unwrap(), codec).await.unwrap_err();
        let reason = status.get_details_error_info().unwrap().reason;
        let taken = status.metadata().get("grpc-accept-encoding").unwrap();
        (status.code(), reason.as_str()) == (Code::Unimplemented, "UNSUPPORTED_ENCODING")
            && taken == "identity"
    }
    let running = start(|_| {});
    runtime().block_on(async {
        let channel = channel(&running.path).await;
        assert!(refused::<HashDataRequest>(&channel, "/cryptobroker.v1.CryptoService/HashData").await);
        assert!(refused::<HashDataRequest>(&channel, "/CryptoBroker.CryptoGrpc/HashData").await);
        assert!(refused::<HashStreamRequest>(&channel, "/cryptobroker.v1.StreamService/HashStream").await);
        assert!(refused::<PipelineRequest>(&channel, "/cryptobroker.v1.PipelineService/Execute").await);
        assert!(refused::<HealthCheckRequest>(&channel, "/grpc.health.v1.Health/Check").await);
        let mut named = tonic::Request::new(request(Vec::new()));
        named.metadata_mut().insert("grpc-encoding", "identity".parse().unwrap());
        CryptoServiceClient::new(channel).hash_data(named).await.unwrap();
    });
}

#[test]
fn an_unknown_profile_is_not_found_and_says_why() {
    let running = start(|_| {});
    runtime().block_on(async {
        let mut client = CryptoServiceClient::new(channel(&running.path).await);
        let ask = HashDataRequest { profile: "None".into(), ..Default::default() };
        let status = client.hash_data(ask).await.unwrap_err();
        assert_eq!(status.code(), Code::NotFound);
        assert_eq!(status.get_details_error_info().unwrap().reason, "UNKNOWN_PROFILE");
    });
}

#[test]
fn a_drain_tells_watchers_and_does_not_wait_for_them() {
    let mut running = start(|_| {});
    runtime().block_on(async {
        let channel = channel(&running.path).await;
        let watch = HealthClient::new(channel.clone()).watch(HealthCheckRequest::default()).await.unwrap();
        let mut watch = watch.into_inner();
        assert_eq!(watch.message().await.unwrap().unwrap().status, 1);
        drop(running.stop.take());
        assert_eq!(watch.message().await.unwrap().unwrap().status, 2);
        assert_eq!(watch.message().await.unwrap_err().code(), Code::Unavailable);
    });
    assert_eq!(running.server.take().unwrap().join().unwrap(), Outcome::Drained);
}

#[test]
fn watch_of_unknown_service_says_so_and_stays_open_until_the_end() {
    let mut running = start(|_| {});
    runtime().block_on(async {
        let channel = channel(&running.path).await;
        let request = HealthCheckRequest { service: "nobody".into() };
        let mut watch = HealthClient::new(channel.clone()).watch(request).await.unwrap().into_inner();
        assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::ServiceUnknown);
        hashes(&channel).await;
        drop(running.stop.take());
        assert_eq!(watch.message().await.unwrap_err().code(), Code::Unavailable);
    });
    assert_eq!(running.stop(), Outcome::Drained);
}

#[test]
fn watchers_of_services_with_keys_are_told_when_keys_cannot_be_used() {
    let running = start(|_| {});
    runtime().block_on(async {
        let channel = channel(&running.path).await;
        let request = HealthCheckRequest { service: "cryptobroker.v1.CryptoService".into() };
        let mut watch = HealthClient::new(channel.clone()).watch(request).await.unwrap().into_inner();
        assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
        running.health.set_keyed(false);
        assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
        for service in ["", "cryptobroker.v1.InfoService"] {
            let request = HealthCheckRequest { service: service.into() };
            let answer = HealthClient::new(channel.clone()).check(request).await.unwrap();
            assert_eq!(answer.into_inner().status(), ServingStatus::Serving, "{service}");
        }
        running.health.set_keyed(true);
        assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    });
}

#[test]
fn connections_that_wait_at_the_end_of_a_drain_are_served() {
    let mut waiting = Vec::new();
    // The drain is over as soon as it begins, before anything has been accepted.
    let mut running = start_until(
        |options| options.drain_idle = Duration::ZERO,
        |path, stop| {
            drop(stop);
            for _ in 0..20 {
                let mut stream = connect(path);
                stream.write_all(&[hello(), hash_call(1, "localhost")].concat()).unwrap();
                waiting.push(stream);
            }
        },
    );
    assert_eq!(running.stop(), Outcome::Drained);
    for mut stream in waiting {
        let seen = http2::read_to_end(&mut stream);
        assert!(seen.windows(8).any(|window| window == http2::HASH), "{}", String::from_utf8_lossy(&seen));
    }
}

#[test]
fn connection_without_a_call_is_told_to_go_and_others_stay() {
    let running = start(|options| options.first_call_time = Duration::from_millis(100));
    // One whose authority is mended stays in the filter, and one whose is not leaves it.
    let mut idle: Vec<UnixStream> = ["/tmp/broker.sock", "localhost"]
        .iter()
        .map(|authority| {
            let mut stream = connect(&running.path);
            stream.write_all(&[hello(), hash_call(1, authority)].concat()).unwrap();
            http2::read_until(&mut stream, http2::HASH);
            stream
        })
        .collect();
    for sent in [&b""[..], &PREFACE[..7], &hello(), &[&hello()[..], &[0, 0]].concat()] {
        let mut silent = connect(&running.path);
        silent.write_all(sent).unwrap();
        // No stream has been worked on, so all can be sent again.
        assert_eq!(http2::goaway(&mut silent), Some((0, http2::NO_ERROR)), "{sent:?}");
    }
    for (stream, authority) in idle.iter_mut().zip(["/tmp/broker.sock", "localhost"]) {
        stream.write_all(&hash_call(3, authority)).unwrap();
        http2::read_until(stream, http2::HASH);
    }
}

#[test]
fn header_block_that_does_not_end_in_time_ends_its_connection() {
    let running = start(|options| options.header_block_time = Duration::from_millis(50));
    for authority in ["/tmp/broker.sock", "localhost"] {
        let begun = frame(http2::HEADERS, 0, 3, &[0x83]);
        for rest in [&begun[..], &begun[..9]] {
            let mut stream = connect(&running.path);
            stream.write_all(&[&hello(), &hash_call(1, authority)[..], rest].concat()).unwrap();
            let ended = http2::goaway(&mut stream).map(|(_, code)| code);
            assert_eq!(ended, Some(http2::ENHANCE_YOUR_CALM), "{authority}");
        }
    }
}

/// A call whose list of header fields has `length` bytes and a little more.
fn large_call(stream: u32, authority: &str, length: usize) -> Vec<u8> {
    let large = http2::literal("large", &vec![b'x'; length]);
    header_block(stream, &[http2::call_fields(HASH_DATA, authority), large].concat())
}

#[test]
fn too_much_metadata_costs_the_call_alone_up_to_the_connections_limit() {
    let running = start(|_| {});
    for authority in ["/tmp/broker.sock", "localhost"] {
        let mut stream = connect(&running.path);
        for (length, number) in [(17 << 10, 1), (40 << 10, 3), (63 << 10, 5)] {
            let sent = [large_call(number, authority, length), frame(0, 1, number, &[])].concat();
            let sent = if number == 1 { [hello(), sent].concat() } else { sent };
            stream.write_all(&sent).unwrap();
        }
        stream.write_all(&hash_call(7, authority)).unwrap();
        http2::read_until(&mut stream, http2::HASH);
    }
    runtime().block_on(async {
        let channel = channel(&running.path).await;
        for length in [17 << 10, 60 << 10] {
            let mut large = tonic::Request::new(request(Vec::new()));
            large.metadata_mut().insert("large", "x".repeat(length).parse().unwrap());
            let status = CryptoServiceClient::new(channel.clone()).hash_data(large).await.unwrap_err();
            assert_eq!(status.code(), Code::InvalidArgument, "{status}");
            assert_eq!(status.get_details_error_info().unwrap().reason, "METADATA_TOO_LARGE");
        }
        let mut allowed = tonic::Request::new(request(Vec::new()));
        allowed.metadata_mut().insert("large", "x".repeat(15 << 10).parse().unwrap());
        CryptoServiceClient::new(channel).hash_data(allowed).await.unwrap();
    });
}

#[test]
fn metadata_over_the_connections_limit_ends_it() {
    let running = start(|_| {});
    // Huffman's code of eight `x`, of 7 bits each (RFC 7541, appendix B): 70,000 of them are fewer bytes than the limit.
    let coded = [0xf3, 0xe7, 0xcf, 0x9f, 0x3e, 0x7c, 0xf9].repeat(70_000 / 8);
    let coded = [vec![0], http2::string(b"large", false), http2::string(&coded, true)].concat();
    for authority in ["/tmp/broker.sock", "localhost"] {
        let fields = http2::call_fields(HASH_DATA, authority);
        let many = http2::literal("a", b"b").repeat(2000);
        for sent in [
            large_call(3, authority, 66 << 10),
            large_call(3, authority, 300 << 10),
            large_call(3, authority, 4 << 20),
            header_block(3, &[&fields[..], &coded].concat()),
            header_block(3, &[&fields[..], &many].concat()),
        ] {
            for first in [vec![], hash_call(1, authority)] {
                let mut stream = connect(&running.path);
                http2::send_what_goes(&mut stream, &[hello(), first.clone(), sent.clone()].concat());
                let ended = http2::goaway(&mut stream).map(|(_, code)| code);
                assert_eq!(ended, Some(http2::ENHANCE_YOUR_CALM), "{authority} {}", sent.len());
            }
        }
    }
    runtime().block_on(async { hashes(&channel(&running.path).await).await });
}
