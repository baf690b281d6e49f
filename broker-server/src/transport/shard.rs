//! I/O threads: each has a runtime of its own and keeps the connections that are dealt to it.

use std::{
    future::{Future, poll_fn},
    io,
    os::unix::net::UnixStream,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
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
    authority::{Authority, Times},
    connection::Connection,
    connection::Load,
    drain::{Phase, reached},
    goaway::Goaway,
    options::LARGEST_HEADERS,
    peer::Peers,
    scrub::Scrubbed,
};
use crate::{caller::Caller, rpc::Routes};

/// While a runtime has no timer, each call that sets one wakes it with a system call, though it is awake: with this one,
/// only a timer that is due before it does.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long an evicted connection has to answer its GOAWAY.
pub(super) const EVICTION: Duration = Duration::from_millis(250);
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
    /// Takes the connection on, or closes it where there is no place: false.
    pub(super) fn deal(&self, stream: UnixStream, caller: Caller) -> bool {
        let fewest = |shard: &&Shard| shard.load.connections.load(Ordering::Relaxed);
        let Some(shard) = self.shards.iter().min_by_key(fewest) else { return false };
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let connection =
            Arc::new(Connection::new(id, caller, Arc::clone(&shard.load), shard.phase.subscribe()));
        if !self.peers.admit(&connection) {
            return false;
        }
        if shard.dealt.send((stream, connection)).is_err() {
            self.peers.remove(id);
        }
        true
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
        .max_header_list_size(LARGEST_HEADERS)
        .auto_date_header(false);
    let times = Times { first_call: options.first_call_time, header_block: options.header_block_time };
    let mut connections = JoinSet::new();
    let take_on = |connections: &mut JoinSet<()>, (stream, connection): (UnixStream, Arc<Connection>)| {
        let admission = Admission::new(routes.clone(), Arc::clone(&connection), &options);
        connections.spawn(attend(server.clone(), stream, connection, admission, Arc::clone(&peers), times));
    };
    let mut leaving = phase.clone();
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    loop {
        tokio::select! {
            biased;
            () = reached(&mut leaving, Phase::Leaving) => break,
            next = incoming.recv() => {
                let Some(next) = next else { break };
                take_on(&mut connections, next);
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            _ = heartbeat.tick() => {}
        }
    }
    // Those that were dealt before the end are told to go like all others.
    while let Ok(next) = incoming.try_recv() {
        take_on(&mut connections, next);
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
    times: Times,
) {
    // The place is free when the stream is closed, also after a panic.
    let _place = Place { peers: &peers, id: connection.id };
    if let Err(error) = converse(server, stream, &connection, admission, times).await {
        let caller = connection.caller;
        tracing::debug!(uid = caller.uid, pid = caller.pid, %error, "connection ended with an error");
    }
}

struct Place<'a> {
    peers: &'a Peers,
    id: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.peers.remove(self.id);
    }
}

async fn converse(
    server: http2::Builder<TokioExecutor>,
    stream: UnixStream,
    connection: &Connection,
    admission: Admission,
    times: Times,
) -> Result<(), ConnectionError> {
    let stream = tokio::net::UnixStream::from_std(stream)?;
    let stream = Scrubbed::new(Authority::new(stream, times), &connection.scrub, times.header_block);
    let stream = TokioIo::new(Goaway::new(stream));
    let mut http = pin!(server.serve_connection(stream, admission));
    if let Some(ended) = begin(http.as_mut()).await {
        return Ok(ended?);
    }
    connection.begun();
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

/// Lets the connection read what has come with it, and the calls among it begin; returns its end where that is all.
async fn begin<F: Future>(mut http: Pin<&mut F>) -> Option<F::Output> {
    // The first turn makes the stream known to the runtime, which looks at it then; the second reads.
    for _ in 0..2 {
        if let Poll::Ready(ended) = poll_fn(|cx| Poll::Ready(http.as_mut().poll(cx))).await {
            return Some(ended);
        }
        tokio::task::yield_now().await;
    }
    None
}

#[derive(Debug, thiserror::Error)]
enum ConnectionError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
}
