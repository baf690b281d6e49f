//! The cryptography alone: a request message is parsed, decided and executed in this process and on this thread, as a handler
//! of the server does, but without runtime, pool, log and audit.

use std::{path::PathBuf, sync::Arc, time::Duration};

use broker_groth16::interrupt::Never;
use broker_proto::v1::pipeline_request::Operation;
use broker_server::{
    backend::{Backend, kem::Encapsulated},
    caller::Caller,
    circuits::{BeginSetup, CircuitOptions, Circuits, LoadedCircuit},
    operation::{
        self, CAPABILITIES,
        aead::{self, Encrypted, NonceLedger},
        certificate::{self, CaCache, Issued},
        groth16,
        hash::{self, HashValue, Hashing},
        kem,
        signature::{self, KeyPair},
    },
    policy::{
        Catalogue, decide,
        permit::{
            BatchVerify, Decapsulate, DecryptData, Encapsulate, EncryptData, GenerateKemKeyPair, GenerateKey,
            GenerateSignatureKeyPair, HashData, HashStream, Prove, SignCertificate, SignData, VerifyData,
            VerifyProof,
        },
        profile::{CircuitRule, Groth16Rule, Profile},
    },
    request::{self, Limits},
    secret::SecretBytes,
    telemetry::audit::{Audit, AuditUnavailable, KeyUse, Record},
};

use crate::{
    Failure,
    scenario::{PART, PROFILES, Scenario, Task},
};

/// The caller of every request. The benchmarks' profiles do not restrict callers.
const CALLER: Caller = Caller { uid: 0, gid: 0, pid: None };
/// The time of every request in Unix seconds, within the validity of the CAs.
const NOW: i64 = 1_800_000_000;

/// The state that operations need.
#[derive(Debug)]
pub struct InProcess {
    catalogue: Catalogue,
    cache: CaCache,
    nonces: NonceLedger,
    limits: Limits,
    circuits: Arc<Circuits>,
    audit: Arc<Audit>,
}

/// The result of an operation.
#[derive(Debug)]
#[allow(missing_docs)] // one for each operation
pub enum Output {
    Hash(HashValue),
    Certificate(Issued),
    Signature(Vec<u8>),
    Valid(bool),
    Encrypted(Encrypted),
    Secret(SecretBytes),
    KeyPair(KeyPair),
    Encapsulated(Encapsulated),
    Proof(groth16::Proof),
    Verdicts(Vec<bool>),
}

impl InProcess {
    /// Returns the state with the profiles of the scenarios and without a cache of CA keys, as is the server's default. The keys
    /// of circuits are in the folder `keys`, or in memory alone.
    ///
    /// # Errors
    /// Fails where the profiles are wrong, the folder cannot be used, or the system has no randomness.
    pub fn new(keys: Option<PathBuf>) -> Result<Self, Failure> {
        Ok(Self {
            circuits: Circuits::new(&CircuitOptions { store: keys, ..CircuitOptions::default() })?,
            catalogue: Catalogue::parse("the benchmarks' Profiles.yaml", PROFILES, CAPABILITIES)?,
            cache: CaCache::new(0, Duration::ZERO),
            nonces: NonceLedger::new().map_err(|_| "the crypto library has no random numbers")?,
            limits: Limits::default(),
            audit: Arc::new(Audit::off()),
        })
    }

    /// Returns the token of a use of a key that is not recorded.
    fn key_use(&self) -> Result<KeyUse, AuditUnavailable> {
        self.audit.begin(Record::default)
    }

    /// Runs a scenario once, and makes its request before.
    ///
    /// # Errors
    /// Fails where the request is refused or fails, and where the scenario has no cryptography.
    pub fn run_scenario(&self, scenario: &Scenario) -> Result<Output, Failure> {
        match (&scenario.task, scenario.message()) {
            (Task::HashStream { input }, _) => self.hash_stream(scenario.profile, input),
            (_, Some(message)) => self.run(message),
            (_, None) => Err(format!("{}: the scenario has no cryptography", scenario.id).into()),
        }
    }

