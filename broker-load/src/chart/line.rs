//! Curves against the number of callers, with logarithmic axes.

use plotters::{
    prelude::{ChartBuilder, Circle, Color as _, IntoLogRange as _, LineSeries, WHITE},
    series::DashedLineSeries,
    style::IntoFont as _,
};

use super::{
    canvas::{Area, ChartError, Drawn, label, mark, segment, svg, text},
    colors,
};

/// The size without the legend, in pixels.
const SIZE: (u32, u32) = (960, 520);
/// The height of a line of the legend.
const LEGEND_LINE: u32 = 22;

/// Values against concurrency.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Its name in the legend.
    pub name: String,
    /// Concurrency and value of each point.
    pub points: Vec<(f64, f64)>,
}

/// A chart of curves. A dashed curve has the colour of the solid one with the same position.
#[derive(Clone, Debug)]
pub struct LineChart {
    /// The title.
    pub title: String,
    /// The description of the vertical axis.
    pub unit: &'static str,
    /// The solid curves.
    pub curves: Vec<Curve>,
    /// The dashed curves.
    pub dashed: Vec<Curve>,
}

impl LineChart {
    /// Returns the SVG; `None` where no curve has a point.
    ///
    /// # Errors
    /// Fails where the drawing fails.
    pub fn to_svg(&self) -> Result<Option<String>, ChartError> {
        let points = || self.curves.iter().chain(&self.dashed).flat_map(|curve| &curve.points);
        if points().next().is_none() {
            return Ok(None);
        }
        let maximum =
            points().fold((1.0_f64, 0.0_f64), |max, point| (max.0.max(point.0), max.1.max(point.1)));
        let minimum = points().fold(f64::INFINITY, |min, point| min.min(point.1));
        let lines = u32::try_from(self.curves.len()).unwrap_or(u32::MAX).saturating_mul(LEGEND_LINE);
        let size = (SIZE.0, SIZE.1.saturating_add(lines).saturating_add(LEGEND_LINE));
        svg(size, |area| {
            let (above, below) = area.split_vertically(SIZE.1);
            self.draw_curves(&above, maximum, minimum)?;
            self.draw_legend(&below)
        })
        .map(Some)
    }

    fn draw_curves(&self, area: &Area<'_>, maximum: (f64, f64), minimum: f64) -> Drawn {
        // Both axes are logarithmic: lanes and concurrency differ by orders of magnitude.
        let x = (0.9..maximum.0 * 1.15).log_scale().base(2.0);
        let y = (minimum * 0.7..maximum.1 * 1.6).log_scale();
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
        for (curve, color) in self.dashed.iter().zip(colors::ALL.iter().cycle()) {
            chart.draw_series(DashedLineSeries::new(
                curve.points.iter().copied(),
                6,
                5,
                color.stroke_width(1),
            ))?;
        }
        for (curve, color) in self.curves.iter().zip(colors::ALL.iter().cycle()) {
            chart.draw_series(LineSeries::new(curve.points.iter().copied(), color.stroke_width(2)))?;
            chart.draw_series(curve.points.iter().map(|point| Circle::new(*point, 4, color.filled())))?;
        }
        Ok(())
    }

    /// Draws the legend below the chart, where it hides nothing.
    fn draw_legend(&self, area: &Area<'_>) -> Drawn {
        let tops = (0..).step_by(LEGEND_LINE as usize);
        for ((curve, &color), top) in self.curves.iter().zip(colors::ALL.iter().cycle()).zip(tops) {
            let middle = top + 8;
            segment(area, (104, middle), (132, middle), color.stroke_width(2))?;
            mark(area, (118, middle), color)?;
            text(area, &curve.name, (142, top), label())?;
        }
        Ok(())
    }
}

/// Returns a number with few digits: `950`, `12.5k`, `1.2M`.
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
    fn a_chart_has_title_axes_and_legend() {
        let curve = |name: &str| Curve { name: name.to_owned(), points: vec![(1.0, 30.0), (8.0, 12_000.0)] };
        let chart = LineChart {
            title: "hash-data: latency".to_owned(),
            unit: "microseconds",
            curves: vec![curve("unary"), curve("pipeline")],
            dashed: Vec::new(),
        };
        let svg = chart.to_svg().unwrap().unwrap();
        for words in ["hash-data: latency", "callers at the same time", "microseconds", "unary", "pipeline"] {
            assert!(svg.contains(words), "{words}");
        }
        let empty = LineChart { curves: Vec::new(), ..chart };
        assert!(empty.to_svg().unwrap().is_none());
    }

    #[test]
    fn labels_have_few_digits() {
        for (value, text) in [(950.0, "950"), (12_500.0, "12.5k"), (1_200_000.0, "1.2M"), (0.5, "0.5")] {
            assert_eq!(short(value), text);
        }
    }
}
