//! The log as an operator reads it: one line per call at its level, typed JSON, library events only with a filter.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, ChildStderr, Command, Stdio},
};

use broker_proto::v1::{self, crypto_service_client::CryptoServiceClient};
use serde_json::Value;
use support::{
    aead::{NONCE, encrypt_request},
    channel, private_folder, server,
};
use tempfile::TempDir;
use tonic::transport::Channel;

/// A broker whose log is JSON on standard error. It is killed when a test fails.
struct Logged {
    child: Child,
    log: BufReader<ChildStderr>,
    lines: Vec<Value>,
    socket: PathBuf,
    _folder: TempDir,
}

impl Logged {
    /// Starts a broker and returns when it serves.
    fn start(arguments: &[&str]) -> Self {
        let folder = private_folder();
        let socket = folder.path().join("broker.sock");
        let mut command = server();
        command.arg("--socket").arg(&socket).args(["--log-format", "json", "--drain-idle", "0"]);
        if !arguments.contains(&"--audit-log") {
            command.args(["--audit-log", "off"]);
        }
        let mut child = command.args(arguments).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut logged = Self { child, log, lines: Vec::new(), socket, _folder: folder };
        while logged.read_line().is_some_and(|line| line["message"] != "serving") {}
        logged
    }

    async fn client(&self) -> CryptoServiceClient<Channel> {
        CryptoServiceClient::new(channel(&self.socket).await)
    }

    fn read_line(&mut self) -> Option<&Value> {
        let mut line = String::new();
        self.log.read_line(&mut line).unwrap();
        if line.is_empty() {
            return None;
        }
        self.lines.push(serde_json::from_str(&line).unwrap());
        self.lines.last()
    }

    /// Stops the broker and returns the lines of its log, of which none has a nested value.
    fn stop(mut self) -> Vec<Value> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap().success());
        while self.read_line().is_some() {}
        self.child.wait().unwrap();
        for line in &self.lines {
            let mut values = line.as_object().unwrap().values();
            assert!(values.all(|value| !value.is_object() && !value.is_array()), "{line}");
        }
        std::mem::take(&mut self.lines)
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        let _already_stopped = self.child.kill();
        let _ = self.child.wait();
    }
}

fn hash(profile: &str) -> v1::HashDataRequest {
    let trace = v1::TraceContext { correlation_id: "order-4711".into(), ..v1::TraceContext::default() };
    let metadata =
        v1::Metadata { id: "call-7".into(), trace_context: Some(trace), ..v1::Metadata::default() };
    v1::HashDataRequest {
        profile: profile.into(),
        metadata: Some(metadata),
        ..v1::HashDataRequest::default()
    }
}

/// The lines about calls.
fn calls(lines: &[Value]) -> Vec<&Value> {
    lines.iter().filter(|line| !line["operation"].is_null()).collect()
}

