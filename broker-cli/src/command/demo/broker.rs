//! A broker inside this process, on a socket that only this user can reach.

use std::{
    path::{Path, PathBuf},
    thread::JoinHandle,
    time::Duration,
};

use broker_server::{
    config::{Config, Sockets},
    server::{Ended, Server},
    telemetry::{audit::AuditTarget, output::Outputs},
    transport::TransportError,
};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::error::Failure;

/// A running broker. Dropping it stops the broker and removes its folder.
pub(super) struct DemoBroker {
    socket: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<Ended, TransportError>>>,
    folder: Option<TempDir>,
}

impl DemoBroker {
    /// Binds the socket and serves on a thread.
    ///
    /// # Errors
    /// Fails where the broker cannot start.
    pub(super) fn start() -> Result<Self, Failure> {
        // The folder has mode 0700, so only this user can connect.
        let folder = tempfile::Builder::new()
            .prefix("cryptobroker-demo-")
            .tempdir()
            .map_err(|source| Failure::local("cannot make a folder for the socket", source))?;
        let socket = folder.path().join("broker.sock");
        let mut config = Config::default();
        config.sockets = Sockets::Named(vec![socket.clone()]);
        config.audit.target = AuditTarget::Off;
        // No other client is connected, so the drain need not wait.
        config.drain_idle = Duration::from_millis(1);
        let server = Server::bind(config, &Outputs::default())
            .map_err(|source| Failure::local("cannot start a broker", source))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("demo-broker".to_owned())
            .spawn(move || {
                server.run(async {
                    // Dropping the sender stops the broker.
                    let _ = stopped.await;
                })
            })
            .map_err(|source| Failure::local("cannot start a broker", source))?;
        Ok(Self { socket, stop: Some(stop), thread: Some(thread), folder: Some(folder) })
    }

    /// Returns the path of the socket.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Stops the broker and removes its folder.
    ///
    /// # Errors
    /// Fails where the broker has failed, or the folder cannot be removed.
    pub(super) fn stop(mut self) -> Result<(), Failure> {
        self.end()
    }

    fn end(&mut self) -> Result<(), Failure> {
        drop(self.stop.take());
        let outcome = self.thread.take().map(JoinHandle::join);
        let removed = self.folder.take().map_or(Ok(()), TempDir::close);
        match outcome {
            Some(Err(_)) => return Err(Failure::local("the demo's broker failed", "its thread panicked")),
            Some(Ok(Err(source))) => return Err(Failure::local("the demo's broker failed", source)),
            Some(Ok(Ok(_))) | None => {}
        }
        removed.map_err(|source| Failure::local("cannot remove the demo's folder", source))
    }
}

impl Drop for DemoBroker {
    fn drop(&mut self) {
        // The demo has failed already, and that error is reported.
        let _ = self.end();
    }
}
