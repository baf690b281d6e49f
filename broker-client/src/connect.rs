//! Opens the socket, and checks the identity of the listening process before anything is sent.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use broker_socket::{DEFAULT_SOCKETS, FolderCheck, Problem, Trace, TraceError};
use tokio::{
    net::UnixStream,
    time::{Instant, sleep},
};

use crate::error::{Error, ErrorKind, is_transient};

/// Opens connections to the sockets at which a trusted broker may listen.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    /// The sockets, each of which is tried only where no process listens at those before it.
    pub(crate) sockets: Vec<PathBuf>,
    /// The uids as which a broker may run.
    pub(crate) trusted: Vec<u32>,
    /// The policy for folders to which other users can write. `None` selects it by the socket.
    pub(crate) folder_check: Option<FolderCheck>,
    /// The time to wait for a socket to appear.
    pub(crate) wait: Duration,
}

const INITIAL_PAUSE: Duration = Duration::from_millis(5);
const MAX_PAUSE: Duration = Duration::from_millis(100);

impl Connector {
    /// Connects to the first socket at which a process listens.
    pub(crate) async fn open(&self) -> Result<UnixStream, Error> {
        let start = Instant::now();
        let mut pause = INITIAL_PAUSE;
        loop {
            let error = match self.attempt().await {
                Err(error) if error.is_retryable() => error,
                result => return result,
            };
            let remaining = self.wait.saturating_sub(start.elapsed());
            if remaining.is_zero() {
                return Err(error);
            }
            sleep(pause.min(remaining)).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    async fn attempt(&self) -> Result<UnixStream, Error> {
        let mut last_error = io::Error::new(io::ErrorKind::InvalidInput, "no socket is configured");
        for socket in &self.sockets {
            match UnixStream::connect(socket).await {
                Ok(stream) => {
                    let found = stream.peer_cred().map_err(|error| self.error(error))?.uid();
                    if self.trusted.contains(&found) {
                        self.check_folder(socket)?;
                        return Ok(stream);
                    }
                    let (socket, expected) = (socket.clone(), self.trusted.clone());
                    return Err(Error::new(ErrorKind::ServerUid { socket, found, expected }));
                }
                Err(error) if is_transient(&error) => last_error = error,
                Err(error) => return Err(self.error(error)),
            }
        }
        Err(self.error(last_error))
    }

    /// Applies the server's rule for the folders and links that lead to a socket. The socket itself may be a link.
    fn check_folder(&self, socket: &Path) -> Result<(), Error> {
        let trace = Trace::of(socket).map_err(|error| {
            self.error(match error {
                TraceError::Io { source, .. } => source,
                other => io::Error::new(io::ErrorKind::NotADirectory, other.to_string()),
            })
        })?;
        let is_default = || DEFAULT_SOCKETS.iter().any(|default| socket == Path::new(default));
        let check = match self.folder_check {
            Some(check) => check,
            None if is_default() => FolderCheck::Warn,
            None => FolderCheck::Strict,
        };
        match trace.check_permissions(&self.trusted, check) {
            Ok(_) => Ok(()),
            Err(problem) => {
                let (folder, problem) = explain(problem);
                Err(Error::new(ErrorKind::Folder { socket: socket.to_owned(), folder, problem }))
            }
        }
    }

    fn error(&self, source: io::Error) -> Error {
        let source = Arc::new(source);
        Error::new(ErrorKind::Connect { sockets: self.sockets.clone(), source })
    }
}

/// Returns the folder or link at fault, and text that states the fault and the remedy.
fn explain(problem: Problem) -> (PathBuf, String) {
    match problem {
        Problem::FolderOwnedByOther(folder) => (
            folder.path,
            format!(
                "belongs to uid {}, who could replace the socket; use a folder of root, of your own user, or of the \
                 broker's user, which CRYPTO_BROKER_SERVER_UID names",
                folder.owner
            ),
        ),
        Problem::WritableFolder(folder) => (
            folder.path,
            format!(
                "can be written by other users (mode {:04o}), who could replace the socket; run chmod go-w, or set the \
                 sticky bit; for a volume that needs this mode, set CRYPTO_BROKER_SOCKET_FOLDER_CHECK=warn",
                folder.mode
            ),
        ),
        Problem::LinkOwnedByOther(link) => (
            link.path,
            format!(
                "is a symbolic link of uid {}, who could change its target; use a path without it",
                link.owner
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use std::os::unix::fs::PermissionsExt as _;

    use tokio::{io::AsyncReadExt as _, net::UnixListener};

    use super::*;

    fn own_uid() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn connector(sockets: &[&Path], trusted: Vec<u32>, wait: Duration) -> Connector {
        let sockets = sockets.iter().map(|path| path.to_path_buf()).collect();
        Connector { sockets, trusted, folder_check: None, wait }
    }

    #[tokio::test]
    async fn sends_nothing_to_an_untrusted_uid_and_names_the_option() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let untrusted = own_uid() + 1;
        let error = connector(&[&path], vec![untrusted], Duration::from_secs(60)).open().await.unwrap_err();
        match &error.kind {
            ErrorKind::ServerUid { found, expected, socket, .. } => {
                assert_eq!((&own_uid(), &vec![untrusted], &path), (found, expected, socket));
            }
            other => panic!("{other:?}"),
        }
        assert!(!error.is_retryable());
        let text = error.to_string();
        assert!(text.contains("Builder::server_uid") && text.contains("CRYPTO_BROKER_SERVER_UID"), "{text}");

        let (mut stream, _) = listener.accept().await.unwrap();
        let mut received = Vec::new();
        stream.read_to_end(&mut received).await.unwrap();
        assert!(received.is_empty());
    }

    #[tokio::test]
    async fn rejects_folder_writable_by_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let _listener = UnixListener::bind(&path).unwrap();
        for (mode, good) in [(0o777, false), (0o770, false), (0o1777, true), (0o755, true)] {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            match connector(&[&path], vec![own_uid()], Duration::from_secs(60)).open().await {
                Ok(_) => assert!(good, "{mode:o}"),
                Err(error) => {
                    assert!(!good && !error.is_retryable() && error.is_unreachable(), "{mode:o}: {error}");
                    assert!(error.to_string().contains("sticky bit"), "{error}");
                }
            }
        }
    }

    #[tokio::test]
    async fn accepts_folder_writable_by_others_with_check_warn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let _listener = UnixListener::bind(&path).unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let mut connector = connector(&[&path], vec![own_uid()], Duration::ZERO);
        connector.folder_check = Some(FolderCheck::Warn);
        connector.open().await.unwrap();
        connector.trusted = vec![own_uid() + 1];
        let error = connector.open().await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::ServerUid { .. }), "{error}");
    }

