//! What a program asks for.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use broker_proto::v1;
use bytes::Bytes;
use tonic::metadata::{Ascii, MetadataValue};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::Error;

/// What every request can carry beside its own fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    id: Option<String>,
    correlation_id: Option<String>,
    traceparent: Option<String>,
    pub(crate) timeout: Option<Duration>,
}

/// The setters of [`Options`], the same for every request.
macro_rules! options {
    () => {
        /// The caller's name for this call, printable ASCII of at most 128 bytes; it comes back in the answer and
        /// stands in the broker's log. Default: a random UUID (version 4).
        pub fn id(mut self, id: impl Into<String>) -> Self {
            self.options.id = Some(id.into());
            self
        }

        /// The id of the larger piece of work that this call belongs to; it stands in the broker's log.
        pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
            self.options.correlation_id = Some(id.into());
            self
        }

        /// The trace that this call belongs to, as a W3C `traceparent` header.
        pub fn traceparent(mut self, traceparent: impl Into<String>) -> Self {
            self.options.traceparent = Some(traceparent.into());
            self
        }

        /// How long this call may take, retries included. Default: the client's.
        pub fn timeout(mut self, timeout: Duration) -> Self {
            self.options.timeout = Some(timeout);
            self
        }
    };
}

/// Asks for the hash of some bytes, by the profile's algorithm.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct HashRequest {
    profile: String,
    input: Bytes,
    format: v1::HashOutputFormat,
    pub(crate) options: Options,
}

impl HashRequest {
    /// The bytes may be empty, and by default at most 1 MiB. The answer is hex unless [`raw`](Self::raw) is said.
    pub fn new(profile: impl Into<String>, input: impl Into<Bytes>) -> Self {
        Self {
            profile: profile.into(),
            input: input.into(),
            format: v1::HashOutputFormat::Hex,
            options: Options::default(),
        }
    }

    /// The answer is to be lower-case hex.
    pub fn hex(mut self) -> Self {
        self.format = v1::HashOutputFormat::Hex;
        self
    }

    /// The answer is to be the bytes of the hash.
    pub fn raw(mut self) -> Self {
        self.format = v1::HashOutputFormat::Raw;
        self
    }

    options!();

    pub(crate) fn message(&self, id: &str) -> v1::HashDataRequest {
        v1::HashDataRequest {
            profile: self.profile.clone(),
            input: self.input.clone(),
            metadata: Some(self.options.metadata(id)),
            output_format: self.format.into(),
        }
    }
}

/// How a certificate is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    /// Binary (X.690).
    Der,
    /// Text with a `CERTIFICATE` label (RFC 7468).
    #[default]
    Pem,
}

/// Asks for a certificate for a PKCS#10 request, issued under the given CA by the rules of the profile.
///
/// The CA's private key is wiped from this value when it is dropped, which sending it does, and never printed. The
/// copies that the transport makes while it writes to the socket are wiped only by a process whose allocator wipes.
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct SignCertificateRequest {
    profile: String,
    csr: String,
    ca_cert: String,
    ca_key: Zeroizing<String>,
    subject: Option<String>,
    crl_urls: Vec<String>,
    not_before: Option<u64>,
    not_after: Option<u64>,
    encoding: Encoding,
    pub(crate) options: Options,
}

impl SignCertificateRequest {
    /// CSR, CA certificate and CA key (PKCS#8, SEC1 or PKCS#1, not encrypted), all in PEM.
    pub fn new(
        profile: impl Into<String>,
        csr_pem: impl Into<String>,
        ca_cert_pem: impl Into<String>,
        ca_key_pem: impl Into<String>,
    ) -> Self {
        Self {
            profile: profile.into(),
            csr: csr_pem.into(),
            ca_cert: ca_cert_pem.into(),
            ca_key: Zeroizing::new(ca_key_pem.into()),
            subject: None,
            crl_urls: Vec::new(),
            not_before: None,
            not_after: None,
            encoding: Encoding::default(),
            options: Options::default(),
        }
    }

    /// Replaces the subject of the CSR: `CN=…, O=…` with the keys C, ST, O, OU, L and CN.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Adds a CRL distribution point, an http or https URL (RFC 5280 4.2.1.13).
    pub fn crl_url(mut self, url: impl Into<String>) -> Self {
        self.crl_urls.push(url.into());
        self
    }

    /// When the certificate begins to hold, cut to whole seconds; a time before 1970 counts as 1970. Default: the
    /// earliest time that the profile allows.
    pub fn not_before(self, time: SystemTime) -> Self {
        self.not_before_unix(unix_seconds(time))
    }

    /// [`not_before`](Self::not_before) in Unix seconds.
    pub fn not_before_unix(mut self, seconds: u64) -> Self {
        self.not_before = Some(seconds);
        self
    }

    /// When the certificate ceases to hold, cut to whole seconds. Default: the latest time that the profile allows.
    pub fn not_after(self, time: SystemTime) -> Self {
        self.not_after_unix(unix_seconds(time))
    }

    /// [`not_after`](Self::not_after) in Unix seconds.
    pub fn not_after_unix(mut self, seconds: u64) -> Self {
        self.not_after = Some(seconds);
        self
    }

    /// How the certificate is to be written. Default: PEM.
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    options!();

    /// One per attempt: the message wipes its key when the transport is done with it.
    pub(crate) fn message(&self, id: &str) -> v1::SignCertificateRequest {
        let format = match self.encoding {
            Encoding::Der => v1::SignOutputFormat::Der,
            Encoding::Pem => v1::SignOutputFormat::Pem,
        };
        let mut message = v1::SignCertificateRequest::default();
        message.profile.clone_from(&self.profile);
        message.csr.clone_from(&self.csr);
        message.ca_private_key = String::clone(&self.ca_key);
        message.ca_cert.clone_from(&self.ca_cert);
        message.metadata = Some(self.options.metadata(id));
        message.valid_not_before = self.not_before;
        message.valid_not_after = self.not_after;
        message.subject.clone_from(&self.subject);
        message.crl_distribution_points.clone_from(&self.crl_urls);
        message.output_format = format.into();
        message
    }
}

impl fmt::Debug for SignCertificateRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignCertificateRequest")
            .field("profile", &self.profile)
            .field("csr", &self.csr)
            .field("ca_cert", &self.ca_cert)
            .field("ca_key", &"[redacted]")
            .field("subject", &self.subject)
            .field("crl_urls", &self.crl_urls)
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .field("encoding", &self.encoding)
            .field("options", &self.options)
            .finish()
    }
}

impl Options {
    /// The id of this call: the same for all its attempts.
    pub(crate) fn call_id(&self) -> String {
        self.id.clone().unwrap_or_else(|| Uuid::new_v4().to_string())
    }

    /// The `traceparent` header, if one was given.
    pub(crate) fn header(&self) -> Result<Option<MetadataValue<Ascii>>, Error> {
        let Some(text) = &self.traceparent else { return Ok(None) };
        let value = text.parse().map_err(|_| Error::Invalid {
            what: "traceparent",
            detail: format!("{text:?} is not printable ASCII"),
        })?;
        Ok(Some(value))
    }

    fn metadata(&self, id: &str) -> v1::Metadata {
        let trace_context = self
            .correlation_id
            .clone()
            .map(|correlation_id| v1::TraceContext { correlation_id, ..v1::TraceContext::default() });
        v1::Metadata { id: id.to_owned(), deprecation: None, trace_context }
    }
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
