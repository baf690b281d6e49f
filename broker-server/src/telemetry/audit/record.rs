//! A record, and its line in the audit.

use aws_lc_rs::digest;
use bytes::Bytes;
use serde::{Serialize, Serializer};

/// The length in bytes that a line stays below, so that `write(2)` into a pipe is atomic (PIPE_BUF of Linux, pipe(7)).
pub(super) const MAX_LINE_BYTES: usize = 4096;
/// The lengths in bytes to which texts are truncated where the line would be too long. The first that suffices is taken.
const TRUNCATION_LIMITS: [usize; 5] = [512, 256, 128, 64, 16];

/// One audit record. Fields that do not apply are `None` and absent from the line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Record {
    /// What the record is about.
    pub event: Event,
    /// The operation's name in the profile language, such as `SignCertificate`.
    pub operation: &'static str,
    /// The profile that the request names.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub profile: String,
    /// The rule that refused the request, as a path into the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The line of that rule in the profile document, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_line: Option<u32>,
    /// The digest of the catalogue in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalogue_digest: Option<String>,
    /// The algorithm, by its name in the response's descriptor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// The key: `sha256:` and the hash of its public part in hex, or `hmac-sha256:` and a MAC over a symmetric key under a
    /// key that only this process knows. The two keys of a composite are separated by a comma.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_fingerprint: Option<String>,
    /// The circuit, by its name in the profile. `key_fingerprint` is then that of its verifying key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circuit: Option<String>,
    /// The class of the setup of the circuit's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup_class: Option<&'static str>,
    /// The caller's user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The caller's group id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// The caller's process id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<i32>,
    /// How the call ended.
    pub outcome: Outcome,
    /// The reason of google.rpc.ErrorInfo. Absent where the call succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The caller's id for the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The correlation id of the caller's trace context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The certificate that was issued.
    #[serde(flatten)]
    pub certificate: Option<CertificateRecord>,
}

/// The facts by which an issued certificate can be found and revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CertificateRecord {
    /// The octets of the serial number in lower-case hex.
    pub serial: String,
    /// The subject key identifier in lower-case hex.
    pub subject_key_id: String,
    /// The issuer's name as RFC 4514 text.
    pub issuer: String,
    /// The subject's name as RFC 4514 text.
    pub subject: String,
    /// The subject alternative names, each with its kind: `dns:`, `ip:`, `uri:`, `email:`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The identifiers of the requested extensions that were ignored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored_extensions: Vec<String>,
    /// notBefore in Unix seconds; written as RFC 3339.
    #[serde(serialize_with = "unix_seconds")]
    pub not_before: i64,
    /// notAfter in Unix seconds; written as RFC 3339.
    #[serde(serialize_with = "unix_seconds")]
    pub not_after: i64,
}

/// The circuit that a secret was used with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitRecord {
    /// The name of the circuit in the profile.
    pub circuit: String,
    /// The class of the setup of its key.
    pub setup_class: &'static str,
    /// The fingerprint of its verifying key, in hex.
    pub fingerprint: String,
}

/// What a record is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A secret key was used or made, or an attempt to do so failed.
    #[default]
    KeyUse,
    /// Policy refused the request before any key was used.
    Refusal,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The call succeeded.
    #[default]
    Success,
    /// Policy refused the call.
    Refused,
    /// The call was allowed and failed.
    Failed,
}

impl Record {
    /// Returns the record's line, with a newline before and after it, shorter than [`MAX_LINE_BYTES`]. Long texts are
    /// truncated and then state their original length and SHA-256.
    pub(super) fn line(&self, time: jiff::Timestamp) -> Bytes {
        let complete = line(time, self);
        if complete.len() < MAX_LINE_BYTES {
            return complete;
        }
        let truncated = |limit: usize| line(time, &self.truncated(limit));
        TRUNCATION_LIMITS.into_iter().map(truncated).find(|line| line.len() < MAX_LINE_BYTES).unwrap_or_else(
            || {
                // Only numbers and the broker's own texts are left.
                let Self { event, operation, rule_line, uid, gid, pid, outcome, reason, .. } = *self;
                let bare =
                    Self { event, operation, rule_line, uid, gid, pid, outcome, reason, ..Self::default() };
                line(time, &bare)
            },
        )
    }

    fn truncated(&self, limit: usize) -> Self {
        let mut record = self.clone();
        let mut texts = vec![&mut record.profile];
        texts.extend(
            [&mut record.rule, &mut record.request_id, &mut record.correlation_id].into_iter().flatten(),
        );
        if let Some(certificate) = &mut record.certificate {
            truncate_list(&mut certificate.names, "names", limit);
            truncate_list(&mut certificate.ignored_extensions, "extensions", limit);
            texts.extend([&mut certificate.serial, &mut certificate.issuer, &mut certificate.subject]);
        }
        texts.into_iter().for_each(|text| truncate(text, limit));
        record
    }
}

/// Returns the line that reports the number of dropped refusal records.
pub(super) fn dropped_refusals(records: u64) -> Bytes {
    #[derive(Serialize)]
    struct Lost {
        event: &'static str,
        refusals: u64,
    }
    line(jiff::Timestamp::now(), &Lost { event: "records-lost", refusals: records })
}

fn line(time: jiff::Timestamp, record: &impl Serialize) -> Bytes {
    #[derive(Serialize)]
    struct Line<'a, R> {
        time: String,
        #[serde(flatten)]
        record: &'a R,
    }
    // The first newline ends the incomplete line of an earlier write; the output skips it where there is no such line.
    let mut line = Vec::with_capacity(768);
    line.push(b'\n');
    let fields = Line { time: crate::telemetry::rfc3339(time), record };
    // Writing texts and numbers into memory cannot fail.
    let _ = serde_json::to_writer(&mut line, &fields);
    line.push(b'\n');
    line.into()
}

/// Truncates a text that is longer than `limit` bytes.
fn truncate(text: &mut String, limit: usize) {
    if text.len() > limit {
        let suffix = format!("... ({} bytes, sha256 {})", text.len(), sha256(text.as_bytes()));
        let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push_str(&suffix);
    }
}

/// Keeps the first entries that fit into `limit` bytes, and adds the number of all. `what` says what they are.
fn truncate_list(names: &mut Vec<String>, what: &str, limit: usize) {
    if names.iter().map(String::len).sum::<usize>() <= limit {
        return;
    }
    let all = names.join("\n");
    let mut left = limit;
    let kept = names
        .iter()
        .take_while(|name| {
            let has_room = name.len() <= left;
            left = left.saturating_sub(name.len());
            has_room
        })
        .count();
    let count = names.len();
    names.truncate(kept);
    names.push(format!("... ({count} {what}, sha256 {} of them by line)", sha256(all.as_bytes())));
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

fn unix_seconds<S: Serializer>(seconds: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    match jiff::Timestamp::from_second(*seconds) {
        Ok(time) => serializer.collect_str(&time),
        Err(_) => serializer.serialize_i64(*seconds),
    }
}
