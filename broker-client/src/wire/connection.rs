//! The connection: opened when it is needed, and again after it broke. HTTP/2 is the `h2` crate's. A general client puts
//! a queue and two tasks between it and a call; here a call writes to it and reads from it by itself.

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
    answer::Answer,
    broken,
    outgoing::{Outgoing, Sending},
    places::{AT_FIRST, Place, Places},
};
use crate::{connect::Dial, error::Error};

/// How long a frame of an answer may be. HTTP/2's own 16 KiB costs a large answer a system call for each, and short
/// answers are as fast with this.
const FRAME: u32 = 256 * 1024;

/// How much of a call's answer, and of all answers, may be on its way.
const CALL_WINDOW: u32 = 2 * 1024 * 1024;
const WINDOW: u32 = 5 * 1024 * 1024;

/// How much of what a call sends is kept for the socket.
const SEND_BUFFER: usize = 1024 * 1024;

/// While calls wait for a place: how often it is looked whether the connection is still the one, and whether the server takes
/// more calls. Both may change while no place is given back.
const LOOK: Duration = Duration::from_millis(50);

/// How long the headers or trailers of an answer may be.
const HEADERS: u32 = 64 * 1024;

/// Calls that were given up and whose answers may still come.
const RESETS: usize = 4096;

/// A connection to the broker. Clones share it.
#[derive(Clone)]
pub(crate) struct Connection(Arc<Shared>);

struct Shared {
    dial: Dial,
    runtime: Handle,
    open: Mutex<Option<Open>>,
    /// Whoever holds it opens the connection; the others wait for that.
    opening: tokio::sync::Mutex<()>,
}

/// A connection that is open.
struct Open {
    sender: SendRequest<Bytes>,
    places: Arc<Places>,
}

impl Connection {
    pub(crate) fn new(dial: Dial, runtime: Handle) -> Self {
        Self(Arc::new(Shared {
            dial,
            runtime,
            open: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
        }))
    }

    /// The runtime that it belongs to.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.0.runtime
    }

    /// Opens it, where it is not open.
    pub(crate) async fn open(&self) -> Result<(), Error> {
        self.opened().await.map(drop)
    }

    /// Sends a call, and waits for the beginning of its answer.
    pub(crate) async fn send(&self, head: Request<()>, body: Outgoing) -> Result<Answer, Error> {
        let at_once = self.current().and_then(|(sender, places)| Some((sender, places.take()?)));
        let (mut sender, place) = match at_once {
            Some(opened) => opened,
            None => Box::pin(self.place()).await?,
        };
        let sent = sender.send_request(head, false);
        let (mut response, stream) = sent.map_err(|error| broken(&error, false))?;
        drop(sender);
        let mut sending = Sending::begin(stream, body, &place);
        let response = poll_fn(|context| {
            sending.poll(context);
            Pin::new(&mut response).poll(context)
        });
        match response.await {
            Ok(response) => Ok(Answer::new(response, sending, place)),
            Err(error) => Err(broken(&error, true)),
        }
    }

    /// A sender and a place for a call, when there was none at once.
    async fn place(&self) -> Result<(SendRequest<Bytes>, Place), Error> {
        loop {
            let places = match self.current() {
                Some((_, places)) => places,
                None => self.opened().await?.1,
            };
            match places.wait().await {
                Some(place) => match self.current() {
                    Some((sender, now)) if Arc::ptr_eq(&now, &places) => return Ok((sender, place)),
                    // One of a connection that broke meanwhile is none.
                    _ => {}
                },
                None => self.forget(&places),
            }
        }
    }

    /// The connection with these places takes no more calls.
    fn forget(&self, places: &Arc<Places>) {
        lock(&self.0.open).take_if(|open| Arc::ptr_eq(&open.places, places));
    }

    /// The connection that is open, unless it broke, and its places.
    fn current(&self) -> Option<(SendRequest<Bytes>, Arc<Places>)> {
        let mut current = lock(&self.0.open);
        let open = current.as_mut()?;
        let mut sender = open.sender.clone();
        // Of a clone there is nothing to wait for.
        match sender.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => {
                open.places.adjust(sender.current_max_send_streams());
                Some((sender, Arc::clone(&open.places)))
            }
            _ => {
                *current = None;
                None
            }
        }
    }

    /// The connection, opened where it is not.
    async fn opened(&self) -> Result<(SendRequest<Bytes>, Arc<Places>), Error> {
        let _opening = self.0.opening.lock().await;
        if let Some(open) = self.current() {
            return Ok(open);
        }
        // In the runtime that it belongs to, whoever calls; and not for a call that nobody waits for any more.
        let mut opening = JoinSet::new();
        opening.spawn_on(open(self.0.dial.clone()), &self.0.runtime);
        let (sender, connection) = match opening.join_next().await {
            Some(Ok(opened)) => opened?,
            _ => {
                let detail = "the runtime that the client was made in has ended".to_owned();
                return Err(Error::runtime(detail));
            }
        };
        let places = Places::new(sender.current_max_send_streams());
        self.0.runtime.spawn(drive(connection, Arc::downgrade(&self.0), Closing(Arc::clone(&places))));
        *lock(&self.0.open) = Some(Open { sender: sender.clone(), places: Arc::clone(&places) });
        Ok((sender, places))
    }
}

type Http = h2::client::Connection<UnixStream, Bytes>;

/// Reads and writes for the calls on the connection. How it ends is told to each of them. It ends, too, when nobody has a
/// sender any more.
async fn drive(connection: Http, shared: Weak<Shared>, places: Closing) {
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        _ = connection.as_mut() => true,
        () = look(shared, &places.0) => false,
    };
    drop(places);
    if !ended {
        let _ = connection.await;
    }
}

/// Places that are closed when nobody drives their connection any more, whatever the reason.
struct Closing(Arc<Places>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Looks after those who wait for a place, until the connection takes no more calls.
async fn look(shared: Weak<Shared>, places: &Arc<Places>) {
    loop {
        places.waited_for().await;
        sleep(LOOK).await;
        let Some(shared) = shared.upgrade() else { return };
        if !Connection(shared).current().is_some_and(|(_, now)| Arc::ptr_eq(&now, places)) {
            return;
        }
    }
}

async fn open(dial: Dial) -> Result<(SendRequest<Bytes>, Http), Error> {
    let socket = dial.open().await?;
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .max_frame_size(FRAME)
        .max_header_list_size(HEADERS)
        .initial_window_size(CALL_WINDOW)
        .initial_connection_window_size(WINDOW)
        .initial_max_send_streams(AT_FIRST)
        .max_send_buffer_size(SEND_BUFFER)
        // Answers that come too late are no attack: who gives up many calls must not lose the connection for it.
        .max_concurrent_reset_streams(RESETS)
        .max_local_error_reset_streams(None);
    builder.handshake(socket).await.map_err(|error| broken(&error, false))
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("dial", &self.0.dial).finish_non_exhaustive()
    }
}

/// A panic while it is held leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
