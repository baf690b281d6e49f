//! The errors of a document.

use std::{fmt, io, path::PathBuf};

/// The reason why a document is rejected.
#[derive(Debug)]
#[non_exhaustive]
pub enum DocumentError {
    /// The file could not be read.
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The document is invalid. All errors are reported at once, in the order of the document; the list is
    /// never empty.
    Invalid(Vec<Diagnostic>),
}

/// An error or a warning, and its position in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The name of the document.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The path of the rule, such as `Profiles[Default].API.HashData.HashAlg`. The entries of a list are
    /// numbered from 0, and a profile goes by its name where it has one. The path is empty for the document
    /// itself.
    pub path: String,
    /// A description of the error.
    pub message: String,
    /// The most similar valid word, where one is similar enough.
    pub suggestion: Option<String>,
}

impl DocumentError {
    /// Returns the errors in the order of the document; empty where the file could not be read.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Io { .. } => &[],
            Self::Invalid(diagnostics) => diagnostics,
        }
    }
}

impl std::error::Error for DocumentError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Invalid(_) => None,
        }
    }
}

/// Prints one line for each error.
impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "{}: cannot be read: {source}", path.display()),
            Self::Invalid(diagnostics) => {
                for (index, diagnostic) in diagnostics.iter().enumerate() {
                    if index > 0 {
                        f.write_str("\n")?;
                    }
                    diagnostic.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, " (did you mean `{suggestion}`?)"),
            None => Ok(()),
        }
    }
}
