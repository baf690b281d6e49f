//! The report as a picture: for each scenario what it takes alone and end to end, on a logarithmic scale, so that the
//! same distance is the same ratio everywhere.

use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::Report;
use crate::{Failure, suite::Mode};

/// One row's height, and the room for ids on the left and for the scale above, in pixels.
const ROW: i32 = 17;
const LEFT: i32 = 260;
const TOP: i32 = 64;
const WIDTH: i32 = 960;

/// What is drawn of a scenario, in the order of the legend.
const MARKS: [(&str, RGBColor); 5] = [
    ("without a socket", RGBColor(0x4d, 0x4d, 0x4d)),
    ("end to end, one at a time", RGBColor(0xd5, 0x5e, 0x00)),
    ("client and server on one core", RGBColor(0xe6, 0x9f, 0x00)),
    ("ten at once, per call", RGBColor(0x00, 0x72, 0xb2)),
    ("down a pipeline, per call", RGBColor(0x00, 0x9e, 0x73)),
];

/// The SVG. Scenarios that were not measured are left out.
///
/// # Errors
/// Where the drawing fails.
pub fn chart(report: &Report) -> Result<String, Failure> {
    let rows: Vec<(&str, [Option<f64>; 5])> = report
        .rows
        .iter()
        .map(|row| {
            let median = |mode| row.end_to_end.get(&mode).map(|done| done.estimate.median_ns / 1e3);
            let pure = row.pure.map(|pure| pure.median_ns / 1e3);
            (
                row.id.as_str(),
                [pure, median(Mode::One), median(Mode::Pinned), median(Mode::Ten), median(Mode::Pipeline)],
            )
        })
        .filter(|(_, marks)| marks.iter().any(Option::is_some))
        .collect();
    let all = || rows.iter().flat_map(|(_, marks)| marks.iter().flatten().copied());
    let scale = Scale::over(all().fold(f64::INFINITY, f64::min), all().fold(1.0, f64::max));
    let height = TOP + ROW * i32::try_from(rows.len())? + 12;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH.unsigned_abs(), height.unsigned_abs()))
            .into_drawing_area();
        area.fill(&WHITE)?;
        legend(&area)?;
        grid(&area, &scale, height)?;
        for ((id, marks), y) in rows.iter().zip((TOP + ROW / 2..).step_by(ROW.unsigned_abs() as usize)) {
            let style = ("sans-serif", 14).into_font().color(&BLACK).pos(Pos::new(HPos::Right, VPos::Center));
            area.draw(&Text::new((*id).to_owned(), (LEFT - 12, y), style))?;
            if let [Some(pure), Some(one), ..] = marks {
                let line = PathElement::new(
                    [(scale.x(*pure), y), (scale.x(*one), y)],
                    MARKS[1].1.mix(0.35).stroke_width(3),
                );
                area.draw(&line)?;
            }
            for (value, (_, colour)) in marks.iter().zip(MARKS).rev() {
                if let Some(value) = value {
                    area.draw(&Circle::new((scale.x(*value), y), 4, colour.filled()))?;
                }
            }
        }
        area.present()?;
    }
    Ok(svg)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn legend(area: &Area<'_>) -> Result<(), Failure> {
    for ((name, colour), x) in MARKS.into_iter().zip((12..).step_by(188)) {
        area.draw(&Circle::new((x, 16), 4, colour.filled()))?;
        let style = ("sans-serif", 14).into_font().color(&BLACK).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(name, (x + 10, 16), style))?;
    }
    Ok(())
}

/// A line for each power of ten.
fn grid(area: &Area<'_>, scale: &Scale, height: i32) -> Result<(), Failure> {
    for power in scale.low..=scale.high {
        let x = scale.x(10_f64.powi(power));
        area.draw(&PathElement::new([(x, TOP - 6), (x, height - 8)], RGBColor(0xdd, 0xdd, 0xdd)))?;
        let name = match power {
            ..0 => format!("{} ns", 10_i32.pow((3 + power).unsigned_abs())),
            0..3 => format!("{} µs", 10_i32.pow(power.unsigned_abs())),
            3..6 => format!("{} ms", 10_i32.pow((power - 3).unsigned_abs())),
            _ => format!("{} s", 10_i32.pow((power - 6).unsigned_abs())),
        };
        let style = ("sans-serif", 14).into_font().color(&BLACK).pos(Pos::new(HPos::Center, VPos::Center));
        area.draw(&Text::new(name, (x, TOP - 16), style))?;
    }
    Ok(())
}

/// Powers of ten of a microsecond, and where they are.
struct Scale {
    low: i32,
    high: i32,
}

impl Scale {
    /// From the power of ten below `least` to the one above `most`, in microseconds; a nanosecond at least.
    fn over(least: f64, most: f64) -> Self {
        let low = if least.is_finite() { (least.log10().floor() as i32).max(-3) } else { 0 };
        Self { low, high: (most.log10().ceil() as i32).max(low + 1) }
    }

    fn x(&self, microseconds: f64) -> i32 {
        let share = (microseconds.log10() - f64::from(self.low)) / f64::from(self.high - self.low);
        LEFT + (share * f64::from(WIDTH - LEFT - 40)).round() as i32
    }
}
