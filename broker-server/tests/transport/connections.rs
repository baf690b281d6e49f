//! Connections of clients that send garbage, send nothing, or do not read what they asked for.

use std::{io::Write as _, os::unix::net::UnixStream, path::Path, time::Duration};

use broker_proto::v1::{PipelineRequest, pipeline_request::Operation};
use prost::Message as _;

use crate::{
    Server, assert_serves, request, runtime,
    support::http2::{
        self, DATA, END_HEADERS, END_STREAM, HASH_DATA, HASH_REQUEST, HEADERS, NO_ERROR, PREFACE,
        call_header, connect, frame, hash_call, initial_window, opening,
    },
};

#[test]
fn garbage_and_truncated_requests_harm_no_other_call() {
    let server = Server::start(|_| {});
    runtime().block_on(async {
        let channel = server.channel().await;
        assert_serves(&channel).await;
        let mut open = Vec::new();
        for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 300], &PREFACE[..9], PREFACE] {
            let mut stream = connect(&server.path);
            stream.write_all(bytes).unwrap();
            open.push(stream);
            assert_serves(&channel).await;
        }
        drop(open);
        assert_serves(&channel).await;
    });
}

/// Sends `bytes` on a new connection and waits until `expected` has been received.
fn exchange(path: &Path, bytes: &[u8], expected: &[u8]) -> UnixStream {
    let mut stream = connect(path);
    stream.write_all(bytes).unwrap();
    http2::read_until(&mut stream, expected);
    stream
}

#[test]
fn unread_responses_occupy_no_slot() {
    let server = Server::start(|options| options.max_connections = 8);
    runtime().block_on(async {
        // The window admits no byte of a response.
        let call = [call_header(1, HASH_DATA), frame(DATA, END_STREAM, 1, HASH_REQUEST)].concat();
        let bytes = [PREFACE, &initial_window(0), &call].concat();
        // HEADERS are not subject to flow control. They show that the call has been answered.
        let headers = [HEADERS, END_HEADERS, 0, 0, 0, 1];
        let _open: Vec<_> = (0..8).map(|_| exchange(&server.path, &bytes, &headers)).collect();
        assert_serves(&server.channel().await).await;
    });
}

#[test]
fn pipeline_with_unread_responses_occupies_no_slot() {
    let server = Server::start(|options| options.max_connections = 4);
    runtime().block_on(async {
        let items: Vec<u8> = (1..=2000)
            .flat_map(|sequence| {
                let operation = Some(Operation::HashData(request(b"x".to_vec())));
                let item = PipelineRequest { sequence, timeout: None, operation }.encode_to_vec();
                [&[0], &u32::try_from(item.len()).unwrap().to_be_bytes()[..], &item].concat()
            })
            .collect();
        let items = items.chunks(16_000).flat_map(|part| frame(DATA, 0, 1, part)).collect::<Vec<_>>();
        let header = call_header(1, "/cryptobroker.v1.PipelineService/Execute");
        let bytes = [PREFACE, &initial_window(10), &header, &items].concat();
        // The client receives ten bytes of data, and everything after them waits.
        let data_header = [0, 0, 10, DATA, 0, 0, 0, 0, 1];
        let _open: Vec<_> = (0..4).map(|_| exchange(&server.path, &bytes, &data_header)).collect();
        assert_serves(&server.channel().await).await;
    });
}

#[test]
fn idle_connections_are_evicted_for_busy_one() {
    let server = Server::start(|options| options.max_connections = 16);
    runtime().block_on(async {
        let mut open: Vec<_> = (0..400).map(|_| connect(&server.path)).collect();
        assert_serves(&server.channel().await).await;
        // The server has closed the first connection.
        http2::read_to_end(&mut open[0]);
        assert_serves(&server.channel().await).await;
    });
}

#[test]
fn connection_without_call_receives_goaway_and_others_stay() {
    let server = Server::start(|options| options.first_call_timeout = Duration::from_millis(100));
    // A connection with a rewritten authority stays in the filter, and one with a valid authority does not.
    let authorities = ["/tmp/broker.sock", "localhost"];
    let mut idle = authorities
        .map(|authority| exchange(&server.path, &[opening(), hash_call(1, authority)].concat(), http2::HASH));
    for sent in [&b""[..], &PREFACE[..7], &opening(), &[&opening()[..], &[0, 0]].concat()] {
        let mut silent = connect(&server.path);
        silent.write_all(sent).unwrap();
        // The last stream is 0, so the client can retry every call.
        assert_eq!(http2::goaway(&mut silent), Some((0, NO_ERROR)), "{sent:?}");
    }
    for (stream, authority) in idle.iter_mut().zip(authorities) {
        stream.write_all(&hash_call(3, authority)).unwrap();
        http2::read_until(stream, http2::HASH);
    }
}
