//! `cryptobroker.v1` by its generated stub.

use std::{mem, sync::Arc};

use broker_client::{Error, HashValue};
use broker_proto::v1::{
    self, crypto_service_client::CryptoServiceClient, kem_service_client::KemServiceClient,
    signature_key_service_client::SignatureKeyServiceClient,
};
use tonic::transport::Channel;

use super::{
    Sender, Setup,
    grpc::{self, ID},
    missing,
};
use crate::{
    args::Lane,
    command::bench::{
        answer::Answer,
        work::{Task, Work},
    },
    error::Failure,
};

/// A channel and its messages.
#[derive(Clone)]
pub(in crate::command::bench) struct Stub {
    channel: Channel,
    messages: Arc<[Message]>,
}

enum Message {
    Health,
    HashData(v1::HashDataRequest),
    SignCertificate(Box<v1::SignCertificateRequest>),
    SignData(v1::SignDataRequest),
    VerifyData(v1::VerifyDataRequest),
    EncryptData(v1::EncryptDataRequest),
    DecryptData(v1::DecryptDataRequest),
    Keygen(v1::GenerateKeyPairRequest),
    KemKeygen(v1::GenerateKeyPairRequest),
    KemEncapsulate(v1::EncapsulateRequest),
    KemDecapsulate(v1::DecapsulateRequest),
}

impl Sender for Stub {
    async fn connect(setup: &Setup) -> Result<Self, Failure> {
        if setup.lane == Lane::Pipeline {
            return Err(Failure::Usage(
                "down the pipeline the client library drives: leave --client stub away".to_owned(),
            ));
        }
        let channel = grpc::channel(&setup.socket).await?;
        Ok(Self { channel, messages: setup.works.iter().map(Message::new).collect() })
    }

    async fn send(&self, number: usize) -> Result<Answer, Error> {
        let channel = self.channel.clone();
        Ok(match self.messages.get(number).ok_or_else(missing)? {
            Message::Health => grpc::health(channel).await?,
            Message::HashData(message) => {
                use v1::hash_data_response::HashValue as Wire;
                let it = CryptoServiceClient::new(channel)
                    .hash_data(message.clone())
                    .await
                    .map_err(grpc::refused)?
                    .into_inner();
                let value = match it.hash_value.ok_or_else(|| grpc::empty("hash"))? {
                    Wire::HashValueHex(text) => HashValue::Hex(text),
                    Wire::HashValueRaw(bytes) => HashValue::Raw(bytes),
                };
                Answer::Hash { algorithm: it.descriptor.unwrap_or_default().algorithm, value }
            }
            Message::SignCertificate(message) => {
                use v1::sign_certificate_response::SignedCertificate as Wire;
                let message = v1::SignCertificateRequest::clone(message);
                let it = CryptoServiceClient::new(channel)
                    .sign_certificate(message)
                    .await
                    .map_err(grpc::refused)?
                    .into_inner();
                match it.signed_certificate.ok_or_else(|| grpc::empty("certificate"))? {
                    Wire::Der(der) => Answer::Certificate(der),
                    Wire::Pem(_) => return Err(grpc::empty("certificate in DER")),
                }
            }
            Message::SignData(message) => {
                let it = CryptoServiceClient::new(channel)
                    .sign_data(message.clone())
                    .await
                    .map_err(grpc::refused)?
                    .into_inner();
                Answer::Signature(it.signature)
            }
            Message::VerifyData(message) => {
                let it = CryptoServiceClient::new(channel)
                    .verify_data(message.clone())
                    .await
                    .map_err(grpc::refused)?
                    .into_inner();
                Answer::Verified(it.valid)
            }
            Message::EncryptData(message) => {
                let it = CryptoServiceClient::new(channel)
                    .encrypt_data(message.clone())
                    .await
                    .map_err(grpc::refused)?
                    .into_inner();
                let v1::CipherMetadata { nonce, tag, .. } = it.cipher_metadata.unwrap_or_default();
                Answer::Sealed { ciphertext: it.ciphertext, nonce, tag: tag.unwrap_or_default() }
            }
            Message::DecryptData(message) => {
                let it = CryptoServiceClient::new(channel)
                    .decrypt_data(message.clone())
                    .await
                    .map_err(grpc::refused)?;
                Answer::Opened(mem::take(&mut it.into_inner().plaintext).into())
            }
            Message::Keygen(message) => {
                let it = SignatureKeyServiceClient::new(channel)
                    .generate_key_pair(message.clone())
                    .await
                    .map_err(grpc::refused)?;
                pair(it.into_inner())
            }
            Message::KemKeygen(message) => {
                let it = KemServiceClient::new(channel)
                    .generate_key_pair(message.clone())
                    .await
                    .map_err(grpc::refused)?;
                pair(it.into_inner())
            }
            Message::KemEncapsulate(message) => {
                let mut it = KemServiceClient::new(channel)
                    .encapsulate(message.clone())
                    .await
                    .map_err(grpc::refused)?
                    .into_inner();
                Answer::Encapsulated {
                    ciphertext: mem::take(&mut it.ciphertext),
                    secret: mem::take(&mut it.shared_secret).into(),
                }
            }
            Message::KemDecapsulate(message) => {
                let it = KemServiceClient::new(channel)
                    .decapsulate(message.clone())
                    .await
                    .map_err(grpc::refused)?;
                Answer::Decapsulated(mem::take(&mut it.into_inner().shared_secret).into())
            }
        })
    }
}

