//! Opens the socket, and asks the kernel who is at its other end before anything is said.

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

use crate::error::{Error, ErrorKind, may_appear};

/// Where the broker may be, and who it may be.
#[derive(Debug, Clone)]
pub(crate) struct Dial {
    /// Tried in this order; the next one only when nobody listens at the one before.
    pub(crate) sockets: Vec<PathBuf>,
    /// The uids that a broker may run as.
    pub(crate) trusted: Vec<u32>,
    /// What is done about a folder that others can write to; `None` depends on the socket.
    pub(crate) folder_check: Option<FolderCheck>,
    /// How long to wait for a socket to appear.
    pub(crate) wait: Duration,
}

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

impl Dial {
    /// Opens the first socket at which somebody listens.
    pub(crate) async fn open(&self) -> Result<UnixStream, Error> {
        let start = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match self.attempt().await {
                Err(error) if error.is_retryable() => error,
                done => return done,
            };
            let left = self.wait.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(error);
            }
            sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn attempt(&self) -> Result<UnixStream, Error> {
        let mut last = io::Error::new(io::ErrorKind::InvalidInput, "no socket is named");
        for socket in &self.sockets {
            match UnixStream::connect(socket).await {
                Ok(stream) => {
                    let found = stream.peer_cred().map_err(|error| self.failed(error))?.uid();
                    if self.trusted.contains(&found) {
                        self.check_folder(socket)?;
                        return Ok(stream);
                    }
                    let (socket, expected) = (socket.clone(), self.trusted.clone());
                    return Err(Error::new(ErrorKind::ServerUid { socket, found, expected }));
                }
                Err(error) if may_appear(&error) => last = error,
                Err(error) => return Err(self.failed(error)),
            }
        }
        Err(self.failed(last))
    }

    /// The server's own rule for the folders and links that lead to a socket. The socket itself may be a link.
    fn check_folder(&self, socket: &Path) -> Result<(), Error> {
        let trace = Trace::of(socket).map_err(|error| {
            self.failed(match error {
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
        match trace.judge(&self.trusted, check) {
            Ok(_) => Ok(()),
            Err(problem) => {
                let (folder, problem) = explain(problem);
                Err(Error::new(ErrorKind::Folder { socket: socket.to_owned(), folder, problem }))
            }
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        let source = Arc::new(source);
        Error::new(ErrorKind::Connect { sockets: self.sockets.clone(), source })
    }
}

/// Which folder or link it is, what is wrong with it and what to do.
fn explain(problem: Problem) -> (PathBuf, String) {
    match problem {
        Problem::ForeignFolder(folder) => (
            folder.path,
            format!(
                "belongs to uid {}, who could replace the socket; use a folder of root, of your own, or of the broker's \
                 user, named with CRYPTO_BROKER_SERVER_UID",
                folder.owner
            ),
        ),
        Problem::WritableFolder(folder) => (
            folder.path,
            format!(
                "can be written by others (mode {:04o}), who could replace the socket; chmod go-w it, or set its sticky \
                 bit; where it is a volume that has to be so, CRYPTO_BROKER_SOCKET_FOLDER_CHECK=warn lets it through",
                folder.mode
            ),
        ),
        Problem::ForeignLink(link) => (
            link.path,
            format!(
                "is a symbolic link of uid {}, who could turn it elsewhere; use a path without it",
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

    fn dial(sockets: &[&Path], trusted: Vec<u32>, wait: Duration) -> Dial {
        let sockets = sockets.iter().map(|path| path.to_path_buf()).collect();
        Dial { sockets, trusted, folder_check: None, wait }
    }

    #[tokio::test]
    async fn a_stranger_gets_no_byte_and_the_error_names_the_option() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let stranger = own_uid() + 1;
        let error = dial(&[&path], vec![stranger], Duration::from_secs(60)).open().await.unwrap_err();
        match &error.kind {
            ErrorKind::ServerUid { found, expected, socket, .. } => {
                assert_eq!((&own_uid(), &vec![stranger], &path), (found, expected, socket));
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
    async fn a_folder_that_others_can_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let _listener = UnixListener::bind(&path).unwrap();
        for (mode, good) in [(0o777, false), (0o770, false), (0o1777, true), (0o755, true)] {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            match dial(&[&path], vec![own_uid()], Duration::from_secs(60)).open().await {
                Ok(_) => assert!(good, "{mode:o}"),
                Err(error) => {
                    assert!(!good && !error.is_retryable() && error.is_unreachable(), "{mode:o}: {error}");
                    assert!(error.to_string().contains("sticky bit"), "{error}");
                }
            }
        }
    }

    #[tokio::test]
    async fn lets_a_folder_that_others_can_write_through_where_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let _listener = UnixListener::bind(&path).unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let mut dial = dial(&[&path], vec![own_uid()], Duration::ZERO);
        dial.folder_check = Some(FolderCheck::Warn);
        dial.open().await.unwrap();
        dial.trusted = vec![own_uid() + 1];
        let error = dial.open().await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::ServerUid { .. }), "{error}");
    }

    #[tokio::test]
    async fn judges_what_a_link_in_the_sockets_place_leads_through() {
        let folder = tempfile::tempdir().unwrap();
        let (open, link) = (folder.path().join("open"), folder.path().join("link"));
        std::fs::create_dir_all(open.join("own")).unwrap();
        let path = open.join("own/s");
        let _listener = UnixListener::bind(&path).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for (mode, good) in [(0o755, true), (0o777, false)] {
            std::fs::set_permissions(&open, std::fs::Permissions::from_mode(mode)).unwrap();
            for socket in [&path, &link] {
                match dial(&[socket], vec![own_uid()], Duration::ZERO).open().await {
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
    async fn the_second_socket_is_tried_when_nobody_listens_at_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let (missing, second) = (folder.path().join("a"), folder.path().join("b"));
        let _listener = UnixListener::bind(&second).unwrap();
        dial(&[&missing, &second], vec![own_uid()], Duration::ZERO).open().await.unwrap();
        // A file that a dead broker left behind is nobody, too.
        drop(UnixListener::bind(&missing).unwrap());
        dial(&[&missing, &second], vec![own_uid()], Duration::ZERO).open().await.unwrap();
    }

    #[tokio::test]
    async fn a_missing_socket_says_what_to_do_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nobody");
        let error = dial(&[&path], vec![own_uid()], Duration::ZERO).open().await.unwrap_err();
        let text = error.to_string();
        assert!(error.is_retryable() && error.is_unreachable());
        assert!(text.contains("nobody") && text.contains("cryptobroker-server"), "{text}");
        assert!(text.contains("CRYPTO_BROKER_SOCKET"), "{text}");
    }

    #[tokio::test]
    async fn a_socket_that_appears_within_the_wait_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("late");
        let dial = dial(&[&path], vec![own_uid()], Duration::from_secs(60));
        // `join!` polls in this order: the dial has failed once before the listener is there.
        let (opened, _listener) = tokio::join!(dial.open(), async { UnixListener::bind(&path).unwrap() });
        opened.unwrap();
    }

    #[tokio::test]
    async fn what_cannot_get_better_is_not_waited_for() {
        let path = PathBuf::from("/tmp").join("x".repeat(200));
        let error = dial(&[&path], vec![own_uid()], Duration::from_secs(600)).open().await.unwrap_err();
        assert!(!error.is_retryable(), "{error}");
    }
}
