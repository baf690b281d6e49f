//! Calls that are cancelled or exceed their deadline before they start or while they run.

use std::time::Duration;

use tokio::task::JoinSet;
use tonic::Request;

use crate::{
    Leaks, secret,
    support::{
        Broker,
        aead::{decrypt_request, encrypt_request, profiles, shapes},
        signing,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_cancelled_calls_leave_no_copy() {
    // With only one thread, most calls wait in the queue.
    let (broker, folder) = signing::broker("", &["--dev", "--compute-threads", "1"]);
    signing::key(folder.path(), "rsa-4096");
    let text = std::fs::read_to_string(folder.path().join("rsa-4096.key")).unwrap();
    let mut leaks = Leaks::default();
    leaks.pem("RSA", &text);
    leaks.numbers("RSA", &pem::parse(&text).unwrap().into_contents());
    let request = |text: &str| {
        let mut request = Request::new(broker_proto::v1::SignDataRequest {
            profile: "native rsa sha-256".into(),
            key_source: signing::source(text.as_bytes()),
            input: vec![1; 20_000].into(),
            signature_format: 0,
            metadata: None,
            context: None,
        });
        request.set_timeout(Duration::from_secs(20));
        request
    };
    let mut clients = Vec::new();
    for round in 0..6 {
        let client = broker.crypto().await;
        let mut calls = JoinSet::new();
        for call in 0..24 {
            let (mut client, mut request) = (client.clone(), request(&text));
            if call % 3 == 0 {
                request.set_timeout(Duration::from_millis(1 + 5 * call));
            }
            calls.spawn(async move { client.sign_data(request).await.map(drop) });
        }
        // After some calls have completed, the client cancels the others.
        for _ in 0..2 * round {
            let _ = calls.join_next().await.unwrap();
        }
        calls.shutdown().await;
        clients.push(client);
    }
    // This call on another connection completes after them.
    signing::sign(&mut broker.crypto().await, "native rsa sha-256", text.as_bytes(), b"x", 0).await.unwrap();
    leaks.assert_gone(&broker, "native ecdsa sha-384");
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_cancelled_calls_leave_no_copy() {
    let profiles = profiles();
    let broker = Broker::start(&[
        "--dev",
        "--compute-threads",
        "1",
        "--profiles-dir",
        profiles.path().to_str().unwrap(),
    ]);
    let shape = shapes().remove(14);
    let (profile, key) = (shape.profile(), secret(50, 32));
    let text = secret(51, 1 << 20);
    let mut leaks = Leaks::default();
    leaks.bytes("the key", &key);
    leaks.bytes("the text", &text);
    let mut clients = Vec::new();
    let request = encrypt_request(&profile, &key, &[9; 12], None, &text);
    let sealed = broker.crypto().await.encrypt_data(request.clone()).await.unwrap().into_inner();
    for round in 0..8 {
        let client = broker.crypto().await;
        let mut calls = JoinSet::new();
        for call in 0..6_u64 {
            let (mut client, encrypt) = (client.clone(), request.clone());
            let decrypt = decrypt_request(&profile, &key, &sealed);
            let time = Duration::from_micros(round * 2000 + call * 500);
            calls.spawn(async move {
                let calls = async {
                    if call % 2 == 0 {
                        client.encrypt_data(encrypt).await.map(drop)
                    } else {
                        client.decrypt_data(decrypt).await.map(drop)
                    }
                };
                // The client drops its call, whatever its state.
                let _ = tokio::time::timeout(time, calls).await;
            });
        }
        calls.join_all().await;
        clients.push(client);
    }
    leaks.assert_gone(&broker, "chacha20-poly1305 256 128 random");
}
