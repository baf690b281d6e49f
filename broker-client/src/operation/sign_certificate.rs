//! The operation SignCertificate.

use std::time::{SystemTime, UNIX_EPOCH};

use broker_proto::v1;
use zeroize::Zeroizing;

use crate::{
    error::Error,
    message::{
        Deprecation, Descriptor, OperationRequest, OperationResponse, Options, Wiped, common_options,
        descriptor_accessors, split_metadata,
    },
};

operation! {
    /// Issues a certificate. A refusal names the rule of the profile and its line.
    sign_certificate(SignCertificateRequest) -> SignCertificateResponse {
        path: "/cryptobroker.v1.CryptoService/SignCertificate",
        pipeline_item: 4,
        key_use: Keyed,
    }
}

/// The encoding of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Encoding {
    /// Binary (X.690).
    Der,
    /// Text with a `CERTIFICATE` label (RFC 7468).
    #[default]
    Pem,
}

/// Requests a certificate for a PKCS#10 request, issued by the given CA under the rules of the profile.
///
/// The CA's private key is wiped when this value is dropped or sent, and never printed. [Secrets](crate#secrets)
/// describes the copies that the transport makes.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct SignCertificateRequest {
    csr: String,
    ca_cert: String,
    ca_key: Wiped<String>,
    subject: Option<String>,
    crl_urls: Vec<String>,
    not_before: Option<u64>,
    not_after: Option<u64>,
    encoding: Encoding,
    options: Options,
}

impl SignCertificateRequest {
    /// Creates a request with the CSR, the CA certificate and the CA key (PKCS#8, SEC1 or PKCS#1, not encrypted),
    /// all in PEM.
    pub fn new(
        csr_pem: impl Into<String>,
        ca_cert_pem: impl Into<String>,
        ca_key_pem: impl Into<String>,
    ) -> Self {
        Self {
            csr: csr_pem.into(),
            ca_cert: ca_cert_pem.into(),
            ca_key: Wiped(Zeroizing::new(ca_key_pem.into())),
            subject: None,
            crl_urls: Vec::new(),
            not_before: None,
            not_after: None,
            encoding: Encoding::default(),
            options: Options::default(),
        }
    }

    /// Replaces the subject of the CSR: `CN=…, O=…`, with the keys C, ST, O, OU, L and CN.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Adds a CRL distribution point, an http or https URL (RFC 5280 4.2.1.13).
    pub fn crl_url(mut self, url: impl Into<String>) -> Self {
        self.crl_urls.push(url.into());
        self
    }

    /// Sets when the certificate becomes valid, truncated to whole seconds; a time before 1970 counts as 1970. Default:
    /// the earliest time that the profile allows.
    pub fn not_before(self, time: SystemTime) -> Self {
        self.not_before_unix(unix_seconds(time))
    }

    /// Sets [`not_before`](Self::not_before) in Unix seconds.
    pub fn not_before_unix(mut self, seconds: u64) -> Self {
        self.not_before = Some(seconds);
        self
    }

    /// Sets when the certificate expires, truncated to whole seconds. Default: the latest time that the profile allows.
    pub fn not_after(self, time: SystemTime) -> Self {
        self.not_after_unix(unix_seconds(time))
    }

    /// Sets [`not_after`](Self::not_after) in Unix seconds.
    pub fn not_after_unix(mut self, seconds: u64) -> Self {
        self.not_after = Some(seconds);
        self
    }

    /// Sets the encoding of the certificate. Default: PEM.
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    common_options!();
}

impl OperationRequest for SignCertificateRequest {
    type Message = v1::SignCertificateRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::SignCertificateRequest {
        let format = match self.encoding {
            Encoding::Der => v1::SignOutputFormat::Der,
            Encoding::Pem => v1::SignOutputFormat::Pem,
        };
        let mut message = v1::SignCertificateRequest::default();
        message.profile = profile;
        message.csr = self.csr;
        message.ca_private_key = self.ca_key.into_inner();
        message.ca_cert = self.ca_cert;
        message.metadata = Some(metadata);
        message.valid_not_before = self.not_before;
        message.valid_not_after = self.not_after;
        message.subject = self.subject;
        message.crl_distribution_points = self.crl_urls;
        message.output_format = format.into();
        message
    }
}

/// A certificate, in the encoding that was requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificate {
    /// Text with a `CERTIFICATE` label (RFC 7468).
    Pem(String),
    /// Binary (X.690).
    Der(Vec<u8>),
}

impl Certificate {
    /// Returns the certificate as the content of a file.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Pem(text) => text.as_bytes(),
            Self::Der(bytes) => bytes,
        }
    }
}

/// The response to a [`SignCertificateRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignCertificateResponse {
    /// The certificate.
    pub certificate: Certificate,
    /// The dotted identifiers of the requested extensions that the certificate does not have. At most 16 are listed; where there are more, the last entry is `...`.
    pub ignored_extensions: Vec<String>,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl SignCertificateResponse {
    descriptor_accessors!();
}

impl OperationResponse for SignCertificateResponse {
    type Message = v1::SignCertificateResponse;

    fn from_message(message: v1::SignCertificateResponse) -> Result<Self, Error> {
        use v1::sign_certificate_response::SignedCertificate as Wire;
        let certificate = match message.signed_certificate {
            Some(Wire::Pem(text)) => Certificate::Pem(text),
            Some(Wire::Der(bytes)) => Certificate::Der(bytes),
            None => return Err(Error::protocol("SignCertificateResponse without a certificate")),
        };
        let (id, deprecation) = split_metadata(message.metadata);
        Ok(Self {
            certificate,
            ignored_extensions: message.ignored_extensions,
            descriptor: Descriptor::from_message(message.descriptor),
            id,
            deprecation,
        })
    }
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use std::time::Duration;

    use super::*;

    #[test]
    fn debug_output_hides_the_key() {
        let request =
            SignCertificateRequest::new("csr", "cert", "THE-PRIVATE-KEY").profile("Default").subject("CN=a");
        for text in [
            format!("{request:?}"),
            format!("{request:#?}"),
            format!("{:?}", request.clone().into_message("P".into(), v1::Metadata::default())),
        ] {
            assert!(text.contains("[redacted]") && !text.contains("PRIVATE"), "{text}");
        }
    }

    #[test]
    fn every_setter_sets_its_field() {
        let metadata = v1::Metadata { id: "id-1".into(), ..Default::default() };
        let message = SignCertificateRequest::new("csr", "cert", "key")
            .subject("CN=a")
            .crl_url("http://a.example/1")
            .crl_url("http://a.example/2")
            .not_before(UNIX_EPOCH + Duration::from_millis(5_900))
            .not_after_unix(9)
            .encoding(Encoding::Der)
            .into_message("P".into(), metadata);
        assert_eq!(("P", "csr"), (&*message.profile, &*message.csr));
        assert_eq!(("cert", "key"), (&*message.ca_cert, &*message.ca_private_key));
        assert_eq!(Some("CN=a"), message.subject.as_deref());
        assert_eq!(["http://a.example/1", "http://a.example/2"], *message.crl_distribution_points);
        assert_eq!((Some(5), Some(9)), (message.valid_not_before, message.valid_not_after));
        assert_eq!(v1::SignOutputFormat::Der, message.output_format());
        assert_eq!("id-1", message.metadata.as_ref().unwrap().id);
    }

    #[test]
    fn times_before_1970_become_1970() {
        assert_eq!(0, unix_seconds(UNIX_EPOCH - Duration::from_secs(1)));
    }
}
