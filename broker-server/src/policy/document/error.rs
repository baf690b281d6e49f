//! What is wrong with a document.

use std::{fmt, io, path::PathBuf};

/// Everything that is wrong with a document, all at once. `Display` prints one line for each mistake.
#[derive(Debug)]
#[non_exhaustive]
pub enum DocumentError {
    /// The file could not be read.
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What the document gets wrong, in the document's order; never empty.
    Mistakes(Vec<Diagnostic>),
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The document's name.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The rule at fault, such as `Profiles[Default].API.HashData.HashAlg`; empty for the document as a whole. A list's
    /// entries count from 0, a profile goes by its name where it has one.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
    /// The nearest right spelling, where something is near.
    pub suggestion: Option<String>,
}

impl DocumentError {
    /// The mistakes, in the document's order; empty where the file could not be read.
    pub fn mistakes(&self) -> &[Diagnostic] {
        match self {
            Self::Io { .. } => &[],
            Self::Mistakes(mistakes) => mistakes,
        }
    }
}

impl std::error::Error for DocumentError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Mistakes(_) => None,
        }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "{}: cannot be read: {source}", path.display()),
            Self::Mistakes(mistakes) => {
                for (index, mistake) in mistakes.iter().enumerate() {
                    if index > 0 {
                        f.write_str("\n")?;
                    }
                    mistake.fmt(f)?;
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
