//! What can go wrong with a call, typed, with the server's own reason kept.

use std::{error::Error as StdError, fmt, io, path::PathBuf, sync::Arc, time::Duration};

use tonic::Status;
use tonic_types::StatusExt as _;

/// Why a call, or the connection for it, failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing could be reached at any of the sockets.
    #[error(
        "no broker answers at {}: {source}; start `cryptobroker-server`, or name its socket with Builder::socket or \
         CRYPTO_BROKER_SOCKET", Paths(.sockets)
    )]
    Connect {
        /// The sockets that were tried, in that order.
        sockets: Vec<PathBuf>,
        /// What the operating system said about the last of them.
        source: Arc<io::Error>,
        /// Whether the broker may have begun an attempt before this one.
        earlier: bool,
    },
    /// Somebody listens whom the client was not told to trust. Nothing was sent.
    #[error(
        "the process listening at {} runs as uid {found}, which is none of the trusted {expected:?}; if that is your \
         broker, name it with Builder::server_uid({found}) or CRYPTO_BROKER_SERVER_UID={found}", .socket.display()
    )]
    ServerUid {
        /// Where it listens.
        socket: PathBuf,
        /// The uid that the kernel reports for it.
        found: u32,
        /// The uids that would have been accepted: the client's own, root, and the one named by the option.
        expected: Vec<u32>,
        /// Whether the broker may have begun an attempt before this one.
        earlier: bool,
    },
    /// Others than the broker could replace the socket, so who listens tomorrow is anybody's choice. Nothing was sent.
    #[error("the folder {} of the socket {} {problem}", .folder.display(), .socket.display())]
    Folder {
        /// The socket.
        socket: PathBuf,
        /// The folder or symbolic link on the way to it; no other link leads there.
        folder: PathBuf,
        /// What is wrong with it and what to do.
        problem: String,
        /// Whether the broker may have begun an attempt before this one.
        earlier: bool,
    },
    /// The broker said no, and why.
    #[error("{0}")]
    Refused(Box<Rejection>),
    /// The call was not answered in time.
    #[error("no answer within {timeout:?} ({attempts} attempt(s)){}", Last(.last))]
    Deadline {
        /// The time that the call had.
        timeout: Duration,
        /// How often it was sent.
        attempts: u32,
        /// What the attempt before the last one met, if there was one.
        last: Option<Box<Error>>,
    },
    /// The connection broke, or the broker ended the stream, before the answer came.
    #[error("the connection to the broker broke: {detail}; {}", Begun(*.begun))]
    Connection {
        /// What the transport reported.
        detail: String,
        /// Whether the broker may have begun the work. It has not where nothing of the call left this process, and where
        /// it ended a pipeline in good order without an answer to this call, and no attempt before was begun.
        begun: bool,
    },
    /// The data of a stream could not be read to its end. The call was cancelled, so the broker has not taken what came
    /// before for the whole.
    #[error("the data to be sent cannot be read: {source}")]
    Input {
        /// What the reader, or the stream of parts, said.
        source: Arc<io::Error>,
    },
    /// The answer was not what this protocol allows.
    #[error("the broker's answer cannot be understood: {detail}; do client and server belong together?")]
    Protocol {
        /// What is wrong with it.
        detail: String,
    },
    /// An option or a request is wrong before anything is sent.
    #[error("{what}: {detail}")]
    Invalid {
        /// The option, variable or request field.
        what: &'static str,
        /// What is wrong with it and what would be right.
        detail: String,
    },
    /// The call was made in a place where it cannot run, such as a blocking call inside an async runtime.
    #[error("{detail}")]
    Runtime {
        /// What to do instead.
        detail: String,
    },
}

impl Error {
    /// Whether the same call can succeed later without any change to it. The retry policy asks this first, and for a call
    /// that uses or makes a key [`is_retry_safe`](Self::is_retry_safe) too.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connect { source, .. } => may_appear(source),
            Self::Connection { .. } => true,
            Self::Refused(rejection) => rejection.code.is_retryable(),
            _ => false,
        }
    }

    /// Whether no broker could be talked to at all, as opposed to one that said no.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::ServerUid { .. } | Self::Folder { .. } | Self::Connection { .. } => {
                true
            }
            Self::Deadline { last: Some(last), .. } => last.is_unreachable(),
            _ => false,
        }
    }

    /// Whether it is certain that the broker has not begun the work, in this attempt or one before, so that sending the call
    /// again cannot do it twice.
    ///
    /// What is done twice is a second certificate, signature or key pair and a second record of it, so the retry policy
    /// asks this for every call that uses or makes a key, unless
    /// [`repeat_key_use`](crate::RetryPolicy::repeat_key_use) says otherwise.
    pub fn is_retry_safe(&self) -> bool {
        match self {
            Self::Connect { earlier, .. }
            | Self::ServerUid { earlier, .. }
            | Self::Folder { earlier, .. } => !earlier,
            Self::Invalid { .. } | Self::Runtime { .. } => true,
            Self::Connection { begun, .. } => !begun,
            Self::Refused(rejection) => rejection.is_before_the_work() && !rejection.earlier,
            Self::Deadline { .. } | Self::Input { .. } | Self::Protocol { .. } => false,
        }
    }

    /// The same after an attempt that the broker may have begun.
    pub(crate) fn after_one_begun(mut self) -> Self {
        match &mut self {
            Self::Connect { earlier, .. }
            | Self::ServerUid { earlier, .. }
            | Self::Folder { earlier, .. } => {
                *earlier = true;
            }
            Self::Connection { begun, .. } => *begun = true,
            Self::Refused(rejection) => rejection.earlier = true,
            // The runtime has ended, and the connection with it.
            Self::Runtime { detail } => {
                return Self::Connection { detail: std::mem::take(detail), begun: true };
            }
            Self::Deadline { .. } | Self::Input { .. } | Self::Protocol { .. } | Self::Invalid { .. } => {}
        }
        self
    }

    /// The server's refusal, if this is one.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Refused(rejection) => Some(rejection),
            _ => None,
        }
    }

    pub(crate) fn protocol(detail: impl Into<String>) -> Self {
        Self::Protocol { detail: detail.into() }
    }
}

