//! Sends calls of `cryptobroker.v1` by its generated stub.

use std::{mem, sync::Arc};

use broker_client::{Error, HashValue};
use broker_proto::v1::{
    self, crypto_service_client::CryptoServiceClient, groth16_service_client::Groth16ServiceClient,
    kem_service_client::KemServiceClient, signature_key_service_client::SignatureKeyServiceClient,
};
use tonic::transport::Channel;

use super::{
    common::{Sender, SenderConfig, not_prepared},
    grpc::{self, ID},
};
use crate::{
    error::LoadError,
    in_turn::InTurn,
    options::Lane,
    prepare::{PreparedCall, Task},
    response::Response,
    statement::{Circuit, Proven, Statement},
};

/// A channel and its messages.
#[derive(Clone, Debug)]
pub(crate) struct Stub {
    channel: Channel,
    messages: Arc<[Message]>,
}

#[derive(Debug)]
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
    Prove { circuit: Circuit, profile: String },
    Verify(InTurn<v1::VerifyProofRequest>),
}

impl Sender for Stub {
    async fn connect(config: &SenderConfig) -> Result<Self, LoadError> {
        if config.lane == Lane::Pipeline {
            return Err(LoadError::Usage(
                "the pipeline is driven by the client library only: leave out --client stub".to_owned(),
            ));
        }
        let channel = grpc::channel(&config.socket).await?;
        Ok(Self { channel, messages: config.calls.iter().map(Message::new).collect() })
    }

    async fn send(&self, index: usize) -> Result<Response, Error> {
        let channel = self.channel.clone();
        Ok(match self.messages.get(index).ok_or_else(not_prepared)? {
            Message::Health => grpc::health(channel).await?,
            Message::HashData(message) => {
                use v1::hash_data_response::HashValue as Wire;
                let response = CryptoServiceClient::new(channel)
                    .hash_data(message.clone())
                    .await
                    .map_err(grpc::status_error)?
                    .into_inner();
                let value = match response.hash_value.ok_or_else(|| grpc::missing_field("hash"))? {
                    Wire::HashValueHex(text) => HashValue::Hex(text),
                    Wire::HashValueRaw(bytes) => HashValue::Raw(bytes),
                };
                Response::Hash { algorithm: response.descriptor.unwrap_or_default().algorithm, value }
            }
            Message::SignCertificate(message) => {
                use v1::sign_certificate_response::SignedCertificate as Wire;
                let message = v1::SignCertificateRequest::clone(message);
                let response = CryptoServiceClient::new(channel)
                    .sign_certificate(message)
                    .await
                    .map_err(grpc::status_error)?
                    .into_inner();
                match response.signed_certificate.ok_or_else(|| grpc::missing_field("certificate"))? {
                    Wire::Der(der) => Response::Certificate(der),
                    Wire::Pem(_) => return Err(grpc::missing_field("certificate in DER")),
                }
            }
            Message::SignData(message) => {
                let response = CryptoServiceClient::new(channel)
                    .sign_data(message.clone())
                    .await
                    .map_err(grpc::status_error)?
                    .into_inner();
                Response::Signature(response.signature)
            }
            Message::VerifyData(message) => {
                let response = CryptoServiceClient::new(channel)
                    .verify_data(message.clone())
                    .await
                    .map_err(grpc::status_error)?
                    .into_inner();
                Response::Verified(response.valid)
            }
            Message::EncryptData(message) => {
                let response = CryptoServiceClient::new(channel)
                    .encrypt_data(message.clone())
                    .await
                    .map_err(grpc::status_error)?
                    .into_inner();
                let v1::CipherMetadata { nonce, tag, .. } = response.cipher_metadata.unwrap_or_default();
                Response::Sealed { ciphertext: response.ciphertext, nonce, tag: tag.unwrap_or_default() }
            }
            Message::DecryptData(message) => {
                let response = CryptoServiceClient::new(channel)
                    .decrypt_data(message.clone())
                    .await
                    .map_err(grpc::status_error)?;
                Response::Opened(mem::take(&mut response.into_inner().plaintext).into())
            }
            Message::Keygen(message) => {
                let response = SignatureKeyServiceClient::new(channel)
                    .generate_key_pair(message.clone())
                    .await
                    .map_err(grpc::status_error)?;
                pair(response.into_inner())
            }
            Message::KemKeygen(message) => {
                let response = KemServiceClient::new(channel)
                    .generate_key_pair(message.clone())
                    .await
                    .map_err(grpc::status_error)?;
                pair(response.into_inner())
            }
            Message::KemEncapsulate(message) => {
                let mut response = KemServiceClient::new(channel)
                    .encapsulate(message.clone())
                    .await
                    .map_err(grpc::status_error)?
                    .into_inner();
                Response::Encapsulated {
                    ciphertext: mem::take(&mut response.ciphertext),
                    secret: mem::take(&mut response.shared_secret).into(),
                }
            }
            Message::KemDecapsulate(message) => {
                let response = KemServiceClient::new(channel)
                    .decapsulate(message.clone())
                    .await
                    .map_err(grpc::status_error)?;
                Response::Decapsulated(mem::take(&mut response.into_inner().shared_secret).into())
            }
            Message::Prove { circuit, profile } => {
                let statement = Statement::random(*circuit)?;
                let mut message = statement.message(profile);
                message.metadata = metadata();
                let response = Groth16ServiceClient::new(channel)
                    .prove(message)
                    .await
                    .map_err(grpc::status_error)?
                    .into_inner();
                let figures = response.figures.ok_or_else(|| grpc::missing_field("figures"))?;
                let signals = response.public_signals.into_iter().map(|signal| (signal.name, signal.value));
                let proven = statement.proven(response.proof, signals);
                Response::Proven(Box::new(proven), figures.into())
            }
            Message::Verify(messages) => {
                let message = messages.next().ok_or_else(not_prepared)?.clone();
                let response =
                    Groth16ServiceClient::new(channel).verify(message).await.map_err(grpc::status_error)?;
                Response::Verified(response.into_inner().valid)
            }
        })
    }
}

