//! Executes the operations of `Groth16Service` with a circuit that is in memory.

mod error;
mod key;
mod upload;

use std::time::{Duration, Instant};

use broker_groth16::{
    circuit::BuiltIn,
    interrupt::Interrupt,
    loaded::{self, Checked, ProofFormat, Proved, Verified, VerifierTime, WitnessSource},
    verify::BatchLimits,
};
use rustix::time::{ClockId, clock_gettime};

pub use self::{
    error::{ErrorKind, ProofError},
    key::KeyInfo,
    upload::{WitnessUpload, prove_upload},
};
use crate::{
    circuits::{Circuits, LoadedCircuit, Need, Purpose, Reservation, randomness},
    policy::{
        Permit,
        permit::{self, CircuitParameters, Operation},
        profile::{CircuitSource, Groth16Rule},
    },
    request::{ProofItem, Witness},
    telemetry::audit::KeyUse,
};

/// How far a payment's time may be from the verifier's, in seconds, unless the verifier says otherwise.
const SKEW: u64 = 30;

/// What an operation uses beside its permit.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// All circuits, which count the memory of proofs.
    pub circuits: &'a Circuits,
    /// The circuit of the permit.
    pub circuit: &'a LoadedCircuit,
    /// Tells when the caller has left or the time is over.
    pub interrupt: &'a dyn Interrupt,
    /// The time in Unix seconds.
    pub now: i64,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("circuit", &self.circuit).finish_non_exhaustive()
    }
}

impl Context<'_> {
    fn verifier_time(&self) -> VerifierTime {
        verifier_time(self.now)
    }

    /// The names of the public signals with the values.
    fn named(&self, values: Vec<String>) -> Vec<(String, String)> {
        self.circuit.circuit.info().public.iter().cloned().zip(values).collect()
    }
}

fn verifier_time(now: i64) -> VerifierTime {
    VerifierTime { now: u64::try_from(now).unwrap_or_default(), skew: SKEW }
}

/// A proof, and where the time went.
#[derive(Debug)]
pub struct Proof {
    /// The proof.
    pub proof: Vec<u8>,
    /// The public signals by name.
    pub public: Vec<(String, String)>,
    /// The key.
    pub key: KeyInfo,
    /// The name of the prover.
    pub prover: &'static str,
    /// When the work began.
    pub began: Instant,
    /// Reading or calculating the witness.
    pub witness: Duration,
    /// Checking it.
    pub check: Duration,
    /// Making the proof.
    pub prove: Duration,
    /// Verifying it.
    pub self_verify: Duration,
    /// The memory that was reserved in bytes.
    pub reserved: u64,
}

/// Makes a proof.
// The permit is taken by value so that it is used only once.
#[allow(clippy::needless_pass_by_value)]
pub fn prove(
    permit: Permit<permit::Prove>,
    context: Context<'_>,
    key_use: &KeyUse,
) -> Result<Proof, ProofError> {
    let began = Instant::now();
    let request = permit.request();
    let key = key_of(&permit, context, request.fingerprint)?;
    key_use.identify_circuit(key.record(&permit.parameters().circuit.name));
    let reservation = reserve(permit.rule(), context, memory_of(&request.witness, context))?;
    let name = &permit.parameters().circuit.name;
    request.witness.with(|witness| {
        let task = Task { began, name, key, reserved: reservation.bytes(), format: request.format };
        task.prove(witness, context)
    })
}

/// A proof to make, for which there is memory.
struct Task<'a> {
    began: Instant,
    /// The name of the circuit.
    name: &'a str,
    key: KeyInfo,
    /// The memory that is reserved for it, in bytes.
    reserved: u64,
    format: ProofFormat,
}

impl Task<'_> {
    fn prove(self, witness: WitnessSource<'_>, context: Context<'_>) -> Result<Proof, ProofError> {
        let Self { began, name, key, reserved, format } = self;
        let (circuit, cpu_time) = (context.circuit, thread_cpu_time());
        let proved = circuit.circuit.prove(witness, format, randomness(), context.interrupt);
        let Proved { proof, checked, prover, prove, self_verify } = proved.map_err(|error| {
            let error = ProofError::from(error);
            if error.kind() == ErrorKind::Internal {
                tracing::error!(circuit = name, %error, "a proof failed: a bug");
            }
            error
        })?;
        circuit.measured(thread_cpu_time().saturating_sub(cpu_time));
        let Checked { public, witness, check } = checked;
        let public = context.named(public);
        Ok(Proof { proof, public, key, prover, began, witness, check, prove, self_verify, reserved })
    }
}

/// The CPU time of this thread. Unlike the time that passes, it does not grow when other programs use the cores, which would
/// send small circuits to the lane for long work.
fn thread_cpu_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

/// Checks that a stream of statements can be proven: the key is the one that profile and request accept.
#[allow(clippy::needless_pass_by_value)] // as above
pub fn check_key(permit: Permit<permit::ProveMany>, context: Context<'_>) -> Result<KeyInfo, ProofError> {
    key_of(&permit, context, permit.request().fingerprint)
}

/// The public signals by name, and the key.
pub type Statement = (Vec<(String, String)>, KeyInfo);

/// Checks a witness.
#[allow(clippy::needless_pass_by_value)] // as above
pub fn check_witness(
    permit: Permit<permit::CheckWitness>,
    context: Context<'_>,
    key_use: &KeyUse,
) -> Result<Statement, ProofError> {
    let request = permit.request();
    let key = key_of(&permit, context, None)?;
    key_use.identify_circuit(key.record(&permit.parameters().circuit.name));
    let _reservation = reserve(permit.rule(), context, memory_of(&request.witness, context))?;
    let checked =
        request.witness.with(|witness| context.circuit.circuit.check(witness, context.interrupt))?;
    Ok((context.named(checked.public), key))
}

