//! The provers alone: each with the same key, and with the same random statements in turn.

#[path = "../../../broker-prover/tests/math/reference.rs"]
#[allow(dead_code, clippy::indexing_slicing, clippy::unwrap_used, reason = "it is a module of tests")]
mod reference;

use std::{collections::HashMap, hint::black_box, sync::Arc};

use ark_bn254::{Bn254, Fr};
use ark_ff::UniformRand;
use ark_std::rand::{SeedableRng, rngs::StdRng};
use broker_benches::{Failure, scenario::Prover};
use broker_groth16::{
    assignment::Assignment,
    circuit::{BuiltIn, CircuitCurve, Value, builder::NamedConstraints},
    interrupt::Never,
    kernel::Kernel,
    key::CircuitKey,
    prove::{Blinding, Tier},
    setup,
};
use broker_load::{Circuit, InTurn, Statement};
use criterion::Bencher;

use self::reference::ReferenceKey;

/// The number of random statements that are proven in turn.
const STATEMENTS: usize = 16;

/// The keys of circuits, with statements. Each is made when it is needed.
pub(crate) struct Provers {
    circuits: HashMap<Circuit, Prepared>,
    rng: StdRng,
}

struct Prepared {
    key: Arc<CircuitKey<Bn254>>,
    assignments: InTurn<Assignment<Fr>>,
}

impl Provers {
    pub(crate) fn new() -> Self {
        Self { circuits: HashMap::new(), rng: StdRng::seed_from_u64(1) }
    }

    /// Measures the check of the constraints and the proof.
    pub(crate) fn measure(
        &mut self,
        circuit: Circuit,
        prover: Prover,
        bencher: &mut Bencher<'_>,
    ) -> Result<(), Failure> {
        if !self.circuits.contains_key(&circuit) {
            let prepared = Prepared::new(circuit, &mut self.rng)?;
            self.circuits.insert(circuit, prepared);
        }
        let Prepared { key, assignments } = &self.circuits[&circuit];
        let rng = &mut self.rng;
        let next = || assignments.next().expect("there are statements");
        let tier = match prover {
            Prover::ArkGroth16 => {
                let reference = ReferenceKey::new(key);
                bencher.iter(|| {
                    let assignment = next();
                    key.constraints.check(assignment, &Never).expect("the statement is true");
                    black_box(reference.prove(Fr::rand(rng), Fr::rand(rng), assignment.values()))
                });
                return Ok(());
            }
            Prover::Tables => Tier::Tables { width: 8 },
            Prover::Shifted => Tier::Shifted { copies: 64 },
            Prover::Buckets => Tier::Buckets,
        };
        let prover = tier.prover(key, Kernel::detect(), &Never)?;
        bencher.iter(|| {
            let assignment = next();
            key.constraints.check(assignment, &Never).expect("the statement is true");
            prover.prove(assignment, &Blinding::random(rng), &Never).expect("nothing interrupts it")
        });
        Ok(())
    }
}

impl Prepared {
    fn new(circuit: Circuit, rng: &mut StdRng) -> Result<Self, Failure> {
        let built_in = BuiltIn::from_name(&circuit.to_string()).ok_or("there is no such circuit")?;
        let circuit_on_curve = Bn254::circuit(built_in).ok_or("the circuit is not defined over BN254")?;
        let NamedConstraints { system, .. } = circuit_on_curve.constraints();
        let key = Arc::new(setup::single_party::<Bn254>(system, rng, &Never)?);
        let mut assignments = Vec::with_capacity(STATEMENTS);
        for _ in 0..STATEMENTS {
            let message = Statement::random(circuit)?.message("");
            let mut inputs = circuit_on_curve.inputs();
            for input in &message.inputs {
                let text = Value::Text(input.text.as_deref().unwrap_or_default());
                let value = input.numbers.first().map_or(text, |number| Value::Number(number));
                inputs.set(&input.name, value)?;
            }
            assignments.push(inputs.assign()?);
        }
        Ok(Self { key, assignments: InTurn::new(assignments) })
    }
}
