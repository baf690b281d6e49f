//! The audit records of setups and proofs. They never contain values.

use broker_proto::v1::ProofFormat::Arkworks;

use crate::{
    service::{PROFILES, Service},
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
