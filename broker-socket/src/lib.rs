//! The rules of the sockets at which a broker and its clients meet: where they are when nothing is configured, how a path
//! is written, and which folders may hold one. Server, client library and command line take them from here, so that
//! they agree.

#![forbid(unsafe_code)]

mod folders;
mod name;

pub use folders::{Folder, FolderCheck, Link, Problem, Trace, TraceError};
pub use name::{NotAPath, SPELLINGS, path};

/// Where a broker listens when nothing is configured: this project's default, and the path that is compiled into released
/// clients of the Open Crypto Broker.
pub const DEFAULT_SOCKETS: [&str; 2] =
    ["/tmp/cryptobroker.sock", "/tmp/open-crypto-broker/crypto-broker-server.sock"];

/// The longest path that fits a socket address, in bytes (unix(7): 108 with the terminating NUL).
pub const LONGEST_PATH: usize = 107;
