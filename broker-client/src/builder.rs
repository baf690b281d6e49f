//! How a client is set up: options first, then the environment, then the defaults.

use std::{env, ffi::OsStr, path::PathBuf, time::Duration};

pub use broker_socket::{DEFAULT_SOCKETS, FolderCheck};
use tokio::runtime::Handle;

use crate::{client::Client, connect::Dial, error::Error, retry::RetryPolicy, wire::Connection};

/// The environment variable that names the socket. A list (comma-separated) is meant for the server; the client
/// takes its first entry.
pub const SOCKET_VARIABLE: &str = "CRYPTO_BROKER_SOCKET";

/// The environment variable that names the uid of a trusted server.
pub const SERVER_UID_VARIABLE: &str = "CRYPTO_BROKER_SERVER_UID";

/// The environment variable that says what is done about a folder that others can write to: `strict` or `warn`.
pub const FOLDER_CHECK_VARIABLE: &str = "CRYPTO_BROKER_SOCKET_FOLDER_CHECK";

/// How long a call may take, retries included, when nothing else is said.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many calls of a pipeline are on their way at most when nothing else is said.
pub const DEFAULT_IN_FLIGHT: usize = 1024;

/// The options of a [`Client`]. Made by [`Client::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `connect`"]
pub struct Builder {
    socket: Option<PathBuf>,
    server_uid: Option<u32>,
    folder_check: Option<FolderCheck>,
    pub(crate) timeout: Duration,
    connect_wait: Duration,
    pub(crate) retry: RetryPolicy,
    pub(crate) in_flight: usize,
    pub(crate) profile: Option<String>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            socket: None,
            server_uid: None,
            folder_check: None,
            timeout: DEFAULT_TIMEOUT,
            connect_wait: Duration::ZERO,
            retry: RetryPolicy::default(),
            in_flight: DEFAULT_IN_FLIGHT,
            profile: None,
        }
    }
}

