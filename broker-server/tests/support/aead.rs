//! Profiles and requests for tests of encryption.

use std::{collections::HashMap, fs};

use broker_proto::v1::{self, crypto_service_client::CryptoServiceClient, key_source::Source};
use tempfile::TempDir;
use tonic::{Status, transport::Channel};
use tonic_types::StatusExt as _;

pub type Client = CryptoServiceClient<Channel>;

pub const NONCE: [u8; 12] = [7; 12];

/// The `EncryptData` section of a profile.
#[derive(Clone, Debug)]
pub struct Shape {
    pub algorithm: &'static str,
    pub key_bits: usize,
    pub tag_bits: usize,
    pub nonce: &'static str,
    pub library: &'static str,
}

impl Shape {
    /// Returns the profile's name.
    pub fn profile(&self) -> String {
        format!("{} {} {} {} {}", self.library, self.algorithm, self.key_bits, self.tag_bits, self.nonce)
    }

    pub fn key(&self) -> Vec<u8> {
        (0..self.key_bits / 8).map(|byte| byte as u8 ^ 0x5a).collect()
    }

    /// Returns the same section with the other library.
    pub fn other_library(&self) -> Self {
        Self { library: if self.library == "native" { "aws-lc" } else { "native" }, ..self.clone() }
    }
}

/// Returns every combination that the profile language allows.
pub fn shapes() -> Vec<Shape> {
    let mut shapes = Vec::new();
    for library in ["native", "aws-lc"] {
        for nonce in ["user-provided", "random"] {
            for (algorithm, key_bits, tags) in [
                ("aes-gcm", 128, &[96, 104, 112, 120, 128][..]),
                ("aes-gcm", 192, &[96, 104, 112, 120, 128]),
                ("aes-gcm", 256, &[96, 104, 112, 120, 128]),
                ("chacha20-poly1305", 256, &[128]),
            ] {
                shapes.extend(tags.iter().map(|tag_bits| Shape {
                    algorithm,
                    key_bits,
                    tag_bits: *tag_bits,
                    nonce,
                    library,
                }));
            }
        }
    }
    shapes
}

/// Writes a document with one profile per shape, and a profile `None` without the section.
pub fn profiles() -> TempDir {
    let folder = super::private_folder();
    let mut text = "Profiles:\n  - Name: None\n    API:\n      HashData: { HashAlg: sha-256 }\n".to_owned();
    for shape in shapes() {
        let Shape { algorithm, key_bits, tag_bits, nonce, library } = &shape;
        text += &format!(
            "  - Name: {}\n    CryptoLibrary: {library}\n    API:\n      EncryptData: {{ EncryptAlg: {algorithm}, \
             KeySize: {key_bits}, NonceStrategy: {nonce}, TagLength: {tag_bits} }}\n",
            shape.profile()
        );
    }
    fs::write(folder.path().join("Profiles.yaml"), text).unwrap();
    folder
}

pub fn key_source(key: &[u8]) -> Option<v1::KeySource> {
    let mut source = v1::KeySource::default();
    source.source = Some(Source::RawKey(key.to_vec()));
    Some(source)
}

pub fn encrypt_request(
    profile: &str,
    key: &[u8],
    nonce: &[u8],
    aad: Option<&[u8]>,
    plaintext: &[u8],
) -> v1::EncryptDataRequest {
    v1::EncryptDataRequest {
        profile: profile.to_owned(),
        key_source: key_source(key),
        plaintext: plaintext.to_vec(),
        encrypt_metadata: Some(v1::EncryptMetadata { nonce: nonce.to_vec(), aad: aad.map(<[u8]>::to_vec) }),
        metadata: None,
    }
}

/// Returns the request that decrypts a response.
pub fn decrypt_request(
    profile: &str,
    key: &[u8],
    sealed: &v1::EncryptDataResponse,
) -> v1::DecryptDataRequest {
    let cipher = sealed.cipher_metadata.clone().unwrap();
    v1::DecryptDataRequest {
        profile: profile.to_owned(),
        key_source: key_source(key),
        ciphertext: sealed.ciphertext.clone(),
        decrypt_metadata: Some(v1::DecryptMetadata { nonce: cipher.nonce, aad: cipher.aad, tag: cipher.tag }),
        metadata: None,
    }
}

/// Returns the metadata of google.rpc.ErrorInfo.
pub fn details(status: &Status) -> HashMap<String, String> {
    status.get_error_details().error_info().map(|info| info.metadata.clone()).unwrap_or_default()
}
