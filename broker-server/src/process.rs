//! Settings of the process: no dumps, enough open files, and signal handlers.

use std::{
    future::Future,
    io, thread,
    time::{Duration, Instant},
};

use rustix::{
    process::{DumpableBehavior, Resource, Rlimit, Signal, getrlimit, set_dumpable_behavior, setrlimit},
    thread::disable_transparent_huge_pages,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

use crate::telemetry::output::Outputs;

/// How long the process waits for the last lines of the log before it ends.
pub const FLUSH_TIMEOUT: Duration = Duration::from_millis(250);

/// Disables transparent huge pages (PR_SET_THP_DISABLE, prctl(2)): the heap of this process is smaller than one page of
/// 2 MiB.
///
/// # Errors
/// The system's error.
pub fn use_small_pages() -> io::Result<()> {
    Ok(disable_transparent_huge_pages(true)?)
}

/// Protects the process's memory from core dumps and from debuggers of its own user. With `dev` it does nothing.
///
/// # Errors
/// The system's error.
pub fn seal(dev: bool) -> io::Result<()> {
    if dev {
        return Ok(());
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}

/// Raises the limit of open files to the hard limit and returns it; `None` means unlimited.
///
/// # Errors
/// The system's error.
pub fn raise_open_files() -> io::Result<Option<u64>> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    }
    Ok(limit.maximum)
}

/// Handles SIGXFSZ, so that a file at its size limit (`RLIMIT_FSIZE`) does not end the process: the write fails with EFBIG.
///
/// # Errors
/// The system's error where the handler cannot be installed.
pub fn survive_file_size_limit() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _guard = runtime.enter();
    // The handler stays installed after its listener is dropped.
    drop(signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?);
    Ok(())
}

/// Installs the signal handlers and returns a future that resolves at the first SIGTERM or SIGINT. The second one ends the
/// process with exit code 1. SIGHUP reopens the files of log and audit. Signals are handled on a thread of their own, which
/// acts on a signal before it logs it and never blocks.
///
/// # Errors
/// The system's error where a handler cannot be installed or the thread cannot be started.
pub fn stop_signal(outputs: Outputs) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let (mut terminate, mut interrupt, mut hangup) = {
        let _guard = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?)
    };
    let (stop, stopped) = oneshot::channel();
    thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async move {
            let mut stop = Some(stop);
            loop {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                    _ = hangup.recv() => {
                        outputs.reopen();
                        tracing::info!(
                            "SIGHUP: log and audit files are reopened; profiles are read only at the start, so restart \
                             the broker to change them"
                        );
                        continue;
                    }
                };
                match stop.take() {
                    Some(stop) => {
                        let _ = stop.send(());
                        tracing::info!(signal = name, "draining; a second signal ends the process at once");
                    }
                    None => {
                        tracing::error!(signal = name, "a second signal ends the process");
                        outputs.flush(Instant::now() + FLUSH_TIMEOUT);
                        #[allow(clippy::disallowed_methods, reason = "a second signal must end the process at once")]
                        std::process::exit(1);
                    }
                }
            }
        });
    })?;
    Ok(async move {
        // The sender is dropped only after it has sent.
        let _ = stopped.await;
    })
}
