//! The services of older clients, compared with the responses of `cryptobroker.v1` to the same requests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

mod support;

use base64ct::{Base64, Encoding as _};
use broker_proto::{
    crypto_broker::{
        self as old, crypto_grpc_client::CryptoGrpcClient, crypto_grpc_dev_client::CryptoGrpcDevClient,
    },
    g0::{self, crypto_broker_client::CryptoBrokerClient},
    v1::{self, crypto_dev_service_client::CryptoDevServiceClient},
};
use prost::Message as _;
use support::{Broker, pki};
use tonic::Code;
use x509_parser::prelude::{FromDer as _, X509Certificate};

const PROFILES: [&str; 6] = [
    "Default",
    "KSA-MODERATE-2020",
    "KSA-ADVANCED-2020",
    "FIPS-140-3-128bit",
    "FIPS-140-3-192bit",
    "FIPS-140-3-256bit",
];

#[tokio::test]
async fn every_generation_returns_the_same_hash() {
    let broker = Broker::start(&[]);
    let mut current = broker.crypto().await;
    let mut grpc = CryptoGrpcClient::new(broker.channel().await);
    let mut first = CryptoBrokerClient::new(broker.channel().await);
    for profile in PROFILES {
        let request = |format: v1::HashOutputFormat| v1::HashDataRequest {
            profile: profile.into(),
            input: "abc".into(),
            metadata: None,
            output_format: format.into(),
        };
        let expected = current.hash_data(request(v1::HashOutputFormat::Hex)).await.unwrap().into_inner();
        let Some(v1::hash_data_response::HashValue::HashValueHex(text)) = expected.hash_value else {
            panic!("expected hexadecimal text")
        };
        let algorithm = expected.descriptor.as_ref().unwrap().algorithm.clone();

        let metadata = g0::Metadata { id: "one".into(), created_at: "2024-01-01T00:00:00Z".into() };
        let request = g0::HashRequest {
            profile: profile.into(),
            input: "abc".into(),
            metadata: Some(metadata.clone()),
        };
        let answer = first.hash(request).await.unwrap().into_inner();
        assert_eq!((&answer.hash_value, &answer.hash_algorithm), (&text, &algorithm));
        assert_eq!(answer.metadata, Some(metadata));

        let metadata = old::Metadata {
            id: "two".into(),
            created_at_or_deprecation: "2024-01-01T00:00:00Z".into(),
            trace_context: Some(v1::TraceContext { correlation_id: "c".into(), ..Default::default() }),
        };
        let request = old::HashRequest {
            profile: profile.into(),
            input: "abc".into(),
            metadata: Some(metadata.clone()),
        };
        let answer = grpc.hash(request).await.unwrap().into_inner();
        assert_eq!((&answer.hash_value, &answer.hash_algorithm), (&text, &algorithm));
        assert_eq!(answer.metadata, Some(metadata));

        // HEX is 0, RAW is 1, and unknown numbers select the default.
        for (number, raw) in [(0, false), (1, true), (7, false)] {
            // Clients may send arbitrary bytes in this field, which was a text once, without causing an error.
            let metadata = old::Metadata {
                id: "three".into(),
                created_at_or_deprecation: vec![0xff; 9],
                trace_context: None,
            };
            let request = old::HashDataRequest {
                profile: profile.into(),
                input: "abc".into(),
                metadata: Some(metadata),
                output_format: number,
            };
            let answer = grpc.hash_data(request).await.unwrap().into_inner();
            let value = match answer.hash_value.unwrap() {
                old::hash_data_response::HashValue::HashValueHex(text) => (text, false),
                old::hash_data_response::HashValue::HashValueRaw(bytes) => (hex::encode(bytes), true),
            };
            assert_eq!(value, (text.clone(), raw));
            assert_eq!(answer.hash_algorithm, algorithm);
            assert_eq!(answer.descriptor, expected.descriptor);
            let metadata = answer.metadata.unwrap();
            assert_eq!((metadata.id.as_str(), metadata.created_at_or_deprecation.len()), ("three", 0));
        }
    }
}

