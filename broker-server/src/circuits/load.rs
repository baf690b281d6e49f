//! Loads a circuit, on a thread of its own.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use broker_groth16::{
    circuit::BuiltIn,
    curve::CurveName,
    interrupt::Interrupt,
    loaded::{self, LoadError, Loaded, OperatorFiles},
};

use super::{
    BeginSetup, CircuitLoadError, LoadedCircuit,
    cache::Loading,
    files,
    randomness::randomness,
    store::{Store, StoreError},
};
use crate::{
    policy::profile::{CircuitRule, CircuitSource, PinnedFile, ProofLimits},
    secret::on_wiped_stack,
    telemetry::audit::CircuitRecord,
};

/// How often the log tells the progress of a check.
const PROGRESS: Duration = Duration::from_secs(2);
/// The instructions of one calculation of a witness for each constraint that the profile allows, in units of fuel.
const FUEL_PER_CONSTRAINT: u64 = 100_000;
/// How long the record of a setup may take beside the audit's own limit.
const RECORD: Duration = Duration::from_secs(60);

/// What is needed to load one circuit.
pub(super) struct Loader<'a> {
    pub(super) curve: CurveName,
    pub(super) circuit: &'a CircuitRule,
    pub(super) limits: ProofLimits,
    pub(super) store: Option<&'a Store>,
    /// The largest length of a file in bytes.
    pub(super) memory: u64,
}

