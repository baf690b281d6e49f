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
