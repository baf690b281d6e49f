//! Both suites side by side: the time of each call alone and end to end, and the difference.

mod chart;
mod machine;
mod measurements;
mod page;
mod table;

pub use self::{
    chart::{chart, write_chart},
    machine::Machine,
    measurements::{EndToEnd, Report, Row},
    page::page,
    table::tables,
};

#[cfg(test)]
mod tests;