    #[tokio::test]
    async fn checks_folders_behind_a_link_to_the_socket() {
        let folder = tempfile::tempdir().unwrap();
        let (open, link) = (folder.path().join("open"), folder.path().join("link"));
        std::fs::create_dir_all(open.join("own")).unwrap();
        let path = open.join("own/s");
        let _listener = UnixListener::bind(&path).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for (mode, good) in [(0o755, true), (0o777, false)] {
            std::fs::set_permissions(&open, std::fs::Permissions::from_mode(mode)).unwrap();
            for socket in [&path, &link] {
                match connector(&[socket], vec![own_uid()], Duration::ZERO).open().await {
                    Ok(_) => assert!(good, "{}", socket.display()),
                    Err(error) => {
                        let ErrorKind::Folder { folder: found, .. } = error.kind else { panic!("{error}") };
                        assert_eq!((good, found), (false, std::fs::canonicalize(&open).unwrap()));
                    }
                }
            }
        }
    }

    #[tokio::test]
    async fn tries_second_socket_when_nobody_listens_at_first() {
        let folder = tempfile::tempdir().unwrap();
        let (missing, second) = (folder.path().join("a"), folder.path().join("b"));
        let _listener = UnixListener::bind(&second).unwrap();
        connector(&[&missing, &second], vec![own_uid()], Duration::ZERO).open().await.unwrap();
        // Nobody listens at a socket file that a dead broker left behind.
        drop(UnixListener::bind(&missing).unwrap());
        connector(&[&missing, &second], vec![own_uid()], Duration::ZERO).open().await.unwrap();
    }

    #[tokio::test]
    async fn missing_socket_error_states_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nobody");
        let error = connector(&[&path], vec![own_uid()], Duration::ZERO).open().await.unwrap_err();
        let text = error.to_string();
        assert!(error.is_retryable() && error.is_unreachable());
        assert!(text.contains("nobody") && text.contains("cryptobroker-server"), "{text}");
        assert!(text.contains("CRYPTO_BROKER_SOCKET"), "{text}");
    }

    #[tokio::test]
    async fn connects_to_socket_that_appears_within_the_wait() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("late");
        let connector = connector(&[&path], vec![own_uid()], Duration::from_secs(60));
        // `join!` polls in this order, so the first attempt fails before the listener exists.
        let (opened, _listener) =
            tokio::join!(connector.open(), async { UnixListener::bind(&path).unwrap() });
        opened.unwrap();
    }

    #[tokio::test]
    async fn fails_at_once_for_permanent_errors() {
        let path = PathBuf::from("/tmp").join("x".repeat(200));
        let error = connector(&[&path], vec![own_uid()], Duration::from_secs(600)).open().await.unwrap_err();
        assert!(!error.is_retryable(), "{error}");
    }
}
