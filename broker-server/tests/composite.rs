//! `SigningMode: hybrid` through the socket: the draft's vectors, and rejected keys and signatures.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use base64ct::{Base64, Encoding as _};
use broker_proto::v1;
use der::{
    Encode as _,
    asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef},
};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfo};
use support::{Broker, field, reason};
use tempfile::TempDir;
use tonic::{Code, Status, transport::Channel};
use v1::{
    crypto_service_client::CryptoServiceClient, sign_key_source::Source,
    signature_key_service_client::SignatureKeyServiceClient, stream_service_client::StreamServiceClient,
};

const RAW: i32 = 1;
const DER: i32 = 2;
const PEM: i32 = 3;
const CMS: i32 = 4;

/// The draft's test vector of one algorithm, with its keys in a form that the broker accepts.
#[derive(Clone)]
struct Vector {
    /// The name without `id-`.
    name: String,
    /// SubjectPublicKeyInfo of the traditional key, then of the ML-DSA key.
    public: [Vec<u8>; 2],
    /// The private keys in the same order, as PKCS#1, SEC1 or PKCS#8.
    private: [Vec<u8>; 2],
    signature: Vec<u8>,
    /// The length of the ML-DSA half.
    half: usize,
}

fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

fn spki(algorithm: &str, parameters: Option<AnyRef<'_>>, key: &[u8]) -> Vec<u8> {
    let algorithm = AlgorithmIdentifierRef { oid: oid(algorithm), parameters };
    let subject_public_key = BitStringRef::from_bytes(key).unwrap();
    SubjectPublicKeyInfo { algorithm, subject_public_key }.to_der().unwrap()
}

/// Wraps the DER `key` in PKCS#8.
fn pkcs8(algorithm: &str, key: &[u8]) -> Vec<u8> {
    let algorithm = AlgorithmIdentifierRef { oid: oid(algorithm), parameters: None };
    let content = [
        0u8.to_der().unwrap(),
        algorithm.to_der().unwrap(),
        OctetStringRef::new(key).unwrap().to_der().unwrap(),
    ]
    .concat();
    AnyRef::new(der::Tag::Sequence, &content).unwrap().to_der().unwrap()
}

impl Vector {
    fn new(vector: &serde_json::Value) -> Self {
        let text = |name: &str| vector[name].as_str().unwrap();
        let bytes = |name: &str| Base64::decode_vec(text(name)).unwrap();
        let name = text("tcId").strip_prefix("id-").unwrap().to_owned();
        let (set, pk, half) = match &name[..7] {
            "MLDSA44" => ("2.16.840.1.101.3.4.3.17", 1312, 2420),
            "MLDSA65" => ("2.16.840.1.101.3.4.3.18", 1952, 3309),
            _ => ("2.16.840.1.101.3.4.3.19", 2592, 4627),
        };
        let (public, private) = (bytes("pk"), bytes("sk"));
        let ((ml_dsa, traditional), (seed, secret)) = (public.split_at(pk), private.split_at(32));
        let ec = |curve: &str| {
            let curve = oid(curve);
            spki("1.2.840.10045.2.1", Some((&curve).into()), traditional)
        };
        let (traditional, secret) = if name.contains("Ed25519") {
            let octets = OctetStringRef::new(secret).unwrap().to_der().unwrap();
            (spki("1.3.101.112", None, traditional), pkcs8("1.3.101.112", &octets))
        } else if name.contains("P256") {
            (ec("1.2.840.10045.3.1.7"), secret.to_vec())
        } else if name.contains("P384") {
            (ec("1.3.132.0.34"), secret.to_vec())
        } else if name.contains("P521") {
            (ec("1.3.132.0.35"), secret.to_vec())
        } else {
            (spki("1.2.840.113549.1.1.1", Some(AnyRef::NULL), traditional), secret.to_vec())
        };
        Self {
            name,
            public: [traditional, spki(set, None, ml_dsa)],
            // The seed form, [0] IMPLICIT (RFC 9881 6).
            private: [secret, pkcs8(set, &[&[0x80, 32], seed].concat())],
            signature: bytes("s"),
            half,
        }
    }

    fn all() -> (Vec<u8>, Vec<Self>) {
        let text = include_str!("fixtures/composite/testvectors.json");
        let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
        let message = Base64::decode_vec(vectors["m"].as_str().unwrap()).unwrap();
        (message, vectors["tests"].as_array().unwrap().iter().map(Self::new).collect())
    }

    fn named(name: &str) -> Self {
        Self::all().1.into_iter().find(|vector| vector.name == name).unwrap()
    }
}

