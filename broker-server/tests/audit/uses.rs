//! Every key use has exactly one record, however its call ends.

use std::{fs, time::Duration};

use broker_proto::v1;
use tokio::task::JoinSet;

use crate::{
    lines, stop,
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
        context: None,
    };
    let data = (0..parts).map(|_| Part::Data(vec![7; 1000].into()));
    [Part::Header(header)]
        .into_iter()
        .chain(data)
        .map(|part| v1::SignStreamRequest { part: Some(part) })
        .collect()
}

/// Makes calls that use keys; some are cancelled, and some exceed their deadline.
async fn use_keys(broker: &Broker, key: &[u8]) {
    let mut calls = JoinSet::new();
    for round in 0..10_u64 {
        let channel = broker.channel().await;
        for number in 0..100_u64 {
            let choice = (round * 100 + number).wrapping_mul(2_654_435_761) % 1000;
            let (key, channel) = (key.to_vec(), channel.clone());
            calls.spawn(async move {
                let timeout = Duration::from_micros(choice * 20);
                let call = async {
                    if choice % 2 == 0 {
                        let mut client = v1::stream_service_client::StreamServiceClient::new(channel);
                        let mut request =
                            tonic::Request::new(tokio_stream::iter(stream(&key, number as usize % 5)));
                        if choice % 3 == 0 {
                            request.set_timeout(timeout);
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
                            context: None,
                        });
                        if choice % 3 == 0 {
                            request.set_timeout(timeout);
                        }
                        client.sign_data(request).await.map(drop)
                    }
                };
                // Dropping the call resets its stream.
                tokio::time::timeout(if choice % 3 == 1 { timeout } else { Duration::from_secs(60) }, call)
                    .await
            });
        }
    }
    let outcomes = calls.join_all().await;
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Ok(Ok(())))), "no call succeeded");
    assert!(outcomes.iter().any(|outcome| !matches!(outcome, Ok(Ok(())))), "no call was broken off");
}

/// Returns the number of key uses that the broker logs in the line with this text.
fn logged_key_uses(broker: &Broker, text: &str) -> usize {
    let line = broker.logged(&[text, "key_uses="]);
    let count = line.split(" key_uses=").nth(1).unwrap();
    count.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_loaded_key_has_one_record() {
    let log = private_folder();
    let file = log.path().join("audit.log");
    // The queue is short, so that some calls are refused.
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
    assert_eq!(stop(&mut broker), Some(0));
    let started = logged_key_uses(&broker, "drained");
    let records = lines(&file);
    let uses: Vec<_> = records.iter().filter(|record| record["event"] == "key-use").collect();
    assert_eq!(uses.len(), started);
    let failed = uses.iter().filter(|record| record["outcome"] == "failed").count();
    assert!(failed > 0 && failed < started, "{failed} of {started}");
    assert!(uses.iter().all(|record| (record["outcome"] == "success") == record["reason"].is_null()));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_a_key_pair_share_its_fingerprint() {
    let log = private_folder();
    let file = log.path().join("audit.log");
    let (mut broker, _keys) =
        signing::broker("", &["--audit-log", file.to_str().unwrap(), "--drain-idle", "0"]);
    let pair = signing::key_pair(&broker, "native ed25519", None, 2).await.unwrap();
    let mut client = broker.crypto().await;
    signing::sign(&mut client, "native ed25519", &pair.private_key, b"x", signing::RAW).await.unwrap();
    drop(client);
    assert_eq!(stop(&mut broker), Some(0));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &pair.public_key);
    let fingerprint = format!("sha256:{}", hex::encode(digest));
    let records = lines(&file);
    assert_eq!(records.len(), 2);
    for record in records {
        assert_eq!(record["key_fingerprint"], fingerprint.as_str(), "{record}");
    }
}

/// A profile whose key pairs take long to generate: two primes of 2048 bits.
const SLOW: &str = "  - Name: slow
    API:
      SignData: { SigningMode: legacy, SignAlg: rsa, HashAlg: sha-256, SignatureFormat: DER, KeyConstraints: { RSA: { MinKeySize: 4096, MaxKeySize: 4096 } } }
";

/// Starts the generation of key pairs and cancels the calls.
async fn cancel_key_pairs(broker: &Broker) {
    for _ in 0..2 {
        let pair = signing::key_pair(broker, "slow", None, 0);
        let _usually_elapsed = tokio::time::timeout(Duration::from_millis(50), pair).await;
    }
}

#[tokio::test]
async fn drain_waits_for_the_record_of_a_cancelled_call() {
    let log = private_folder();
    let file = log.path().join("audit.log");
    let arguments = ["--audit-log", file.to_str().unwrap(), "--drain-idle", "0", "--drain-deadline", "10m"];
    let (mut broker, _keys) = signing::broker(SLOW, &arguments);
    cancel_key_pairs(&broker).await;
    assert_eq!(stop(&mut broker), Some(0));
    let started = logged_key_uses(&broker, "drained");
    assert!(started > 0);
    assert_eq!(lines(&file).len(), started);
}

#[tokio::test]
async fn key_use_beyond_the_drain_deadline_counts_as_unwritten() {
    let log = private_folder();
    let file = log.path().join("audit.log");
    let arguments = ["--audit-log", file.to_str().unwrap(), "--drain-idle", "0", "--drain-deadline", "1ms"];
    let (mut broker, _keys) = signing::broker(SLOW, &arguments);
    cancel_key_pairs(&broker).await;
    stop(&mut broker);
    let line = broker.logged(&["key_uses="]);
    let number = |name: &str| -> usize {
        let rest = line.split(name).nth(1).map_or("0", |rest| rest.split_whitespace().next().unwrap());
        rest.parse().unwrap()
    };
    assert!(number(" key_uses=") > 0, "{line}");
    assert_eq!(number(" key_uses="), lines(&file).len() + number("unwritten_key_uses="), "{line}");
}
