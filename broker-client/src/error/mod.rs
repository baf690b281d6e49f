//! The errors of calls, with the reason that the server gave.

mod attempt;
mod reason;
mod rejection;

use std::{error::Error as StdError, fmt, io, path::PathBuf, sync::Arc, time::Duration};

pub(crate) use self::attempt::AttemptError;
pub use self::{reason::Reason, rejection::Rejection};
use crate::status::Status;

/// The failure of a call, or of the connection for it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Error {
    /// The kind of the failure, with its details.
    pub kind: ErrorKind,
    /// Indicates whether the broker may have executed the call, wholly or in part, in this attempt or in an earlier
    /// one.
    ///
    /// `false` is certain: a retry cannot execute the call twice. A second execution makes a second certificate,
    /// signature or key pair and a second audit record, so the retry policy consults this field for every call that
    /// uses or makes a key, unless [`RetryPolicy::repeat_key_use`](crate::RetryPolicy::repeat_key_use) was called.
    pub possibly_executed: bool,
}

/// The kind of a failure, with its details.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No broker listens at any of the sockets, or the sockets cannot be opened.
    #[error(
        "no broker answers at {}: {source}; start `cryptobroker-server`, or set its socket with Builder::socket or \
         CRYPTO_BROKER_SOCKET", Paths(.sockets)
    )]
    #[non_exhaustive]
    Connect {
        /// The sockets that were tried, in this order.
        sockets: Vec<PathBuf>,
        /// The error of the operating system for the last of them.
        source: Arc<io::Error>,
    },
    /// The listening process runs as a user whom the client does not trust. Nothing was sent.
    #[error(
        "the process listening at {} runs as uid {found}, and only {expected:?} are trusted; if it is your broker, set \
         Builder::server_uid({found}) or CRYPTO_BROKER_SERVER_UID={found}", .socket.display()
    )]
    #[non_exhaustive]
    ServerUid {
        /// The socket at which the process listens.
        socket: PathBuf,
        /// The uid that the kernel reports for the process.
        found: u32,
        /// The trusted uids: the client's own, root, and the one that the option sets.
        expected: Vec<u32>,
    },
    /// Another user could replace the socket. Nothing was sent.
    #[error("the folder {} of the socket {} {problem}", .folder.display(), .socket.display())]
    #[non_exhaustive]
    Folder {
        /// The socket.
        socket: PathBuf,
        /// The folder or symbolic link at fault; its path contains no other link.
        folder: PathBuf,
        /// The fault of the folder or link, and the remedy.
        problem: String,
    },
    /// The broker refused the call.
    #[error("{0}")]
    Refused(Box<Rejection>),
    /// The call got no response before its deadline.
    #[error("no response within {timeout:?} ({attempts} attempt(s)){}", Previous(.last))]
    #[non_exhaustive]
    Deadline {
        /// The timeout of the call.
        timeout: Duration,
        /// The number of attempts.
        attempts: u32,
        /// The error of the attempt before the last one.
        last: Option<Box<Error>>,
    },
    /// The connection broke, or the broker ended the stream, before the response arrived.
    /// [`Error::possibly_executed`] is `false` where nothing of the call was sent, and where the broker ended a
    /// pipeline gracefully without a response to this call.
    #[error("the connection to the broker broke: {detail}")]
    #[non_exhaustive]
    Connection {
        /// The error of the transport.
        detail: String,
    },
    /// The data of a stream could not be read to its end. The call was cancelled, so the broker does not mistake
    /// the part that it received for the whole.
    #[error("the data to send cannot be read: {source}")]
    #[non_exhaustive]
    Input {
        /// The error of the reader or of the stream of parts.
        source: Arc<io::Error>,
    },
    /// The response violates the protocol.
    #[error(
        "the broker's response violates the protocol: {detail}; check that client and server have compatible versions"
    )]
    #[non_exhaustive]
    Protocol {
        /// The violation.
        detail: String,
    },
    /// The signature is not one of this key over this data. Only
    /// [`require_valid`](crate::VerifyDataResponse::require_valid) fails like this.
    #[error("the signature is not valid")]
    InvalidSignature,
    /// A proof does not prove the statement. Only the methods `require_valid` of
    /// [`VerifyProofResponse`](crate::VerifyProofResponse::require_valid) and
    /// [`BatchVerifyResponse`](crate::BatchVerifyResponse::require_valid) fail like this.
    #[error("the proof is not valid")]
    InvalidProof,
    /// An option or a request is invalid. Nothing was sent.
    #[error("{what}: {detail}")]
    #[non_exhaustive]
    Invalid {
        /// The option, variable or request field.
        what: &'static str,
        /// The fault, and what would be valid.
        detail: String,
    },
    /// The call was made where it cannot run, such as an async client outside a tokio runtime.
    #[error("{detail}")]
    #[non_exhaustive]
    Runtime {
        /// The fault and the remedy.
        detail: String,
    },
}

