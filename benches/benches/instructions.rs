//! Instruction counts of hot paths under callgrind. `gate` compares the counts with those in `instructions.json`.
//!
//! A benchmark must do the same in each run: no ECDSA signature, which draws random numbers until they fit, and no key
//! search. Short work is repeated, so that what happens rarely counts for little.

#![allow(clippy::expect_used, missing_docs, reason = "a benchmark that fails has nothing to count")]
#![allow(unreachable_pub, unused_qualifications, clippy::disallowed_methods, reason = "the macros' code")]

use std::hint::black_box;

use broker_benches::{
    in_process::InProcess,
    request_path::{PIPELINE, Services, UNARY_ENCRYPT, UNARY_HASH, frame, items},
    scenario::Scenario,
    scenarios,
};
use broker_proto::v1::pipeline_request::Operation;
use broker_server::request::{Limits, SignCertificate};
use gungraun::prelude::*;
use http::Request;
use tonic::body::Body;

/// The server's allocator.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<mimalloc::MiMalloc> =
    zeroizing_alloc::ZeroAlloc(mimalloc::MiMalloc);

fn broker() -> InProcess {
    InProcess::new(None).expect("the profiles are right")
}

fn scenario(id: &str) -> Scenario {
    let all = scenarios::without_proofs(&broker()).expect("the scenarios can be made");
    all.into_iter().find(|scenario| scenario.id == id).expect("there is such a scenario")
}

fn message(id: &str) -> Operation {
    scenario(id).message().expect("it is one message")
}

/// Returns services that have answered before, and requests for them.
type Calls = (Services, Vec<Request<Body>>);

fn calls(mut services: Services, path: &str, frames: &bytes::Bytes, count: usize) -> Calls {
    let requests = |services: &Services, count| -> Vec<Request<Body>> {
        let request = || services.request(path, frames.clone()).expect("the path is one");
        (0..count).map(|_| request()).collect()
    };
    for request in requests(&services, 2) {
        services.answer(request).expect("it is answered");
    }
    let requests = requests(&services, count);
    (services, requests)
}

/// Returns 100 unary calls.
fn unary(id: &str) -> Calls {
    let Operation::HashData(message) = message(id) else { unreachable!("these are hashes") };
    calls(Services::new().expect("the services can be made"), UNARY_HASH, &frame(&message), 100)
}

/// Returns two pipelines of 64 items each.
fn pipeline(id: &str) -> Calls {
    calls(Services::new().expect("the services can be made"), PIPELINE, &items(&message(id), 64), 2)
}

/// Returns 100 unary calls with a key, each of which writes an audit record.
fn audited(id: &str) -> Calls {
    let Operation::EncryptData(message) = message(id) else { unreachable!("these are encryptions") };
    let services = Services::audited().expect("the services can be made");
    calls(services, UNARY_ENCRYPT, &frame(&message), 100)
}

// From the frames of the request to those of the response: routing, decoding, handler, encoding.
#[library_benchmark]
#[bench::unary_hash_64b_x100(args = ("hash/sha3-512/64B"), setup = unary)]
#[bench::pipeline_hash_64b_x128(args = ("hash/sha3-512/64B"), setup = pipeline)]
fn request_path((mut services, requests): Calls) -> Services {
    for request in requests {
        black_box(services.answer(request).expect("it is answered"));
    }
    services
}

// The same for calls that use a key, with the key's fingerprint and the audit record.
#[library_benchmark]
#[bench::unary_encrypt_64b_x100(args = ("encrypt_data/aes-256-gcm/64B"), setup = audited)]
fn audited_path((mut services, requests): Calls) -> Services {
    for request in requests {
        black_box(services.answer(request).expect("it is answered"));
    }
    services
}

/// Returns a broker that has executed the operation before, and messages for it.
fn messages(id: &str, count: usize) -> (InProcess, Vec<Operation>) {
    let (broker, message) = (broker(), message(id));
    for _ in 0..2 {
        broker.run(message.clone()).expect("the request succeeds");
    }
    (broker, vec![message; count])
}

// Parse, policy, cryptography.
#[library_benchmark]
#[bench::hash_sha3_512_64b_x100(args = ("hash/sha3-512/64B", 100), setup = messages)]
#[bench::hash_sha_256_64b_x100(args = ("hash/sha-256/64B", 100), setup = messages)]
#[bench::encrypt_aes_256_gcm_64b_x100(args = ("encrypt_data/aes-256-gcm/64B", 100), setup = messages)]
#[bench::decrypt_chacha20_poly1305_16kib_x10(args = ("decrypt_data/chacha20-poly1305/16KiB", 10), setup = messages)]
#[bench::decapsulate_ml_kem_768_x10(args = ("kem/ml-kem-768/decapsulate", 10), setup = messages)]
#[bench::encapsulate_ml_kem_768_x10(args = ("kem/ml-kem-768/encapsulate", 10), setup = messages)]
#[bench::sign_ed25519_x10(args = ("sign_data/ed25519/64B", 10), setup = messages)]
#[bench::verify_ecdsa_p256_x10(args = ("verify_data/ecdsa-p256-sha256/64B", 10), setup = messages)]
#[bench::certificate_ed25519_x10(args = ("sign_certificate/ed25519/csr-p256", 10), setup = messages)]
fn operation((broker, messages): (InProcess, Vec<Operation>)) -> InProcess {
    for message in messages {
        black_box(broker.run(message).expect("the request succeeds"));
    }
    broker
}

// PEM and DER of request, CA certificate and key: the work before the cryptography of a certificate.
#[library_benchmark]
#[bench::certificate_p384_csr_p256_x10(args = ("sign_certificate/p384-sha512/csr-p256"), setup = message)]
fn parse(message: Operation) -> Operation {
    for _ in 0..10 {
        if let Operation::SignCertificate(message) = &message {
            let mut message = message.clone();
            black_box(SignCertificate::parse(&mut message, &Limits::default()).expect("it is well formed"));
        }
    }
    message
}

library_benchmark_group!(name = paths, benchmarks = [request_path, audited_path, operation, parse]);
main!(library_benchmark_groups = paths);
