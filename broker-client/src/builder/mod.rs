//! Sets up a client from its options, then the environment, then the defaults.

#[cfg(feature = "blocking")]
pub(crate) mod blocking;

use std::{env, ffi::OsStr, path::PathBuf, time::Duration};

pub use broker_socket::{DEFAULT_SOCKETS, FolderCheck};
use tokio::runtime::Handle;

use crate::{
    client::{Client, Settings},
    connect::Connector,
    error::Error,
    retry::RetryPolicy,
    wire::Connection,
};

/// The environment variable that names the socket. Where it has a comma-separated list, which is meant for the
/// server, the client takes the first entry.
pub const SOCKET_VARIABLE: &str = "CRYPTO_BROKER_SOCKET";

/// The environment variable that names the uid of a trusted server.
pub const SERVER_UID_VARIABLE: &str = "CRYPTO_BROKER_SERVER_UID";

/// The environment variable for the check of folders to which other users can write: `strict` or `warn`.
pub const FOLDER_CHECK_VARIABLE: &str = "CRYPTO_BROKER_SOCKET_FOLDER_CHECK";

/// The default timeout of a call, retries included.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The default limit of the operations of a pipeline that are in flight.
pub const DEFAULT_IN_FLIGHT: usize = 1024;

/// The options of a [`Client`], created by [`Client::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `connect`"]
pub struct Builder {
    socket: Option<PathBuf>,
    server_uid: Option<u32>,
    folder_check: Option<FolderCheck>,
    timeout: Duration,
    connect_wait: Duration,
    retry: RetryPolicy,
    in_flight: usize,
    profile: Option<String>,
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

impl Client {
    /// Connects to the broker at the given socket, with the default options.
    ///
    /// # Errors
    /// Fails like [`Builder::connect`].
    pub async fn connect(path: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::builder().socket(path).connect().await
    }

    /// Returns a builder, which sets the options before it connects.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Sets the socket of the broker: a path, or gRPC's `unix:PATH` or `unix:///PATH`. Default: the first entry of
    /// `CRYPTO_BROKER_SOCKET`, or else [`DEFAULT_SOCKETS`], of which the second is tried where no process listens
    /// at the first.
    pub fn socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.socket = Some(path.into());
        self
    }

