//! Charts as SVG: lines against concurrency, and rows of points on a logarithmic scale.

mod line;
mod rows;

use plotters::{
    coord::Shift,
    prelude::{
        Circle, Color as _, DrawingArea, DrawingAreaErrorKind, IntoDrawingArea as _, PathElement, SVGBackend,
        Text, WHITE,
    },
    style::{IntoFont as _, RGBColor, TextStyle},
};

pub use self::{
    line::{Curve, LineChart},
    rows::{Row, RowChart, Series},
};

/// The reason why a chart could not be drawn.
pub type ChartError = DrawingAreaErrorKind<std::io::Error>;
/// A colour of a chart.
pub type Color = RGBColor;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), ChartError>;

/// Colours that most people can tell apart (Okabe and Ito, "Color Universal Design").
pub mod colors {
    use plotters::style::RGBColor;

    use super::Color;

    /// Blue.
    pub const BLUE: Color = RGBColor(0x00, 0x72, 0xb2);
    /// Vermilion.
    pub const VERMILION: Color = RGBColor(0xd5, 0x5e, 0x00);
    /// Bluish green.
    pub const GREEN: Color = RGBColor(0x00, 0x9e, 0x73);
    /// Reddish purple.
    pub const PURPLE: Color = RGBColor(0xcc, 0x79, 0xa7);
    /// Orange.
    pub const ORANGE: Color = RGBColor(0xe6, 0x9f, 0x00);
    /// Sky blue.
    pub const SKY_BLUE: Color = RGBColor(0x56, 0xb4, 0xe9);
    /// Grey.
    pub const GREY: Color = RGBColor(0x5a, 0x5a, 0x5a);

    /// All of them, in the order in which curves get them.
    pub(super) const ALL: [Color; 7] = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY_BLUE, GREY];
}

/// Returns the SVG of what `draw` draws on a white area of this size in pixels.
fn svg(size: (u32, u32), draw: impl FnOnce(&Area<'_>) -> Drawn) -> Result<String, ChartError> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()?;
    }
    Ok(svg)
}

/// The style of labels.
fn label() -> TextStyle<'static> {
    ("sans-serif", 14).into_font().into()
}

/// Draws the mark of a point with its centre at `at`.
fn mark(area: &Area<'_>, at: (i32, i32), color: Color) -> Drawn {
    area.draw(&Circle::new(at, 4, color.filled()))
}

/// Draws a straight line.
fn segment(
    area: &Area<'_>,
    from: (i32, i32),
    to: (i32, i32),
    style: impl Into<plotters::style::ShapeStyle>,
) -> Drawn {
    area.draw(&PathElement::new([from, to], style))
}

/// Draws a text, anchored at `at` as its style says.
fn text(area: &Area<'_>, words: &str, at: (i32, i32), style: TextStyle<'_>) -> Drawn {
    area.draw(&Text::new(words, at, style))
}
