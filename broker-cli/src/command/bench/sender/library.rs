//! The client library, used as an application uses it.

use std::sync::Arc;

use broker_client::{
    Client, DecapsulateRequest, DecryptDataRequest, EncapsulateRequest, EncryptDataRequest, Error,
    GenerateKeyPairRequest, HashDataRequest, HealthStatus, SignCertificateRequest, SignDataRequest,
    VerifyDataRequest,
};

use super::{Sender, Setup, missing};
use crate::{
    command::bench::{
        answer::Answer,
        work::{Task, Work},
    },
    error::Failure,
};

/// A client and its requests.
#[derive(Clone)]
pub(in crate::command::bench) struct Library {
    client: Client,
    requests: Arc<[Request]>,
}

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
}

impl Sender for Library {
    async fn connect(setup: &Setup) -> Result<Self, Failure> {
        let client = setup.client()?;
        Ok(Self { client, requests: setup.works.iter().map(Request::new).collect() })
    }

    async fn send(&self, number: usize) -> Result<Answer, Error> {
        let client = &self.client;
        Ok(match self.requests.get(number).ok_or_else(missing)? {
            Request::Health => Answer::Healthy(client.health("").await? == HealthStatus::Serving),
            Request::HashData(request) => {
                let it = client.hash_data(request.clone()).await?;
                Answer::Hash { algorithm: it.descriptor.algorithm, value: it.value }
            }
            Request::SignCertificate(request) => {
                let it = client.sign_certificate(SignCertificateRequest::clone(request)).await?;
                Answer::Certificate(it.certificate.as_bytes().to_vec())
            }
            Request::SignData(request) => {
                Answer::Signature(client.sign_data(request.clone()).await?.signature)
            }
            Request::VerifyData(request) => {
                Answer::Verified(client.verify_data(request.clone()).await?.valid)
            }
            Request::EncryptData(request) => {
                let it = client.encrypt_data(request.clone()).await?;
                Answer::Sealed { ciphertext: it.ciphertext, nonce: it.nonce, tag: it.tag }
            }
            Request::DecryptData(request) => {
                Answer::Opened(client.decrypt_data(request.clone()).await?.plaintext)
            }
            Request::Keygen(request) => {
                let it = client.generate_signature_key_pair(request.clone()).await?;
                Answer::Pair { public: it.public_key, private: it.private_key }
            }
            Request::KemKeygen(request) => {
                let it = client.generate_kem_key_pair(request.clone()).await?;
                Answer::Pair { public: it.public_key, private: it.private_key }
            }
            Request::KemEncapsulate(request) => {
                let it = client.encapsulate(request.clone()).await?;
                Answer::Encapsulated { ciphertext: it.ciphertext, secret: it.shared_secret }
            }
            Request::KemDecapsulate(request) => {
                Answer::Decapsulated(client.decapsulate(request.clone()).await?.shared_secret)
            }
        })
    }
}

impl Request {
    fn new(work: &Work) -> Self {
        let profile = work.profile.as_str();
        match &work.task {
            Task::Health => Self::Health,
            Task::HashData { input } => Self::HashData(HashDataRequest::new(input.clone()).profile(profile)),
            Task::SignCertificate { material } => Self::SignCertificate(Box::new(material.request(profile))),
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
        }
    }
}
