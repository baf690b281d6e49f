//! How far a run is, for somebody who watches.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::plan::{Amount, Plan};
use crate::output::Output;

const BAR: &str = "{prefix}{wide_bar} {percent:>3} %  {msg}";

/// A bar on standard error, or one that nobody sees where nobody would.
pub(super) struct Watch(ProgressBar);

impl Watch {
    /// For one run, or for many with their number and the time that is left in front.
    pub(super) fn new(output: &Output) -> Self {
        if !output.shows_progress() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(1000);
        Self(match ProgressStyle::with_template(BAR) {
            Ok(style) => bar.with_style(style.progress_chars("━╸ ")),
            // The template is a constant, and a test has seen it.
            Err(_) => bar,
        })
    }

    /// Whether anybody watches.
    pub(super) fn is_watched(&self) -> bool {
        !self.0.is_hidden()
    }

    /// What stands in front of the bar.
    pub(super) fn head(&self, text: String) {
        self.0.set_prefix(text);
    }

    /// How far this run is.
    pub(super) fn show(&self, plan: &Plan, start: Option<Instant>, requests: u64) {
        let Some(start) = start else {
            self.0.set_position(0);
            return self.0.set_message("warming up");
        };
        let time = start.elapsed();
        let part = match plan.amount {
            Amount::Duration(all) => time.as_secs_f64() / all.as_secs_f64(),
            Amount::Requests(all) => requests as f64 / all as f64,
        };
        self.0.set_position((part.min(1.0) * 1000.0) as u64);
        let each_second = requests as f64 / time.max(Duration::from_millis(1)).as_secs_f64();
        self.0.set_message(format!("{requests} requests  {each_second:.0}/s"));
    }

    /// Leaves nothing behind.
    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
        self.0.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_right() {
        assert!(ProgressStyle::with_template(BAR).is_ok());
    }
}
