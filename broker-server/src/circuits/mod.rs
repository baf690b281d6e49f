//! Circuits with their keys: which a profile means, how they are loaded or made, and how long they stay in memory.
//!
//! A circuit is loaded by one thread while all calls that need it wait without a thread ([`Circuits::get`]). It then stays in
//! memory within a budget. Keys that the broker makes go to the store on disk, if there is one; without one they are
//! ephemeral, and never leave memory before the process ends.

mod cache;
mod error;
mod files;
mod id;
mod load;
mod provenance;
mod randomness;
mod reservation;
mod store;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use broker_groth16::{
    ceremony::Ceremony, curve::CurveName, file::FileError, key::SetupClass, loaded::Loaded,
};

use self::{
    cache::{Cache, Loading, Lookup, Terms, Ticket},
    id::CalculatorLimits,
    load::Loader,
    reservation::Memory,
    store::Store,
};
pub use self::{
    error::CircuitLoadError,
    id::CircuitId,
    randomness::randomness,
    reservation::Reservation,
    store::{CeremonyFiles, StoreError},
};
use crate::{
    policy::profile::{CircuitRule, CircuitSource, Groth16Rule, SetupRule},
    telemetry::audit::{AuditUnavailable, KeyUse},
};

/// Begins the use of the randomness of a setup, so that the audit has a record of it.
pub type BeginSetup = Box<dyn FnOnce() -> Result<KeyUse, AuditUnavailable> + Send>;

/// Where keys are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitOptions {
    /// The memory for keys, and for the proofs that are being made, in bytes.
    pub memory: u64,
    /// The folder of keys that the broker has made.
    pub store: Option<PathBuf>,
}

impl Default for CircuitOptions {
    fn default() -> Self {
        Self { memory: 2 << 30, store: None }
    }
}

/// What a `.zkey` says about its ceremony, or why it does not.
type CeremonyOfFile = Result<Ceremony, FileError>;

/// A circuit that is in memory.
#[derive(Clone, Debug)]
pub struct LoadedCircuit {
    /// The circuit with its key.
    pub circuit: Arc<dyn Loaded>,
    /// Whether only this process has the key.
    pub ephemeral: bool,
    /// The SHA-256 of the powers of tau from which the key's ceremony has been verified. Profiles that share the circuit may
    /// name different ones.
    verified: Arc<[[u8; 32]]>,
    /// What the file of the key says about its ceremony, or why it does not; `None` where the key has no file.
    ceremony: Option<Arc<CeremonyOfFile>>,
    /// What measurements say about the time of one proof.
    cost: Arc<Cost>,
}

impl LoadedCircuit {
    fn new(circuit: Arc<dyn Loaded>, ephemeral: bool, verified: Vec<[u8; 32]>) -> Self {
        let cost = Arc::new(Cost::new(circuit.info().proof_time));
        Self { circuit, ephemeral, verified: verified.into(), ceremony: None, cost }
    }

    /// Adds what the file of the key, a `.zkey`, says about its ceremony.
    fn with_ceremony(self, ceremony: CeremonyOfFile) -> Self {
        Self { ceremony: Some(Arc::new(ceremony)), ..self }
    }

    /// Returns the class of the key under the profile's entry for the circuit.
    pub fn class(&self, rule: &CircuitRule) -> SetupClass {
        let powers = rule.provenance.as_ref().and_then(|provenance| provenance.powers_of_tau.as_ref());
        let verified = powers.is_some_and(|powers| self.verified.contains(&powers.sha256));
        match rule.declared_class() {
            // That its contributions are verified does not make several parties of one.
            Some(SetupClass::CeremonyClaimed) if verified => SetupClass::CeremonyVerified,
            Some(declared) => declared,
            None => SetupClass::SingleParty,
        }
    }

    /// Returns the expected time of one proof.
    pub fn proof_time(&self) -> Duration {
        self.cost.get()
    }

