//! Where bytes come from or go to, as it is typed: a path, or `-`.

use std::{
    ffi::OsString,
    fmt, io,
    path::{Path, PathBuf},
};

use rustix::fs::{FileType, fstat};

/// A file, or one of the standard streams: as an input standard input, as an output standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// `-`.
    Standard,
    /// Anything else; a file named `-` is `./-`.
    File(PathBuf),
}

impl Place {
    /// The path, if it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Standard => None,
            Self::File(path) => Some(path),
        }
    }
}

impl From<OsString> for Place {
    fn from(text: OsString) -> Self {
        if text == "-" { Self::Standard } else { Self::File(text.into()) }
    }
}

/// What a command reads: a place, or a text that is on the command line itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The text itself.
    Text(String),
    /// What is read there.
    Place(Place),
}

impl Source {
    /// Returns the place, if it is one.
    pub(crate) fn place(&self) -> Option<&Place> {
        match self {
            Self::Text(_) => None,
            Self::Place(place) => Some(place),
        }
    }
}

/// Whether standard input was given to this program: a pipe, a socket or a file. A terminal waits for somebody to type, and
/// `/dev/null` is what a program gets that nobody gave anything.
pub(crate) fn is_piped_in() -> bool {
    fstat(io::stdin()).is_ok_and(|stat| {
        matches!(
            FileType::from_raw_mode(stat.st_mode),
            FileType::Fifo | FileType::Socket | FileType::RegularFile
        )
    })
}

/// As it was typed.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}
