//! The connection, which is opened when it is needed and again after it broke. HTTP/2 is implemented by the crate
//! `h2`. A general-purpose client puts a queue and two tasks between `h2` and a call; here the future of a call
//! reads and writes.

use std::{
    fmt,
    future::{Future as _, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use http::Request;
use tokio::{net::UnixStream, runtime::Handle, task::JoinSet, time::sleep};

use super::{
    connection_error,
    limiter::{INITIAL_CONCURRENT_STREAMS, SharedPermit, StreamLimiter},
    request_body::{BodySender, RequestBody},
    response::Response,
};
use crate::{connect::Connector, error::Error};

/// The maximum length of a frame of a response, in bytes. With HTTP/2's default of 16 KiB, a large response takes a
/// system call per frame; short responses are equally fast.
const MAX_FRAME_LENGTH: u32 = 256 * 1024;

/// The flow-control window of one response, in bytes.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;

/// The flow-control window of all responses together, in bytes.
const CONNECTION_WINDOW: u32 = 5 * 1024 * 1024;

/// The number of bytes of one request that h2 buffers.
const MAX_SEND_BUFFER: usize = 1024 * 1024;

/// The interval at which, while calls wait for a permit, the state of the connection and the limit of the server
/// are checked. Both may change while no permit is released.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The maximum size of the headers or trailers of a response, in bytes.
const MAX_HEADER_LIST_SIZE: u32 = 64 * 1024;

/// The number of cancelled calls whose responses may still arrive.
const MAX_RESET_STREAMS: usize = 4096;

/// A connection to the broker. Clones share it.
#[derive(Clone)]
pub(crate) struct Connection(Arc<Shared>);

struct Shared {
    connector: Connector,
    runtime: Handle,
    open: Mutex<Option<Open>>,
    /// Held by the call that opens the connection, while other calls wait for it.
    opening: tokio::sync::Mutex<()>,
}

/// An open connection.
struct Open {
    sender: SendRequest<Bytes>,
    limiter: Arc<StreamLimiter>,
}

impl Connection {
    pub(crate) fn new(connector: Connector, runtime: Handle) -> Self {
        Self(Arc::new(Shared {
            connector,
            runtime,
            open: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
        }))
    }

    /// Returns the runtime that drives the connection.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.0.runtime
    }

    /// Opens the connection, unless it is open.
    pub(crate) async fn open(&self) -> Result<(), Error> {
        self.get_or_open().await.map(drop)
    }

    /// Sends a call, and waits for the head of its response.
    pub(crate) async fn send(&self, head: Request<()>, body: RequestBody) -> Result<Response, Error> {
        let immediate = self.current().and_then(|(sender, limiter)| Some((sender, limiter.try_acquire()?)));
        let (mut sender, permit) = match immediate {
            Some(acquired) => acquired,
            // Boxed, since the future of every call would reserve space for this rare wait.
            None => Box::pin(self.acquire()).await?,
        };
        let sent = sender.send_request(head, false);
        let (mut response, stream) = sent.map_err(|error| connection_error(&error, false))?;
        drop(sender);
        let mut body = BodySender::new(stream, body, &permit);
        let response = poll_fn(|context| {
            body.poll(context);
            Pin::new(&mut response).poll(context)
        });
        match response.await {
            Ok(response) => Ok(Response::new(response, body, permit)),
            Err(error) => Err(connection_error(&error, true)),
        }
    }

    /// Waits for a permit, and returns it with a sender of its connection.
    async fn acquire(&self) -> Result<(SendRequest<Bytes>, SharedPermit), Error> {
        loop {
            let limiter = match self.current() {
                Some((_, limiter)) => limiter,
                None => self.get_or_open().await?.1,
            };
            match limiter.acquire().await {
                Some(permit) => match self.current() {
                    Some((sender, current)) if Arc::ptr_eq(&current, &limiter) => {
                        return Ok((sender, permit));
                    }
                    // The connection of the permit broke during the wait.
                    _ => {}
                },
                None => self.remove(&limiter),
            }
        }
    }

    /// Removes the connection with this limiter, which accepts no more calls.
    fn remove(&self, limiter: &Arc<StreamLimiter>) {
        lock(&self.0.open).take_if(|open| Arc::ptr_eq(&open.limiter, limiter));
    }

    /// Returns the sender and the limiter of the open connection, unless it broke.
    fn current(&self) -> Option<(SendRequest<Bytes>, Arc<StreamLimiter>)> {
        let mut current = lock(&self.0.open);
        let open = current.as_mut()?;
        let mut sender = open.sender.clone();
        // A fresh clone is never pending, so no waker is needed.
        match sender.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => {
                open.limiter.set_limit(sender.current_max_send_streams());
                Some((sender, Arc::clone(&open.limiter)))
            }
            _ => {
                *current = None;
                None
            }
        }
    }

    /// Returns the sender and the limiter of the open connection, and opens one where none is open.
    async fn get_or_open(&self) -> Result<(SendRequest<Bytes>, Arc<StreamLimiter>), Error> {
        let _opening = self.0.opening.lock().await;
        if let Some(open) = self.current() {
            return Ok(open);
        }
        // In the client's own runtime, whichever runtime polls this future. Dropping the set aborts the task when
        // the call is cancelled.
        let mut opening = JoinSet::new();
        opening.spawn_on(open(self.0.connector.clone()), &self.0.runtime);
        let (sender, connection) = match opening.join_next().await {
            Some(Ok(opened)) => opened?,
            _ => {
                let detail = "the runtime in which the client was created has ended".to_owned();
                return Err(Error::runtime(detail));
            }
        };
        let limiter = StreamLimiter::new(sender.current_max_send_streams());
        let guard = CloseOnDrop(Arc::clone(&limiter));
        self.0.runtime.spawn(drive(connection, Arc::downgrade(&self.0), guard));
        *lock(&self.0.open) = Some(Open { sender: sender.clone(), limiter: Arc::clone(&limiter) });
        Ok((sender, limiter))
    }
}

