//! The connection: opened when it is needed, and again after it broke. HTTP/2 is the `h2` crate's. A general client puts
//! a queue and two tasks between it and a call; here a call writes to it and reads from it by itself.

use std::{
    fmt,
    future::{Future as _, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use http::Request;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::timeout,
};

use super::{
    answer::Answer,
    broken,
    outgoing::{Outgoing, Sending},
    places::{AT_FIRST, Places},
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

/// How often one who waits for a place looks whether the connection is still the one, and whether the server takes more calls:
/// both may change while no place is given back.
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
    places: Places,
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
        let at_once =
            self.current().and_then(|(sender, places)| Some((sender, places.try_acquire_owned().ok()?)));
        let (mut sender, place) = match at_once {
            Some(opened) => opened,
            None => Box::pin(self.place()).await?,
        };
        let place = Arc::new(place);
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
    async fn place(&self) -> Result<(SendRequest<Bytes>, OwnedSemaphorePermit), Error> {
        let mut had: Option<OwnedSemaphorePermit> = None;
        loop {
            let (sender, places) = match self.current() {
                Some(open) => open,
                None => self.opened().await?,
            };
            // One of a connection that broke meanwhile is none.
            if let Some(place) = had.take().filter(|place| Arc::ptr_eq(place.semaphore(), &places)) {
                if !self.is_surplus(&places) {
                    return Ok((sender, place));
                }
                place.forget();
            }
            drop(sender);
            let mut place = pin!(Arc::clone(&places).acquire_owned());
            had = loop {
                match timeout(LOOK, place.as_mut()).await {
                    Ok(place) => break place.ok(),
                    Err(_) if self.current().is_some_and(|(_, now)| Arc::ptr_eq(&now, &places)) => {}
                    Err(_) => break None,
                }
            };
        }
    }

    /// Whether one of these places is one more than the server takes now.
    fn is_surplus(&self, places: &Arc<Semaphore>) -> bool {
        let mut open = lock(&self.0.open);
        open.as_mut().is_some_and(|open| open.places.are(places) && open.places.surplus())
    }

    /// The connection that is open, unless it broke, and its places.
    fn current(&self) -> Option<(SendRequest<Bytes>, Arc<Semaphore>)> {
        let mut current = lock(&self.0.open);
        let open = current.as_mut()?;
        let mut sender = open.sender.clone();
        // Of a clone there is nothing to wait for.
        match sender.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => {
                let places = open.places.adjust(sender.current_max_send_streams());
                Some((sender, Arc::clone(places)))
            }
            _ => {
                *current = None;
                None
            }
        }
    }

    /// The connection, opened where it is not.
    async fn opened(&self) -> Result<(SendRequest<Bytes>, Arc<Semaphore>), Error> {
        let _opening = self.0.opening.lock().await;
        if let Some(open) = self.current() {
            return Ok(open);
        }
        // In the runtime that it belongs to, whoever calls; and not for a call that nobody waits for any more.
        let mut opening = JoinSet::new();
        opening.spawn_on(open(self.0.dial.clone()), &self.0.runtime);
        let sender = match opening.join_next().await {
            Some(Ok(sender)) => sender?,
            _ => {
                let detail = "the runtime that the client was made in has ended".to_owned();
                return Err(Error::Runtime { detail });
            }
        };
        let mut places = Places::default();
        let free = Arc::clone(places.adjust(sender.current_max_send_streams()));
        *lock(&self.0.open) = Some(Open { sender: sender.clone(), places });
        Ok((sender, free))
    }
}

async fn open(dial: Dial) -> Result<SendRequest<Bytes>, Error> {
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
    let (sender, connection) = builder.handshake(socket).await.map_err(|error| broken(&error, false))?;
    // How it ends is told to each call on it. It ends, too, when nobody has a sender any more.
    tokio::spawn(connection);
    Ok(sender)
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
