//! The cells of a matrix.

use std::time::Duration;

use broker_testca::KeyType;

use crate::{
    error::LoadError,
    mix::Mix,
    operation::Operation,
    options::{ClientKind, Lane, Wire},
    plan::{Concurrency, Item, Plan, RunLength},
    statement::Circuit,
};

/// The parameters whose combinations are measured. A parameter that an operation does not have is not varied for it.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The operations.
    pub operations: Vec<Operation>,
    /// The profiles; where this is empty, each operation has a bundled one.
    pub profiles: Vec<String>,
    /// The bytes that are hashed, signed or encrypted.
    pub sizes: Vec<u32>,
    /// The types of the CA's key, for certificates.
    pub issuers: Vec<KeyType>,
    /// The type of the certified key, for certificates.
    pub subject: KeyType,
    /// The circuits, for proofs.
    pub circuits: Vec<Circuit>,
    /// The lanes.
    pub lanes: Vec<Lane>,
    /// The numbers of callers.
    pub concurrency: Vec<u32>,
    /// When a run ends.
    pub length: RunLength,
    /// The time for which calls are made before they are counted.
    pub warm_up: Duration,
    /// The protocol.
    pub wire: Wire,
    /// The code that sends requests.
    pub client: ClientKind,
    /// The number of connections that the callers share. A cell never has more connections than callers.
    pub connections: u32,
    /// The number of threads over which the connections are spread. A cell never has more threads than connections.
    pub threads: u32,
    /// The processors that this program is kept on.
    pub pin: Option<Vec<usize>>,
}

/// One combination of parameters.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The run.
    pub plan: Plan,
    /// The operation.
    pub operation: Operation,
    /// The number of callers.
    pub concurrency: u32,
    /// Parameters and lane in words. Cells that differ in nothing but concurrency have the same series.
    pub series: String,
}

impl Cell {
    /// Returns the cell in words: `hash-data 64 B, Default, unary ×8`.
    pub fn name(&self) -> String {
        format!("{} {} ×{}", self.operation, self.series, self.concurrency)
    }
}

impl Matrix {
    /// Returns a cell for every combination, in the order in which they are measured.
    ///
    /// # Errors
    /// Fails with [`LoadError::Usage`] where the parameters of a cell do not go together.
    pub fn cells(&self) -> Result<Vec<Cell>, LoadError> {
        let mut cells = Vec::new();
        for &operation in &self.operations {
            for &lane in &self.lanes {
                // Health checks are not part of the pipeline. Where it is the only lane, the plan reports that.
                if operation == Operation::Health && lane == Lane::Pipeline && self.lanes.len() > 1 {
                    continue;
                }
                for item in self.items(operation) {
                    for &concurrency in &self.concurrency {
                        cells.push(self.cell(item.clone(), lane, concurrency)?);
                    }
                }
            }
        }
        Ok(cells)
    }

    /// Returns every combination of the parameters that the operation has.
    fn items(&self, operation: Operation) -> Vec<Item> {
        let profiles: Vec<Option<&str>> = match self.profiles.as_slice() {
            some @ [_, ..] if operation.has_profile() => {
                some.iter().map(|name| Some(name.as_str())).collect()
            }
            _ => vec![None],
        };
        let mut items = Vec::new();
        for profile in profiles {
            for &size in varied(&self.sizes, operation.has_size()) {
                for &issuer in varied(&self.issuers, operation == Operation::SignCertificate) {
                    for &circuit in varied(&self.circuits, operation.has_circuit()) {
                        items.push(Item {
                            operation,
                            weight: 1,
                            profile: profile.unwrap_or_else(|| operation.default_profile(issuer)).to_owned(),
                            size,
                            issuer,
                            subject: self.subject,
                            circuit,
                        });
                    }
                }
            }
        }
        items
    }

    fn cell(&self, item: Item, lane: Lane, concurrency: u32) -> Result<Cell, LoadError> {
        let connections = self.connections.min(concurrency);
        let (operation, series) = (item.operation, series(&item, lane));
        let plan = Plan {
            mix: Mix::single(operation),
            items: vec![item],
            lane,
            concurrency: Concurrency::Callers(concurrency),
            rate: None,
            length: self.length,
            wire: self.wire,
            client: self.client,
            connections,
            threads: self.threads.min(connections),
            pin: self.pin.clone(),
            warm_up: self.warm_up,
        };
        Ok(Cell { plan: plan.checked()?, operation, concurrency, series })
    }
}

/// Returns all values of a parameter that the operation has, and otherwise the first one only.
fn varied<T>(values: &[T], applies: bool) -> &[T] {
    if applies { values } else { values.get(..1).unwrap_or(values) }
}

fn series(item: &Item, lane: Lane) -> String {
    let mut parts = Vec::new();
    if item.operation.has_size() {
        parts.push(format!("{} B", item.size));
    }
    if item.operation == Operation::SignCertificate {
        parts.push(format!("{} under {}", item.subject, item.issuer));
    }
    if item.operation.has_circuit() {
        parts.push(item.circuit.to_string());
    }
    if item.operation.has_profile() {
        parts.push(item.profile.clone());
    }
    parts.push(lane.to_string());
    parts.join(", ")
}