type H2Connection = h2::client::Connection<UnixStream, Bytes>;

/// Drives the connection until it breaks, which h2 reports to each of its calls, or until all senders are dropped.
async fn drive(connection: H2Connection, shared: Weak<Shared>, limiter: CloseOnDrop) {
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        _ = connection.as_mut() => true,
        () = watch_limit(shared, &limiter.0) => false,
    };
    drop(limiter);
    if !ended {
        let _ = connection.await;
    }
}

/// Closes the limiter when its connection is no longer driven, for whatever reason.
struct CloseOnDrop(Arc<StreamLimiter>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Updates the limit while calls wait for a permit, and returns when the connection accepts no more calls.
async fn watch_limit(shared: Weak<Shared>, limiter: &Arc<StreamLimiter>) {
    loop {
        limiter.until_waiting().await;
        sleep(POLL_INTERVAL).await;
        let Some(shared) = shared.upgrade() else { return };
        if !Connection(shared).current().is_some_and(|(_, current)| Arc::ptr_eq(&current, limiter)) {
            return;
        }
    }
}

async fn open(connector: Connector) -> Result<(SendRequest<Bytes>, H2Connection), Error> {
    let socket = connector.open().await?;
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .max_frame_size(MAX_FRAME_LENGTH)
        .max_header_list_size(MAX_HEADER_LIST_SIZE)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_max_send_streams(INITIAL_CONCURRENT_STREAMS)
        .max_send_buffer_size(MAX_SEND_BUFFER)
        // Late responses to cancelled calls are not an attack, so they must not end the connection.
        .max_concurrent_reset_streams(MAX_RESET_STREAMS)
        .max_local_error_reset_streams(None);
    builder.handshake(socket).await.map_err(|error| connection_error(&error, false))
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("connector", &self.0.connector).finish_non_exhaustive()
    }
}

/// Locks a mutex, poisoned or not: its content is replaced as a whole and so always consistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
