//! The audit: one JSON line for each use of a private key and for each refusal, whatever the log level.
//!
//! A record is written before its call is answered. Where it cannot be written, the call fails: no key is used
//! without a trace of it.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::{fd::AsFd as _, unix::fs::OpenOptionsExt as _},
    path::PathBuf,
    sync::{Mutex, PoisonError, TryLockError},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::{Serialize, Serializer};

/// Where the audit goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AuditTarget {
    /// The process's standard error.
    #[default]
    Stderr,
    /// A file, appended to; made with mode 0600 where it is missing.
    File(PathBuf),
    /// Nowhere.
    Off,
}

/// One audit record. Fields that do not apply are `None` and absent from the line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Record {
    /// What happened.
    pub event: Event,
    /// The operation's name in the profile language, such as `SignCertificate`.
    pub operation: &'static str,
    /// The profile that was asked for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub profile: String,
    /// The rule that decided, as a path into the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// That rule's line in the profile document, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_line: Option<u32>,
    /// The digest of the catalogue that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalogue_digest: Option<String>,
    /// The algorithm as the response's descriptor names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// The caller's user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The caller's group id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// The caller's process id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<i32>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it ended so: the reason of google.rpc.ErrorInfo. Absent where the call succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The caller's name for the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The correlation id of the caller's trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The certificate that was issued.
    #[serde(flatten)]
    pub certificate: Option<CertificateRecord>,
}

/// What an issued certificate can be found, and revoked, by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CertificateRecord {
    /// The serial's octets in lower-case hex.
    pub serial: String,
    /// The subject key identifier in lower-case hex.
    pub subject_key_id: String,
    /// The issuer's name as RFC 4514 text.
    pub issuer: String,
    /// notAfter in Unix seconds; written as RFC 3339.
    #[serde(serialize_with = "unix_seconds")]
    pub not_after: i64,
}

/// What a record is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A private key was used, or an attempt to use it failed.
    #[default]
    KeyUse,
    /// Policy refused the request before any key was used.
    Refusal,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It did what was asked.
    #[default]
    Success,
    /// Policy said no.
    Refused,
    /// It was allowed and failed.
    Failed,
}