fn pair(mut response: v1::GenerateKeyPairResponse) -> Response {
    Response::Pair {
        public: mem::take(&mut response.public_key),
        private: mem::take(&mut response.private_key).into(),
    }
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

// Messages that wipe themselves on drop cannot use struct update syntax, so every field is written out.
impl Message {
    fn new(call: &PreparedCall) -> Self {
        let profile = call.profile.clone();
        let metadata = metadata();
        match &call.task {
            Task::Health => Self::Health,
            Task::HashData { input } => Self::HashData(v1::HashDataRequest {
                profile,
                input: input.clone(),
                metadata,
                output_format: v1::HashOutputFormat::Hex.into(),
            }),
            Task::SignCertificate { ca } => Self::SignCertificate(Box::new(v1::SignCertificateRequest {
                profile,
                csr: ca.csr.clone(),
                ca_private_key: String::clone(&ca.private_key),
                ca_cert: ca.certificate.clone(),
                metadata,
                valid_not_before: None,
                valid_not_after: None,
                subject: None,
                crl_distribution_points: Vec::new(),
                output_format: v1::SignOutputFormat::Der.into(),
            })),
            Task::SignData { key, input, .. } => Self::SignData(v1::SignDataRequest {
                profile,
                key_source: single(key),
                input: input.clone(),
                signature_format: v1::SignatureFormat::Unspecified.into(),
                metadata,
                context: None,
            }),
            Task::VerifyData { public_key, input, signature } => Self::VerifyData(v1::VerifyDataRequest {
                profile,
                key_source: single(public_key),
                input: input.clone(),
                signature: signature.clone(),
                signature_format: v1::SignatureFormat::Unspecified.into(),
                metadata,
                context: None,
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
            Task::Prove { circuit } => Self::Prove { circuit: *circuit, profile },
            Task::Verify { proofs } => {
                let message = |proven: &Proven| {
                    let mut message = proven.message(&profile);
                    message.metadata.clone_from(&metadata);
                    message
                };
                Self::Verify(InTurn::new(proofs.iter().map(message).collect::<Vec<_>>()))
            }
        }
    }
}
