//! `proof` against a real broker.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

#[path = "../support/mod.rs"]
mod support;

mod ceremony;
mod circuits;
mod errors;
mod many;
mod operator;
mod payment;
mod prove;
mod terminal;
mod verify;

use support::Broker;

pub const PROFILES: &str = "\
Profiles:
  - Name: Proofs
    API: { Groth16: { Curve: bn254, Setup: on-first-use, Circuits: [multiply, cube_root, payment] } }
  - Name: Other
    API: { Groth16: { Curve: bls12-381, Setup: by-request, Circuits: [multiply] } }
  - Name: Never
    API: { Groth16: { Curve: bls12-381, Circuits: [multiply] } }
  - Name: CallerKey
    API: { Groth16: { Curve: bn254, Setup: on-first-use, Circuits: [multiply], AllowCallerKey: true } }
  - Name: Small
    API: { Groth16: { Curve: bn254, Setup: on-first-use, Circuits: [multiply], Limits: { BatchItems: 1 } } }
  - Name: Hash
    API: { HashData: { HashAlg: sha-256 } }
";

/// Returns the words of a command line under the profile `Proofs`; one of them may not contain a blank.
pub fn words(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    if !words.contains(&"--profile") {
        words.extend(["--profile", "Proofs"]);
    }
    words
}

/// Starts a broker, and writes the proof of 3 · 11 = 33 to `proof.json` and `public.json`.
pub fn with_proof() -> Broker {
    let broker = Broker::with(PROFILES);
    broker.write("input.json", r#"{"a": "3", "b": 11}"#);
    broker.json(&words(
        "proof prove --circuit multiply --inputs input.json --proof-out proof.json --public-out public.json",
    ));
    broker
}
