//! The limit of random nonces. The broker runs in this process, with a limit that a test can reach.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::{Duration, Instant};

use broker_proto::v1::EncryptDataResponse;
use broker_server::{
    caller::Caller,
    compute::Pool,
    operation::{CAPABILITIES, aead::NonceLedger},
    policy::Catalogue,
    rpc::{Broker, BrokerState, CallContext, Health, Routes},
};
use bytes::{BufMut as _, BytesMut};
use http::Request;
use http_body_util::Full;
use prost::Message as _;
use support::{
    aead::{NONCE, details, encrypt_request},
    reason,
};
use tonic::{Code, Status, body::Body};

/// Returns a broker that allows three random nonces per key and tracks two keys.
async fn broker() -> Routes {
    let catalogue = Catalogue::bundled(CAPABILITIES).unwrap();
    let pool = Pool::new(2, 64, Duration::from_secs(1));
    let broker = Broker::new(BrokerState::minimal(catalogue, pool, NonceLedger::with_bounds(3, 2).unwrap()));
    broker.routes(&Health::new(&broker.services()))
}

async fn encrypt(
    broker: &mut Routes,
    profile: &str,
    key: &[u8],
    nonce: &[u8],
) -> Result<EncryptDataResponse, Status> {
    let message = encrypt_request(profile, key, nonce, None, b"text").encode_to_vec();
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(message.len() as u32);
    frame.extend_from_slice(&message);
    let mut request = Request::post("/cryptobroker.v1.CryptoService/EncryptData")
        .body(Body::new(Full::new(frame.freeze())))
        .unwrap();
    request.extensions_mut().insert(CallContext {
        caller: Caller { uid: 1000, gid: 1000, pid: Some(1) },
        connection: 1,
        deadline: Instant::now() + Duration::from_secs(60),
        received_at_unix: 0,
        received_at: Instant::now(),
        idle_timeout: None,
        item_timeout: None,
    });
    let answer = broker.respond(request).await?;
    Ok(EncryptDataResponse::decode(&answer[5..]).unwrap())
}

#[tokio::test]
async fn key_at_nonce_limit_stays_rejected() {
    let mut broker = broker().await;
    let key = [1; 32];
    for _ in 0..3 {
        encrypt(&mut broker, "PQC-ML-DSA-65", &key, &[]).await.unwrap();
    }
    // Other keys do not displace the exhausted one.
    for other in 2..20 {
        let _ = encrypt(&mut broker, "PQC-ML-DSA-65", &[other; 32], &[]).await;
        let status = encrypt(&mut broker, "PQC-ML-DSA-65", &key, &[]).await.unwrap_err();
        // Clients do not retry this code.
        assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "KEY_EXHAUSTED"));
        assert_eq!(details(&status)["field"], "key_source");
        assert!(status.message().contains("SP 800-38D 8.3"), "{status}");
    }
    // The broker does not count nonces that the caller sends.
    encrypt(&mut broker, "FIPS-140-3-256bit", &key, &NONCE).await.unwrap();
}
