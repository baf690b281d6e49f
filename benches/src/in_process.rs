//! The cryptography alone: a request that came as a message is parsed, decided on and done, in this process and on this
//! thread, as in a handler of the server but without runtime, pool, log and audit.

use std::{sync::Arc, time::Duration};

use broker_proto::v1::pipeline_request::Operation;
use broker_server::{
    backend::{Backend, kem::Encapsulated},
    caller::Caller,
    operation::{
        self, CAPABILITIES,
        aead::{self, Encrypted, NonceLedger},
        certificate::{self, CaCache, Issued},
        hash::{self, HashValue, Hashing},
        kem,
        signature::{self, KeyPair},
    },
    policy::{
        Catalogue, decide,
        permit::{
            Decapsulate, DecryptData, Encapsulate, EncryptData, GenerateKemKeyPair, GenerateSignatureKeyPair,
            HashData, HashStream, SignCertificate, SignData, VerifyData,
        },
        profile::Profile,
    },
    request::{self, Limits},
    secret::SecretBytes,
    telemetry::audit::{Audit, AuditUnavailable, KeyUse, Record},
};

use crate::{
    Failure,
    scenario::{PART, PROFILES, Scenario, Task},
};

/// Who asks: the benchmark's profiles look at no caller.
const NOBODY: Caller = Caller { uid: 0, gid: 0, pid: None };
/// When it asks, in Unix seconds: within the validity of the CAs.
const NOW: i64 = 1_800_000_000;

/// Everything that the operations need, loaded.
#[derive(Debug)]
pub struct InProcess {
    catalogue: Catalogue,
    cache: CaCache,
    nonces: NonceLedger,
    limits: Limits,
    audit: Arc<Audit>,
}

/// What an operation made.
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
}

impl InProcess {
    /// With the profiles of the scenarios, and no CA key kept, as is the server's default.
    ///
    /// # Errors
    /// Where the profiles are wrong or the system has no randomness.
    pub fn new() -> Result<Self, Failure> {
        Ok(Self {
            catalogue: Catalogue::parse("the benchmarks' Profiles.yaml", PROFILES, CAPABILITIES)?,
            cache: CaCache::new(0, Duration::ZERO),
            nonces: NonceLedger::new().map_err(|_| "the crypto library has no random numbers")?,
            limits: Limits::default(),
            audit: Arc::new(Audit::off()),
        })
    }

    /// The token of a use of a key that nothing records.
    fn key_use(&self) -> Result<KeyUse, AuditUnavailable> {
        self.audit.begin(Record::default)
    }

    /// A scenario once, its request made on the way.
    ///
    /// # Errors
    /// Where the request is refused or fails, or has no cryptography.
    pub fn run_scenario(&self, scenario: &Scenario) -> Result<Output, Failure> {
        match (&scenario.task, scenario.message()) {
            (Task::HashStream { input }, _) => self.hash_stream(scenario.profile, input),
            (_, Some(message)) => self.run(message),
            (_, None) => Err(format!("{}: there is no cryptography in it", scenario.id).into()),
        }
    }

    /// Parses, decides, does. A signature or a ciphertext that is not valid is an error: nothing here is to be refused.
    ///
    /// # Errors
    /// Where the request is refused or fails.
    pub fn run(&self, message: Operation) -> Result<Output, Failure> {
        let limits = &self.limits;
        Ok(match message {
            Operation::HashData(message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::HashData::parse(message.input, message.output_format, limits)?;
                let permit = decide::<HashData>(&NOBODY, profile, request, NOW)?;
                Output::Hash(hash::hash_data(permit, backend(profile)))
            }
            Operation::SignCertificate(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::SignCertificate::parse(&mut message, limits)?;
                let permit = decide::<SignCertificate>(&NOBODY, profile, request, NOW)?;
                Output::Certificate(certificate::sign_certificate(
                    permit,
                    &self.cache,
                    NOBODY.uid,
                    &self.key_use()?,
                )?)
            }
            Operation::SignData(message) => {
                let profile = self.profile(&message.profile)?;
                let permit =
                    decide::<SignData>(&NOBODY, profile, request::SignData::parse(message, limits)?, NOW)?;
                Output::Signature(signature::sign_data(permit, backend(profile), &self.key_use()?)?)
            }
            Operation::VerifyData(message) => {
                let profile = self.profile(&message.profile)?;
                let permit = decide::<VerifyData>(
                    &NOBODY,
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
                let permit = decide::<EncryptData>(&NOBODY, profile, request, NOW)?;
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
                let permit = decide::<DecryptData>(&NOBODY, profile, request, NOW)?;
                Output::Secret(aead::decrypt_data(permit, backend(profile), &self.key_use()?)?)
            }
            Operation::GenerateSignatureKeyPair(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::GenerateKeyPair::parse(&mut message)?;
                let permit = decide::<GenerateSignatureKeyPair>(&NOBODY, profile, request, NOW)?;
                Output::KeyPair(signature::generate_key_pair(permit, &self.key_use()?)?)
            }
            Operation::GenerateKemKeyPair(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::GenerateKeyPair::parse(&mut message)?;
                let permit = decide::<GenerateKemKeyPair>(&NOBODY, profile, request, NOW)?;
                Output::KeyPair(kem::generate_key_pair(permit, backend(profile), &self.key_use()?)?)
            }
            Operation::Encapsulate(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::Encapsulate::parse(&mut message, limits)?;
                let permit = decide::<Encapsulate>(&NOBODY, profile, request, NOW)?;
                Output::Encapsulated(kem::encapsulate(permit, backend(profile), &self.key_use()?)?)
            }
            Operation::Decapsulate(mut message) => {
                let profile = self.profile(&message.profile)?;
                let request = request::Decapsulate::parse(&mut message, limits)?;
                let permit = decide::<Decapsulate>(&NOBODY, profile, request, NOW)?;
                Output::Secret(kem::decapsulate(permit, backend(profile), &self.key_use()?)?)
            }
        })
    }

    fn hash_stream(&self, profile: &str, input: &[u8]) -> Result<Output, Failure> {
        let profile = self.profile(profile)?;
        let permit = decide::<HashStream>(&NOBODY, profile, request::HashStream::parse(0)?, NOW)?;
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
