//! Where results and errors go: standard output and standard error, as text or as JSON, with colour or without.

use std::io::{self, IsTerminal as _, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde_json::Value;

use crate::{
    args::{Color, Format, Global},
    error::Failure,
};

/// Something that worked.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Something that did not.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Something to look at.
pub(crate) const NOTE: Style = AnsiColor::Yellow.on_default();
/// A heading.
pub(crate) const HEAD: Style = Style::new().bold();
/// What may be overlooked.
pub(crate) const DIM: Style = Style::new().dimmed();

/// A number of things, in one word or two: `1 profile`, `2 profiles`.
pub(crate) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Breaks a text into lines that fit the terminal behind `indent` columns; without a terminal it stays one line. Always
/// leaves room for some words.
pub(crate) fn wrapped(text: &str, indent: usize) -> Vec<String> {
    let room = columns().map_or(usize::MAX, |columns| columns.saturating_sub(indent).max(20));
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count().saturating_add(1 + word.chars().count()) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// How many columns the terminal has where standard output is one.
pub(crate) fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Whether a terminal shows it as it is: UTF-8 without control characters other than line ends and tabs.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars().all(|letter| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t'))
    })
}

/// The program's two streams.
pub(crate) struct Output {
    format: Format,
    verbose: bool,
    quiet: bool,
    color: ColorChoice,
    out: AutoStream<io::Stdout>,
    err: AutoStream<io::Stderr>,
}

impl Output {
    /// As the global options ask.
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

    /// Whether results are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether nothing but results and errors is wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Fails where a result in bytes would go to a terminal, which shows noise for it and may obey some of it.
    pub(crate) fn takes_binary(&self, what: &str) -> Result<(), Failure> {
        if !self.is_json() && io::stdout().is_terminal() {
            return Err(Failure::usage(format!(
                "the {what} is binary, and standard output is a terminal: name a file with --out, or send it into a pipe"
            )));
        }
        Ok(())
    }

    /// Whether somebody watches who would like to see something move.
    pub(crate) fn is_watched(&self) -> bool {
        !self.is_json()
            && !self.quiet
            && self.color != ColorChoice::Never
            && io::stderr().is_terminal()
            && io::stdout().is_terminal()
    }

    /// Whether a bar that moves would be seen: results may go elsewhere.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.is_json() && !self.quiet && io::stderr().is_terminal()
    }

    /// One line for a reader. May hold colours; a stream that does not want them drops them.
    pub(crate) fn line(&mut self, text: impl std::fmt::Display) -> Result<(), Failure> {
        writeln!(self.out, "{text}").map_err(Failure::Output)
    }

    /// One JSON value on one line. What is absent is left out, never `null`.
    pub(crate) fn json(&mut self, value: &Value) -> Result<(), Failure> {
        let value = without_nulls(value.clone());
        let out = self.out.as_inner();
        writeln!(out.lock(), "{value}").map_err(Failure::Output)
    }

    /// Bytes as they are: no colour filter may touch them.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.flush()?;
        let mut out = self.out.as_inner().lock();
        out.write_all(bytes).and_then(|()| out.flush()).map_err(Failure::Output)
    }

    /// One line for a reader where standard output is taken: the same on standard error, which may be gone.
    pub(crate) fn aside(&mut self, text: impl std::fmt::Display) {
        let _ = writeln!(self.err, "{text}");
    }

    /// With `--verbose`, a fact beside the result, for a reader only.
    pub(crate) fn detail(&mut self, name: &str, text: &str) {
        if self.verbose && !self.is_json() {
            let _ = writeln!(self.err, "{DIM}{name:13} {text}{DIM:#}");
        }
    }

    /// A remark beside the result, for a reader only.
    pub(crate) fn note(&mut self, text: impl std::fmt::Display) {
        if !self.is_json() && !self.quiet {
            let _ = writeln!(self.err, "{NOTE}note:{NOTE:#} {text}");
        }
    }

    /// An error, with what to do about it. Standard error may be gone; then nobody wants to know.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        if matches!(failure, Failure::Said(_)) {
            return;
        }
        if self.is_json() {
            let _ = writeln!(self.err, "{}", failure.to_json());
            return;
        }
        let _ = writeln!(self.err, "{BAD}error:{BAD:#} {failure}");
        for next in failure.next() {
            let _ = writeln!(self.err, "  {NOTE}→{NOTE:#} {next}");
        }
    }

    /// What is buffered leaves now.
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
    fn numbers_and_words_agree() {
        assert_eq!([0, 1, 2].map(|n| count(n, "profile")), ["0 profiles", "1 profile", "2 profiles"]);
    }

    #[test]
    fn a_terminal_shows_text_and_nothing_that_it_could_obey() {
        for (bytes, shown) in [(&b"a\tletter\r\n"[..], true), ("\u{e9}".as_bytes(), true), (b"", true)] {
            assert_eq!(is_text(bytes), shown, "{bytes:?}");
        }
        for bytes in [&b"\x1b[2J"[..], b"\xff", b"\0", "\u{9b}2J".as_bytes()] {
            assert!(!is_text(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_absent_is_left_out() {
        let value = json!({"a": null, "b": [{"c": null, "d": 1}], "e": {"f": null}, "g": []});
        assert_eq!(without_nulls(value), json!({"b": [{"d": 1}], "e": {}, "g": []}));
    }
}
