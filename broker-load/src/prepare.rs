//! Makes what calls need before a run: keys, certification requests, signatures, ciphertexts.

use std::{collections::HashMap, sync::Arc};

use broker_client::{
    Client, Code, EncapsulateRequest, EncryptDataRequest, EncryptDataResponse, GenerateKeyPairRequest,
    SignDataRequest,
};
use broker_testca::{KeyType, TestCa};
use bytes::Bytes;
use zeroize::Zeroizing;

use crate::{
    error::LoadError,
    operation::Operation,
    plan::Item,
    statement::{Circuit, Proven, Statement},
};

/// The number of proofs that a run verifies in turn.
const PROOFS: usize = 16;

/// An operation that can be called repeatedly.
#[derive(Debug)]
pub(crate) struct PreparedCall {
    pub(crate) profile: String,
    pub(crate) task: Task,
}

/// The content of the request, and the values that the response is compared with. All keys are made for the run.
#[derive(Debug)]
pub(crate) enum Task {
    Health,
    HashData {
        input: Bytes,
    },
    SignCertificate {
        ca: Arc<TestCa>,
    },
    SignData {
        key: Zeroizing<Vec<u8>>,
        public_key: Vec<u8>,
        input: Bytes,
    },
    VerifyData {
        public_key: Vec<u8>,
        input: Bytes,
        signature: Bytes,
    },
    EncryptData {
        key: Vec<u8>,
        nonce: Option<Vec<u8>>,
        plaintext: Vec<u8>,
    },
    DecryptData {
        key: Vec<u8>,
        nonce: Vec<u8>,
        tag: Vec<u8>,
        ciphertext: Vec<u8>,
        plaintext: Vec<u8>,
    },
    Keygen,
    KemKeygen,
    KemEncapsulate {
        key: Zeroizing<Vec<u8>>,
        public_key: Vec<u8>,
    },
    KemDecapsulate {
        key: Zeroizing<Vec<u8>>,
        ciphertext: Vec<u8>,
        secret: Zeroizing<Vec<u8>>,
    },
    /// Every request has inputs of its own, which are made when it is sent.
    Prove {
        circuit: Circuit,
    },
    /// There is at least one proof.
    Verify {
        proofs: Arc<[Proven]>,
    },
}

/// Prepares calls. A CA is made once for all runs that use it: RSA keys take seconds. So are the proofs of a circuit that
/// are verified, by profile.
#[derive(Debug, Default)]
pub(crate) struct Preparer {
    cas: HashMap<(KeyType, KeyType), Arc<TestCa>>,
    proofs: HashMap<(String, Circuit), Arc<[Proven]>>,
}

impl Preparer {
    /// Prepares the calls of one operation. Key pairs, signatures and ciphertexts are made by the broker behind `client`.
    ///
    /// # Errors
    /// Fails where the broker refuses one of these calls, and where a throw-away key cannot be made.
    pub(crate) async fn prepare(&mut self, item: &Item, client: &Client) -> Result<PreparedCall, LoadError> {
        let profile = item.profile.as_str();
        let data = data(item.size);
        let task = match item.operation {
            Operation::Health => Task::Health,
            Operation::HashData => Task::HashData { input: data.into() },
            Operation::SignCertificate => Task::SignCertificate { ca: self.ca(item.issuer, item.subject)? },
            Operation::Prove => Task::Prove { circuit: item.circuit },
            Operation::Verify => Task::Verify { proofs: self.proofs(profile, item.circuit, client).await? },
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
        Ok(PreparedCall { profile: item.profile.clone(), task })
    }

    /// Returns proofs of random statements, which the broker makes.
    async fn proofs(
        &mut self,
        profile: &str,
        circuit: Circuit,
        client: &Client,
    ) -> Result<Arc<[Proven]>, LoadError> {
        let key = (profile.to_owned(), circuit);
        if let Some(proofs) = self.proofs.get(&key) {
            return Ok(Arc::clone(proofs));
        }
        let mut proofs = Vec::with_capacity(PROOFS);
        for _ in 0..PROOFS {
            let statement = Statement::random(circuit)?;
            let response = client.prove(statement.request(profile)).await?;
            let signals = response.public_signals.into_iter().map(|signal| (signal.name, signal.value));
            proofs.push(statement.proven(response.proof, signals));
        }
        let proofs = Arc::from(proofs);
        self.proofs.insert(key, Arc::clone(&proofs));
        Ok(proofs)
    }

    fn ca(&mut self, issuer: KeyType, subject: KeyType) -> Result<Arc<TestCa>, LoadError> {
        if let Some(ca) = self.cas.get(&(issuer, subject)) {
            return Ok(Arc::clone(ca));
        }
        let ca = Arc::new(TestCa::new(issuer, subject)?);
        self.cas.insert((issuer, subject), Arc::clone(&ca));
        Ok(ca)
    }
}

/// Returns `size` bytes that count up, so that they differ from each other.
fn data(size: u32) -> Vec<u8> {
    (0..=u8::MAX).cycle().take(size as usize).collect()
}

/// Finds a key length and a nonce that the profile allows: only the broker knows them, so each combination is tried until
/// one is not refused.
async fn encryption(item: &Item, plaintext: Vec<u8>, client: &Client) -> Result<Task, LoadError> {
    let combinations =
        [32, 24, 16].into_iter().flat_map(|length| [(length, None), (length, Some(vec![9; 12]))]);
    let mut first_refusal = None;
    for (length, nonce) in combinations {
        let key = vec![7; length];
        let mut request = EncryptDataRequest::new(key.clone(), plaintext.clone()).profile(&item.profile);
        if let Some(nonce) = &nonce {
            request = request.nonce(Vec::clone(nonce));
        }
        match client.encrypt_data(request).await {
            Ok(sealed) => return Ok(encryption_task(item.operation, key, nonce, plaintext, sealed)),
            Err(error) => match error.rejection() {
                Some(refusal) if matches!(refusal.code, Code::FailedPrecondition | Code::InvalidArgument) => {
                    first_refusal.get_or_insert(error);
                }
                _ => return Err(error.into()),
            },
        }
    }
    Err(first_refusal.map_or_else(|| LoadError::local("cannot encrypt", "no key fits"), LoadError::from))
}

fn encryption_task(
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
