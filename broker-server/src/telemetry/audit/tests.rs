#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{fs, path::Path, time::Instant};

use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use super::{record::MAX_LINE, *};

fn refusal() -> Record {
    Record {
        event: Event::Refusal,
        operation: "SignCertificate",
        profile: "Default".into(),
        rule: Some("API.SignCertificate.KeyConstraints.Subject.ECDSA".into()),
        rule_line: Some(12),
        uid: Some(1000),
        gid: Some(100),
        pid: Some(7),
        outcome: Outcome::Refused,
        reason: Some("SUBJECT_KEY_NOT_ALLOWED"),
        ..Record::default()
    }
}

fn use_of_key() -> Record {
    Record { operation: "SignData", ..Record::default() }
}

fn in_file() -> (TempDir, PathBuf, Arc<Audit>, Outputs) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let outputs = Outputs::default();
    let options = AuditOptions { target: AuditTarget::File(path.clone()), ..AuditOptions::default() };
    let audit = Arc::new(Audit::open(&options, &outputs).unwrap());
    (folder, path, audit, outputs)
}

/// Every record that has been handed over.
fn lines(path: &Path, outputs: &Outputs) -> Vec<Value> {
    let unwritten = outputs.flush(Instant::now() + Duration::from_secs(60));
    assert_eq!(unwritten, output::Unwritten::default());
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_refusal_has_its_rule_and_no_fields_that_do_not_apply() {
    let line = refusal().line("2026-01-02T03:04:05.678901Z".parse().unwrap());
    assert_eq!(
        std::str::from_utf8(&line).unwrap(),
        concat!(
            "\n",
            r#"{"time":"2026-01-02T03:04:05.678Z","event":"refusal","operation":"SignCertificate","#,
            r#""profile":"Default","rule":"API.SignCertificate.KeyConstraints.Subject.ECDSA","rule_line":12,"#,
            r#""uid":1000,"gid":100,"pid":7,"outcome":"refused","reason":"SUBJECT_KEY_NOT_ALLOWED"}"#,
            "\n"
        )
    );
}

#[test]
fn a_certificate_can_be_found_by_its_record() {
    let certificate = CertificateRecord {
        serial: "0a".into(),
        subject_key_id: "bb".into(),
        issuer: "CN=x\ny".into(),
        subject: "CN=z".into(),
        names: vec!["dns:a.example".into(), "ip:10.0.0.1".into()],
        not_before: 1_600_000_000,
        not_after: 1_700_000_000,
    };
    let record = Record { certificate: Some(certificate), operation: "SignCertificate", ..Record::default() };
    let json = serde_json::to_value(&record).unwrap();
    assert_eq!(json["event"], "key-use");
    assert_eq!(json["outcome"], "success");
    assert_eq!(json["serial"], "0a");
    assert_eq!(json["names"][1], "ip:10.0.0.1");
    assert_eq!(json["not_before"], "2020-09-13T12:26:40Z");
    assert_eq!(json["not_after"], "2023-11-14T22:13:20Z");
    assert!(!serde_json::to_string(&record).unwrap().contains('\n'));
}

#[test]
fn a_long_name_is_cut_with_its_length_and_hash() {
    let subject = "x".repeat(10_000);
    let names = (0..3000).map(|number| format!("dns:{number}.example")).collect();
    let certificate = CertificateRecord { subject, names, ..CertificateRecord::default() };
    let record = Record { certificate: Some(certificate), ..Record::default() };
    let line = record.line(jiff::Timestamp::now());
    assert!(line.len() < MAX_LINE, "{}", line.len());
    let json: Value = serde_json::from_slice(&line).unwrap();
    let subject = json["subject"].as_str().unwrap();
    assert!(subject.starts_with("xxx") && subject.contains("... (10000 bytes, sha256 "), "{subject}");
    let names = json["names"].as_array().unwrap();
    assert_eq!(names[0], "dns:0.example");
    assert!(names.last().unwrap().as_str().unwrap().starts_with("... (3000 names, sha256 "), "{names:?}");
}

proptest! {
    #[test]
    fn every_line_is_one_line_of_json_and_fits_a_pipe(
        profile in "\\PC{0,2000}", id in "[\\x00-\\x1f\"\\\\]{0,3000}", subject in any::<String>(),
        names in proptest::collection::vec("\\PC{0,300}", 0..40),
    ) {
        let certificate = CertificateRecord { subject, names, ..CertificateRecord::default() };
        let record = Record { profile, request_id: Some(id), certificate: Some(certificate), ..Record::default() };
        let line = record.line(jiff::Timestamp::now());
        prop_assert!(line.len() < MAX_LINE);
        prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 2);
        prop_assert!(serde_json::from_slice::<Value>(&line).is_ok());
    }
}