    /// Sets the profile of the requests that name none. Without it, such a request fails with
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid).
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(name.into());
        self
    }

    /// Sets the timeout of each call, retries included. Default: [`DEFAULT_TIMEOUT`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets when calls are retried.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets how many operations of a [pipeline](Client::pipeline) may be in flight; the others wait in the order of
    /// their arrival. 0 counts as 1. Default: [`DEFAULT_IN_FLIGHT`].
    pub fn in_flight(mut self, operations: usize) -> Self {
        self.in_flight = operations;
        self
    }

    /// Sets how long to wait for the socket to appear, for programs that start together with their broker. The wait
    /// applies to each new connection; a call that waits still ends at its own deadline. Default: zero.
    pub fn connect_wait(mut self, wait: Duration) -> Self {
        self.connect_wait = wait;
        self
    }

    /// Sets the uid of a broker that runs neither as this process's uid nor as root. Default:
    /// `CRYPTO_BROKER_SERVER_UID`.
    ///
    /// The socket carries private keys, so the client asks the kernel for the uid of the listening process before
    /// it sends the first byte. Any other uid fails with [`ErrorKind::ServerUid`](crate::ErrorKind::ServerUid),
    /// which is not retried.
    pub fn server_uid(mut self, uid: u32) -> Self {
        self.server_uid = Some(uid);
        self
    }

    /// Sets whether to accept a folder on the path of the socket to which other users can write, and which belongs
    /// to root, to the client's user or to the broker's. Default: `CRYPTO_BROKER_SOCKET_FOLDER_CHECK`, or else
    /// [`FolderCheck::Warn`] for [`DEFAULT_SOCKETS`] and [`FolderCheck::Strict`] for any other socket.
    ///
    /// [`FolderCheck::Warn`] accepts such a folder without a warning; the broker logs one. A user who can write
    /// there can replace the socket of the broker, and only the check of the [server's uid](Self::server_uid)
    /// prevents that from succeeding. Any other folder fails with [`ErrorKind::Folder`](crate::ErrorKind::Folder),
    /// which is not retried.
    pub fn folder_check(mut self, check: FolderCheck) -> Self {
        self.folder_check = Some(check);
        self
    }

    /// Returns the sockets that [`Self::connect`] would try, in this order.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a name that is not a path.
    pub fn sockets(&self) -> Result<Vec<PathBuf>, Error> {
        self.resolve_sockets(&|name| env::var(name).ok())
    }

    /// Connects at once, so that a missing broker is reported here and not by the first call.
    ///
    /// # Errors
    /// Fails with [`Connect`](crate::ErrorKind::Connect), [`ServerUid`](crate::ErrorKind::ServerUid) or
    /// [`Folder`](crate::ErrorKind::Folder), with [`Invalid`](crate::ErrorKind::Invalid) for an option or an
    /// environment variable that cannot be parsed, and with [`Runtime`](crate::ErrorKind::Runtime) outside a tokio
    /// runtime.
    pub async fn connect(self) -> Result<Client, Error> {
        let connection = self.connection()?;
        connection.open().await?;
        Ok(Client::new(connection, self.settings()))
    }

    /// Creates the client without connecting; its first call connects.
    ///
    /// # Errors
    /// Fails with [`Invalid`](crate::ErrorKind::Invalid) for an option or an environment variable that cannot be
    /// parsed, and with [`Runtime`](crate::ErrorKind::Runtime) outside a tokio runtime.
    pub fn connect_lazy(self) -> Result<Client, Error> {
        Ok(Client::new(self.connection()?, self.settings()))
    }

    fn settings(self) -> Settings {
        let Self { timeout, retry, in_flight, profile, .. } = self;
        Settings { timeout, retry, in_flight, profile: profile.map(Into::into) }
    }

    fn connection(&self) -> Result<Connection, Error> {
        let runtime = Handle::try_current().map_err(|_| {
            Error::runtime(
                "create the client inside a tokio runtime, or use broker_client::blocking without one",
            )
        })?;
        let connector = self.resolve(|name| env::var(name).ok(), rustix::process::geteuid().as_raw())?;
        Ok(Connection::new(connector, runtime))
    }

    /// Completes the options of the connection from the environment and the defaults.
    fn resolve(&self, variable: impl Fn(&str) -> Option<String>, own_uid: u32) -> Result<Connector, Error> {
        let server_uid = match (self.server_uid, variable(SERVER_UID_VARIABLE)) {
            (Some(uid), _) => Some(uid),
            (None, Some(text)) if !text.trim().is_empty() => Some(text.trim().parse().map_err(|_| {
                let detail = format!("{text:?} is not a numeric user id such as 1000");
                Error::invalid(SERVER_UID_VARIABLE, detail)
            })?),
            (None, _) => None,
        };
        let mut trusted = vec![own_uid, 0];
        trusted.extend(server_uid);
        trusted.sort_unstable();
        trusted.dedup();
        let folder_check = match (self.folder_check, variable(FOLDER_CHECK_VARIABLE)) {
            (None, Some(text)) if !text.trim().is_empty() => {
                Some(FolderCheck::named(text.trim()).ok_or_else(|| {
                    Error::invalid(
                        FOLDER_CHECK_VARIABLE,
                        format!("{text:?} is neither \"strict\" nor \"warn\""),
                    )
                })?)
            }
            (option, _) => option,
        };
        let sockets = self.resolve_sockets(&variable)?;
        Ok(Connector { sockets, trusted, folder_check, wait: self.connect_wait })
    }

    fn resolve_sockets(&self, variable: &impl Fn(&str) -> Option<String>) -> Result<Vec<PathBuf>, Error> {
        let parse = |what, name: &OsStr| match broker_socket::path(name) {
            Ok(path) => Ok(vec![path]),
            Err(error) => Err(Error::invalid(what, error.to_string())),
        };
        if let Some(socket) = &self.socket {
            return parse("the socket", socket.as_os_str());
        }
        let list = variable(SOCKET_VARIABLE).unwrap_or_default();
        match list.split(',').map(str::trim).find(|entry| !entry.is_empty()) {
            Some(first) => parse(SOCKET_VARIABLE, OsStr::new(first)),
            None => Ok(DEFAULT_SOCKETS.map(PathBuf::from).to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use super::*;
    use crate::error::ErrorKind;

    fn resolve(builder: Builder, variables: &[(&str, &str)]) -> Result<Connector, Error> {
        let find =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        builder.resolve(find, 1000)
    }

    fn sockets(builder: Builder, variables: &[(&str, &str)]) -> Vec<PathBuf> {
        resolve(builder, variables).unwrap().sockets
    }

    #[test]
    fn socket_comes_from_option_then_variable_then_defaults() {
        let list = [(SOCKET_VARIABLE, " /run/a.sock ,/run/b.sock")];
        assert_eq!([PathBuf::from("/x")], *sockets(Builder::default().socket("/x"), &list));
        assert_eq!([PathBuf::from("/run/a.sock")], *sockets(Builder::default(), &list));
        for empty in [vec![], vec![(SOCKET_VARIABLE, " , ")]] {
            assert_eq!(DEFAULT_SOCKETS.map(PathBuf::from), *sockets(Builder::default(), &empty));
        }
    }

    #[test]
    fn accepts_grpc_socket_names_in_option_and_variable() {
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
    fn folder_check_comes_from_option_then_variable() {
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
    fn trusts_own_uid_root_and_the_configured_uid_only() {
        let trusted = |builder, variables: &[(&str, &str)]| resolve(builder, variables).unwrap().trusted;
        assert_eq!([0, 1000], *trusted(Builder::default(), &[]));
        assert_eq!([0, 1000], *trusted(Builder::default(), &[(SERVER_UID_VARIABLE, "")]));
        assert_eq!([0, 1000, 7000], *trusted(Builder::default(), &[(SERVER_UID_VARIABLE, "7000")]));
        let option = Builder::default().server_uid(8000);
        assert_eq!([0, 1000, 8000], *trusted(option, &[(SERVER_UID_VARIABLE, "7000")]));
    }

    #[test]
    fn rejects_invalid_uid_naming_the_variable() {
        for text in ["broker", "-1", "4294967296"] {
            let error = resolve(Builder::default(), &[(SERVER_UID_VARIABLE, text)]).unwrap_err();
            assert!(error.to_string().starts_with(SERVER_UID_VARIABLE), "{error}");
        }
    }

    #[test]
    fn fails_without_panic_outside_a_runtime() {
        let error = Builder::default().socket("/x").connect_lazy().unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Runtime { .. }), "{error}");
    }
}