    /// Takes note of the time of a proof.
    pub fn measured(&self, time: Duration) {
        self.cost.measured(time);
    }
}

/// The expected time of a proof: an estimate by the size of the circuit, and then a moving average of the proofs.
#[derive(Debug)]
struct Cost(std::sync::atomic::AtomicU64);

impl Cost {
    fn new(estimate: Duration) -> Self {
        Self(nanoseconds(estimate).into())
    }

    fn get(&self) -> Duration {
        Duration::from_nanos(self.0.load(std::sync::atomic::Ordering::Relaxed))
    }

    /// Two proofs at the same time may overwrite each other's measurement, which is harmless.
    fn measured(&self, time: Duration) {
        let (before, new) = (nanoseconds(self.get()), nanoseconds(time));
        let average = before - before / 8 + new / 8;
        self.0.store(average, std::sync::atomic::Ordering::Relaxed);
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The circuits in memory, and the ways to get others.
#[derive(Debug)]
pub struct Circuits {
    cache: Arc<Cache>,
    store: Option<Arc<Store>>,
}

/// What a call needs: a circuit, and the key that the profile demands.
#[derive(Debug)]
pub struct Need<'a> {
    /// The section of the profile.
    pub rule: &'a Groth16Rule,
    /// The circuit in it.
    pub circuit: &'a Arc<CircuitRule>,
    /// What the call needs it for.
    pub purpose: Purpose,
}

/// What a call needs a circuit for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To have its key made.
    Setup,
    /// To use its key.
    Use,
    /// To verify what a key has proved before, so that a new key is of no use.
    Verification,
}

/// Why a call has no key made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSetup {
    /// The profile has `Setup: never`, or the key is in a file.
    #[error("its profile lets the broker make none (API.Groth16.Setup is `never`)")]
    Never,
    /// The profile has `Setup: by-request`.
    #[error("only the operation Setup makes it (API.Groth16.Setup is `by-request`)")]
    ByRequest,
    /// The call verifies.
    #[error(
        "verifying makes none, because there can be no proof under a new key; proving and the operation Setup make one"
    )]
    Verification,
}

/// The answer to a [`Need`].
#[derive(Debug)]
pub struct Found {
    /// The circuit.
    pub circuit: LoadedCircuit,
    /// Whether the key was made for this call. Others that waited for it find an existing one.
    pub created: bool,
}

impl Need<'_> {
    fn terms(&self) -> Terms {
        let has_file = !matches!(self.circuit.source, CircuitSource::BuiltIn { key: None, .. });
        let set_up = match (self.rule.setup, self.purpose) {
            (SetupRule::Never, _) => Err(NoSetup::Never),
            _ if has_file => Err(NoSetup::Never),
            (_, Purpose::Setup) | (SetupRule::OnFirstUse, Purpose::Use) => Ok(()),
            (SetupRule::ByRequest, _) => Err(NoSetup::ByRequest),
            (SetupRule::OnFirstUse, Purpose::Verification) => Err(NoSetup::Verification),
        };
        Terms { circuit: Arc::clone(self.circuit), set_up }
    }

    /// Checks the number of constraints against `Limits.Constraints`.
    fn check_constraints(&self, found: usize) -> Result<(), CircuitLoadError> {
        let limit = self.rule.limits.constraints;
        if found > limit as usize {
            let circuit = self.circuit.name.clone();
            return Err(CircuitLoadError::TooManyConstraints { circuit, found, limit });
        }
        Ok(())
    }

    /// Checks what is known before the circuit is loaded, so that no key is made in vain.
    fn check(&self) -> Result<(), CircuitLoadError> {
        match &self.circuit.source {
            CircuitSource::BuiltIn { circuit, .. } => {
                self.check_constraints(circuit.description().constraints)
            }
            CircuitSource::Operator { .. } => Ok(()),
        }
    }

    /// Checks a circuit, which may have been loaded for another profile, by what this profile says.
    fn accept(&self, loaded: &LoadedCircuit) -> Result<(), CircuitLoadError> {
        let info = loaded.circuit.info();
        self.check_constraints(info.constraints)?;
        if self.circuit.fingerprint.is_some_and(|expected| info.fingerprint.as_bytes() != &expected) {
            let (circuit, found) = (self.circuit.name.clone(), info.fingerprint.to_string());
            return Err(CircuitLoadError::Fingerprint { circuit, found });
        }
        match (&self.circuit.provenance, &loaded.ceremony) {
            (Some(provenance), Some(ceremony)) => {
                provenance::check(&self.circuit.name, provenance, (**ceremony).as_ref())
            }
            _ => Ok(()),
        }
    }
}