impl Builder {
    /// The socket of the broker: a path, or gRPC's `unix:PATH` or `unix:///PATH`. Default: the first entry of
    /// `CRYPTO_BROKER_SOCKET`, else [`DEFAULT_SOCKETS`], of which the second is tried when nobody listens at the first.
    pub fn socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.socket = Some(path.into());
        self
    }

    /// The profile of the requests that name none. Default: none, and such a request fails with
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid).
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(name.into());
        self
    }

    /// How long each call may take, retries included. Default: [`DEFAULT_TIMEOUT`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// When calls are sent again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How many calls of a [pipeline](Client::pipeline) are on their way at most; the others wait for their turn, in the
    /// order in which they came. 0 counts as 1. Default: [`DEFAULT_IN_FLIGHT`].
    pub fn in_flight(mut self, calls: usize) -> Self {
        self.in_flight = calls;
        self
    }

    /// How long to wait for the socket to appear, for programs that start together with their broker. It holds for
    /// each new connection; a call that waits still ends at its own deadline. Default: zero.
    pub fn connect_wait(mut self, wait: Duration) -> Self {
        self.connect_wait = wait;
        self
    }

    /// The uid of a broker that runs neither as this process's uid nor as root. Default: `CRYPTO_BROKER_SERVER_UID`.
    ///
    /// Private keys travel down the socket, so the client asks the kernel who listens there before its first byte,
    /// and leaves with [`ErrorKind::ServerUid`](crate::ErrorKind::ServerUid) if it is anybody else. Such an error is not retried.
    pub fn server_uid(mut self, uid: u32) -> Self {
        self.server_uid = Some(uid);
        self
    }

    /// What is done about a folder on the way to the socket that others can write to, and that is root's, the client's own
    /// or the broker's. Default: `CRYPTO_BROKER_SOCKET_FOLDER_CHECK`, else [`FolderCheck::Warn`] for [`DEFAULT_SOCKETS`]
    /// and [`FolderCheck::Strict`] for any other socket.
    ///
    /// With [`FolderCheck::Warn`] it is let through; the warning is the broker's. Whoever can write there can put another
    /// socket in the place of the broker's, and the check of the [server's uid](Self::server_uid) alone stands in
    /// the way. Any other folder ends in [`ErrorKind::Folder`](crate::ErrorKind::Folder), which is not retried.
    pub fn folder_check(mut self, check: FolderCheck) -> Self {
        self.folder_check = Some(check);
        self
    }

    /// Returns the sockets that [`Self::connect`] would try, in that order.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a name that is not a path.
    pub fn sockets(&self) -> Result<Vec<PathBuf>, Error> {
        self.resolve_sockets(&|name| env::var(name).ok())
    }

    /// Connects now, so that a missing broker is known at once.
    ///
    /// # Errors
    /// [`Connect`](crate::ErrorKind::Connect), [`ServerUid`](crate::ErrorKind::ServerUid),
    /// [`Folder`](crate::ErrorKind::Folder), or [`Invalid`](crate::ErrorKind::Invalid) for an option or an environment
    /// variable that cannot be read.
    pub async fn connect(self) -> Result<Client, Error> {
        let connection = self.connection()?;
        connection.open().await?;
        Ok(Client::new(connection, &self))
    }

    /// Makes the client and leaves the connecting to its first call.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) for an option or an environment variable that cannot be read,
    /// [`Runtime`](crate::ErrorKind::Runtime) outside a tokio runtime.
    pub fn connect_lazy(self) -> Result<Client, Error> {
        Ok(Client::new(self.connection()?, &self))
    }

    fn connection(&self) -> Result<Connection, Error> {
        let runtime = Handle::try_current().map_err(|_| {
            Error::runtime("a client is made inside a tokio runtime; without one use broker_client::blocking")
        })?;
        let dial = self.resolve(|name| env::var(name).ok(), rustix::process::geteuid().as_raw())?;
        Ok(Connection::new(dial, runtime))
    }

    /// Fills what was not said from the environment and the defaults.
    fn resolve(&self, variable: impl Fn(&str) -> Option<String>, own_uid: u32) -> Result<Dial, Error> {
        let named = match (self.server_uid, variable(SERVER_UID_VARIABLE)) {
            (Some(uid), _) => Some(uid),
            (None, Some(text)) if !text.trim().is_empty() => Some(text.trim().parse().map_err(|_| {
                let detail = format!("{text:?} is not a numeric user id such as 1000");
                Error::invalid(SERVER_UID_VARIABLE, detail)
            })?),
            (None, _) => None,
        };
        let mut trusted = vec![own_uid, 0];
        trusted.extend(named);
        trusted.sort_unstable();
        trusted.dedup();
        let folder_check = match (self.folder_check, variable(FOLDER_CHECK_VARIABLE)) {
            (None, Some(text)) if !text.trim().is_empty() => {
                Some(FolderCheck::named(text.trim()).ok_or_else(|| {
                    Error::invalid(FOLDER_CHECK_VARIABLE, format!("{text:?} is neither strict nor warn"))
                })?)
            }
            (option, _) => option,
        };
        Ok(Dial { sockets: self.resolve_sockets(&variable)?, trusted, folder_check, wait: self.connect_wait })
    }

    fn resolve_sockets(&self, variable: &impl Fn(&str) -> Option<String>) -> Result<Vec<PathBuf>, Error> {
        let read = |what, name: &OsStr| match broker_socket::path(name) {
            Ok(path) => Ok(vec![path]),
            Err(error) => Err(Error::invalid(what, error.to_string())),
        };
        if let Some(socket) = &self.socket {
            return read("the socket", socket.as_os_str());
        }
        let list = variable(SOCKET_VARIABLE).unwrap_or_default();
        match list.split(',').map(str::trim).find(|entry| !entry.is_empty()) {
            Some(first) => read(SOCKET_VARIABLE, OsStr::new(first)),
            None => Ok(DEFAULT_SOCKETS.map(PathBuf::from).to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use super::*;
    use crate::error::ErrorKind;

    fn resolve(builder: Builder, variables: &[(&str, &str)]) -> Result<Dial, Error> {
        let find =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        builder.resolve(find, 1000)
    }

    fn sockets(builder: Builder, variables: &[(&str, &str)]) -> Vec<PathBuf> {
        resolve(builder, variables).unwrap().sockets
    }

    #[test]
    fn the_socket_is_the_option_then_the_first_of_the_variable_then_the_defaults() {
        let list = [(SOCKET_VARIABLE, " /run/a.sock ,/run/b.sock")];
        assert_eq!([PathBuf::from("/x")], *sockets(Builder::default().socket("/x"), &list));
        assert_eq!([PathBuf::from("/run/a.sock")], *sockets(Builder::default(), &list));
        for empty in [vec![], vec![(SOCKET_VARIABLE, " , ")]] {
            assert_eq!(DEFAULT_SOCKETS.map(PathBuf::from), *sockets(Builder::default(), &empty));
        }
    }

    #[test]
    fn takes_the_spellings_of_grpc_as_option_and_as_variable() {
        for name in ["unix:/run/a.sock", "unix:///run/a.sock"] {
            assert_eq!([PathBuf::from("/run/a.sock")], *sockets(Builder::default().socket(name), &[]));
            let list = format!("{name},/run/b.sock");
            assert_eq!(
                [PathBuf::from("/run/a.sock")],
                *sockets(Builder::default(), &[(SOCKET_VARIABLE, &list)])
            );
        }
        let error = resolve(Builder::default().socket("unix://host/run/a.sock"), &[]).unwrap_err();
        assert!(error.to_string().contains("unix:///PATH"), "{error}");
        let error = resolve(Builder::default(), &[(SOCKET_VARIABLE, "unix-abstract:a")]).unwrap_err();
        assert!(error.to_string().starts_with(SOCKET_VARIABLE), "{error}");
    }

    #[test]
    fn reads_the_folder_check_from_the_option_then_the_variable() {
        let check = |builder, variables: &[(&str, &str)]| resolve(builder, variables).unwrap().folder_check;
        let warn = [(FOLDER_CHECK_VARIABLE, "Warn")];
        assert_eq!(check(Builder::default(), &[]), None);
        assert_eq!(check(Builder::default(), &[(FOLDER_CHECK_VARIABLE, "")]), None);
        assert_eq!(check(Builder::default(), &warn), Some(FolderCheck::Warn));
        let strict = Builder::default().folder_check(FolderCheck::Strict);
        assert_eq!(check(strict, &warn), Some(FolderCheck::Strict));
        let error = resolve(Builder::default(), &[(FOLDER_CHECK_VARIABLE, "off")]).unwrap_err();
        assert!(error.to_string().starts_with(FOLDER_CHECK_VARIABLE), "{error}");
    }

    #[test]
    fn own_uid_root_and_the_named_one_are_trusted_and_nobody_else() {
        let trusted = |builder, variables: &[(&str, &str)]| resolve(builder, variables).unwrap().trusted;
        assert_eq!([0, 1000], *trusted(Builder::default(), &[]));
        assert_eq!([0, 1000], *trusted(Builder::default(), &[(SERVER_UID_VARIABLE, "")]));
        assert_eq!([0, 1000, 7000], *trusted(Builder::default(), &[(SERVER_UID_VARIABLE, "7000")]));
        let option = Builder::default().server_uid(8000);
        assert_eq!([0, 1000, 8000], *trusted(option, &[(SERVER_UID_VARIABLE, "7000")]));
    }

    #[test]
    fn a_uid_that_is_no_number_is_an_error_that_names_the_variable() {
        for text in ["broker", "-1", "4294967296"] {
            let error = resolve(Builder::default(), &[(SERVER_UID_VARIABLE, text)]).unwrap_err();
            assert!(error.to_string().starts_with(SERVER_UID_VARIABLE), "{error}");
        }
    }

    #[test]
    fn outside_a_runtime_a_client_is_refused_and_nothing_panics() {
        let error = Builder::default().socket("/x").connect_lazy().unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Runtime { .. }), "{error}");
    }
}
