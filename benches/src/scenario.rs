//! The measured operations with their inputs. The id of a scenario is the same in every suite.

use broker_load::{Circuit, InTurn, Proven, Statement};
use broker_proto::v1::{
    self, key_source::Source, pipeline_request::Operation, sign_key_source::Source as SignSource,
};
use bytes::Bytes;

/// The profiles of the scenarios.
pub const PROFILES: &str = include_str!("Profiles.yaml");

/// A measured call.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The id, such as `hash/sha3-512/64B`.
    pub id: String,
    /// The profile of its request.
    pub profile: &'static str,
    /// The operation with its input.
    pub task: Task,
}

/// An operation with its input.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // variants and fields have the names of the operations and their messages
pub enum Task {
    /// A health check of the broker as a whole: a call without cryptography.
    Health,
    HashData {
        input: Bytes,
    },
    /// A call of StreamService, in parts of [`PART`] bytes.
    HashStream {
        input: Bytes,
    },
    /// A request with all inputs in PEM.
    SignCertificate {
        csr: &'static str,
        ca_certificate: &'static str,
        ca_key: &'static str,
    },
    SignData {
        keys: Vec<Vec<u8>>,
        input: Bytes,
    },
    VerifyData {
        keys: Vec<Vec<u8>>,
        input: Bytes,
        signature: Bytes,
    },
    EncryptData {
        key: Vec<u8>,
        nonce: Vec<u8>,
        plaintext: Vec<u8>,
    },
    DecryptData {
        key: Vec<u8>,
        nonce: Vec<u8>,
        ciphertext: Vec<u8>,
        tag: Vec<u8>,
    },
    GenerateSignatureKeyPair,
    GenerateKemKeyPair,
    Encapsulate {
        key: Vec<u8>,
    },
    Decapsulate {
        key: Vec<u8>,
        ciphertext: Vec<u8>,
    },
    /// A proof of the next statement.
    Prove {
        statements: InTurn<Statement>,
    },
    /// A proof by one prover alone, without the broker: the check of the constraints and the proof, without verification.
    ProveBy {
        circuit: Circuit,
        prover: Prover,
    },
    /// The verification of the next proof.
    VerifyProof {
        proofs: InTurn<Proven>,
    },
    /// The verification of all of these proofs together.
    BatchVerify {
        circuit: Circuit,
        proofs: Vec<Proven>,
    },
}

/// A prover that is measured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // as the broker names them
pub enum Prover {
    /// The prover of the crate `ark-groth16`, with circom's reduction.
    ArkGroth16,
    Tables,
    Shifted,
    Buckets,
}

impl Prover {
    /// Returns the name in ids.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ArkGroth16 => "ark-groth16",
            Self::Tables => "tables",
            Self::Shifted => "shifted",
            Self::Buckets => "buckets",
        }
    }
}

/// The size of one part of a stream in bytes.
pub const PART: usize = 64 << 10;

impl Scenario {
    /// Reports whether the scenario has cryptography, and can be measured without a socket.
    pub fn has_cryptography(&self) -> bool {
        !matches!(self.task, Task::Health)
    }

    /// Reports whether the scenario is a call to the broker, and not a part of one.
    pub fn is_call(&self) -> bool {
        !matches!(self.task, Task::ProveBy { .. })
    }

    /// Reports whether the scenario is also measured as an item of a pipeline.
    pub fn is_pipelined(&self) -> bool {
        self.message().is_some() && !self.is_slow()
    }

    /// Reports whether one call takes so long that a quick run leaves it out, and that many at once would time out.
    pub fn is_slow(&self) -> bool {
        match &self.task {
            Task::GenerateSignatureKeyPair => self.profile.starts_with("rsa"),
            Task::Prove { .. } | Task::ProveBy { .. } => self.id.contains("payment"),
            Task::BatchVerify { .. } => true,
            _ => false,
        }
    }

