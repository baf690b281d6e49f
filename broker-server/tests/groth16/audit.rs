//! The audit records of setups and proofs. They never contain values.

use std::{fs::OpenOptions, io::Write as _, os::unix::fs::OpenOptionsExt as _};

use broker_proto::v1::ProofFormat::Arkworks;
use rustix::fs::{FileType, Mode, OFlags};
use tonic::Code;

use crate::{
    service::{PROFILES, Service, reason},
    support::private_folder,
};

#[tokio::test]
async fn setups_and_proofs_are_recorded_with_circuit_key_and_class() {
    let folder = private_folder();
    let file = folder.path().join("audit.log");
    let service = Service::with(PROFILES, &["--audit-log", file.to_str().unwrap()]).await;
    let inputs = [("a", "313370003"), ("b", "11")];
    let proof = service.prove("bn254", "multiply", &inputs, Arkworks).await.unwrap();
    service
        .prove("bn254", "multiply", &[("a", "313370003"), ("b", "11"), ("c", "1")], Arkworks)
        .await
        .unwrap_err();
    service.setup("never", "multiply").await.unwrap_err();
    service.setup("by-request", "multiply").await.unwrap();

    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("313370003"), "{text}");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<[&str; 5]> = lines
        .iter()
        .map(|line| {
            ["operation", "outcome", "circuit", "setup_class", "reason"]
                .map(|key| line[key].as_str().unwrap_or(""))
        })
        .collect();
    assert_eq!(
        seen,
        [
            ["Setup", "success", "multiply", "single-party", ""],
            ["Prove", "success", "multiply", "single-party", ""],
            ["Prove", "failed", "multiply", "single-party", "WITNESS_UNSATISFIED"],
            ["Setup", "refused", "", "", "SETUP_NOT_ALLOWED"],
        ],
        "{text}"
    );
    let fingerprint = format!("sha256:{}", hex::encode(proof.key.unwrap().fingerprint));
    assert!(lines[..3].iter().all(|line| line["key_fingerprint"] == fingerprint.as_str()), "{text}");
}

/// The record is written before anybody can use the key. Without it there is no key.
#[tokio::test]
async fn no_key_is_made_without_its_record() {
    let folder = private_folder();
    let (path, store) = (folder.path().join("audit.fifo"), folder.path().join("keys"));
    rustix::fs::mknodat(rustix::fs::CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let nonblocking = OFlags::NONBLOCK.bits() as i32;
    let mut reader = OpenOptions::new().read(true).write(true).custom_flags(nonblocking).open(&path).unwrap();
    while reader.write(&[b'.'; 4096]).is_ok() {}
    let arguments = [
        "--audit-wait",
        "50ms",
        "--audit-log",
        path.to_str().unwrap(),
        "--key-store",
        store.to_str().unwrap(),
    ];
    let service = Service::with(PROFILES, &arguments).await;
    for _ in 0..2 {
        let error = service.setup("by-request", "multiply").await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::Internal, "AUDIT_UNAVAILABLE"));
        assert!(error.message().starts_with("the audit record could not be written"), "{}", error.message());
    }
    assert!(service.list("by-request").await.unwrap().circuits[0].key.is_none());
    assert_eq!(std::fs::read_dir(store.join("keys")).unwrap().count(), 0);
}
