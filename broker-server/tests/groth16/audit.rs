//! The audit records of setups and proofs. They never contain values.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use broker_proto::v1::ProofFormat::Arkworks;
use rustix::fs::{FileType, Mode, OFlags};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::{
    ceremony::{powers_of_tau, profile},
    service::{PROFILES, Service, proof_item, reason},
    support::private_folder,
};

/// Ends the broker, which then writes what it has not written yet, and returns the audit.
fn recorded(service: Service, file: &Path) -> String {
    service.broker.signal("TERM");
    service.broker.logged_until_end();
    fs::read_to_string(file).unwrap()
}

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

    let text = recorded(service, &file);
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

/// A rule that can be judged only when the circuit, its key or the memory of its proof is known refuses like any other.
#[tokio::test]
async fn refusals_after_the_decision_are_recorded_with_their_rule() {
    let folder = private_folder();
    let file = folder.path().join("audit.log");
    let unverified = profile("unverified", "verified", true, &powers_of_tau("several.ptau"));
    let profiles = format!("{PROFILES}{unverified}");
    let service = Service::with(&profiles, &["--audit-log", file.to_str().unwrap()]).await;
    let item = proof_item(&[0; 128], Arkworks, &["33"]);
    let verified = service.verify("unverified", "circuit", item).await.unwrap_err();
    let constraints = service.prove("small", "payment", &[("amount", "1")], Arkworks).await.unwrap_err();
    for (error, reason, rule) in [
        (verified, "CEREMONY_REQUIRED", "API.Groth16.RequireCeremony"),
        (constraints, "LIMIT_EXCEEDED", "API.Groth16.Limits.Constraints"),
    ] {
        let info = error.get_details_error_info().unwrap();
        let found = info.metadata.get("rule").map_or("", String::as_str);
        assert_eq!((info.reason.as_str(), found), (reason, rule), "{error}");
    }
    let text = recorded(service, &file);
    let seen: Vec<[String; 5]> = text
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            ["event", "operation", "outcome", "reason", "rule"]
                .map(|key| line[key].as_str().unwrap_or("").to_owned())
        })
        .collect();
    assert_eq!(
        seen,
        [
            ["refusal", "Verify", "refused", "CEREMONY_REQUIRED", "API.Groth16.RequireCeremony"],
            ["refusal", "Prove", "refused", "LIMIT_EXCEEDED", "API.Groth16.Limits.Constraints"],
        ],
        "{text}"
    );
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
    assert_eq!(fs::read_dir(store.join("keys")).unwrap().count(), 0);
}
