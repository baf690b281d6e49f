//! A socket that only its owner can have made.

use std::{io, path::{Path, PathBuf}};

/// How a socket is made.
#[derive(Clone, Debug)]
pub struct SocketOptions {
    /// Permission bits of the socket file.
    pub mode: u32,
    /// Group of the socket file, by number.
    pub group: Option<u32>,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self { mode: 0o600, group: None }
    }
}

/// A bound socket, its lock and the inode that it made; removed when dropped.
#[derive(Debug)]
pub struct Listener {}

impl Listener {
    /// Binds `path`.
    pub fn bind(path: &Path, options: &SocketOptions) -> Result<Self, SocketError> {
        todo!()
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        todo!()
    }
}

/// Why a socket cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// Another server serves it.
    #[error("{}: another server is live on this socket; stop it first, or name another with --socket", path.display())]
    Live {
        /// The socket.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// What was refused.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why.
        source: io::Error,
    },
}
