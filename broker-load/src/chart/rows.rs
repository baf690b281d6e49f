//! A row of points for each label on a logarithmic time scale, so that the same distance is the same ratio everywhere.

use plotters::{
    prelude::{BLACK, Color as _},
    style::{
        RGBColor,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::canvas::{Area, ChartError, Color, Drawn, label, mark, segment, svg, text};

/// The height of a row, and the space left of the scale and above it, in pixels.
const ROW: i32 = 17;
const LEFT: i32 = 260;
const TOP: i32 = 64;
const WIDTH: i32 = 960;
const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);

/// The meaning of one mark of each row.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    /// Its name in the legend.
    pub name: &'static str,
    /// Its colour.
    pub color: Color,
}

/// A label with one value in microseconds for each series; `None` where it was not measured.
#[derive(Clone, Debug)]
pub struct Row {
    /// The label.
    pub label: String,
    /// The values in the order of the series.
    pub values: Vec<Option<f64>>,
}

/// A chart with a row of points for each label. A line connects the points of the first two series.
#[derive(Clone, Debug)]
pub struct RowChart {
    /// The meanings of the marks, in the order of the legend.
    pub series: Vec<Series>,
    /// The rows from top to bottom.
    pub rows: Vec<Row>,
}

impl RowChart {
    /// Returns the SVG.
    ///
    /// # Errors
    /// Fails where the drawing fails.
    pub fn to_svg(&self) -> Result<String, ChartError> {
        let values = || self.rows.iter().flat_map(|row| row.values.iter().flatten().copied());
        let scale = Scale::over(values().fold(f64::INFINITY, f64::min), values().fold(1.0, f64::max));
        let rows = i32::try_from(self.rows.len()).unwrap_or(i32::MAX);
        let height = TOP.saturating_add(ROW.saturating_mul(rows)).saturating_add(12);
        svg((WIDTH.unsigned_abs(), height.unsigned_abs()), |area| {
            self.draw_legend(area)?;
            draw_grid(area, &scale, height)?;
            let middles = (TOP + ROW / 2..).step_by(ROW.unsigned_abs() as usize);
            self.rows.iter().zip(middles).try_for_each(|(row, y)| self.draw_row(area, row, y, &scale))
        })
    }

    fn draw_row(&self, area: &Area<'_>, row: &Row, y: i32, scale: &Scale) -> Drawn {
        text(
            area,
            &row.label,
            (LEFT - 12, y),
            label().color(&BLACK).pos(Pos::new(HPos::Right, VPos::Center)),
        )?;
        if let ([Some(from), Some(to), ..], [_, second, ..]) = (row.values.as_slice(), self.series.as_slice())
        {
            let style = second.color.mix(0.35).stroke_width(3);
            segment(area, (scale.x(*from), y), (scale.x(*to), y), style)?;
        }
        // The first series is drawn last, so that it lies on top.
        for (value, series) in row.values.iter().zip(&self.series).rev() {
            if let Some(value) = value {
                mark(area, (scale.x(*value), y), series.color)?;
            }
        }
        Ok(())
    }

    fn draw_legend(&self, area: &Area<'_>) -> Drawn {
        for (series, x) in self.series.iter().zip((12..).step_by(188)) {
            mark(area, (x, 16), series.color)?;
            let style = label().color(&BLACK).pos(Pos::new(HPos::Left, VPos::Center));
            text(area, series.name, (x + 10, 16), style)?;
        }
        Ok(())
    }
}

/// Draws a vertical line for each power of ten.
fn draw_grid(area: &Area<'_>, scale: &Scale, height: i32) -> Drawn {
    for power in scale.low..=scale.high {
        let x = scale.x(10_f64.powi(power));
        segment(area, (x, TOP - 6), (x, height - 8), GRID)?;
        let name = match power {
            ..0 => format!("{} ns", 10_i32.pow((3 + power).unsigned_abs())),
            0..3 => format!("{} µs", 10_i32.pow(power.unsigned_abs())),
            3..6 => format!("{} ms", 10_i32.pow((power - 3).unsigned_abs())),
            _ => format!("{} s", 10_i32.pow((power - 6).unsigned_abs())),
        };
        let style = label().color(&BLACK).pos(Pos::new(HPos::Center, VPos::Center));
        text(area, &name, (x, TOP - 16), style)?;
    }
    Ok(())
}

/// The powers of ten of a microsecond between which values lie.
struct Scale {
    low: i32,
    high: i32,
}

impl Scale {
    /// Returns the scale from the power of ten below `minimum`, but not below a nanosecond, to the one above `maximum`, both
    /// in microseconds.
    fn over(minimum: f64, maximum: f64) -> Self {
        let low = if minimum.is_finite() { (minimum.log10().floor() as i32).max(-3) } else { 0 };
        Self { low, high: (maximum.log10().ceil() as i32).max(low + 1) }
    }

    fn x(&self, microseconds: f64) -> i32 {
        let share = (microseconds.log10() - f64::from(self.low)) / f64::from(self.high - self.low);
        LEFT + (share * f64::from(WIDTH - LEFT - 40)).round() as i32
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{super::colors, *};

    #[test]
    fn a_chart_has_labels_legend_and_scale() {
        let series = |name, color| Series { name, color };
        let chart = RowChart {
            series: vec![series("alone", colors::GREY), series("end to end", colors::BLUE)],
            rows: vec![Row { label: "hash/sha-256/64B".to_owned(), values: vec![Some(0.4), Some(87.0)] }],
        };
        let svg = chart.to_svg().unwrap();
        for words in ["hash/sha-256/64B", "alone", "end to end", "100 ns", "10 µs"] {
            assert!(svg.contains(words), "{words}");
        }
    }
}
