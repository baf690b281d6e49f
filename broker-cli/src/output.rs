//! Results on standard output and errors on standard error, as text or as JSON, with or without colour.

use std::{
    fmt,
    io::{self, IsTerminal as _, Write},
};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde_json::Value;

use crate::{
    args::{Color, Format, Global},
    error::Failure,
    standard_output,
    terminal::stdout_columns,
};

/// The style of a success.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// The style of a failure.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// The style of a note.
pub(crate) const NOTE: Style = AnsiColor::Yellow.on_default();
/// The style of a heading.
pub(crate) const HEAD: Style = Style::new().bold();
/// The style of secondary text.
pub(crate) const DIM: Style = Style::new().dimmed();

/// Returns a number with its noun: `1 profile`, `2 profiles`.
pub(crate) fn count<N: Copy + fmt::Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    format!("{number} {noun}{}", if number == N::from(1) { "" } else { "s" })
}

/// Breaks a text into lines that fit the terminal behind an indentation of `indent` columns, with at least 20 columns for the
/// text. Without a terminal it stays one line.
pub(crate) fn wrapped(text: &str, indent: usize) -> Vec<String> {
    let width = stdout_columns().map_or(usize::MAX, |columns| columns.saturating_sub(indent).max(20));
    let mut lines = vec![String::new()];
    // The number of characters in the last line.
    let mut length = 0_usize;
    for word in text.split(' ') {
        let added = word.chars().count();
        match lines.last_mut() {
            Some(line) if line.is_empty() => {
                line.push_str(word);
                length = added;
            }
            Some(line) if length.saturating_add(1 + added) <= width => {
                line.push(' ');
                line.push_str(word);
                length += 1 + added;
            }
            _ => {
                lines.push(word.to_owned());
                length = added;
            }
        }
    }
    lines
}

/// Reports whether a terminal shows the bytes as they are: UTF-8 without control characters other than line ends and tabs.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars().all(|letter| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t'))
    })
}

/// The two output streams of the program.
pub(crate) struct Output {
    format: Format,
    verbose: bool,
    quiet: bool,
    color: ColorChoice,
    out: AutoStream<io::Stdout>,
    err: AutoStream<io::Stderr>,
}

impl Output {
    /// Returns the streams as the global options configure them.
    pub(crate) fn new(global: &Global) -> Self {
        let color = match global.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Self {
            format: global.format(),
            verbose: global.verbose,
            quiet: global.quiet,
            color,
            out: AutoStream::new(io::stdout(), color),
            err: AutoStream::new(io::stderr(), color),
        }
    }

    /// Reports whether results are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Reports whether only results and errors are printed.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Fails where a binary result would go to a terminal, which may interpret some of it as commands.
    pub(crate) fn check_binary(&self, what: &str) -> Result<(), Failure> {
        if !self.is_json() && io::stdout().is_terminal() {
            return Err(Failure::usage(format!(
                "the {what} is binary, and standard output is a terminal: name a file with --out, or send it into a pipe"
            )));
        }
        Ok(())
    }

    /// Reports whether a spinner is wanted: both streams are terminals.
    pub(crate) fn shows_spinner(&self) -> bool {
        !self.is_json()
            && !self.quiet
            && self.color != ColorChoice::Never
            && io::stderr().is_terminal()
            && io::stdout().is_terminal()
    }

    /// Reports whether a progress bar is wanted: standard error is a terminal, wherever results go.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.is_json() && !self.quiet && io::stderr().is_terminal()
    }

    /// Prints one line for a reader. Its colours are removed where they are not wanted.
    pub(crate) fn line(&mut self, text: impl fmt::Display) -> Result<(), Failure> {
        standard_output::check_open().and_then(|()| writeln!(self.out, "{text}")).map_err(Failure::Output)
    }

    /// Prints one JSON value on one line. Members that are `null` are left out.
    pub(crate) fn json(&mut self, value: &Value) -> Result<(), Failure> {
        let value = without_nulls(value.clone());
        let out = self.out.as_inner();
        standard_output::check_open().and_then(|()| writeln!(out.lock(), "{value}")).map_err(Failure::Output)
    }

    /// Prints bytes unchanged, past the colour filter.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.flush()?;
        let mut out = self.out.as_inner().lock();
        standard_output::check_open()
            .and_then(|()| out.write_all(bytes))
            .and_then(|()| out.flush())
            .map_err(Failure::Output)
    }

    /// Prints one line for a reader on standard error, where standard output has the result itself.
    pub(crate) fn line_on_stderr(&mut self, text: impl fmt::Display) {
        let _ = writeln!(self.err, "{text}");
    }

    /// Prints a detail of the result with `--verbose`, for a reader only.
    pub(crate) fn detail(&mut self, name: &str, text: &str) {
        if self.verbose && !self.is_json() {
            let _ = writeln!(self.err, "{DIM}{name:13} {text}{DIM:#}");
        }
    }

    /// Prints a note beside the result, for a reader only.
    pub(crate) fn note(&mut self, text: impl fmt::Display) {
        if !self.is_json() && !self.quiet {
            let _ = writeln!(self.err, "{NOTE}note:{NOTE:#} {text}");
        }
    }

    /// Prints notes about the parts of a file, up to a number that somebody reads.
    pub(crate) fn notes(&mut self, notes: &[String]) {
        const MAX: usize = 50;
        notes.iter().take(MAX).for_each(|note| self.note(note));
        if let Some(more @ 1..) = notes.len().checked_sub(MAX) {
            self.note(format!("and {more} more like these"));
        }
    }

    /// Prints an error with its hints. Standard error may be closed; then nothing is printed.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        if matches!(failure, Failure::Reported(_)) {
            return;
        }
        if self.is_json() {
            let _ = writeln!(self.err, "{}", failure.to_json());
            return;
        }
        let _ = writeln!(self.err, "{BAD}error:{BAD:#} {failure}");
        for hint in failure.hints() {
            let _ = writeln!(self.err, "  {NOTE}→{NOTE:#} {hint}");
        }
    }

    /// Writes what is buffered.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::Output)
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect(),
        Value::Array(list) => list.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_agree_with_their_nouns() {
        assert_eq!([0, 1, 2].map(|n: usize| count(n, "profile")), ["0 profiles", "1 profile", "2 profiles"]);
    }

    #[test]
    fn control_characters_are_not_text() {
        for bytes in [&b"a\tletter\r\n"[..], "\u{e9}".as_bytes(), b""] {
            assert!(is_text(bytes), "{bytes:?}");
        }
        for bytes in [&b"\x1b[2J"[..], b"\xff", b"\0", "\u{9b}2J".as_bytes()] {
            assert!(!is_text(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn null_members_are_left_out() {
        let value = json!({"a": null, "b": [{"c": null, "d": 1}], "e": {"f": null}, "g": []});
        assert_eq!(without_nulls(value), json!({"b": [{"d": 1}], "e": {}, "g": []}));
    }
}
