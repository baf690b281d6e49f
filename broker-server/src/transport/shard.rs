//! I/O threads: each has a runtime of its own and keeps the connections that are dealt to it.

use std::{
    io,
    os::unix::net::UnixStream,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{
    TransportError, TransportOptions,
    admission::Admission,
    authority::Authority,
    connection::Connection,
    connection::Load,
    drain::{Phase, reached},
    peer::Peers,
    scrub::Scrubbed,
};
use crate::{caller::Caller, rpc::Routes};

/// While a runtime has no timer, each call that sets one wakes it with a system call, though it is awake: with this one,
/// only a timer that is due before it does.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long an evicted connection has to answer its GOAWAY.
const EVICTION: Duration = Duration::from_millis(250);
/// How long connections have to send the statuses of calls that were cut.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// A running shard. Dropping it ends its thread as soon as its connections have.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) load: Arc<Load>,
    phase: watch::Sender<Phase>,
    dealt: mpsc::UnboundedSender<(UnixStream, Arc<Connection>)>,
    thread: thread::JoinHandle<()>,
}

impl Shard {
    pub(super) fn start(
        index: usize,
        routes: Routes,
        peers: Arc<Peers>,
        options: &TransportOptions,
    ) -> Result<Self, TransportError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(TransportError::Runtime)?;
        let (dealt, incoming) = mpsc::unbounded_channel();
        let (phase, phase_seen) = watch::channel(Phase::Serving);
        let options = options.clone();
        let thread = thread::Builder::new()
            .name(format!("shard-{index}"))
            .spawn(move || runtime.block_on(serve(incoming, phase_seen, routes, peers, options)))
            .map_err(TransportError::Thread)?;
        Ok(Self { load: Arc::default(), phase, dealt, thread })
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the thread; false where it panicked.
    pub(super) fn join(self) -> bool {
        drop(self.dealt);
        self.thread.join().is_ok()
    }
}

/// Deals connections: each to the shard that has the fewest.
#[derive(Debug)]
pub(super) struct Dealer<'a> {
    pub(super) shards: &'a [Shard],
    pub(super) peers: &'a Peers,
    pub(super) next_id: AtomicU64,
}

impl Dealer<'_> {
    /// Takes the connection on, or closes it where there is no place.
    pub(super) fn deal(&self, stream: UnixStream, caller: Caller) {
        let fewest = |shard: &&Shard| shard.load.connections.load(Ordering::Relaxed);
        let Some(shard) = self.shards.iter().min_by_key(fewest) else { return };
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let connection =
            Arc::new(Connection::new(id, caller, Arc::clone(&shard.load), shard.phase.subscribe()));
        if !self.peers.admit(&connection) {
            tracing::warn!(uid = caller.uid, pid = caller.pid, "connection refused: all places are taken");
            return;
        }
        if shard.dealt.send((stream, connection)).is_err() {
            self.peers.remove(id);
        }
    }
}

async fn serve(
    mut incoming: mpsc::UnboundedReceiver<(UnixStream, Arc<Connection>)>,
    mut phase: watch::Receiver<Phase>,
    routes: Routes,
    peers: Arc<Peers>,
    options: TransportOptions,
) {
    let mut server = http2::Builder::new(TokioExecutor::new());
    server
        .timer(TokioTimer::new())
        .max_concurrent_streams(options.max_concurrent_streams)
        .max_header_list_size(options.max_header_bytes)
        .auto_date_header(false);
    let mut connections = JoinSet::new();
    let mut leaving = phase.clone();
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    loop {
        tokio::select! {
            biased;
            () = reached(&mut leaving, Phase::Leaving) => break,
            next = incoming.recv() => {
                let Some((stream, connection)) = next else { break };
                let admission = Admission::new(routes.clone(), Arc::clone(&connection), &options);
                connections.spawn(attend(server.clone(), stream, connection, admission, Arc::clone(&peers)));
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            _ = heartbeat.tick() => {}
        }
    }
    let ended = async { while connections.join_next().await.is_some() {} };
    let cut = async {
        reached(&mut phase, Phase::Cut).await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! { () = ended => {}, () = cut => {} }
}

/// Serves one connection to its end.
async fn attend(
    server: http2::Builder<TokioExecutor>,
    stream: UnixStream,
    connection: Arc<Connection>,
    admission: Admission,
    peers: Arc<Peers>,
) {
    if let Err(error) = converse(server, stream, &connection, admission).await {
        let caller = connection.caller;
        tracing::debug!(uid = caller.uid, pid = caller.pid, %error, "connection ended with an error");
    }
    peers.remove(connection.id);
}

async fn converse(
    server: http2::Builder<TokioExecutor>,
    stream: UnixStream,
    connection: &Connection,
    admission: Admission,
) -> Result<(), ConnectionError> {
    let stream = tokio::net::UnixStream::from_std(stream)?;
    let stream = TokioIo::new(Scrubbed::new(Authority::new(stream), &connection.scrub));
    let mut http = pin!(server.serve_connection(stream, admission));
    let mut phase = connection.phase.clone();
    tokio::select! {
        biased;
        ended = http.as_mut() => return Ok(ended?),
        () = reached(&mut phase, Phase::Leaving) => {
            http.as_mut().graceful_shutdown();
            return Ok(http.await?);
        }
        () = connection.evicted.notified() => http.as_mut().graceful_shutdown(),
    }
    loop {
        match tokio::time::timeout(EVICTION, http.as_mut()).await {
            Ok(ended) => return Ok(ended?),
            // A call may have started after the choice fell on this connection: it is served.
            Err(_) if connection.idle_since().is_none() => {}
            Err(_) => return Ok(()),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum ConnectionError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
}
