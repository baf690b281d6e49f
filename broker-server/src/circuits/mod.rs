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
mod loaded_circuit;
mod need;
mod provenance;
mod randomness;
mod reservation;
mod store;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Instant,
};

use broker_groth16::{curve::CurveName, kernel::Kernel};

use self::{
    cache::{Cache, Loading, Lookup, Ticket},
    id::CalculatorLimits,
    load::Loader,
    loaded_circuit::CeremonyOfFile,
    reservation::Memory,
    store::Store,
};
pub use self::{
    error::{CircuitLoadError, NoSetup},
    id::CircuitId,
    loaded_circuit::LoadedCircuit,
    need::{Found, Need, Purpose},
    randomness::randomness,
    reservation::Reservation,
    store::{CeremonyFiles, StoreError},
};
use crate::{
    policy::profile::{CircuitRule, Groth16Rule},
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
    /// Whether proofs are made without vector instructions.
    pub portable: bool,
}

impl Default for CircuitOptions {
    fn default() -> Self {
        Self { memory: 2 << 30, store: None, portable: false }
    }
}

/// The circuits in memory, and the ways to get others.
#[derive(Debug)]
pub struct Circuits {
    cache: Arc<Cache>,
    /// Half of the memory: proofs whose witnesses arrive have no more of it together, so that callers who send nothing leave
    /// room for those who do.
    uploads: Arc<Memory>,
    /// The one upload that may be larger than that.
    large_upload: Arc<Memory>,
    store: Option<Arc<Store>>,
    kernel: Kernel,
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
        let uploads = Arc::new(Memory::new(options.memory / 2));
        let memory = Arc::new(Memory::new(options.memory));
        let large_upload = Arc::new(Memory::new(1));
        let kernel = if options.portable { Kernel::PORTABLE } else { Kernel::detect() };
        Arc::new(Self { cache: Arc::new(Cache::new(memory)), uploads, large_upload, store, kernel })
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
        load(
            &self.cache,
            self.store.as_deref(),
            &ticket,
            rule.curve,
            self.kernel,
            CalculatorLimits::new(rule),
            begin,
        );
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
        let (curve, kernel, calculator) = (rule.curve, self.kernel, CalculatorLimits::new(rule));
        let builder = thread::Builder::new().name("circuit-load".into());
        let spawned =
            builder.spawn(move || load(&cache, store.as_deref(), &ticket, curve, kernel, calculator, begin));
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

    /// Reserves the share of a proof whose witness arrives in the half of the memory that such proofs may have together. One
    /// that needs more than the half has no share: there may be one such at a time, beside the others. The memory itself is
    /// reserved separately.
    ///
    /// # Errors
    /// Fails where they would have more together, or where there is another large one.
    pub fn reserve_upload(&self, bytes: u64) -> Result<Reservation, CircuitLoadError> {
        let is_large = bytes > self.uploads.limit();
        let (shared, share) = if is_large { (&self.large_upload, 1) } else { (&self.uploads, bytes) };
        if shared.take(share) {
            return Ok(Memory::reservation(shared, share));
        }
        let limit = self.uploads.limit();
        let free = if is_large { 0 } else { self.uploads.free() };
        Err(CircuitLoadError::UploadsExhausted { needed: bytes, free, limit })
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
    kernel: Kernel,
    calculator: CalculatorLimits,
    begin: Result<BeginSetup, NoSetup>,
) {
    let loader = Loader { curve, kernel, circuit: ticket.circuit(), calculator, store, cache };
    let run = || loader.run(begin, &|| cache.is_abandoned(ticket));
    let result = catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(CircuitLoadError::Internal));
    cache.finish(ticket, result);
}

#[cfg(test)]
mod tests;
