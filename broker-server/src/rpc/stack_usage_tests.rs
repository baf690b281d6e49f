//! Measures the stack use of each operation with a secret, with each crypto library. All of that stack must be wiped
//! afterwards, in each build, and a new version of a library may use more.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    future::Future,
    time::{Duration, Instant},
};

use broker_proto::{
    put_prefix,
    v1::{self, sign_certificate_response::SignedCertificate, sign_key_source, sign_stream_request::Part},
};
use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use prost::Message as _;
use tonic::body::Body;

use super::{Broker, BrokerState, CallContext, Health};
use crate::{
    algorithm::{Composite, KeyType},
    caller::Caller,
    compute::{Lane, Pool},
    operation::{CAPABILITIES, aead::NonceLedger},
    policy::{Catalogue, permit},
    request::material::{OpenSsl, message},
    secret::depth::{self, StackUse},
};

const LIBRARIES: [&str; 2] = ["native", "aws-lc"];

/// Keys that sign: a name, `SignAlg`, and what `KeyConstraints` allows.
const KEYS: [(&str, &str, &str); 10] = [
    ("rsa-2048", "rsa", "RSA: { MinKeySize: 2048, MaxKeySize: 2048 }"),
    ("rsa-3072", "rsa-pss", "RSA: { MinKeySize: 3072, MaxKeySize: 3072 }"),
    ("rsa-4096", "rsa", "RSA: { MinKeySize: 4096, MaxKeySize: 4096 }"),
    ("p-256", "ecdsa", "ECDSA: { MinKeySize: 256, MaxKeySize: 256 }"),
    ("p-384", "ecdsa", "ECDSA: { MinKeySize: 384, MaxKeySize: 384 }"),
    ("p-521", "ecdsa", "ECDSA: { MinKeySize: 521, MaxKeySize: 521 }"),
    ("ed25519", "ed25519", "Ed25519: {}"),
    ("ml-dsa-44", "ml-dsa-44", "ML-DSA-44: {}"),
    ("ml-dsa-65", "ml-dsa-65", "ML-DSA-65: {}"),
    ("ml-dsa-87", "ml-dsa-87", "ML-DSA-87: {}"),
];
/// Algorithm and bits of the key.
const CIPHERS: [(&str, usize); 4] =
    [("aes-gcm", 128), ("aes-gcm", 192), ("aes-gcm", 256), ("chacha20-poly1305", 256)];
const KEMS: [&str; 4] = ["ml-kem-512", "ml-kem-768", "ml-kem-1024", "x-wing"];
/// Issuers: a name, `SignAlg`, and the key for `openssl`; `None` for ML-DSA, which older versions of openssl do not have.
const ISSUERS: [(&str, &str, Option<&str>); 5] = [
    ("rsa-4096", "rsa", Some("rsa:4096")),
    ("p-384", "ecdsa", Some("ec:P-384")),
    ("p-521", "ecdsa", Some("ec:P-521")),
    ("ed25519", "ed25519", Some("ed25519")),
    ("ml-dsa-87", "ml-dsa-87", None),
];

/// Returns the `HashAlg` of an algorithm that does not imply one.
fn hash(algorithm: &str) -> &'static str {
    if algorithm.starts_with("rsa") || algorithm == "ecdsa" { ", HashAlg: sha-512" } else { "" }
}

