//! Which calls are retried after which failures: the use of a key is not repeated where the broker may have
//! executed it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::{collections::HashMap, future::Future, pin::Pin};

use broker_client::{
    Client, DecapsulateRequest, DecryptDataRequest, EncapsulateRequest, EncryptDataRequest, Error, ErrorKind,
    GenerateKeyPairRequest, GenerateKeyRequest, HashDataRequest, SignCertificateRequest, SignDataRequest,
    VerifyDataRequest,
};
use common::{Broker, Lane, Step, quick, start, start_broker_on};
use tonic::{Code as Grpc, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

on_both_lanes! {
    call_that_was_not_executed_is_retried
    key_use_possibly_executed_is_not_retried
    key_use_is_retried_with_repeat_key_use
    key_use_on_broken_connection_is_not_retried
    keyless_call_on_broken_connection_is_retried
    refusal_after_possible_execution_is_possibly_executed
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;
type Call = for<'a> fn(&'a Client) -> Answer<'a>;

/// Every unary operation, and whether it uses or makes a key.
const CALLS: [(&str, bool, Call); 11] = [
    ("hash_data", false, |client| Box::pin(async { client.hash_data(hash()).await.map(drop) })),
    ("verify_data", false, |client| {
        Box::pin(async {
            client.verify_data(VerifyDataRequest::new("k", "x", "s").profile("P")).await.map(drop)
        })
    }),
    ("sign_certificate", true, |client| {
        Box::pin(async { client.sign_certificate(certificate()).await.map(drop) })
    }),
    ("sign_data", true, |client| {
        Box::pin(async { client.sign_data(SignDataRequest::new("k", "x").profile("P")).await.map(drop) })
    }),
    ("encrypt_data", true, |client| {
        Box::pin(async {
            client.encrypt_data(EncryptDataRequest::new("k", "x").profile("P")).await.map(drop)
        })
    }),
    ("decrypt_data", true, |client| {
        let request = DecryptDataRequest::new("k", "c", "n", "t").profile("P");
        Box::pin(async { client.decrypt_data(request).await.map(drop) })
    }),
    ("generate_signature_key_pair", true, |client| {
        let request = GenerateKeyPairRequest::new().profile("P");
        Box::pin(async { client.generate_signature_key_pair(request).await.map(drop) })
    }),
    ("generate_kem_key_pair", true, |client| {
        let request = GenerateKeyPairRequest::new().profile("P");
        Box::pin(async { client.generate_kem_key_pair(request).await.map(drop) })
    }),
    ("generate_key", true, |client| {
        Box::pin(async { client.generate_key(GenerateKeyRequest::new().profile("P")).await.map(drop) })
    }),
    ("encapsulate", true, |client| {
        Box::pin(async { client.encapsulate(EncapsulateRequest::new("k").profile("P")).await.map(drop) })
    }),
    ("decapsulate", true, |client| {
        Box::pin(async { client.decapsulate(DecapsulateRequest::new("k", "c").profile("P")).await.map(drop) })
    }),
];

fn hash() -> HashDataRequest {
    HashDataRequest::new("x").profile("P")
}

fn certificate() -> SignCertificateRequest {
    SignCertificateRequest::new("csr", "cert", "key").profile("P")
}

/// Returns the status of a broker that shuts down: SHUTTING_DOWN for a call that it has not begun, and
/// DRAIN_DEADLINE for one that it aborts.
fn unavailable(reason: &str) -> Status {
    let details = ErrorDetails::with_error_info(reason, "cryptobroker.v1", HashMap::new());
    Status::with_error_details(Grpc::Unavailable, "the broker is shutting down", details)
}

async fn call_that_was_not_executed_is_retried(lane: Lane) {
    for refusal in [unavailable("SHUTTING_DOWN"), Status::resource_exhausted("full")] {
        let broker = start_broker_on(lane, 2).await;
        for (name, _, call) in CALLS {
            broker.fake.fail(refusal.clone()).then(Step::Default);
            call(&broker.client).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        let seen = broker.fake.seen();
        assert_eq!(2 * CALLS.len(), seen.len());
        for attempts in seen.chunks(2) {
            assert_eq!(attempts[0].id, attempts[1].id);
            assert!(attempts.iter().all(|attempt| attempt.timeout.is_some()));
        }
    }
}

async fn key_use_possibly_executed_is_not_retried(lane: Lane) {
    for refusal in [Status::unavailable(""), unavailable("DRAIN_DEADLINE"), Status::aborted("")] {
        for (name, keyed, call) in CALLS {
            let broker = start_broker_on(lane, 3).await;
            broker.fake.fail(refusal.clone()).then(Step::Default);
            let answer = call(&broker.client).await;
            assert_eq!(keyed, answer.is_err(), "{name}: {answer:?}");
            assert_eq!(if keyed { 1 } else { 2 }, broker.fake.calls(), "{name}");
            if let Err(error) = answer {
                assert!(error.is_retryable() && error.possibly_executed, "{name}: {error:?}");
            }
        }
    }
}

async fn key_use_is_retried_with_repeat_key_use(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let policy = quick(2).repeat_key_use(true);
    let client = Client::builder().socket(&broker.socket).retry(policy).connect().await.unwrap();
    let client = if lane == Lane::Pipeline { client.pipeline() } else { client };
    for (name, _, call) in CALLS {
        broker.fake.fail(unavailable("DRAIN_DEADLINE")).then(Step::Default);
        call(&client).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert_eq!(2 * CALLS.len(), broker.fake.calls());
}

/// Makes a call that gets no response, breaks its connection, and restarts the broker.
async fn interrupt(broker: &mut Broker, call: Call) -> Result<(), Error> {
    broker.fake.then(Step::Hang);
    let client = broker.client.clone();
    let answer = tokio::spawn(async move { call(&client).await });
    while broker.fake.calls() == 0 {
        tokio::task::yield_now().await;
    }
    broker.running.take().unwrap().stop();
    broker.running = Some(start(&broker.fake, broker.socket.clone()));
    answer.await.unwrap()
}

async fn key_use_on_broken_connection_is_not_retried(lane: Lane) {
    for (name, _, call) in CALLS.into_iter().filter(|(_, keyed, _)| *keyed) {
        let mut broker = start_broker_on(lane, u32::MAX).await;
        let error = interrupt(&mut broker, call).await.unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::Connection { .. }) && error.possibly_executed,
            "{name}: {error:?}"
        );
        assert_eq!(1, broker.fake.calls(), "{name}");
        // The next call connects to the restarted broker.
        call(&broker.client).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

async fn keyless_call_on_broken_connection_is_retried(lane: Lane) {
    for (name, _, call) in CALLS.into_iter().filter(|(_, keyed, _)| !keyed) {
        let mut broker = start_broker_on(lane, u32::MAX).await;
        interrupt(&mut broker, call).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(2, broker.fake.calls(), "{name}");
    }
}

/// A refusal before execution does not tell whether an earlier attempt was executed.
async fn refusal_after_possible_execution_is_possibly_executed(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let policy = quick(2).repeat_key_use(true);
    let client = Client::builder().socket(&broker.socket).retry(policy).connect().await.unwrap();
    let client = if lane == Lane::Pipeline { client.pipeline() } else { client };
    broker.fake.fail(unavailable("DRAIN_DEADLINE")).fail(unavailable("SHUTTING_DOWN"));
    let error = client.sign_certificate(certificate()).await.unwrap_err();
    assert!(error.rejection().is_some() && error.possibly_executed, "{error:?}");
}

/// A refusal of the whole stream does not tell which items were executed, whatever its code.
#[tokio::test]
async fn key_use_on_refused_pipeline_is_not_retried() {
    let broker = start_broker_on(Lane::Pipeline, 3).await;
    broker.fake.then(Step::End(Status::resource_exhausted("enough")));
    let error = broker.client.sign_certificate(certificate()).await.unwrap_err();
    assert!(error.is_retryable() && error.possibly_executed, "{error:?}");
    assert_eq!(1, broker.fake.pipelines());

    broker.fake.then(Step::End(Status::resource_exhausted("enough")));
    broker.client.hash_data(hash()).await.unwrap();
    assert_eq!(3, broker.fake.pipelines());
}

#[tokio::test]
async fn info_is_retried() {
    let broker = start_broker_on(Lane::Unary, 2).await;
    broker.fake.fail(Status::unavailable(""));
    broker.client.info().await.unwrap();
    assert_eq!(2, broker.fake.calls());
}
