//! `--in` and `--text`: the data that a command reads.

use std::convert::Infallible;

use clap::{Args, ValueHint};

use super::values;
use crate::{
    error::Failure,
    location::{DataSource, Location, is_stdin_given},
};

/// `--in`: the file from which a command reads its data.
#[derive(Args, Clone, Debug)]
pub(crate) struct Input {
    /// Read this file; `-` is standard input, which is also read where data is piped in and nothing else is named
    #[arg(id = "in", long = "in", alias = "file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<Location>,
}

impl Input {
    /// Returns the file that was named, or standard input where data is piped in.
    ///
    /// # Errors
    /// Fails where nothing is named and nothing is piped in.
    pub(crate) fn location(self) -> Result<Location, Failure> {
        self.file.or_else(piped_in).ok_or_else(|| {
            Failure::usage("nothing to read: name a file with --in FILE, or pipe the data in".to_owned())
        })
    }
}

fn piped_in() -> Option<Location> {
    is_stdin_given().then_some(Location::Stdio)
}

/// `--in` or `--text`: the data of a command that also takes it as an argument.
#[derive(Args, Clone, Debug)]
pub(crate) struct Text {
    #[command(flatten)]
    input: Input,
    /// Take this text, as its UTF-8 bytes. Other processes can see it, so nothing secret belongs here
    #[arg(long, value_name = "TEXT", conflicts_with = "in")]
    text: Option<String>,
}

impl Text {
    /// Returns the text or the file that was named, or standard input where data is piped in.
    ///
    /// # Errors
    /// Fails where nothing is named and nothing is piped in.
    pub(crate) fn source(self) -> Result<DataSource, Failure> {
        match (self.text, self.input.file.or_else(piped_in)) {
            (Some(text), _) => Ok(DataSource::Text(text)),
            (None, Some(location)) => Ok(DataSource::Location(location)),
            (None, None) => Err(Failure::usage(
                "nothing to read: name a file with --in FILE, give a text with --text TEXT, or pipe the data in"
                    .to_owned(),
            )),
        }
    }
}

/// [`Text`] for a command that refuses a bare argument.
#[derive(Args, Clone, Debug)]
pub(crate) struct Message {
    #[command(flatten)]
    text: Text,
    /// A bare argument, which is refused with advice: some programs take a file there, and others a text.
    #[arg(value_name = "DATA", hide = true, value_parser = values::no_bare_data)]
    bare: Option<Infallible>,
}

impl Message {
    /// Returns the data; see [`Text::source`].
    ///
    /// # Errors
    /// Fails where nothing is named and nothing is piped in.
    pub(crate) fn source(self) -> Result<DataSource, Failure> {
        self.text.source()
    }
}
