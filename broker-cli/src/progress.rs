//! How far a long transfer is, for somebody who watches.

use std::io;

use broker_client::{Error, ErrorKind};
use indicatif::{ProgressBar, ProgressBarIter, ProgressStyle};

use crate::{data::Long, error::Failure, input, output::Output, screen};

/// With a length known beforehand, as wide as the terminal: `━━━━━━╸     56 %  5.6 GiB of 10 GiB  612 MiB/s  8s left`.
const BAR: &str =
    "{wide_bar} {percent:>3} %  {binary_bytes} of {binary_total_bytes}  {binary_bytes_per_sec}  {eta} left";
/// The same where there is no room for it: a line that is broken cannot be wiped again.
const NARROW: &str = "{percent:>3} %  {binary_bytes_per_sec}";
/// The least columns that [`BAR`] needs, with some of them for the bar itself.
const ROOM: u16 = 72;
/// Without: a pipe does not say how much will come.
const SPINNER: &str = "{spinner} {binary_bytes}  {binary_bytes_per_sec}";

/// Sends `data` by `send` while somebody watches how much of it was read. What cannot be read is said by its name.
pub(crate) async fn watch<T>(
    data: Long,
    output: &Output,
    send: impl AsyncFnOnce(ProgressBarIter<Long>) -> Result<T, Error>,
) -> Result<T, Failure> {
    let place = data.place().clone();
    let bar = bar(data.length(), output);
    let outcome = send(bar.wrap_read(data)).await;
    bar.finish_and_clear();
    outcome.map_err(|error| match &error.kind {
        ErrorKind::Input { source, .. } => input::unreadable(&place, plain(source)),
        _ => error.into(),
    })
}

/// The same error for one more owner.
fn plain(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// A bar on standard error, or one that nobody sees where nobody would.
fn bar(length: Option<u64>, output: &Output) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let template = match length {
        Some(_) if screen::columns() < ROOM => NARROW,
        Some(_) => BAR,
        None => SPINNER,
    };
    let bar = ProgressBar::with_draw_target(length, screen::target());
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("━╸ ")),
        // The templates are constants, and a test has seen them.
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_right() {
        for template in [BAR, NARROW, SPINNER] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
