//! The check whether standard output was open when the program started.
//!
//! Before `main` runs, the standard library opens `/dev/null` in place of a standard stream that is closed, so a write to it
//! succeeds and the result is lost without an error. Only an initialiser that the loader runs earlier sees the original
//! state.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use rustix::io::Errno;

static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Fails where standard output was closed when the program started.
pub(crate) fn check_open() -> io::Result<()> {
    if WAS_CLOSED.load(Relaxed) {
        return Err(io::Error::new(io::ErrorKind::NotConnected, "standard output is closed"));
    }
    Ok(())
}

extern "C" fn record_state() {
    let flags = rustix::io::fcntl_getfd(rustix::stdio::stdout());
    WAS_CLOSED.store(flags == Err(Errno::BADF), Relaxed);
}

// SAFETY: The loader calls each entry of `.init_array` once, before `main` and on the only thread. The function makes one
// system call and stores to an atomic, which needs nothing that the runtime has not set up yet, and it cannot unwind.
#[allow(unsafe_code)]
#[used]
#[unsafe(link_section = ".init_array")]
static RECORD_STATE: extern "C" fn() = record_state;
