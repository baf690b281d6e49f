//! Proofs beside other work, callers who leave, and brokers that are killed.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use broker_proto::v1::{self, ProofFormat::Arkworks};
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;

use crate::{
    service::{PROFILES, Service, numbers, proof_item},
    support::private_folder,
};

const PAYMENT: [(&str, &str); 11] = [
    ("minAmount", "1000000"),
    ("recipient", "text:shop"),
    ("maxAge", "60"),
    ("currentTime", "1700000000"),
    ("context", "text:order 7"),
    ("amount", "1500000"),
    ("sender", "text:alice"),
    ("transaction", "text:tx-1"),
    ("paymentTime", "1699999950"),
    ("secret", "12345678901234567890"),
    ("salt", "9876543210"),
];
const INPUTS: [(&str, &str); 2] = [("a", "3"), ("b", "11")];
/// So many proofs take much longer together than any other call.
const PROOFS: usize = 32;

/// Starts proofs that take long, each by a caller of its own, and waits until one has ended. Returns the callers, and how
/// many of them have an answer.
async fn many_proofs(service: &Service) -> (JoinSet<()>, Arc<AtomicUsize>) {
    service.prove("bn254", "payment", &PAYMENT, Arkworks).await.unwrap();
    let (mut calls, ended) = (JoinSet::new(), Arc::new(AtomicUsize::new(0)));
    for _ in 0..PROOFS {
        let (mut client, ended) = (service.client(), Arc::clone(&ended));
        calls.spawn(async move {
            let mut request = v1::ProveRequest::default();
            request.profile = "bn254".into();
            request.circuit = "payment".into();
            request.inputs = numbers(&PAYMENT);
            client.prove(request).await.unwrap();
            ended.fetch_add(1, Ordering::SeqCst);
        });
    }
    calls.join_next().await.unwrap().unwrap();
    (calls, ended)
}

/// If proofs took all threads, each of these calls would wait for one or more of them.
#[tokio::test(flavor = "multi_thread")]
async fn other_calls_are_answered_while_proofs_wait_for_each_other() {
    let text = PROFILES.to_owned() + "  - { Name: hash, API: { HashData: { HashAlg: sha-256 } } }\n";
    let service = Service::with(&text, &["--compute-threads", "2"]).await;
    let (mut calls, ended) = many_proofs(&service).await;
    for _ in 0..PROOFS {
        let request =
            v1::HashDataRequest { profile: "hash".into(), input: b"x".to_vec().into(), ..Default::default() };
        service.broker.crypto().await.hash_data(request).await.unwrap();
    }
    let ended = ended.load(Ordering::SeqCst);
    assert!(ended < PROOFS * 3 / 4, "{ended} of {PROOFS} proofs have ended");
    while let Some(call) = calls.join_next().await {
        call.unwrap();
    }
}

/// If the proofs of callers who have left went on, the broker would use the processor for them before the last proof, which
/// waits in the same queue.
#[tokio::test(flavor = "multi_thread")]
async fn proofs_end_when_their_callers_leave() {
    let service = Service::with(PROFILES, &["--compute-threads", "2"]).await;
    service.setup("bn254", "payment").await.unwrap();
    let start = processor_time(service.broker.pid());
    service.prove("bn254", "payment", &PAYMENT, Arkworks).await.unwrap();
    let one = (processor_time(service.broker.pid()) - start).max(1);
    let (mut calls, _) = many_proofs(&service).await;
    calls.shutdown().await;
    let left = processor_time(service.broker.pid());
    service.prove("bn254", "payment", &PAYMENT, Arkworks).await.unwrap();
    let spent = processor_time(service.broker.pid()) - left;
    assert!(spent < one * PROOFS as u64 / 3, "{spent} ticks where one proof takes {one}");
}

/// The time that all threads of a process have used of the processor, in ticks (proc_pid_stat(5), utime and stime).
fn processor_time(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Brokers are killed when the first file appears among the keys, finished or not, or later.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_leaves_whole_keys_or_none() {
    let folder = private_folder();
    let store = folder.path().join("keys");
    let arguments = ["--key-store", store.to_str().unwrap()];
    for round in 0..6_u32 {
        let service = Service::with(PROFILES, &arguments).await;
        let mut client = service.client();
        let call = tokio::spawn(async move {
            let request =
                v1::SetupRequest { profile: "bn254".into(), circuit: "payment".into(), metadata: None };
            client.setup(request).await
        });
        // The broker is killed at another moment each time: after so many looks at the folder with a file in it.
        let mut looks = round * 3;
        while looks > 0 || fs::read_dir(store.join("keys")).unwrap().next().is_none() {
            looks = looks.saturating_sub(1);
            tokio::task::yield_now().await;
            if call.is_finished() {
                break;
            }
        }
        service.broker.signal("KILL");
        // The call may have been answered before.
        let _either = call.await.unwrap();
        for entry in fs::read_dir(store.join("keys")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let Some(stem) = name.strip_suffix(".zkey") else { continue };
            let hash = hex::encode(Sha256::digest(fs::read(&path).unwrap()));
            assert!(stem.ends_with(&hash), "{name}");
        }
        if round % 2 == 0 {
            let _gone = fs::remove_dir_all(store.join("keys")).and_then(|()| {
                use std::os::unix::fs::DirBuilderExt as _;
                fs::DirBuilder::new().mode(0o700).create(store.join("keys"))
            });
        }
    }
    let service = Service::with(PROFILES, &arguments).await;
    let proof = service.prove("bn254", "multiply", &INPUTS, Arkworks).await.unwrap();
    let verified = service.verify("bn254", "multiply", proof_item(&proof.proof, Arkworks, &["33"])).await;
    assert!(verified.unwrap().valid);
    service.prove("bn254", "payment", &PAYMENT, Arkworks).await.unwrap();
    let unfinished = fs::read_dir(store.join("keys"))
        .unwrap()
        .filter(|entry| !entry.as_ref().unwrap().file_name().to_str().unwrap().ends_with(".zkey"));
    assert_eq!(unfinished.count(), 0);
}
