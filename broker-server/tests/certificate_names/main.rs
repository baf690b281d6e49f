//! Names and extensions of certification requests, through the socket: what is issued can be loaded by other programs, and
//! what is refused has its field and its reason.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

#[path = "../support/mod.rs"]
mod support;

use std::fs;

use broker_proto::{
    crypto_broker::{self as old, crypto_grpc_client::CryptoGrpcClient},
    g0::{self, crypto_broker_client::CryptoBrokerClient},
    v1::{self, pipeline_request::Operation, sign_certificate_response::SignedCertificate},
};
use support::{
    Broker,
    csr::{self, COMMON_NAME, EXTENSION_REQUEST, MICROSOFT_EXTENSION_REQUEST},
    field,
    pipeline::Pipeline,
    pki, private_folder, reason,
};
use tonic::{Code, Status};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

const PROFILES: &str = "
- Name: NoNames
  API:
    SignCertificate: SECTION }
- Name: Names
  API:
    SignCertificate: SECTION, SubjectAlternativeNames: { Allow: [dns, ip, uri, email] } }
- Name: DnsOnly
  API:
    SignCertificate: SECTION, SubjectAlternativeNames: { Allow: [dns] } }
- Name: Underscores
  API:
    SignCertificate: SECTION, SubjectAlternativeNames: { Allow: [dns], AllowUnderscore: true } }
- Name: Strict
  API:
    SignCertificate: SECTION, UnknownExtensions: refuse }
";
const SECTION: &str = "{ SignAlg: ecdsa, HashAlg: sha-256, \
    Validity: { ValidNotBeforeOffset: -1h, ValidNotAfterOffset: 8760h }, \
    KeyConstraints: { Subject: { ECDSA: { MinKeySize: 256, MaxKeySize: 521 } }, \
    Issuer: { ECDSA: { MinKeySize: 256, MaxKeySize: 521 } } }, KeyUsage: [digitalSignature]";

/// A CSR that was made by another program, with the subject CN=ee.
macro_rules! case {
    ($name:literal) => {
        include_str!(concat!("../data/certificates/", $name, ".pem"))
    };
}

struct Fixture {
    broker: Broker,
    ca: pki::Ca,
    _profiles: tempfile::TempDir,
}

impl Fixture {
    fn start(arguments: &[&str]) -> Self {
        let profiles = private_folder();
        let text = PROFILES.replace("SECTION", SECTION);
        fs::write(profiles.path().join("Profiles.yaml"), text).unwrap();
        let mut all = vec!["--profiles-dir", profiles.path().to_str().unwrap()];
        all.extend(arguments);
        Self { broker: Broker::start(&all), ca: pki::Ca::new("p-256"), _profiles: profiles }
    }

    async fn sign(&self, profile: &str, csr: &str) -> Result<Vec<u8>, Status> {
        self.send(self.ca.request(profile, csr)).await.map(|response| der(response.into_inner()))
    }

    async fn send(
        &self,
        request: v1::SignCertificateRequest,
    ) -> Result<tonic::Response<v1::SignCertificateResponse>, Status> {
        self.broker.crypto().await.sign_certificate(request).await
    }

    /// Checks that the request is refused with the code INVALID_ARGUMENT, and returns the message.
    async fn malformed(&self, profile: &str, csr: &str) -> String {
        let status = self.sign(profile, csr).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status), field(&status)),
            (Code::InvalidArgument, "FIELD_MALFORMED".into(), "csr".into()),
            "{status}"
        );
        status.message().to_owned()
    }

    /// Checks that OpenSSL and `x509-parser` load the certificate, and returns its alternative names.
    fn names(&self, der: &[u8]) -> Vec<String> {
        self.ca.verify_strictly(&pem::encode(&pem::Pem::new("CERTIFICATE", der)));
        let (rest, certificate) = X509Certificate::from_der(der).unwrap();
        assert!(rest.is_empty());
        let names = certificate.subject_alternative_name().unwrap();
        names.map_or_else(Vec::new, |names| names.value.general_names.iter().map(text).collect())
    }
}

fn der(response: v1::SignCertificateResponse) -> Vec<u8> {
    let Some(SignedCertificate::Der(der)) = response.signed_certificate else { panic!("no DER") };
    der
}

fn text(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => format!("dns:{name}"),
        GeneralName::IPAddress(octets) => format!("ip:{}", hex::encode(octets)),
        GeneralName::URI(uri) => format!("uri:{uri}"),
        GeneralName::RFC822Name(mailbox) => format!("email:{mailbox}"),
        other => panic!("{other:?}"),
    }
}

fn with_names(names: &[(u8, &[u8])]) -> String {
    let request = csr::extension_request(EXTENSION_REQUEST, &[csr::alternative_names(names)]);
    csr::csr(&csr::name(COMMON_NAME, 0x0c, b"ee"), &[request])
}

