//! Every combination of parameters, measured several times and summed up.

mod cell;
mod charts;
mod machine;
mod results;
mod summary;

pub use self::{
    cell::{Cell, Matrix},
    charts::charts,
    machine::facts,
    results::ResultsFolder,
    summary::{Row, Spread, Summary, median},
};
