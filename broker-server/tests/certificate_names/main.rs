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
- Name: Bare
  API:
    SignCertificate: BARE, BasicConstraints: { Omit: true }, ExtendedKeyUsage: [clientAuth], CertificatePolicies: [1.2.3.4], AuthorityInformationAccess: { OCSP: [http://a.example/] } }
- Name: Arcs
  API:
    SignCertificate: SECTION, Subject: { Allow: [2.999.1, CN], Require: [2.999.1] }, CertificatePolicies: [2.999.7] }
- Name: ArcsShort
  API:
    SignCertificate: SECTION, MaxSubjectLength: 14 }
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
        let bare = SECTION.trim_end_matches(", KeyUsage: [digitalSignature]");
        let text = PROFILES.replace("SECTION", SECTION).replace("BARE", bare);
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

    // An extension that the broker knows, but the profile does not have, and two requests without such a one.
    let names = fixture.send(fixture.ca.request("NoNames", case!("ms-extreq"))).await.unwrap();
    assert_eq!(header(names.metadata()).as_deref(), Some(csr::SUBJECT_ALT_NAME));
    let copied = fixture.send(fixture.ca.request("Names", case!("ms-extreq"))).await.unwrap();
    assert_eq!(header(copied.metadata()), None);
    let none = csr::csr(&csr::name(COMMON_NAME, 0x0c, b"ee"), &[]);
    let none = fixture.send(fixture.ca.request("NoNames", &none)).await.unwrap();
    assert_eq!(header(none.metadata()), None);

    // Each response follows its record.
    let records: Vec<serde_json::Value> =
        fs::read_to_string(&file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let listed: Vec<_> = records.iter().map(|record| record["ignored_extensions"].clone()).collect();
    let list = serde_json::json!([TLS_FEATURE, "1.2.3.4"]);
    let (names, none) = (serde_json::json!([csr::SUBJECT_ALT_NAME]), serde_json::Value::Null);
    assert_eq!(listed, [list.clone(), list.clone(), list.clone(), list, names, none.clone(), none]);
}

/// Whether an extension is ignored depends on what the certificate has, not on which extensions the broker knows.
#[tokio::test]
async fn extensions_that_the_certificate_does_not_have_are_ignored() {
    let fixture = Fixture::start(&[]);
    let all = [
        "2.5.29.14",
        "2.5.29.15",
        "2.5.29.17",
        "2.5.29.19",
        "2.5.29.31",
        "2.5.29.32",
        "2.5.29.35",
        "2.5.29.37",
        "1.3.6.1.5.5.7.1.1",
    ];
    let extensions = all.map(|id| match id {
        csr::SUBJECT_ALT_NAME => csr::alternative_names(&[(2, b"a.example")]),
        _ => csr::extension(id, b"\x30\x00"),
    });
    let request = csr::extension_request(EXTENSION_REQUEST, &extensions);
    let csr = csr::csr(&csr::name(COMMON_NAME, 0x0c, b"ee"), &[request]);
    for (profile, points, expected) in [
        ("NoNames", 0, &["2.5.29.17", "2.5.29.31", "2.5.29.32", "2.5.29.37", "1.3.6.1.5.5.7.1.1"][..]),
        ("Names", 1, &["2.5.29.32", "2.5.29.37", "1.3.6.1.5.5.7.1.1"]),
        ("Bare", 0, &["2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.31"]),
    ] {
        let mut request = fixture.ca.request(profile, &csr);
        request.crl_distribution_points = vec!["http://a.example/".into(); points];
        let response = fixture.send(request).await.unwrap().into_inner();
        assert_eq!(response.ignored_extensions, expected, "{profile}");
        let der = der(response);
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        let issued: Vec<String> =
            certificate.extensions().iter().map(|extension| extension.oid.to_id_string()).collect();
        assert!(
            all.iter().all(|id| expected.contains(id) != issued.iter().any(|other| other == id)),
            "{issued:?}"
        );
    }
}