#[test]
fn a_use_has_one_record_however_often_it_is_finished() {
    let (_folder, path, audit, outputs) = in_file();
    let key_use = audit.begin(use_of_key).unwrap();
    let clone = key_use.clone();
    key_use.identify(|| Some(b"public".to_vec()));
    clone.identify(|| Some(b"second".to_vec()));
    let _ = key_use.finish(None, None);
    let _ = clone.finish(Some("INTERNAL"), None);
    drop((key_use, clone));
    let found = lines(&path, &outputs);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["outcome"], "success");
    let wanted = [fingerprint(b"public"), fingerprint(b"second")].join(",");
    assert_eq!(found[0]["key_fingerprint"], wanted.as_str());
    assert_eq!(audit.key_uses(), 1);
}

#[test]
fn a_use_that_nobody_finishes_is_a_failure_with_the_noted_reason() {
    let (_folder, path, audit, outputs) = in_file();
    drop(audit.begin(use_of_key).unwrap());
    audit.begin(use_of_key).unwrap().fail("QUEUE_FULL");
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _key_use = audit.begin(use_of_key).unwrap();
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(panics.is_err());
    let found = lines(&path, &outputs);
    assert!(found.iter().all(|line| line["outcome"] == "failed"), "{found:?}");
    let reasons: Vec<_> = found.iter().map(|line| line["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["CANCELLED", "QUEUE_FULL", "INTERNAL"]);
}

#[test]
fn settles_when_the_last_use_has_handed_over_its_record() {
    let (_folder, path, audit, outputs) = in_file();
    let (first, second) = (audit.begin(use_of_key).unwrap(), audit.begin(use_of_key).unwrap());
    assert_eq!(audit.settle(Instant::now()), 2);
    let _ = first.finish(None, None);
    drop(first);
    assert_eq!(audit.settle(Instant::now()), 1);
    let waiting = Arc::clone(&audit);
    let long = Instant::now() + Duration::from_secs(60);
    let settled = std::thread::spawn(move || waiting.settle(long));
    drop(second);
    assert_eq!(settled.join().unwrap(), 0);
    assert!(Instant::now() < long);
    assert_eq!(lines(&path, &outputs).len(), 2);
}

#[test]
fn a_symmetric_key_is_known_again_within_one_process_only() {
    let (_folder, _, one, _outputs) = in_file();
    let (_folder, _, other, _outputs) = in_file();
    assert_eq!(one.fingerprint_of_secret(b"key"), one.fingerprint_of_secret(b"key"));
    assert_ne!(one.fingerprint_of_secret(b"key"), one.fingerprint_of_secret(b"other"));
    assert_ne!(one.fingerprint_of_secret(b"key"), other.fingerprint_of_secret(b"key"));
    assert_eq!(one.fingerprint_of_secret(b"key").len(), "hmac-sha256:".len() + 64);
}

#[test]
fn waits_no_longer_than_the_deadline_for_a_record_that_nobody_takes() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let audit = Arc::new(Audit { wait: Duration::from_secs(3600), ..Audit::off() });
    let (_sender, receiver) = tokio::sync::oneshot::channel();
    let written = Written::of(audit, output::Written::Later(receiver));
    assert_eq!(runtime.block_on(written.wait(Instant::now())), Err(AuditUnavailable));
}

#[test]
fn off_records_nothing() {
    let audit = Arc::new(Audit::off());
    let key_use = audit.begin(|| unreachable!("nobody reads it")).unwrap();
    key_use.identify(|| unreachable!("nobody reads it"));
    audit.refuse(|| unreachable!("nobody reads it"));
    assert_eq!(audit.key_uses(), 0);
}
