//! Charts: throughput and latency against concurrency, one of each for every operation.

use plotters::{
    coord::Shift,
    prelude::{
        ChartBuilder, Circle, Color as _, DrawingArea, DrawingAreaErrorKind, IntoDrawingArea as _,
        IntoLogRange as _, LineSeries, PathElement, SVGBackend, Text, WHITE,
    },
    series::DashedLineSeries,
    style::{IntoFont as _, RGBColor},
};

use super::summary::{Row, Spread, Summary};
use crate::{args::Operation, error::Failure};

/// Without the legend, in pixels.
const SIZE: (u32, u32) = (960, 520);
/// A line of the legend.
const LINE: u32 = 22;

/// Apart for most eyes (Okabe and Ito), in this order.
const COLORS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
];

type Outcome = Result<(), DrawingAreaErrorKind<std::io::Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Each with the name of its file.
pub(super) fn charts(summary: &Summary<'_>) -> Result<Vec<(String, String)>, Failure> {
    let mut charts = Vec::new();
    for operation in summary.operations() {
        let throughput = Chart {
            title: format!("{operation}: throughput"),
            unit: "requests per second, logarithmic",
            curves: curves(summary, operation, |row| row.throughput),
            dashed: Vec::new(),
        };
        let latency = Chart {
            title: format!("{operation}: latency (line: median, dashed: 99th percentile)"),
            unit: "microseconds, logarithmic",
            curves: curves(summary, operation, |row| row.p50),
            dashed: curves(summary, operation, |row| row.p99),
        };
        for (name, chart) in [("throughput", throughput), ("latency", latency)] {
            if let Some(svg) = chart.draw().map_err(|source| Failure::local("cannot draw a chart", source))? {
                charts.push((format!("{name}-{operation}.svg"), svg));
            }
        }
    }
    Ok(charts)
}

struct Chart {
    title: String,
    unit: &'static str,
    curves: Vec<Curve>,
    dashed: Vec<Curve>,
}

/// Medians by concurrency.
struct Curve {
    name: String,
    points: Vec<(f64, f64)>,
}

fn curves(
    summary: &Summary<'_>,
    operation: Operation,
    value: impl Fn(&Row<'_>) -> Option<Spread>,
) -> Vec<Curve> {
    let mut curves: Vec<Curve> = Vec::new();
    for row in summary.0.iter().filter(|row| row.cell.operation == operation) {
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

impl Chart {
    /// The SVG; none where there is nothing to show.
    fn draw(&self) -> Result<Option<String>, DrawingAreaErrorKind<std::io::Error>> {
        let points = || self.curves.iter().chain(&self.dashed).flat_map(|curve| &curve.points);
        let most =
            points().fold((1.0_f64, 0.0_f64), |most, point| (most.0.max(point.0), most.1.max(point.1)));
        let least = points().fold(f64::INFINITY, |least, point| least.min(point.1));
        if points().next().is_none() {
            return Ok(None);
        }
        let mut text = String::new();
        let lines = u32::try_from(self.curves.len()).unwrap_or(u32::MAX).saturating_mul(LINE);
        let size = (SIZE.0, SIZE.1.saturating_add(lines).saturating_add(LINE));
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        area.fill(&WHITE)?;
        let (above, below) = area.split_vertically(SIZE.1);
        self.fill(&above, most, least)?;
        self.legend(&below)?;
        area.present()?;
        drop((area, above, below));
        Ok(Some(text))
    }

    fn fill(&self, area: &Area<'_>, most: (f64, f64), least: f64) -> Outcome {
        // Both axes are logarithmic: lanes and concurrency lie orders of magnitude apart.
        let x = (0.9..most.0 * 1.15).log_scale().base(2.0);
        let y = (least * 0.7..most.1 * 1.6).log_scale();
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, ("sans-serif", 22).into_font())
            .margin(16)
            .x_label_area_size(48)
            .y_label_area_size(88)
            .build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .x_desc("callers at the same time")
            .y_desc(self.unit)
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| short(*y))
            .axis_desc_style(("sans-serif", 16))
            .label_style(("sans-serif", 14))
            .light_line_style(WHITE)
            .draw()?;
        for (curve, color) in self.dashed.iter().zip(COLORS.iter().cycle()) {
            chart.draw_series(DashedLineSeries::new(
                curve.points.iter().copied(),
                6,
                5,
                color.stroke_width(1),
            ))?;
        }
        for (curve, &color) in self.curves.iter().zip(COLORS.iter().cycle()) {
            chart.draw_series(LineSeries::new(curve.points.iter().copied(), color.stroke_width(2)))?;
            chart.draw_series(curve.points.iter().map(|point| Circle::new(*point, 4, color.filled())))?;
        }
        Ok(())
    }

    /// Below the chart, where it hides nothing.
    fn legend(&self, area: &Area<'_>) -> Outcome {
        let heights = (0..).step_by(LINE as usize);
        for ((curve, &color), top) in self.curves.iter().zip(COLORS.iter().cycle()).zip(heights) {
            let middle = top + 8;
            area.draw(&PathElement::new([(104, middle), (132, middle)], color.stroke_width(2)))?;
            area.draw(&Circle::new((118, middle), 4, color.filled()))?;
            area.draw(&Text::new(curve.name.as_str(), (142, top), ("sans-serif", 14).into_font()))?;
        }
        Ok(())
    }
}

/// `950`, `12.5k`, `1.2M`.
fn short(value: f64) -> String {
    let trimmed = |value: f64, unit: &str| {
        let text = format!("{value:.1}");
        format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
    };
    match value {
        value if value >= 1e6 => trimmed(value / 1e6, "M"),
        value if value >= 1e3 => trimmed(value / 1e3, "k"),
        value => trimmed(value, ""),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_chart_has_words_and_no_font() {
        let curve = |name: &str| Curve { name: name.to_owned(), points: vec![(1.0, 30.0), (8.0, 12_000.0)] };
        let chart = Chart {
            title: "hash-data: latency".to_owned(),
            unit: "microseconds",
            curves: vec![curve("unary"), curve("pipeline")],
            dashed: Vec::new(),
        };
        let svg = chart.draw().unwrap().unwrap();
        for words in ["hash-data: latency", "callers at the same time", "microseconds", "unary", "pipeline"] {
            assert!(svg.contains(words), "{words}");
        }
        let empty = Chart { curves: Vec::new(), ..chart };
        assert!(empty.draw().unwrap().is_none());
    }

    #[test]
    fn labels_are_short() {
        for (value, text) in [(950.0, "950"), (12_500.0, "12.5k"), (1_200_000.0, "1.2M"), (0.5, "0.5")] {
            assert_eq!(short(value), text);
        }
    }
}