/// X.501 9.3: an RDN has at least one attribute, and no type twice.
#[tokio::test]
async fn sets_that_are_no_rdn_are_refused() {
    let fixture = Fixture::start(&[]);
    let attribute = |id: &str, value: &[u8]| csr::sequence(&[&csr::oid(id), &csr::tlv(0x0c, value)]);
    let (o, other, cn) =
        (attribute("2.5.4.10", b"a"), attribute("2.5.4.10", b"b"), attribute(COMMON_NAME, b"ee"));
    let name =
        |sets: &[&[u8]]| csr::tlv(0x30, &sets.iter().flat_map(|set| csr::tlv(0x31, set)).collect::<Vec<_>>());
    for (subject, expected) in [
        (name(&[&[o.clone(), other.clone()].concat()]), "an RDN has O twice"),
        (name(&[&[other.clone(), o.clone()].concat()]), "an RDN has O twice"),
        (name(&[&cn, &[o.clone(), o.clone()].concat()]), "an RDN has O twice"),
        (name(&[&[o.clone(), cn.clone(), other.clone()].concat()]), "an RDN has O twice"),
        (name(&[&cn, &[]]), "an RDN has no attribute"),
        (name(&[&[]]), "an RDN has no attribute"),
    ] {
        let message = fixture.malformed("NoNames", &csr::csr(&subject, &[])).await;
        assert!(message.contains(expected) && message.contains("X.501 9.3"), "{message}");
        let mut request = fixture.ca.request("NoNames", &csr::csr(&subject, &[]));
        request.subject = Some("CN=new".into());
        fixture.names(&der(fixture.send(request).await.unwrap().into_inner()));
    }
    for subject in [name(&[&o, &other, &cn]), name(&[&[cn.clone(), o.clone()].concat(), &o])] {
        fixture.names(&fixture.sign("NoNames", &csr::csr(&subject, &[])).await.unwrap());
    }
}

#[tokio::test]
async fn characters_that_are_not_displayed_are_refused() {
    let fixture = Fixture::start(&[]);
    for (value, expected) in [
        ("a\u{200b}b", "CN has the invisible character U+200B at position 2"),
        ("b\u{ad}nk", "the invisible character U+00AD"),
        ("\u{feff}a", "the invisible character U+FEFF at position 1"),
        ("a\u{202e}b", "CN has the control character U+202E"),
        ("bank\u{200d}", "the invisible character U+200D at position 5"),
        ("\u{3164}", "U+3164"),
    ] {
        let csr = csr::csr(&csr::name(COMMON_NAME, 0x0c, value.as_bytes()), &[]);
        assert!(fixture.malformed("NoNames", &csr).await.contains(expected), "{value:?}");
        let mut request = fixture.ca.request("NoNames", &csr);
        request.subject = Some(format!("CN={value}"));
        let status = fixture.send(request).await.unwrap_err();
        assert_eq!(
            (field(&status), reason(&status)),
            ("subject".into(), "FIELD_MALFORMED".into()),
            "{value:?}"
        );
    }
    for value in ["می\u{200c}خواهم", "ശ്രീ ന\u{d4d}\u{200d}", "辻\u{e0100}", "Zoë"] {
        let csr = csr::csr(&csr::name(COMMON_NAME, 0x0c, value.as_bytes()), &[]);
        fixture.names(&fixture.sign("NoNames", &csr).await.unwrap());
    }
}

/// RFC 4518 2.6.1: only the one space remains, as of an empty value.
#[tokio::test]
async fn values_of_white_space_are_refused() {
    let fixture = Fixture::start(&[]);
    for value in [" ", "   ", "\u{a0}", "\u{3000}", "\u{2800}"] {
        let csr = csr::csr(&csr::name(COMMON_NAME, 0x0c, value.as_bytes()), &[]);
        let message = fixture.malformed("NoNames", &csr).await;
        assert!(message.contains("CN has only white space"), "{value:?}: {message}");
    }
    let csr = csr::csr(&csr::name("2.5.4.11", 0x13, b" "), &[]);
    assert!(fixture.malformed("NoNames", &csr).await.contains("OU has only white space"));
}