/// Verifies a proof. Returns the verdict with the statement.
#[allow(clippy::needless_pass_by_value)] // as above
pub fn verify(
    permit: Permit<permit::VerifyProof>,
    context: Context<'_>,
) -> Result<(bool, Statement), ProofError> {
    let request = permit.request();
    let own = key_of(&permit, context, request.fingerprint.filter(|_| request.key.is_none()))?;
    let (verified, fingerprint) = request
        .item
        .with(|item| context.circuit.circuit.verify(item, request.key.as_deref(), context.verifier_time()))?;
    let key = match request.key {
        None => own,
        Some(_) => KeyInfo::of_caller(fingerprint, request.fingerprint)?,
    };
    Ok((verified.valid, (context.named(verified.public), key)))
}

/// Returns the built-in circuit and the caller's key with which a proof is to be verified. The circuit then needs no key of its
/// own, and is not loaded.
pub fn built_in_with_callers_key(permit: &Permit<permit::VerifyProof>) -> Option<(BuiltIn, &[u8])> {
    match (&permit.parameters().circuit.source, &permit.request().key) {
        (CircuitSource::BuiltIn { circuit, .. }, Some(key)) => Some((*circuit, key)),
        _ => None,
    }
}

/// Verifies a proof of a built-in circuit with the caller's key at the time `now`, in Unix seconds. Returns the verdict with
/// the statement.
pub fn verify_built_in(
    permit: &Permit<permit::VerifyProof>,
    circuit: BuiltIn,
    key: &[u8],
    now: i64,
) -> Result<(bool, Statement), ProofError> {
    let (request, rule) = (permit.request(), permit.rule());
    Need { rule, circuit: &permit.parameters().circuit, purpose: Purpose::Verification }.check()?;
    let curve = rule.curve;
    let verified =
        request.item.with(|item| loaded::verify_built_in(circuit, curve, &item, key, verifier_time(now)));
    let (Verified { valid, public }, fingerprint) = verified?;
    let key = KeyInfo::of_caller(fingerprint, request.fingerprint)?;
    let names = circuit.description().public().map(|signal| signal.name.to_owned());
    Ok((valid, (names.zip(public).collect(), key)))
}

/// Verifies proofs together. Returns a verdict for each.
#[allow(clippy::needless_pass_by_value)] // as above
pub fn batch_verify(
    permit: Permit<permit::BatchVerify>,
    context: Context<'_>,
) -> Result<(Vec<bool>, KeyInfo), ProofError> {
    let request = permit.request();
    let key = key_of(&permit, context, request.fingerprint)?;
    let limits = BatchLimits { items: permit.rule().limits.batch_items as usize, ..BatchLimits::default() };
    let circuit = &context.circuit.circuit;
    let verdicts = ProofItem::with_all(&request.items, |items| {
        circuit.verify_batch(items, context.verifier_time(), limits, randomness(), context.interrupt)
    })?;
    Ok((verdicts, key))
}

/// Writes the verifying key.
#[allow(clippy::needless_pass_by_value)] // as above
pub fn verifying_key(
    permit: Permit<permit::GetVerifyingKey>,
    context: Context<'_>,
) -> Result<(Vec<u8>, KeyInfo), ProofError> {
    let key = key_of(&permit, context, None)?;
    let format = permit.request().format.for_class(key.class.unwrap_or(SINGLE_PARTY));
    Ok((context.circuit.circuit.verifying_key(format)?, key))
}

/// Describes the key that was made, or was there.
#[allow(clippy::needless_pass_by_value)] // as above
pub fn set_up(permit: Permit<permit::SetupCircuit>, context: Context<'_>) -> Result<KeyInfo, ProofError> {
    key_of(&permit, context, None)
}

const SINGLE_PARTY: broker_groth16::key::SetupClass = broker_groth16::key::SetupClass::SingleParty;

/// Describes the key, and checks that profile and request accept it.
fn key_of<O: Operation<Rule = Groth16Rule, Parameters = CircuitParameters>>(
    permit: &Permit<O>,
    context: Context<'_>,
    expected: Option<[u8; 32]>,
) -> Result<KeyInfo, ProofError> {
    KeyInfo::new(permit.rule(), &permit.parameters().circuit, context.circuit, expected)
}

/// Returns the memory in bytes that a witness takes before it is read.
fn memory_of(witness: &Witness, context: Context<'_>) -> usize {
    match witness {
        Witness::Inputs(_) => context.circuit.circuit.info().calculator_bytes,
        Witness::File(_) => witness.bytes(),
    }
}

/// Reserves the memory of a proof, of which the witness takes `witness` bytes, within the profile's limit.
fn reserve(rule: &Groth16Rule, context: Context<'_>, witness: usize) -> Result<Reservation, ProofError> {
    Ok(context.circuits.reserve(needed(rule, context, witness)?)?)
}

/// Returns the memory of a proof in bytes, of which the witness takes `witness`, if it is within the profile's limit.
fn needed(rule: &Groth16Rule, context: Context<'_>, witness: usize) -> Result<u64, ProofError> {
    let info = context.circuit.circuit.info();
    let needed = info.proof_bytes.saturating_add(witness) as u64;
    let limit = rule.limits.memory_per_proof;
    if needed > limit {
        return Err(ProofError::MemoryPerProof { needed, limit, line: rule.line });
    }
    Ok(needed)
}
