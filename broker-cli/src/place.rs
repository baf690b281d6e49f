//! Where bytes come from or go to, as it is typed: a path, or `-`.

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

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

/// As it was typed.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}
