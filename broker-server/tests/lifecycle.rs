//! Start, drain and stop: exit codes, socket files, and calls in flight.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, net::UnixListener, process::CommandExt as _},
    path::Path,
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use broker_proto::v1;
use support::{Broker, private_folder, server};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

#[tokio::test(flavor = "multi_thread")]
async fn drain_serves_every_accepted_call() {
    let mut broker = Broker::start(&["--drain-idle", "200ms", "--drain-deadline", "8s"]);
    let stop = Arc::new(AtomicBool::new(false));
    let served = Arc::new(AtomicUsize::new(0));
    let (started, mut under_load) = tokio::sync::mpsc::channel(1);
    let mut callers = Vec::new();
    for _ in 0..8 {
        let mut client = broker.crypto().await;
        let (stop, served, started) = (stop.clone(), served.clone(), started.clone());
        callers.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                client.hash_data(hash()).await.unwrap();
                if served.fetch_add(1, Ordering::Relaxed) == 500 {
                    started.send(()).await.unwrap();
                }
            }
        }));
    }
    under_load.recv().await.unwrap();
    let mut health = HealthClient::new(broker.channel().await);
    let mut states = health.watch(HealthCheckRequest { service: String::new() }).await.unwrap().into_inner();
    assert_eq!(states.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    broker.signal("TERM");
    assert_eq!(states.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    // New calls are served during the drain.
    let at_stop = served.load(Ordering::Relaxed);
    while served.load(Ordering::Relaxed) < at_stop + 100 {
        tokio::task::yield_now().await;
    }
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    drop(states);
    let socket = broker.socket.clone();
    let status = tokio::task::spawn_blocking(move || broker.wait()).await.unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(!socket.exists(), "the socket file was not removed");
}

#[test]
fn second_server_on_a_live_socket_exits_3() {
    let broker = Broker::start(&[]);
    let second = run(server().arg("--socket").arg(&broker.socket));
    assert_eq!(second.status.code(), Some(3), "{}", stderr(&second));
    assert!(stderr(&second).contains(broker.socket.to_str().unwrap()), "{}", stderr(&second));
    assert!(broker.socket.exists());
}

#[tokio::test]
async fn takes_over_the_stale_socket_of_a_killed_server() {
    let mut first = Broker::start(&[]);
    first.signal("KILL");
    first.wait();
    assert!(first.socket.exists());
    let second = Broker::start(&["--socket", first.socket.to_str().unwrap()]);
    let channel = support::channel(&first.socket).await;
    v1::crypto_service_client::CryptoServiceClient::new(channel).hash_data(hash()).await.unwrap();
    drop(second);
}

#[test]
fn does_not_replace_live_sockets_or_other_files() {
    let folder = private_folder();
    let live = folder.path().join("live.sock");
    let _listener = UnixListener::bind(&live).unwrap();
    let output = run(server().arg("--socket").arg(&live));
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(live.exists());

    let file = folder.path().join("precious.txt");
    fs::write(&file, "precious").unwrap();
    let output = run(server().arg("--socket").arg(&file));
    assert_ne!(output.status.code(), Some(0));
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
}

#[test]
fn refuses_a_folder_that_others_can_write_to() {
    let folder = private_folder();
    let open = folder.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let output = run(server().arg("--socket").arg(open.join("broker.sock")));
    assert_ne!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("sticky"), "{}", stderr(&output));
}

#[test]
fn refuses_a_folder_of_another_user() {
    let folder = private_folder();
    let theirs = folder.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    // Only root can create such a folder.
    if std::os::unix::fs::chown(&theirs, Some(12345), None).is_err() {
        println!("skipped: only root can create a folder of another user");
        return;
    }
    let output = run(server().arg("--socket").arg(theirs.join("broker.sock")));
    assert_ne!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("12345"), "{}", stderr(&output));
}

#[test]
fn socket_mode_defaults_to_0600_and_is_configurable() {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let broker = Broker::start(&[]);
    assert_eq!(mode(&broker.socket), 0o600);
    let broker = Broker::start(&["--socket-mode", "660"]);
    assert_eq!(mode(&broker.socket), 0o660);
}

#[test]
fn sigint_stops_the_server_and_foreign_files_stay() {
    let mut broker = Broker::start(&["--drain-idle", "0s"]);
    // The socket file was replaced, so the server must not remove it.
    fs::remove_file(&broker.socket).unwrap();
    fs::write(&broker.socket, "not a socket").unwrap();
    broker.signal("INT");
    assert_eq!(broker.wait().code(), Some(0));
    assert!(broker.socket.exists());
}

fn hash() -> v1::HashDataRequest {
    v1::HashDataRequest { profile: "Default".into(), input: "x".into(), metadata: None, output_format: 0 }
}

fn run(command: &mut Command) -> Output {
    // The timeout ends a server that starts by mistake.
    command.args(["--audit-log", "off", "--log-output", "stderr"]).process_group(0);
    let mut guarded = Command::new("timeout");
    guarded.arg("20").arg(command.get_program()).args(command.get_args());
    guarded.output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