/// The field that is at fault is the one with most of the bytes.
#[tokio::test]
async fn certificate_that_is_too_large_names_what_makes_it_so() {
    let fixture = Fixture::start(&["--limit", "csr=128KiB", "--limit", "ca-cert=128KiB"]);
    // A type without an upper bound.
    let long = csr::name("2.5.4.13", 0x0c, &[b'a'; 62_000]);
    let status = fixture.sign("NoNames", &csr::csr(&long, &[])).await.unwrap_err();
    assert_eq!((reason(&status), field(&status)), ("FIELD_TOO_LONG".into(), "csr".into()), "{status}");
    let (_, ca) = x509_parser::pem::parse_x509_pem(fixture.ca.certificate.as_bytes()).unwrap();
    let mut request = fixture.ca.request("NoNames", &with_names(&[(2, b"a.example")]));
    request.ca_cert = pem::encode(&pem::Pem::new("CERTIFICATE", with_subject(&ca.contents, &long)));
    let status = fixture.send(request).await.unwrap_err();
    assert_eq!((reason(&status), field(&status)), ("FIELD_TOO_LONG".into(), "ca_cert".into()), "{status}");
    assert!(status.message().contains("its subject"), "{status}");
}

/// Returns a certificate with another subject. Its signature is not valid, which no issuer is asked for.
fn with_subject(certificate: &[u8], subject: &[u8]) -> Vec<u8> {
    let (_, parsed) = X509Certificate::from_der(certificate).unwrap();
    let tbs = parsed.tbs_certificate.as_ref();
    let old = parsed.subject().as_raw();
    // The subject follows the issuer, which may be the same.
    let start = tbs.windows(old.len()).rposition(|window| window == old).unwrap();
    let content = [&tbs[4..start], subject, &tbs[start + old.len()..]].concat();
    csr::tlv(0x30, &[&csr::tlv(0x30, &content)[..], &certificate[4 + tbs.len()..]].concat())
}

#[tokio::test]
async fn country_of_a_jurisdiction_is_a_country_code() {
    let fixture = Fixture::start(&[]);
    let subject = |value: &[u8]| csr::csr(&csr::name("1.3.6.1.4.1.311.60.2.1.3", 0x13, value), &[]);
    for value in [&b"DEU"[..], b"D", b"D1", b""] {
        assert!(
            fixture.malformed("NoNames", &subject(value)).await.contains("jurisdictionC is"),
            "{value:?}"
        );
    }
    fixture.names(&fixture.sign("NoNames", &subject(b"DE")).await.unwrap());
}

/// docs/moving-from-go.md has this request of keytool and its error.
#[tokio::test]
async fn keytool_request_with_unknown_country_is_as_documented() {
    let fixture = Fixture::start(&[]);
    let message = fixture.malformed("NoNames", case!("keytool-unknown")).await;
    assert_eq!(message, "csr: its subject cannot be used: C is not a country code of two letters (ISO 3166)");
    let page = include_str!("../../../docs/moving-from-go.md");
    assert!(page.contains(&message));
    let mut request = fixture.ca.request("NoNames", case!("keytool-unknown"));
    request.subject = Some("CN=host.example,O=Example,C=DE".into());
    fixture.names(&der(fixture.send(request).await.unwrap().into_inner()));
}

/// The second arc under 2 may be over 39 (X.660 7.6).
#[tokio::test]
async fn identifiers_under_2_999_are_as_others() {
    let fixture = Fixture::start(&[]);
    let id = csr::tlv(0x06, &[0x88, 0x37, 0x01]);
    let attribute = csr::sequence(&[&id, &csr::tlv(0x0c, b"x")]);
    let subject = csr::sequence(&[&csr::tlv(0x31, &attribute)]);
    let list = csr::sequence(&[&csr::sequence(&[&id, &csr::tlv(0x04, b"")])]);
    let request = csr::sequence(&[&csr::oid(EXTENSION_REQUEST), &csr::tlv(0x31, &list)]);
    let csr = csr::csr(&subject, &[request, csr::sequence(&[&id, &csr::tlv(0x31, b"\x05\x00")])]);
    let response = fixture.send(fixture.ca.request("Arcs", &csr)).await.unwrap().into_inner();
    assert_eq!(response.ignored_extensions, ["2.999.1"]);
    let der = der(response);
    fixture.names(&der);
    let (_, certificate) = X509Certificate::from_der(&der).unwrap();
    let policies =
        certificate.extensions().iter().find(|extension| extension.oid.to_id_string() == "2.5.29.32");
    assert_eq!(policies.unwrap().value, b"\x30\x07\x30\x05\x06\x03\x88\x37\x07");
    // The text of the subject is 2.999.1=#0c0178.
    let status = fixture.sign("ArcsShort", &csr).await.unwrap_err();
    assert_eq!(reason(&status), "SUBJECT_NOT_ALLOWED");
    assert!(status.message().contains("has 15 characters"), "{status}");
    let other = csr::csr(&csr::name(COMMON_NAME, 0x0c, b"ee"), &[]);
    let status = fixture.sign("Arcs", &other).await.unwrap_err();
    assert!(status.message().contains("the subject has no 2.999.1"), "{status}");
}

