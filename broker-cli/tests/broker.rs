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
use support::{Broker, cryptobroker, entries, on_terminal_of, stderr, stdout};

/// The SHA3-512 digest of "abc" (an example of FIPS 202).
const ABC: &str = "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e\
                   10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0";

/// Returns a CSR, a CA certificate and the CA key.
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

/// Runs the first block of commands after these words in the README, and returns its output.
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
fn readme_example_hashes_signs_and_encrypts() {
    let broker = Broker::start();
    assert!(run_the_readme(&broker, "**Hash.**").contains("Hybrid-PQC-2026"));
    assert!(run_the_readme(&broker, "**Sign data**").ends_with("valid\n"));
    assert!(run_the_readme(&broker, "**Agree on a key and encrypt**").ends_with("a letter\n"));
    assert_eq!(broker.mode("receiver.key"), 0o600);
}

#[test]
fn readme_example_proves() {
    let broker = Broker::start();
    assert!(run_the_readme(&broker, "**Prove**").contains("\nvalid\n"));
    assert!(!broker.read("verification_key.json").is_empty());
}

#[test]
fn readme_certificate_passes_strict_verification() {
    let broker = Broker::start();
    let printed = run_the_readme(&broker, "**Issue a certificate.**");
    assert!(printed.ends_with("app.pem: OK\n"), "{printed}");
}

