//! The limits on what clients can make the broker use: memory, file descriptors, and lines of its log.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    io::{BufRead as _, BufReader},
    os::unix::net::UnixStream,
    process::{Command, Stdio},
};

use broker_proto::v1::HashDataRequest;
use broker_server::transport::TransportOptions;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use support::{
    Broker,
    http2::{self, COMPRESSION_ERROR, call_fields, connect, header_block, opening},
};

/// The limit on resident memory, in KiB. An idle broker has less than half of it.
const MAX_MEMORY: u64 = 40 << 10;

const AUTHORITY: &str = "/tmp/broker.sock";

async fn assert_serves(broker: &Broker) {
    let request = HashDataRequest { profile: "Default".into(), input: "x".into(), ..Default::default() };
    broker.crypto().await.hash_data(request).await.unwrap();
}

/// Returns a call whose header block begins with `first`, and 33 MiB of header blocks with small entries for the dynamic
/// table.
fn table_entries(first: &[u8]) -> Vec<u8> {
    let mut sent = opening();
    sent.extend(header_block(1, &[first, &call_fields(http2::HASH_DATA, AUTHORITY)].concat()));
    let entries = [0x40, 1, b'x', 0].repeat(1900);
    for number in 1..(33 << 20) / entries.len() {
        sent.extend(header_block(2 * u32::try_from(number).unwrap() + 1, &entries));
    }
    sent
}

#[tokio::test]
async fn hpack_bomb_is_compression_error_and_uses_no_memory() {
    let broker = Broker::start(&["--shards", "1"]);
    let mut stream = connect(&broker.socket);
    // The peer sets a table size of 2^28 - 1 bytes, and our SETTINGS allow 4096 (RFC 7541 6.3).
    http2::send_until_closed(&mut stream, &table_entries(&[0x3f, 0xe0, 0xff, 0xff, 0x7f]));
    let error = http2::goaway(&mut stream).map(|(_, error)| error);
    assert_eq!(error, Some(COMPRESSION_ERROR));
    assert!(broker.resident() < MAX_MEMORY, "{} KiB", broker.resident());
    assert_serves(&broker).await;
}

#[tokio::test]
async fn dynamic_table_uses_no_memory_beyond_settings() {
    let broker = Broker::start(&["--shards", "1"]);
    let mut stream = connect(&broker.socket);
    http2::send_until_closed(&mut stream, &table_entries(&[]));
    assert!(broker.resident() < MAX_MEMORY, "{} KiB", broker.resident());
    assert_serves(&broker).await;
}

#[tokio::test]
async fn file_descriptors_of_evicted_connections_are_limited() {
    let broker = Broker::start(&["--dev", "--shards", "1", "--max-connections", "256"]);
    let allowed = TransportOptions { max_connections: 256, ..TransportOptions::default() }.max_open_files(1);
    assert!(allowed < 400, "{allowed}");
    let (mut maximum, mut open) = (0, Vec::new());
    for _ in 0..1000 {
        open.push(UnixStream::connect(&broker.socket).unwrap());
        maximum = maximum.max(broker.open_files());
    }
    assert!(maximum <= allowed, "{maximum} files, {allowed} allowed");
    assert_serves(&broker).await;
    assert!(maximum > 256 && broker.open_files() <= allowed, "{maximum} files, {allowed} allowed");
}

#[tokio::test]
async fn lack_of_file_descriptors_is_logged_at_begin_and_end() {
    let broker = Broker::start(&["--shards", "1", "--max-connections", "1000"]);
    let pid = Pid::from_raw(i32::try_from(broker.pid()).unwrap());
    prlimit(pid, Resource::Nofile, Rlimit { current: Some(60), maximum: Some(60) }).unwrap();
    // Each accepted connection evicts another, so that file descriptors become available now and then.
    let open: Vec<UnixStream> = (0..200).map(|_| UnixStream::connect(&broker.socket).unwrap()).collect();
    let lines = broker.logged_until("cannot accept connections");
    assert_serves(&broker).await;
    drop(open);
    let lines = [lines, broker.logged_until("accepting connections again")].concat();
    let count = |word| lines.iter().filter(|line| line.contains(word)).count();
    assert_eq!(
        (count("cannot accept connections"), count("accepting connections again")),
        (1, 1),
        "{lines:#?}"
    );
    let end = lines.iter().find(|line| line.contains("accepting connections again")).unwrap();
    let duration = end.split_once("duration_ms=").and_then(|(_, rest)| rest.split_whitespace().next());
    assert!(duration.is_some_and(|text| text.parse::<u64>().is_ok()), "{end}");
    assert_serves(&broker).await;
}

#[test]
fn low_file_limit_is_logged_at_start() {
    let mut command = Command::new("sh");
    let folder = support::private_folder();
    let script = "ulimit -n 100; exec timeout 20 \"$@\"";
    command.args(["-c", script, "sh"]).arg(support::server().get_program()).arg("--socket");
    command.arg(folder.path().join("s")).args(["--audit-log", "off", "--log-output", "stderr"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.contains("limit of open files")).unwrap();
    assert!(line.contains("needed") && line.contains("100"), "{line}");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    lines.for_each(drop);
    child.wait().unwrap();
}
