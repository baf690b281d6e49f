//! What each operation needs before it can be called: keys, requests, signatures, ciphertexts, made at the start.

use std::{collections::HashMap, sync::Arc};

use broker_client::{
    Client, Code, EncapsulateRequest, EncryptDataRequest, EncryptDataResponse, GenerateKeyPairRequest,
    SignDataRequest,
};
use bytes::Bytes;
use zeroize::Zeroizing;

use super::{super::material::Material, plan::Item};
use crate::{
    args::{KeyType, Operation},
    error::Failure,
};

/// One operation, ready to be called again and again.
pub(super) struct Work {
    pub(super) profile: String,
    pub(super) task: Task,
}

/// What is sent, and what the answer is compared with. All keys were made for this and are thrown away.
pub(super) enum Task {
    Health,
    HashData { input: Bytes },
    SignCertificate { material: Arc<Material> },
    SignData { key: Zeroizing<Vec<u8>>, public_key: Vec<u8>, input: Bytes },
    VerifyData { public_key: Vec<u8>, input: Bytes, signature: Bytes },
    EncryptData { key: Vec<u8>, nonce: Option<Vec<u8>>, plaintext: Vec<u8> },
    DecryptData { key: Vec<u8>, nonce: Vec<u8>, tag: Vec<u8>, ciphertext: Vec<u8>, plaintext: Vec<u8> },
    Keygen,
    KemKeygen,
    KemEncapsulate { key: Zeroizing<Vec<u8>>, public_key: Vec<u8> },
    KemDecapsulate { key: Zeroizing<Vec<u8>>, ciphertext: Vec<u8>, secret: Zeroizing<Vec<u8>> },
}

/// Makes work. A CA is made once for all cells of a matrix that use it: RSA keys take seconds.
#[derive(Default)]
pub(super) struct Workshop {
    materials: HashMap<(KeyType, KeyType), Arc<Material>>,
}

impl Workshop {
    /// Prepares one operation; what needs a broker is asked of this one.
    pub(super) async fn prepare(&mut self, item: &Item, client: &Client) -> Result<Work, Failure> {
        let profile = item.profile.as_str();
        let data = data(item.size);
        let task = match item.operation {
            Operation::Health => Task::Health,
            Operation::HashData => Task::HashData { input: data.into() },
            Operation::SignCertificate => {
                Task::SignCertificate { material: self.material(item.issuer, item.subject)? }
            }
            Operation::Keygen => Task::Keygen,
            Operation::KemKeygen => Task::KemKeygen,
            Operation::SignData | Operation::VerifyData => {
                let pair = client
                    .generate_signature_key_pair(GenerateKeyPairRequest::new().profile(profile))
                    .await?;
                let input = Bytes::from(data);
                if item.operation == Operation::SignData {
                    Task::SignData { key: pair.private_key, public_key: pair.public_key, input }
                } else {
                    let request = SignDataRequest::new(pair.private_key, input.clone()).profile(profile);
                    let signature = client.sign_data(request).await?.signature;
                    Task::VerifyData { public_key: pair.public_key, input, signature: signature.into() }
                }
            }
            Operation::EncryptData | Operation::DecryptData => encryption(item, data, client).await?,
            Operation::KemEncapsulate | Operation::KemDecapsulate => {
                let pair =
                    client.generate_kem_key_pair(GenerateKeyPairRequest::new().profile(profile)).await?;
                if item.operation == Operation::KemEncapsulate {
                    Task::KemEncapsulate { key: pair.private_key, public_key: pair.public_key }
                } else {
                    let sent =
                        client.encapsulate(EncapsulateRequest::new(pair.public_key).profile(profile)).await?;
                    Task::KemDecapsulate {
                        key: pair.private_key,
                        ciphertext: sent.ciphertext,
                        secret: sent.shared_secret,
                    }
                }
            }
        };
        Ok(Work { profile: item.profile.clone(), task })
    }

    fn material(&mut self, issuer: KeyType, subject: KeyType) -> Result<Arc<Material>, Failure> {
        if let Some(material) = self.materials.get(&(issuer, subject)) {
            return Ok(Arc::clone(material));
        }
        let material = Arc::new(Material::new(issuer, subject)?);
        self.materials.insert((issuer, subject), Arc::clone(&material));
        Ok(material)
    }
}

/// Bytes that differ from each other.
fn data(size: u32) -> Vec<u8> {
    (0..=u8::MAX).cycle().take(size as usize).collect()
}

/// The profile says how long a key is and who makes the nonce, and the broker tells by what it refuses.
async fn encryption(item: &Item, plaintext: Vec<u8>, client: &Client) -> Result<Task, Failure> {
    let ways = [32, 24, 16].into_iter().flat_map(|length| [(length, None), (length, Some(vec![9; 12]))]);
    let mut first = None;
    for (length, nonce) in ways {
        let key = vec![7; length];
        let mut request = EncryptDataRequest::new(key.clone(), plaintext.clone()).profile(&item.profile);
        if let Some(nonce) = &nonce {
            request = request.nonce(Vec::clone(nonce));
        }
        match client.encrypt_data(request).await {
            Ok(sealed) => return Ok(encrypted(item.operation, key, nonce, plaintext, sealed)),
            Err(error) => match error.rejection() {
                Some(refusal) if matches!(refusal.code, Code::FailedPrecondition | Code::InvalidArgument) => {
                    first.get_or_insert(error);
                }
                _ => return Err(error.into()),
            },
        }
    }
    Err(first.map_or_else(|| Failure::local("cannot encrypt", "no key fits"), Failure::from))
}

fn encrypted(
    operation: Operation,
    key: Vec<u8>,
    nonce: Option<Vec<u8>>,
    plaintext: Vec<u8>,
    sealed: EncryptDataResponse,
) -> Task {
    if operation == Operation::EncryptData {
        return Task::EncryptData { key, nonce, plaintext };
    }
    let EncryptDataResponse { ciphertext, nonce, tag, .. } = sealed;
    Task::DecryptData { key, nonce, tag, ciphertext, plaintext }
}