fn profiles() -> String {
    let mut text = String::from("Profiles:\n");
    let mut put = |library: &str, name: &str, api: &str| {
        writeln!(text, "  - {{ Name: {library} {name}, CryptoLibrary: {library}, API: {{ {api} }} }}")
            .unwrap();
    };
    for library in LIBRARIES {
        for (name, algorithm, keys) in KEYS {
            let mode = if name.starts_with("ml-dsa") { "post-quantum" } else { "legacy" };
            let hash = hash(algorithm);
            put(
                library,
                name,
                &format!(
                    "SignData: {{ SigningMode: {mode}, SignAlg: {algorithm}{hash}, SignatureFormat: DER, KeyConstraints: {{ {keys} }} }}"
                ),
            );
        }
        for composite in Composite::ALL {
            let name = composite.name();
            put(
                library,
                name,
                &format!(
                    "SignData: {{ SigningMode: hybrid, SignAlg: {name}, SignatureFormat: DER, KeyConstraints: {{ \
                 ECDSA: {{ MinKeySize: 256, MaxKeySize: 521 }}, RSA: {{ MinKeySize: 2048, MaxKeySize: 4096 }}, Ed25519: {{}}, \
                 ML-DSA-44: {{}}, ML-DSA-65: {{}}, ML-DSA-87: {{}} }} }}"
                ),
            );
        }
        for (algorithm, bits) in CIPHERS {
            put(
                library,
                &format!("{algorithm}-{bits}"),
                &format!(
                    "EncryptData: {{ EncryptAlg: {algorithm}, KeySize: {bits}, NonceStrategy: random, TagLength: 128 }}"
                ),
            );
        }
        for name in KEMS {
            put(library, name, &format!("KEM: {{ KemAlg: {name} }}"));
        }
        for (name, algorithm, _) in ISSUERS {
            let hash = hash(algorithm);
            let keys = "{ RSA: { MinKeySize: 2048, MaxKeySize: 4096 }, ECDSA: { MinKeySize: 256, MaxKeySize: 521 }, \
                        Ed25519: {}, ML-DSA-87: {} }";
            put(
                library,
                &format!("certificate {name}"),
                &format!(
                    "SignCertificate: {{ SignAlg: {algorithm}{hash}, Validity: {{ ValidNotBeforeOffset: -1h, ValidNotAfterOffset: \
                 8760h }}, KeyConstraints: {{ Subject: {keys}, Issuer: {keys} }}, KeyUsage: [digitalSignature], \
                 BasicConstraints: {{ CA: false }} }}"
                ),
            );
        }
    }
    text
}

struct Stacks {
    broker: Broker,
    /// The stack use of each operation.
    used: BTreeMap<String, StackUse>,
}

impl Stacks {
    fn new() -> Self {
        let catalogue = Catalogue::parse("Profiles.yaml", &profiles(), CAPABILITIES).unwrap();
        // The pool has one thread for each lane, so that `restart` reaches all of them.
        let pool = Pool::new(1, 8, Duration::from_secs(1));
        let broker = Broker::new(BrokerState::minimal(catalogue, pool, NonceLedger::new().unwrap()));
        Self { broker, used: BTreeMap::new() }
    }

    async fn restart(&self) -> StackUse {
        let mut used = depth::restart();
        for lane in [Lane::Short, Lane::Long] {
            used = used.with_less_spare(self.broker.0.pool.run(lane, 0, None, depth::restart).await.unwrap());
        }
        used
    }

    /// Measures a call, which runs in the pool or inline on this thread.
    async fn measure<T, E: std::fmt::Debug>(
        &mut self,
        name: String,
        call: impl Future<Output = Result<T, E>>,
    ) -> T {
        self.restart().await;
        let response = call.await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let used = self.restart().await;
        self.used.insert(name, used);
        response
    }

    async fn sign(&mut self, profile: &str, source: v1::SignKeySource, formats: &[i32]) {
        for format in formats {
            let request = v1::SignDataRequest {
                profile: profile.to_owned(),
                key_source: Some(source.clone()),
                input: Bytes::from_static(b"a contract"),
                signature_format: *format,
                metadata: None,
                context: None,
            };
            let broker = self.broker.clone();
            self.measure(
                format!("{profile}, SignData {format}"),
                broker.handle::<permit::SignData>(context(), request),
            )
            .await;
        }
    }

    async fn sign_stream(&mut self, profile: &str, source: v1::SignKeySource) {
        let header = v1::SignStreamHeader {
            profile: profile.to_owned(),
            key_source: Some(source),
            signature_format: 0,
            metadata: None,
            context: None,
        };
        let mut frames = BytesMut::new();
        for part in [Part::Header(header), Part::Data(Bytes::from_static(b"a contract"))] {
            let message = v1::SignStreamRequest { part: Some(part) };
            put_prefix(&mut frames, message.encoded_len());
            message.encode(&mut frames).unwrap();
        }
        let mut request = http::Request::post("/cryptobroker.v1.StreamService/SignStream")
            .header("content-type", "application/grpc")
            .body(Body::new(Full::new(frames.freeze())))
            .unwrap();
        request.extensions_mut().insert(context());
        let health = Health::new(&self.broker.services());
        let mut routes = self.broker.routes(&health);
        self.measure(format!("{profile}, SignStream"), routes.respond(request)).await;
    }
}