impl Loader<'_> {
    /// Loads the circuit, or makes its key, for which `begin` is there if that is allowed. `abandoned` tells whether nobody
    /// waits for the result any more.
    pub(super) fn run(
        &self,
        begin: Option<BeginSetup>,
        abandoned: &dyn Interrupt,
    ) -> Result<Loading, CircuitLoadError> {
        let start = Instant::now();
        let loading = match &self.circuit.source {
            CircuitSource::BuiltIn { circuit, key: None } => self.own_key(*circuit, begin, abandoned)?,
            CircuitSource::BuiltIn { circuit, key: Some(file) } => {
                let bytes = files::read(self.circuit, "Key", file, self.memory)?;
                let circuit = self.checked(file, |checked, progress| {
                    loaded::built_in(*circuit, self.curve, &bytes, checked, abandoned, progress)
                })?;
                existing(LoadedCircuit::new(circuit, false, false))
            }
            CircuitSource::Operator { zkey, r1cs, wasm, sym } => {
                let circuit = self.operator(zkey, [r1cs.as_ref(), wasm.as_ref(), sym.as_ref()], abandoned)?;
                let verified = r1cs.as_ref().is_some_and(|r1cs| self.is_verified(zkey, r1cs));
                existing(LoadedCircuit::new(circuit, false, verified))
            }
        };
        let info = loading.circuit.circuit.info();
        let limit = self.limits.constraints;
        if info.constraints > limit as usize {
            let (circuit, found) = (self.name(), info.constraints);
            return Err(CircuitLoadError::TooManyConstraints { circuit, found, limit });
        }
        if self.circuit.fingerprint.is_some_and(|expected| info.fingerprint.as_bytes() != &expected) {
            let (circuit, found) = (self.name(), info.fingerprint.to_string());
            return Err(CircuitLoadError::Fingerprint { circuit, found });
        }
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
        begin: Option<BeginSetup>,
        abandoned: &dyn Interrupt,
    ) -> Result<Loading, CircuitLoadError> {
        let version = circuit.description().version;
        let prefix = format!("{}-{}-v{version}-", self.curve, circuit.name());
        let load = |bytes: &[u8]| {
            // The bytes have the hash that the broker gave them when it made them.
            let circuit = loaded::built_in(circuit, self.curve, bytes, true, abandoned, &mut |_, _| {});
            Ok(existing(LoadedCircuit::new(circuit.map_err(|error| self.refused(error))?, false, false)))
        };
        if let Some(store) = self.store
            && let Some(bytes) = store.key(&prefix).map_err(|error| store_failed(&error))?
        {
            return load(&bytes);
        }
        let Some(begin) = begin else {
            let next = "its profile lets the broker make none unless a caller asks for it (Setup), or at all";
            return Err(CircuitLoadError::NoKey { circuit: self.name(), next });
        };
        let made = self.set_up(circuit, begin, abandoned)?;
        let Some(store) = self.store else {
            tracing::warn!(
                circuit = self.circuit.name,
                "the key of the circuit is ephemeral: no proof by it can be verified once this process has ended; \
                 --key-store keeps keys"
            );
            return Ok(Loading { circuit: LoadedCircuit::new(made, true, false), created: true });
        };
        let mut bytes = Vec::new();
        made.write_zkey(&mut bytes).map_err(|_| CircuitLoadError::Internal)?;
        match store.add_key(&prefix, &bytes).map_err(|error| store_failed(&error))? {
            Some(existing) => load(&existing),
            None => Ok(Loading { circuit: LoadedCircuit::new(made, false, false), created: true }),
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
        let made = on_wiped_stack(|| loaded::set_up(circuit, self.curve, randomness(), abandoned));
        if let Ok(made) = &made {
            key_use.identify_circuit(CircuitRecord {
                circuit: self.name(),
                setup_class: broker_groth16::key::SetupClass::SingleParty.as_str(),
                fingerprint: made.info().fingerprint.to_string(),
            });
        }
        let made = made.map_err(|error| self.refused(error));
        let pending = key_use.finish(made.as_ref().err().map(CircuitLoadError::reason), None);
        pending.wait_blocking(Instant::now() + RECORD).map_err(|_| CircuitLoadError::AuditUnavailable)?;
        made
    }

    fn operator(
        &self,
        zkey: &PinnedFile,
        [r1cs, wasm, sym]: [Option<&PinnedFile>; 3],
        abandoned: &dyn Interrupt,
    ) -> Result<Arc<dyn Loaded>, CircuitLoadError> {
        let read = |key, file: Option<&PinnedFile>| {
            file.map(|file| files::read(self.circuit, key, file, self.memory)).transpose()
        };
        let bytes = files::read(self.circuit, "Zkey", zkey, self.memory)?;
        let (r1cs, wasm, sym) = (read("R1cs", r1cs)?, read("Wasm", wasm)?, read("Sym", sym)?);
        let files = OperatorFiles {
            zkey: &bytes,
            r1cs: r1cs.as_deref(),
            wasm: wasm.as_deref(),
            sym: sym.as_deref(),
            calculator_memory: usize::try_from(self.limits.memory_per_proof).unwrap_or(usize::MAX),
            calculator_fuel: u64::from(self.limits.constraints).saturating_mul(FUEL_PER_CONSTRAINT),
        };
        self.checked(zkey, |checked, progress| {
            loaded::operator(files, self.curve, checked, abandoned, progress)
        })
    }

    /// Loads a `.zkey` with `load`, which is told whether the store says that its points have been checked. If not, the
    /// store notes it afterwards.
    fn checked(
        &self,
        zkey: &PinnedFile,
        load: impl FnOnce(bool, &mut dyn FnMut(usize, usize)) -> Result<Arc<dyn Loaded>, LoadError>,
    ) -> Result<Arc<dyn Loaded>, CircuitLoadError> {
        let checked = self.store.is_some_and(|store| store.is_checked(&zkey.sha256));
        let mut last = Instant::now();
        let circuit = load(checked, &mut |done, all| {
            if last.elapsed() >= PROGRESS {
                last = Instant::now();
                tracing::info!(circuit = self.circuit.name, done, all, "the points of the key are checked");
            }
        });
        let circuit = circuit.map_err(|error| self.refused(error))?;
        if let Some(store) = self.store.filter(|_| !checked)
            && let Err(error) = store.set_checked(&zkey.sha256)
        {
            // The key can be used. It will be checked again.
            tracing::warn!(%error, "the store of keys cannot note that a key has been checked");
        }
        Ok(circuit)
    }

    fn is_verified(&self, zkey: &PinnedFile, r1cs: &PinnedFile) -> bool {
        let powers =
            self.circuit.provenance.as_ref().and_then(|provenance| provenance.powers_of_tau.as_ref());
        let (Some(store), Some(powers)) = (self.store, powers) else { return false };
        store.is_verified(&zkey.sha256, &r1cs.sha256, &powers.sha256)
    }

    fn name(&self) -> String {
        self.circuit.name.clone()
    }

    fn refused(&self, error: LoadError) -> CircuitLoadError {
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
