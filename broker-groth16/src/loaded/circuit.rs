//! A circuit with its key over one curve.

use std::{
    fmt, io,
    sync::Arc,
    time::{Duration, Instant},
};

use ark_serialize::Compress;

#[cfg(feature = "wasm")]
use crate::witness_calculator::WitnessCalculator;
use crate::{
    assignment::Assignment,
    circuit::{Circuit, CircuitCurve, WitnessError, builder::Labels},
    constraint_system::Unsatisfied,
    file::{sym::SignalNames, wtns, zkey},
    interrupt::Interrupt,
    json,
    kernel::Kernel,
    key::{CircuitKey, Fingerprint},
    prove::{Estimate, SelfVerified, Tier},
    verify::{BatchItem, BatchLimits},
};

use super::{
    Checked, CircuitError, Info, Item, LoadError, Loaded, ProofFormat, Proved, Randomness, Verified,
    VerifierTime, VerifyingKeyFormat, WitnessSource, item::Decoded, values,
};

/// The memory for the tables of one key, in bytes. They make proofs of small circuits several times faster.
const PROVER_BYTES: usize = 64 << 20;
/// The time of one verification on one core.
const VERIFICATION: Duration = Duration::from_millis(1);
/// The number of signals that an error names.
const NAMED_SIGNALS: usize = 8;

/// How a circuit's witnesses are made and checked, beside its key.
pub(super) enum Origin<E: CircuitCurve> {
    /// A built-in circuit, with the names of its constraints.
    BuiltIn { circuit: Circuit<E::ScalarField>, constraints: Labels },
    /// An operator's circuit.
    Operator {
        #[cfg(feature = "wasm")]
        calculator: Option<WitnessCalculator<E::ScalarField>>,
        names: SignalNames,
    },
}

impl<E: CircuitCurve> Origin<E> {
    #[cfg(feature = "wasm")]
    fn calculator_bytes(&self) -> usize {
        match self {
            Self::Operator { calculator: Some(calculator), .. } => calculator.memory(),
            Self::Operator { calculator: None, .. } | Self::BuiltIn { .. } => 0,
        }
    }

    #[cfg(not(feature = "wasm"))]
    const fn calculator_bytes(&self) -> usize {
        0
    }
}

/// A circuit with its key.
pub(super) struct WithKey<E: CircuitCurve> {
    info: Info,
    key: Arc<CircuitKey<E>>,
    prover: SelfVerified<E>,
    origin: Origin<E>,
}

impl<E: CircuitCurve> WithKey<E> {
    /// Prepares a key that has been checked, or whose pin is still to be confirmed.
    pub(super) fn new(
        key: CircuitKey<E>,
        origin: Origin<E>,
        kernel: Kernel,
        interrupt: &dyn Interrupt,
    ) -> Result<Self, LoadError> {
        key.validate()?;
        let key = Arc::new(key);
        let prover = Tier::choose(&key, PROVER_BYTES, kernel).prover(&key, kernel, interrupt)?;
        let prover = SelfVerified::new(prover, &key)?;
        let Estimate { time, bytes } = prover.estimate();
        let constraints = &key.constraints;
        let public = constraints.public;
        let names = |name: &dyn Fn(usize) -> Option<String>| {
            (0..public).map(|index| name(index).unwrap_or_else(|| format!("public[{index}]"))).collect()
        };
        let (public, takes_inputs) = match &origin {
            Origin::BuiltIn { circuit, .. } => {
                let inputs: Vec<_> = circuit.description().public().collect();
                (names(&|index| Some(inputs.get(index)?.name.to_owned())), true)
            }
            #[cfg(feature = "wasm")]
            Origin::Operator { names: signals, calculator } => {
                (names(&|index| signals.name(index + 1).map(str::to_owned)), calculator.is_some())
            }
            #[cfg(not(feature = "wasm"))]
            Origin::Operator { names: signals } => {
                (names(&|index| signals.name(index + 1).map(str::to_owned)), false)
            }
        };
        let (signals, domain) = (constraints.signals, key.proving.h_query.len());
        let info = Info {
            curve: E::NAME,
            fingerprint: Fingerprint::from(&key.proving.verifying),
            constraints: constraints.constraints(),
            signals,
            witness_bytes: wtns::length::<E>(signals),
            domain,
            public,
            takes_inputs,
            checks_witness: constraints.c.is_some(),
            bytes: key.bytes().saturating_add(prover.bytes()),
            proof_bytes: bytes.saturating_add(signals.saturating_mul(E::SCALAR_FIELD_BYTES)),
            calculator_bytes: origin.calculator_bytes(),
            proof_time: time.saturating_add(VERIFICATION),
        };
        Ok(Self { info, key, prover, origin })
    }