/// Starts a broker with a profile for every algorithm. The profiles have the names of the algorithms.
fn broker() -> (Broker, TempDir) {
    let folder = support::private_folder();
    let mut text = String::from("Profiles:\n");
    for (index, vector) in Vector::all().1.iter().enumerate() {
        let name = &vector.name;
        let library = ["native", "aws-lc"][index % 2];
        text += &format!(
            "  - Name: {name}\n    CryptoLibrary: {library}\n    API:\n      SignData:\n        SigningMode: hybrid\n        \
             SignAlg: {name}\n        SignatureFormat: DER\n        KeyConstraints: {{ ECDSA: {{ MinKeySize: 256, MaxKeySize: 521 }}, \
             RSA: {{ MinKeySize: 2048, MaxKeySize: 4096 }}, Ed25519: {{}}, ML-DSA-44: {{}}, ML-DSA-65: {{}}, ML-DSA-87: {{}} }}\n"
        );
    }
    text += "  - Name: single\n    API:\n      SignData: { SigningMode: legacy, SignAlg: ecdsa, HashAlg: sha-384, \
             SignatureFormat: DER, KeyConstraints: { ECDSA: { MinKeySize: 256, MaxKeySize: 521 } } }\n";
    fs::write(folder.path().join("Profiles.yaml"), text).unwrap();
    (Broker::start(&["--profiles-dir", folder.path().to_str().unwrap()]), folder)
}

fn source(key: &[u8]) -> v1::KeySource {
    let mut source = v1::KeySource::default();
    source.source = Some(v1::key_source::Source::RawKey(key.to_vec()));
    source
}

fn components(keys: &[&[u8]]) -> Option<v1::SignKeySource> {
    let keys = v1::ComponentKeys { keys: keys.iter().map(|key| source(key)).collect() };
    Some(v1::SignKeySource { source: Some(Source::ComponentKeys(keys)) })
}

fn both(keys: &[Vec<u8>; 2]) -> Option<v1::SignKeySource> {
    components(&[&keys[0], &keys[1]])
}

fn one(key: &[u8]) -> Option<v1::SignKeySource> {
    Some(v1::SignKeySource { source: Some(Source::Single(source(key))) })
}

type Client = CryptoServiceClient<Channel>;

async fn sign(
    client: &mut Client,
    profile: &str,
    keys: Option<v1::SignKeySource>,
    input: &[u8],
    format: i32,
) -> Result<v1::SignDataResponse, Status> {
    let request = v1::SignDataRequest {
        profile: profile.to_owned(),
        key_source: keys,
        input: input.to_vec().into(),
        signature_format: format,
        metadata: None,
        context: None,
    };
    Ok(client.sign_data(request).await?.into_inner())
}

async fn verify(
    client: &mut Client,
    profile: &str,
    keys: Option<v1::SignKeySource>,
    input: &[u8],
    signature: &[u8],
    format: i32,
) -> Result<bool, Status> {
    let request = v1::VerifyDataRequest {
        profile: profile.to_owned(),
        key_source: keys,
        input: input.to_vec().into(),
        signature: signature.to_vec().into(),
        signature_format: format,
        metadata: None,
        context: None,
    };
    Ok(client.verify_data(request).await?.into_inner().valid)
}

fn pem(signature: &[u8]) -> Vec<u8> {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new("SIGNATURE", signature), config).into_bytes()
}

#[tokio::test]
async fn verifies_the_drafts_signatures_and_rejects_corrupted_ones() {
    let (broker, _folder) = broker();
    let mut client = broker.crypto().await;
    let (message, vectors) = Vector::all();
    for vector in vectors {
        let (name, signature) = (&vector.name, &vector.signature);
        let mut valid = async |input: &[u8], signature: &[u8], format| {
            verify(&mut client, name, both(&vector.public), input, signature, format).await.unwrap()
        };
        for format in [0, RAW, DER] {
            assert!(valid(&message, signature, format).await, "{name} {format}");
        }
        assert!(valid(&message, &pem(signature), PEM).await, "{name}");
        assert!(!valid(b"", signature, RAW).await, "{name}");
        assert!(!valid(&message[1..], signature, RAW).await, "{name}");
        // Corrupt both ends of the ML-DSA half and the last byte of the other half, which is in s for ECDSA.
        for position in [0, vector.half - 1, signature.len() - 1] {
            let mut corrupted = signature.clone();
            corrupted[position] ^= 1;
            assert!(!valid(&message, &corrupted, RAW).await, "{name} {position}");
        }
    }
}

