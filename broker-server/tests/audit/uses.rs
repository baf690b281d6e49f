//! Every use of a key has exactly one record, however its call ends.

use std::{fs, time::Duration};

use broker_proto::v1;
use tokio::task::JoinSet;

use crate::{
    ended, lines,
    support::{
        Broker, private_folder,
        signing::{self, source},
    },
};

const PROFILE: &str = "native ecdsa sha-256";

fn stream(key: &[u8], parts: usize) -> Vec<v1::SignStreamRequest> {
    use v1::sign_stream_request::Part;
    let header = v1::SignStreamHeader {
        profile: PROFILE.to_owned(),
        key_source: source(key),
        signature_format: signing::DER,
        metadata: None,
    };
    let data = (0..parts).map(|_| Part::Data(vec![7; 1000].into()));
    [Part::Header(header)]
        .into_iter()
        .chain(data)
        .map(|part| v1::SignStreamRequest { part: Some(part) })
        .collect()
}

/// Uses keys, and goes away or runs out of time in the middle of some.
async fn use_keys(broker: &Broker, key: &[u8]) {
    let mut calls = JoinSet::new();
    for round in 0..10_u64 {
        let channel = broker.channel().await;
        for number in 0..100_u64 {
            let choice = (round * 100 + number).wrapping_mul(2_654_435_761) % 1000;
            let (key, channel) = (key.to_vec(), channel.clone());
            calls.spawn(async move {
                let idle_timeout = Duration::from_micros(choice * 20);
                let call = async {
                    if choice % 2 == 0 {
                        let mut client = v1::stream_service_client::StreamServiceClient::new(channel);
                        let mut request =
                            tonic::Request::new(tokio_stream::iter(stream(&key, number as usize % 5)));
                        if choice % 3 == 0 {
                            request.set_timeout(idle_timeout);
                        }
                        client.sign_stream(request).await.map(drop)
                    } else {
                        let mut client = v1::crypto_service_client::CryptoServiceClient::new(channel);
                        let mut request = tonic::Request::new(v1::SignDataRequest {
                            profile: PROFILE.to_owned(),
                            key_source: source(&key),
                            input: vec![1; 100].into(),
                            signature_format: signing::DER,
                            metadata: None,
                        });
                        if choice % 3 == 0 {
                            request.set_timeout(idle_timeout);
                        }
                        client.sign_data(request).await.map(drop)
                    }
                };
                // Dropping the call resets its stream.
                tokio::time::timeout(
                    if choice % 3 == 1 { idle_timeout } else { Duration::from_secs(60) },
                    call,
                )
                .await
            });
        }
    }
    let outcomes = calls.join_all().await;
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Ok(Ok(())))), "none was served");
    assert!(outcomes.iter().any(|outcome| !matches!(outcome, Ok(Ok(())))), "none was broken off");
}

/// How many uses the broker has counted as it began them.
fn counted(broker: &Broker, words: &str) -> usize {
    let line = broker.logged(&[words, "key_uses="]);
    let count = line.split(" key_uses=").nth(1).unwrap();
    count.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_that_was_loaded_has_one_record() {
    let log = private_folder();
    let file = log.path().join("audit.log");
    // Few places, so that some calls are refused for want of one.
    let (mut broker, keys) = signing::broker(
        "",
        &[
            "--audit-log",
            file.to_str().unwrap(),
            "--queue-depth",
            "8",
            "--queue-wait",
            "1ms",
            "--drain-idle",
            "100ms",
        ],
    );
    signing::key(keys.path(), "p-256");
    let key = fs::read(keys.path().join("p-256.key")).unwrap();
    use_keys(&broker, &key).await;
    assert_eq!(ended(&mut broker), Some(0));
    let begun = counted(&broker, "drained");
    let records = lines(&file);
    let uses: Vec<_> = records.iter().filter(|record| record["event"] == "key-use").collect();
    assert!(begun > 100, "{begun}");
    assert_eq!(uses.len(), begun);
    let failed = uses.iter().filter(|record| record["outcome"] == "failed").count();
    assert!(failed > 0 && failed < begun, "{failed} of {begun}");
    assert!(uses.iter().all(|record| (record["outcome"] == "success") == record["reason"].is_null()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_is_known_by_its_public_key_in_all_its_records() {
    let log = private_folder();
    let file = log.path().join("audit.log");
    let (mut broker, _keys) =
        signing::broker("", &["--audit-log", file.to_str().unwrap(), "--drain-idle", "0"]);
    let pair = signing::key_pair(&broker, "native ed25519", None, 2).await.unwrap();
    let mut client = broker.crypto().await;
    signing::sign(&mut client, "native ed25519", &pair.private_key, b"x", signing::RAW).await.unwrap();
    drop(client);
    assert_eq!(ended(&mut broker), Some(0));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &pair.public_key);
    let fingerprint = format!("sha256:{}", hex::encode(digest));
    let records = lines(&file);
    assert_eq!(records.len(), 2);
    for record in records {
        assert_eq!(record["key_fingerprint"], fingerprint.as_str(), "{record}");
    }
}

/// A profile whose key pairs take long to make: two primes of 2048 bits.
const SLOW: &str = "  - Name: slow
    API:
      SignData: { SigningMode: legacy, SignAlg: rsa, HashAlg: sha-256, SignatureFormat: DER, KeyConstraints: { RSA: { MinKeySize: 4096, MaxKeySize: 4096 } } }
";

/// Begins to make key pairs for callers who do not wait for them.
async fn leave_key_pairs_under_way(broker: &Broker) {
    for _ in 0..2 {
        let pair = signing::key_pair(broker, "slow", None, 0);
        let _usually_too_late = tokio::time::timeout(Duration::from_millis(50), pair).await;
    }
}

#[tokio::test]
async fn a_drain_waits_for_the_record_of_a_use_whose_caller_has_gone() {
    let log = private_folder();
    let file = log.path().join("audit.log");
    let arguments = ["--audit-log", file.to_str().unwrap(), "--drain-idle", "0", "--drain-deadline", "10m"];
    let (mut broker, _keys) = signing::broker(SLOW, &arguments);
    leave_key_pairs_under_way(&broker).await;
    assert_eq!(ended(&mut broker), Some(0));
    let begun = counted(&broker, "drained");
    assert!(begun > 0);
    assert_eq!(lines(&file).len(), begun);
}

#[tokio::test]
async fn a_use_that_outlasts_the_drain_deadline_is_counted_as_not_written() {
    let log = private_folder();
    let file = log.path().join("audit.log");
    let arguments = ["--audit-log", file.to_str().unwrap(), "--drain-idle", "0", "--drain-deadline", "1ms"];
    let (mut broker, _keys) = signing::broker(SLOW, &arguments);
    leave_key_pairs_under_way(&broker).await;
    ended(&mut broker);
    let line = broker.logged(&["key_uses="]);
    let number = |name: &str| -> usize {
        let rest = line.split(name).nth(1).map_or("0", |rest| rest.split_whitespace().next().unwrap());
        rest.parse().unwrap()
    };
    assert!(number(" key_uses=") > 0, "{line}");
    assert_eq!(number(" key_uses="), lines(&file).len() + number("unwritten_key_uses="), "{line}");
}