    /// Makes the values of all signals, and says how long that took. A built-in circuit's inputs are checked on the way.
    fn assign(
        &self,
        witness: WitnessSource<'_>,
        interrupt: &dyn Interrupt,
    ) -> Result<(Assignment<E::ScalarField>, Duration), CircuitError> {
        let start = Instant::now();
        let assignment = match (witness, &self.origin) {
            (WitnessSource::File(bytes), _) => {
                wtns::read::<E>(bytes, self.info.signals).map_err(CircuitError::Witness)?
            }
            (WitnessSource::Inputs(inputs), Origin::BuiltIn { circuit, .. }) => {
                let mut given = circuit.inputs();
                for (name, value) in inputs {
                    given.set(name, value.single(name)?)?;
                }
                given.assign().map_err(|error| match error {
                    WitnessError::Input(error) => CircuitError::Input(error),
                    WitnessError::Unsatisfied { circuit, constraint, .. } => CircuitError::Unsatisfied {
                        constraint: format!("`{circuit}: {constraint}`"),
                        signals: String::new(),
                    },
                })?
            }
            #[cfg(feature = "wasm")]
            (WitnessSource::Inputs(inputs), Origin::Operator { calculator, .. }) => {
                let calculator = calculator.as_ref().ok_or(CircuitError::NoCalculator)?;
                let numbers = values::numbers::<E::ScalarField>(inputs)?;
                calculator
                    .calculate(numbers.iter().map(|(name, values)| (*name, values.as_slice())), interrupt)?
            }
            #[cfg(not(feature = "wasm"))]
            (WitnessSource::Inputs(_), Origin::Operator { .. }) => return Err(CircuitError::NoCalculator),
        };
        interrupt.check()?;
        Ok((assignment, start.elapsed()))
    }

    /// Checks the constraints, if they are known.
    fn check_constraints(
        &self,
        assignment: &Assignment<E::ScalarField>,
        interrupt: &dyn Interrupt,
    ) -> Result<Option<Duration>, CircuitError> {
        let start = Instant::now();
        match self.key.constraints.check(assignment, interrupt) {
            Ok(()) => Ok(Some(start.elapsed())),
            Err(Unsatisfied::UnknownC) => Ok(None),
            Err(Unsatisfied::Constraint { index }) => Err(self.unsatisfied(index)),
            Err(Unsatisfied::Interrupted(interrupted)) => Err(interrupted.into()),
        }
    }

    fn unsatisfied(&self, index: usize) -> CircuitError {
        match &self.origin {
            Origin::BuiltIn { circuit, constraints } => {
                let name = constraints.get(index).map_or_else(|| index.to_string(), |name| name.to_string());
                let constraint = format!("`{}: {name}`", circuit.description().name);
                CircuitError::Unsatisfied { constraint, signals: String::new() }
            }
            Origin::Operator { names, .. } => {
                let constraints = &self.key.constraints;
                let matrices = [Some(&constraints.a), Some(&constraints.b), constraints.c.as_ref()];
                let mut signals: Vec<usize> = matrices
                    .into_iter()
                    .flatten()
                    .filter_map(|matrix| matrix.iter().nth(index))
                    .flat_map(|row| row.entries().map(|(signal, _)| signal).collect::<Vec<_>>())
                    .collect();
                signals.sort_unstable();
                signals.dedup();
                let mut named: Vec<&str> = signals.iter().filter_map(|signal| names.name(*signal)).collect();
                let more = named.len().saturating_sub(NAMED_SIGNALS);
                named.truncate(NAMED_SIGNALS);
                let signals = match (named.is_empty(), more) {
                    (true, _) => String::new(),
                    (false, 0) => format!("; its signals are {}", named.join(", ")),
                    (false, more) => format!("; its signals are {} and {more} more", named.join(", ")),
                };
                CircuitError::Unsatisfied { constraint: index.to_string(), signals }
            }
        }
    }