#[tokio::test]
async fn requests_of_other_programs_are_issued_or_refused_as_documented() {
    let fixture = Fixture::start(&[]);
    assert!(fixture.malformed("DnsOnly", case!("dns-ip")).await.contains("`10.0.0.1`"));
    assert!(fixture.malformed("Names", case!("dns-ip")).await.contains("`10.0.0.1`"));
    let issued = fixture.sign("Names", case!("ms-extreq")).await.unwrap();
    assert_eq!(fixture.names(&issued), ["dns:ms.example"]);
    let issued = fixture.sign("Names", case!("uuid-oid-attr")).await.unwrap();
    assert_eq!(fixture.names(&issued), [""; 0]);
    for csr in [case!("dns-utf8"), case!("ip-mask"), case!("dns-ip"), case!("ms-extreq")] {
        let issued = fixture.sign("NoNames", csr).await.unwrap();
        assert_eq!(fixture.names(&issued), [""; 0]);
    }
    assert!(fixture.malformed("Names", case!("dns-utf8")).await.contains("dNSName"));
    assert!(fixture.malformed("Names", case!("ip-mask")).await.contains("iPAddress of 8 bytes"));
    for profile in ["Names", "NoNames"] {
        assert!(fixture.malformed(profile, case!("subj-int")).await.contains("CN is of type INTEGER"));
        let message = fixture.malformed(profile, case!("cn-printable-bad")).await;
        assert!(message.contains("CN has the character U+005F '_' at position 2"), "{message}");
    }
}

#[tokio::test]
async fn subject_that_is_replaced_is_not_judged() {
    let fixture = Fixture::start(&[]);
    for (subject, expected) in
        [("CN=new", None), (" ", Some("subject")), (",", Some("subject")), ("", Some("csr"))]
    {
        let mut request = fixture.ca.request("NoNames", case!("subj-int"));
        request.subject = Some(subject.to_owned());
        let answer = fixture.send(request).await;
        match expected {
            None => {
                let der = der(answer.unwrap().into_inner());
                assert_eq!(fixture.names(&der), [""; 0]);
            }
            Some(name) => {
                let status = answer.unwrap_err();
                assert_eq!((field(&status), reason(&status)), (name.into(), "FIELD_MALFORMED".into()));
            }
        }
    }
}

#[tokio::test]
async fn issuer_that_cannot_be_loaded_is_refused() {
    let fixture = Fixture::start(&[]);
    let (_, ca) = x509_parser::pem::parse_x509_pem(fixture.ca.certificate.as_bytes()).unwrap();
    let position = ca.contents.windows(9).rposition(|bytes| bytes == b"\x0c\x07Test CA").unwrap();
    for (identifier, expected) in
        [(0x1c, "FIELD_UNSUPPORTED"), (0x02, "FIELD_MALFORMED"), (0x12, "FIELD_MALFORMED")]
    {
        let mut der = ca.contents.clone();
        der[position] = identifier;
        let mut request = fixture.ca.request("NoNames", &pki::csr(fixture.ca.folder.path(), "p-256"));
        request.ca_cert = pem::encode(&pem::Pem::new("CERTIFICATE", der));
        let status = fixture.send(request).await.unwrap_err();
        assert_eq!((field(&status), reason(&status)), ("ca_cert".into(), expected.into()), "{status}");
        assert!(status.message().contains("cannot be the issuer of a certificate: CN"), "{status}");
    }
}

#[tokio::test]
async fn alternative_names_are_issued_where_a_verifier_can_use_them() {
    let fixture = Fixture::start(&[]);
    let good: &[(u8, &[u8])] = &[
        (2, b"*.a.example"),
        (2, b"host"),
        (7, &[10, 0, 0, 1]),
        (6, b"spiffe://trust_domain/a"),
        (6, b"https://[2001:db8::1]:8443/x?y#z"),
        (1, b"\"a b\"@example.com"),
    ];
    let issued = fixture.sign("Names", &with_names(good)).await.unwrap();
    assert_eq!(fixture.names(&issued).len(), good.len());
    for (tag, name) in [
        (2, &b"127.1"[..]),
        (2, b"0x7f.1"),
        (2, b"*"),
        (2, b"a.example."),
        (2, b"a*.example"),
        (2, b"-a.example"),
        (2, b"a\0.example"),
        (2, b""),
        (1, b"a"),
        (1, b"a@b c"),
        (6, b"/relative"),
        (6, b"http:///x"),
        (6, b"http://a/%"),
        (7, &[0; 5]),
    ] {
        let csr = with_names(&[(2, b"a.example"), (tag, name)]);
        assert!(fixture.malformed("Names", &csr).await.contains("its subjectAltName has"));
        assert_eq!(fixture.names(&fixture.sign("NoNames", &csr).await.unwrap()), [""; 0]);
    }
    let csr = with_names(&[(2, b"a_b.example")]);
    let status = fixture.sign("DnsOnly", &csr).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::FailedPrecondition, "NAME_NOT_ALLOWED".into()));
    let issued = fixture.sign("Underscores", &csr).await.unwrap();
    assert_eq!(fixture.names(&issued), ["dns:a_b.example"]);
}

