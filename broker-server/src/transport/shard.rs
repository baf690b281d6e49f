//! I/O threads: each has a runtime of its own and serves the connections that are assigned to it.

use std::{
    future::{Future, poll_fn},
    io,
    os::unix::net::UnixStream,
    pin::{Pin, pin},
    sync::Arc,
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
    authority::{AuthorityIo, HeaderTimeouts},
    connection::Connection,
    connection_table::{ConnectionTable, EVICTION_TIMEOUT},
    error::TransportError,
    goaway::GoawayIo,
    load::Load,
    options::{MAX_HEADER_LIST_SIZE, TransportOptions},
    phase::{Phase, reached},
    service::ConnectionService,
    wipe::WipeIo,
};
use crate::{caller::Caller, rpc::Routes};

/// The period of a timer that is always pending. Tokio wakes its I/O driver by a system call when a timer is set that
/// is due earlier than all others. While this timer is pending, only a timer that is due within the period does so.
const KEEP_TIMER_ARMED: Duration = Duration::from_secs(1);
/// The time that connections get to send the statuses of the calls that the drain deadline has ended.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(250);

type Assigned = (UnixStream, Arc<Connection>);

/// A running I/O thread. When the handle is dropped, the thread ends after its connections.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) load: Arc<Load>,
    phase: watch::Sender<Phase>,
    assigned: mpsc::UnboundedSender<Assigned>,
    thread: thread::JoinHandle<()>,
}

impl Shard {
    pub(super) fn start(
        index: usize,
        routes: Routes,
        table: Arc<ConnectionTable>,
        options: &TransportOptions,
    ) -> Result<Self, TransportError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(TransportError::Runtime)?;
        let (assigned, incoming) = mpsc::unbounded_channel();
        let (phase, observed_phase) = watch::channel(Phase::Serving);
        let options = options.clone();
        let thread = thread::Builder::new()
            .name(format!("shard-{index}"))
            .spawn(move || {
                runtime.block_on(serve_connections(incoming, observed_phase, routes, table, options))
            })
            .map_err(TransportError::Thread)?;
        Ok(Self { load: Arc::default(), phase, assigned, thread })
    }

    /// Returns a new connection that counts as one of this shard's.
    pub(super) fn connection(&self, id: u64, caller: Caller) -> Arc<Connection> {
        Arc::new(Connection::new(id, caller, Arc::clone(&self.load), self.phase.subscribe()))
    }

    /// Serves a connection of the table to its end, or removes it from `table` if the thread has ended.
    pub(super) fn serve(&self, stream: UnixStream, connection: Arc<Connection>, table: &ConnectionTable) {
        let id = connection.id;
        if self.assigned.send((stream, connection)).is_err() {
            table.remove(id);
        }
    }

    pub(super) fn set_phase(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the thread to end. If it panicked, returns the payload of its panic as the error.
    pub(super) fn join(self) -> thread::Result<()> {
        drop(self.assigned);
        self.thread.join()
    }
}

async fn serve_connections(
    mut incoming: mpsc::UnboundedReceiver<Assigned>,
    mut phase: watch::Receiver<Phase>,
    routes: Routes,
    table: Arc<ConnectionTable>,
    options: TransportOptions,
) {
    let mut server = http2::Builder::new(TokioExecutor::new());
    server
        .timer(TokioTimer::new())
        .max_concurrent_streams(options.max_concurrent_streams)
        .max_header_list_size(MAX_HEADER_LIST_SIZE)
        .auto_date_header(false);
    let timeouts =
        HeaderTimeouts { first_call: options.first_call_timeout, header_block: options.header_block_timeout };
    let mut connections = JoinSet::new();
    let spawn = |connections: &mut JoinSet<()>, (stream, connection): Assigned| {
        let service = ConnectionService::new(routes.clone(), Arc::clone(&connection), &options);
        let table = Arc::clone(&table);
        connections.spawn(serve_connection(server.clone(), stream, connection, service, table, timeouts));
    };
    let mut going_away = phase.clone();
    let mut armed_timer = tokio::time::interval(KEEP_TIMER_ARMED);
    loop {
        tokio::select! {
            biased;
            () = reached(&mut going_away, Phase::GoingAway) => break,
            next = incoming.recv() => {
                let Some(next) = next else { break };
                spawn(&mut connections, next);
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            _ = armed_timer.tick() => {}
        }
    }
    // Connections that were assigned before the shutdown receive GOAWAY like all others.
    while let Ok(next) = incoming.try_recv() {
        spawn(&mut connections, next);
    }
    let ended = async { while connections.join_next().await.is_some() {} };
    let closed = async {
        reached(&mut phase, Phase::Closed).await;
        tokio::time::sleep(FLUSH_TIMEOUT).await;
    };
    tokio::select! { () = ended => {}, () = closed => {} }
}

/// Serves one connection to its end.
async fn serve_connection(
    server: http2::Builder<TokioExecutor>,
    stream: UnixStream,
    connection: Arc<Connection>,
    service: ConnectionService,
    table: Arc<ConnectionTable>,
    timeouts: HeaderTimeouts,
) {
    let _guard = TableEntryGuard { table: &table, id: connection.id };
    if let Err(error) = drive(server, stream, &connection, service, timeouts).await {
        let caller = connection.caller;
        tracing::debug!(uid = caller.uid, pid = caller.pid, %error, "connection ended with an error");
    }
}

/// Removes a connection from the table after its stream has been closed, also after a panic.
struct TableEntryGuard<'a> {
    table: &'a ConnectionTable,
    id: u64,
}

impl Drop for TableEntryGuard<'_> {
    fn drop(&mut self) {
        self.table.remove(self.id);
    }
}

/// Drives the HTTP/2 connection until it ends, is evicted, or is closed by the shutdown.
async fn drive(
    server: http2::Builder<TokioExecutor>,
    stream: UnixStream,
    connection: &Connection,
    service: ConnectionService,
    timeouts: HeaderTimeouts,
) -> Result<(), ConnectionError> {
    let stream = tokio::net::UnixStream::from_std(stream)?;
    let stream = AuthorityIo::new(stream, timeouts);
    let stream = WipeIo::new(stream, &connection.wipe, timeouts.header_block);
    let mut conn = pin!(server.serve_connection(TokioIo::new(GoawayIo::new(stream)), service));
    if let Some(ended) = poll_until_first_read(conn.as_mut()).await {
        return Ok(ended?);
    }
    connection.mark_polled();
    let mut phase = connection.phase.clone();
    tokio::select! {
        biased;
        ended = conn.as_mut() => return Ok(ended?),
        () = reached(&mut phase, Phase::GoingAway) => {
            conn.as_mut().graceful_shutdown();
            return Ok(conn.await?);
        }
        () = connection.evicted.notified() => conn.as_mut().graceful_shutdown(),
    }
    loop {
        match tokio::time::timeout(EVICTION_TIMEOUT, conn.as_mut()).await {
            Ok(ended) => return Ok(ended?),
            // A call that began after the eviction was decided is still served.
            Err(_) if connection.idle_since().is_none() => {}
            Err(_) => return Ok(()),
        }
    }
}

/// Lets the connection read the bytes that arrived with it, so that their calls are counted. Returns the connection's
/// result if it ends meanwhile.
async fn poll_until_first_read<F: Future>(mut conn: Pin<&mut F>) -> Option<F::Output> {
    // The first poll registers the stream with the runtime, which then learns that it is readable. The second one reads.
    for _ in 0..2 {
        if let Poll::Ready(ended) = poll_fn(|cx| Poll::Ready(conn.as_mut().poll(cx))).await {
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
