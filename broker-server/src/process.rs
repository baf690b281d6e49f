//! What the process asks of the kernel: no dumps, enough files, and the signals that end it.

use std::{future::Future, io, thread};

use rustix::{
    process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit},
    thread::disable_transparent_huge_pages,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

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

/// Resolves at the first SIGTERM or SIGINT; at the second the process ends with exit code 1. The handlers stand when
/// this returns, on a thread of their own that no drain can hold up.
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let (mut terminate, mut interrupt) = {
        let _inside = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    let (first, stopped) = oneshot::channel();
    thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async move {
            let mut next = async || {
                tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                }
            };
            let name = next().await;
            tracing::info!(signal = name, "draining; a second signal ends the process at once");
            let _ = first.send(());
            let name = next().await;
            tracing::error!(signal = name, "ended by a second signal");
            #[allow(clippy::disallowed_methods, reason = "asked twice: now means now")]
            std::process::exit(1);
        });
    })?;
    Ok(async move {
        // The sender goes only after it has sent.
        let _ = stopped.await;
    })
}
