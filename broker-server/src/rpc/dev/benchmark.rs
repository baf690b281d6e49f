//! Measures the operations as a call runs them, from the parsed request to the result, without the cost of the call.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use broker_proto::v1;
use bytes::Bytes;
use serde::Serialize;

use crate::{
    caller::Caller,
    operation::{
        self, CAPABILITIES,
        certificate::{CaCache, sign_certificate},
        hash::hash_data,
    },
    policy::{
        Catalogue, decide,
        permit::{HashData, SignCertificate},
        profile::Profile,
    },
    request::{self, HashFormat, Limits},
    status::CallError,
    telemetry::audit::{Audit, Record},
};

/// The profiles that the operations run under: one for each hash, one for each kind of CA.
const PROFILES: &str = include_str!("benchmark/Profiles.yaml");

/// How long each operation is repeated.
const DURATION: Duration = Duration::from_millis(50);

/// The input of the hashes.
const INPUT: &[u8] = b"Hello, world!";

/// The names that clients look for, each with its profile.
const HASHES: [(&str, &str); 7] = [
    ("BenchmarkLibraryNative_HashSHA3_256", "sha3-256"),
    ("BenchmarkLibraryNative_HashSHA3_384", "sha3-384"),
    ("BenchmarkLibraryNative_HashSHA3_512", "sha3-512"),
    ("BenchmarkLibraryNative_HashSHA_256", "sha-256"),
    ("BenchmarkLibraryNative_HashSHA_384", "sha-384"),
    ("BenchmarkLibraryNative_HashSHA_512", "sha-512"),
    ("BenchmarkLibraryNative_HashSHA_512_256", "sha-512/256"),
];

/// A certificate to be measured: its name for clients, its profile, and request, CA key and CA certificate in PEM. The
/// keys exist for this benchmark only.
struct Certificate {
    name: &'static str,
    profile: &'static str,
    csr: &'static str,
    key: &'static str,
    ca: &'static str,
}

const CERTIFICATES: [Certificate; 3] = [
    Certificate {
        name: "BenchmarkLibraryNative_SignCertificate_CSR_SECP256R1_CA_RSA4096",
        profile: "rsa",
        csr: include_str!("benchmark/p-256.csr"),
        key: include_str!("benchmark/rsa-4096.key"),
        ca: include_str!("benchmark/rsa-4096.pem"),
    },
    Certificate {
        name: "BenchmarkLibraryNative_SignCertificate_CSR_SECP521R1_CA_SECP521R1",
        profile: "ecdsa",
        csr: include_str!("benchmark/p-521.csr"),
        key: include_str!("benchmark/p-521.key"),
        ca: include_str!("benchmark/p-521.pem"),
    },
    Certificate {
        name: "BenchmarkLibraryNative_SignCertificate_CSR_SECP256R1_CA_SECP384R1",
        profile: "ecdsa",
        csr: include_str!("benchmark/p-256.csr"),
        key: include_str!("benchmark/p-384.key"),
        ca: include_str!("benchmark/p-384.pem"),
    },
];

#[derive(Debug, Serialize)]
struct Report {
    results: Vec<Measurement>,
}

#[derive(Debug, Serialize)]
struct Measurement {
    name: &'static str,
    /// Nanoseconds.
    #[serde(rename = "avgTime")]
    avg_time: u64,
}

/// Runs the benchmark and returns its results as JSON. `now` is in Unix seconds.
pub(super) fn run(now: i64) -> Result<String, CallError> {
    let catalogue = Catalogue::parse("the benchmark's profiles", PROFILES, CAPABILITIES)
        .map_err(|_| CallError::Internal)?;
    let mut results = Vec::new();
    for (name, profile) in HASHES {
        let profile = catalogue.profile(profile)?;
        results.push(Measurement { name, avg_time: average(|| hash(profile, now))? });
    }
    for certificate in &CERTIFICATES {
        let profile = catalogue.profile(certificate.profile)?;
        let avg_time = average(|| sign(profile, certificate, now))?;
        results.push(Measurement { name: certificate.name, avg_time });
    }
    serde_json::to_string(&Report { results }).map_err(|_| CallError::Internal)
}

/// Returns the nanoseconds that one run takes on average.
fn average(mut work: impl FnMut() -> Result<(), CallError>) -> Result<u64, CallError> {
    work()?;
    let start = Instant::now();
    let mut runs = 0_u128;
    while start.elapsed() < DURATION {
        work()?;
        runs += 1;
    }
    u64::try_from(start.elapsed().as_nanos() / runs.max(1)).map_err(|_| CallError::Internal)
}

fn hash(profile: &Arc<Profile>, now: i64) -> Result<(), CallError> {
    let request = request::HashData { input: Bytes::from_static(INPUT), format: HashFormat::Hex };
    let permit = decide::<HashData>(&unused_caller(), profile, request, now)?;
    let backend = operation::backend(permit.profile().library);
    black_box(hash_data(permit, backend));
    Ok(())
}

fn sign(profile: &Arc<Profile>, certificate: &Certificate, now: i64) -> Result<(), CallError> {
    let mut message = v1::SignCertificateRequest::default();
    certificate.csr.clone_into(&mut message.csr);
    certificate.key.clone_into(&mut message.ca_private_key);
    certificate.ca.clone_into(&mut message.ca_cert);
    let request = request::SignCertificate::parse(&mut message, &Limits::default())?;
    let permit = decide::<SignCertificate>(&unused_caller(), profile, request, now)?;
    // The keys are part of the source, so their use needs no record.
    let key_use = Arc::new(Audit::off()).begin(Record::default)?;
    black_box(sign_certificate(permit, &CaCache::new(0, Duration::ZERO), 0, &key_use)?);
    Ok(())
}

/// Returns the caller for `decide`. The benchmark's profiles do not restrict callers.
fn unused_caller() -> Caller {
    Caller { uid: 0, gid: 0, pid: None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    #[test]
    fn reports_results_under_names_that_clients_expect() {
        let report: serde_json::Value = serde_json::from_str(&run(1_800_000_000).unwrap()).unwrap();
        let results = report["results"].as_array().unwrap();
        assert_eq!(results.len(), HASHES.len() + CERTIFICATES.len());
        for result in results {
            assert!(result["name"].as_str().unwrap().starts_with("BenchmarkLibraryNative_"));
            assert!(result["avgTime"].as_u64().unwrap() > 0);
        }
    }
}