fn pair(mut it: v1::GenerateKeyPairResponse) -> Answer {
    Answer::Pair { public: mem::take(&mut it.public_key), private: mem::take(&mut it.private_key).into() }
}

fn metadata() -> Option<v1::Metadata> {
    Some(v1::Metadata { id: ID.to_owned(), ..v1::Metadata::default() })
}

fn raw(key: &[u8]) -> Option<v1::KeySource> {
    Some(v1::KeySource { source: Some(v1::key_source::Source::RawKey(key.to_vec())) })
}

fn single(key: &[u8]) -> Option<v1::SignKeySource> {
    let source = raw(key).map(v1::sign_key_source::Source::Single);
    Some(v1::SignKeySource { source })
}

/// Messages that wipe themselves have no struct update, so all fields of all of them are written out.
impl Message {
    fn new(work: &Work) -> Self {
        let profile = work.profile.clone();
        let metadata = metadata();
        match &work.task {
            Task::Health => Self::Health,
            Task::HashData { input } => Self::HashData(v1::HashDataRequest {
                profile,
                input: input.clone(),
                metadata,
                output_format: v1::HashOutputFormat::Hex.into(),
            }),
            Task::SignCertificate { material } => {
                Self::SignCertificate(Box::new(v1::SignCertificateRequest {
                    profile,
                    csr: material.csr.clone(),
                    ca_private_key: String::clone(&material.ca_key),
                    ca_cert: material.ca_pem.clone(),
                    metadata,
                    valid_not_before: None,
                    valid_not_after: None,
                    subject: None,
                    crl_distribution_points: Vec::new(),
                    output_format: v1::SignOutputFormat::Der.into(),
                }))
            }
            Task::SignData { key, input, .. } => Self::SignData(v1::SignDataRequest {
                profile,
                key_source: single(key),
                input: input.clone(),
                signature_format: v1::SignatureFormat::Unspecified.into(),
                metadata,
            }),
            Task::VerifyData { public_key, input, signature } => Self::VerifyData(v1::VerifyDataRequest {
                profile,
                key_source: single(public_key),
                input: input.clone(),
                signature: signature.clone(),
                signature_format: v1::SignatureFormat::Unspecified.into(),
                metadata,
            }),
            Task::EncryptData { key, nonce, plaintext } => Self::EncryptData(v1::EncryptDataRequest {
                profile,
                key_source: raw(key),
                plaintext: plaintext.clone(),
                encrypt_metadata: Some(v1::EncryptMetadata {
                    nonce: nonce.clone().unwrap_or_default(),
                    aad: None,
                }),
                metadata,
            }),
            Task::DecryptData { key, nonce, tag, ciphertext, .. } => {
                Self::DecryptData(v1::DecryptDataRequest {
                    profile,
                    key_source: raw(key),
                    ciphertext: ciphertext.clone(),
                    decrypt_metadata: Some(v1::DecryptMetadata {
                        nonce: nonce.clone(),
                        aad: None,
                        tag: Some(tag.clone()),
                    }),
                    metadata,
                })
            }
            Task::Keygen => Self::Keygen(v1::GenerateKeyPairRequest {
                profile,
                seed: None,
                key_encoding: v1::KeyEncoding::Unspecified.into(),
                metadata,
            }),
            Task::KemKeygen => Self::KemKeygen(v1::GenerateKeyPairRequest {
                profile,
                seed: None,
                key_encoding: v1::KeyEncoding::Unspecified.into(),
                metadata,
            }),
            Task::KemEncapsulate { public_key, .. } => Self::KemEncapsulate(v1::EncapsulateRequest {
                profile,
                key_source: raw(public_key),
                metadata,
            }),
            Task::KemDecapsulate { key, ciphertext, .. } => Self::KemDecapsulate(v1::DecapsulateRequest {
                profile,
                key_source: raw(key),
                ciphertext: ciphertext.clone(),
                metadata,
            }),
        }
    }
}
