//! Loads a circuit, on a thread of its own.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use broker_groth16::{
    ceremony,
    circuit::BuiltIn,
    curve::CurveName,
    interrupt::Interrupt,
    kernel::Kernel,
    loaded::{self, LoadError, Loaded, OperatorFiles, Pin},
};

use super::{
    BeginSetup, CeremonyOfFile, CircuitLoadError, LoadedCircuit, NoSetup,
    cache::{Cache, Loading},
    files,
    id::CalculatorLimits,
    randomness::randomness,
    store::{Store, StoreError},
};
use crate::{
    policy::profile::{CircuitRule, CircuitSource, PinnedFile},
    secret::on_wiped_stack,
    telemetry::audit::CircuitRecord,
};

/// How often the log tells the progress of a check.
const PROGRESS: Duration = Duration::from_secs(2);
/// How long the record of a setup may take beside the audit's own limit.
const RECORD: Duration = Duration::from_secs(60);

/// What is needed to load one circuit.
pub(super) struct Loader<'a> {
    pub(super) curve: CurveName,
    pub(super) kernel: Kernel,
    pub(super) circuit: &'a CircuitRule,
    pub(super) calculator: CalculatorLimits,
    pub(super) store: Option<&'a Store>,
    /// Counts the memory of files.
    pub(super) cache: &'a Cache,
}

