//! The connection: opened when it is needed, and again after it broke. HTTP/2 is the `h2` crate's. A general client puts
//! a queue and two tasks between it and a call; here a call writes to it and reads from it by itself.

use std::{
    fmt,
    future::{Future as _, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use http::Request;
use tokio::{runtime::Handle, task::JoinSet};

use super::{answer::Answer, broken, upload::Upload};
use crate::{connect::Dial, error::Error};

/// How long a frame of an answer may be. HTTP/2's own 16 KiB costs a large answer a system call for each, and short
/// answers are as fast with this.
const FRAME: u32 = 256 * 1024;

/// How much of a call's answer, and of all answers, may be on its way.
const CALL_WINDOW: u32 = 2 * 1024 * 1024;
const WINDOW: u32 = 5 * 1024 * 1024;

/// How much of what a call sends is kept for the socket.
const SEND_BUFFER: usize = 1024 * 1024;

/// What a call sends.
pub(crate) enum Outgoing {
    /// One message, with its prefix.
    Message(Bytes),
    /// More than that, as it comes.
    Upload(Upload),
}

/// A connection to the broker. Clones share it.
#[derive(Clone)]
pub(crate) struct Connection(Arc<Shared>);

struct Shared {
    dial: Dial,
    runtime: Handle,
    open: Mutex<Option<SendRequest<Bytes>>>,
    /// Whoever holds it opens the connection; the others wait for that.
    opening: tokio::sync::Mutex<()>,
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
        self.sender().await.map(drop)
    }

    /// Sends a call, and waits for the beginning of its answer.
    pub(crate) async fn send(&self, head: Request<()>, body: Outgoing) -> Result<Answer, Error> {
        let mut sender = match self.current() {
            Some(sender) => sender,
            None => Box::pin(self.sender()).await?,
        };
        let sent = sender.send_request(head, false);
        let (mut response, mut stream) = sent.map_err(|error| broken(&error, false))?;
        drop(sender);
        let mut upload = match body {
            Outgoing::Message(message) => {
                // Where the call has ended already, its answer says why.
                let _ = stream.send_data(message, true);
                None
            }
            Outgoing::Upload(mut upload) => {
                upload.begin(stream);
                Some(upload)
            }
        };
        let response = poll_fn(|context| {
            if let Some(upload) = &mut upload {
                upload.poll(context);
            }
            Pin::new(&mut response).poll(context)
        });
        let (head, body) = response.await.map_err(|error| broken(&error, true))?.into_parts();
        Ok(Answer::new(&head, body, upload))
    }

    /// The connection that is open, unless it broke.
    fn current(&self) -> Option<SendRequest<Bytes>> {
        let mut open = lock(&self.0.open);
        let mut sender = open.clone()?;
        // Of a clone there is nothing to wait for.
        match sender.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => Some(sender),
            _ => {
                *open = None;
                None
            }
        }
    }

    async fn sender(&self) -> Result<SendRequest<Bytes>, Error> {
        let _opening = self.0.opening.lock().await;
        if let Some(sender) = self.current() {
            return Ok(sender);
        }
        // In the runtime that it belongs to, whoever calls; and not for a call that nobody waits for any more.
        let mut opened = JoinSet::new();
        opened.spawn_on(open(self.0.dial.clone()), &self.0.runtime);
        let sender = match opened.join_next().await {
            Some(Ok(sender)) => sender?,
            _ => {
                let detail = "the runtime that the client was made in has ended".to_owned();
                return Err(Error::Runtime { detail });
            }
        };
        *lock(&self.0.open) = Some(sender.clone());
        Ok(sender)
    }
}

async fn open(dial: Dial) -> Result<SendRequest<Bytes>, Error> {
    let socket = dial.open().await?;
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .max_frame_size(FRAME)
        .initial_window_size(CALL_WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buffer_size(SEND_BUFFER);
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