fn context() -> CallContext {
    CallContext {
        caller: Caller { uid: 0, gid: 0, pid: None },
        connection: 1,
        deadline: Instant::now() + Duration::from_secs(600),
        received_at_unix: std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64,
        received_at: Instant::now(),
        idle_timeout: None,
        item_timeout: None,
    }
}

fn raw(key: &[u8]) -> v1::KeySource {
    let mut source = v1::KeySource::default();
    source.source = Some(v1::key_source::Source::RawKey(key.to_vec()));
    source
}

fn single(key: &[u8]) -> v1::SignKeySource {
    v1::SignKeySource { source: Some(sign_key_source::Source::Single(raw(key))) }
}

fn name(key: KeyType) -> String {
    match key {
        KeyType::Rsa { bits } => format!("rsa-{bits}"),
        KeyType::Ec(curve) => format!("p-{}", curve.bits()),
        KeyType::Ed25519 => "ed25519".to_owned(),
        KeyType::MlDsa(set) => set.name().to_lowercase(),
    }
}

/// Generates a key pair, and returns the private key in DER.
async fn new_key(stacks: &mut Stacks, profile: &str) -> Vec<u8> {
    let mut request = v1::GenerateKeyPairRequest::default();
    request.profile = profile.to_owned();
    let broker = stacks.broker.clone();
    let call = broker.handle::<permit::GenerateSignatureKeyPair>(context(), request);
    stacks.measure(format!("{profile}, GenerateKeyPair"), call).await.private_key.clone()
}

async fn signatures(stacks: &mut Stacks, library: &str) {
    const DER: i32 = v1::SignatureFormat::Der as i32;
    const CMS: i32 = v1::SignatureFormat::Cms as i32;
    let mut keys = BTreeMap::new();
    for (name, algorithm, _) in KEYS {
        let profile = format!("{library} {name}");
        let key = new_key(stacks, &profile).await;
        stacks.sign(&profile, single(&key), &[DER, CMS]).await;
        if algorithm != "ed25519" {
            stacks.sign_stream(&profile, single(&key)).await;
        }
        keys.insert(name.to_owned(), key);
    }
    for composite in Composite::ALL {
        let profile = format!("{library} {}", composite.name());
        let both = composite.keys().map(|key| raw(&keys[&name(key)]));
        let components = v1::ComponentKeys { keys: both.to_vec() };
        let source = v1::SignKeySource { source: Some(sign_key_source::Source::ComponentKeys(components)) };
        stacks.sign(&profile, source, &[DER]).await;
    }
}

async fn ciphers(stacks: &mut Stacks, library: &str) {
    for (algorithm, bits) in CIPHERS {
        let profile = format!("{library} {algorithm}-{bits}");
        let mut request = v1::GenerateKeyRequest::default();
        request.profile.clone_from(&profile);
        let broker = stacks.broker.clone();
        let call = broker.handle::<permit::GenerateKey>(context(), request);
        let generated = stacks.measure(format!("{profile}, GenerateKey"), call).await;
        assert_eq!(generated.key.len(), bits / 8);
        // The first runs inline, and the second in the pool.
        for length in [64, 100_000] {
            let broker = stacks.broker.clone();
            let mut request = v1::EncryptDataRequest::default();
            request.profile.clone_from(&profile);
            request.key_source = Some(raw(&vec![7; bits / 8]));
            request.plaintext = vec![1; length];
            let call = broker.handle::<permit::EncryptData>(context(), request);
            let sealed = stacks.measure(format!("{profile}, EncryptData {length}"), call).await;
            let cipher = sealed.cipher_metadata.unwrap();
            let request = v1::DecryptDataRequest {
                profile: profile.clone(),
                key_source: Some(raw(&vec![7; bits / 8])),
                ciphertext: sealed.ciphertext,
                decrypt_metadata: Some(v1::DecryptMetadata {
                    nonce: cipher.nonce,
                    aad: cipher.aad,
                    tag: cipher.tag,
                }),
                metadata: None,
            };
            let call = broker.handle::<permit::DecryptData>(context(), request);
            stacks.measure(format!("{profile}, DecryptData {length}"), call).await;
        }
    }
}