impl Loader<'_> {
    /// Loads the circuit, or makes its key, for which `begin` is there if that is allowed. `abandoned` tells whether nobody
    /// waits for the result any more.
    pub(super) fn run(
        &self,
        begin: Result<BeginSetup, NoSetup>,
        abandoned: &dyn Interrupt,
    ) -> Result<Loading, CircuitLoadError> {
        let start = Instant::now();
        let loading = match &self.circuit.source {
            CircuitSource::BuiltIn { circuit, key: None } => self.own_key(*circuit, begin, abandoned)?,
            CircuitSource::BuiltIn { circuit, key: Some(file) } => {
                let (circuit, ceremony) =
                    self.pinned("Key", file, abandoned, |bytes, pin, stop, progress| {
                        let loaded =
                            loaded::built_in(*circuit, self.curve, self.kernel, bytes, pin, stop, progress);
                        loaded.map_err(|error| self.refused(error, abandoned))
                    })?;
                existing(LoadedCircuit::new(circuit, false, Vec::new()).with_ceremony(ceremony))
            }
            CircuitSource::Operator { zkey, r1cs, wasm, sym } => {
                let files = [r1cs.as_ref(), wasm.as_ref(), sym.as_ref()];
                let (circuit, ceremony) = self.operator(zkey, files, abandoned)?;
                let verified = match (self.store, r1cs) {
                    (Some(store), Some(r1cs)) => store.verified(&zkey.sha256, &r1cs.sha256),
                    _ => Vec::new(),
                };
                existing(LoadedCircuit::new(circuit, false, verified).with_ceremony(ceremony))
            }
        };
        let info = loading.circuit.circuit.info();
        tracing::info!(
            circuit = self.circuit.name,
            curve = %self.curve,
            constraints = info.constraints,
            fingerprint = %info.fingerprint,
            created = loading.created,
            ephemeral = loading.circuit.ephemeral,
            duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
            "the circuit is loaded"
        );
        Ok(loading)
    }

    /// Loads the key that a broker has made, or makes it.
    fn own_key(
        &self,
        circuit: BuiltIn,
        begin: Result<BeginSetup, NoSetup>,
        abandoned: &dyn Interrupt,
    ) -> Result<Loading, CircuitLoadError> {
        let version = circuit.description().version;
        let prefix = format!("{}-{}-v{version}-", self.curve, circuit.name());
        let load = |bytes: &[u8]| {
            // The bytes have the hash that the broker gave them when it made them.
            let circuit = loaded::built_in(
                circuit,
                self.curve,
                self.kernel,
                bytes,
                Pin::CHECKED,
                abandoned,
                &mut |_, _| {},
            );
            let circuit = circuit.map_err(|error| self.refused(error, abandoned))?;
            Ok(existing(LoadedCircuit::new(circuit, false, Vec::new())))
        };
        if let Some(store) = self.store
            && let Some(bytes) = store.key(&prefix).map_err(|error| store_failed(&error))?
        {
            return load(&bytes);
        }
        let begin = begin.map_err(|reason| CircuitLoadError::NoKey { circuit: self.name(), reason })?;
        let made = self.set_up(circuit, begin, abandoned)?;
        let Some(store) = self.store else {
            tracing::warn!(
                circuit = self.circuit.name,
                "the key of the circuit is ephemeral: no proof by it can be verified once this process has ended; \
                 --key-store keeps keys"
            );
            return Ok(Loading { circuit: LoadedCircuit::new(made, true, Vec::new()), created: true });
        };
        let mut bytes = Vec::new();
        made.write_zkey(&mut bytes).map_err(|_| CircuitLoadError::Internal)?;
        match store.add_key(&prefix, &bytes).map_err(|error| store_failed(&error))? {
            Some(existing) => load(&existing),
            None => Ok(Loading { circuit: LoadedCircuit::new(made, false, Vec::new()), created: true }),
        }
    }

    /// Makes a key, with a record in the audit.
    fn set_up(
        &self,
        circuit: BuiltIn,
        begin: BeginSetup,
        abandoned: &dyn Interrupt,
    ) -> Result<Arc<dyn Loaded>, CircuitLoadError> {
        let key_use = begin().map_err(|_| CircuitLoadError::AuditUnavailable)?;
        let made =
            on_wiped_stack(|| loaded::set_up(circuit, self.curve, self.kernel, randomness(), abandoned));
        if let Ok(made) = &made {
            key_use.identify_circuit(CircuitRecord {
                circuit: self.name(),
                setup_class: broker_groth16::key::SetupClass::SingleParty.as_str(),
                fingerprint: made.info().fingerprint.to_string(),
            });
        }
        let made = made.map_err(|error| self.refused(error, abandoned));
        let pending = key_use.finish(made.as_ref().err().map(CircuitLoadError::reason), None);
        pending.wait_blocking(Instant::now() + RECORD).map_err(|_| CircuitLoadError::AuditUnavailable)?;
        made
    }

    fn operator(
        &self,
        zkey: &PinnedFile,
        [r1cs, wasm, sym]: [Option<&PinnedFile>; 3],
        abandoned: &dyn Interrupt,
    ) -> Result<(Arc<dyn Loaded>, CeremonyOfFile), CircuitLoadError> {
        let read = |key, file: Option<&PinnedFile>| {
            file.map(|file| files::read(self.circuit, key, file, self.cache)).transpose()
        };
        self.pinned("Zkey", zkey, abandoned, |zkey, pin, stop, progress| {
            let (r1cs, wasm, sym) = (read("R1cs", r1cs)?, read("Wasm", wasm)?, read("Sym", sym)?);
            let files = OperatorFiles {
                zkey,
                r1cs: r1cs.as_ref().map(|file| &*file.bytes),
                wasm: wasm.as_ref().map(|file| &*file.bytes),
                sym: sym.as_ref().map(|file| &*file.bytes),
                calculator_memory: usize::try_from(self.calculator.memory).unwrap_or(usize::MAX),
                calculator_fuel: self.calculator.fuel,
            };
            let loaded = loaded::operator(files, self.curve, self.kernel, pin, stop, progress);
            loaded.map_err(|error| self.refused(error, abandoned))
        })
    }

    /// Reads a `.zkey` and loads it with `load`, while another thread hashes the same bytes. `load` is told whether the store
    /// says that the points of the file with this hash have been checked. If not, the store notes it afterwards.
    fn pinned(
        &self,
        key: &'static str,
        zkey: &PinnedFile,
        abandoned: &dyn Interrupt,
        load: impl FnOnce(
            &[u8],
            Pin<'_>,
            &dyn Interrupt,
            &mut dyn FnMut(usize, usize),
        ) -> Result<Arc<dyn Loaded>, CircuitLoadError>,
    ) -> Result<(Arc<dyn Loaded>, CeremonyOfFile), CircuitLoadError> {
        let checked = self.store.is_some_and(|store| store.is_checked(&zkey.sha256));
        let mut last = Instant::now();
        let mut progress = |done, all| {
            if last.elapsed() >= PROGRESS {
                last = Instant::now();
                tracing::info!(circuit = self.circuit.name, done, all, "the points of the key are checked");
            }
        };
        let loaded = files::read_while_hashing(self.circuit, key, zkey, self.cache, |bytes, hash| {
            let stop = || abandoned.is_requested() || hash.is_known_to_be_wrong();
            let circuit = load(bytes, Pin { checked, confirm: &|| hash.is_right() }, &stop, &mut progress)?;
            Ok((circuit, ceremony::read(bytes)))
        })?;
        if let Some(store) = self.store.filter(|_| !checked)
            && let Err(error) = store.set_checked(&zkey.sha256)
        {
            // The key can be used. It will be checked again.
            tracing::warn!(%error, "the store of keys cannot note that a key has been checked");
        }
        Ok(loaded)
    }

    fn name(&self) -> String {
        self.circuit.name.clone()
    }

    fn refused(&self, error: LoadError, abandoned: &dyn Interrupt) -> CircuitLoadError {
        if abandoned.is_requested() {
            return CircuitLoadError::Cancelled;
        }
        CircuitLoadError::Refused { circuit: self.name(), cause: Arc::new(error) }
    }
}

const fn existing(circuit: LoadedCircuit) -> Loading {
    Loading { circuit, created: false }
}

/// The path of the store is the operator's business, so that it goes to the log and not to the caller.
fn store_failed(error: &StoreError) -> CircuitLoadError {
    tracing::error!(%error, "the store of keys cannot be used");
    CircuitLoadError::Store("it cannot be read or written; the operator's log says why".to_owned())
}
