//! The rules for the sockets of a broker: their default paths, how a path is written, and which folders may hold a
//! socket. Server, client library and command line share this crate, so that they apply the same rules.

#![forbid(unsafe_code)]

mod folders;
mod name;

pub use folders::{Folder, FolderCheck, Link, Problem, Trace, TraceError};
pub use name::{NotAPath, SPELLINGS, path};

/// The default sockets of a broker: this project's own, and the one that is compiled into released clients of the Open
/// Crypto Broker.
pub const DEFAULT_SOCKETS: [&str; 2] =
    ["/tmp/cryptobroker.sock", "/tmp/open-crypto-broker/crypto-broker-server.sock"];

/// The maximum length of the path in a socket address, in bytes (unix(7): 108 with the terminating NUL).
pub const LONGEST_PATH: usize = 107;