async fn kems(stacks: &mut Stacks, library: &str) {
    for name in KEMS {
        let (profile, broker) = (format!("{library} {name}"), stacks.broker.clone());
        let mut request = v1::GenerateKeyPairRequest::default();
        request.profile.clone_from(&profile);
        let call = broker.handle::<permit::GenerateKemKeyPair>(context(), request);
        let pair = stacks.measure(format!("{profile}, GenerateKeyPair"), call).await;
        let request = v1::EncapsulateRequest {
            profile: profile.clone(),
            key_source: Some(raw(&pair.public_key)),
            metadata: None,
        };
        let call = broker.handle::<permit::Encapsulate>(context(), request);
        let closed = stacks.measure(format!("{profile}, Encapsulate"), call).await;
        let request = v1::DecapsulateRequest {
            profile: profile.clone(),
            key_source: Some(raw(&pair.private_key)),
            ciphertext: closed.ciphertext.clone(),
            metadata: None,
        };
        let call = broker.handle::<permit::Decapsulate>(context(), request);
        stacks.measure(format!("{profile}, Decapsulate"), call).await;
    }
}

async fn certificates(stacks: &mut Stacks, requests: &[(&str, v1::SignCertificateRequest)], library: &str) {
    for (name, request) in requests {
        let profile = format!("{library} certificate {name}");
        let mut request = request.clone();
        request.profile.clone_from(&profile);
        let broker = stacks.broker.clone();
        let call = broker.handle::<permit::SignCertificate>(context(), request);
        let response = stacks.measure(format!("{profile}, SignCertificate"), call).await;
        assert!(matches!(response.signed_certificate, Some(SignedCertificate::Der(_))));
    }
}

/// A request to each issuer; the subject's key is of the same kind.
fn certificate_requests() -> Vec<(&'static str, v1::SignCertificateRequest)> {
    use rcgen::{CertificateParams, KeyPair, PKCS_ML_DSA_87};
    let openssl = OpenSsl::new();
    let request = |(name, _, key): &(&'static str, _, Option<&str>)| {
        let message = match key {
            Some(key) => {
                openssl.ca(name, key);
                openssl.csr(name, &["-subj", "/CN=x"]);
                openssl.message(name, name)
            }
            None => {
                let key = KeyPair::generate_for(&PKCS_ML_DSA_87).unwrap();
                let csr = CertificateParams::new(["x.example".to_owned()]).unwrap();
                let mut ca = CertificateParams::default();
                ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
                let ca = ca.self_signed(&key).unwrap();
                message(csr.serialize_request(&key).unwrap().pem().unwrap(), key.serialize_pem(), ca.pem())
            }
        };
        (*name, message)
    };
    ISSUERS.iter().map(request).collect()
}

#[tokio::test]
async fn stack_use_stays_below_three_quarters_of_wiped_stack() {
    let requests = certificate_requests();
    let mut stacks = Stacks::new();
    for library in LIBRARIES {
        signatures(&mut stacks, library).await;
        ciphers(&mut stacks, library).await;
        kems(&mut stacks, library).await;
        certificates(&mut stacks, &requests, library).await;
    }
    let mut all: Vec<_> =
        stacks.used.iter().map(|(name, it)| (it.used * 100 / it.wiped, it.used, name)).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    let report = all.iter().fold(String::new(), |mut text, (percent, used, name)| {
        writeln!(text, "{percent:>3} % {used:>7} {name}").unwrap();
        text
    });
    assert!(all.iter().all(|(_, used, _)| *used > 1000), "an operation is not measured:\n{report}");
    assert!(all.iter().any(|(_, used, _)| *used > 64 << 10), "ML-DSA is known to use more:\n{report}");
    assert!(all.iter().all(|(percent, ..)| *percent < 75), "less than a quarter is left:\n{report}");
}
