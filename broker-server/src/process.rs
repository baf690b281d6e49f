//! What the process asks of the kernel: no dumps, enough files, and the signals that end it.

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

/// How long the end of the process waits for the last lines of the log.
pub const FLUSH_TIMEOUT: Duration = Duration::from_millis(250);

/// Keeps the kernel from giving the allocator's heap 2 MiB at a time (madvise(2), MADV_HUGEPAGE): this process needs less
/// than that for all that it does.
pub fn use_small_pages() -> io::Result<()> {
    Ok(disable_transparent_huge_pages(true)?)
}

/// Keeps the process's memory out of core dumps and from debuggers of its own user. With `dev` it stays open to both.
pub fn seal(dev: bool) -> io::Result<()> {
    if dev {
        return Ok(());
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}

/// Raises the limit of open files as far as it may, and returns it; `None` is no limit.
pub fn raise_open_files() -> io::Result<Option<u64>> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    }
    Ok(limit.maximum)
}

/// Keeps a file that may not grow (`RLIMIT_FSIZE`) from ending the process: the write fails with EFBIG, and that is all.
///
/// # Errors
/// Where the handler cannot be installed.
pub fn survive_file_size_limit() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _inside = runtime.enter();
    // The handler stays when its listener is dropped.
    drop(signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?);
    Ok(())
}

/// Resolves at the first SIGTERM or SIGINT; at the second the process ends with exit code 1. SIGHUP has log and audit files
/// opened anew. The handlers stand when this returns. They have a thread of their own that nothing holds up: it acts on a
/// signal first and logs it second, and neither waits.
///
/// # Errors
/// Where a handler cannot be installed, or there is no thread.
pub fn stop_signal(outputs: Outputs) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let (mut terminate, mut interrupt, mut hangup) = {
        let _inside = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?)
    };
    let (first, stopped) = oneshot::channel();
    thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async move {
            let mut first = Some(first);
            loop {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                    _ = hangup.recv() => {
                        outputs.reopen();
                        tracing::info!(
                            "SIGHUP: log and audit files are opened anew; profiles are read at the start alone, so restart \
                             to change them"
                        );
                        continue;
                    }
                };
                match first.take() {
                    Some(first) => {
                        let _ = first.send(());
                        tracing::info!(signal = name, "draining; a second signal ends the process at once");
                    }
                    None => {
                        tracing::error!(signal = name, "ended by a second signal");
                        outputs.flush(Instant::now() + FLUSH_TIMEOUT);
                        #[allow(clippy::disallowed_methods, reason = "asked twice: now means now")]
                        std::process::exit(1);
                    }
                }
            }
        });
    })?;
    Ok(async move {
        // The sender goes only after it has sent.
        let _ = stopped.await;
    })
}
