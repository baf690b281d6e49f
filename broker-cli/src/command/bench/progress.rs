//! A progress bar for runs.

use std::time::Duration;

use broker_load::{Observer, Progress, RunLength};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    output::{Output, count},
    terminal,
};

const BAR: &str = "{prefix}{wide_bar} {percent:>3} %  {msg}";
/// The template for a narrow terminal: a line that is cut off can be cleared, and one that wraps cannot.
const NARROW: &str = "{percent:>3} %  {wide_msg}";
/// The minimum number of columns for [`BAR`] besides its heading, with some of them for the bar itself.
const MIN_BAR_COLUMNS: usize = 48;

/// A bar on standard error, or a hidden one where it is not wanted.
pub(super) struct BenchProgress(ProgressBar);

impl BenchProgress {
    /// Returns a bar for one run, or for many that each begin with [`Self::begin_run`].
    pub(super) fn new(output: &Output) -> Self {
        if !output.shows_progress() {
            return Self(ProgressBar::hidden());
        }
        let progress = Self(ProgressBar::with_draw_target(Some(1000), terminal::progress_target()));
        progress.set_style();
        progress
    }

    fn set_style(&self) {
        let template = if self.is_wide() { BAR } else { NARROW };
        // The templates are constants, and a test parses them.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style.progress_chars("━╸ "));
        }
    }

    fn is_wide(&self) -> bool {
        usize::from(terminal::stderr_columns()) >= self.0.prefix().chars().count() + MIN_BAR_COLUMNS
    }

    /// Begins a run with this heading in front of the bar.
    pub(super) fn begin_run(&self, heading: String) {
        self.0.set_message("");
        self.0.set_prefix(heading);
        self.set_style();
        self.0.reset();
    }

    /// Removes the bar from the terminal.
    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }

    fn set_message(&self, text: String) {
        self.0.set_message(if self.is_wide() { text } else { self.0.prefix() + &text });
    }
}

impl Observer for BenchProgress {
    fn is_active(&self) -> bool {
        !self.0.is_hidden()
    }

    fn update(&self, progress: Progress<'_>) {
        let Some(elapsed) = progress.elapsed else {
            self.0.set_position(0);
            return self.set_message("warming up".to_owned());
        };
        let fraction = match progress.plan.length {
            RunLength::Duration(all) => elapsed.as_secs_f64() / all.as_secs_f64(),
            RunLength::Requests(all) => progress.requests as f64 / all as f64,
        };
        self.0.set_position((fraction.min(1.0) * 1000.0) as u64);
        let per_second = progress.requests as f64 / elapsed.max(Duration::from_millis(1)).as_secs_f64();
        self.set_message(format!("{}  {per_second:.0}/s", count(progress.requests, "request")));
    }

    fn finish(&self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_parse() {
        for template in [BAR, NARROW] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