impl Error {
    /// Reports whether the same call may succeed later. The retry policy also consults
    /// [`possibly_executed`](Self::possibly_executed) for a call that uses or makes a key.
    pub fn is_retryable(&self) -> bool {
        match &self.kind {
            ErrorKind::Connect { source, .. } => is_transient(source),
            ErrorKind::Connection { .. } => true,
            ErrorKind::Refused(rejection) => rejection.code.is_retryable(),
            _ => false,
        }
    }

    /// Reports whether no broker could be reached, as opposed to a broker that refused the call.
    pub fn is_unreachable(&self) -> bool {
        match &self.kind {
            ErrorKind::Connect { .. }
            | ErrorKind::ServerUid { .. }
            | ErrorKind::Folder { .. }
            | ErrorKind::Connection { .. } => true,
            ErrorKind::Deadline { last: Some(last), .. } => last.is_unreachable(),
            _ => false,
        }
    }

    /// Returns the server's refusal, if this is one.
    pub fn rejection(&self) -> Option<&Rejection> {
        match &self.kind {
            ErrorKind::Refused(rejection) => Some(rejection),
            _ => None,
        }
    }

    /// Creates the error of a first attempt.
    pub(crate) fn new(kind: ErrorKind) -> Self {
        let possibly_executed = match &kind {
            ErrorKind::Connect { .. }
            | ErrorKind::ServerUid { .. }
            | ErrorKind::Folder { .. }
            | ErrorKind::Invalid { .. }
            | ErrorKind::Runtime { .. } => false,
            ErrorKind::Refused(rejection) => !rejection.is_before_execution(),
            ErrorKind::Connection { .. }
            | ErrorKind::Deadline { .. }
            | ErrorKind::Input { .. }
            | ErrorKind::InvalidSignature
            | ErrorKind::InvalidProof
            | ErrorKind::Protocol { .. } => true,
        };
        Self { kind, possibly_executed }
    }

    /// Creates the error of a call that the broker ended with this status.
    pub(crate) fn refused(status: Status) -> Self {
        Rejection::from_status(status).into()
    }

    pub(crate) fn connection(detail: impl Into<String>, possibly_executed: bool) -> Self {
        Self { kind: ErrorKind::Connection { detail: detail.into() }, possibly_executed }
    }

    pub(crate) fn protocol(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Protocol { detail: detail.into() })
    }

    pub(crate) fn invalid(what: &'static str, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid { what, detail: detail.into() })
    }

    pub(crate) fn runtime(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Runtime { detail: detail.into() })
    }

    /// Converts the error for a call that an earlier attempt may have executed.
    pub(crate) fn after_possible_execution(mut self) -> Self {
        self.possibly_executed = true;
        // A runtime error after an attempt means that the runtime ended, and with it the connection.
        if let ErrorKind::Runtime { detail } = self.kind {
            self.kind = ErrorKind::Connection { detail };
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        match (&self.kind, self.possibly_executed) {
            (ErrorKind::Connection { .. }, true) => f.write_str("; the broker may have executed the call"),
            (ErrorKind::Connection { .. }, false) => {
                f.write_str("; the broker has not executed the call, so a retry is safe")
            }
            _ => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.kind.source()
    }
}

impl From<Rejection> for Error {
    /// Creates the error of a call that the broker refuses like this.
    fn from(rejection: Rejection) -> Self {
        Self::new(ErrorKind::Refused(Box::new(rejection)))
    }
}

/// Reports whether a socket that failed to open like this may be available a moment later.
pub(crate) fn is_transient(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted, NotFound, WouldBlock};
    matches!(error.kind(), NotFound | ConnectionRefused | ConnectionReset | WouldBlock | Interrupted)
}

/// Returns the text of the innermost error of a chain, since those above it only say "transport error".
pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

struct Paths<'a>(&'a [PathBuf]);

impl fmt::Display for Paths<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, path) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" or ")?;
            }
            write!(f, "{}", path.display())?;
        }
        Ok(())
    }
}

struct Previous<'a>(&'a Option<Box<Error>>);

impl fmt::Display for Previous<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(error) => write!(f, "; previous attempt: {error}"),
            None => Ok(()),
        }
    }
}
