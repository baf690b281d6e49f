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
    /// Indicates whether this thread drives the runtime of a client, which it can do for only one call at a time.
    static IS_DRIVING: Cell<bool> = const { Cell::new(false) };
}

/// The runtime of a blocking client. Outside any other runtime, the threads that wait for calls drive it.
#[derive(Debug)]
pub(crate) struct Runner {
    /// `None` only while the runner is dropped.
    runtime: Option<Arc<Runtime>>,
    /// The handle of the thread that drives the runtime, if one was started. Dropping the sender ends the thread.
    driver: Mutex<Option<oneshot::Sender<()>>>,
}

impl Runner {
    pub(crate) fn new() -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::runtime(format!("the runtime of the client cannot start: {error}")))?;
        Ok(Self { runtime: Some(Arc::new(runtime)), driver: Mutex::default() })
    }

    /// Runs a call on this thread until it is complete.
    pub(crate) fn block_on<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        if IS_DRIVING.get() {
            return Err(Error::runtime(
                "the parts of a stream cannot call a blocking client; read them from another thread",
            ));
        }
        let Some(runtime) = &self.runtime else { return Err(Error::runtime("the client was shut down")) };
        if Handle::try_current().is_err() {
            let _driving = Driving::begin();
            return runtime.block_on(call);
        }
        // tokio does not let a worker of one runtime drive another one.
        self.start_driver(runtime)?;
        let _timers = runtime.enter();
        // The current task may have used up its budget, which is renewed only when it yields to its worker.
        park_on(unconstrained(call))
    }

    /// Starts the thread that drives the runtime, unless it already runs.
    fn start_driver(&self, runtime: &Arc<Runtime>) -> Result<(), Error> {
        // A panic cannot leave the option in an inconsistent state.
        let mut driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner);
        if driver.is_some() {
            return Ok(());
        }
        let (stop, stopped) = oneshot::channel();
        let runtime = Arc::clone(runtime);
        thread::Builder::new()
            .name("broker-client".into())
            .spawn(move || {
                // The channel yields an error when the sender is dropped.
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
        // Dropping a runtime inside another one panics, but shutting it down in the background does not. Where the
        // driving thread still holds the runtime, that thread drops it.
        if let Some(runtime) = self.runtime.take().and_then(Arc::into_inner) {
            runtime.shutdown_background();
        }
    }
}

/// Marks this thread as driving a runtime until it is dropped.
struct Driving;

impl Driving {
    fn begin() -> Self {
        IS_DRIVING.set(true);
        Self
    }
}

impl Drop for Driving {
    fn drop(&mut self) {
        IS_DRIVING.set(false);
    }
}

/// Polls a future on this thread until it is ready, and parks the thread in between.
fn park_on<T>(future: impl Future<Output = T>) -> T {
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
