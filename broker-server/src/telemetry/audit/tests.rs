#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{fs, path::Path, time::Instant};

use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use super::{record::MAX_LINE_BYTES, *};
use crate::telemetry::output::UnwrittenRecords;

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

fn key_use() -> Record {
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

/// Returns every record that was handed over.
fn lines(path: &Path, outputs: &Outputs) -> Vec<Value> {
    let unwritten = outputs.flush(Instant::now() + Duration::from_secs(60));
    assert_eq!(unwritten, UnwrittenRecords::default());
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn refusal_line_has_its_rule_and_no_absent_fields() {
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
fn certificate_record_identifies_the_certificate() {
    let certificate = CertificateRecord {
        serial: "0a".into(),
        subject_key_id: "bb".into(),
        issuer: "CN=x\ny".into(),
        subject: "CN=z".into(),
        names: vec!["dns:a.example".into(), "ip:10.0.0.1".into()],
        ignored_extensions: vec!["1.3.6.1.5.5.7.1.24".into()],
        not_before: 1_600_000_000,
        not_after: 1_700_000_000,
    };
    let record = Record { certificate: Some(certificate), operation: "SignCertificate", ..Record::default() };
    let json = serde_json::to_value(&record).unwrap();
    assert_eq!(json["event"], "key-use");
    assert_eq!(json["outcome"], "success");
    assert_eq!(json["serial"], "0a");
    assert_eq!(json["names"][1], "ip:10.0.0.1");
    assert_eq!(json["ignored_extensions"][0], "1.3.6.1.5.5.7.1.24");
    assert_eq!(json["not_before"], "2020-09-13T12:26:40Z");
    assert_eq!(json["not_after"], "2023-11-14T22:13:20Z");
    assert!(!serde_json::to_string(&record).unwrap().contains('\n'));
}

#[test]
fn long_texts_are_truncated_with_their_length_and_hash() {
    let subject = "x".repeat(10_000);
    let names = (0..3000).map(|number| format!("dns:{number}.example")).collect();
    let certificate = CertificateRecord { subject, names, ..CertificateRecord::default() };
    let record = Record { certificate: Some(certificate), ..Record::default() };
    let line = record.line(jiff::Timestamp::now());
    assert!(line.len() < MAX_LINE_BYTES, "{}", line.len());
    let json: Value = serde_json::from_slice(&line).unwrap();
    let subject = json["subject"].as_str().unwrap();
    assert!(subject.starts_with("xxx") && subject.contains("... (10000 bytes, sha256 "), "{subject}");
    let names = json["names"].as_array().unwrap();
    assert_eq!(names[0], "dns:0.example");
    assert!(names.last().unwrap().as_str().unwrap().starts_with("... (3000 names, sha256 "), "{names:?}");
}

proptest! {
    #[test]
    fn every_record_is_one_json_line_that_fits_a_pipe(
        profile in "\\PC{0,2000}", id in "[\\x00-\\x1f\"\\\\]{0,3000}", subject in any::<String>(),
        names in proptest::collection::vec("\\PC{0,300}", 0..40),
    ) {
        let certificate = CertificateRecord { subject, names, ..CertificateRecord::default() };
        let record = Record { profile, request_id: Some(id), certificate: Some(certificate), ..Record::default() };
        let line = record.line(jiff::Timestamp::now());
        prop_assert!(line.len() < MAX_LINE_BYTES);
        prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 2);
        prop_assert!(serde_json::from_slice::<Value>(&line).is_ok());
    }
}

#[test]
fn key_use_finished_twice_has_one_record() {
    let (_folder, path, audit, outputs) = in_file();
    let token = audit.begin(key_use).unwrap();
    let clone = token.clone();
    token.identify(|| Some(b"public".to_vec()));
    clone.identify(|| Some(b"second".to_vec()));
    let _ = token.finish(None, None);
    let _ = clone.finish(Some("INTERNAL"), None);
    drop((token, clone));
    let found = lines(&path, &outputs);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["outcome"], "success");
    let wanted = [fingerprint(b"public"), fingerprint(b"second")].join(",");
    assert_eq!(found[0]["key_fingerprint"], wanted.as_str());
    assert_eq!(audit.key_uses(), 1);
}

#[test]
fn unfinished_key_use_is_recorded_as_failure_with_its_reason() {
    let (_folder, path, audit, outputs) = in_file();
    drop(audit.begin(key_use).unwrap());
    audit.begin(key_use).unwrap().fail("QUEUE_FULL");
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _token = audit.begin(key_use).unwrap();
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(panics.is_err());
    let found = lines(&path, &outputs);
    assert!(found.iter().all(|line| line["outcome"] == "failed"), "{found:?}");
    let reasons: Vec<_> = found.iter().map(|line| line["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["CANCELLED", "QUEUE_FULL", "INTERNAL"]);
}

#[test]
fn wait_for_key_uses_ends_with_the_last_record() {
    let (_folder, path, audit, outputs) = in_file();
    let (first, second) = (audit.begin(key_use).unwrap(), audit.begin(key_use).unwrap());
    assert_eq!(audit.wait_for_key_uses(Instant::now()), 2);
    let _ = first.finish(None, None);
    drop(first);
    assert_eq!(audit.wait_for_key_uses(Instant::now()), 1);
    let waiting = Arc::clone(&audit);
    let long = Instant::now() + Duration::from_secs(60);
    let remaining = std::thread::spawn(move || waiting.wait_for_key_uses(long));
    drop(second);
    assert_eq!(remaining.join().unwrap(), 0);
    assert!(Instant::now() < long);
    assert_eq!(lines(&path, &outputs).len(), 2);
}

#[test]
fn fingerprints_of_symmetric_keys_are_equal_within_one_process_only() {
    let (_folder, _, one, _outputs) = in_file();
    let (_folder, _, other, _outputs) = in_file();
    assert_eq!(one.fingerprint_of_secret(b"key"), one.fingerprint_of_secret(b"key"));
    assert_ne!(one.fingerprint_of_secret(b"key"), one.fingerprint_of_secret(b"other"));
    assert_ne!(one.fingerprint_of_secret(b"key"), other.fingerprint_of_secret(b"key"));
    assert_eq!(one.fingerprint_of_secret(b"key").len(), "hmac-sha256:".len() + 64);
}

#[test]
fn waits_for_a_record_until_the_deadline_at_most() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let audit = Arc::new(Audit { wait: Duration::from_secs(3600), ..Audit::off() });
    let (_sender, written) = tokio::sync::oneshot::channel();
    let pending = PendingRecord::deferred(audit, key_use(), written);
    assert_eq!(runtime.block_on(pending.wait(Instant::now())), Err(AuditUnavailable));
}

#[test]
fn disabled_audit_records_nothing() {
    let audit = Arc::new(Audit::off());
    let token = audit.begin(|| unreachable!("the audit is off")).unwrap();
    token.identify(|| unreachable!("the audit is off"));
    audit.record_refusal(|| unreachable!("the audit is off"));
    assert_eq!(audit.key_uses(), 0);
}
