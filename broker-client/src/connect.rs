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
