//! A broker with a profile for every mechanism and library, and functions for its calls.

use std::fmt::Write as _;

use broker_proto::v1::{self, kem_service_client::KemServiceClient};
use tonic::{Status, transport::Channel};

use crate::support::{Broker, private_folder};

pub const LIBRARIES: [&str; 2] = ["native", "aws-lc"];

/// A mechanism and its lengths in bytes.
#[derive(Debug)]
pub struct Mechanism {
    pub name: &'static str,
    pub seed: usize,
    pub public: usize,
    pub ciphertext: usize,
}

pub const MECHANISMS: [Mechanism; 4] = [
    Mechanism { name: "ml-kem-512", seed: 64, public: 800, ciphertext: 768 },
    Mechanism { name: "ml-kem-768", seed: 64, public: 1184, ciphertext: 1088 },
    Mechanism { name: "ml-kem-1024", seed: 64, public: 1568, ciphertext: 1568 },
    Mechanism { name: "x-wing", seed: 32, public: 1216, ciphertext: 1120 },
];

impl Mechanism {
    /// Returns the profile that generates only random keys.
    pub fn profile(&self, library: &str) -> String {
        format!("{}-{library}", self.name)
    }

    /// Returns the profile that also accepts a seed.
    pub fn seeded(&self, library: &str) -> String {
        format!("{}-{library}-seeded", self.name)
    }
}

pub struct Service {
    _broker: Broker,
    channel: Channel,
}

impl Service {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(arguments: &[&str]) -> Self {
        let mut text = String::from("Profiles:\n");
        for library in LIBRARIES {
            for mechanism in &MECHANISMS {
                let (name, plain, seeded) =
                    (mechanism.name, mechanism.profile(library), mechanism.seeded(library));
                writeln!(
                    text,
                    "  - {{ Name: {plain}, CryptoLibrary: {library}, API: {{ KEM: {{ KemAlg: {name} }} }} }}\n  \
                     - {{ Name: {seeded}, CryptoLibrary: {library}, API: {{ KEM: {{ KemAlg: {name}, AllowSeed: true }} }} }}"
                )
                .unwrap();
            }
        }
        text += "  - Name: no-kem\n    API: { HashData: { HashAlg: sha-256 } }\n";
        let folder = private_folder();
        std::fs::write(folder.path().join("Profiles.yaml"), text).unwrap();
        let directory = folder.path().to_str().unwrap();
        let broker = Broker::start(&[&["--profiles-dir", directory], arguments].concat());
        let channel = broker.channel().await;
        Self { _broker: broker, channel }
    }

    pub fn client(&self) -> KemServiceClient<Channel> {
        KemServiceClient::new(self.channel.clone())
    }

    pub async fn generate(
        &self,
        profile: &str,
        seed: Option<&[u8]>,
        encoding: i32,
    ) -> Result<v1::GenerateKeyPairResponse, Status> {
        let mut request = v1::GenerateKeyPairRequest::default();
        request.profile = profile.into();
        request.seed = seed.map(<[u8]>::to_vec);
        request.key_encoding = encoding;
        Ok(self.client().generate_key_pair(request).await?.into_inner())
    }

    pub async fn encapsulate(&self, profile: &str, key: &[u8]) -> Result<v1::EncapsulateResponse, Status> {
        let request =
            v1::EncapsulateRequest { profile: profile.into(), key_source: raw(key), metadata: None };
        Ok(self.client().encapsulate(request).await?.into_inner())
    }

    pub async fn decapsulate(
        &self,
        profile: &str,
        key: &[u8],
        ciphertext: &[u8],
    ) -> Result<v1::DecapsulateResponse, Status> {
        let request = v1::DecapsulateRequest {
            profile: profile.into(),
            key_source: raw(key),
            ciphertext: ciphertext.to_vec(),
            metadata: None,
        };
        Ok(self.client().decapsulate(request).await?.into_inner())
    }
}

/// Returns a key source with the raw key.
pub fn raw(key: &[u8]) -> Option<v1::KeySource> {
    let mut source = v1::KeySource::default();
    source.source = Some(v1::key_source::Source::RawKey(key.to_vec()));
    Some(source)
}

/// Encodes a value as DER.
pub fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let mut der = vec![tag];
    match length {
        0..=0x7f => der.push(length as u8),
        0x80..=0xff => der.extend([0x81, length as u8]),
        _ => der.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    der.extend_from_slice(contents);
    der
}

/// Encodes a PEM block.
pub fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    pem::encode(&pem::Pem::new(label, der)).into_bytes()
}
