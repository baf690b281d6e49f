//! Which calls are sent again after which failures: a use of a key is not repeated where the broker may have begun it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::{collections::HashMap, future::Future, pin::Pin};

use broker_client::{
    Client, DecapsulateRequest, DecryptDataRequest, EncapsulateRequest, EncryptDataRequest, Error, ErrorKind,
    GenerateKeyPairRequest, HashDataRequest, SignCertificateRequest, SignDataRequest, VerifyDataRequest,
};
use common::{Broker, Lane, Step, broker_on, quick, start};
use tonic::{Code as Grpc, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

on_both_lanes! {
    each_call_that_was_not_begun_is_sent_again
    key_use_that_may_have_been_begun_is_sent_once
    key_use_is_repeated_where_the_program_asks_for_it
    key_use_on_a_connection_that_broke_is_sent_once
    hash_on_a_connection_that_broke_is_sent_again
    refusal_after_an_attempt_that_was_begun_is_not_retry_safe
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;
type Call = for<'a> fn(&'a Client) -> Answer<'a>;

/// Every call of one message, and whether it uses or makes a key.
const CALLS: [(&str, bool, Call); 10] = [
    ("hash_data", false, |it| Box::pin(async { it.hash_data(hash()).await.map(drop) })),
    ("verify_data", false, |it| {
        Box::pin(async { it.verify_data(VerifyDataRequest::new("k", "x", "s").profile("P")).await.map(drop) })
    }),
    ("sign_certificate", true, |it| Box::pin(async { it.sign_certificate(certificate()).await.map(drop) })),
    ("sign_data", true, |it| {
        Box::pin(async { it.sign_data(SignDataRequest::new("k", "x").profile("P")).await.map(drop) })
    }),
    ("encrypt_data", true, |it| {
        Box::pin(async { it.encrypt_data(EncryptDataRequest::new("k", "x").profile("P")).await.map(drop) })
    }),
    ("decrypt_data", true, |it| {
        let request = DecryptDataRequest::new("k", "c", "n", "t").profile("P");
        Box::pin(async { it.decrypt_data(request).await.map(drop) })
    }),
    ("generate_signature_key_pair", true, |it| {
        let request = GenerateKeyPairRequest::new().profile("P");
        Box::pin(async { it.generate_signature_key_pair(request).await.map(drop) })
    }),
    ("generate_kem_key_pair", true, |it| {
        let request = GenerateKeyPairRequest::new().profile("P");
        Box::pin(async { it.generate_kem_key_pair(request).await.map(drop) })
    }),
    ("encapsulate", true, |it| {
        Box::pin(async { it.encapsulate(EncapsulateRequest::new("k").profile("P")).await.map(drop) })
    }),
    ("decapsulate", true, |it| {
        Box::pin(async { it.decapsulate(DecapsulateRequest::new("k", "c").profile("P")).await.map(drop) })
    }),
];

fn hash() -> HashDataRequest {
    HashDataRequest::new("x").profile("P")
}

fn certificate() -> SignCertificateRequest {
    SignCertificateRequest::new("csr", "cert", "key").profile("P")
}

/// What a broker says that is ending: of a call that it has not begun, and of one that it cuts.
fn ending(reason: &str) -> Status {
    let details = ErrorDetails::with_error_info(reason, "cryptobroker.v1", HashMap::new());
    Status::with_error_details(Grpc::Unavailable, "the broker is shutting down", details)
}

async fn each_call_that_was_not_begun_is_sent_again(lane: Lane) {
    for refusal in [ending("SHUTTING_DOWN"), Status::resource_exhausted("full")] {
        let it = broker_on(lane, 2).await;
        for (name, _, call) in CALLS {
            it.fake.fail(refusal.clone()).then(Step::Usual);
            call(&it.client).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        let seen = it.fake.seen();
        assert_eq!(2 * CALLS.len(), seen.len());
        for attempts in seen.chunks(2) {
            assert_eq!(attempts[0].id, attempts[1].id);
            assert!(attempts.iter().all(|attempt| attempt.timeout.is_some()));
        }
    }
}

async fn key_use_that_may_have_been_begun_is_sent_once(lane: Lane) {
    for refusal in [Status::unavailable(""), ending("DRAIN_DEADLINE"), Status::aborted("")] {
        for (name, keyed, call) in CALLS {
            let it = broker_on(lane, 3).await;
            it.fake.fail(refusal.clone()).then(Step::Usual);
            let answer = call(&it.client).await;
            assert_eq!(keyed, answer.is_err(), "{name}: {answer:?}");
            assert_eq!(if keyed { 1 } else { 2 }, it.fake.calls(), "{name}");
            if let Err(error) = answer {
                assert!(error.is_retryable() && error.possibly_executed, "{name}: {error:?}");
            }
        }
    }
}

async fn key_use_is_repeated_where_the_program_asks_for_it(lane: Lane) {
    let it = broker_on(lane, 1).await;
    let policy = quick(2).repeat_key_use(true);
    let client = Client::builder().socket(&it.socket).retry(policy).connect().await.unwrap();
    let client = if lane == Lane::Pipeline { client.pipeline() } else { client };
    for (name, _, call) in CALLS {
        it.fake.fail(ending("DRAIN_DEADLINE")).then(Step::Usual);
        call(&client).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert_eq!(2 * CALLS.len(), it.fake.calls());
}

/// Begins a call that is never answered, cuts its connection, and starts the broker again.
async fn cut(it: &mut Broker, call: Call) -> Result<(), Error> {
    it.fake.then(Step::Hang);
    let client = it.client.clone();
    let answer = tokio::spawn(async move { call(&client).await });
    while it.fake.calls() == 0 {
        tokio::task::yield_now().await;
    }
    it.running.take().unwrap().stop();
    it.running = Some(start(&it.fake, it.socket.clone()));
    answer.await.unwrap()
}

async fn key_use_on_a_connection_that_broke_is_sent_once(lane: Lane) {
    for (name, _, call) in CALLS.into_iter().filter(|(_, keyed, _)| *keyed) {
        let mut it = broker_on(lane, u32::MAX).await;
        let error = cut(&mut it, call).await.unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::Connection { .. }) && error.possibly_executed,
            "{name}: {error:?}"
        );
        assert_eq!(1, it.fake.calls(), "{name}");
        // The next one finds the broker that came back.
        call(&it.client).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

async fn hash_on_a_connection_that_broke_is_sent_again(lane: Lane) {
    for (name, _, call) in CALLS.into_iter().filter(|(_, keyed, _)| !keyed) {
        let mut it = broker_on(lane, u32::MAX).await;
        cut(&mut it, call).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(2, it.fake.calls(), "{name}");
    }
}

/// A refusal that is safe by itself says nothing of the attempt before it.
async fn refusal_after_an_attempt_that_was_begun_is_not_retry_safe(lane: Lane) {
    let it = broker_on(lane, 1).await;
    let policy = quick(2).repeat_key_use(true);
    let client = Client::builder().socket(&it.socket).retry(policy).connect().await.unwrap();
    let client = if lane == Lane::Pipeline { client.pipeline() } else { client };
    it.fake.fail(ending("DRAIN_DEADLINE")).fail(ending("SHUTTING_DOWN"));
    let error = client.sign_certificate(certificate()).await.unwrap_err();
    assert!(error.rejection().is_some() && error.possibly_executed, "{error:?}");
}

/// A refusal of the whole stream does not say how far each item had come, whatever its code.
#[tokio::test]
async fn key_use_on_a_pipeline_that_was_refused_as_a_whole_is_sent_once() {
    let it = broker_on(Lane::Pipeline, 3).await;
    it.fake.then(Step::End(Status::resource_exhausted("enough")));
    let error = it.client.sign_certificate(certificate()).await.unwrap_err();
    assert!(error.is_retryable() && error.possibly_executed, "{error:?}");
    assert_eq!(1, it.fake.pipelines());

    it.fake.then(Step::End(Status::resource_exhausted("enough")));
    it.client.hash_data(hash()).await.unwrap();
    assert_eq!(3, it.fake.pipelines());
}

#[tokio::test]
async fn questions_are_sent_again() {
    let it = broker_on(Lane::Unary, 2).await;
    it.fake.fail(Status::unavailable(""));
    it.client.info().await.unwrap();
    assert_eq!(2, it.fake.calls());
}
