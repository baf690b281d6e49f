//! The contract of `cryptobroker` against a real broker, served from this process.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod support;

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384,
};
use serde_json::Value;
use support::{Broker, entries};

/// SHA3-512 of "abc" (FIPS 202 example).
const ABC: &str = "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e\
                   10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0";

/// CSR, CA certificate, CA key.
fn material(broker: &Broker) -> [String; 3] {
    let ca_key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, "CA");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = ca.self_signed(&ca_key).unwrap();
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut csr = CertificateParams::default();
    csr.distinguished_name.push(DnType::CommonName, "leaf");
    let csr = csr.serialize_request(&key).unwrap().pem().unwrap();
    [("csr", csr), ("ca", ca.pem()), ("key", ca_key.serialize_pem())].map(|(name, text)| {
        broker.write(name, text);
        name.to_owned()
    })
}

/// Runs the first block of commands that follows these words in the README, as a reader would type them, and gives back
/// what it prints.
fn run_the_readme(broker: &Broker, after: &str) -> String {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once(after).unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    let (script, _) = rest.split_once("```").unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_cryptobroker")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-e", "-c", script])
        .current_dir(broker.folder.path())
        .env("PATH", path)
        .env("CRYPTO_BROKER_SOCKET", broker.folder.path().join("s"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_readme_hashes_signs_and_encrypts() {
    let broker = Broker::start();
    assert!(run_the_readme(&broker, "**Hash.**").contains("Hybrid-PQC-2026"));
    assert!(run_the_readme(&broker, "**Sign data**").ends_with("valid\n"));
    assert!(run_the_readme(&broker, "**Agree on a key and encrypt**").ends_with("a letter\n"));
    assert_eq!(broker.mode("receiver.key"), 0o600);
}

#[test]
fn the_certificate_of_the_readme_passes_a_strict_verification() {
    let broker = Broker::start();
    let printed = run_the_readme(&broker, "A CA and a request");
    assert!(printed.ends_with("app.pem: OK\n"), "{printed}");
}

#[test]
fn health_hash_and_version() {
    let broker = Broker::start();
    assert_eq!(broker.json(&["health"])["status"], "SERVING");
    let hashed = broker.json(&["hash", "abc"]);
    assert_eq!(hashed["hashValueHex"], ABC);
    assert_eq!(hashed["descriptor"]["algorithm"], "sha3-512");
    assert!(!hashed["metadata"]["id"].as_str().unwrap().is_empty());
    assert_eq!(String::from_utf8(broker.run(&["hash-data", "abc"]).stdout).unwrap(), format!("{ABC}\n"));
    assert_eq!(hex::encode(broker.run(&["hash", "abc", "--output-format", "raw"]).stdout), ABC);
    let version = broker.json(&["version"]);
    assert_eq!(version["server"]["catalogueDigest"].as_str().unwrap().len(), 64);
    let unknown = broker.command(&["hash", "x", "--profile", "Nope", "--output", "json"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    let error: Value = serde_json::from_slice(&unknown.stderr).unwrap();
    assert_eq!(error["error"]["code"], "NOT_FOUND");
}

#[test]
fn a_certificate_in_both_encodings_and_a_refusal() {
    let broker = Broker::start();
    let [csr, ca, key] = material(&broker);
    let sign = ["sign", "--csr", &csr, "--caCert", &ca, "--caKey", &key];
    let signed = broker.json(&sign);
    assert!(signed["pem"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(signed["descriptor"]["algorithm"], "ecdsa-with-SHA512");
    let out = broker.folder.path().join("leaf.der");
    let written = broker.command(&sign).args(["--encoding", "der", "--out"]).arg(&out).output().unwrap();
    assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
    let der = std::fs::read(&out).unwrap();
    assert!(x509_parser::parse_x509_certificate(&der).unwrap().0.is_empty());
    let refused =
        broker.command(&sign).args(["--profile", "KSA-ADVANCED-2020", "--output", "json"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let error: Value = serde_json::from_slice(&refused.stderr).unwrap();
    assert_eq!(error["error"]["reason"], "SUBJECT_KEY_NOT_ALLOWED");
    assert!(error["error"]["line"].is_u64(), "{error}");
}

#[test]
fn a_loop_runs_until_interrupted() {
    let broker = Broker::start();
    let mut child = broker.command(&["hash", "abc", "--loop", "1"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        assert_eq!(lines.next().unwrap().unwrap(), ABC);
    }
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    assert!(lines.all(|line| line.unwrap() == ABC));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_demo_succeeds_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let demo = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_cryptobroker"))
            .arg("demo")
            .args(arguments)
            .env("TMPDIR", folder.path())
            .output()
            .unwrap()
    };
    let output = demo(&["--output", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(value["steps"].as_array().unwrap().iter().all(|step| step["ok"] == true));
    assert_eq!(value["refusal"]["error"]["reason"], "SUBJECT_KEY_NOT_ALLOWED");
    let text = String::from_utf8(demo(&[]).stdout).unwrap();
    assert!(text.contains("Try next") && !text.contains('\u{1b}'), "{text}");
    assert_eq!(entries(folder.path()), 0);
}
