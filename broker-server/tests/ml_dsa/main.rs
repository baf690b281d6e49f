//! ML-DSA with contexts and HashML-DSA (FIPS 204 5.2 and 5.4) through the socket: NIST's vectors, an independent
//! implementation, the separation of contexts and hashes, and refusals.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, clippy::indexing_slicing)]

mod acvp;
mod calls;
mod independent;
mod refused;
mod separation;
#[path = "../support/mod.rs"]
mod support;

use std::fmt::Write as _;

use support::Broker;

/// Every set with the hashes that a profile can combine with it.
const PRE_HASHES: [(&str, &[&str]); 3] = [
    (
        "44",
        &[
            "sha-256",
            "sha-384",
            "sha-512",
            "sha-512/256",
            "sha3-256",
            "sha3-384",
            "sha3-512",
            "shake-128",
            "shake-256",
        ],
    ),
    ("65", &["sha-384", "sha-512", "sha3-384", "sha3-512", "shake-256"]),
    ("87", &["sha-512", "sha3-512", "shake-256"]),
];

const LIBRARIES: [&str; 2] = ["native", "aws-lc"];

/// Returns the name of the profile with a parameter set, and with a pre-hash if it is not empty.
fn profile(library: &str, set: &str, pre_hash: &str) -> String {
    format!("{library} {set} {pre_hash}").trim_end().to_owned()
}

/// Starts a broker with a profile for every library, parameter set and pre-hash, which allows contexts, and with the profiles
/// in `more`.
fn broker(more: &str) -> Broker {
    let mut text = "Profiles:\n".to_owned();
    for library in LIBRARIES {
        for (set, pre_hashes) in PRE_HASHES {
            for pre_hash in [""].iter().chain(pre_hashes) {
                let rule = if pre_hash.is_empty() { String::new() } else { format!("PreHash: {pre_hash}, ") };
                let rules =
                    format!("AllowContext: true, AllowSeed: true, {rule}SignatureFormat: RAW, {}", keys(set));
                writeln!(text, "{}", section(&profile(library, set, pre_hash), library, set, &rules))
                    .unwrap();
            }
        }
    }
    let folder = support::private_folder();
    std::fs::write(folder.path().join("Profiles.yaml"), text + more).unwrap();
    Broker::start(&["--profiles-dir", folder.path().to_str().unwrap()])
}

fn keys(set: &str) -> String {
    format!("KeyConstraints: {{ ML-DSA-{set}: {{}} }}")
}

/// Returns a profile that signs with a parameter set.
fn section(name: &str, library: &str, set: &str, rules: &str) -> String {
    format!(
        "  - {{ Name: {name}, CryptoLibrary: {library}, API: {{ SignData: {{ SigningMode: post-quantum, SignAlg: ml-dsa-{set}, \
         {rules} }} }} }}"
    )
}
