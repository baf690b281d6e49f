//! The audit records of `KemService`: uses of a decapsulation key, and refusals.

use crate::{
    service::{MECHANISMS, Service},
    support::private_folder,
};

#[tokio::test]
async fn audit_records_key_uses_and_refusals() {
    let folder = private_folder();
    let file = folder.path().join("audit.log");
    let service = Service::start_with(&["--audit-log", file.to_str().unwrap()]).await;
    let profile = MECHANISMS[1].profile("aws-lc");
    let pair = service.generate(&profile, None, 0).await.unwrap();
    let encapsulated = service.encapsulate(&profile, &pair.public_key).await.unwrap();
    service.generate(&profile, Some(&[7; 64]), 0).await.unwrap_err();
    service.encapsulate(&MECHANISMS[0].profile("native"), &pair.public_key).await.unwrap_err();
    service.decapsulate(&profile, &pair.private_key, &encapsulated.ciphertext).await.unwrap();
    // Policy has permitted the use of the key, so the truncated ciphertext is recorded as a failure.
    service.decapsulate(&profile, &pair.private_key, &encapsulated.ciphertext[1..]).await.unwrap_err();

    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<[&str; 4]> = lines
        .iter()
        .map(|line| {
            ["operation", "outcome", "algorithm", "reason"].map(|key| line[key].as_str().unwrap_or(""))
        })
        .collect();
    assert_eq!(
        seen,
        [
            ["GenerateKeyPair", "success", "ml-kem-768", ""],
            ["Encapsulate", "success", "ml-kem-768", ""],
            ["GenerateKeyPair", "refused", "", "SEED_NOT_ALLOWED"],
            ["Encapsulate", "refused", "", "ALGORITHM_MISMATCH"],
            ["Decapsulate", "success", "ml-kem-768", ""],
            ["Decapsulate", "failed", "ml-kem-768", "FIELD_WRONG_LENGTH"],
        ],
        "{text}"
    );
    // All calls used the same pair, so their records have the same fingerprint.
    let known = [0, 1, 4].map(|line: usize| lines[line]["key_fingerprint"].as_str().unwrap());
    assert!(known[0].starts_with("sha256:") && known.iter().all(|other| *other == known[0]), "{text}");
}
