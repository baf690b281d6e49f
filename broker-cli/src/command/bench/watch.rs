//! How far a run is, for somebody who watches.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::plan::{Amount, Plan};
use crate::{output::Output, progress};

const BAR: &str = "{prefix}{wide_bar} {percent:>3} %  {msg}";
/// The same where there is no room for a bar: a line that is cut can be wiped again, one that is broken in two cannot.
const NARROW: &str = "{percent:>3} %  {wide_msg}";
/// The columns that [`BAR`] needs beside what stands in front of it, with some of them for the bar itself.
const ROOM: usize = 48;

/// A bar on standard error, or one that nobody sees where nobody would.
pub(super) struct Watch(ProgressBar);

impl Watch {
    /// For one run, or for many with their number and the time that is left in front.
    pub(super) fn new(output: &Output) -> Self {
        if !output.shows_progress() {
            return Self(ProgressBar::hidden());
        }
        let watch = Self(ProgressBar::new(1000));
        watch.style();
        watch
    }

    fn style(&self) {
        let template = if self.has_room() { BAR } else { NARROW };
        // The templates are constants, and a test has seen them.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style.progress_chars("━╸ "));
        }
    }

    fn has_room(&self) -> bool {
        progress::columns() >= self.0.prefix().chars().count() + ROOM
    }

    /// Whether anybody watches.
    pub(super) fn is_watched(&self) -> bool {
        !self.0.is_hidden()
    }

    /// Begins a run, with this text in front of the bar.
    pub(super) fn head(&self, text: String) {
        self.0.set_message("");
        self.0.set_prefix(text);
        self.style();
        self.0.reset();
    }

    /// How far this run is.
    pub(super) fn show(&self, plan: &Plan, start: Option<Instant>, requests: u64) {
        let Some(start) = start else {
            self.0.set_position(0);
            return self.say("warming up".to_owned());
        };
        let time = start.elapsed();
        let part = match plan.amount {
            Amount::Duration(all) => time.as_secs_f64() / all.as_secs_f64(),
            Amount::Requests(all) => requests as f64 / all as f64,
        };
        self.0.set_position((part.min(1.0) * 1000.0) as u64);
        let each_second = requests as f64 / time.max(Duration::from_millis(1)).as_secs_f64();
        self.say(format!("{requests} requests  {each_second:.0}/s"));
    }

    fn say(&self, text: String) {
        self.0.set_message(if self.has_room() { text } else { self.0.prefix() + &text });
    }

    /// Leaves nothing behind. The next run begins with [`Watch::head`].
    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_right() {
        for template in [BAR, NARROW] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
