//! What a client can make the broker's process hold: memory, files, and lines of its log.
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
    http2::{self, COMPRESSION_ERROR, call_fields, connect, header_block, hello},
};

/// KiB. A broker that has nothing to do has less than half of it.
const MEMORY: u64 = 40 << 10;

const PATH: &str = "/tmp/broker.sock";

async fn hashes(broker: &Broker) {
    let request = HashDataRequest { profile: "Default".into(), input: "x".into(), ..Default::default() };
    broker.crypto().await.hash_data(request).await.unwrap();
}

/// A call, and entries of no value for the table in as many blocks as 33 MiB take.
fn entries(first: &[u8]) -> Vec<u8> {
    let mut sent = hello();
    sent.extend(header_block(1, &[first, &call_fields(http2::HASH_DATA, PATH)].concat()));
    let entries = [0x40, 1, b'x', 0].repeat(1900);
    for number in 1..(33 << 20) / entries.len() {
        sent.extend(header_block(2 * u32::try_from(number).unwrap() + 1, &entries));
    }
    sent
}

#[tokio::test]
async fn hpack_bomb_is_a_compression_error_and_costs_no_memory() {
    let broker = Broker::start(&["--shards", "1"]);
    let mut stream = connect(&broker.socket);
    // The peer lets its table have 2^28 - 1 bytes, where our SETTINGS allow 4096 (RFC 7541 6.3).
    http2::send_what_goes(&mut stream, &entries(&[0x3f, 0xe0, 0xff, 0xff, 0x7f]));
    let ended = http2::goaway(&mut stream).map(|(_, code)| code);
    assert_eq!(ended, Some(COMPRESSION_ERROR));
    assert!(broker.resident() < MEMORY, "{} KiB", broker.resident());
    hashes(&broker).await;
}

#[tokio::test]
async fn table_stays_within_our_settings_whatever_is_sent() {
    let broker = Broker::start(&["--shards", "1"]);
    let mut stream = connect(&broker.socket);
    http2::send_what_goes(&mut stream, &entries(&[]));
    assert!(broker.resident() < MEMORY, "{} KiB", broker.resident());
    hashes(&broker).await;
}

#[tokio::test]
async fn connections_that_give_way_are_bounded_files() {
    let broker = Broker::start(&["--dev", "--shards", "1", "--max-connections", "256"]);
    let allowed = TransportOptions { max_connections: 256, ..TransportOptions::default() }.max_open_files(1);
    assert!(allowed < 400, "{allowed}");
    let (mut most, mut open) = (0, Vec::new());
    for _ in 0..1000 {
        open.push(UnixStream::connect(&broker.socket).unwrap());
        most = most.max(broker.open_files());
    }
    assert!(most <= allowed, "{most} files, {allowed} allowed");
    hashes(&broker).await;
    assert!(most > 256 && broker.open_files() <= allowed, "{most} files, {allowed} allowed");
}

#[tokio::test]
async fn lack_of_files_is_one_line_when_it_begins_and_one_when_it_ends() {
    let broker = Broker::start(&["--shards", "1", "--max-connections", "1000"]);
    let pid = Pid::from_raw(i32::try_from(broker.pid()).unwrap());
    prlimit(pid, Resource::Nofile, Rlimit { current: Some(60), maximum: Some(60) }).unwrap();
    // Each one that is accepted makes another give way, so there is room now and again.
    let open: Vec<UnixStream> = (0..200).map(|_| UnixStream::connect(&broker.socket).unwrap()).collect();
    let lines = broker.logged_until("cannot be accepted");
    hashes(&broker).await;
    drop(open);
    let lines = [lines, broker.logged_until("can be accepted again")].concat();
    let count = |word| lines.iter().filter(|line| line.contains(word)).count();
    assert_eq!((count("cannot be accepted"), count("can be accepted again")), (1, 1), "{lines:#?}");
    hashes(&broker).await;
}

#[test]
fn limit_of_files_below_the_need_is_said_at_the_start() {
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