    /// Returns the request as one message; `None` for health, streams, and what is no call. Proofs have another statement each
    /// time.
    pub fn message(&self) -> Option<Operation> {
        let profile = || self.profile.to_owned();
        Some(match &self.task {
            Task::Health | Task::HashStream { .. } | Task::ProveBy { .. } => return None,
            Task::HashData { input } => Operation::HashData(v1::HashDataRequest {
                profile: profile(),
                input: input.clone(),
                ..v1::HashDataRequest::default()
            }),
            Task::SignCertificate { csr, ca_certificate, ca_key } => {
                // Set field by field: a message that wipes itself on drop cannot use struct update syntax.
                let mut message = v1::SignCertificateRequest::default();
                message.profile = profile();
                message.csr = (*csr).to_owned();
                message.ca_cert = (*ca_certificate).to_owned();
                message.ca_private_key = (*ca_key).to_owned();
                Operation::SignCertificate(message)
            }
            Task::SignData { keys, input } => Operation::SignData(v1::SignDataRequest {
                profile: profile(),
                key_source: sign_keys(keys),
                input: input.clone(),
                ..v1::SignDataRequest::default()
            }),
            Task::VerifyData { keys, input, signature } => Operation::VerifyData(v1::VerifyDataRequest {
                profile: profile(),
                key_source: sign_keys(keys),
                input: input.clone(),
                signature: signature.clone(),
                ..v1::VerifyDataRequest::default()
            }),
            Task::EncryptData { key, nonce, plaintext } => {
                let mut message = v1::EncryptDataRequest::default();
                message.profile = profile();
                message.key_source = Some(raw(key));
                message.plaintext.clone_from(plaintext);
                message.encrypt_metadata = Some(v1::EncryptMetadata { nonce: nonce.clone(), aad: None });
                Operation::EncryptData(message)
            }
            Task::DecryptData { key, nonce, ciphertext, tag } => {
                Operation::DecryptData(v1::DecryptDataRequest {
                    profile: profile(),
                    key_source: Some(raw(key)),
                    ciphertext: ciphertext.clone(),
                    decrypt_metadata: Some(v1::DecryptMetadata {
                        nonce: nonce.clone(),
                        aad: None,
                        tag: Some(tag.clone()),
                    }),
                    metadata: None,
                })
            }
            Task::GenerateSignatureKeyPair => Operation::GenerateSignatureKeyPair(generate(profile())),
            Task::GenerateKemKeyPair => Operation::GenerateKemKeyPair(generate(profile())),
            Task::Encapsulate { key } => Operation::Encapsulate(v1::EncapsulateRequest {
                profile: profile(),
                key_source: Some(raw(key)),
                metadata: None,
            }),
            Task::Decapsulate { key, ciphertext } => Operation::Decapsulate(v1::DecapsulateRequest {
                profile: profile(),
                key_source: Some(raw(key)),
                ciphertext: ciphertext.clone(),
                metadata: None,
            }),
            Task::Prove { statements } => Operation::Prove(statements.next()?.message(self.profile)),
            Task::VerifyProof { proofs } => Operation::VerifyProof(proofs.next()?.message(self.profile)),
            Task::BatchVerify { circuit, proofs } => Operation::BatchVerify(v1::BatchVerifyRequest {
                profile: profile(),
                circuit: circuit.to_string(),
                items: proofs.iter().map(Proven::item_message).collect(),
                expected_fingerprint: Vec::new(),
                metadata: None,
            }),
        })
    }
}

fn generate(profile: String) -> v1::GenerateKeyPairRequest {
    let mut message = v1::GenerateKeyPairRequest::default();
    message.profile = profile;
    message
}

fn raw(key: &[u8]) -> v1::KeySource {
    let mut source = v1::KeySource::default();
    source.source = Some(Source::RawKey(key.to_vec()));
    source
}

/// Returns the source of one key, or of the two keys of a composite.
fn sign_keys(keys: &[Vec<u8>]) -> Option<v1::SignKeySource> {
    let source = match keys {
        [key] => SignSource::Single(raw(key)),
        _ => SignSource::ComponentKeys(v1::ComponentKeys { keys: keys.iter().map(|key| raw(key)).collect() }),
    };
    Some(v1::SignKeySource { source: Some(source) })
}