/// Certificates have the subject of the CA certificate, and nothing of its issuer.
#[tokio::test]
async fn own_issuer_of_the_ca_certificate_is_not_judged() {
    let fixture = Fixture::start(&[]);
    let (_, ca) = x509_parser::pem::parse_x509_pem(fixture.ca.certificate.as_bytes()).unwrap();
    let position = ca.contents.windows(9).position(|bytes| bytes == b"\x0c\x07Test CA").unwrap();
    for identifier in [0x1c, 0x02, 0x12, 0x2c, 0x80] {
        let mut der = ca.contents.clone();
        der[position] = identifier;
        let mut request = fixture.ca.request("NoNames", &pki::csr(fixture.ca.folder.path(), "p-256"));
        request.ca_cert = pem::encode(&pem::Pem::new("CERTIFICATE", der));
        fixture.send(request).await.unwrap();
    }
    // Neither is one that is not a name: its first set becomes a SEQUENCE.
    let set = ca.contents.windows(2).position(|bytes| bytes[0] == 0x31 && bytes[1] < 0x80).unwrap();
    let mut der = ca.contents.clone();
    der[set] = 0x30;
    let mut request = fixture.ca.request("NoNames", &pki::csr(fixture.ca.folder.path(), "p-256"));
    request.ca_cert = pem::encode(&pem::Pem::new("CERTIFICATE", der));
    fixture.send(request).await.unwrap();
}

#[tokio::test]
async fn requests_in_ber_are_refused_with_the_rule_that_they_break() {
    let fixture = Fixture::start(&[]);
    let good = csr::csr(&csr::name(COMMON_NAME, 0x0c, b"ee"), &[]);
    let der = pem::parse(&good).unwrap().contents().to_vec();
    assert_eq!(der[1], 0x81);
    let content = &der[3..];
    let long = [&[0x30, 0x82, 0x00, der[2]], content].concat();
    let indefinite = [&[0x30, 0x80], content, &[0, 0]].concat();
    let longest = [&[0x30, 0x85, 0, 0, 0, 0, der[2]], content].concat();
    for (der, expected) in [
        (long, "in BER, not in DER: a length has more octets than it needs (X.690 10.1)"),
        (longest, "in BER, not in DER: a length has more octets than it needs (X.690 10.1)"),
        (indefinite, "in BER, not in DER: a length is indefinite (X.690 10.1)"),
    ] {
        let message =
            fixture.malformed("NoNames", &pem::encode(&pem::Pem::new("CERTIFICATE REQUEST", der))).await;
        assert!(message.contains(expected), "{message}");
    }
    let critical = |value| {
        let parts = [&csr::oid("1.2.3.4")[..], &csr::tlv(0x01, &[value]), &csr::tlv(0x04, b"")];
        let request = csr::extension_request(EXTENSION_REQUEST, &[csr::sequence(&parts)]);
        csr::csr(&csr::name(COMMON_NAME, 0x0c, b"ee"), &[request])
    };
    assert!(
        fixture
            .malformed("NoNames", &critical(1))
            .await
            .contains("a BOOLEAN is neither 00 nor FF (X.690 11.1)")
    );
    fixture.sign("NoNames", &critical(0xff)).await.unwrap();
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
