//! Progress bars for long transfers and long work.

use std::{
    io::{self, Cursor},
    time::Duration,
};

use broker_client::{Error, ErrorKind};
use indicatif::{ProgressBar, ProgressBarIter, ProgressStyle};
use zeroize::Zeroizing;

use crate::{data::DataStream, error::Failure, input, output::Output, terminal};

/// The template where the length is known, as wide as the terminal: `━━━━━━╸     56 %  5.6 GiB of 10 GiB  612 MiB/s  8s left`.
const BAR: &str =
    "{wide_bar} {percent:>3} %  {binary_bytes} of {binary_total_bytes}  {binary_bytes_per_sec}  {eta} left";
/// The template for a narrow terminal: a line that wraps cannot be cleared.
const NARROW: &str = "{percent:>3} %  {binary_bytes_per_sec}";
/// The minimum number of columns for [`BAR`], with some of them for the bar itself.
const MIN_BAR_COLUMNS: u16 = 72;
/// The template where the length is not known, as of a pipe.
const SPINNER: &str = "{spinner} {binary_bytes}  {binary_bytes_per_sec}";
/// The template of work whose end is not known, cut where a terminal is narrow: `⠙ 3s  proving payment`.
const WORK: &str = "{spinner} {elapsed}  {wide_msg}";
/// The template of work in steps, each of which knows its length.
const STEPS: &str = "{bar:20} {percent:>3} %  {wide_msg}";
/// The time between two pictures of the spinner.
const TICK: Duration = Duration::from_millis(80);

/// Sends `data` by `send` and shows meanwhile how much of it was read.
///
/// # Errors
/// Fails as `send` does; the error of data that cannot be read has its path.
pub(crate) async fn send_with_bar<T>(
    data: DataStream,
    output: &Output,
    send: impl AsyncFnOnce(ProgressBarIter<DataStream>) -> Result<T, Error>,
) -> Result<T, Failure> {
    let location = data.location().clone();
    let bar = bar(data.length(), output);
    let outcome = send(bar.wrap_read(data)).await;
    bar.finish_and_clear();
    outcome.map_err(|error| match &error.kind {
        ErrorKind::Input { source, .. } => input::unreadable(&location, clone_error(source)),
        _ => error.into(),
    })
}

/// Sends bytes by `send` and shows meanwhile how many were sent.
///
/// # Errors
/// Fails as `send` does.
pub(crate) async fn send_bytes_with_bar<T>(
    bytes: Zeroizing<Vec<u8>>,
    output: &Output,
    send: impl AsyncFnOnce(ProgressBarIter<Cursor<Zeroizing<Vec<u8>>>>) -> Result<T, Error>,
) -> Result<T, Failure> {
    let bar = bar(Some(bytes.len() as u64), output);
    let outcome = send(bar.wrap_read(Cursor::new(bytes))).await;
    bar.finish_and_clear();
    Ok(outcome?)
}

fn clone_error(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// Does `work` and shows meanwhile what it is and for how long it has been done.
///
/// # Errors
/// Fails as `work` does.
pub(crate) async fn with_spinner<T>(
    what: &str,
    output: &Output,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let spinner = if output.shows_progress() {
        ProgressBar::with_draw_target(None, terminal::progress_target())
    } else {
        ProgressBar::hidden()
    };
    // The template is a constant, and a test parses it.
    if let Ok(style) = ProgressStyle::with_template(WORK) {
        spinner.set_style(style);
    }
    spinner.set_message(what.to_owned());
    spinner.enable_steady_tick(TICK);
    let outcome = work.await;
    spinner.finish_and_clear();
    outcome
}

/// A bar for work in steps.
pub(crate) struct StepBar(ProgressBar);

impl StepBar {
    /// Returns a bar on standard error, or a hidden one where it is not wanted.
    pub(crate) fn new(output: &Output) -> Self {
        if !output.shows_progress() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(None, terminal::progress_target());
        // The template is a constant, and a test parses it.
        Self(match ProgressStyle::with_template(STEPS) {
            Ok(style) => bar.with_style(style.progress_chars("━╸ ")),
            Err(_) => bar,
        })
    }

    /// Shows which step is being done, and how far it is.
    pub(crate) fn set(&self, step: &'static str, done: usize, all: usize) {
        if self.0.message() != step {
            self.0.set_message(step);
        }
        self.0.set_length(all as u64);
        self.0.set_position(done as u64);
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// Returns a bar on standard error, or a hidden one where it is not wanted.
fn bar(length: Option<u64>, output: &Output) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let template = match length {
        Some(_) if terminal::stderr_columns() < MIN_BAR_COLUMNS => NARROW,
        Some(_) => BAR,
        None => SPINNER,
    };
    let bar = ProgressBar::with_draw_target(length, terminal::progress_target());
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("━╸ ")),
        // The templates are constants, and a test parses them.
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_parse() {
        for template in [BAR, NARROW, SPINNER, WORK, STEPS] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
