//! The commands for certificates that need no broker, against OpenSSL and the broker.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

#[path = "../support/mod.rs"]
mod support;

mod ca;
mod csr;
mod inspect;
mod lint;
mod verify;
mod verify_bundles;
mod verify_extensions;
mod verify_names;

/// Reports whether OpenSSL before version 3.5 has keys of this type.
fn openssl_knows(key_type: &str) -> bool {
    !key_type.starts_with("ml-dsa")
}

/// Returns DER as a PEM block.
fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

/// Makes a CA for a profile, `ca.pem` and `ca.key`. Returns what the command says.
fn make_ca(broker: &support::Broker, profile: &str) -> serde_json::Value {
    let create = ["ca", "create", "-p", profile, "--subject", "C=DE,O=Example,CN=CA", "--force"];
    broker.json(&[&create[..], &["--cert-out", "ca.pem", "--key-out", "ca.key"]].concat())
}

/// Makes a key of this type and a request with names as options, and issues `app.pem` under the CA of [`make_ca`].
fn issue(broker: &support::Broker, profile: &str, key_type: &str, names: &[&str]) -> std::process::Output {
    let create = ["csr", "create", "--new-key", key_type, "--key-out", "k", "--force", "--out", "r"];
    broker.text(&[&create[..], &["--subject", "CN=x"], names].concat());
    let issue =
        ["sign-certificate", "-p", profile, "--csr", "r", "--ca-cert", "ca.pem", "--ca-key", "ca.key"];
    broker.run(&[&issue[..], &["--out", "app.pem"]].concat())
}