#[tokio::test]
async fn unary_and_streamed_signatures_verify() {
    let (broker, _folder) = broker();
    let mut client = broker.crypto().await;
    let mut streams = StreamServiceClient::new(broker.channel().await);
    let input: Vec<u8> = (0..200_000).map(|index| (index % 251) as u8).collect();
    for vector in Vector::all().1 {
        let name = vector.name.clone();
        for format in [RAW, DER, PEM] {
            let answer = sign(&mut client, &name, both(&vector.private), &input, format).await.unwrap();
            let descriptor = answer.descriptor.unwrap();
            assert_eq!([&*descriptor.operation, &*descriptor.algorithm], ["SignData", &*name]);
            let header = v1::SignStreamHeader {
                profile: name.clone(),
                key_source: both(&vector.private),
                signature_format: format,
                metadata: None,
                context: None,
            };
            let mut parts =
                vec![v1::SignStreamRequest { part: Some(v1::sign_stream_request::Part::Header(header)) }];
            parts.extend(input.chunks(777).map(|part| v1::SignStreamRequest {
                part: Some(v1::sign_stream_request::Part::Data(part.to_vec().into())),
            }));
            let streamed = streams.sign_stream(tokio_stream::iter(parts)).await.unwrap().into_inner();
            assert_eq!(streamed.descriptor.unwrap().algorithm, name);
            for signature in [answer.signature, streamed.signature] {
                let keys = both(&vector.public);
                assert!(verify(&mut client, &name, keys, &input, &signature, format).await.unwrap());
                for (input, expected) in [(&input[..], true), (&input[1..], false)] {
                    let header = v1::VerifyStreamHeader {
                        profile: name.clone(),
                        key_source: both(&vector.public),
                        signature: signature.clone().into(),
                        signature_format: format,
                        metadata: None,
                        context: None,
                    };
                    let mut parts = vec![v1::VerifyStreamRequest {
                        part: Some(v1::verify_stream_request::Part::Header(header)),
                    }];
                    parts.extend(input.chunks(4321).map(|part| v1::VerifyStreamRequest {
                        part: Some(v1::verify_stream_request::Part::Data(part.to_vec().into())),
                    }));
                    let verdict = streams.verify_stream(tokio_stream::iter(parts)).await.unwrap();
                    assert_eq!(verdict.into_inner().valid, expected, "{name}");
                }
            }
        }
    }
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>, code: Code, why: &str, at: &str, text: &str) {
    let status = outcome.unwrap_err();
    assert_eq!((status.code(), &*reason(&status), &*field(&status)), (code, why, at), "{status}");
    assert!(status.message().contains(text), "{status}");
}

#[tokio::test]
async fn rejects_keys_that_do_not_fit_the_composite() {
    let (broker, _folder) = broker();
    let mut client = broker.crypto().await;
    let name = "MLDSA65-ECDSA-P384-SHA512";
    let vector = Vector::named(name);
    let [traditional, ml_dsa] = &vector.private;
    let other = Vector::named("MLDSA87-ECDSA-P521-SHA512").private;
    let mismatch = (Code::FailedPrecondition, "ALGORITHM_MISMATCH", "");
    for (keys, text) in [
        (
            components(&[ml_dsa, traditional]),
            "the keys are ML-DSA-65 and ECDSA 384; profile MLDSA65-ECDSA-P384-SHA512 signs with \
             MLDSA65-ECDSA-P384-SHA512: send ECDSA 384 and ML-DSA-65 in component_keys in this order",
        ),
        (components(&[traditional, traditional]), "the keys are ECDSA 384 and ECDSA 384"),
        (components(&[&other[0], ml_dsa]), "the keys are ECDSA 521 and ML-DSA-65"),
        (components(&[traditional, &other[1]]), "the keys are ECDSA 384 and ML-DSA-87"),
        (one(traditional), "send ECDSA 384 and ML-DSA-65 in component_keys"),
        (one(ml_dsa), "the key is ML-DSA-65"),
    ] {
        refused(sign(&mut client, name, keys, b"", RAW).await, mismatch.0, mismatch.1, mismatch.2, text);
    }
    let swapped = components(&[&vector.public[1], &vector.public[0]]);
    let outcome = verify(&mut client, name, swapped, b"", &vector.signature, RAW).await;
    refused(outcome, mismatch.0, mismatch.1, mismatch.2, "in this order");
    let outcome = sign(&mut client, "single", both(&vector.private), b"", DER).await;
    refused(outcome, mismatch.0, mismatch.1, mismatch.2, "one key in the field single");

    let wrong = Code::InvalidArgument;
    let (none, first, second) =
        ("key_source.component_keys", "key_source.component_keys[0]", "key_source.component_keys[1]");
    for (keys, why, at) in [
        (components(&[]), "FIELD_MALFORMED", none),
        (components(&[traditional]), "FIELD_MALFORMED", none),
        (components(&[traditional, ml_dsa, ml_dsa]), "FIELD_MALFORMED", none),
        (components(&[b"", ml_dsa]), "FIELD_MISSING", first),
        (components(&[traditional, b"no key"]), "FIELD_MALFORMED", second),
        (components(&[&vector.public[0], ml_dsa]), "FIELD_UNSUPPORTED", first),
        (None, "FIELD_MISSING", "key_source"),
    ] {
        refused(sign(&mut client, name, keys, b"", RAW).await, wrong, why, at, "");
    }
    // A well-formed key with invalid numbers is rejected when it is loaded.
    let mut broken = traditional.clone();
    broken[7..55].fill(0xff); // the scalar (RFC 5915 3), now larger than the order
    let status = sign(&mut client, name, components(&[&broken, ml_dsa]), b"", RAW).await.unwrap_err();
    assert_eq!((status.code(), &*field(&status)), (wrong, first), "{status}");
}

