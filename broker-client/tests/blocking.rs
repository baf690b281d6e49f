//! The facade for programs without an async runtime.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::{thread, time::Duration};

use broker_client::{Error, HashRequest, HashValue, HealthStatus, SignCertificateRequest, blocking::Client};
use common::{Fake, Step, start};

#[test]
fn every_method_works_without_a_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = Client::connect(&socket).unwrap();
    assert_eq!("78", client.hash_data(HashRequest::new("Default", "x")).unwrap().value.to_hex());
    client.sign_certificate(SignCertificateRequest::new("Default", "csr", "cert", "key")).unwrap();
    assert_eq!("1.2.3", client.info().unwrap().version);
    assert_eq!(HealthStatus::Serving, client.health("").unwrap());
    let mut watch = client.watch_health("").unwrap();
    assert_eq!(HealthStatus::Serving, watch.next().unwrap().unwrap());
    fake.then(Step::Hang);
    let error = client.with_timeout(Duration::from_millis(20)).info().unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }));
}

#[test]
fn threads_share_one_client() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = Client::connect(&socket).unwrap();
    thread::scope(|scope| {
        for n in 0..8u8 {
            let client = client.clone();
            scope.spawn(move || {
                for m in 0..20u8 {
                    let answer = client.hash_data(HashRequest::new("Default", vec![n, m]).raw()).unwrap();
                    assert_eq!(HashValue::Raw(vec![n, m].into()), answer.value);
                }
            });
        }
    });
    assert_eq!(160, fake.calls());
}

#[test]
fn a_restarted_broker_is_found_again_although_nobody_watched() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let running = start(&fake, socket.clone());
    let client = Client::connect(&socket).unwrap();
    client.hash_data(HashRequest::new("Default", "x")).unwrap();
    running.stop();
    let _running = start(&fake, socket);
    client.hash_data(HashRequest::new("Default", "x")).unwrap();
}

#[tokio::test]
async fn inside_a_runtime_it_refuses_and_does_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    let error = Client::connect(folder.path().join("s")).unwrap_err();
    assert!(matches!(error, Error::Runtime { .. }), "{error:?}");
    let socket = folder.path().join("t");
    let _running = start(&Fake::default(), socket.clone());
    let client = thread::spawn(move || Client::connect(&socket)).join().unwrap().unwrap();
    assert!(matches!(client.info(), Err(Error::Runtime { .. })));
    drop(client);
}
