//! Both suites side by side: what each call takes alone, end to end, and what lies between.

mod chart;
mod machine;
mod page;
mod table;

use std::{collections::BTreeMap, path::Path};

use serde::Serialize;

use crate::{
    Failure,
    allocations::Counted,
    estimates::{self, Estimate},
    kpi::Kpi,
    published::{self, Published},
    scenario::Scenario,
    suite::{self, Mode},
};
pub use chart::chart;
pub use machine::Machine;
pub use page::page;
pub use table::tables;

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// One for each scenario.
    pub rows: Vec<Row>,
    /// Of the server as a whole; `None` where it was not measured.
    pub kpi: Option<Kpi>,
}

/// What is known about one scenario. What was not measured is absent.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The scenario.
    pub id: String,
    /// Without a socket.
    pub pure: Option<Estimate>,
    /// Through the socket, in each mode that was measured.
    pub end_to_end: BTreeMap<Mode, EndToEnd>,
    /// Allocations per call, in each lane that was counted.
    pub allocations: Vec<Counted>,
    /// What the Go broker's project has published.
    pub go: Published,
}

/// One call through the socket.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EndToEnd {
    /// What criterion says. With several calls on their way at once: all the time divided by all the calls.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Median less the median without a socket, in microseconds.
    pub difference_us: Option<f64>,
    /// Median by the median without a socket.
    pub ratio: Option<f64>,
    /// Calls per second at the median.
    pub per_second: f64,
    /// CPU time of the server's process for one call, in microseconds.
    pub server_cpu_us: Option<f64>,
}

impl Report {
    /// Puts together what criterion has estimated of these scenarios and what was counted.
    ///
    /// # Errors
    /// Where an estimate cannot be read.
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

    /// The chart as an SVG file.
    ///
    /// # Errors
    /// Where it cannot be drawn or written.
    pub fn write_chart(&self, path: &Path) -> Result<(), Failure> {
        Ok(std::fs::write(path, chart(self)?).map_err(|error| format!("{}: {error}", path.display()))?)
    }
}

impl EndToEnd {
    fn new(estimate: Estimate, pure: Option<Estimate>, server_cpu_ns: Option<f64>) -> Self {
        Self {
            estimate,
            difference_us: pure.map(|pure| (estimate.median_ns - pure.median_ns) / 1e3),
            ratio: pure.map(|pure| estimate.median_ns / pure.median_ns),
            per_second: 1e9 / estimate.median_ns,
            server_cpu_us: server_cpu_ns.map(|nanoseconds| nanoseconds / 1e3),
        }
    }
}

#[cfg(test)]
mod tests;
