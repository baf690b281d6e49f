//! The transport through a real socket: no client can harm the calls of others.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod calls;
mod connections;
mod drain;
mod headers;
#[path = "../support/mod.rs"]
mod support;

use std::{
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use broker_proto::v1::{HashDataRequest, crypto_service_client::CryptoServiceClient};
use broker_server::{
    compute::Pool,
    operation::{CAPABILITIES, aead::NonceLedger},
    policy::Catalogue,
    rpc::{Broker, BrokerState, Health},
    transport::{DrainOutcome, Listener, TransportOptions, run, socket::SocketOptions},
};
use tokio::sync::oneshot;
use tonic::transport::Channel;

/// A server in a thread of this process. It drains when it is dropped.
struct Server {
    path: PathBuf,
    health: Health,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<DrainOutcome>>,
    _home: tempfile::TempDir,
}

impl Server {
    /// Starts a server with the default options after these changes.
    fn start(change: impl FnOnce(&mut TransportOptions)) -> Self {
        let mut stop = None;
        let mut server = Self::start_after(change, |_, sender| stop = Some(sender));
        server.stop = stop;
        server
    }

    /// Binds the socket, calls `before_serving` with its path, and serves. The server drains when the sender is dropped.
    fn start_after(
        change: impl FnOnce(&mut TransportOptions),
        before_serving: impl FnOnce(&Path, oneshot::Sender<()>),
    ) -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("s");
        let listener = Listener::bind(&path, &SocketOptions::default()).unwrap();
        let mut options =
            TransportOptions { drain_idle: Duration::from_millis(50), ..TransportOptions::default() };
        change(&mut options);
        let catalogue = Catalogue::bundled(CAPABILITIES).unwrap();
        let pool = Pool::new(2, 64, Duration::from_secs(1));
        let broker = Broker::new(BrokerState::minimal(catalogue, pool, NonceLedger::new().unwrap()));
        let health = Health::new(&broker.services());
        let (stop, stopped) = oneshot::channel::<()>();
        before_serving(&path, stop);
        let thread = thread::spawn({
            let health = health.clone();
            move || {
                let routes = || broker.routes(&health);
                run(vec![listener], &options, routes, &health, async { drop(stopped.await) }).unwrap()
            }
        });
        Self { path, health, stop: None, thread: Some(thread), _home: home }
    }

    async fn channel(&self) -> Channel {
        support::channel(&self.path).await
    }

    /// Starts the drain.
    fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Starts the drain and waits for its end.
    fn drain(&mut self) -> DrainOutcome {
        self.stop();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn request(input: Vec<u8>) -> HashDataRequest {
    HashDataRequest { profile: "Default".into(), input: input.into(), ..Default::default() }
}

async fn assert_serves(channel: &Channel) {
    let mut client = CryptoServiceClient::new(channel.clone());
    client.hash_data(request(b"abc".to_vec())).await.unwrap();
}
