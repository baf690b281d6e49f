//! The drawing area of a chart, and the shapes that charts consist of.

use plotters::{
    coord::Shift,
    prelude::{
        Circle, Color as _, DrawingArea, DrawingAreaErrorKind, IntoDrawingArea as _, PathElement, SVGBackend,
        Text, WHITE,
    },
    style::{IntoFont as _, RGBColor, ShapeStyle, TextStyle},
};

/// The reason why a chart could not be drawn.
pub type ChartError = DrawingAreaErrorKind<std::io::Error>;
/// A colour of a chart.
pub type Color = RGBColor;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type Drawn = Result<(), ChartError>;

/// Returns the SVG of what `draw` draws on a white area of this size in pixels.
pub(super) fn svg(size: (u32, u32), draw: impl FnOnce(&Area<'_>) -> Drawn) -> Result<String, ChartError> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()?;
    }
    Ok(svg)
}

/// Returns the style of labels.
pub(super) fn label() -> TextStyle<'static> {
    ("sans-serif", 14).into_font().into()
}

/// Draws the mark of a point with its centre at `at`.
pub(super) fn mark(area: &Area<'_>, at: (i32, i32), color: Color) -> Drawn {
    area.draw(&Circle::new(at, 4, color.filled()))
}

/// Draws a straight line.
pub(super) fn segment(
    area: &Area<'_>,
    from: (i32, i32),
    to: (i32, i32),
    style: impl Into<ShapeStyle>,
) -> Drawn {
    area.draw(&PathElement::new([from, to], style))
}

/// Draws a text, anchored at `at` as its style says.
pub(super) fn text(area: &Area<'_>, words: &str, at: (i32, i32), style: TextStyle<'_>) -> Drawn {
    area.draw(&Text::new(words, at, style))
}