impl Circuits {
    /// Opens the store, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] where the folder cannot be used.
    pub fn new(options: &CircuitOptions) -> Result<Arc<Self>, StoreError> {
        let store = options.store.as_deref().map(Store::open).transpose()?.map(Arc::new);
        Ok(Self::with(options, store))
    }

    fn with(options: &CircuitOptions, store: Option<Arc<Store>>) -> Arc<Self> {
        let memory = Arc::new(Memory::new(options.memory));
        Arc::new(Self { cache: Arc::new(Cache::new(memory)), store })
    }

    /// Returns circuits without a store and with the default memory.
    pub fn in_memory_only() -> Arc<Self> {
        Self::with(&CircuitOptions::default(), None)
    }

    /// Reports whether the broker's own keys outlive the process.
    pub const fn has_store(&self) -> bool {
        self.store.is_some()
    }

    /// Returns a circuit if it is in memory.
    pub fn in_memory(&self, rule: &Groth16Rule, circuit: &CircuitRule) -> Option<LoadedCircuit> {
        self.cache.peek(&CircuitId::new(rule, circuit))
    }

    /// Returns a circuit, and loads it or makes its key if necessary. Waits without a thread, until `deadline`. All calls
    /// that need the same circuit wait for one thread. The work ends when no call waits for it any more.
    ///
    /// # Errors
    /// [`CircuitLoadError`].
    pub async fn get(
        &self,
        need: Need<'_>,
        deadline: Instant,
        begin: impl Fn() -> BeginSetup,
    ) -> Result<Found, CircuitLoadError> {
        need.check()?;
        let (id, terms) = (CircuitId::new(need.rule, need.circuit), need.terms());
        loop {
            let (mut receiver, is_own, same_terms) = match self.cache.look_up(&id, &terms) {
                Lookup::Loaded(circuit) => {
                    need.accept(&circuit)?;
                    return Ok(Found { circuit, created: false });
                }
                Lookup::Loading { receiver, same_terms } => (receiver, false, same_terms),
                Lookup::Absent(ticket, receiver) => {
                    self.start(ticket, need.rule, terms.set_up.map(|()| begin()))?;
                    (receiver, true, true)
                }
            };
            let outcome = tokio::time::timeout_at(deadline.into(), receiver.wait_for(Option::is_some)).await;
            match outcome {
                Err(_) => return Err(CircuitLoadError::DeadlineExceeded),
                // The thread was not started.
                Ok(Err(_)) => return Err(CircuitLoadError::Internal),
                Ok(Ok(outcome)) => match &*outcome {
                    Some(Ok(Loading { circuit, created })) => {
                        need.accept(circuit)?;
                        return Ok(Found { circuit: circuit.clone(), created: *created && is_own });
                    }
                    Some(Err(error)) if same_terms => return Err(error.clone()),
                    // It failed for another profile, whose terms are others. The next attempt is this call's, or another.
                    Some(Err(_)) => {}
                    None => return Err(CircuitLoadError::Internal),
                },
            }
        }
    }