#[tokio::test]
async fn refused_and_failed_calls_have_one_line_at_info() {
    let broker = Logged::start(&[]);
    let mut client = broker.client().await;
    client.hash_data(hash("Default")).await.unwrap();
    client.hash_data(hash("no\u{1b}such\u{202e}profile")).await.unwrap_err();
    let format = v1::HashDataRequest { output_format: 77, ..hash("Default") };
    client.hash_data(format).await.unwrap_err();
    drop(client);
    let lines = broker.stop();
    let calls = calls(&lines);
    assert_eq!(calls.len(), 2, "{calls:?}");
    for call in &calls {
        assert_eq!(call["level"], "INFO");
        assert_eq!((&call["request_id"], &call["correlation_id"]), (&"call-7".into(), &"order-4711".into()));
        assert_eq!((&call["operation"], &call["pid"]), (&"HashData".into(), &std::process::id().into()));
        assert!(call["uid"].is_u64() && call["duration_us"].is_u64(), "{call}");
        assert!(call["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{call}");
    }
    assert_eq!(calls[0]["profile"], "no\u{1b}such\u{202e}profile");
    assert_eq!((&calls[0]["outcome"], &calls[0]["reason"]), (&"refused".into(), &"UNKNOWN_PROFILE".into()));
    assert_eq!(calls[1]["outcome"], "failed");
    assert!(calls[1]["reason"].as_str().unwrap().starts_with("FIELD_"), "{}", calls[1]);
}

#[tokio::test]
async fn successful_calls_have_a_line_at_debug_and_libraries_none() {
    let broker = Logged::start(&["--log-level", "debug"]);
    broker.client().await.hash_data(hash("Default")).await.unwrap();
    let lines = broker.stop();
    let calls = calls(&lines);
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!((&calls[0]["level"], &calls[0]["outcome"]), (&"DEBUG".into(), &"success".into()));
    assert_eq!(calls[0]["request_id"], "call-7");
    assert!(calls[0].get("reason").is_none(), "{}", calls[0]);
    for line in &lines {
        let target = line["target"].as_str().unwrap();
        assert!(target.starts_with("broker_server") || target.starts_with("cryptobroker_server"), "{line}");
    }
}

#[tokio::test]
async fn log_filter_shows_library_events_and_keeps_the_own_level() {
    let broker = Logged::start(&["--log-filter", "info,h2=trace"]);
    broker.client().await.hash_data(hash("Default")).await.unwrap();
    let lines = broker.stop();
    let is_h2 = |line: &&Value| line["target"].as_str().unwrap().starts_with("h2");
    assert!(lines.iter().any(|line| is_h2(&line)), "{lines:?}");
    assert!(lines.iter().filter(|line| !is_h2(line)).all(|line| line["level"] == "INFO"), "{lines:?}");
}

#[tokio::test]
async fn calls_without_an_audit_record_have_one_warning_each() {
    let broker = Logged::start(&["--audit-log", "/dev/full", "--drain-deadline", "100ms"]);
    let mut client = broker.client().await;
    for _ in 0..2 {
        let request = encrypt_request("FIPS-140-3-128bit", b"sixteen bytes!!!", &NONCE, None, b"plaintext");
        client.encrypt_data(request).await.unwrap_err();
    }
    drop(client);
    let lines = broker.stop();
    let calls = calls(&lines);
    assert_eq!(calls.len(), 2, "{calls:?}");
    for call in calls {
        assert_eq!((&call["level"], &call["reason"]), (&"WARN".into(), &"AUDIT_UNAVAILABLE".into()));
        assert_eq!(call["operation"], "EncryptData");
    }
    assert!(lines.iter().all(|line| !line.to_string().contains("sixteen")), "{lines:?}");
}

#[test]
fn start_and_check_warn_of_a_passed_sunset() {
    let folder = private_folder();
    let text = "Profiles:\n  - Name: Old\n    Deprecation: { RemoveAfter: \"2024-01-31\", ReplacedBy: New }\n    \
                API: { HashData: { HashAlg: sha-256 } }\n  - Name: New\n    API: { HashData: { HashAlg: sha-256 } }\n";
    fs::write(folder.path().join("Profiles.yaml"), text).unwrap();
    let profiles = ["--profiles-dir", folder.path().to_str().unwrap()];
    let lines = Logged::start(&profiles).stop();
    let warnings: Vec<_> = lines.iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!((&warnings[0]["profile"], &warnings[0]["replaced_by"]), (&"Old".into(), &"New".into()));
    assert_eq!(warnings[0]["remove_after"], "2024-01-31");
    let socket = folder.path().join("broker.sock");
    let check = server().args(profiles).arg("--socket").arg(socket).arg("--check").output().unwrap();
    let report = String::from_utf8(check.stdout).unwrap();
    let warning = "profile Old, RemoveAfter 2024-01-31: the profile has passed its RemoveAfter";
    assert!(report.contains(warning), "{report}");
}
