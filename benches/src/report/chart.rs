//! The report as a chart: for each scenario its time alone and end to end.

use std::path::Path;

use broker_load::chart::{Row, RowChart, Series, colors};

use super::measurements::Report;
use crate::{Failure, suite::Mode};

/// Returns the SVG. Scenarios that were not measured are left out.
///
/// # Errors
/// Fails where the drawing fails.
pub fn chart(report: &Report) -> Result<String, Failure> {
    let series = [
        ("without a socket", colors::GREY),
        ("end to end, one at a time", colors::VERMILION),
        ("client and server on one core", colors::ORANGE),
        ("ten at once, per call", colors::BLUE),
        ("in a pipeline, per call", colors::GREEN),
    ];
    let rows = report.rows.iter().map(|row| {
        let median = |mode| row.end_to_end.get(&mode).map(|result| result.estimate.median_ns / 1e3);
        let pure = row.pure.map(|pure| pure.median_ns / 1e3);
        let values =
            vec![pure, median(Mode::One), median(Mode::Pinned), median(Mode::Ten), median(Mode::Pipeline)];
        Row { label: row.id.clone(), values }
    });
    let chart = RowChart {
        series: series.map(|(name, color)| Series { name, color }).to_vec(),
        rows: rows.filter(|row| row.values.iter().any(Option::is_some)).collect(),
    };
    Ok(chart.to_svg()?)
}

/// Writes the chart as an SVG file.
///
/// # Errors
/// Fails where it cannot be drawn or written.
pub fn write_chart(report: &Report, path: &Path) -> Result<(), Failure> {
    Ok(std::fs::write(path, chart(report)?).map_err(|error| format!("{}: {error}", path.display()))?)
}