    /// Loads a circuit on this thread, unless it is loaded or being loaded. `begin` is there if its key may be made.
    ///
    /// # Errors
    /// [`CircuitLoadError`].
    pub fn preload(
        &self,
        rule: &Groth16Rule,
        circuit: &Arc<CircuitRule>,
        begin: BeginSetup,
    ) -> Result<(), CircuitLoadError> {
        let need = Need { rule, circuit, purpose: Purpose::Use };
        need.check()?;
        let terms = need.terms();
        // The receiver stands for a call that waits, so that the work is not abandoned.
        let (ticket, receiver) = match self.cache.look_up(&CircuitId::new(rule, circuit), &terms) {
            Lookup::Absent(ticket, receiver) => (ticket, receiver),
            Lookup::Loaded(circuit) => return need.accept(&circuit),
            Lookup::Loading { .. } => return Ok(()),
        };
        let begin = terms.set_up.map(|()| begin);
        load(&self.cache, self.store.as_deref(), &ticket, rule.curve, CalculatorLimits::new(rule), begin);
        match &*receiver.borrow() {
            Some(Ok(loading)) => need.accept(&loading.circuit),
            Some(Err(error)) => Err(error.clone()),
            None => Err(CircuitLoadError::Internal),
        }
    }

    /// Starts the thread that loads a circuit. There is at most one for each circuit of the catalogue, beside those that
    /// have been told to stop.
    fn start(
        &self,
        ticket: Ticket,
        rule: &Groth16Rule,
        begin: Result<BeginSetup, NoSetup>,
    ) -> Result<(), CircuitLoadError> {
        let (cache, store) = (Arc::clone(&self.cache), self.store.clone());
        let (curve, calculator) = (rule.curve, CalculatorLimits::new(rule));
        let builder = thread::Builder::new().name("circuit-load".into());
        let spawned =
            builder.spawn(move || load(&cache, store.as_deref(), &ticket, curve, calculator, begin));
        spawned.map(drop).map_err(|error| {
            tracing::error!(%error, "a circuit cannot be loaded: the system has no thread");
            CircuitLoadError::Internal
        })
    }

    /// Reserves memory for one proof.
    ///
    /// # Errors
    /// Fails where keys and proofs together would exceed the memory.
    pub fn reserve(&self, bytes: u64) -> Result<Reservation, CircuitLoadError> {
        self.cache.reserve(bytes)
    }
}

/// Checks whether the store in `folder` can be used, and writes nothing.
///
/// # Errors
/// [`StoreError`] as [`Circuits::new`] would return it, as far as that can be determined in advance.
pub fn check_store(folder: &Path) -> Result<(), StoreError> {
    Store::check(folder)
}

/// Checks whether [`note_verified`] can use the store in `folder`, and writes nothing.
///
/// # Errors
/// [`StoreError`] as [`note_verified`] would return it, as far as that can be determined in advance.
pub fn check_existing_store(folder: &Path) -> Result<(), StoreError> {
    Store::check_existing(folder)
}

/// Notes in the store in `folder` that the ceremony of these files has been verified. A broker that loads the key with this
/// store afterwards takes it for verified, under profiles that name these constraints and powers of tau.
///
/// # Errors
/// [`StoreError`] where the folder does not exist or cannot be used.
pub fn note_verified(folder: &Path, files: &CeremonyFiles) -> Result<(), StoreError> {
    Store::open_existing(folder)?.set_verified(files)
}

/// Loads the circuit of a ticket, and tells the result to all calls that wait. A panic is a result, too.
fn load(
    cache: &Cache,
    store: Option<&Store>,
    ticket: &Ticket,
    curve: CurveName,
    calculator: CalculatorLimits,
    begin: Result<BeginSetup, NoSetup>,
) {
    let loader = Loader { curve, circuit: ticket.circuit(), calculator, store, cache };
    let run = || loader.run(begin, &|| cache.is_abandoned(ticket));
    let result = catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(CircuitLoadError::Internal));
    cache.finish(ticket, result);
}

#[cfg(test)]
mod tests;