/// Whether a socket that failed to open like this can be there a moment later.
pub(crate) fn may_appear(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted, NotFound, WouldBlock};
    matches!(error.kind(), NotFound | ConnectionRefused | ConnectionReset | WouldBlock | Interrupted)
}

/// A refusal, as the server explained it (`google.rpc.Status` with an `ErrorInfo`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejection {
    /// The gRPC status code.
    pub code: Code,
    /// One sentence for people.
    pub message: String,
    /// The reason for programs, in `UPPER_SNAKE` case.
    pub reason: Option<String>,
    /// The request field at fault.
    pub field: Option<String>,
    /// The profile that the request named.
    pub profile: Option<String>,
    /// The rule of the profile that refused.
    pub rule: Option<String>,
    /// The line of that rule in the profile document, counted from 1.
    pub line: Option<u32>,
    /// The lengths that the field at fault may have, in bytes; empty where its length is not the fault.
    pub expected_bytes: Vec<usize>,
    /// How long the server asks to be left alone before a retry.
    pub retry_after: Option<Duration>,
    /// Whether the broker may have begun the work all the same: in an attempt before the one that it refused, or, where it
    /// ended a whole pipeline with this, before it did so.
    pub earlier: bool,
}

/// The reason with UNAVAILABLE of a broker that is ending and has not begun the call.
pub(crate) const SHUTTING_DOWN: &str = "SHUTTING_DOWN";

impl Rejection {
    /// Whether the broker says this only before the work has begun. UNAVAILABLE alone does not tell: it is also the code of
    /// a call that a broker cuts at its end.
    fn is_before_the_work(&self) -> bool {
        self.code.is_before_the_work()
            || (self.code == Code::Unavailable && self.reason.as_deref() == Some(SHUTTING_DOWN))
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(reason) = &self.reason {
            write!(f, " ({reason})")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// The gRPC status codes, except OK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Code {
    Cancelled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
}

impl Code {
    /// The name in the gRPC specification, such as `INVALID_ARGUMENT`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    /// Whether the server means "later": UNAVAILABLE, RESOURCE_EXHAUSTED and ABORTED.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Unavailable | Self::ResourceExhausted | Self::Aborted)
    }

    /// Whether this code is given only before the work has begun.
    fn is_before_the_work(self) -> bool {
        match self {
            Self::InvalidArgument
            | Self::NotFound
            | Self::AlreadyExists
            | Self::PermissionDenied
            | Self::ResourceExhausted
            | Self::FailedPrecondition
            | Self::OutOfRange
            | Self::Unimplemented
            | Self::Unauthenticated => true,
            Self::Cancelled
            | Self::Unknown
            | Self::DeadlineExceeded
            | Self::Aborted
            | Self::Internal
            | Self::Unavailable
            | Self::DataLoss => false,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<tonic::Code> for Code {
    fn from(code: tonic::Code) -> Self {
        match code {
            tonic::Code::Cancelled => Self::Cancelled,
            tonic::Code::InvalidArgument => Self::InvalidArgument,
            tonic::Code::DeadlineExceeded => Self::DeadlineExceeded,
            tonic::Code::NotFound => Self::NotFound,
            tonic::Code::AlreadyExists => Self::AlreadyExists,
            tonic::Code::PermissionDenied => Self::PermissionDenied,
            tonic::Code::ResourceExhausted => Self::ResourceExhausted,
            tonic::Code::FailedPrecondition => Self::FailedPrecondition,
            tonic::Code::Aborted => Self::Aborted,
            tonic::Code::OutOfRange => Self::OutOfRange,
            tonic::Code::Unimplemented => Self::Unimplemented,
            tonic::Code::Internal => Self::Internal,
            tonic::Code::Unavailable => Self::Unavailable,
            tonic::Code::DataLoss => Self::DataLoss,
            tonic::Code::Unauthenticated => Self::Unauthenticated,
            // An error with the code OK is nobody's business to make.
            tonic::Code::Ok | tonic::Code::Unknown => Self::Unknown,
        }
    }
}

impl From<Status> for Error {
    /// The server's own words.
    fn from(status: Status) -> Self {
        let info = status.get_details_error_info();
        let metadata = |key: &str| info.as_ref().and_then(|info| info.metadata.get(key).cloned());
        Self::Refused(Box::new(Rejection {
            code: status.code().into(),
            message: status.message().to_owned(),
            reason: info.as_ref().map(|info| info.reason.clone()).filter(|reason| !reason.is_empty()),
            field: metadata("field"),
            profile: metadata("profile"),
            rule: metadata("rule"),
            line: metadata("line").and_then(|line| line.parse().ok()),
            expected_bytes: metadata("expected_bytes").map(|text| lengths(&text)).unwrap_or_default(),
            retry_after: status.get_details_retry_info().and_then(|info| info.retry_delay),
            earlier: false,
        }))
    }
}

/// `16,24,32`. What is no number is of a later version, and left out.
fn lengths(text: &str) -> Vec<usize> {
    text.split(',').filter_map(|number| number.trim().parse().ok()).collect()
}

/// The text at the bottom of a chain of errors: the ones above it only say "transport error".
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

struct Begun(bool);

impl fmt::Display for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            true => "the broker may have done the work",
            false => "the broker has not begun the work, so sending it again is safe",
        })
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
