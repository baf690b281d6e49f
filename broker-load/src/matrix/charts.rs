//! The charts of a matrix: throughput and latency against concurrency, one of each for every operation.

use super::summary::{Row, Spread, Summary};
use crate::{
    chart::{Curve, LineChart},
    error::LoadError,
    operation::Operation,
};

/// Returns the charts as SVG, each with the name of its file.
///
/// # Errors
/// Fails where a chart cannot be drawn.
pub fn charts(summary: &Summary<'_>) -> Result<Vec<(String, String)>, LoadError> {
    let mut charts = Vec::new();
    for operation in summary.operations() {
        let throughput = LineChart {
            title: format!("{operation}: throughput"),
            unit: "requests per second, logarithmic",
            curves: curves(summary, operation, |row| row.throughput),
            dashed: Vec::new(),
        };
        let latency = LineChart {
            title: format!("{operation}: latency (line: median, dashed: 99th percentile)"),
            unit: "microseconds, logarithmic",
            curves: curves(summary, operation, |row| row.p50),
            dashed: curves(summary, operation, |row| row.p99),
        };
        for (name, chart) in [("throughput", throughput), ("latency", latency)] {
            let svg = chart.to_svg().map_err(|source| LoadError::local("cannot draw a chart", source))?;
            charts.extend(svg.map(|svg| (format!("{name}-{operation}.svg"), svg)));
        }
    }
    Ok(charts)
}

/// Returns the medians of an operation by concurrency, one curve for each series.
fn curves(
    summary: &Summary<'_>,
    operation: Operation,
    value: impl Fn(&Row<'_>) -> Option<Spread>,
) -> Vec<Curve> {
    let mut curves: Vec<Curve> = Vec::new();
    for row in summary.rows().iter().filter(|row| row.cell.operation == operation) {
        let Some(spread) = value(row) else { continue };
        let point = (f64::from(row.cell.concurrency), spread.median);
        let name = &row.cell.series;
        match curves.iter_mut().find(|curve| curve.name == *name) {
            Some(curve) => curve.points.push(point),
            None => curves.push(Curve { name: name.clone(), points: vec![point] }),
        }
    }
    for curve in &mut curves {
        curve.points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    curves
}
