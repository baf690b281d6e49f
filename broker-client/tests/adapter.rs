//! Keys behind the interfaces of other crates.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use std::{error::Error as _, sync::Arc, thread};

use broker_client::{
    Code, Error, ErrorKind, Rejection, SignatureFormat,
    adapter::{Signature, SigningKey, TlsKey, VerifyingKey},
    blocking::Client,
    testing::{self, FakeBroker, v1},
};
use rcgen::{CertifiedKey, PublicKeyData as _, SigningKey as _};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, SignatureScheme,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName},
    sign::{self, SigningKey as _, SingleCertAndKey},
};
use signature::{SignatureEncoding as _, Signer as _};

/// Starts a broker whose signature is the message with a suffix, and a client.
fn start_broker() -> (FakeBroker, Client) {
    let broker = FakeBroker::start().unwrap();
    let signature = |input: &[u8]| [input, b"!"].concat();
    broker.answers().sign_data(move |request| {
        Ok(v1::SignDataResponse { signature: signature(&request.input), ..Default::default() })
    });
    broker.answers().verify_data(move |request| {
        let valid = request.signature == signature(&request.input);
        Ok(v1::VerifyDataResponse { valid, ..Default::default() })
    });
    let client = Client::builder().socket(broker.socket()).profile("Mine").connect().unwrap();
    (broker, client)
}

fn last<M: prost::Message + Default>(broker: &FakeBroker) -> M {
    broker.requests().last().unwrap().decode().unwrap()
}

#[test]
fn implements_the_traits_of_signature() {
    let (broker, client) = start_broker();
    let key = SigningKey::new(client.clone(), "private").format(SignatureFormat::Der);
    let signature: Signature = key.try_sign(b"text").unwrap();
    assert_eq!(b"text!", &*signature.to_vec());
    let mut sent: v1::SignDataRequest = last(&broker);
    assert_eq!(("Mine", v1::SignatureFormat::Der), (&*sent.profile, sent.signature_format()));
    let Some(v1::sign_key_source::Source::Single(mut key)) = sent.key_source.take().unwrap().source else {
        panic!("expected a single key");
    };
    assert_eq!(Some(v1::key_source::Source::RawKey(b"private".to_vec())), key.source.take());

    let key = VerifyingKey::new(client.clone(), "public").profile("Own");
    signature::Verifier::verify(&key, b"text", &signature).unwrap();
    assert_eq!("Own", last::<v1::VerifyDataRequest>(&broker).profile);
    let error = signature::Verifier::verify(&key, b"other", &signature).unwrap_err();
    let source = error.source().unwrap().downcast_ref::<Error>().unwrap();
    assert!(matches!(source.kind, ErrorKind::InvalidSignature), "{source:?}");
}

#[test]
fn refusal_is_the_source_of_the_error() {
    let (broker, client) = start_broker();
    let refusal = Rejection::new(Code::FailedPrecondition, "the profile forbids it");
    broker.answers().sign_data(testing::refuse(refusal));
    let key = SigningKey::new(client.clone(), "private");
    let signed: Result<Signature, _> = key.try_sign(b"text");
    let error = signed.unwrap_err();
    let source = error.source().unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!("the profile forbids it", source.rejection().unwrap().message);
    assert!(!format!("{key:?}").contains("private"));
}

#[test]
fn tls_key_offers_one_scheme_and_its_signature_format() {
    let (broker, client) = start_broker();
    for (scheme, algorithm, format) in [
        (SignatureScheme::ECDSA_NISTP384_SHA384, rustls::SignatureAlgorithm::ECDSA, v1::SignatureFormat::Der),
        (SignatureScheme::RSA_PSS_SHA256, rustls::SignatureAlgorithm::RSA, v1::SignatureFormat::Raw),
        (SignatureScheme::ED25519, rustls::SignatureAlgorithm::ED25519, v1::SignatureFormat::Raw),
    ] {
        let key = TlsKey::new(SigningKey::new(client.clone(), "private"), scheme).unwrap();
        assert_eq!(algorithm, key.algorithm());
        assert!(key.choose_scheme(&[SignatureScheme::ECDSA_SHA1_Legacy]).is_none());
        let signer = key.choose_scheme(&[SignatureScheme::ECDSA_SHA1_Legacy, scheme]).unwrap();
        assert_eq!(scheme, signer.scheme());
        assert_eq!(b"text!", &*signer.sign(b"text").unwrap());
        assert_eq!(format, last::<v1::SignDataRequest>(&broker).signature_format());
    }
    let error = TlsKey::new(SigningKey::new(client.clone(), "private"), SignatureScheme::RSA_PKCS1_SHA1);
    assert!(matches!(error.unwrap_err().kind, ErrorKind::Invalid { what: "scheme", .. }));
}

#[test]
fn tls_handshake_is_signed_outside_a_runtime() {
    let (broker, client) = start_broker();
    let (client, server) = peers(&broker, client);
    assert_eq!(Ok(()), handshake(client, server));
    assert_eq!(1, broker.requests().len());
}

/// The runtime has only this worker, so the application's runtime cannot drive the client meanwhile.
#[tokio::test]
async fn tls_handshake_is_signed_on_the_worker_of_a_runtime() {
    let (broker, client) = thread::spawn(start_broker).join().unwrap();
    let (client, server) = peers(&broker, client);
    assert_eq!(Ok(()), handshake(client, server));
    assert_eq!(1, broker.requests().len());
}

#[test]
fn tls_handshake_fails_when_the_broker_refuses() {
    let (broker, client) = start_broker();
    let (client, server) = peers(&broker, client);
    let refusal = Rejection::new(Code::PermissionDenied, "not this caller");
    broker.answers().sign_data(testing::refuse(refusal));
    let error = handshake(client, server).unwrap_err();
    assert!(error.to_string().contains("not this caller"), "{error}");
}

/// Returns the two ends of a connection. The broker signs with the key of the server's certificate.
fn peers(broker: &FakeBroker, client: Client) -> (ClientConnection, ServerConnection) {
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
    let peer = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();

    let key = SigningKey::new(client, signing_key.serialize_pem());
    let key = TlsKey::new(key, SignatureScheme::ECDSA_NISTP256_SHA256).unwrap();
    let key = key.public_key(signing_key.subject_public_key_info());
    broker.answers().sign_data(move |request| {
        let signature = signing_key.sign(&request.input).unwrap();
        Ok(v1::SignDataResponse { signature, ..Default::default() })
    });
    let key = sign::CertifiedKey::new(vec![certificate], Arc::new(key));
    key.keys_match().unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    (peer, ServerConnection::new(Arc::new(config)).unwrap())
}

/// Passes the output of each end to the other one until the handshake is complete.
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