/// Why a record could not be written. The call that it belongs to must fail.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The file or standard error did not take it.
    #[error("the audit record could not be written: {0}")]
    Write(#[from] io::Error),
    /// It could not be made into JSON.
    #[error("the audit record could not be encoded: {0}")]
    Encode(#[from] serde_json::Error),
}

/// The open audit. Shared by all threads; each record is one `write(2)`.
#[derive(Debug)]
pub struct Audit {
    sink: Option<Mutex<Sink>>,
    /// The same once more, to be asked for room while another thread writes; `None` for a file, which cannot be asked.
    polled: Option<File>,
}

impl Audit {
    /// Opens the target. A file is opened for appending and made with mode 0600 where it is missing.
    pub fn open(target: &AuditTarget) -> io::Result<Self> {
        let sink = match target {
            AuditTarget::Off => None,
            // A descriptor of our own: std's handle reports success for a descriptor that is closed.
            AuditTarget::Stderr => {
                Some(Sink { file: io::stderr().as_fd().try_clone_to_owned()?.into(), torn: false })
            }
            AuditTarget::File(path) => {
                let mut file =
                    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
                let torn = ends_in_half_a_line(&mut file)?;
                Some(Sink { file, torn })
            }
        };
        let polled = match &sink {
            Some(sink) if !sink.file.metadata()?.is_file() => Some(sink.file.try_clone()?),
            _ => None,
        };
        Ok(Self { sink: sink.map(Mutex::new), polled })
    }

    /// An audit that writes nothing.
    pub const fn off() -> Self {
        Self { sink: None, polled: None }
    }

    /// Whether records go anywhere: a caller may skip making one where they do not.
    pub const fn is_on(&self) -> bool {
        self.sink.is_some()
    }

    /// Whether a record will be taken at once: there is none, or it goes to a pipe, a terminal or the like that has room now.
    /// Of a file nobody can say when the disk will have it.
    pub fn is_ready(&self) -> bool {
        let (Some(sink), Some(polled)) = (&self.sink, &self.polled) else { return !self.is_on() };
        // Who writes now may have to wait, and others behind it.
        if matches!(sink.try_lock(), Err(TryLockError::WouldBlock)) {
            return false;
        }
        let mut wanted = [PollFd::new(polled, PollFlags::OUT)];
        poll(&mut wanted, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
    }

    /// Writes the record with the present time. When this fails, so must the call.
    pub fn write(&self, record: &Record) -> Result<(), AuditError> {
        self.write_at(jiff::Timestamp::now(), record)
    }

    fn write_at(&self, time: jiff::Timestamp, record: &Record) -> Result<(), AuditError> {
        let Some(sink) = &self.sink else { return Ok(()) };
        // The first byte is the newline that ends what an earlier short write left behind; usually it is skipped.
        let mut line = vec![b'\n'];
        serde_json::to_writer(&mut line, &Line { time: super::rfc3339(time), record })?;
        line.push(b'\n');
        // The sink is consistent at every point where a thread could die, so a poisoned lock says nothing.
        sink.lock().unwrap_or_else(PoisonError::into_inner).append(&line)?;
        Ok(())
    }
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(flatten)]
    record: &'a Record,
}

#[derive(Debug)]
struct Sink {
    file: File,
    /// The file ends in half a line: the disk filled up in the middle of a record, or a process died there.
    torn: bool,
}

impl Sink {
    /// `line` starts with a newline, which is written only where the last line was left unfinished.
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let line = if self.torn { line } else { line.get(1..).unwrap_or_default() };
        let written = loop {
            match self.file.write(line) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        if written == line.len() {
            self.torn = false;
            return Ok(());
        }
        // Not completed with a second write: another process may have appended in between.
        self.torn |= written > 0;
        Err(io::Error::new(io::ErrorKind::WriteZero, "only part of the record was written"))
    }
}

/// Whether a regular file's last byte is something other than a newline.
fn ends_in_half_a_line(file: &mut File) -> io::Result<bool> {
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn unix_seconds<S: Serializer>(seconds: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    match jiff::Timestamp::from_second(*seconds) {
        Ok(time) => serializer.collect_str(&time),
        Err(_) => serializer.serialize_i64(*seconds),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

    use std::{os::unix::fs::PermissionsExt as _, sync::Arc, thread};

    use rustix::fs::{FileType, Mode};

    use super::*;

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

    #[test]
    fn a_refusal_has_its_rule_and_no_fields_that_do_not_apply() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.log");
        let audit = Audit::open(&AuditTarget::File(path.clone())).unwrap();
        let time = "2026-01-02T03:04:05.678901Z".parse().unwrap();
        audit.write_at(time, &refusal()).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            concat!(
                r#"{"time":"2026-01-02T03:04:05.678Z","event":"refusal","operation":"SignCertificate","#,
                r#""profile":"Default","rule":"API.SignCertificate.KeyConstraints.Subject.ECDSA","rule_line":12,"#,
                r#""uid":1000,"gid":100,"pid":7,"outcome":"refused","reason":"SUBJECT_KEY_NOT_ALLOWED"}"#,
                "\n"
            )
        );
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_certificate_can_be_found_by_its_record() {
        let certificate = CertificateRecord {
            serial: "0a".into(),
            subject_key_id: "bb".into(),
            issuer: "CN=x\ny".into(),
            not_after: 1_700_000_000,
        };
        let record =
            Record { certificate: Some(certificate), operation: "SignCertificate", ..Record::default() };
        let json = serde_json::to_value(&record).unwrap();
        assert_eq!(json["event"], "key-use");
        assert_eq!(json["outcome"], "success");
        assert_eq!(json["serial"], "0a");
        assert_eq!(json["not_after"], "2023-11-14T22:13:20Z");
        assert!(!serde_json::to_string(&record).unwrap().contains('\n'));
    }

    #[test]
    fn records_of_many_threads_do_not_mix() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.log");
        let audit = Arc::new(Audit::open(&AuditTarget::File(path.clone())).unwrap());
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let audit = audit.clone();
                thread::spawn(move || (0..50).for_each(|_| audit.write(&refusal()).unwrap()))
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 200);
        assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    }

    #[test]
    fn a_full_disk_is_an_error_and_no_panic() {
        let audit = Audit::open(&AuditTarget::File("/dev/full".into())).unwrap();
        let error = audit.write(&refusal()).unwrap_err();
        assert!(matches!(error, AuditError::Write(ref cause) if cause.kind() == io::ErrorKind::StorageFull));
        assert!(audit.write(&refusal()).is_err(), "still full");
    }

    #[test]
    fn half_a_line_left_behind_is_ended_before_the_next_record() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.log");
        std::fs::write(&path, "{\"time\":\"20").unwrap();
        let audit = Audit::open(&AuditTarget::File(path.clone())).unwrap();
        audit.write(&refusal()).unwrap();
        audit.write(&refusal()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0], "{\"time\":\"20");
        assert!(lines[1].starts_with('{') && lines[2].ends_with('}'));
    }

    #[test]
    fn a_record_waits_for_nobody_while_a_pipe_has_room_and_nobody_writes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let audit = Audit::open(&AuditTarget::File(path.clone())).unwrap();
        let mut written = 0;
        while audit.is_ready() {
            audit.write(&refusal()).unwrap();
            written += 1;
        }
        assert!(written > 10, "{written}");
        File::open(&path).unwrap().read_exact(&mut [0; 4096]).unwrap();
        assert!(audit.is_ready());
        let other = audit.sink.as_ref().unwrap().lock().unwrap();
        assert!(!audit.is_ready());
        drop(other);
        let file = Audit::open(&AuditTarget::File(directory.path().join("audit.log"))).unwrap();
        assert!(!file.is_ready());
        assert!(Audit::off().is_ready());
    }

    #[test]
    fn off_writes_nothing_and_a_missing_folder_is_an_error() {
        let audit = Audit::open(&AuditTarget::Off).unwrap();
        assert!(!audit.is_on());
        audit.write(&refusal()).unwrap();
        assert!(Audit::open(&AuditTarget::File("/nonexistent/audit.log".into())).is_err());
    }
}