#[tokio::test]
async fn rejects_malformed_composite_signatures() {
    let (broker, _folder) = broker();
    let mut client = broker.crypto().await;
    for name in ["MLDSA44-Ed25519-SHA512", "MLDSA65-ECDSA-P384-SHA512", "MLDSA44-RSA2048-PSS-SHA256"] {
        let vector = Vector::named(name);
        let (first, second) = vector.signature.split_at(vector.half);
        for wrong in [first, second, &[&vector.signature[..], &[0]].concat()] {
            let outcome = verify(&mut client, name, both(&vector.public), b"", wrong, RAW).await;
            refused(outcome, Code::InvalidArgument, "FIELD_MALFORMED", "signature", "");
        }
        let outcome = verify(&mut client, name, both(&vector.public), b"", &vector.signature, PEM).await;
        refused(outcome, Code::InvalidArgument, "FIELD_MALFORMED", "signature", "PEM");
        // With the halves in reverse order, an ECDSA composite is malformed and the others are invalid.
        let reversed = [second, first].concat();
        match verify(&mut client, name, both(&vector.public), b"", &reversed, RAW).await {
            Ok(valid) => assert!(!valid && !name.contains("ECDSA")),
            refusal => refused(refusal, Code::InvalidArgument, "FIELD_MALFORMED", "signature", ""),
        }
    }
}

#[tokio::test]
async fn rejects_composites_in_cms_and_key_pairs_of_composites() {
    let (broker, _folder) = broker();
    let mut client = broker.crypto().await;
    let vector = Vector::named("MLDSA65-ECDSA-P384-SHA512");
    let outcome = sign(&mut client, &vector.name, both(&vector.private), b"", CMS).await;
    refused(outcome, Code::FailedPrecondition, "FORMAT_NOT_ALLOWED", "", "RAW, DER and PEM");
    let outcome = verify(&mut client, &vector.name, both(&vector.public), b"", b"x", CMS).await;
    refused(outcome, Code::FailedPrecondition, "FORMAT_NOT_ALLOWED", "", "RAW, DER and PEM");
    let mut keys = SignatureKeyServiceClient::new(broker.channel().await);
    let mut request = v1::GenerateKeyPairRequest::default();
    request.profile.clone_from(&vector.name);
    let outcome = keys.generate_key_pair(request).await;
    refused(outcome, Code::FailedPrecondition, "KEY_NOT_ALLOWED", "", "generated one by one");
}

#[tokio::test]
async fn bundled_hybrid_profile_signs_and_verifies() {
    let broker = Broker::start(&[]);
    let mut client = broker.crypto().await;
    let (message, _) = Vector::all();
    let vector = Vector::named("MLDSA65-ECDSA-P384-SHA512");
    let profile = "Hybrid-PQC-2026";
    let valid = verify(&mut client, profile, both(&vector.public), &message, &vector.signature, 0).await;
    assert!(valid.unwrap());
    let answer = sign(&mut client, profile, both(&vector.private), &message, 0).await.unwrap();
    let valid = verify(&mut client, profile, both(&vector.public), &message, &answer.signature, 0).await;
    assert!(valid.unwrap());
}
