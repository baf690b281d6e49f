//! The broker as the commands reach it: the client library with the global options, and its errors in this program's
//! words.

use std::{io, path::PathBuf, time::Duration};

use broker_client::{Builder, Client, Error, ErrorKind};
use tokio::net::UnixStream;

use crate::{
    args::Global,
    error::{Failure, Refusal},
};

/// Where the broker is and how long it may take.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// `None` leaves the choice to `CRYPTO_BROKER_SOCKET` and the default sockets.
    pub(crate) socket: Option<PathBuf>,
    /// For one call, its retries included. `None` is the library's default, and no limit for what is sent in parts.
    pub(crate) timeout: Option<Duration>,
}

impl Endpoint {
    /// As the global options say.
    pub(crate) fn new(global: &Global) -> Self {
        Self { socket: global.socket.clone(), timeout: global.timeout }
    }

    /// A client whose first call connects, so that `--loop` survives a broker that is not there yet.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Ok(self.builder().connect_lazy()?)
    }

    /// The first socket at which somebody listens, chosen as the client library does, with a connection to it.
    pub(crate) async fn find(&self) -> Result<(PathBuf, UnixStream), Failure> {
        let sockets = self.builder().sockets()?;
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for socket in &sockets {
            match UnixStream::connect(socket).await {
                Ok(stream) => return Ok((socket.clone(), stream)),
                Err(error) => last = error,
            }
        }
        Err(nobody_listens(&sockets, &last))
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

/// The library speaks of its builder; a user of this program has options.
fn unreachable(error: &Error) -> Failure {
    match &error.kind {
        ErrorKind::Connect { sockets, source, .. } => nobody_listens(sockets, source),
        ErrorKind::ServerUid { socket, found, .. } => Failure::Unreachable {
            message: format!(
                "the process that listens on {} runs as uid {found}, neither yours nor root; nothing was sent to it",
                socket.display()
            ),
            next: vec![format!("if that is your broker, set CRYPTO_BROKER_SERVER_UID={found}")],
        },
        ErrorKind::Deadline { last: Some(last), .. } => unreachable(last),
        _ => Failure::Unreachable { message: error.to_string(), next: Vec::new() },
    }
}

/// Says that none of the sockets could be opened, and what to do about it.
fn nobody_listens(sockets: &[PathBuf], source: &io::Error) -> Failure {
    let paths: Vec<_> = sockets.iter().map(|path| path.display().to_string()).collect();
    if source.kind() == io::ErrorKind::PermissionDenied {
        return Failure::Unreachable {
            message: format!("no permission to connect to {}: {source}", paths.join(" or ")),
            next: vec![
                "run this as the broker's own user, or have it started with --socket-group and --socket-mode 0660"
                    .to_owned(),
            ],
        };
    }
    Failure::Unreachable {
        message: format!("no broker listens on {}: {source}", paths.join(" or ")),
        next: vec![
            "start one with `cryptobroker-server`, or name its socket with --socket PATH".to_owned(),
            "to try it without a broker: `cryptobroker demo`".to_owned(),
        ],
    }
}
