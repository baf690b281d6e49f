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
mod randomness;
mod reservation;
mod store;

use std::{
    path::PathBuf,
    sync::{Arc, Weak},
    thread,
    time::{Duration, Instant},
};

use broker_groth16::{curve::CurveName, key::SetupClass, loaded::Loaded};
use tokio::sync::watch;

use self::{
    cache::{Cache, Loading, Lookup},
    load::Loader,
    reservation::Memory,
    store::Store,
};
pub use self::{
    error::CircuitLoadError, id::CircuitId, randomness::randomness, reservation::Reservation,
    store::StoreError,
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

/// A circuit that is in memory.
#[derive(Clone, Debug)]
pub struct LoadedCircuit {
    /// The circuit with its key.
    pub circuit: Arc<dyn Loaded>,
    /// Whether only this process has the key.
    pub ephemeral: bool,
    /// Whether the contributions of the key's ceremony have been verified.
    pub verified: bool,
    /// What measurements say about the time of one proof.
    cost: Arc<Cost>,
}

impl LoadedCircuit {
    fn new(circuit: Arc<dyn Loaded>, ephemeral: bool, verified: bool) -> Self {
        let cost = Arc::new(Cost::new(circuit.info().proof_time));
        Self { circuit, ephemeral, verified, cost }
    }

    /// Returns the class of the key under the profile's entry for the circuit.
    pub fn class(&self, rule: &CircuitRule) -> SetupClass {
        match rule.declared_class() {
            Some(declared) if self.verified => declared.max(SetupClass::CeremonyVerified),
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
    cache: Cache,
    memory: Arc<Memory>,
    store: Option<Arc<Store>>,
    /// Loading threads hold the circuits by it.
    this: Weak<Self>,
}

/// What a call needs: a circuit, and the key that the profile demands.
#[derive(Debug)]
pub struct Need<'a> {
    /// The section of the profile.
    pub rule: &'a Groth16Rule,
    /// The circuit in it.
    pub circuit: &'a Arc<CircuitRule>,
    /// Whether the request itself asks for a key to be made.
    pub by_request: bool,
}

/// The answer to a [`Need`].
#[derive(Debug)]
pub struct Found {
    /// The circuit.
    pub circuit: LoadedCircuit,
    /// Whether the key was made for this call or for one at the same time.
    pub created: bool,
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
        Arc::new_cyclic(|this| Self {
            cache: Cache::new(Arc::clone(&memory)),
            memory,
            store,
            this: this.clone(),
        })
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
    pub fn in_memory(&self, curve: CurveName, circuit: &CircuitRule) -> Option<LoadedCircuit> {
        self.cache.peek(&CircuitId::new(curve, circuit))
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
        begin: impl FnOnce() -> BeginSetup,
    ) -> Result<Found, CircuitLoadError> {
        let id = CircuitId::new(need.rule.curve, need.circuit);
        let mut receiver = match self.cache.look_up(&id) {
            Lookup::Loaded(circuit) => return Ok(Found { circuit, created: false }),
            Lookup::Loading(receiver) => receiver,
            Lookup::Absent(loading, receiver) => {
                let may_set_up = match need.rule.setup {
                    SetupRule::Never => false,
                    SetupRule::OnFirstUse => true,
                    SetupRule::ByRequest => need.by_request,
                };
                let may_set_up =
                    may_set_up && matches!(need.circuit.source, CircuitSource::BuiltIn { key: None, .. });
                let begin = may_set_up.then(begin);
                self.start(loading, Arc::clone(need.circuit), need.rule, begin)?;
                receiver
            }
        };
        let outcome = tokio::time::timeout_at(deadline.into(), receiver.wait_for(Option::is_some)).await;
        match outcome {
            Err(_) => Err(CircuitLoadError::DeadlineExceeded),
            // The thread panicked.
            Ok(Err(_)) => Err(CircuitLoadError::Internal),
            Ok(Ok(outcome)) => match &*outcome {
                Some(Ok(Loading { circuit, created })) => {
                    Ok(Found { circuit: circuit.clone(), created: *created })
                }
                Some(Err(error)) => Err(error.clone()),
                None => Err(CircuitLoadError::Internal),
            },
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
        let id = CircuitId::new(rule.curve, circuit);
        // The receiver stands for a call that waits, so that the work is not abandoned.
        let Lookup::Absent(loading, _receiver) = self.cache.look_up(&id) else { return Ok(()) };
        let may_set_up = rule.setup == SetupRule::OnFirstUse
            && matches!(circuit.source, CircuitSource::BuiltIn { key: None, .. });
        let loader = Loader {
            curve: rule.curve,
            circuit,
            limits: rule.limits,
            store: self.store.as_deref(),
            memory: self.memory.limit(),
        };
        let result = loader.run(may_set_up.then_some(begin), &|| loading.is_abandoned());
        let error = result.as_ref().err().cloned();
        self.cache.finish(&loading, result);
        error.map_or(Ok(()), Err)
    }

    /// Starts the thread that loads a circuit. There is at most one for each circuit of the catalogue.
    fn start(
        &self,
        loading: cache::Ticket,
        circuit: Arc<CircuitRule>,
        rule: &Groth16Rule,
        begin: Option<BeginSetup>,
    ) -> Result<(), CircuitLoadError> {
        let (curve, limits) = (rule.curve, rule.limits);
        let (this, store) = (self.this.clone(), self.store.clone());
        let builder = thread::Builder::new().name("circuit-load".into());
        let spawned = builder.spawn(move || {
            let memory = this.upgrade().map_or(0, |circuits| circuits.memory.limit());
            let loader = Loader { curve, circuit: &circuit, limits, store: store.as_deref(), memory };
            let result = loader.run(begin, &|| loading.is_abandoned());
            if let Some(circuits) = this.upgrade() {
                circuits.cache.finish(&loading, result);
            }
        });
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
        Memory::reserve(&self.memory, bytes)
    }
}

/// The result of loading, which all calls that wait for it share.
type Outcome = Option<Result<Loading, CircuitLoadError>>;
type Sender = watch::Sender<Outcome>;