    fn checked(
        &self,
        assignment: &Assignment<E::ScalarField>,
        witness: Duration,
        check: Duration,
    ) -> Checked {
        Checked { public: values::decimal(assignment.public(self.info.public.len())), witness, check }
    }

    /// The definition of a built-in circuit.
    const fn built_in(&self) -> Option<&Circuit<E::ScalarField>> {
        match &self.origin {
            Origin::BuiltIn { circuit, .. } => Some(circuit),
            Origin::Operator { .. } => None,
        }
    }
}

impl<E: CircuitCurve> Loaded for WithKey<E> {
    fn info(&self) -> &Info {
        &self.info
    }

    fn check(&self, witness: WitnessSource<'_>, interrupt: &dyn Interrupt) -> Result<Checked, CircuitError> {
        if !self.info.checks_witness {
            return Err(CircuitError::NoConstraints);
        }
        let (assignment, witness) = self.assign(witness, interrupt)?;
        let check = self.check_constraints(&assignment, interrupt)?.ok_or(CircuitError::NoConstraints)?;
        Ok(self.checked(&assignment, witness, check))
    }

    fn prove(
        &self,
        witness: WitnessSource<'_>,
        format: ProofFormat,
        mut randomness: Randomness,
        interrupt: &dyn Interrupt,
    ) -> Result<Proved, CircuitError> {
        let (assignment, witness) = self.assign(witness, interrupt)?;
        let check = self.check_constraints(&assignment, interrupt)?.unwrap_or_default();
        let proven = self.prover.prove(&assignment, &mut randomness, interrupt)?;
        let proof = match format {
            ProofFormat::SnarkjsJson => json::proof::write(&proven.proof).into_bytes(),
            ProofFormat::Arkworks => proven.proof.to_bytes(Compress::Yes),
        };
        let checked = self.checked(&assignment, witness, check);
        let (prove, self_verify) = (proven.prove, proven.verify);
        Ok(Proved { proof, checked, prover: self.prover.name(), prove, self_verify })
    }

    fn verify(
        &self,
        item: Item<'_>,
        key: Option<&[u8]>,
        time: VerifierTime,
    ) -> Result<(Verified, Fingerprint), CircuitError> {
        let item = Decoded::read(&item, self.built_in(), time)?;
        match key {
            None => Ok((item.verify(self.prover.verifying_key())?, self.info.fingerprint)),
            Some(key) => item.verify_with(key, self.info.public.len()),
        }
    }

    fn verify_batch(
        &self,
        items: &[Item<'_>],
        time: VerifierTime,
        limits: BatchLimits,
        mut randomness: Randomness,
        interrupt: &dyn Interrupt,
    ) -> Result<Vec<bool>, CircuitError> {
        let mut decoded = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            interrupt.check()?;
            let item = Decoded::read(item, self.built_in(), time);
            decoded.push(item.map_err(|error| CircuitError::Item { index, error: Box::new(error) })?);
        }
        let items: Vec<_> =
            decoded.iter().map(|item| BatchItem { proof: &item.proof, public: &item.public }).collect();
        Ok(self.prover.verifying_key().verify_batch(&items, limits, &mut randomness, interrupt)?)
    }

    fn verifying_key(&self, format: VerifyingKeyFormat) -> Result<Vec<u8>, CircuitError> {
        let key = &self.key.proving.verifying;
        Ok(match format {
            VerifyingKeyFormat::SnarkjsJson => json::verifying_key::write(key).into_bytes(),
            VerifyingKeyFormat::Arkworks => key.to_bytes(Compress::No),
            VerifyingKeyFormat::Solidity(class, single_party) => {
                let contract = E::contract(key, class, single_party);
                contract.ok_or(CircuitError::NoSolidity { curve: E::NAME })??.into_bytes()
            }
        })
    }

    fn write_zkey(&self, output: &mut dyn io::Write) -> io::Result<()> {
        zkey::write(&self.key, None, &mut { output })
    }
}

impl<E: CircuitCurve> fmt::Debug for WithKey<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WithKey").field("info", &self.info).finish_non_exhaustive()
    }
}
