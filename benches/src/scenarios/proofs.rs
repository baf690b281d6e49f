//! Proofs of the built-in circuits: random statements, and proofs of them by the broker's own code.

use broker_load::{Circuit, InTurn, Proven, Statement};

use super::{scenario, unexpected};
use crate::{
    Failure,
    in_process::{InProcess, Output},
    scenario::{Prover, Scenario, Task},
};

/// The profile of proofs.
const PROFILE: &str = "groth16";
/// The circuits with the provers that the broker chooses among for them, and ark-groth16's.
const CIRCUITS: [(Circuit, &[Prover]); 3] = [
    (Circuit::Multiply, &[Prover::ArkGroth16, Prover::Tables, Prover::Buckets]),
    (Circuit::CubeRoot, &[Prover::ArkGroth16, Prover::Tables, Prover::Buckets]),
    (Circuit::Payment, &[Prover::ArkGroth16, Prover::Shifted, Prover::Buckets]),
];
/// The number of random statements that are proven in turn.
const STATEMENTS: usize = 64;
/// The number of different proofs that are verified.
const PROOFS: usize = 4;
/// The number of proofs that are verified together.
const BATCH: usize = 64;

/// Returns the scenarios of all circuits. The keys of `broker` must be those of the server that is called.
pub(super) fn all(broker: &InProcess) -> Result<Vec<Scenario>, Failure> {
    let mut all = Vec::new();
    for (circuit, provers) in CIRCUITS {
        let [prove, verify, batch] = circuit_scenarios(broker, circuit)?;
        all.push(prove);
        for &prover in provers {
            let id = format!("groth16/{circuit}/prove/{}", prover.name());
            all.push(scenario(id, PROFILE, Task::ProveBy { circuit, prover }));
        }
        all.extend([verify, batch]);
    }
    Ok(all)
}

/// Returns the scenarios of one circuit through the broker: one proof, one verification, and a batch of them.
///
/// # Errors
/// Fails where the broker's code refuses a statement, or the system has no random numbers.
pub fn circuit_scenarios(broker: &InProcess, circuit: Circuit) -> Result<[Scenario; 3], Failure> {
    let statements = (0..STATEMENTS).map(|_| Statement::random(circuit)).collect::<Result<Vec<_>, _>>()?;
    let task = Task::Prove { statements: InTurn::new(statements) };
    let prove = scenario(format!("groth16/{circuit}/prove"), PROFILE, task);
    let mut proofs = Vec::with_capacity(PROOFS);
    for _ in 0..PROOFS {
        let statement = Statement::random(circuit)?;
        let message = broker_proto::v1::pipeline_request::Operation::Prove(statement.message(PROFILE));
        let Output::Proof(proof) = broker.run(message)? else { return Err(unexpected(&prove)) };
        proofs.push(statement.proven(proof.proof, proof.public));
    }
    let batch: Vec<Proven> = proofs.iter().cycle().take(BATCH).cloned().collect();
    let verify = Task::VerifyProof { proofs: InTurn::new(proofs) };
    let verify = scenario(format!("groth16/{circuit}/verify"), PROFILE, verify);
    let batch = Task::BatchVerify { circuit, proofs: batch };
    let batch = scenario(format!("groth16/{circuit}/batch-{BATCH}"), PROFILE, batch);
    Ok([prove, verify, batch])
}
