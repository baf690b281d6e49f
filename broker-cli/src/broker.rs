//! The broker as commands call it: the client library with the global options, and its errors as failures of this program.

use std::{io, path::PathBuf, time::Duration};

use broker_client::{Builder, Client, Error, ErrorKind};
use tokio::net::UnixStream;

use crate::error::{Failure, Refusal};

/// The broker's socket and the timeout of a call.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// The socket; `None` means that of `CRYPTO_BROKER_SOCKET` or a default socket.
    pub(crate) socket: Option<PathBuf>,
    /// The timeout of one call, its retries included; `None` means the library's default, and no limit for data that is sent
    /// in parts.
    pub(crate) timeout: Option<Duration>,
}

impl Endpoint {
    /// Returns a client that connects at its first call, so that `--loop` survives a broker that has not started yet.
    ///
    /// # Errors
    /// Fails where the socket's name is malformed.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Ok(self.builder().connect_lazy()?)
    }

    /// Returns the first socket that accepts a connection, in the client library's order, with the connection.
    ///
    /// # Errors
    /// Fails where no socket accepts one.
    pub(crate) async fn find(&self) -> Result<(PathBuf, UnixStream), Failure> {
        let sockets = self.builder().sockets()?;
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for socket in &sockets {
            match UnixStream::connect(socket).await {
                Ok(stream) => return Ok((socket.clone(), stream)),
                Err(error) => last = error,
            }
        }
        Err(no_broker(&sockets, &last))
    }

    fn builder(&self) -> Builder {
        let mut builder = Client::builder();
        if let Some(timeout) = self.timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(socket) = &self.socket {
            builder = builder.socket(socket);
        }
        builder
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if error.is_unreachable() {
            return unreachable(&error);
        }
        match error.kind {
            ErrorKind::Refused(rejection) => Self::Refused(Box::new(Refusal {
                code: rejection.code.name().to_owned(),
                reason: rejection.reason.map(|reason| reason.to_string()).unwrap_or_default(),
                field: rejection.field.unwrap_or_default(),
                option: None,
                rule: rejection.rule.unwrap_or_default(),
                line: rejection.line,
                message: rejection.message,
            })),
            ErrorKind::Deadline { .. } => Self::Refused(Box::new(Refusal {
                code: "DEADLINE_EXCEEDED".to_owned(),
                message: error.kind.to_string(),
                ..Refusal::default()
            })),
            ErrorKind::Invalid { .. } => Self::Usage(error.kind.to_string()),
            other => Self::local("the call failed", other),
        }
    }
}

/// Returns the failure of a broker that cannot be reached. Its hints name this program's options.
fn unreachable(error: &Error) -> Failure {
    match &error.kind {
        ErrorKind::Connect { sockets, source, .. } => no_broker(sockets, source),
        ErrorKind::ServerUid { socket, found, .. } => Failure::Unreachable {
            message: format!(
                "the process that listens on {} runs as uid {found}, which is neither yours nor root; nothing was sent to it",
                socket.display()
            ),
            hints: vec![format!("if that is your broker, set CRYPTO_BROKER_SERVER_UID={found}")],
        },
        ErrorKind::Deadline { last: Some(last), .. } => unreachable(last),
        _ => Failure::Unreachable { message: error.to_string(), hints: Vec::new() },
    }
}

fn no_broker(sockets: &[PathBuf], source: &io::Error) -> Failure {
    let paths: Vec<_> = sockets.iter().map(|path| path.display().to_string()).collect();
    if source.kind() == io::ErrorKind::PermissionDenied {
        return Failure::Unreachable {
            message: format!("no permission to connect to {}: {source}", paths.join(" or ")),
            hints: vec![
                "run this as the broker's own user, or have it started with --socket-group and --socket-mode 0660"
                    .to_owned(),
            ],
        };
    }
    Failure::Unreachable {
        message: format!("no broker listens on {}: {source}", paths.join(" or ")),
        hints: vec![
            "start one with `cryptobroker-server`, or name its socket with --socket PATH".to_owned(),
            "to try it without a broker: `cryptobroker demo`".to_owned(),
        ],
    }
}