const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";

fn with_unknown_extensions() -> String {
    let extensions = [
        csr::extension(TLS_FEATURE, b"\x30\x03\x02\x01\x05"),
        csr::extension("2.5.29.15", b"\x03\x02\x07\x80"),
        csr::extension("1.2.3.4", b""),
    ];
    let request = csr::extension_request(MICROSOFT_EXTENSION_REQUEST, &extensions);
    csr::csr(&csr::name(COMMON_NAME, 0x0c, b"ee"), &[request])
}

#[tokio::test]
async fn ignored_extensions_are_named_in_response_trailers_and_audit() {
    let folder = private_folder();
    let file = folder.path().join("audit.log");
    let fixture = Fixture::start(&["--audit-log", file.to_str().unwrap()]);
    let csr = with_unknown_extensions();
    let request = || fixture.ca.request("NoNames", &csr);
    let header = |metadata: &tonic::metadata::MetadataMap| {
        metadata.get("cryptobroker-ignored-extensions").map(|value| value.to_str().unwrap().to_owned())
    };
    let expected = Some(format!("{TLS_FEATURE},1.2.3.4"));

    let response = fixture.send(request()).await.unwrap();
    assert_eq!(header(response.metadata()), expected);
    assert_eq!(response.get_ref().ignored_extensions, [TLS_FEATURE, "1.2.3.4"]);
    let mut pipeline = Pipeline::open(&fixture.broker).await;
    let v1::pipeline_response::Result::SignCertificate(response) =
        pipeline.call(1, Operation::SignCertificate(request())).await
    else {
        panic!("no certificate")
    };
    assert_eq!(response.ignored_extensions, [TLS_FEATURE, "1.2.3.4"]);

    let channel = fixture.broker.channel().await;
    let mut older = old::SignCertificateRequest::default();
    older.profile = "NoNames".into();
    older.csr = csr.clone();
    older.ca_private_key = fixture.ca.key.clone();
    older.ca_cert = fixture.ca.certificate.clone();
    let response = CryptoGrpcClient::new(channel.clone()).sign_certificate(older).await.unwrap();
    assert_eq!(header(response.metadata()), expected);
    let mut first = g0::SignRequest::default();
    first.profile = "NoNames".into();
    first.csr = csr.clone();
    first.ca_private_key = fixture.ca.key.clone();
    first.ca_cert = fixture.ca.certificate.clone();
    let response = CryptoBrokerClient::new(channel).sign(first).await.unwrap();
    assert_eq!(header(response.metadata()), expected);

    let plain = fixture.send(fixture.ca.request("NoNames", case!("ms-extreq"))).await.unwrap();
    assert_eq!(header(plain.metadata()), None);

    // Each response follows its record.
    let records: Vec<serde_json::Value> =
        fs::read_to_string(&file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let listed: Vec<_> = records.iter().map(|record| record["ignored_extensions"].clone()).collect();
    let list = serde_json::json!([TLS_FEATURE, "1.2.3.4"]);
    assert_eq!(listed, [list.clone(), list.clone(), list.clone(), list, serde_json::Value::Null]);
}

#[tokio::test]
async fn unknown_extensions_are_refused_where_the_profile_says_so() {
    let fixture = Fixture::start(&[]);
    let status = fixture.sign("Strict", &with_unknown_extensions()).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::FailedPrecondition, "EXTENSION_NOT_ALLOWED".into()));
    assert!(status.message().contains(TLS_FEATURE), "{status}");
    let usage = [csr::extension("2.5.29.15", b"\x03\x02\x07\x80"), csr::alternative_names(&[(2, b"-")])];
    let request = csr::extension_request(EXTENSION_REQUEST, &usage);
    let csr = csr::csr(&csr::name(COMMON_NAME, 0x0c, b"ee"), &[request]);
    fixture.sign("Strict", &csr).await.unwrap();
}

#[tokio::test]
async fn extension_requests_that_differ_are_refused() {
    let fixture = Fixture::start(&[]);
    let request = |id, name: &[u8]| csr::extension_request(id, &[csr::alternative_names(&[(2, name)])]);
    let csr = |attributes: &[Vec<u8>]| csr::csr(&csr::name(COMMON_NAME, 0x0c, b"ee"), attributes);
    let same = csr(&[request(EXTENSION_REQUEST, b"a"), request(MICROSOFT_EXTENSION_REQUEST, b"a")]);
    let issued = fixture.sign("Names", &same).await.unwrap();
    assert_eq!(fixture.names(&issued), ["dns:a"]);
    let other = csr(&[request(EXTENSION_REQUEST, b"a"), request(MICROSOFT_EXTENSION_REQUEST, b"b")]);
    assert!(fixture.malformed("Names", &other).await.contains("differ"));
    assert!(fixture.malformed("NoNames", &other).await.contains("differ"));
}
