//! Opens the socket, and asks the kernel who is at its other end before anything is said.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    net::UnixStream,
    time::{Instant, sleep},
};

use crate::error::{Error, may_appear};

/// Where the broker may be, and who it may be.
#[derive(Debug, Clone)]
pub(crate) struct Dial {
    /// Tried in this order; the next one only when nobody listens at the one before.
    pub(crate) sockets: Vec<PathBuf>,
    /// The uids that a broker may run as.
    pub(crate) trusted: Vec<u32>,
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
                Err(Error::Connect { sockets, source }) if may_appear(&source) => {
                    Error::Connect { sockets, source }
                }
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
                        return Ok(stream);
                    }
                    return Err(Error::ServerUid {
                        socket: socket.clone(),
                        found,
                        expected: self.trusted.clone(),
                    });
                }
                Err(error) if may_appear(&error) => last = error,
                Err(error) => return Err(self.failed(error)),
            }
        }
        Err(self.failed(last))
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Connect { sockets: self.sockets.clone(), source: Arc::new(source) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use std::path::Path;

    use tokio::{io::AsyncReadExt as _, net::UnixListener};

    use super::*;

    fn own_uid() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn dial(sockets: &[&Path], trusted: Vec<u32>, wait: Duration) -> Dial {
        Dial { sockets: sockets.iter().map(|path| path.to_path_buf()).collect(), trusted, wait }
    }

    #[tokio::test]
    async fn a_stranger_gets_no_byte_and_the_error_names_the_option() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let stranger = own_uid() + 1;
        let error = dial(&[&path], vec![stranger], Duration::from_secs(60)).open().await.unwrap_err();
        match &error {
            Error::ServerUid { found, expected, socket } => {
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
