//! The cells of a matrix.

use std::time::Duration;

use super::super::plan::{Item, Plan};
use crate::{
    args::{Driving, Lane, Matrix, Mix, Operation, Run, Wire},
    error::Failure,
};

/// `--quick`.
pub(super) const QUICK_REPEATS: u32 = 3;
const QUICK_OPERATIONS: [Operation; 2] = [Operation::HashData, Operation::SignCertificate];
const QUICK_CONCURRENCY: [u32; 3] = [1, 8, 64];
const QUICK_DURATION: Duration = Duration::from_millis(1200);
const QUICK_WARM_UP: Duration = Duration::from_millis(200);

/// What is measured again and again.
pub(super) struct Cell {
    pub(super) plan: Plan,
    pub(super) operation: Operation,
    pub(super) concurrency: u32,
    /// What it is called with, and its lane: cells that differ in nothing but concurrency are one line of a chart.
    pub(super) series: String,
}

impl Cell {
    /// `hash-data 64 B, Default, unary ×8`.
    pub(super) fn name(&self) -> String {
        format!("{} {} ×{}", self.operation, self.series, self.concurrency)
    }
}

/// Every combination that makes sense.
pub(super) fn all(args: &Matrix) -> Result<Vec<Cell>, Failure> {
    let choice = Choice::new(args);
    let mut cells = Vec::new();
    for &operation in &choice.operations {
        let profiles: Vec<Option<&String>> = match args.profiles.as_slice() {
            some @ [_, ..] if operation.has_profile() => some.iter().map(Some).collect(),
            _ => vec![None],
        };
        let sizes = some(&args.sizes, operation.has_size());
        let issuers = some(&args.issuers, operation == Operation::SignCertificate);
        for &lane in &choice.lanes {
            if operation == Operation::Health && lane == Lane::Pipeline && choice.lanes.len() > 1 {
                continue;
            }
            for &profile in &profiles {
                for &size in sizes {
                    for &issuer in issuers {
                        for &concurrency in &choice.concurrency {
                            let run = Run {
                                operation: Mix::of(operation),
                                profile: profile.cloned(),
                                size,
                                issuer,
                                subject: args.subject,
                                lane,
                                concurrency: Some(concurrency),
                                window: None,
                                rate: None,
                                duration: Some(choice.duration),
                                requests: args.requests,
                                csv: None,
                                driver: driver(&args.driver, concurrency, choice.warm_up),
                            };
                            let plan = Plan::new(&run)?;
                            let series =
                                plan.items.first().map(|item| series(item, lane)).unwrap_or_default();
                            cells.push(Cell { plan, operation, concurrency, series });
                        }
                    }
                }
            }
        }
    }
    Ok(cells)
}

/// What the options say, or what `--quick` says.
struct Choice {
    operations: Vec<Operation>,
    concurrency: Vec<u32>,
    lanes: Vec<Lane>,
    duration: Duration,
    warm_up: Duration,
}

impl Choice {
    fn new(args: &Matrix) -> Self {
        let lanes = match (args.lanes.as_slice(), args.quick && args.driver.wire == Wire::V1) {
            ([], false) => vec![Lane::Unary],
            ([], true) => vec![Lane::Unary, Lane::Pipeline],
            (some, _) => some.to_vec(),
        };
        if args.quick {
            return Self {
                operations: QUICK_OPERATIONS.to_vec(),
                concurrency: QUICK_CONCURRENCY.to_vec(),
                lanes,
                duration: QUICK_DURATION,
                warm_up: QUICK_WARM_UP,
            };
        }
        Self {
            operations: args.operations.clone(),
            concurrency: args.concurrency.clone(),
            lanes,
            duration: args.duration,
            warm_up: args.driver.warm_up,
        }
    }
}

/// All of them where they matter, else any.
fn some<T>(all: &[T], matters: bool) -> &[T] {
    if matters { all } else { all.get(..1).unwrap_or(all) }
}

/// No more connections than callers, and no more threads than connections.
fn driver(driver: &Driving, concurrency: u32, warm_up: Duration) -> Driving {
    let connections = driver.connections.min(concurrency);
    Driving { connections, threads: driver.threads.min(connections), warm_up, ..driver.clone() }
}

fn series(item: &Item, lane: Lane) -> String {
    let mut parts = Vec::new();
    if item.operation.has_size() {
        parts.push(format!("{} B", item.size));
    }
    if item.operation == Operation::SignCertificate {
        parts.push(format!("{} under {}", item.subject, item.issuer));
    }
    if item.operation.has_profile() {
        parts.push(item.profile.clone());
    }
    parts.push(lane.to_string());
    parts.join(", ")
}
