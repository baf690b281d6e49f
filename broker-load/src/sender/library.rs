//! Sends calls by the client library, as an application does.

use std::sync::Arc;

use broker_client::{
    Client, DecapsulateRequest, DecryptDataRequest, EncapsulateRequest, EncryptDataRequest, Error,
    GenerateKeyPairRequest, HashDataRequest, HealthStatus, SignCertificateRequest, SignDataRequest,
    VerifyDataRequest, VerifyProofRequest,
};

use super::common::{Sender, SenderConfig, not_prepared};
use crate::{
    error::LoadError,
    in_turn::InTurn,
    prepare::{PreparedCall, Task},
    response::Response,
    statement::{Circuit, Statement},
};

/// A client and its requests.
#[derive(Clone, Debug)]
pub(crate) struct Library {
    client: Client,
    requests: Arc<[Request]>,
}

#[derive(Debug)]
enum Request {
    Health,
    HashData(HashDataRequest),
    SignCertificate(Box<SignCertificateRequest>),
    SignData(SignDataRequest),
    VerifyData(VerifyDataRequest),
    EncryptData(EncryptDataRequest),
    DecryptData(DecryptDataRequest),
    Keygen(GenerateKeyPairRequest),
    KemKeygen(GenerateKeyPairRequest),
    KemEncapsulate(EncapsulateRequest),
    KemDecapsulate(DecapsulateRequest),
    Prove { circuit: Circuit, profile: String },
    Verify(InTurn<VerifyProofRequest>),
}

impl Sender for Library {
    async fn connect(config: &SenderConfig) -> Result<Self, LoadError> {
        let client = config.client()?;
        Ok(Self { client, requests: config.calls.iter().map(Request::new).collect() })
    }

    async fn send(&self, index: usize) -> Result<Response, Error> {
        let client = &self.client;
        Ok(match self.requests.get(index).ok_or_else(not_prepared)? {
            Request::Health => Response::Healthy(client.health("").await? == HealthStatus::Serving),
            Request::HashData(request) => {
                let response = client.hash_data(request.clone()).await?;
                Response::Hash { algorithm: response.descriptor.algorithm, value: response.value }
            }
            Request::SignCertificate(request) => {
                let response = client.sign_certificate(SignCertificateRequest::clone(request)).await?;
                Response::Certificate(response.certificate.as_bytes().to_vec())
            }
            Request::SignData(request) => {
                Response::Signature(client.sign_data(request.clone()).await?.signature)
            }
            Request::VerifyData(request) => {
                Response::Verified(client.verify_data(request.clone()).await?.valid)
            }
            Request::EncryptData(request) => {
                let response = client.encrypt_data(request.clone()).await?;
                Response::Sealed { ciphertext: response.ciphertext, nonce: response.nonce, tag: response.tag }
            }
            Request::DecryptData(request) => {
                Response::Opened(client.decrypt_data(request.clone()).await?.plaintext)
            }
            Request::Keygen(request) => {
                let response = client.generate_signature_key_pair(request.clone()).await?;
                Response::Pair { public: response.public_key, private: response.private_key }
            }
            Request::KemKeygen(request) => {
                let response = client.generate_kem_key_pair(request.clone()).await?;
                Response::Pair { public: response.public_key, private: response.private_key }
            }
            Request::KemEncapsulate(request) => {
                let response = client.encapsulate(request.clone()).await?;
                Response::Encapsulated { ciphertext: response.ciphertext, secret: response.shared_secret }
            }
            Request::KemDecapsulate(request) => {
                Response::Decapsulated(client.decapsulate(request.clone()).await?.shared_secret)
            }
            Request::Prove { circuit, profile } => {
                let statement = Statement::random(*circuit)?;
                let response = client.prove(statement.request(profile)).await?;
                let signals = response.public_signals.into_iter().map(|signal| (signal.name, signal.value));
                let proven = statement.proven(response.proof, signals);
                Response::Proven(Box::new(proven), response.figures.into())
            }
            Request::Verify(requests) => {
                let request = requests.next().ok_or_else(not_prepared)?;
                Response::Verified(client.verify_proof(request.clone()).await?.valid)
            }
        })
    }
}

impl Request {
    fn new(call: &PreparedCall) -> Self {
        let profile = call.profile.as_str();
        match &call.task {
            Task::Health => Self::Health,
            Task::HashData { input } => Self::HashData(HashDataRequest::new(input.clone()).profile(profile)),
            Task::SignCertificate { ca } => Self::SignCertificate(Box::new(ca.request(profile))),
            Task::SignData { key, input, .. } => {
                Self::SignData(SignDataRequest::new(key.as_slice(), input.clone()).profile(profile))
            }
            Task::VerifyData { public_key, input, signature } => Self::VerifyData(
                VerifyDataRequest::new(public_key.as_slice(), input.clone(), signature.clone())
                    .profile(profile),
            ),
            Task::EncryptData { key, nonce, plaintext } => {
                let request = EncryptDataRequest::new(key.as_slice(), plaintext.clone()).profile(profile);
                Self::EncryptData(match nonce {
                    Some(nonce) => request.nonce(nonce.clone()),
                    None => request,
                })
            }
            Task::DecryptData { key, nonce, tag, ciphertext, .. } => Self::DecryptData(
                DecryptDataRequest::new(key.as_slice(), &**ciphertext, &**nonce, &**tag).profile(profile),
            ),
            Task::Keygen => Self::Keygen(GenerateKeyPairRequest::new().profile(profile)),
            Task::KemKeygen => Self::KemKeygen(GenerateKeyPairRequest::new().profile(profile)),
            Task::KemEncapsulate { public_key, .. } => {
                Self::KemEncapsulate(EncapsulateRequest::new(public_key.as_slice()).profile(profile))
            }
            Task::KemDecapsulate { key, ciphertext, .. } => {
                Self::KemDecapsulate(DecapsulateRequest::new(key.as_slice(), &**ciphertext).profile(profile))
            }
            Task::Prove { circuit } => Self::Prove { circuit: *circuit, profile: profile.to_owned() },
            Task::Verify { proofs } => Self::Verify(InTurn::new(
                proofs.iter().map(|proven| proven.request(profile)).collect::<Vec<_>>(),
            )),
        }
    }
}
