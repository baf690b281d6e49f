//! Where bytes are read from or written to, as typed on the command line: a path, or `-`.

use std::{
    ffi::OsString,
    fmt, io,
    path::{Path, PathBuf},
};

use rustix::fs::{FileType, fstat};

/// A file, or a standard stream: standard input where it is an input, standard output where it is an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// `-`.
    Stdio,
    /// Any other text; a file with the name `-` is `./-`.
    File(PathBuf),
}

impl Location {
    /// Returns the path of a file.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdio => None,
            Self::File(path) => Some(path),
        }
    }
}

impl From<OsString> for Location {
    fn from(text: OsString) -> Self {
        if text == "-" { Self::Stdio } else { Self::File(text.into()) }
    }
}

/// The data of a command: a text on the command line, or a location to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DataSource {
    /// The text itself.
    Text(String),
    /// The location of the data.
    Location(Location),
}

impl DataSource {
    /// Returns the location to read.
    pub(crate) fn location(&self) -> Option<&Location> {
        match self {
            Self::Text(_) => None,
            Self::Location(location) => Some(location),
        }
    }
}

/// Reports whether standard input is a pipe, a socket or a file. A terminal would wait for input, and `/dev/null`
/// means that nothing was given.
pub(crate) fn is_stdin_given() -> bool {
    fstat(io::stdin()).is_ok_and(|stat| {
        matches!(
            FileType::from_raw_mode(stat.st_mode),
            FileType::Fifo | FileType::Socket | FileType::RegularFile
        )
    })
}

impl fmt::Display for Location {
    /// Writes the location as it was typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdio => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}
