//! Charts as SVG: lines against concurrency, and rows of points on a logarithmic scale.

mod canvas;
pub mod colors;
mod line;
mod rows;

pub use self::{
    canvas::{ChartError, Color},
    line::{Curve, LineChart},
    rows::{Row, RowChart, Series},
};
