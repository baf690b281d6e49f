//! Runs async calls on threads that block.

use std::{
    cell::Cell,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use tokio::{
    runtime::{Handle, Runtime},
    sync::oneshot,
    task::unconstrained,
};

use crate::error::Error;

thread_local! {
    /// Whether this thread drives the runtime of a client, which no second call on the same thread can do.
    static DRIVES: Cell<bool> = const { Cell::new(false) };
}

/// A runtime for a client. Outside any other runtime it runs on the threads that wait, and has none of its own.
#[derive(Debug)]
pub(super) struct Runner {
    /// `None` in its drop alone.
    runtime: Option<Arc<Runtime>>,
    /// Dropping it ends the thread that drives the runtime.
    driver: Mutex<Option<oneshot::Sender<()>>>,
}

impl Runner {
    pub(super) fn new() -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::runtime(format!("the runtime of the client cannot start: {error}")))?;
        Ok(Self { runtime: Some(Arc::new(runtime)), driver: Mutex::default() })
    }

    /// Waits for a call on this thread.
    pub(super) fn run<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        if DRIVES.get() {
            return Err(Error::runtime(
                "the parts of a stream cannot wait for another call of a blocking client",
            ));
        }
        let Some(runtime) = &self.runtime else { return Err(Error::runtime("the client was shut down")) };
        if Handle::try_current().is_err() {
            let _drives = Drives::begin();
            return runtime.block_on(call);
        }
        // tokio does not let a worker of one runtime drive another one.
        self.start_driver(runtime)?;
        let _timers = runtime.enter();
        // The task that this worker runs may have used up its budget, which ends only when the worker is free again.
        wait(unconstrained(call))
    }

    /// Starts the thread that drives the runtime, unless there is one.
    fn start_driver(&self, runtime: &Arc<Runtime>) -> Result<(), Error> {
        // A panic while it is held leaves nothing half done.
        let mut driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner);
        if driver.is_some() {
            return Ok(());
        }
        let (stop, stopped) = oneshot::channel();
        let runtime = Arc::clone(runtime);
        thread::Builder::new()
            .name("broker-client".into())
            .spawn(move || {
                // An error is how it hears that the sender was dropped.
                let _: Result<(), _> = runtime.block_on(stopped);
            })
            .map_err(|error| Error::runtime(format!("the thread of the client cannot start: {error}")))?;
        *driver = Some(stop);
        Ok(())
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        drop(self.driver.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        // Dropping a runtime inside another one panics; this way of ending it does not. Where the thread that drives it still
        // has it, it is dropped there.
        if let Some(runtime) = self.runtime.take().and_then(Arc::into_inner) {
            runtime.shutdown_background();
        }
    }
}

/// Says as long as it lives that this thread drives a runtime.
struct Drives;

impl Drives {
    fn begin() -> Self {
        DRIVES.set(true);
        Self
    }
}

impl Drop for Drives {
    fn drop(&mut self) {
        DRIVES.set(false);
    }
}

/// Polls a future on this thread until it is ready, and lets the thread sleep meanwhile.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}