#[test]
fn prints_health_hash_and_version() {
    let broker = Broker::start();
    assert_eq!(broker.json(&["health"])["status"], "SERVING");
    let hashed = broker.json(&["hash", "abc"]);
    assert_eq!(hashed["hashValueHex"], ABC);
    assert_eq!(hashed["descriptor"]["algorithm"], "sha3-512");
    assert!(!hashed["metadata"]["id"].as_str().unwrap().is_empty());
    assert_eq!(String::from_utf8(broker.run(&["hash-data", "abc"]).stdout).unwrap(), format!("{ABC}\n"));
    assert_eq!(hex::encode(broker.run(&["hash", "abc", "--format", "raw"]).stdout), ABC);
    let version = broker.json(&["version"]);
    assert_eq!(version["server"]["catalogueDigest"].as_str().unwrap().len(), 64);
    let unknown = broker.command(&["hash", "x", "--profile", "Nope", "--output", "json"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    let error: Value = serde_json::from_slice(&unknown.stderr).unwrap();
    assert_eq!(error["error"]["code"], "NOT_FOUND");
}

#[test]
fn issues_certificates_in_both_encodings_and_prints_refusals() {
    let broker = Broker::start();
    let [csr, ca, key] = material(&broker);
    let sign = ["sign", "--csr", &csr, "--caCert", &ca, "--caKey", &key];
    let signed = broker.json(&sign);
    assert!(signed["pem"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(signed["descriptor"]["algorithm"], "ecdsa-with-SHA512");
    let out = broker.folder.path().join("leaf.der");
    let written = broker.command(&sign).args(["--format", "der", "--out"]).arg(&out).output().unwrap();
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
fn loop_runs_until_interrupted() {
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
fn demo_succeeds_and_leaves_no_files() {
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
    let steps = value["steps"].as_array().unwrap();
    for (step, result) in
        [("prove a payment", "groth16-bn254"), ("verify the proof", "not valid for a higher price")]
    {
        let found = steps.iter().find(|found| found["step"] == step).unwrap();
        assert!(found["result"].as_str().unwrap().contains(result), "{found}");
    }
    let text = String::from_utf8(demo(&[]).stdout).unwrap();
    assert!(text.contains("Try next") && !text.contains('\u{1b}'), "{text}");
    // An expected refusal counts as a success.
    assert!(text.contains("refused, as it must be") && !text.contains('✗'), "{text}");
    assert_eq!(entries(folder.path()), 0);
}

/// Returns the lines that a terminal of that width shows in the end, without what was cleared.
fn screen(columns: u16, shown: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in shown.split('\n') {
        // Each redraw of a bar begins at the left and clears the line.
        let line = line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
        let mut text = String::new();
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            if letter == '\u{1b}' {
                let end = letters.find(char::is_ascii_alphabetic);
                if end == Some('K') {
                    text.clear();
                }
            } else {
                text.push(letter);
            }
        }
        assert!(text.chars().count() <= usize::from(columns), "{columns}: {text}");
        lines.push(text);
    }
    lines
}

#[test]
fn demo_fits_its_terminal() {
    let broker = Broker::start();
    for columns in [60, 80, 120] {
        let (shown, output) = on_terminal_of(columns, broker.command(&["demo"]), true, b"");
        assert_eq!(output.status.code(), Some(0), "{shown}");
        let lines = screen(columns, &shown);
        assert!(lines.iter().any(|line| line.contains("Try next")), "{shown}");
        assert!(!shown.contains('✗'), "{shown}");
    }
}

#[test]
#[cfg(feature = "bench")]
fn bench_fits_its_terminal() {
    let broker = Broker::start();
    for columns in [60, 80, 120] {
        let bench = ["bench", "--operation", "hash-data=9,sign-data=1", "--warm-up", "0", "--requests", "50"];
        let (shown, output) = on_terminal_of(columns, broker.command(&bench), true, b"");
        assert_eq!(output.status.code(), Some(0), "{shown}");
        let lines = screen(columns, &shown);
        // The bar is cleared before the result is printed.
        assert!(lines[0].starts_with("hash-data=9,sign-data=1"), "{columns}: {lines:?}");
        assert!(!lines.iter().any(|line| line.contains('%')), "{columns}: {lines:?}");

        let matrix = ["bench", "matrix", "--operations", "hash-data,sign-certificate", "--concurrency", "1"];
        let out = format!("matrix{columns}");
        let more = ["--repeats", "2", "--requests", "5", "--warm-up", "0", "--out", &out];
        let command = broker.command(&[&matrix[..], &more].concat());
        let (shown, output) = on_terminal_of(columns, command, true, b"");
        assert_eq!(output.status.code(), Some(0), "{shown}");
        let lines = screen(columns, &shown);
        assert!(lines[0].starts_with("hash-data 64 B"), "{columns}: {lines:?}");
    }
}

#[test]
fn ignored_extensions_are_noted() {
    let broker = Broker::start();
    let [_, ca, key] = material(&broker);
    let made = broker.openssl(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -subj /CN=leaf \
         -addext tlsfeature=status_request -addext keyUsage=digitalSignature -out must-staple",
    );
    assert!(made.status.success(), "{}", stderr(&made));
    let arguments = ["sign-certificate", "--csr", "must-staple", "--ca-cert", &ca, "--ca-key", &key];
    let output = broker.run(&arguments);
    assert!(stdout(&output).starts_with("-----BEGIN CERTIFICATE-----"));
    let note = "the certificate does not have these extensions of the request: 1.3.6.1.5.5.7.1.24\n";
    assert!(stderr(&output).ends_with(note), "{}", stderr(&output));
    let printed = broker.json(&arguments);
    assert_eq!(printed["ignoredExtensions"], serde_json::json!(["1.3.6.1.5.5.7.1.24"]));
    let plain = ["sign-certificate", "--csr", "csr", "--ca-cert", &ca, "--ca-key", &key];
    assert_eq!(broker.json(&plain).get("ignoredExtensions"), None);
}

#[test]
fn list_shows_operations_when_the_broker_has_the_bundled_profiles() {
    let broker = Broker::start();
    let text = broker.text(&["profiles", "list"]);
    assert!(text.contains("Default            HashData, SignCertificate, SignData\n"), "{text}");
    let (shown, _) = on_terminal_of(60, broker.command(&["profiles", "list"]), true, b"");
    screen(60, &shown);
    let other = Broker::with(PLAIN);
    assert_eq!(other.text(&["profiles", "list"]), "Plain\n");
    assert_eq!(other.json(&["profiles", "list"])["profiles"], serde_json::json!(["Plain"]));
}

const PLAIN: &str = "Profiles: [{ Name: Plain, API: { HashData: { HashAlg: sha3-384 } } }]\n";

#[test]
fn show_and_explain_warn_when_the_broker_has_another_document() {
    let broker = Broker::with(PLAIN);
    let warning = "note: the running broker has another document";
    let digest = broker.json(&["version"])["server"]["catalogueDigest"].clone();
    for words in [&["profiles", "show", "Default"][..], &["profiles", "explain", "--operation", "hash-data"]]
    {
        let output = broker.run(words);
        assert_eq!(output.status.code(), Some(0));
        assert!(stderr(&output).starts_with(warning), "{}", stderr(&output));
        assert_eq!(broker.json(words)["brokerDigest"], digest);
        let quiet = broker.run(&[words, &["--quiet"]].concat());
        assert_eq!((stdout(&quiet), stderr(&quiet)), (stdout(&output), String::new()));
    }
    // No warning is printed for the broker's own document.
    for words in ["show Plain", "explain --operation hash-data --profile Plain"] {
        let mut command = broker.command(&["profiles"]);
        let same = command.args(words.split(' ')).args(["--profiles", "Profiles.yaml"]).output().unwrap();
        assert_eq!((same.status.code(), stderr(&same)), (Some(0), String::new()), "{words}");
    }
    // A missing broker gets a note only where --socket names one.
    let folder = tempfile::tempdir().unwrap();
    let show = |more: &[&str]| {
        let mut command = cryptobroker();
        command.args(["profiles", "show", "Default"]).args(more);
        command.env("CRYPTO_BROKER_SOCKET", folder.path().join("s")).output().unwrap()
    };
    let silent = show(&[]);
    assert_eq!((silent.status.code(), stderr(&silent)), (Some(0), String::new()));
    let missed = show(&["--socket", "none"]);
    assert_eq!(missed.status.code(), Some(0));
    assert!(
        stderr(&missed).contains("cannot compare this document with the broker's"),
        "{}",
        stderr(&missed)
    );
}

#[test]
fn health_wait_succeeds_once_the_broker_starts() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let wait = |time: &str| {
        let mut command = cryptobroker();
        command.args(["health", "--wait", time, "--socket"]).arg(&socket);
        command
    };
    let missing = wait("1ms").output().unwrap();
    assert_eq!(missing.status.code(), Some(3), "{}", stderr(&missing));
    assert!(missing.stdout.is_empty());
    let child = wait("1m").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let broker = Broker::start();
    std::os::unix::fs::symlink(broker.path("s"), &socket).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), "SERVING\n".to_owned()));
}

#[test]
fn quiet_prints_only_the_result_and_verbose_adds_details() {
    let broker = Broker::start();
    let plain = broker.run(&["hash", "abc"]);
    assert!(plain.stderr.is_empty());
    let verbose = broker.run(&["hash", "abc", "-v"]);
    assert_eq!(verbose.stdout, plain.stdout);
    let details = stderr(&verbose);
    for words in ["profile       Default", "algorithm     sha3-512", "request       "] {
        assert!(details.contains(words), "{details}");
    }
    let keygen = ["keygen", "--public-out", "pub", "--private-out", "key", "-q"];
    assert_eq!(broker.text(&keygen), "");
    assert_eq!(broker.text(&["hash", "abc", "-q", "-o", "digest"]), "");
    assert_eq!(broker.read("digest"), format!("{ABC}\n").as_bytes());
    assert_eq!(
        broker.text(&["hash", "abc", "-p", "Default", "-o", "digest"]),
        "written digest (Default, sha3-512)\n"
    );
    let json = broker.json(&["hash", "abc", "--out", "digest", "--format", "raw"]);
    assert_eq!((&json["out"], hex::encode(broker.read("digest"))), (&"digest".into(), ABC.to_owned()));
}
