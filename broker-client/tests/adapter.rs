//! Keys of the broker behind the interfaces of other crates.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::{error::Error as _, sync::Arc, thread};

use broker_client::{
    Error, ErrorKind, SignatureFormat,
    adapter::{Signature, SigningKey, TlsKey, VerifyingKey},
    blocking::Client,
};
use broker_proto::v1;
use common::{Fake, Running, Step, answers, start};
use rcgen::{CertifiedKey, PublicKeyData as _, SigningKey as _};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, SignatureScheme,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName},
    sign::{self, SigningKey as _, SingleCertAndKey},
};
use signature::{SignatureEncoding as _, Signer as _};

struct Broker {
    fake: Fake,
    client: Client,
    _running: Running,
    _folder: tempfile::TempDir,
}

fn broker() -> Broker {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let running = start(&fake, socket.clone());
    let client = Client::builder().socket(&socket).profile("Mine").connect().unwrap();
    Broker { fake, client, _running: running, _folder: folder }
}

#[test]
fn signs_and_verifies_by_the_traits_of_signature() {
    let it = broker();
    let key = SigningKey::new(it.client.clone(), "private").format(SignatureFormat::Der);
    let signature: Signature = key.try_sign(b"text").unwrap();
    assert_eq!(b"text!", &*signature.to_vec());
    let mut sent = it.fake.last::<v1::SignDataRequest>();
    assert_eq!(("Mine", v1::SignatureFormat::Der), (&*sent.profile, sent.signature_format()));
    let Some(v1::sign_key_source::Source::Single(source)) = sent.key_source.take().unwrap().source else {
        panic!("no single key");
    };
    assert_eq!(b"private", &*answers::raw_key(Some(source)));

    let key = VerifyingKey::new(it.client.clone(), "public").profile("Own");
    signature::Verifier::verify(&key, b"text", &signature).unwrap();
    assert_eq!("Own", it.fake.last::<v1::VerifyDataRequest>().profile);
    let error = signature::Verifier::verify(&key, b"other", &signature).unwrap_err();
    let source = error.source().unwrap().downcast_ref::<Error>().unwrap();
    assert!(matches!(source.kind, ErrorKind::InvalidSignature), "{source:?}");
}

#[test]
fn keeps_the_broker_s_refusal_as_the_source_of_the_error() {
    let it = broker();
    it.fake.fail(tonic::Status::failed_precondition("the profile says no"));
    let key = SigningKey::new(it.client.clone(), "private");
    let signed: Result<Signature, _> = key.try_sign(b"text");
    let error = signed.unwrap_err();
    let source = error.source().unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!("the profile says no", source.rejection().unwrap().message);
    assert!(!format!("{key:?}").contains("private"));
}

#[test]
fn offers_its_one_scheme_and_writes_signatures_as_tls_has_them() {
    let it = broker();
    for (scheme, algorithm, format) in [
        (SignatureScheme::ECDSA_NISTP384_SHA384, rustls::SignatureAlgorithm::ECDSA, v1::SignatureFormat::Der),
        (SignatureScheme::RSA_PSS_SHA256, rustls::SignatureAlgorithm::RSA, v1::SignatureFormat::Raw),
        (SignatureScheme::ED25519, rustls::SignatureAlgorithm::ED25519, v1::SignatureFormat::Raw),
    ] {
        let key = TlsKey::new(SigningKey::new(it.client.clone(), "private"), scheme).unwrap();
        assert_eq!(algorithm, key.algorithm());
        assert!(key.choose_scheme(&[SignatureScheme::ECDSA_SHA1_Legacy]).is_none());
        let signer = key.choose_scheme(&[SignatureScheme::ECDSA_SHA1_Legacy, scheme]).unwrap();
        assert_eq!(scheme, signer.scheme());
        assert_eq!(b"text!", &*signer.sign(b"text").unwrap());
        assert_eq!(format, it.fake.last::<v1::SignDataRequest>().signature_format());
    }
    let error = TlsKey::new(SigningKey::new(it.client.clone(), "private"), SignatureScheme::RSA_PKCS1_SHA1);
    assert!(matches!(error.unwrap_err().kind, ErrorKind::Invalid { what: "scheme", .. }));
}

#[test]
fn a_tls_server_has_its_handshake_signed_on_a_thread_without_a_runtime() {
    let it = broker();
    let (client, server) = peers(&it);
    assert_eq!(Ok(()), handshake(client, server));
    assert_eq!(1, it.fake.calls());
}

/// On the only worker of a runtime, so that nothing of the application's runtime can help.
#[tokio::test]
async fn a_tls_server_has_its_handshake_signed_on_the_worker_of_a_runtime() {
    let it = thread::spawn(broker).join().unwrap();
    let (client, server) = peers(&it);
    assert_eq!(Ok(()), handshake(client, server));
    assert_eq!(1, it.fake.calls());
}

#[test]
fn a_handshake_fails_where_the_broker_refuses_to_sign() {
    let it = broker();
    let (client, server) = peers(&it);
    it.fake.steps_are(Step::Fail(tonic::Status::permission_denied("not this caller")));
    let error = handshake(client, server).unwrap_err();
    assert!(error.to_string().contains("not this caller"), "{error}");
}

/// The two ends of a connection. The broker signs with the key of the server's certificate.
fn peers(it: &Broker) -> (ClientConnection, ServerConnection) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let certificate = CertificateDer::from(cert.der().to_vec());
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();

    let key = SigningKey::new(it.client.clone(), signing_key.serialize_pem());
    let key = TlsKey::new(key, SignatureScheme::ECDSA_NISTP256_SHA256).unwrap();
    let key = key.public_key(signing_key.subject_public_key_info());
    it.fake.then(Step::Compute(Box::new(move |request| {
        let request: &v1::SignDataRequest = request.downcast_ref().unwrap();
        let signature = signing_key.sign(&request.input).unwrap();
        Box::new(v1::SignDataResponse { signature, ..Default::default() })
    })));
    let key = sign::CertifiedKey::new(vec![certificate], Arc::new(key));
    key.keys_match().unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    (client, ServerConnection::new(Arc::new(config)).unwrap())
}

/// Carries what each end writes to the other one, until both are done.
fn handshake(mut client: ClientConnection, mut server: ServerConnection) -> Result<(), rustls::Error> {
    while client.is_handshaking() || server.is_handshaking() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut &*wire).unwrap();
        server.process_new_packets()?;
        wire.clear();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        let mut rest = &*wire;
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            client.process_new_packets()?;
        }
    }
    Ok(())
}
