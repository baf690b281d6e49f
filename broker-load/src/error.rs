//! Errors before, during and after a run.

use std::{
    io,
    path::{Path, PathBuf},
};

/// The reason why a run has no result, or why its result cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The options do not go together, or one of them cannot be kept.
    #[error("{0}")]
    Usage(String),
    /// A call that prepares or checks the run failed.
    #[error(transparent)]
    Call(#[from] broker_client::Error),
    /// A file or folder cannot be read or written.
    #[error("{what} {}: {source}", path.display())]
    File {
        /// The attempt: `cannot read` or `cannot write`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// Something on this machine does not work.
    #[error("{what}: {source}")]
    Local {
        /// The attempt, such as `cannot start a thread`.
        what: &'static str,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The throw-away CA could not be made, or the broker issued a wrong certificate.
    #[error(transparent)]
    TestCa(#[from] broker_testca::Error),
    /// The run was interrupted before anything was measured.
    #[error("interrupted")]
    Interrupted,
}

impl LoadError {
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::File { what: "cannot read", path: path.to_owned(), source }
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::File { what: "cannot write", path: path.to_owned(), source }
    }

    pub(crate) fn local(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Local { what, source: source.into() }
    }
}