#[tokio::test]
async fn every_generation_issues_an_equivalent_certificate() {
    let broker = Broker::start(&[]);
    let ca = pki::Ca::new("p-384");
    let csr = pki::csr(ca.folder.path(), "p-256");
    let mut current = ca.request("Default", &csr);
    current.subject = Some("CN=Other,O=Example".into());
    current.crl_distribution_points = vec!["http://crl.example/ca.crl".into()];
    let answer = broker.crypto().await.sign_certificate(current.clone()).await.unwrap().into_inner();
    let Some(v1::sign_certificate_response::SignedCertificate::Der(expected_der)) = answer.signed_certificate
    else {
        panic!("expected DER by default")
    };

    let mut request = g0::SignRequest::default();
    request.profile = "Default".into();
    request.csr.clone_from(&csr);
    request.ca_private_key.clone_from(&ca.key);
    request.ca_cert.clone_from(&ca.certificate);
    request.subject.clone_from(&current.subject);
    request.crl_distribution_points.clone_from(&current.crl_distribution_points);
    // The limits of the profile's window are accepted, because the broker reads the clock only once.
    request.valid_not_before_offset = Some("-1h".into());
    request.valid_not_after_offset = Some("8760h".into());
    let mut first = CryptoBrokerClient::new(broker.channel().await);
    for _ in 0..20 {
        let answer = first.sign(request.clone()).await.unwrap().into_inner();
        assert_equivalent(&Base64::decode_vec(&answer.signed_certificate).unwrap(), &expected_der);
    }
    for (offset, code) in [("soon", Code::InvalidArgument), ("8761h", Code::FailedPrecondition)] {
        request.valid_not_after_offset = Some(offset.into());
        assert_eq!(first.sign(request.clone()).await.unwrap_err().code(), code, "{offset}");
    }

    let mut grpc = CryptoGrpcClient::new(broker.channel().await);
    let mut request = old::SignRequest::default();
    request.profile = "Default".into();
    request.csr.clone_from(&csr);
    request.ca_private_key.clone_from(&ca.key);
    request.ca_cert.clone_from(&ca.certificate);
    request.subject.clone_from(&current.subject);
    request.crl_distribution_points.clone_from(&current.crl_distribution_points);
    let answer = grpc.sign(request).await.unwrap().into_inner();
    assert_equivalent(&Base64::decode_vec(&answer.signed_certificate).unwrap(), &expected_der);

    for (number, pem) in [(0, false), (1, true), (9, false)] {
        let mut request = old::SignCertificateRequest::default();
        request.profile = "Default".into();
        request.csr.clone_from(&csr);
        request.ca_private_key.clone_from(&ca.key);
        request.ca_cert.clone_from(&ca.certificate);
        request.subject.clone_from(&current.subject);
        request.crl_distribution_points.clone_from(&current.crl_distribution_points);
        request.output_format = number;
        let answer = grpc.sign_certificate(request).await.unwrap().into_inner();
        let (der, was_pem) = match answer.signed_certificate.unwrap() {
            old::sign_certificate_response::SignedCertificate::Der(der) => (der, false),
            old::sign_certificate_response::SignedCertificate::Pem(text) => {
                ca.verify_strictly(&text);
                (pem::parse(&text).unwrap().into_contents(), true)
            }
        };
        assert_eq!(was_pem, pem);
        assert_equivalent(&der, &expected_der);
        assert_eq!(answer.descriptor.unwrap().algorithm, "ecdsa-with-SHA512");
    }
}

