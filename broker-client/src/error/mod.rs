//! What can go wrong with a call, typed, with the server's own reason kept.

mod code;
mod reason;
mod rejection;

use std::{error::Error as StdError, fmt, io, path::PathBuf, sync::Arc, time::Duration};

pub use self::{code::Code, reason::Reason, rejection::Rejection};
use crate::wire::Status;

/// Why a call, or the connection for it, failed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Error {
    /// What went wrong.
    pub kind: ErrorKind,
    /// Whether the broker may have executed the call, wholly or in part, in this attempt or in one before it.
    ///
    /// `false` is certain: sending the call again cannot do anything twice. A call that is executed twice makes a second
    /// certificate, signature or key pair and a second record of it, so the retry policy looks at this for every call that
    /// uses or makes a key, unless [`RetryPolicy::repeat_key_use`](crate::RetryPolicy::repeat_key_use) was called.
    pub possibly_executed: bool,
}

/// What went wrong with a call.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No broker listens at any of the sockets, or none may be opened.
    #[error(
        "no broker answers at {}: {source}; start `cryptobroker-server`, or name its socket with Builder::socket or \
         CRYPTO_BROKER_SOCKET", Paths(.sockets)
    )]
    #[non_exhaustive]
    Connect {
        /// The sockets that were tried, in that order.
        sockets: Vec<PathBuf>,
        /// What the operating system reported for the last of them.
        source: Arc<io::Error>,
    },
    /// The process that listens runs as a user whom the client was not told to trust. Nothing was sent.
    #[error(
        "the process listening at {} runs as uid {found}, which is none of the trusted {expected:?}; if that is your \
         broker, name it with Builder::server_uid({found}) or CRYPTO_BROKER_SERVER_UID={found}", .socket.display()
    )]
    #[non_exhaustive]
    ServerUid {
        /// The socket at which it listens.
        socket: PathBuf,
        /// The uid that the kernel reports for it.
        found: u32,
        /// The uids that would have been accepted: the client's own, root, and the one named by the option.
        expected: Vec<u32>,
    },
    /// Another user could replace the socket. Nothing was sent.
    #[error("the folder {} of the socket {} {problem}", .folder.display(), .socket.display())]
    #[non_exhaustive]
    Folder {
        /// The socket.
        socket: PathBuf,
        /// The folder or symbolic link on the way to it; no other link leads there.
        folder: PathBuf,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// The broker refused the call, and says why.
    #[error("{0}")]
    Refused(Box<Rejection>),
    /// The call was not answered in time.
    #[error("no answer within {timeout:?} ({attempts} attempt(s)){}", Last(.last))]
    #[non_exhaustive]
    Deadline {
        /// The time that the call had.
        timeout: Duration,
        /// How often it was sent.
        attempts: u32,
        /// How the attempt before the last one failed, if there was one.
        last: Option<Box<Error>>,
    },
    /// The connection broke, or the broker ended the stream, before the answer came. [`Error::possibly_executed`] is
    /// `false` where nothing of the call left this process, and where the broker ended a pipeline in good order without an
    /// answer to this call.
    #[error("the connection to the broker broke: {detail}")]
    #[non_exhaustive]
    Connection {
        /// What the transport reported.
        detail: String,
    },
    /// The data of a stream could not be read to its end. The call was cancelled, so the broker has not taken what came
    /// before for the whole.
    #[error("the data to be sent cannot be read: {source}")]
    #[non_exhaustive]
    Input {
        /// What the reader, or the stream of parts, reported.
        source: Arc<io::Error>,
    },
    /// The answer was not what this protocol allows.
    #[error("the broker's answer cannot be understood: {detail}; do client and server belong together?")]
    #[non_exhaustive]
    Protocol {
        /// What is wrong with it.
        detail: String,
    },
    /// The signature is not one of this key over this data. Only
    /// [`require_valid`](crate::VerifyDataResponse::require_valid) makes this of an answer.
    #[error("the signature is not valid")]
    InvalidSignature,
    /// An option or a request is wrong before anything is sent.
    #[error("{what}: {detail}")]
    #[non_exhaustive]
    Invalid {
        /// The option, variable or request field.
        what: &'static str,
        /// What is wrong with it and what would be right.
        detail: String,
    },
    /// The call was made in a place where it cannot run, such as an async client outside a tokio runtime.
    #[error("{detail}")]
    #[non_exhaustive]
    Runtime {
        /// What to do instead.
        detail: String,
    },
}

impl Error {
    /// Whether the same call can succeed later without any change to it. The retry policy asks this first, and for a call
    /// that uses or makes a key looks at [`possibly_executed`](Self::possibly_executed) too.
    pub fn is_retryable(&self) -> bool {
        match &self.kind {
            ErrorKind::Connect { source, .. } => may_appear(source),
            ErrorKind::Connection { .. } => true,
            ErrorKind::Refused(rejection) => rejection.code.is_retryable(),
            _ => false,
        }
    }

    /// Whether no broker could be talked to at all, as opposed to one that refused the call.
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

    /// The server's refusal, if this is one.
    pub fn rejection(&self) -> Option<&Rejection> {
        match &self.kind {
            ErrorKind::Refused(rejection) => Some(rejection),
            _ => None,
        }
    }

    /// Makes the error of an attempt that was the only one so far.
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
            | ErrorKind::Protocol { .. } => true,
        };
        Self { kind, possibly_executed }
    }

    /// Makes the error of a call that the broker ended with this status.
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

    /// Returns the same error for a call that an attempt before this one may have executed.
    pub(crate) fn after_possible_execution(mut self) -> Self {
        self.possibly_executed = true;
        // The runtime has ended, and the connection with it.
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
                f.write_str("; the broker has not executed the call, so sending it again is safe")
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
    /// Makes the error that a call ends with which the broker refuses like this.
    fn from(rejection: Rejection) -> Self {
        Self::new(ErrorKind::Refused(Box::new(rejection)))
    }
}

/// Returns whether a socket that failed to open like this can be there a moment later.
pub(crate) fn may_appear(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted, NotFound, WouldBlock};
    matches!(error.kind(), NotFound | ConnectionRefused | ConnectionReset | WouldBlock | Interrupted)
}

/// Returns the text at the bottom of a chain of errors: the ones above it only say "transport error".
pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
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

struct Last<'a>(&'a Option<Box<Error>>);

impl fmt::Display for Last<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(error) => write!(f, "; before that: {error}"),
            None => Ok(()),
        }
    }
}
