//! The measurements of one run.

use std::collections::BTreeMap;

use serde::Serialize;

use super::machine::Machine;
use crate::{
    Failure,
    allocations::Counted,
    estimates::{self, Estimate},
    kpi::Kpi,
    published::{self, Published},
    scenario::Scenario,
    suite::{self, Mode},
};

/// The measurements of one run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The machine.
    pub machine: Machine,
    /// One row for each scenario.
    pub rows: Vec<Row>,
    /// The key figures of the server; `None` where they were not measured.
    pub kpi: Option<Kpi>,
}

/// The measurements of one scenario. What was not measured is absent.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The id of the scenario.
    pub id: String,
    /// The time without a socket.
    pub pure: Option<Estimate>,
    /// The times through the socket, by mode.
    pub end_to_end: BTreeMap<Mode, EndToEnd>,
    /// The allocations of one call, by lane.
    pub allocations: Vec<Counted>,
    /// The figures that the Go broker's project has published.
    pub go: Published,
}

/// The measurements of one call through the socket.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EndToEnd {
    /// Criterion's estimate. With several calls in flight it is the total time divided by the number of calls.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// The median minus the median without a socket, in microseconds.
    pub difference_us: Option<f64>,
    /// The median divided by the median without a socket.
    pub ratio: Option<f64>,
    /// Calls per second at the median.
    pub per_second: f64,
    /// CPU time of the server's process for one call, in microseconds.
    pub server_cpu_us: Option<f64>,
}

impl Report {
    /// Returns the report of criterion's estimates for these scenarios and of the counted allocations.
    ///
    /// # Errors
    /// Fails where an estimate cannot be read.
    pub fn gather(scenarios: &[Scenario], counted: &[Counted], kpi: Option<Kpi>) -> Result<Self, Failure> {
        let folder = suite::estimates_folder()?;
        let pure = estimates::read(&folder.join(suite::PURE))?;
        let mut modes = Vec::new();
        for mode in Mode::ALL {
            modes.push((
                mode,
                estimates::read(&folder.join(suite::mode_folder(mode)))?,
                suite::server_cpu(mode)?,
            ));
        }
        let mut rows = Vec::new();
        for Scenario { id, .. } in scenarios {
            let pure = pure.get(id).copied();
            let through = modes.iter().filter_map(|(mode, estimates, cpu)| {
                Some((*mode, EndToEnd::new(*estimates.get(id)?, pure, cpu.get(id).copied())))
            });
            rows.push(Row {
                pure,
                end_to_end: through.collect(),
                allocations: counted.iter().filter(|counted| counted.id == *id).cloned().collect(),
                go: published::go(id),
                id: id.clone(),
            });
        }
        Ok(Self { machine: Machine::this(), rows, kpi })
    }
}

impl EndToEnd {
    pub(super) fn new(estimate: Estimate, pure: Option<Estimate>, server_cpu_ns: Option<f64>) -> Self {
        Self {
            estimate,
            difference_us: pure.map(|pure| (estimate.median_ns - pure.median_ns) / 1e3),
            ratio: pure.map(|pure| estimate.median_ns / pure.median_ns),
            per_second: 1e9 / estimate.median_ns,
            server_cpu_us: server_cpu_ns.map(|nanoseconds| nanoseconds / 1e3),
        }
    }
}
