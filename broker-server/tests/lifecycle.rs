//! Start, drain and stop: the exit codes, the socket file, and the calls in between.
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
async fn sigterm_loses_no_accepted_call() {
    let mut broker = Broker::start(&["--drain-idle", "200ms", "--drain-deadline", "8s"]);
    let stop = Arc::new(AtomicBool::new(false));
    let served = Arc::new(AtomicUsize::new(0));
    let (report_load, mut under_load) = tokio::sync::mpsc::channel(1);
    let mut callers = Vec::new();
    for _ in 0..8 {
        let mut client = broker.crypto().await;
        let (stop, served, report_load) = (stop.clone(), served.clone(), report_load.clone());
        callers.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                client.hash_data(request()).await.unwrap();
                if served.fetch_add(1, Ordering::Relaxed) == 500 {
                    report_load.send(()).await.unwrap();
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
    // New calls are still served while it drains.
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
    assert!(!socket.exists(), "the socket file is still there");
}

#[test]
fn second_server_on_live_socket_exits_with_3() {
    let broker = Broker::start(&[]);
    let second = run(server().arg("--socket").arg(&broker.socket));
    assert_eq!(second.status.code(), Some(3), "{}", stderr(&second));
    assert!(stderr(&second).contains(broker.socket.to_str().unwrap()), "{}", stderr(&second));
    assert!(broker.socket.exists());
}

#[tokio::test]
async fn replaces_stale_socket_after_kill() {
    let mut first = Broker::start(&[]);
    first.signal("KILL");
    first.wait();
    assert!(first.socket.exists());
    let second = Broker::start(&["--socket", first.socket.to_str().unwrap()]);
    let channel = support::channel(&first.socket).await;
    v1::crypto_service_client::CryptoServiceClient::new(channel).hash_data(request()).await.unwrap();
    drop(second);
}

#[test]
fn never_replaces_foreign_listener_or_file() {
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
fn refuses_folder_writable_by_others() {
    let folder = private_folder();
    let open = folder.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let output = run(server().arg("--socket").arg(open.join("broker.sock")));
    assert_ne!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("sticky"), "{}", stderr(&output));
}

#[test]
fn refuses_folder_of_other_user() {
    let folder = private_folder();
    let theirs = folder.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    // Only root can create such a folder, and a folder of root is accepted.
    if std::os::unix::fs::chown(&theirs, Some(12345), None).is_err() {
        println!("skipped: only root can create a folder of another user");
        return;
    }
    let output = run(server().arg("--socket").arg(theirs.join("broker.sock")));
    assert_ne!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("12345"), "{}", stderr(&output));
}

#[test]
fn socket_mode_is_0600_unless_configured() {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let broker = Broker::start(&[]);
    assert_eq!(mode(&broker.socket), 0o600);
    let broker = Broker::start(&["--socket-mode", "660"]);
    assert_eq!(mode(&broker.socket), 0o660);
}

#[test]
fn sigint_drains_and_keeps_foreign_socket_file() {
    let mut broker = Broker::start(&["--drain-idle", "0s"]);
    // Somebody has replaced the file, so the server must not remove it.
    fs::remove_file(&broker.socket).unwrap();
    fs::write(&broker.socket, "not a socket").unwrap();
    broker.signal("INT");
    assert_eq!(broker.wait().code(), Some(0));
    assert!(broker.socket.exists());
}

fn request() -> v1::HashDataRequest {
    v1::HashDataRequest { profile: "Default".into(), input: "x".into(), metadata: None, output_format: 0 }
}

fn run(command: &mut Command) -> Output {
    // A server that starts by mistake must not block the test.
    command.args(["--audit-log", "off", "--log-output", "stderr"]).process_group(0);
    let mut guarded = Command::new("timeout");
    guarded.arg("20").arg(command.get_program()).args(command.get_args());
    guarded.output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