/// Checks that two certificates are equal except for serial, times and signature.
fn assert_equivalent(one: &[u8], other: &[u8]) {
    let (_, one) = X509Certificate::from_der(one).unwrap();
    let (_, other) = X509Certificate::from_der(other).unwrap();
    assert_eq!(one.subject().as_raw(), other.subject().as_raw());
    assert_eq!(one.issuer().as_raw(), other.issuer().as_raw());
    assert_eq!(one.public_key().raw, other.public_key().raw);
    assert_eq!(one.signature_algorithm, other.signature_algorithm);
    assert_eq!(one.extensions(), other.extensions());
    let lifetime = |certificate: &X509Certificate<'_>| {
        certificate.validity().not_after.timestamp() - certificate.validity().not_before.timestamp()
    };
    assert_eq!(lifetime(&one), lifetime(&other));
}

#[tokio::test]
async fn encryption_equals_the_current_service() {
    let broker = Broker::start(&[]);
    let mut grpc = CryptoGrpcClient::new(broker.channel().await);
    let source = || {
        let mut source = v1::KeySource::default();
        source.source = Some(v1::key_source::Source::RawKey(vec![7; 16]));
        Some(source)
    };
    let mut request = v1::EncryptDataRequest::default();
    request.profile = "FIPS-140-3-128bit".into();
    request.key_source = source();
    request.plaintext = b"hello".to_vec();
    request.encrypt_metadata = Some(v1::EncryptMetadata { nonce: vec![1; 12], aad: Some(b"v1".to_vec()) });
    let sealed = grpc.encrypt_data(request.clone()).await.unwrap().into_inner();
    let current = broker.crypto().await.encrypt_data(request).await.unwrap().into_inner();
    assert_eq!(sealed, current);
    let metadata = sealed.cipher_metadata.unwrap();
    assert_eq!(metadata.tag().len(), 12);
    let mut request = v1::DecryptDataRequest {
        profile: "FIPS-140-3-128bit".into(),
        key_source: source(),
        ciphertext: sealed.ciphertext,
        decrypt_metadata: Some(v1::DecryptMetadata {
            nonce: metadata.nonce,
            aad: metadata.aad,
            tag: metadata.tag,
        }),
        metadata: None,
    };
    let opened = grpc.decrypt_data(request.clone()).await.unwrap().into_inner();
    assert_eq!(opened.plaintext, b"hello");
    request.ciphertext[0] ^= 1;
    assert_eq!(grpc.decrypt_data(request).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn deprecation_warning_reaches_clients_that_support_it() {
    let folder = support::private_folder();
    let document = "Profiles:\n  - { Name: Old, Deprecation: { ReplacedBy: New }, API: { HashData: { HashAlg: sha-256 } } }\n";
    std::fs::write(folder.path().join("Profiles.yaml"), document).unwrap();
    let broker = Broker::start(&["--profiles-dir", folder.path().to_str().unwrap()]);
    let mut grpc = CryptoGrpcClient::new(broker.channel().await);
    let request = old::HashDataRequest { profile: "Old".into(), ..Default::default() };
    let metadata = grpc.hash_data(request).await.unwrap().into_inner().metadata.unwrap();
    let warning = v1::DeprecationWarning::decode(&metadata.created_at_or_deprecation[..]).unwrap();
    assert_eq!(warning.replaced_by(), "New");
    // For clients of 0.2 and 0.3, this field is a text.
    let metadata = old::Metadata { created_at_or_deprecation: "then".into(), ..Default::default() };
    let request =
        old::HashRequest { profile: "Old".into(), metadata: Some(metadata.clone()), ..Default::default() };
    assert_eq!(grpc.hash(request).await.unwrap().into_inner().metadata, Some(metadata));
}

#[tokio::test]
async fn errors_equal_those_of_the_current_service() {
    let broker = Broker::start(&[]);
    let mut grpc = CryptoGrpcClient::new(broker.channel().await);
    let request = old::HashDataRequest { profile: "Nobody".into(), ..Default::default() };
    let error = grpc.hash_data(request).await.unwrap_err();
    assert_eq!((error.code(), support::reason(&error).as_str()), (Code::NotFound, "UNKNOWN_PROFILE"));
    let request = old::HashRequest { profile: "x".repeat(65), ..Default::default() };
    let error = grpc.hash(request).await.unwrap_err();
    assert_eq!((error.code(), support::reason(&error).as_str()), (Code::InvalidArgument, "FIELD_TOO_LONG"));
}

/// Tests the rows of `docs/moving-from-go.md` with INVALID_ARGUMENT where the Go broker's first releases issued.
#[tokio::test]
async fn rejects_requests_that_the_first_go_brokers_accepted() {
    let broker = Broker::start(&[]);
    let ca = pki::Ca::new("p-384");
    let folder = ca.folder.path();
    let csr = pki::csr(folder, "p-256");
    let new_csr = |options: &str| {
        pki::openssl(
            folder,
            &format!("req -new {options} -nodes -keyout odd.key -subj /CN=odd -out odd.csr"),
        );
        std::fs::read_to_string(folder.join("odd.csr")).unwrap()
    };
    let sha1 = new_csr("-newkey rsa:2048 -sha1");
    let exponent = new_csr("-newkey rsa:2048 -pkeyopt rsa_keygen_pubexp:3");
    let empty = {
        pki::openssl(
            folder,
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout odd.key -subj / -out odd.csr",
        );
        std::fs::read_to_string(folder.join("odd.csr")).unwrap()
    };
    let mut good = g0::SignRequest::default();
    good.profile = "Default".into();
    good.csr.clone_from(&csr);
    good.ca_private_key.clone_from(&ca.key);
    good.ca_cert.clone_from(&ca.certificate);

    let mut client = CryptoBrokerClient::new(broker.channel().await);
    let mut cases: Vec<(&str, g0::SignRequest)> = Vec::new();
    let mut case = |name, change: &dyn Fn(&mut g0::SignRequest)| {
        let mut request = good.clone();
        change(&mut request);
        cases.push((name, request));
    };
    case("a CSR signed with SHA-1", &|request| request.csr.clone_from(&sha1));
    case("an RSA exponent of 3", &|request| request.csr.clone_from(&exponent));
    case("an empty subject", &|request| request.csr.clone_from(&empty));
    case("two CSRs", &|request| request.csr = format!("{csr}{csr}"));
    case("two keys", &|request| request.ca_private_key = format!("{0}{0}", ca.key));
    case("another label", &|request| request.csr = csr.replace("CERTIFICATE REQUEST", "ANYTHING"));
    case("CN=", &|request| request.subject = Some("CN=".into()));
    case("C of three letters", &|request| request.subject = Some("C=DEU,CN=x".into()));
    case("C of one letter", &|request| request.subject = Some("C=D,CN=x".into()));
    case("CN over 64", &|request| request.subject = Some(format!("CN={}", "x".repeat(65))));
    case("L over 128", &|request| request.subject = Some(format!("L={}", "x".repeat(129))));
    case("a control character", &|request| request.subject = Some("CN=a\u{1}b".into()));
    for url in ["ftp://crl.example/x", "ldap://crl.example", "", "x", "http:///x", "http://ä/"] {
        case(url, &|request| request.crl_distribution_points = vec![url.into()]);
    }
    case("notAfter before notBefore", &|request| {
        request.valid_not_before_offset = Some("20m".into());
        request.valid_not_after_offset = Some("10m".into());
    });
    for (name, request) in cases {
        let error = client.sign(request).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument, "{name}: {error}");
    }

    let mut spaces = good.clone();
    spaces.subject = Some("C = DE, O = Example, CN = host".into());
    let answer = client.sign(spaces).await.unwrap().into_inner();
    let der = Base64::decode_vec(&answer.signed_certificate).unwrap();
    assert_eq!(X509Certificate::from_der(&der).unwrap().1.subject().to_string(), "C=DE, O=Example, CN=host");

    for (length, code) in [(1 << 20, Code::Ok), ((1 << 20) + 1, Code::InvalidArgument)] {
        let mut request = g0::HashRequest { profile: "Default".into(), ..Default::default() };
        request.input = vec![0; length].into();
        let found = client.hash(request).await.map_or_else(|error| error.code(), |_| Code::Ok);
        assert_eq!(found, code, "{length} bytes");
    }
}

#[tokio::test]
async fn development_services_require_dev_mode() {
    let broker = Broker::start(&[]);
    let mut dev = CryptoDevServiceClient::new(broker.channel().await);
    let mut grpc = CryptoGrpcClient::new(broker.channel().await);
    let mut grpc_dev = CryptoGrpcDevClient::new(broker.channel().await);
    for status in [
        dev.fake_endpoint(v1::FakeEndpointRequest::default()).await.unwrap_err(),
        grpc.fake_endpoint(old::FakeEndpointRequest::default()).await.unwrap_err(),
        grpc.benchmark(old::BenchmarkRequest::default()).await.unwrap_err(),
        grpc_dev.benchmark(old::BenchmarkRequest::default()).await.unwrap_err(),
    ] {
        let found = (status.code(), support::reason(&status));
        assert_eq!(found, (Code::Unimplemented, "DEVELOPMENT_ONLY".to_owned()));
    }

    let broker = Broker::start(&["--dev"]);
    let mut dev = CryptoDevServiceClient::new(broker.channel().await);
    let mut grpc = CryptoGrpcClient::new(broker.channel().await);
    let mut grpc_dev = CryptoGrpcDevClient::new(broker.channel().await);
    for round in 0..15 {
        // All three endpoints share one counter.
        let answer = match round % 3 {
            0 => dev.fake_endpoint(v1::FakeEndpointRequest::default()).await.map(drop),
            1 => grpc.fake_endpoint(old::FakeEndpointRequest::default()).await.map(drop),
            _ => grpc_dev.fake_endpoint(old::FakeEndpointRequest::default()).await.map(drop),
        };
        match answer {
            Ok(()) => assert_eq!(round % 5, 4),
            Err(error) => assert_eq!((error.code(), round % 5 != 4), (Code::Unavailable, true)),
        }
    }
    let metadata =
        old::Metadata { id: "b".into(), created_at_or_deprecation: "then".into(), trace_context: None };
    let request = old::BenchmarkRequest { metadata: Some(metadata.clone()) };
    let answer = grpc.benchmark(request).await.unwrap().into_inner();
    assert_eq!(answer.metadata, Some(metadata));
    let report: serde_json::Value = serde_json::from_str(&answer.benchmark_results).unwrap();
    let names: Vec<&str> =
        report["results"].as_array().unwrap().iter().map(|result| result["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 10);
    assert!(names.contains(&"BenchmarkLibraryNative_HashSHA3_256"));
    assert!(names.contains(&"BenchmarkLibraryNative_SignCertificate_CSR_SECP256R1_CA_SECP384R1"));
}

/// The Go broker never released these methods on this path, and the numbers of their enum are unknown.
#[tokio::test]
async fn signature_methods_are_not_served_on_the_old_path() {
    let broker = Broker::start(&[]);
    let mut client = tonic::client::Grpc::new(broker.channel().await);
    for method in ["SignData", "VerifyData"] {
        client.ready().await.unwrap();
        let path = format!("/CryptoBroker.CryptoGrpc/{method}").parse().unwrap();
        let codec = tonic_prost::ProstCodec::<v1::SignDataRequest, v1::SignDataResponse>::default();
        let request = tonic::Request::new(v1::SignDataRequest::default());
        let status = client.unary(request, path, codec).await.unwrap_err();
        assert_eq!(
            (status.code(), support::reason(&status).as_str()),
            (Code::Unimplemented, "UNIMPLEMENTED")
        );
    }
}