    /// Parses, decides and executes a request.
    ///
    /// # Errors
    /// Fails where the request is refused or fails, and where a signature is not valid.
    pub fn run(&self, message: Operation) -> Result<Output, Failure> {
        let limits = &self.limits;
        Ok(match message {
            Operation::HashData(message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::HashData::parse(message.input, message.output_format, limits)?;
                let permit = decide::<HashData>(&CALLER, profile, request, NOW)?;
                Output::Hash(hash::hash_data(permit, backend(profile)))
            }
            Operation::SignCertificate(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::SignCertificate::parse(&mut message, limits)?;
                let permit = decide::<SignCertificate>(&CALLER, profile, request, NOW)?;
                Output::Certificate(certificate::sign_certificate(
                    permit,
                    &self.cache,
                    CALLER.uid,
                    &self.key_use()?,
                )?)
            }
            Operation::SignData(message) => {
                let profile = self.profile(&message.profile)?;
                let permit =
                    decide::<SignData>(&CALLER, profile, request::SignData::parse(message, limits)?, NOW)?;
                Output::Signature(signature::sign_data(permit, backend(profile), &self.key_use()?)?)
            }
            Operation::VerifyData(message) => {
                let profile = self.profile(&message.profile)?;
                let permit = decide::<VerifyData>(
                    &CALLER,
                    profile,
                    request::VerifyData::parse(message, limits)?,
                    NOW,
                )?;
                match signature::verify_data(permit, backend(profile))? {
                    true => Output::Valid(true),
                    false => return Err("the scenario's signature is not valid".into()),
                }
            }
            Operation::EncryptData(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::EncryptData::parse(&mut message, limits)?;
                let permit = decide::<EncryptData>(&CALLER, profile, request, NOW)?;
                Output::Encrypted(aead::encrypt_data(
                    permit,
                    backend(profile),
                    &self.nonces,
                    &self.key_use()?,
                )?)
            }
            Operation::DecryptData(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::DecryptData::parse(&mut message, limits)?;
                let permit = decide::<DecryptData>(&CALLER, profile, request, NOW)?;
                Output::Secret(aead::decrypt_data(permit, backend(profile), &self.key_use()?)?)
            }
            Operation::GenerateSignatureKeyPair(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::GenerateKeyPair::parse(&mut message)?;
                let permit = decide::<GenerateSignatureKeyPair>(&CALLER, profile, request, NOW)?;
                Output::KeyPair(signature::generate_key_pair(permit, &self.key_use()?)?)
            }
            Operation::GenerateKey(message) => {
                let profile = self.profile(&message.profile)?;
                let permit = decide::<GenerateKey>(&CALLER, profile, request::GenerateKey, NOW)?;
                Output::Secret(aead::generate_key(permit, &self.key_use()?)?)
            }
            Operation::GenerateKemKeyPair(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::GenerateKeyPair::parse(&mut message)?;
                let permit = decide::<GenerateKemKeyPair>(&CALLER, profile, request, NOW)?;
                Output::KeyPair(kem::generate_key_pair(permit, backend(profile), &self.key_use()?)?)
            }
            Operation::Encapsulate(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::Encapsulate::parse(&mut message, limits)?;
                let permit = decide::<Encapsulate>(&CALLER, profile, request, NOW)?;
                Output::Encapsulated(kem::encapsulate(permit, backend(profile), &self.key_use()?)?)
            }
            Operation::Decapsulate(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::Decapsulate::parse(&mut message, limits)?;
                let permit = decide::<Decapsulate>(&CALLER, profile, request, NOW)?;
                Output::Secret(kem::decapsulate(permit, backend(profile), &self.key_use()?)?)
            }
            Operation::Prove(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::Prove::parse(&mut message, limits)?;
                let permit = decide::<Prove>(&CALLER, profile, request, NOW)?;
                let circuit = self.circuit(permit.rule(), &permit.parameters().circuit)?;
                Output::Proof(groth16::prove(permit, self.context(&circuit), &self.key_use()?)?)
            }
            Operation::VerifyProof(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::VerifyProof::parse(&mut message, limits)?;
                let permit = decide::<VerifyProof>(&CALLER, profile, request, NOW)?;
                let circuit = self.circuit(permit.rule(), &permit.parameters().circuit)?;
                match groth16::verify(permit, self.context(&circuit))?.0 {
                    true => Output::Valid(true),
                    false => return Err("the scenario's proof is not valid".into()),
                }
            }
            Operation::BatchVerify(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::BatchVerify::parse(&mut message, limits)?;
                let permit = decide::<BatchVerify>(&CALLER, profile, request, NOW)?;
                let circuit = self.circuit(permit.rule(), &permit.parameters().circuit)?;
                let (verdicts, _) = groth16::batch_verify(permit, self.context(&circuit))?;
                match verdicts.iter().all(|valid| *valid) {
                    true => Output::Verdicts(verdicts),
                    false => return Err("a proof of the scenario's batch is not valid".into()),
                }
            }
            Operation::ListCircuits(_)
            | Operation::GetVerifyingKey(_)
            | Operation::SetupCircuit(_)
            | Operation::CheckWitness(_) => return Err("no scenario has this operation".into()),
        })
    }

    /// Returns a circuit with its key, which is loaded or made where it is not in memory.
    fn circuit(&self, rule: &Groth16Rule, circuit: &Arc<CircuitRule>) -> Result<LoadedCircuit, Failure> {
        if let Some(loaded) = self.circuits.in_memory(rule, circuit) {
            return Ok(loaded);
        }
        let audit = Arc::clone(&self.audit);
        let begin: BeginSetup = Box::new(move || audit.begin(Record::default));
        self.circuits.preload(rule, circuit, begin)?;
        Ok(self.circuits.in_memory(rule, circuit).ok_or("the circuit has left memory at once")?)
    }

    fn context<'a>(&'a self, circuit: &'a LoadedCircuit) -> groth16::Context<'a> {
        groth16::Context { circuits: &self.circuits, circuit, interrupt: &Never, now: NOW }
    }

    fn hash_stream(&self, profile: &str, input: &[u8]) -> Result<Output, Failure> {
        let profile = self.profile(profile)?;
        let permit = decide::<HashStream>(&CALLER, profile, request::HashStream::parse(0)?, NOW)?;
        let mut hashing = Hashing::start(permit, backend(profile));
        input.chunks(PART).for_each(|part| hashing.update(part));
        Ok(Output::Hash(hashing.finish()))
    }

    fn profile(&self, name: &str) -> Result<&Arc<Profile>, Failure> {
        Ok(self.catalogue.profile(name)?)
    }
}

fn backend(profile: &Profile) -> &'static Backend {
    operation::backend(profile.library)
}
