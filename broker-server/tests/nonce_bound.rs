//! The bound on random nonces, with a broker in this process: only here can the bound be one that a test reaches.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use broker_proto::v1::{self, crypto_service_server::CryptoService as _};
use broker_server::{
    caller::Caller,
    compute::Pool,
    operation::{CAPABILITIES, aead::NonceLedger, certificate::CaCache},
    policy::Catalogue,
    request::Limits,
    rpc::{Broker, CallContext, Parts},
    telemetry::audit::Audit,
};
use support::{
    aead::{NONCE, details, encrypt_request},
    reason,
};
use tonic::{Code, Request, Status};

/// A broker that lets a key have three random nonces and remembers two keys.
fn broker() -> Broker {
    Broker::new(Parts {
        catalogue: Arc::new(Catalogue::bundled(CAPABILITIES).unwrap()),
        pool: Pool::new(2, 64, Duration::from_secs(1)),
        cache: Arc::new(CaCache::new(0, Duration::from_secs(60))),
        nonces: NonceLedger::with_bounds(3, 2).unwrap(),
        audit: Arc::new(Audit::off()),
        limits: Limits::default(),
        max_request_bytes: 2 << 20,
        max_response_bytes: 2 << 20,
        max_pipeline_items: 256,
        started_at: SystemTime::now(),
        dev: None,
    })
}

async fn encrypt(
    broker: &Broker,
    profile: &str,
    key: &[u8],
    nonce: &[u8],
) -> Result<v1::EncryptDataResponse, Status> {
    let mut request = Request::new(encrypt_request(profile, key, nonce, None, b"text"));
    request.extensions_mut().insert(CallContext {
        caller: Caller { uid: 1000, gid: 1000, pid: Some(1) },
        connection: 1,
        deadline: Instant::now() + Duration::from_secs(60),
        received: 0,
        patience: None,
    });
    broker.encrypt_data(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_key_that_has_had_its_random_nonces_is_refused_for_good() {
    let broker = broker();
    let key = [1; 32];
    for _ in 0..3 {
        encrypt(&broker, "PQC-ML-DSA-65", &key, &[]).await.unwrap();
    }
    // As many other keys as anybody likes do not make the broker forget.
    for other in 2..20 {
        let _ = encrypt(&broker, "PQC-ML-DSA-65", &[other; 32], &[]).await;
        let status = encrypt(&broker, "PQC-ML-DSA-65", &key, &[]).await.unwrap_err();
        // Not a code that clients retry.
        assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "KEY_EXHAUSTED"));
        assert_eq!(details(&status)["field"], "key_source");
        assert!(status.message().contains("SP 800-38D 8.3"), "{status}");
    }
    // Nonces of the caller's own are the caller's to count.
    encrypt(&broker, "FIPS-140-3-256bit", &key, &NONCE).await.unwrap();
}
